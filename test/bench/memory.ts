// npm run bench: ten thousand signals through the real bot and its own database. Prints each figure beside its limit; exits 1 past one.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { API_TOKEN, startWorld } from '#test/support/world.ts';

const SIGNALS = Number(process.argv[2] ?? 10_000);
const MEMORY_LIMIT_MB = 400;
const READY_LIMIT_S = 5;
const REST_MS = 15_000;

const THINGS = [
  'the CSV export',
  'the invoice PDF',
  'two-factor login',
  'the mobile app',
  'bank matching',
  'the API',
  'email reminders',
  'the dashboard',
  'user roles',
  'the tax report',
];
const TROUBLES = [
  'fails with an error',
  'is very slow since Monday',
  'shows wrong numbers',
  'does not load on my phone',
  'sends everything twice',
  'loses my changes',
  'times out',
  'needs a dark mode',
  'should support French',
  'asks for a password every time',
];

/** Sum of the proportional set sizes of these processes, in MB: memory that is shared is counted once. */
async function pssMb(pids: readonly number[]): Promise<number> {
  let kb = 0;
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    kb += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  }
  return Math.round(kb / 1024);
}

/** A process and everything it started. */
async function family(root: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (ppid) parents.set(Number(name), ppid);
  }
  const out = new Set([root]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (out.has(parent) && !out.has(pid)) {
        out.add(pid);
        grown = true;
      }
    }
  }
  return [...out];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startBot(
  env: Record<string, string>,
): Promise<{ pid: number; readyS: number; stop: () => Promise<void> }> {
  const started = performance.now();
  const child = spawn(process.execPath, ['src/main.ts'], {
    env: { ...env, PATH: process.env.PATH ?? '', NODE_OPTIONS: process.env.NODE_OPTIONS ?? '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  while (
    !(await fetch(`http://127.0.0.1:${env.PORT}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    ))
  )
    await delay(20);
  return {
    pid: child.pid!,
    readyS: (performance.now() - started) / 1000,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

const dataDir = await mkdtemp(join(tmpdir(), 'throughline-bench-'));
const world = await startWorld();
const env = { ...world.env, PORT: String(await freePort()), DATA_DIR: dataDir };
const url = `http://127.0.0.1:${env.PORT}`;
const headers = { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' };
let failed = false;
const row = (what: string, value: number, unit: string, limit: number | null) => {
  const ratio = limit === null ? '' : `${(value / limit).toFixed(2)} of the limit ${limit} ${unit}`;
  failed ||= limit !== null && value > limit;
  process.stdout.write(`${what.padEnd(46)} ${String(value).padStart(8)} ${unit.padEnd(4)} ${ratio}\n`);
};

try {
  const cold = await startBot(env);
  await cold.stop();
  const bot = await startBot(env);
  row('ready, first start', Number(cold.readyS.toFixed(2)), 's', null);
  row('ready, warm', Number(bot.readyS.toFixed(2)), 's', READY_LIMIT_S);
  row('memory of bot and database, idle', await pssMb(await family(bot.pid)), 'MB', MEMORY_LIMIT_MB);

  const started = performance.now();
  for (let from = 0; from < SIGNALS; from += 500) {
    const batch = Array.from({ length: Math.min(500, SIGNALS - from) }, (_, at) => {
      const n = from + at;
      const words = `${THINGS[n % 10]} ${TROUBLES[Math.floor(n / 10) % 10]}`;
      return {
        id: `bench-${n}`,
        text: `Hello, ${words} for our team, customer case ${n % 997} in region ${n % 13}.`,
        author: { id: `person-${n % 2000}` },
      };
    });
    const answer = await fetch(`${url}/api/v1/signals`, { method: 'POST', headers, body: JSON.stringify(batch) });
    if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`);
  }
  let peak = 0;
  for (let quiet = 0; quiet < 3; ) {
    await delay(500);
    peak = Math.max(peak, await pssMb(await family(bot.pid)));
    const metrics = await (await fetch(`${url}/metrics`, { headers })).text();
    const themed = Number(/throughline_stage_items_total\{stage="theme"\} (\d+)/.exec(metrics)?.[1] ?? 0);
    const done = themed >= SIGNALS && /throughline_queue_waiting 0/.test(metrics);
    quiet = done ? quiet + 1 : 0;
  }
  const seconds = (performance.now() - started) / 1000;
  // The bot gives memory back when it notices that nothing is left to do.
  await delay(REST_MS);
  row(`signals per second, ${SIGNALS} of them`, Math.round(SIGNALS / seconds), '/s', null);
  row('memory of bot and database, peak while working', peak, 'MB', null);
  row(`memory of bot and database, after ${SIGNALS}`, await pssMb(await family(bot.pid)), 'MB', MEMORY_LIMIT_MB);
  row('  of it the bot', await pssMb([bot.pid]), 'MB', null);
  const after = await (await fetch(`${url}/metrics`, { headers })).text();
  const mb = (name: string) =>
    Math.round(Number(new RegExp(`^throughline_nodejs_${name}_bytes (\\S+)`, 'm').exec(after)?.[1] ?? 0) / 1048576);
  row('  of it live JavaScript objects', mb('heap_size_used'), 'MB', null);
  row('  of it heap that V8 holds', mb('heap_size_total'), 'MB', null);
  row('  of it buffers', mb('external_memory'), 'MB', null);
  await bot.stop();
} finally {
  await world.close();
  await rm(dataDir, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
