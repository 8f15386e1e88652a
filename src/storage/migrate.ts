// Migrations: numbered SQL files, applied once, in order, under a lock, so that two starting processes do not both apply them.
import { readdir, readFile } from 'node:fs/promises';
import type { Db } from '#src/domain/ports.ts';

const FOLDER = new URL('./migrations/', import.meta.url);
// Any number that nobody else uses on this database; it only has to be the same in every version.
const MIGRATION_LOCK = 7_201_001;

/** Brings the database to the newest schema and answers what was applied. Safe to call from many processes at once. */
export async function migrate(db: Db): Promise<string[]> {
  const files = (await readdir(FOLDER)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort();
  return db.transaction('migrate', async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await tx.query(
      'create table if not exists migration (name text primary key, applied_at timestamptz not null default now())',
    );
    const applied = new Set((await tx.query<{ name: string }>('select name from migration')).map((row) => row.name));
    const missing = files.filter((name) => !applied.has(name));
    for (const name of missing) {
      await tx.query(await readFile(new URL(name, FOLDER), 'utf8'));
      await tx.query('insert into migration (name) values ($1)', [name]);
    }
    return missing;
  });
}
