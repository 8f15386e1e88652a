// Runs the story with a bot that dies at one point, starts another one on the same database, and looks at what there is in the end.
import { createServer } from 'node:net';
import pg from 'pg';
import { type App, buildApp } from '#src/app.ts';
import { createTestDatabase } from './db.ts';
import { type Bot, type Kill, spawnBot } from './kill-bot.ts';
import { cardsIn, endOf, STORY } from './kill-story.ts';
import { quietLog } from './quiet.ts';
import { configOf, startWorld } from './rig.ts';
import { scratchFolder } from './scratch.ts';

// Below the range from which systems take ports for outgoing connections: the second bot must find the first one's free.
const PORTS_FROM = 21_000;
const PORTS = 8_000;
// Slack comes again after a minute and after five; here it has less patience with us, and more tries.
const SLACK_RETRIES_MS = [100, 300, 1_000, 2_000, 4_000, 8_000];
const SETTLE_LIMIT_MS = 30_000;
const LOOK_MS = 20;

/** A kill in a step of the story. */
export interface Place extends Kill {
  step: string;
}

/** What came of one run. */
export interface Run {
  /** The points that were passed, by step, when nothing was killed. */
  passed: Map<string, string[]>;
  /** False when the trap was never stepped on. */
  killed: boolean;
  /** What there was after the last step but one, and after the undo. */
  filed: Record<string, unknown>;
  undone: Record<string, unknown>;
}

/** Runs the whole story once. */
export async function runStory(place: Place | null): Promise<Run> {
  const [world, database, bot, port] = await Promise.all([startWorld(), createTestDatabase(), spawnBot(), freePort()]);
  const env = {
    ...world.env,
    DATABASE_URL: database.url,
    DATA_DIR: await scratchFolder(),
    PORT: String(port),
  };
  const db = new pg.Client(database.url);
  await db.connect();
  const second = createSecond(bot, db, env);
  try {
    await world.slack.connect({
      eventsUrl: `http://127.0.0.1:${port}/slack/events`,
      commands: ['/throughline'],
      retryDelaysMs: SLACK_RETRIES_MS,
    });
    world.linear.connect({ webhookUrl: `http://127.0.0.1:${port}/webhooks/linear` });
    world.zendesk.connect({ webhookUrl: `http://127.0.0.1:${port}/webhooks/zendesk` });

    const settle = async () => {
      const giveUp = Date.now() + SETTLE_LIMIT_MS;
      for (let quiet = 0; quiet < 2; ) {
        await second.alive();
        await Promise.all([world.slack.idle(), world.linear.idle(), world.zendesk.idle()]);
        const waiting = await underWay(db, second.since());
        quiet = waiting.length === 0 ? quiet + 1 : 0;
        if (Date.now() > giveUp) throw new Error(`Still under way after ${SETTLE_LIMIT_MS} ms: ${waiting.join(', ')}`);
        if (quiet < 2) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    };
    const press = async (button: string) => {
      for (;;) {
        await second.alive();
        const card = cardsIn(world).at(-1);
        // Gone with the click that somebody took; or with a click that was taken although nobody said so.
        if (!card || !JSON.stringify(card.blocks).includes(button)) return;
        const taken = await world.slack.human.click(world.user('pia'), world.channel('insights'), card.ts, button);
        if (taken.ok) return;
        await second.noticed();
      }
    };

    const passed = new Map<string, string[]>();
    let killed = false;
    let filed: Record<string, unknown> = {};
    for (const step of STORY) {
      const trap = place && place.step === step.name ? place : null;
      const before = await bot.arm(trap);
      if (step.name === 'start') await bot.start(env);
      else if (before !== 'dead' && passed.size > 0) passed.get([...passed.keys()].at(-1)!)!.push(...before);
      passed.set(step.name, []);
      await step.act({ world, press });
      await settle();
      const seen = await bot.arm(null);
      if (seen !== 'dead') passed.get(step.name)!.push(...seen);
      else if (trap) {
        killed = true;
        await settle();
      }
      if (step.name === 'late report') filed = await endOf(world, db);
    }
    const undone = await endOf(world, db);
    return { passed, killed, filed, undone };
  } finally {
    await second.stop();
    await bot.stop();
    await world.close();
    await db.end();
    await database.drop();
  }
}

/** The bot that takes over when the first one has died: in this process, since nobody kills it. */
function createSecond(first: Bot, db: pg.Client, env: Record<string, string>) {
  let since = new Date(0);
  let app: Promise<App> | null = null;
  const started = Promise.withResolvers<void>();
  void first.ended.then(() => {
    app = (async () => {
      since = (await db.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]!.now;
      return buildApp(configOf(env), { log: quietLog });
    })();
    app.then(() => started.resolve(), started.reject);
  });
  started.promise.catch(() => {});
  return {
    /** When the first one was known to be dead. */
    since: () => since,
    /** Waits for it when it is needed. */
    async alive() {
      await app;
    },
    /** Waits until the death of the first has been noticed, and its successor is there. */
    noticed: () => started.promise,
    async stop() {
      await (await app)?.stop();
    },
  };
}

/** What waits or runs: deliveries, and jobs by queue. Jobs that the dead bot had begun are nobody's. */
async function underWay(db: pg.Client, since: Date): Promise<string[]> {
  const tables = await db.query(`select to_regclass('queue.job') as jobs`);
  if (tables.rows[0]?.jobs === null) return ['the start'];
  const { rows } = await db.query<{ what: string }>(
    `select 'delivery ' || kind as what from delivery where state = 'received'
     union all
     select 'job ' || name || ' ' || state from queue.job j
     where (state in ('created', 'retry') and start_after < now() + interval '10 seconds'
         and not exists (select 1 from queue.job o where o.name = j.name and o.policy = 'singleton' and o.state = 'active' and o.started_on < $1))
       or (state = 'active' and started_on >= $1)`,
    [since],
  );
  return rows.map((row) => row.what);
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS_FROM + Math.floor(Math.random() * PORTS);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
