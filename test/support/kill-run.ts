// Runs the story with bots that die at given points, each followed by another one on the same database, and looks at what there is in the end.
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
// How long a person needs to read that it did not work.
const CLICK_AGAIN_MS = 100;

/** A kill in a step of the story. */
export interface Place extends Kill {
  step: string;
}

export interface RunOptions {
  /** Where bots die, one after the other, at most one in each step; the last one lives. Without any, nobody does. */
  places?: readonly Place[];
  /** The last step. */
  until: string;
  /** The database to begin with: its name as a template, or null for an empty one without any table. */
  template: string | null;
  /** Each statement to the database is a point too. */
  statements?: boolean;
}

/** What came of one run. */
export interface Run {
  /** The points that were passed, by step, as long as nobody died in it. */
  passed: Map<string, string[]>;
  /** The places where nobody died, since they were never passed. */
  missed: Place[];
  /** What there was after each step that ends something. */
  ends: Map<string, End>;
  /** What the person who clicked was told alone: it may differ between two runs, and is a hint when something else does. */
  told: string[];
}

/** Runs the story once. */
export async function runStory(options: RunOptions): Promise<Run> {
  const { places = [], until } = options;
  const [world, database, port] = await Promise.all([startWorld(), createDatabase(options.template), freePort()]);
  const env = { ...world.env, DATABASE_URL: database.url, DATA_DIR: await scratchFolder(), PORT: String(port) };
  const db = new pg.Client(database.url);
  await db.connect();
  const crew = createCrew({ db, env, statements: options.statements ?? false, deaths: places.length });
  const run: Run = { passed: new Map(), missed: [], ends: new Map(), told: [] };
  try {
    await connect(world, port);
    for (const step of STORY.slice(0, 1 + STORY.findIndex(({ name }) => name === until))) {
      const place = places.find((one) => one.step === step.name) ?? null;
      await crew.arm(place);
      if (step.name === 'start') await crew.begin();
      await step.act({ world, press: (button) => pressed(world, crew, button) });
      await settled(world, db, crew);
      const seen = await crew.arm(null);
      if (seen !== 'dead') run.passed.set(step.name, seen);
      if (seen !== 'dead' && place) run.missed.push(place);
      // Whoever follows a bot that died at the end of the step has to catch up.
      if (seen === 'dead') await settled(world, db, crew);
      if (step.isEnd || step.name === until) run.ends.set(step.name, await endOf(world, db));
    }
    run.told = world.slack.state.ephemeralsOf(world.user('pia')).map(({ message }) => message.text);
    return run;
  } finally {
    await crew.stop();
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

type Crew = ReturnType<typeof createCrew>;

/**
 * The bots of one run: each in a process of its own, and when it is killed the next one begins on the same database. After the last death the
 * app runs in this process, since nobody kills it any more.
 */
function createCrew(options: { db: pg.Client; env: Record<string, string>; statements: boolean; deaths: number }) {
  const { db, env } = options;
  let deathsLeft = options.deaths;
  let armed = false;
  // Somebody died since this was asked last.
  let died = false;
  let since = new Date(0);
  let bot: Bot | null = spawnBot();
  let heir: Bot | null = null;
  let app: App | null = null;
  // What everybody waits for: whoever is on duty has started.
  let onDuty: Promise<unknown> = Promise.resolve();
  let stopping = false;

  const watch = (current: Bot) =>
    void current.ended.then((signal) => {
      if (stopping) return;
      const killed = armed && signal === 'SIGKILL';
      armed = false;
      died = true;
      deathsLeft -= 1;
      bot = null;
      onDuty = killed ? succeed() : Promise.reject(new Error(`A bot ended by itself: ${signal ?? 'no signal'}.`));
      // Everybody who waits hears of it; until then it is nobody's.
      onDuty.catch(() => {});
    });
  const succeed = async () => {
    since = (await db.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]!.now;
    if (deathsLeft === 0) {
      app = await buildApp(configOf(env), { log: quietLog });
      return;
    }
    bot = heir ?? spawnBot();
    heir = null;
    watch(bot);
    await bot.start(env, options.statements);
  };
  watch(bot);

  return {
    /** When the last one was known to be dead: what it had begun by then is nobody's. */
    since: () => since,
    async begin() {
      // A death on the way is no failure of the start.
      await bot?.start(env, options.statements);
    },
    /** Sets a trap, or takes it away; answers what was passed since the last time, or that somebody died meanwhile. */
    async arm(place: Place | null): Promise<string[] | 'dead'> {
      await onDuty;
      const current = bot;
      if (place && deathsLeft > 1) heir ??= spawnBot();
      if (place) armed = true;
      const seen = (await current?.arm(place)) ?? 'dead';
      if (seen === 'dead') await current?.ended;
      if (!place) armed = false;
      const answer = died ? 'dead' : seen;
      died = false;
      return answer;
    },
    /** Waits for whoever is on duty. */
    alive: () => onDuty,
    async stop() {
      stopping = true;
      await onDuty.catch(() => {});
      await Promise.all([app?.stop(), bot?.stop(), heir?.stop()]);
    },
  };
}

/** Presses a button as a person does: again when Slack says that the bot did not take it, and the button is still there. */
async function pressed(world: World, crew: Crew, button: string): Promise<void> {
  for (;;) {
    await crew.alive();
    const card = cardsIn(world).at(-1);
    if (!card || !JSON.stringify(card.blocks).includes(button)) return;
    const taken = await world.slack.human.click(world.user('pia'), world.channel('insights'), card.ts, button);
    if (taken.ok) return;
    await new Promise((resolve) => setTimeout(resolve, CLICK_AGAIN_MS));
  }
}

/** Waits until nothing is under way anywhere, twice in a row. */
async function settled(world: World, db: pg.Client, crew: Crew): Promise<void> {
  const giveUp = Date.now() + SETTLE_LIMIT_MS;
  for (let quiet = 0; quiet < 2; ) {
    await crew.alive();
    await Promise.all([world.slack.idle(), world.linear.idle(), world.zendesk.idle()]);
    const waiting = await underWay(db, crew.since());
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
