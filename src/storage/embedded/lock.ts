// One app per data directory. The lock is the operating system's own, so it ends with the process that holds it, however that ends.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '#src/domain/errors.ts';

const SQLITE_BUSY = 5;
// Taking the lock passes through a shared one: of two that try at the same moment, one has to wait for the other to step back.
const STEP_BACK_MS = 200;

// Whoever starts a database and then forgets its handle still holds the directory: an unreachable file would be closed, and its lock with it.
const HELD = new Set<DatabaseSync>();

/** A held directory; `release` gives it back before the process ends. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Takes `dir` for this process, or throws AppError('conflict') in one sentence when another app has it.
 *
 * Node itself offers no file lock; its SQLite takes a real one (fcntl) on an empty file and keeps nothing in it. Unlike a file with a pid in
 * it, such a lock is never stale after a kill, needs no guess about reused pids, and also holds between two containers that share a volume and
 * see neither each other's processes nor each other's ports. An advisory lock in the database could not do that: it needs the database first.
 */
export function lockDirectory(dir: string): DirectoryLock {
  const owner = join(dir, 'postgres.owner');
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(join(dir, 'postgres.lock'), { timeout: STEP_BACK_MS });
    file.exec('BEGIN EXCLUSIVE');
    writeFileSync(owner, `${process.pid}\n`);
  } catch (error) {
    file?.close();
    throw refusal(dir, owner, error);
  }
  const held = file;
  HELD.add(held);
  return {
    release() {
      if (HELD.delete(held)) held.close();
    },
  };
}

function refusal(dir: string, owner: string, cause: unknown): AppError {
  if ((cause as { errcode?: number }).errcode === SQLITE_BUSY) {
    const message = `Another Throughline${processIn(owner)} is using ${dir}: stop it, or set DATA_DIR to a directory of its own.`;
    return new AppError('conflict', message, { cause });
  }
  const message = `Cannot lock ${dir}: DATA_DIR must be a directory that Throughline can write to.`;
  return new AppError('bad_config', message, { cause });
}

/** For people only: the pid means nothing in another container, so nothing is decided by it. */
function processIn(file: string): string {
  try {
    return ` (process ${readFileSync(file, 'utf8').trim()})`;
  } catch {
    return '';
  }
}
