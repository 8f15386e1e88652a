// Runs the story with a bot that dies at one point, starts another one on the same database, and looks at what there is in the end.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import pg from 'pg';
import { inject } from 'vitest';
import { type App, buildApp } from '#src/app.ts';
import { type Bot, type Kill, spawnBot } from './kill-bot.ts';
import { cardsIn, type End, endOf, STORY } from './kill-story.ts';
import { quietLog } from './quiet.ts';
import { configOf, startWorld, type World } from './rig.ts';
import { scratchFolder } from './scratch.ts';

// Below the range from which systems take ports for outgoing connections: the second bot must find the first one's free.
const PORTS_FROM = 21_000;
const PORTS = 8_000;
// Slack comes again after a minute and after five; here it has less patience with us, and more tries.
const SLACK_RETRIES_MS = [100, 300, 1_000, 2_000, 4_000, 8_000];
const SETTLE_LIMIT_MS = 45_000;
const LOOK_MS = 20;

/** A kill in a step of the story. */
export interface Place extends Kill {
  step: string;
}

export interface RunOptions {
  /** Where the first bot dies; without it nobody does. */
  place?: Place | null;
  /** The last step. */
  until: string;
  /** The database to begin with: its name as a template, or null for an empty one without any table. */
  template: string | null;
  /** Each statement to the database is a point too. */
  statements?: boolean;
}

/** What came of one run. */
export interface Run {
  /** The points that were passed, by step, while the first bot lived. */
  passed: Map<string, string[]>;
  /** False when the trap was never stepped on. */
  killed: boolean;
  /** What there was after each step that ends something. */
  ends: Map<string, End>;
  /** What the person who clicked was told alone: it may differ between two runs, and is a hint when something else does. */
  told: string[];
}

/** Runs the story once. */
export async function runStory(options: RunOptions): Promise<Run> {
  const { place = null } = options;
  const [world, database, port] = await Promise.all([startWorld(), createDatabase(options.template), freePort()]);
  const bot = spawnBot();
  const env = { ...world.env, DATABASE_URL: database.url, DATA_DIR: await scratchFolder(), PORT: String(port) };
  const db = new pg.Client(database.url);
  await db.connect();
  const second = createSecond(bot, db, env);
  try {
    await connect(world, port);
    const settle = () => settled(world, db, second);
    const press = (button: string) => pressed(world, second, button);
    const passed = new Map<string, string[]>();
    const ends = new Map<string, End>();
    let killed = false;
    for (const step of STORY.slice(0, 1 + STORY.findIndex(({ name }) => name === options.until))) {
      const trap = place?.step === step.name ? place : null;
      await bot.arm(trap);
      if (step.name === 'start') await bot.start(env, options.statements ?? false);
      await step.act({ world, press });
      await settle();
      const seen = await bot.arm(null);
      if (seen !== 'dead') passed.set(step.name, seen);
      else if (trap) {
        killed = true;
        await settle();
      }
      // Whatever else ends the first one is no kill, and its successor must not hide it.
      if (seen === 'dead' && (!killed || (await bot.ended) !== 'SIGKILL'))
        throw new Error(`The bot ended by itself in "${step.name}".`);
      if (step.isEnd || step.name === options.until) ends.set(step.name, await endOf(world, db));
    }
    const told = world.slack.state.ephemeralsOf(world.user('pia')).map(({ message }) => message.text);
    return { passed, killed, ends, told };
  } finally {
    await second.stop();
    await bot.stop();
    await world.close();
    await db.end();
    await database.drop();
  }
}

async function connect({ slack, linear, zendesk }: World, port: number): Promise<void> {
  const url = `http://127.0.0.1:${port}`;
  await slack.connect({
    eventsUrl: `${url}/slack/events`,
    commands: ['/throughline'],
    retryDelaysMs: SLACK_RETRIES_MS,
  });
  linear.connect({ webhookUrl: `${url}/webhooks/linear` });
  zendesk.connect({ webhookUrl: `${url}/webhooks/zendesk` });
}

type Second = ReturnType<typeof createSecond>;

/** The bot that takes over when the first one has died: in this process, since nobody kills it. */
function createSecond(first: Bot, db: pg.Client, env: Record<string, string>) {
  let since = new Date(0);
  let app: Promise<App> | null = null;
  let stopping = false;
  const started = Promise.withResolvers<void>();
  started.promise.catch(() => {});
  void first.ended.then(() => {
    if (stopping) return;
    app = (async () => {
      since = (await db.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]!.now;
      return buildApp(configOf(env), { log: quietLog });
    })();
    app.then(() => started.resolve(), started.reject);
  });
  return {
    /** When the first one was known to be dead: what it had begun by then is nobody's. */
    since: () => since,
    /** Waits for it where it is needed. */
    async alive() {
      await app;
    },
    /** Waits until the death of the first has been noticed, and its successor is there. */
    noticed: () => started.promise,
    async stop() {
      stopping = true;
      await (await app?.catch(() => null))?.stop();
    },
  };
}

/** Presses a button as a person does: again when Slack says that the bot did not take it, and the button is still there. */
async function pressed(world: World, second: Second, button: string): Promise<void> {
  for (;;) {
    await second.alive();
    const card = cardsIn(world).at(-1);
    if (!card || !JSON.stringify(card.blocks).includes(button)) return;
    const taken = await world.slack.human.click(world.user('pia'), world.channel('insights'), card.ts, button);
    if (taken.ok) return;
    await second.noticed();
  }
}

/** Waits until nothing is under way anywhere, twice in a row. */
async function settled(world: World, db: pg.Client, second: Second): Promise<void> {
  const giveUp = Date.now() + SETTLE_LIMIT_MS;
  for (let quiet = 0; quiet < 2; ) {
    await second.alive();
    await Promise.all([world.slack.idle(), world.linear.idle(), world.zendesk.idle()]);
    const waiting = await underWay(db, second.since());
    quiet = waiting.length === 0 ? quiet + 1 : 0;
    if (Date.now() > giveUp) throw new Error(`Still under way after ${SETTLE_LIMIT_MS} ms: ${waiting.join(', ')}`);
    if (quiet < 2) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Deliveries and jobs that wait or run. Jobs that the dead bot had begun count only when somebody takes them up. */
async function underWay(db: pg.Client, since: Date): Promise<string[]> {
  const { rows: tables } = await db.query<{ there: boolean }>(
    `select to_regclass('queue.job') is not null and to_regclass('delivery') is not null as there`,
  );
  if (!tables[0]?.there) return ['the start'];
  const { rows } = await db.query<{ what: string }>(
    `select 'delivery ' || kind as what from delivery where state = 'received'
     union all
     select 'job ' || name || ' ' || state from queue.job
     where (state in ('created', 'retry') and start_after < now() + interval '10 seconds') or (state = 'active' and started_on >= $1)`,
    [since],
  );
  return rows.map((row) => row.what);
}

/** Makes a database; the template must have no visitors. */
export async function createDatabase(template: string | null): Promise<{
  name: string;
  url: string;
  drop: () => Promise<void>;
}> {
  const name = `kill_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(
    template ? `create database ${name} strategy file_copy template ${template}` : `create database ${name}`,
  );
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return { name, url: url.href, drop: () => asAdmin(`drop database if exists ${name} with (force)`) };
}

async function asAdmin(statement: string): Promise<void> {
  const admin = new pg.Client(inject('postgresUrl'));
  await admin.connect();
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
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
