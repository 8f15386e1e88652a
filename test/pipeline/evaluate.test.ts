// Votes on what the bot made: one person, several ways of voting, and only what does not contradict itself counts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { standingVote } from '#src/domain/evaluation.ts';
import type { Person } from '#src/domain/policy.ts';
import { createEvaluating } from '#src/pipeline/evaluate.ts';
import { type OpenDb, openDb } from '#src/storage/db.ts';
import { createEvaluations } from '#src/storage/evaluations.ts';
import { createRecords } from '#src/storage/records.ts';
import { createSettings, ensureWorkspace } from '#src/storage/settings.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

const NOW = new Date('2026-03-02T09:00:00Z');
const pia: Person = { id: 'U1', kind: 'member', approver: true };
const sam: Person = { id: 'U2', kind: 'member', approver: false };
const guest: Person = { id: 'U3', kind: 'guest', approver: false };

let database: TestDatabase;
let db: OpenDb;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry });
  for (const id of ['w1', 'w2']) await ensureWorkspace(db, id, NOW);
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

const verbsOf = (workspaceId: string) =>
  createEvaluating({
    db,
    evaluations: createEvaluations(workspaceId),
    records: createRecords(workspaceId),
    producerOfCard: async (_tx, cardId) => (cardId.startsWith('card_') ? 'describe/v1 test:model' : null),
    telemetry: quietTelemetry,
    now: () => NOW,
  });
const standing = (vote: 1 | -1 | 0, askWhy = false) => ({ kind: 'done', vote, askWhy });

describe('a vote', () => {
  it('by the other button takes the place of the first one', async () => {
    const { vote } = verbsOf('w1');
    const thing = { kind: 'card', id: 'card_1' } as const;
    expect(await vote({ thing, person: pia, vote: 1 })).toEqual(standing(1));
    expect(await vote({ thing, person: pia, vote: -1, reason: 'wrong' })).toEqual(standing(-1));
    expect(await vote({ thing, person: pia, vote: 0 })).toEqual(standing(0));
  });

  it('that contradicts another of the same person counts for nothing, until one of them is taken away', async () => {
    const { judge, vote } = verbsOf('w1');
    const thing = { kind: 'card', id: 'card_2' } as const;
    await judge({ cardId: 'card_2', person: pia, vote: 1, by: 'agree' });
    expect(await vote({ thing, person: pia, vote: -1, by: 'disagree' })).toEqual(standing(0));
    expect(await vote({ thing, person: sam, vote: 1 })).toEqual(standing(1));
    // The later -1 stays when the +1 goes.
    expect(await vote({ thing, person: pia, vote: 0, by: 'agree' })).toEqual(standing(-1, true));
  });

  it('against a thing asks for the reason once, and never again', async () => {
    const { vote } = verbsOf('w1');
    const thing = { kind: 'card', id: 'card_3' } as const;
    expect(await vote({ thing, person: pia, vote: -1 })).toEqual(standing(-1, true));
    expect(await vote({ thing, person: pia, vote: 1 })).toEqual(standing(1));
    expect(await vote({ thing, person: pia, vote: -1 })).toEqual(standing(-1));
    expect(await vote({ thing, person: sam, vote: -1 })).toEqual(standing(-1, true));
  });

  it('on an answer is for the one who asked', async () => {
    const { vote, rateable } = verbsOf('w1');
    const thing = { kind: 'answer', id: 'ans_1' } as const;
    expect(await vote({ thing, person: pia, vote: 1 })).toEqual({ kind: 'gone' });
    await rateable({ thing, producedBy: 'ask/v1', askedBy: pia.id });
    await rateable({ thing, producedBy: 'ask/v1', askedBy: sam.id });
    expect(await vote({ thing, person: sam, vote: 1 })).toEqual({ kind: 'not_asker' });
    expect(await vote({ thing, person: pia, vote: 1 })).toEqual(standing(1));
    expect(await verbsOf('w2').vote({ thing, person: pia, vote: 1 })).toEqual({ kind: 'gone' });
  });

  it('is for full members, on things that exist', async () => {
    const { vote, judge } = verbsOf('w1');
    const thing = { kind: 'card', id: 'card_4' } as const;
    expect(await vote({ thing, person: guest, vote: 1 })).toEqual({ kind: 'refused', refusal: 'guest' });
    expect(await judge({ cardId: 'nothing', person: pia, vote: 1 })).toEqual({ kind: 'gone' });
    expect(await db.query('select 1 from evaluation where thing_id = any($1)', [['card_4', 'nothing']])).toEqual([]);
  });
});

describe('what counts of several votes', () => {
  it('is nothing where they contradict each other', () => {
    expect(standingVote([])).toBe(0);
    expect(standingVote([1, 1])).toBe(1);
    expect(standingVote([-1])).toBe(-1);
    expect(standingVote([1, -1, 1])).toBe(0);
  });
});

describe('how much a channel lets in by itself', () => {
  it('is everything that the gate passes, until somebody says otherwise', async () => {
    const settings = createSettings('w1');
    const row = { channelId: 'C1', name: 'support', mode: 'suggest', origin: 'environment' } as const;
    await settings.setChannel(db, row, NOW);
    expect((await settings.channel(db, 'C1'))?.capture).toBe('eager');
    expect(await settings.setCapture(db, 'C1', 'conservative', NOW)).toBe(true);
    // Seeding the channels again, at the next start, changes nothing about it.
    await settings.setChannel(db, { ...row, name: 'help' }, NOW);
    expect(await settings.channel(db, 'C1')).toMatchObject({ name: 'help', capture: 'conservative' });
    expect(await settings.setCapture(db, 'C2', 'conservative', NOW)).toBe(false);
  });
});
