// The whole product on this machine: the real app over a database of its own, and simulators that it talks to with the vendors' own SDKs.
import { type App, buildApp, type Overrides } from '#src/app.ts';
import { openDb } from '#src/storage/db.ts';
import { createSettings, ensureWorkspace, type SettingKey } from '#src/storage/settings.ts';
import { createTestDatabase } from './db.ts';
import { quietLog, quietTelemetry } from './quiet.ts';
import { scratchFolder } from './scratch.ts';
import { configOf, startWorld, type WorldOptions } from './world.ts';

export { configOf, startWorld, type World } from './world.ts';

export interface RigOptions extends WorldOptions {
  env?: Record<string, string>;
  overrides?: Overrides;
  databaseUrl?: string;
  /** What a person has set before the app starts. */
  settings?: Partial<Record<SettingKey, unknown>>;
}

/** A world with the app in it. `close` leaves nothing behind. */
export async function startRig(options: RigOptions = {}) {
  const world = await startWorld(options);
  const database = options.databaseUrl ? null : await createTestDatabase();
  const databaseUrl = options.databaseUrl ?? database!.url;
  const config = configOf({ ...world.env, DATABASE_URL: databaseUrl, DATA_DIR: await scratchFolder(), ...options.env });
  if (options.settings) await seedSettings(databaseUrl, options.overrides?.workspaceId ?? 'main', options.settings);
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

async function seedSettings(
  url: string,
  workspaceId: string,
  wanted: NonNullable<RigOptions['settings']>,
): Promise<void> {
  const db = openDb({ url, log: quietLog, telemetry: quietTelemetry, max: 1 });
  const at = new Date('2026-01-01T00:00:00Z');
  await ensureWorkspace(db, workspaceId, at);
  const settings = createSettings(workspaceId);
  for (const [key, value] of Object.entries(wanted)) await settings.set(db, key, value, 'a test', at);
  await db.close();
}
