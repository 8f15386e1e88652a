// The budget under many hands: two workers that open cards at the same moment do not spend the same place twice.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Insight } from '#src/domain/insight.ts';
import { STANDARD } from '#src/domain/preference.ts';
import type { ChannelRules } from '#src/domain/quiet.ts';
import { createQuiet } from '#src/pipeline/quiet.ts';
import { createCards } from '#src/storage/cards.ts';
import { type OpenDb, openDb } from '#src/storage/db.ts';
import { createQuietStore } from '#src/storage/quiet.ts';
import { createRecords } from '#src/storage/records.ts';
import { ensureWorkspace } from '#src/storage/settings.ts';
import { createTestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

const AT = new Date('2026-10-07T12:00:00Z');
const WORKERS = 12;
const rules: ChannelRules = { paused: false, hours: null, timeZone: 'UTC', perDay: 3 };
const usual = { broughtBy: 'reach', severity: 'high' } as Insight;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: OpenDb;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry });
  await ensureWorkspace(db, 'main', AT);
  await ensureWorkspace(db, 'other', AT);
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

/** Many workers, each of which opens one card in the same channel. Answers how many may speak. */
async function openMany(workspaceId: string, channelId: string): Promise<number> {
  const cards = createCards(workspaceId);
  const quiet = createQuiet({
    db,
    rows: createQuietStore(workspaceId),
    cards,
    records: createRecords(workspaceId),
    rules: async () => rules,
    preferences: async () => STANDARD,
    timeZoneOf: async () => null,
    insightsChannel: () => channelId,
    channelName: async () => null,
    send: async () => {},
    telemetry: quietTelemetry,
    now: () => AT,
  });
  const spoke = await Promise.all(
    Array.from({ length: WORKERS }, (_, index) =>
      db.transaction('test', async (tx) => {
        const verdict = await quiet.mayPost(tx, channelId, usual, AT);
        const card = await cards.create(tx, {
          themeId: `thm_${channelId}_${index}`,
          generation: 1,
          channelId,
          state: verdict.ok ? 'open' : 'waiting',
          insightId: null,
          proposalId: null,
          proposalRevision: null,
          createdAt: AT.toISOString(),
        });
        await quiet.note(tx, card.id, verdict, AT);
        return verdict.ok;
      }),
    ),
  );
  return spoke.filter(Boolean).length;
}

it('gives out each place of the day once, per channel and per workspace', async () => {
  const spoke = await Promise.all([
    openMany('main', 'C0000001'),
    openMany('main', 'C0000002'),
    openMany('other', 'C0000001'),
  ]);
  expect(spoke).toEqual([3, 3, 3]);
  const held = await db.query(`select held, count(*)::int as n from card where held is not null group by held`);
  expect(held).toEqual([{ held: 'budget', n: 3 * (WORKERS - 3) }]);
});
