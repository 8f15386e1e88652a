// The files of the database: made whole or not at all, and recognised when they are there.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, lchown, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#src/domain/errors.ts';
import type { Log } from '#src/domain/ports.ts';
import { MAJOR_VERSION } from './binaries.ts';
import { type Launcher, SERVER_ENV } from './launcher.ts';
import { processesWith, until } from './processes.ts';

/** The role that owns everything in our own database. */
export const ROLE = 'throughline';

/** Where the parts of our database lie inside DATA_DIR. */
export interface ClusterPaths {
  home: string;
  /** PostgreSQL's data directory. */
  data: string;
  password: string;
  serverLog: string;
}

/** Names the parts; touches nothing. */
export function clusterPaths(dataDir: string): ClusterPaths {
  const home = join(dataDir, 'postgres');
  return { home, ...partsOf(home) };
}

function partsOf(home: string) {
  return { data: join(home, 'data'), password: join(home, 'password'), serverLog: join(home, 'server.log') };
}

export interface ClusterOptions {
  /** Absolute, existing, locked by us. */
  dataDir: string;
  native: string;
  launcher: Launcher;
  durable: boolean;
  log: Log;
  signal?: AbortSignal;
}

// Leftovers of a first start that was killed carry this prefix.
const UNFINISHED = 'postgres.new-';
const INITDB_PATIENCE_MS = 10_000;

/**
 * Sees to it that the database's files are there, and that they are of our version.
 *
 * The first time they are made in a directory of their own, written through to the disk, and renamed: a kill at any moment leaves either no
 * database or a whole one, with its password. Throws AppError('bad_config') for files that are not ours to start.
 */
export async function prepareCluster(options: ClusterOptions): Promise<void> {
  const { dataDir } = options;
  const paths = clusterPaths(dataDir);
  await removeUnfinished(options);
  if (!existsSync(paths.home)) return createCluster(options);

  const version = await readFile(join(paths.data, 'PG_VERSION'), 'utf8').catch((error: NodeJS.ErrnoException) => {
    const what = error.code === 'EACCES' ? 'belongs to another user' : 'is not a whole database';
    throw new AppError(
      'bad_config',
      `${paths.home} ${what}: give it back to the user who runs Throughline, or move it away.`,
      {
        cause: error,
      },
    );
  });
  if (version.trim() !== MAJOR_VERSION) {
    throw new AppError(
      'bad_config',
      `${paths.home} was written by PostgreSQL ${version.trim()}, and this Throughline brings ${MAJOR_VERSION}: start the version that wrote it, or run that PostgreSQL yourself and set DATABASE_URL.`,
    );
  }
}

async function createCluster({ dataDir, native, launcher, durable, signal }: ClusterOptions): Promise<void> {
  const fresh = await mkdtemp(join(dataDir, UNFINISHED));
  const parts = partsOf(fresh);
  const { uid, gid } = launcher.owner;
  await writeFile(parts.password, randomBytes(24).toString('base64url'), { mode: 0o600, flush: durable });
  await chown(parts.password, uid, gid);
  await chown(fresh, uid, gid);
  const args = [
    ['-D', parts.data, '-U', ROLE, `--pwfile=${parts.password}`, '--auth=scram-sha-256', '--encoding=UTF8'],
    // Sorts and folds case the same on every machine, whatever locales it has.
    ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions'],
    // initdb writes all its files through to the disk unless told not to.
    durable ? [] : ['--no-sync'],
  ].flat();
  await run(launcher, join(native, 'bin', 'initdb'), args, signal);
  if (durable) await flushDirectory(fresh);
  await rename(fresh, clusterPaths(dataDir).home);
  if (durable) await flushDirectory(dataDir);
}

/** What a killed first start left is worth nothing. What cannot be removed now goes the next time. */
async function removeUnfinished({ dataDir, log }: ClusterOptions): Promise<void> {
  // Its initdb lives on for a second or so. Disturbed or killed, it would leave shared memory behind, which nobody would ever free.
  await until(() => processesWith(join(dataDir, UNFINISHED)).length === 0, INITDB_PATIENCE_MS);
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(UNFINISHED)) continue;
    await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }).catch(
      (error: Error) => log.warn({ directory: name, error: error.message }, 'an unfinished database stays for now'),
    );
  }
}

/**
 * PostgreSQL starts only on files of its own user, closed to everybody else. A directory that moved into a container, or out of one, has
 * another user's; one that was restored, or lies on a volume that is shared by a group, is open. No server may be running on them.
 *
 * Throws AppError('bad_config') when they are another user's and we are not root.
 */
export async function handOver(paths: ClusterPaths, launcher: Launcher): Promise<void> {
  const { uid, gid } = launcher.owner;
  const found = await stat(paths.data);
  if (found.uid !== uid) {
    if (launcher.how === 'plain') {
      throw new AppError(
        'bad_config',
        `${paths.home} belongs to another user: give it to the one who runs Throughline, with chown -R.`,
      );
    }
    const names = await readdir(paths.home, { recursive: true });
    for (const name of names.filter((one) => one !== 'data')) await lchown(join(paths.home, name), uid, gid);
    await chown(paths.home, uid, gid);
    // Last, because it is what is asked the next time.
    await chown(paths.data, uid, gid);
  }
  if (found.mode & 0o077) {
    await chmod(paths.password, 0o600);
    await chmod(paths.data, 0o700);
  }
}

function run(launcher: Launcher, program: string, args: string[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const [command, ...rest] = [...launcher.prefix, program, ...args];
    const child = spawn(command!, rest, {
      uid: launcher.uid,
      gid: launcher.gid,
      env: SERVER_ENV,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    });
    let problem = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      problem += chunk;
    });
    child.on('error', (error) => reject(signal?.aborted ? signal.reason : error));
    child.on('close', (code) => {
      if (code === 0) return resolve();
      reject(
        new AppError(
          'unavailable',
          `PostgreSQL could not make its files: ${problem.trim() || `initdb ended with ${code}`}`,
        ),
      );
    });
  });
}

async function flushDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
