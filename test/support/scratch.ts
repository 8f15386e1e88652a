// Where tests put databases.
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';

// A database is some 1,000 files: made in memory in half a second, on a busy disk in five.
const MEMORY_FOLDER = '/dev/shm';
// Containers often get 64 MB there, which one database fills.
const MEMORY_FREE_BYTES_MIN = 1_000_000_000;

/** A folder for short-lived databases: in memory where there is room, else the system's temporary one. */
export async function scratchFolder(): Promise<string> {
  const memory = await statfs(MEMORY_FOLDER).catch(() => null);
  return memory && memory.bavail * memory.bsize > MEMORY_FREE_BYTES_MIN ? MEMORY_FOLDER : tmpdir();
}
