// The whole product on this machine: the real app over a database of its own, and simulators that it talks to with the vendors' own SDKs.
import { type App, buildApp, type Overrides } from '#src/app.ts';
import type { Clock } from '#src/domain/ports.ts';
import { createTestDatabase } from './db.ts';
import { quietLog } from './quiet.ts';
import { scratchFolder } from './scratch.ts';
import { configOf, startWorld } from './world.ts';

export { configOf, startWorld, type World } from './world.ts';

/** A world with the app in it. `close` leaves nothing behind. */
export async function startRig(
  options: { clock?: Clock; env?: Record<string, string>; overrides?: Overrides; databaseUrl?: string } = {},
) {
  const world = await startWorld(options);
  const database = options.databaseUrl ? null : await createTestDatabase();
  const databaseUrl = options.databaseUrl ?? database!.url;
  const config = configOf({ ...world.env, DATABASE_URL: databaseUrl, DATA_DIR: await scratchFolder(), ...options.env });
  const app: App = await buildApp(config, {
    log: quietLog,
    chores: false,
    ...(options.clock ? { clock: options.clock } : {}),
    ...options.overrides,
  });
  if (app.url) await world.connect(app.url);

  /** Resolves when nothing is under way anywhere: no delivery, no job. */
  const settle = async () => {
    for (let quiet = 0; quiet < 2; quiet++) {
      await Promise.all([world.slack.idle(), world.linear.idle(), world.zendesk.idle()]);
      await app.idle();
    }
  };
  return {
    ...world,
    app,
    config,
    databaseUrl,
    settle,
    async close() {
      await app.stop();
      await world.close();
      await database?.drop();
    },
  };
}
export type Rig = Awaited<ReturnType<typeof startRig>>;
