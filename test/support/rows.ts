// Every row of the product, to be compared: what a repeated delivery must not change.
import type { Tx } from '#src/domain/ports.ts';

/** Rows as JSON text, sorted, by table (`schema.table`). */
export type Rows = Map<string, string[]>;

/** Reads every table, the graphs' checkpoints included; leaves out the queue's own tables and the cache, which only remembers. */
export async function allRows(db: Tx): Promise<Rows> {
  const tables = await db.query<{ name: string }>(
    `select quote_ident(table_schema) || '.' || quote_ident(table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema', 'queue') and table_name <> 'cache' order by 1`,
  );
  const rows: Rows = new Map();
  for (const { name } of tables) {
    const found = await db.query<{ row: string }>(`select to_jsonb(t)::text as row from ${name} t order by 1`);
    rows.set(
      name,
      found.map(({ row }) => row),
    );
  }
  return rows;
}

/** How many rows there are. */
export function countRows(rows: Rows): number {
  return [...rows.values()].reduce((sum, table) => sum + table.length, 0);
}

/** What is in one and not in the other: `+` came, `-` went. Empty when nothing changed. */
export function changedRows(before: Rows, after: Rows): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((table) => {
    const old = new Set(before.get(table) ?? []);
    const now = new Set(after.get(table) ?? []);
    return [
      ...[...old].filter((row) => !now.has(row)).map((row) => `- ${table} ${row.slice(0, 400)}`),
      ...[...now].filter((row) => !old.has(row)).map((row) => `+ ${table} ${row.slice(0, 400)}`),
    ];
  });
}
