// Our own PostgreSQL: one database for ever after the first start, whatever is killed, whoever we run as. Everything here is a real server.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '#src/domain/errors.ts';
import { linkLibraries, nativeFolder } from '#src/storage/embedded/binaries.ts';
import { clusterPaths } from '#src/storage/embedded/cluster.ts';
import { chooseLauncher, type Launcher } from '#src/storage/embedded/launcher.ts';
import { commandOf, processesWith } from '#src/storage/embedded/processes.ts';
import { findServer, shutDown } from '#src/storage/embedded/server.ts';
import { type Embedded, type EmbeddedOptions, findEmbedded, startEmbedded } from '#src/storage/embedded.ts';
import { quietLog } from '#test/support/quiet.ts';
import { scratchFolder } from '#test/support/scratch.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const POSTGRES = join(nativeFolder(), 'bin', 'postgres');
const isRoot = process.getuid?.() === 0;
// The page cache outlives a killed process, so memory proves as much as a disk here; only a power cut would tell them apart.
const SCRATCH = await scratchFolder();

const directories: string[] = [];
const apps: ChildProcess[] = [];
const running: Embedded[] = [];
let seed: string;

function directory(): string {
  const dir = mkdtempSync(join(SCRATCH, 'throughline-embedded-'));
  // As DATA_DIR is: others may pass through, which the ways of running as root are about.
  chmodSync(dir, 0o711);
  directories.push(dir);
  return dir;
}

/** A directory with a database that was stopped in order, copied because the first start is not what most tests are about. */
function madeDirectory(): string {
  const dir = directory();
  cpSync(seed, dir, { recursive: true });
  return dir;
}

async function start(dataDir: string, options: Partial<EmbeddedOptions> = {}): Promise<Embedded> {
  const embedded = await startEmbedded({ dataDir, log: quietLog, ...options });
  running.push(embedded);
  return embedded;
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {
    // A server that is killed under a query rejects that query, which is what a test looks at.
  });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

/** Polls until `check` returns something; the limit is there to fail with a sentence. */
async function until<T>(what: string, check: () => T | Promise<T>, everyMs = 5): Promise<NonNullable<T>> {
  const signal = AbortSignal.timeout(15_000);
  for (;;) {
    const found = await check();
    if (found) return found;
    if (signal.aborted) throw new Error(`waited too long for ${what}`);
    await new Promise((done) => setTimeout(done, everyMs));
  }
}

const serverOf = (dir: string) => findServer(clusterPaths(dir));
const kill = (pid: number) => process.kill(pid, 'SIGKILL');
const unfinished = (dir: string) => readdirSync(dir).filter((name) => name.startsWith('postgres.new-'));

/** An app of its own: starts the database, then writes row after row and says so after each commit. */
const APP = `
  import pg from 'pg';
  import { startEmbedded } from ${JSON.stringify(pathToFileURL(join(ROOT, 'src/storage/embedded.ts')).href)};
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const { url } = await startEmbedded({ dataDir: process.argv[1], log });
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  await client.query('create table if not exists said (n integer primary key)');
  let { n } = (await client.query('select coalesce(max(n), 0) as n from said')).rows[0];
  for (;;) {
    await client.query('insert into said values ($1)', [++n]);
    console.log(n);
  }
`;

interface App {
  process: ChildProcess;
  /** The last row it said is committed. */
  acknowledged(): number;
  /** kill -9, and wait until it is gone. */
  kill(): Promise<void>;
}

function app(dataDir: string): App {
  const child = spawn(process.execPath, ['--input-type=module', '-e', APP, dataDir], {
    cwd: ROOT,
    env: { SLACK_BOT_TOKEN: 'xoxb-secret', PGDATA: '/nowhere', PGSSLMODE: 'require' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  apps.push(child);
  let last = 0;
  const lines = createInterface({ input: child.stdout! }).on('line', (line) => {
    last = Number(line);
  });
  return {
    process: child,
    acknowledged: () => last,
    async kill() {
      const closed = once(lines, 'close');
      child.kill('SIGKILL');
      // What it wrote before it died still arrives.
      await closed;
    },
  };
}

beforeAll(async () => {
  seed = mkdtempSync(join(SCRATCH, 'throughline-embedded-'));
  await (await startEmbedded({ dataDir: seed, log: quietLog, durable: false })).stop();
});
afterAll(() => rmSync(seed, { recursive: true, force: true }));
afterEach(async () => {
  for (const child of apps.splice(0)) child.kill('SIGKILL');
  for (const embedded of running.splice(0)) await embedded.stop();
  for (const dir of directories.splice(0)) {
    const left = serverOf(dir);
    if (left) await shutDown(left.pid, quietLog);
    rmSync(dir, { recursive: true, force: true, maxRetries: 10 });
  }
});

describe('the first start', () => {
  it('makes a database that the next start finds again, on loopback, behind a password that only we can read', async () => {
    const dir = directory();
    const first = await start(dir);
    expect(new URL(first.url).hostname).toBe('127.0.0.1');
    expect(statSync(join(dir, 'postgres/password')).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'postgres')).mode & 0o077).toBe(0);
    const wrong = new URL(first.url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    expect(
      await query(
        first.url,
        `select name, setting from pg_settings where name in
         ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'listen_addresses', 'unix_socket_directories') order by name`,
      ),
    ).toEqual([
      { name: 'data_checksums', setting: 'on' },
      { name: 'fsync', setting: 'on' },
      { name: 'full_page_writes', setting: 'on' },
      { name: 'listen_addresses', setting: '127.0.0.1' },
      { name: 'synchronous_commit', setting: 'on' },
      { name: 'unix_socket_directories', setting: '' },
    ]);
    await query(first.url, `create table kept as select lower('ÄÖ') as text`);
    await first.stop();
    expect(processesWith(dir)).toEqual([]);
    const second = await start(dir);
    expect(await query(second.url, 'select text from kept')).toEqual([{ text: 'äö' }]);
  });

  it('survives kill -9 at each of its steps: the next start has a whole database', async () => {
    const moments: [string, (dir: string) => unknown][] = [
      ['before anything is made', (dir) => existsSync(join(dir, 'postgres.lock'))],
      ['with an empty directory', (dir) => unfinished(dir)[0]],
      [
        'in the middle of initdb',
        (dir) => unfinished(dir).some((name) => existsSync(join(dir, name, 'data/base/1/PG_VERSION'))),
      ],
      ['when the files are in their place', (dir) => existsSync(join(dir, 'postgres/data'))],
      ['when the server starts', (dir) => existsSync(join(dir, 'postgres/data/postmaster.pid'))],
    ];
    for (const [moment, reached] of moments) {
      const dir = directory();
      const killed = app(dir);
      await until(moment, () => reached(dir), 1);
      await killed.kill();
      const next = await start(dir);
      expect(await query(next.url, 'select count(*)::int as n from pg_database'), moment).toEqual([{ n: 3 }]);
      expect(unfinished(dir), moment).toEqual([]);
      await next.stop();
    }
  });

  it('can be called off, and leaves the directory free', async () => {
    const dir = directory();
    const calledOff = new AbortController();
    const starting = startEmbedded({ dataDir: dir, log: quietLog, signal: calledOff.signal });
    await until('initdb', () => unfinished(dir)[0], 1);
    calledOff.abort(new Error('changed my mind'));
    await expect(starting).rejects.toThrow();
    const next = await start(dir, { durable: false });
    expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }]);
  });
});

describe('after kill -9', () => {
  it('has every acknowledged row, five times in a row, whether the server lived on or died too', async () => {
    const dir = madeDirectory();
    let acknowledged = 0;
    for (const serverDies of [false, true, false, true, true]) {
      const writer = app(dir);
      await until('rows', () => writer.acknowledged() > acknowledged + 50);
      const { pid } = serverOf(dir)!;
      await writer.kill();
      if (serverDies) kill(pid);
      acknowledged = writer.acknowledged();

      const next = await start(dir);
      const [row] = await query(next.url, 'select count(*)::int as n, max(n) as last from said');
      // The insert that was under way may have been committed without an answer; nothing else may differ.
      expect([acknowledged, acknowledged + 1]).toContain(row!.n);
      expect(row!.last).toBe(row!.n);
      if (serverDies) expect(serverOf(dir)!.pid).not.toBe(pid);
      else expect(serverOf(dir)!.pid, 'attached to the orphan').toBe(pid);
      await next.stop();
      expect(serverOf(dir)).toBeNull();
    }
  });

  it('starts the server again under the same address when the server alone is killed', async () => {
    const dir = madeDirectory();
    const { url } = await start(dir);
    await query(url, 'create table kept as select 1 as one');
    for (let round = 0; round < 2; round++) {
      const { pid } = serverOf(dir)!;
      kill(pid);
      const answer = await until('the new server', () => query(url, 'select one from kept').catch(() => null), 20);
      expect(answer).toEqual([{ one: 1 }]);
      expect(serverOf(dir)!.pid).not.toBe(pid);
    }
  });

  it('watches over an orphan that it attached to as over a server of its own', async () => {
    const dir = madeDirectory();
    const writer = app(dir);
    await until('rows', () => writer.acknowledged() > 0);
    await writer.kill();
    const { pid } = serverOf(dir)!;
    const { url } = await start(dir);
    expect(serverOf(dir)!.pid).toBe(pid);
    kill(pid);
    await until('the new server', () => query(url, 'select 1').catch(() => null), 20);
    expect(serverOf(dir)!.pid).not.toBe(pid);
  });

  it('replaces an orphan that was started with other settings', async () => {
    const dir = madeDirectory();
    const writer = app(dir);
    await until('rows', () => writer.acknowledged() > 0);
    await writer.kill();
    const { pid } = serverOf(dir)!;
    const { url } = await start(dir, { maxConnections: 17 });
    expect(serverOf(dir)!.pid).not.toBe(pid);
    expect(await query(url, 'show max_connections')).toEqual([{ max_connections: '17' }]);
  });

  it('is not held up by a pid file whose number belongs to somebody else by now', async () => {
    const dir = madeDirectory();
    const stranger = spawn('sleep', ['60']);
    apps.push(stranger);
    const { data } = clusterPaths(dir);
    writeFileSync(join(data, 'postmaster.pid'), `${stranger.pid}\n${data}\n1\n5432\n\n127.0.0.1\n  1 1\nready   \n`);
    const { url } = await start(dir, { durable: false });
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(commandOf(stranger.pid!)).toContain('sleep');
  });
});

describe('the directory', () => {
  it('is refused to a second app in one sentence, and the first one notices nothing', async () => {
    const dir = madeDirectory();
    const writer = app(dir);
    await until('rows', () => writer.acknowledged() > 0);
    const { pid } = serverOf(dir)!;
    const refused = await startEmbedded({ dataDir: dir, log: quietLog }).catch((error: AppError) => error);
    expect(refused).toMatchObject({
      code: 'conflict',
      message: `Another Throughline (process ${writer.process.pid}) is using ${dir}: stop it, or set DATA_DIR to a directory of its own.`,
    });
    const before = writer.acknowledged();
    await until('more rows', () => writer.acknowledged() > before + 10);
    expect(serverOf(dir)!.pid).toBe(pid);
  });

  it('goes to exactly one of three apps that start at the same moment', async () => {
    const dir = directory();
    const three = [app(dir), app(dir), app(dir)];
    const codes = await Promise.all(
      three.map(async (one) => {
        const refused = once(one.process, 'exit').then(([code]) => code);
        const won = until('a winner', () => one.acknowledged() > 0 || one.process.exitCode !== null).then(() => 'won');
        return Promise.race([refused, won]);
      }),
    );
    expect(codes.toSorted()).toEqual([1, 1, 'won']);
  });

  it('is refused to a second app in the same process too, until the first one has stopped', async () => {
    const dir = madeDirectory();
    const first = await start(dir, { durable: false });
    await expect(startEmbedded({ dataDir: dir, log: quietLog })).rejects.toThrow(/^Another Throughline/);
    await Promise.all([first.stop(), first.stop()]);
    await start(dir, { durable: false });
  });

  it('is closed again when a restore or a shared volume left it open, instead of being refused', async () => {
    const dir = madeDirectory();
    const { data, password } = clusterPaths(dir);
    chmodSync(data, 0o2775);
    chmodSync(password, 0o664);
    await start(dir, { durable: false });
    expect([statSync(data).mode & 0o777, statSync(password).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it('must be one that we can write to, and the sentence says which one is not', async () => {
    const file = join(directory(), 'file');
    writeFileSync(file, '');
    await expect(start(file)).rejects.toMatchObject({ code: 'bad_config', message: expect.stringContaining(file) });
  });

  it('tells a command beside the app where the database is, and nothing when none runs', async () => {
    const dir = directory();
    expect(await findEmbedded(join(dir, 'nowhere'))).toBeNull();
    expect(await findEmbedded(dir)).toBeNull();
    const embedded = await start(dir, { durable: false });
    expect(await findEmbedded(dir)).toBe(embedded.url);
    await embedded.stop();
    expect(await findEmbedded(dir)).toBeNull();
  });

  it('is left alone when another version wrote it, or when it is damaged, with a sentence that says so', async () => {
    const dir = madeDirectory();
    const { data } = clusterPaths(dir);
    writeFileSync(join(data, 'PG_VERSION'), '17\n');
    await expect(start(dir)).rejects.toMatchObject({
      code: 'bad_config',
      message: expect.stringMatching(/PostgreSQL 17/),
    });
    writeFileSync(join(data, 'PG_VERSION'), '18\n');
    rmSync(join(data, 'global/pg_control'));
    await expect(start(dir)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/pg_control/),
    });
  });
});

describe('the server', () => {
  it('runs beside another PostgreSQL, on a port of its own', async () => {
    const other = createServer();
    // Where 5432 is taken already, the test has what it needs.
    await new Promise((done) => other.once('listening', done).once('error', done).listen(5432, '127.0.0.1'));
    try {
      const both = await Promise.all([
        start(madeDirectory(), { durable: false }),
        start(madeDirectory(), { durable: false }),
      ]);
      const ports = both.map(({ url }) => new URL(url).port);
      expect(new Set([...ports, '5432']).size).toBe(3);
    } finally {
      other.close();
    }
  });

  it.runIf(process.platform === 'linux')('gets nothing of our environment', async () => {
    const dir = madeDirectory();
    const writer = app(dir);
    await until('rows', () => writer.acknowledged() > 0);
    const names = readFileSync(`/proc/${serverOf(dir)!.pid}/environ`, 'utf8')
      .split('\0')
      .filter(Boolean);
    expect(
      names
        .map((line) => line.split('=')[0])
        .filter((name) => !/^(PATH|LC_\w+|TZ|PGDATA|PG_GRANDPARENT_PID)$/.test(name!)),
    ).toEqual([]);
    await writer.kill();
    const { url } = await start(dir);
    expect(await query(url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  });

  it('writes no values of statements into its log', async () => {
    const dir = madeDirectory();
    const { url } = await start(dir, { durable: false });
    await query(url, 'create table one (text text primary key)');
    await query(url, `insert into one values ('ada@example.com')`);
    await expect(query(url, `insert into one values ('ada@example.com')`)).rejects.toThrow(/duplicate/);
    await expect(query(url, `select 'ada@example.com'::integer`)).rejects.toThrow(/invalid input/);
    expect(readFileSync(clusterPaths(dir).serverLog, 'utf8')).not.toContain('ada@example.com');
  });

  it('gets the library links that an install without scripts leaves out', () => {
    const native = join(directory(), 'native');
    mkdirSync(join(native, 'lib'), { recursive: true });
    writeFileSync(join(native, 'lib/libpq.so.5.18'), 'library');
    writeFileSync(
      join(native, 'pg-symlinks.json'),
      JSON.stringify([{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]),
    );
    linkLibraries(native);
    linkLibraries(native);
    expect(readlinkSync(join(native, 'lib/libpq.so.5'))).toBe('libpq.so.5.18');
    expect(readFileSync(join(native, 'lib/libpq.so.5'), 'utf8')).toBe('library');
  });
});

it('says so when the programs from npm do not run here at all', () => {
  expect(() => chooseLauncher({ dir: SCRATCH, postgres: '/nowhere/postgres' })).toThrow(
    /does not run on this machine.*ENOENT.*DATABASE_URL/,
  );
});

describe.runIf(isRoot)('started as root', () => {
  const possible = (how: Launcher['how'], dir: string) => {
    try {
      return chooseLauncher({ dir, postgres: POSTGRES, only: how }).how === how;
    } catch {
      return false;
    }
  };

  it('runs as somebody else in every way that this machine allows, on the same files', async () => {
    const dir = madeDirectory();
    const ways = (['namespace', 'user', 'user with a passage', 'namespace'] as const).filter((how) =>
      possible(how, dir),
    );
    expect(ways.length).toBeGreaterThan(0);
    for (const [turn, launchAs] of ways.entries()) {
      const embedded = await start(dir, { launchAs, durable: false });
      await query(embedded.url, 'create table if not exists turns (turn integer)');
      await query(embedded.url, `insert into turns values (${turn})`);
      expect(await query(embedded.url, 'select count(*)::int as n from turns')).toEqual([{ n: turn + 1 }]);
      await embedded.stop();
    }
  });

  it('reaches a directory below a private home, by a namespace or with the one capability that takes', async (context) => {
    const home = directory();
    chmodSync(home, 0o700);
    expect(possible('user', home), 'the user nobody must not reach it').toBe(false);
    if (!possible('namespace', home) && !possible('user with a passage', home)) {
      context.skip('this machine allows neither user namespaces nor ambient capabilities');
    }
    for (const how of (['namespace', 'user with a passage'] as const).filter((one) => possible(one, home))) {
      const { url, stop } = await start(join(home, how), { launchAs: how, durable: false });
      expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
      await stop();
    }
  });

  it('says what to do when nobody can reach the directory', () => {
    const home = directory();
    chmodSync(home, 0o700);
    expect(() => chooseLauncher({ dir: home, postgres: POSTGRES, only: 'user' })).toThrow(
      /PostgreSQL refuses to run as root.*ordinary user.*DATABASE_URL/,
    );
  });
});
