// Setting an emoji and taking it away, told in any order: only the newest change means anything.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenDb, openDb } from '#src/storage/db.ts';
import { noteReaction } from '#src/storage/reactions.ts';
import { ensureWorkspace } from '#src/storage/settings.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

let database: TestDatabase;
let db: OpenDb;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry });
  for (const id of ['w1', 'w2']) await ensureWorkspace(db, id, new Date('2026-03-02T09:00:00Z'));
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

// Set, taken away, set again.
const CHANGES = [
  { added: true, at: '2026-03-02T09:00:01Z' },
  { added: false, at: '2026-03-02T09:00:02Z' },
  { added: true, at: '2026-03-02T09:00:03Z' },
];
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

const note = (ts: string, index: number, workspaceId = 'w1') =>
  noteReaction(db, workspaceId, {
    channelId: 'C1',
    ts,
    personId: 'U1',
    emoji: 'memo',
    meaning: 'capture',
    thingId: 'slack:C1:1',
    ...CHANGES[index]!,
  });

describe.each(ORDERS.map((order) => [order.join(' '), order] as const))('told in the order %s', (name, order) => {
  it('lets a change count only while no later one is known, however often it is told', async () => {
    for (const [step, index] of order.entries()) {
      const known = order.slice(0, step + 1);
      const isNewest = index === Math.max(...known);
      // Setting it twice is no contradiction: a later setting does not take back an earlier one.
      const isAllowed = isNewest || (CHANGES[index]!.added && !known.includes(1));
      expect(await note(`1.${name}`, index)).toBe(isAllowed);
      expect(await note(`1.${name}`, index)).toBe(isAllowed);
    }
    expect(await note(`1.${name}`, 2)).toBe(true);
    expect(await note(`1.${name}`, 1)).toBe(false);
  });
});

it('keeps workspaces apart', async () => {
  expect(await note('2.1', 1, 'w1')).toBe(true);
  expect(await note('2.1', 0, 'w2')).toBe(true);
  expect(await note('2.1', 0, 'w1')).toBe(false);
});
