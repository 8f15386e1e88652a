// npm run bench: from a slash command to its first answer, over HTTP both ways, as the reports grow. Prints the curve beside its limit; exits 1 past it.
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { buildApp } from '#src/app.ts';
import { startEmbedded } from '#src/storage/embedded.ts';
import { quietLog } from '#test/support/quiet.ts';
import { configOf, startWorld } from '#test/support/world.ts';
import { fillGround, fillReports } from './fill.ts';

const SIZES = (process.argv[2] ?? '1000,10000,30000,100000').split(',').map(Number);
const RUNS = 7;
const LIMIT_MS = 500;
const PATIENCE_MS = 30_000;

// Each says something else each time, where a memory of the last answer could help.
const COMMANDS: readonly [name: string, words: (run: number) => string][] = [
  ['trends 7d', () => 'trends 7d'],
  ['trends 30d', () => 'trends 30d'],
  ['trends 90d', () => 'trends 90d'],
  ['trends 365d (everything there is)', () => 'trends 365d'],
  [
    'trends 30d by kind, area and source',
    (run) => `trends 30d kind:bug area:${run % 2 ? 'billing' : 'export'} source:zendesk`,
  ],
  ['trends 90d of one customer', (run) => `trends 90d customer:"Customer ${run * 31} Ltd"`],
  ['insight', () => 'insight'],
  ['trace of a message', (run) => `trace zendesk:${run * 97 + 3}`],
  ['ask, without a model', () => 'ask how many bugs were there in the last 30 days?'],
  ['help', () => 'help'],
];

const dataDir = await mkdtemp(join(tmpdir(), 'throughline-slash-'));
// The picture comes after the first answer and would only make each run wait for the next.
const world = await startWorld({ without: ['files:write'] });
const server = await startEmbedded({ dataDir, log: quietLog });
const config = configOf({ ...world.env, DATABASE_URL: server.url, DATA_DIR: dataDir });
const app = await buildApp(config, { log: quietLog, chores: false });
const { slack, user, channel } = world;
const print = (line: string) => process.stdout.write(`${line}\n`);
let failed = false;

/** Milliseconds from sending the command until its first answer stands in Slack. */
async function firstAnswer(words: string): Promise<number> {
  const seen = () => slack.state.ephemeralsOf(user('pia'), channel('insights')).length;
  const before = seen();
  const started = performance.now();
  void slack.human.slash(user('pia'), channel('insights'), '/throughline', words);
  while (seen() === before) {
    if (performance.now() - started > PATIENCE_MS) throw new Error(`no answer to ${words}`);
    await turn();
  }
  const took = performance.now() - started;
  // What follows an answer is over before the next command, so that each is measured alone.
  await slack.idle();
  await app.idle();
  return took;
}

const share = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
const ms = (value: number) => value.toFixed(0).padStart(5);

try {
  await world.connect(app.url!);
  await fillGround(server.url, Buffer.from(world.env.MASTER_KEY, 'base64'));
  print(
    `first answer to /throughline, p50 and p95 in ms over ${RUNS} runs each; load average ${loadavg()[0]!.toFixed(1)} at the start`,
  );
  print(`${'reports'.padEnd(38)}${SIZES.map((size) => String(size).padStart(16)).join('')}`);
  const rows = new Map<string, string>(COMMANDS.map(([name]) => [name, '']));
  let overall = '';
  let filled = 0;
  for (const size of SIZES) {
    await fillReports(server.url, filled, size);
    filled = size;
    const all: number[] = [];
    for (const [name, words] of COMMANDS) {
      await firstAnswer(words(99));
      const times: number[] = [];
      for (let run = 0; run < RUNS; run++) times.push(await firstAnswer(words(run)));
      all.push(...times);
      times.sort((a, b) => a - b);
      rows.set(name, `${rows.get(name)}${`${ms(share(times, 0.5))} ${ms(share(times, 0.95))}`.padStart(16)}`);
    }
    all.sort((a, b) => a - b);
    overall += `${ms(share(all, 0.5))} ${ms(share(all, 0.95))}`.padStart(16);
    failed ||= share(all, 0.95) > LIMIT_MS;
  }
  for (const [name, row] of rows) print(`${name.padEnd(38)}${row}`);
  print(`${'all of them'.padEnd(38)}${overall}   limit ${LIMIT_MS} at p95`);
  print(
    'Trends grow with the reports in the time that is asked for and the time before it; the others with nothing that grows here.',
  );
} finally {
  await app.stop();
  await world.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
