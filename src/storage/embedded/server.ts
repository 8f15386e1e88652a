// One running server: found by the files it leaves, started, attached to, shut down.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { AppError, errorLine } from '#src/domain/errors.ts';
import type { Log } from '#src/domain/ports.ts';
import { packageVersion, type ServerSettings, serverSettings } from './binaries.ts';
import { type ClusterPaths, handOver, ROLE } from './cluster.ts';
import { type Launcher, SERVER_ENV } from './launcher.ts';
import { commandOf, processesWith, send, until } from './processes.ts';

const POLL_MS = 20;
// An attached server is not our child, so nobody tells us that it ended.
const WATCH_MS = 500;
// Crash recovery replays at most max_wal_size; a slow disk may need a while for that.
const READY_TIMEOUT_MS = 120_000;
const RECOVERING_NOTICE_MS = 3_000;
const START_ATTEMPTS = 4;
const FAST_SHUTDOWN_MS = 20_000;
const IMMEDIATE_SHUTDOWN_MS = 5_000;
const SERVER_LOG_BYTES_MAX = 1_000_000;

/** A server that is ready, whoever started it. */
export interface RunningServer {
  pid: number;
  port: number;
  url: string;
  /** True when an earlier app started it. */
  attached: boolean;
  /** Resolves when the process has ended. */
  ended: Promise<void>;
}

export interface ServerOptions {
  paths: ClusterPaths;
  native: string;
  launcher: Launcher;
  settings: ServerSettings;
  log: Log;
  signal?: AbortSignal;
}

/** What PostgreSQL writes into postmaster.pid. */
interface PidFile {
  pid: number;
  port: number;
  ready: boolean;
}

/** Reads postmaster.pid; null when there is none or it is still being written. */
function readPidFile(paths: ClusterPaths): PidFile | null {
  let lines: string[];
  try {
    lines = readFileSync(join(paths.data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return null;
  }
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' } : null;
}

/**
 * The mark in the command line and in the title of every process of the server on these files. Files made by PostgreSQL name a pid only, and
 * after a restart of the machine or the container that pid may be anybody's.
 */
function markOf(paths: ClusterPaths): string {
  return `throughline-${digest(paths.data)}-`;
}

/** The mark and, after it, what the server was started with: one of other settings or programs is replaced, not attached to. */
function nameOf({ paths, native, settings, launcher }: ServerOptions): string {
  return (
    markOf(paths) + digest(JSON.stringify([native, packageVersion(native), serverSettings(settings), launcher.how]))
  );
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** The pid and port of the living server on these files, or null. */
export function findServer(paths: ClusterPaths): PidFile | null {
  const file = readPidFile(paths);
  return file && commandOf(file.pid)?.includes(markOf(paths)) ? file : null;
}

/** The address of a server on these files. */
export function urlOf(paths: ClusterPaths, port: number): string {
  const password = readFileSync(paths.password, 'utf8').trim();
  // Said outright, because a PGSSLMODE in the environment would make clients ask for encryption that loopback does not need.
  return `postgres://${ROLE}:${password}@127.0.0.1:${port}/postgres?sslmode=disable`;
}

/**
 * Brings a server up on the files, whatever an earlier app left behind: attaches to a living one with our settings, replaces one with others,
 * waits for a killed one to be gone, and starts anew. `port` asks for a certain port, for a pool that already knows it.
 *
 * Throws AppError('unavailable') with PostgreSQL's own last words when it does not start after several tries.
 */
export async function bringUp(options: ServerOptions, port?: number): Promise<RunningServer> {
  const { paths, launcher, log, signal } = options;
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    try {
      const living = await settled(paths);
      if (living) {
        const server = await attach(options, living, port);
        if (server) return server;
        await shutDown(living.pid, log);
        await settled(paths);
      }
      await handOver(paths, launcher);
      return await start(options, port ?? (await freePort()));
    } catch (error) {
      const hopeless = error instanceof AppError && error.code === 'bad_config';
      if (hopeless || signal?.aborted || attempt === START_ATTEMPTS) throw error;
      log.warn({ attempt, error: errorLine(error) }, 'the database server did not start; trying again');
      await delay(100 * 2 ** attempt, undefined, { signal });
    }
  }
}

/** Takes over a living server, or answers null when it has to make way: other settings, another port, or no answer. */
async function attach(options: ServerOptions, living: PidFile, port?: number): Promise<RunningServer | null> {
  const { paths, log, signal } = options;
  const { pid } = living;
  if (!commandOf(pid)?.includes(nameOf(options))) {
    log.info({ pid }, 'replacing a database server that was started with other settings');
    return null;
  }
  const ended = untilEnded(pid);
  try {
    const found = await untilReady(options, pid, ended);
    if (port !== undefined && port !== found) return null;
    log.info({ pid, port: found }, 'attached to the database server that an earlier run left');
    return { pid, port: found, url: urlOf(paths, found), attached: true, ended };
  } catch (error) {
    if (signal?.aborted) throw error;
    log.warn({ pid, error: errorLine(error) }, 'replacing a database server that does not answer');
    return null;
  }
}

async function start(options: ServerOptions, port: number): Promise<RunningServer> {
  const { paths, native, launcher, settings, log } = options;
  const named = { ...serverSettings(settings), port: String(port), cluster_name: nameOf(options) };
  const [command, ...args] = [
    ...launcher.prefix,
    join(native, 'bin', 'postgres'),
    ...['-D', paths.data],
    ...Object.entries(named).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ];
  const output = openServerLog(paths);
  const before = statSync(paths.serverLog).size;
  const child = spawn(command!, args, {
    uid: launcher.uid,
    gid: launcher.gid,
    env: SERVER_ENV,
    cwd: '/',
    // A group of its own: Ctrl-C is for the app, which closes its connections first and then stops the server.
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  if (child.pid === undefined) {
    await ended;
    throw new AppError('unavailable', `Cannot start ${command}.`);
  }
  child.unref();
  try {
    await untilReady(options, child.pid, ended);
  } catch (error) {
    if (commandOf(child.pid)) await shutDown(child.pid, log);
    if (options.signal?.aborted) throw error;
    const said = lastWords(paths, before);
    throw new AppError(
      'unavailable',
      `PostgreSQL does not start on ${paths.data}${said ? `: ${said}` : ''} (see ${paths.serverLog}).`,
      {
        cause: error,
      },
    );
  }
  return { pid: child.pid, port, url: urlOf(paths, port), attached: false, ended };
}

/** Waits until the server says that it is ready and answers; returns its port. */
async function untilReady({ paths, log, signal }: ServerOptions, pid: number, ended: Promise<void>): Promise<number> {
  let gone = false;
  void ended.then(() => {
    gone = true;
  });
  const startedAt = performance.now();
  let noticed = false;
  for (;;) {
    signal?.throwIfAborted();
    if (gone) throw new AppError('unavailable', 'The database server ended before it was ready.');
    const file = readPidFile(paths);
    if (file?.pid === pid && file.ready) {
      await ask(urlOf(paths, file.port));
      return file.port;
    }
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > READY_TIMEOUT_MS) throw new AppError('unavailable', 'The database server is not ready in time.');
    if (waitedMs > RECOVERING_NOTICE_MS && !noticed) {
      noticed = true;
      log.info({ pid }, 'the database server is recovering; this can take a minute after a power cut');
    }
    await delay(POLL_MS);
  }
}

async function ask(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 5_000 });
  client.on('error', () => {
    // The failure arrives as the rejection of what we await; a listener only keeps it from ending the process as well.
  });
  try {
    await client.connect();
    await client.query('select 1');
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * The living server, or null when nothing of an earlier one is left on these files.
 *
 * PostgreSQL itself would refuse for as long as the old pid exists, which may be a zombie that nobody reaps or a stranger that has inherited
 * the number. Its pid file goes only when no process of the old server lives: two servers on the same files would destroy them.
 */
async function settled(paths: ClusterPaths): Promise<PidFile | null> {
  // One that has only just started writes its pid file in a moment; the children of a killed one notice it and end by themselves.
  const clear = () => findServer(paths) !== null || remainsOf(paths).length === 0;
  if (!(await until(clear, IMMEDIATE_SHUTDOWN_MS))) {
    for (const { pid } of remainsOf(paths)) send(pid, 'SIGKILL');
    if (!(await until(clear, IMMEDIATE_SHUTDOWN_MS))) {
      throw new AppError('unavailable', `Processes of an earlier database server on ${paths.data} do not end.`);
    }
  }
  const living = findServer(paths);
  if (!living) rmSync(join(paths.data, 'postmaster.pid'), { force: true });
  return living;
}

function remainsOf(paths: ClusterPaths) {
  return processesWith(markOf(paths)).filter(({ command }) => /postgres(:| -D )/.test(command));
}

/** Ends a server: kindly, then at once (it recovers at the next start), then by force. Returns when it is gone. */
export async function shutDown(pid: number, log: Log): Promise<void> {
  const steps = [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
    ['SIGKILL', IMMEDIATE_SHUTDOWN_MS],
  ] as const;
  for (const [signal, patienceMs] of steps) {
    send(pid, signal);
    if (await until(() => commandOf(pid) === null, patienceMs)) return;
    log.warn({ pid, signal }, 'the database server takes long to stop');
  }
  throw new AppError('unavailable', `The database server (process ${pid}) does not stop.`);
}

function untilEnded(pid: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (commandOf(pid) !== null) return;
      clearInterval(timer);
      resolve();
    }, WATCH_MS);
    // Watching is no reason for the app to stay.
    timer.unref();
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function openServerLog(paths: ClusterPaths): number {
  try {
    if (statSync(paths.serverLog).size > SERVER_LOG_BYTES_MAX) renameSync(paths.serverLog, `${paths.serverLog}.1`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return openSync(paths.serverLog, 'a', 0o600);
}

/** The last thing PostgreSQL complained about since `from` bytes into its log. */
function lastWords(paths: ClusterPaths, from: number): string {
  const lines = readFileSync(paths.serverLog).subarray(from).toString('utf8').trim().split('\n');
  const worst = lines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? '';
  return worst.replace(/^.*?(FATAL|PANIC):\s*/, '');
}
