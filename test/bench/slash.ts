// npm run bench: from a slash command to its first answer, over HTTP both ways, as the reports grow. Prints the curve beside its limit; exits 1 past it.
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { buildApp } from '#src/app.ts';
import { startEmbedded } from '#src/storage/embedded.ts';
import { quietLog } from '#test/support/quiet.ts';
import { configOf, startWorld } from '#test/support/world.ts';
import { fillGround, fillReports } from './fill.ts';

const SIZES = (process.argv[2] ?? '1000,10000,30000,100000').split(',').map(Number);
const RUNS = 7;
const LIMIT_MS = 500;
const PATIENCE_MS = 30_000;
// Looking more often would take the processor from what is measured.
const LOOK_MS = 2;

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
    await delay(LOOK_MS);
  }
  const took = performance.now() - started;
  // What follows an answer is over before the next command, so that each is measured alone.
  await slack.idle();
  await app.idle();
  return took;
}

function share(times: readonly number[], part: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;
}

function line(size: number, name: string, times: readonly number[]): string {
  const ms = (part: number) => share(times, part).toFixed(0).padStart(8);
  return `${String(size).padStart(8)}  ${name.padEnd(38)}${ms(0.5)}${ms(0.95)}`;
}

try {
  await world.connect(app.url!);
  await fillGround(server.url, Buffer.from(world.env.MASTER_KEY, 'base64'));
  print(`first answer to /throughline, over ${RUNS} runs each; load average ${loadavg()[0]!.toFixed(1)} at the start`);
  print(`${'reports'.padStart(8)}  ${'command'.padEnd(38)}${'p50'.padStart(8)}${'p95'.padStart(8)}  ms`);
  const curve: string[] = [];
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
      print(line(size, name, times));
    }
    curve.push(line(size, 'all of them', all));
    failed ||= share(all, 0.95) > LIMIT_MS;
  }
  print(`\nthe curve, limit ${LIMIT_MS} ms at p95; load average ${loadavg()[0]!.toFixed(1)} at the end`);
  for (const row of curve) print(row);
  print(
    'Trends grow with the reports of the time that is asked for and the time before it, insights with the themes; the rest hardly grows.',
  );
} finally {
  await app.stop();
  await world.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
