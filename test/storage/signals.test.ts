// The log and the text beside it: what may never change, what can be forgotten, and what survives a transaction that did not.
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SignalDraft } from '#src/domain/signal.ts';
import { type OpenDb, openDb } from '#src/storage/db.ts';
import { createKeyring } from '#src/storage/keys.ts';
import { createRecords } from '#src/storage/records.ts';
import { createSignals } from '#src/storage/signals.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

const AT = new Date('2025-03-10T10:00:15Z');
const master = randomBytes(32);

let database: TestDatabase;
let db: OpenDb;
beforeEach(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry });
  for (const id of ['acme', 'globex'])
    await db.query(`insert into workspace (id, name, created_at) values ($1, $1, $2)`, [id, AT]);
});
afterEach(async () => {
  await db.close();
  await database.drop();
});

/** A workspace as a process opens it: its keyring knows only what it has read. */
function open(workspaceId = 'acme') {
  const keyring = createKeyring({ workspaceId, master, now: () => AT });
  const signals = createSignals(workspaceId, keyring, createRecords(workspaceId));
  const append = (...drafts: SignalDraft[]) => db.transaction('test', (tx) => signals.append(tx, drafts, AT));
  async function texts(): Promise<(string | null)[]> {
    const rows = await db.query<{ subject_id: string; key_id: string; sealed: Buffer }>(
      `select subject_id, key_id, sealed from signal_text where workspace_id = $1 order by signal_id`,
      [workspaceId],
    );
    const opened = await keyring.open(
      db,
      rows.map((row) => ({ subjectId: row.subject_id, keyId: row.key_id, sealed: row.sealed })),
    );
    return opened.map((plain) => (plain === null ? null : (JSON.parse(plain) as { text: string }).text));
  }
  return { signals, append, texts };
}

function draft(part: Partial<SignalDraft> = {}): SignalDraft {
  return {
    source: 'slack',
    externalId: 'slack:C1:1741600812.004200',
    change: 'created',
    occurredAt: '2025-03-10T10:00:12.000Z',
    changedAt: '2025-03-10T10:00:12.000Z',
    modality: 'text',
    text: 'The export stops after 10,000 rows.',
    measure: null,
    author: { id: 'U1', name: 'Mara', role: 'customer' },
    container: { id: 'C1', name: 'support' },
    threadId: null,
    permalink: null,
    customer: { kind: 'author', key: 'U1', name: 'Mara' },
    reliability: 'signed',
    capturedBy: null,
    historical: false,
    ...part,
  };
}

describe('the log', () => {
  it.each([
    ['an update', `update signal set source = 'x'`],
    ['an update that meets no row', `update signal set source = 'x' where false`],
    ['a deletion', `delete from signal`],
    ['a truncation', `truncate signal`],
  ])('is append-only: the database itself refuses %s', async (_what, sql) => {
    await open().append(draft());
    await expect(db.query(sql)).rejects.toThrow('append-only');
    expect(await db.query(`select 1 from signal`)).toHaveLength(1);
  });

  it('holds no word of what was said, and neither does anything beside it in the clear', async () => {
    await open().append(draft());
    const tables = await db.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    );
    expect(tables.length).toBeGreaterThan(10);
    for (const { name } of tables) {
      const [dump] = await db.query<{ text: string | null }>(`select string_agg(t::text, '') as text from "${name}" t`);
      expect(dump?.text ?? '').not.toMatch(/export stops|Mara/);
    }
  });

  it('takes a signal once, however often it is delivered', async () => {
    const { append } = open();
    const first = await append(draft());
    expect(first.signalIds).toHaveLength(1);
    expect((await append(draft(), draft())).signalIds).toEqual([]);
    expect(await db.query(`select 1 from signal`)).toHaveLength(1);
  });

  it('keeps both when two workspaces hear the same', async () => {
    const acme = open('acme');
    const globex = open('globex');
    const [a] = (await acme.append(draft())).signalIds;
    const [b] = (await globex.append(draft({ text: 'Ours.' }))).signalIds;
    expect(a).not.toBe(b);
    expect([await acme.texts(), await globex.texts()]).toEqual([['The export stops after 10,000 rows.'], ['Ours.']]);
  });
});

describe('the text beside it', () => {
  it('is read by the next process, too', async () => {
    await open().append(draft());
    expect(await open().texts()).toEqual(['The export stops after 10,000 rows.']);
  });

  it('goes when the message is deleted, every revision of it, and does not come back with a late edit', async () => {
    const { append, texts } = open();
    const later = (seconds: number) => `2025-03-10T10:01:${String(seconds).padStart(2, '0')}.000Z`;
    await append(draft(), draft({ change: 'edited', changedAt: later(1), text: 'After 10,001.' }));
    expect(await texts()).toHaveLength(2);
    await append(draft({ change: 'deleted', changedAt: later(2), text: null }));
    await append(draft({ change: 'edited', changedAt: later(3), text: 'Again.' }));
    expect(await texts()).toEqual([]);
    expect(await db.query(`select 1 from signal`)).toHaveLength(4);
  });

  it('can be read when an earlier try, which made the key, was rolled back', async () => {
    const first = open();
    await expect(
      db.transaction('test', async (tx) => {
        await first.signals.append(tx, [draft()], AT);
        throw new Error('the power went out');
      }),
    ).rejects.toThrow('power');
    await first.append(draft());
    expect(await first.texts()).toEqual(['The export stops after 10,000 rows.']);
    expect(await open().texts()).toEqual(['The export stops after 10,000 rows.']);
  });
});
