// Our own PostgreSQL, for everybody who has not set DATABASE_URL: made at the first start, and the same database ever after, whatever was killed.
import { mkdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, errorLine } from '#src/domain/errors.ts';
import type { Log } from '#src/domain/ports.ts';
import { linkLibraries, nativeFolder } from './embedded/binaries.ts';
import { clusterPaths, prepareCluster } from './embedded/cluster.ts';
import { chooseLauncher, type Launcher } from './embedded/launcher.ts';
import { lockDirectory } from './embedded/lock.ts';
import { bringUp, findServer, type RunningServer, type ServerOptions, shutDown, urlOf } from './embedded/server.ts';

// Twelve for the pool, as many for the queue and the checkpointer, and room for a person with psql.
const MAX_CONNECTIONS = 40;
// One that dies as soon as it lives is not started in a tight loop.
const SHORT_LIFE_MS = 100;
const RESTART_PAUSE_MS = 1_000;

/** What startEmbedded needs; only the first two matter to the product. */
export interface EmbeddedOptions {
  /** Made when it is missing. The database lies in `postgres/` below it. */
  dataDir: string;
  log: Log;
  /** Ends a start that is under way; the promise rejects with its reason. */
  signal?: AbortSignal;
  maxConnections?: number;
  /** False only for tests: no write waits for the disk. */
  durable?: boolean;
  /** Forces one way to run as root; otherwise the first that works is taken. */
  launchAs?: Launcher['how'];
}

/** A database that is ready and stays so: when its server is killed, it is started again under the same address. */
export interface Embedded {
  /** Superuser of a database of our own, on loopback. Holds the password: never log it. */
  url: string;
  /** Shuts the server down in order and gives the directory free. Close your connections first; those that are open are cut. */
  stop(): Promise<void>;
}

/**
 * Starts the database in `dataDir`, or attaches to the server that a killed app left running there.
 *
 * Throws AppError('conflict') when another app uses the directory, AppError('bad_config') when a person has to change something, and
 * AppError('unavailable') with PostgreSQL's words when the server does not start.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { log, signal } = options;
  const startedAt = performance.now();
  const dataDir = await makeDirectory(options.dataDir);
  const lock = lockDirectory(dataDir);
  const closing = new AbortController();
  try {
    const native = nativeFolder();
    linkLibraries(native);
    const launcher = chooseLauncher({
      dir: dataDir,
      postgres: join(native, 'bin', 'postgres'),
      only: options.launchAs,
    });
    const durable = options.durable ?? true;
    await prepareCluster({ dataDir, native, launcher, durable, log, signal });
    const server: ServerOptions = {
      paths: clusterPaths(dataDir),
      native,
      launcher,
      settings: { durable, maxConnections: options.maxConnections ?? MAX_CONNECTIONS },
      log,
      signal: signal ? AbortSignal.any([signal, closing.signal]) : closing.signal,
    };
    const running = await bringUp(server);
    const ms = Math.round(performance.now() - startedAt);
    log.info(
      { pid: running.pid, port: running.port, as: launcher.how, attached: running.attached, ms },
      'database ready',
    );
    const guard = keepUp({ ...server, signal: closing.signal }, running);

    let stopped: Promise<void> | undefined;
    const stop = async () => {
      closing.abort();
      const last = await guard.current();
      if (last) await shutDown(last.pid, log);
      lock.release();
    };
    return {
      url: running.url,
      stop: () => {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    closing.abort();
    lock.release();
    throw error;
  }
}

/** The address of the database that a running app keeps in `dataDir`, for a command beside it; null when none runs. Starts nothing. */
export async function findEmbedded(dataDir: string): Promise<string | null> {
  const real = await realpath(dataDir).catch(() => null);
  if (real === null) return null;
  const paths = clusterPaths(real);
  const server = findServer(paths);
  return server?.ready ? urlOf(paths, server.port) : null;
}

async function makeDirectory(dataDir: string): Promise<string> {
  try {
    // Others may pass through, because the server can be another user; they may not look, and every file inside is its owner's alone.
    await mkdir(dataDir, { recursive: true, mode: 0o711 });
    return await realpath(dataDir);
  } catch (error) {
    throw new AppError(
      'bad_config',
      `Cannot make ${resolve(dataDir)}: DATA_DIR must be a directory that Throughline can write to.`,
      {
        cause: error,
      },
    );
  }
}

/** Starts the server again, on the port that the pool knows, whenever it ends without being asked to (killed, out of memory). */
function keepUp(options: ServerOptions, first: RunningServer): { current(): Promise<RunningServer | null> } {
  const { log, signal } = options;
  let current: Promise<RunningServer | null> = Promise.resolve(first);
  const watch = (server: RunningServer) => {
    const startedAt = performance.now();
    void server.ended.then(() => {
      if (signal?.aborted) return;
      log.error({ pid: server.pid }, 'the database server ended; starting it again');
      current = revive(performance.now() - startedAt < SHORT_LIFE_MS ? RESTART_PAUSE_MS : 0);
      void current.then((next) => next && watch(next));
    });
  };
  // Never gives up: without its database the app can do nothing but wait, and its callers are told "unavailable" meanwhile.
  const revive = async (pauseMs: number): Promise<RunningServer | null> => {
    for (;;) {
      await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal?.aborted) return null;
      try {
        return await bringUp(options, first.port);
      } catch (error) {
        if (signal?.aborted) return null;
        log.error({ error: errorLine(error) }, 'the database server cannot be started again yet');
        pauseMs = RESTART_PAUSE_MS;
      }
    }
  };
  watch(first);
  return { current: () => current };
}
