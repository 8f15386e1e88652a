// What people asked, as it is stored: once, sealed, per workspace, and without its words after a month.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AnswerDraft } from '#src/domain/ask.ts';
import { type OpenDb, openDb } from '#src/storage/db.ts';
import { createKeyring } from '#src/storage/keys.ts';
import { createQuestions } from '#src/storage/questions.ts';
import { ensureWorkspace } from '#src/storage/settings.ts';
import { createTestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

const AT = new Date('2026-03-18T12:00:00Z');
const draft: AnswerDraft = {
  outcome: 'answered',
  parts: [{ tool: 'said', text: 'It grows.', restsOn: ['r1', 'thm_0123456789abcdef01234567'], counted: [] }],
  producedBy: { analyst: 'ask', version: '1', prompt: 'ask/v1', model: 'openai:x' },
  fellBack: null,
};

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: OpenDb;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry });
  for (const id of ['one', 'two']) await ensureWorkspace(db, id, AT);
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const questionsOf = (workspaceId: string) =>
  createQuestions(workspaceId, createKeyring({ workspaceId, master: Buffer.alloc(32, 7), now: () => AT }));
const asked = {
  id: 'ans_1',
  asker: 'U1',
  surface: 'pane' as const,
  channelId: 'D1',
  threadTs: '1.1',
  text: 'Why Zyxwv?',
};

it('keeps a question once, and each workspace its own', async () => {
  const [one, two] = [questionsOf('one'), questionsOf('two')];
  expect(await db.transaction('t', (tx) => one.ask(tx, asked, AT))).toBe(true);
  expect(await db.transaction('t', (tx) => one.ask(tx, { ...asked, text: 'Another?' }, AT))).toBe(false);
  expect((await one.byId(db, 'ans_1'))?.text).toBe('Why Zyxwv?');
  expect(await two.byId(db, 'ans_1')).toBeNull();
  expect(await two.pending(db, 10)).toEqual([]);
  expect(await one.pending(db, 10)).toEqual(['ans_1']);
});

it('waits until the answer stands where it was asked', async () => {
  const one = questionsOf('one');
  await db.transaction('t', (tx) => one.answered(tx, 'ans_1', draft, AT));
  expect(await one.pending(db, 10)).toEqual(['ans_1']);
  await one.shownWhole(db, 'ans_1');
  expect(await one.pending(db, 10)).toEqual([]);
  expect(await one.byId(db, 'ans_1')).toMatchObject({ state: 'answered', draft });
});

it('forgets the words after thirty days, and keeps what votes need', async () => {
  const one = questionsOf('one');
  expect(await one.expire(db, new Date(AT.getTime() + 29 * 86_400_000))).toBe(0);
  expect(await one.expire(db, new Date(AT.getTime() + 31 * 86_400_000))).toBe(1);
  expect(await one.byId(db, 'ans_1')).toMatchObject({ text: null, draft: null, asker: 'U1' });
  const [row] = await db.query(`select outcome, produced_by->>'prompt' as prompt, rests_on from question`);
  expect(row).toEqual({ outcome: 'answered', prompt: 'ask/v1', rests_on: ['r1', 'thm_0123456789abcdef01234567'] });
});
