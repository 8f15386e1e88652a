// Conversations: the same messages make the same conversations, in whatever order and in whatever batches they arrive.
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customerIdOf } from '#src/domain/customer.ts';
import type { SignalDraft } from '#src/domain/signal.ts';
import { signalIdOf } from '#src/domain/signal.ts';
import { type OpenDb, openDb } from '#src/storage/db.ts';
import { createKeyring } from '#src/storage/keys.ts';
import { createRecords } from '#src/storage/records.ts';
import { createSignals } from '#src/storage/signals.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

const START_MS = Date.parse('2025-03-10T10:00:00Z');
const NOW = new Date('2025-03-10T12:00:00Z');
const AUTHORS = ['ana', 'ben', 'cleo', 'sam'] as const;
const master = randomBytes(32);

let database: TestDatabase;
let db: OpenDb;
let workspaces = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

/** What people did in a channel: who wrote when, what answered what, what was changed and taken back. */
interface Said {
  author: (typeof AUTHORS)[number];
  atS: number;
  /** Answers that many messages before this one, as far as there is such a message. */
  answers: number | null;
  edited: boolean;
  deleted: boolean;
}

const said = fc.record<Said>({
  author: fc.constantFrom(...AUTHORS),
  // Half of the gaps are shorter than the five minutes that make a run.
  atS: fc.integer({ min: 1, max: 600 }),
  answers: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 2 }),
  edited: fc.boolean(),
  deleted: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

/** The drafts of a scene; times add up, so that the scene has an order of its own. */
function draftsOf(scene: readonly Said[]): SignalDraft[] {
  let atMs = START_MS;
  const placed: { externalId: string; threadId: string | null }[] = [];
  return scene.flatMap((one, index) => {
    atMs += one.atS * 1000;
    const externalId = `slack:C1:${atMs}`;
    const answered = one.answers === null ? undefined : placed[index - one.answers];
    const threadId = answered ? (answered.threadId ?? answered.externalId) : null;
    placed.push({ externalId, threadId });
    const at = (plusMs: number) => new Date(atMs + plusMs).toISOString();
    const base: SignalDraft = {
      source: 'slack',
      externalId,
      change: 'created',
      occurredAt: at(0),
      changedAt: at(0),
      modality: 'text',
      text: `message ${index}`,
      measure: null,
      author: { id: one.author, name: one.author, role: one.author === 'sam' ? 'staff' : 'customer' },
      container: { id: 'slack:C1', name: null },
      threadId,
      permalink: null,
      customer: one.author === 'sam' ? null : { kind: 'author', key: one.author, name: one.author },
      reliability: 'signed',
      capturedBy: null,
      historical: false,
    };
    return [
      base,
      ...(one.edited
        ? [{ ...base, change: 'edited' as const, changedAt: at(1000), text: `message ${index}, edited` }]
        : []),
      ...(one.deleted ? [{ ...base, change: 'deleted' as const, changedAt: at(2000), text: null }] : []),
    ];
  });
}

/** Appends drafts in the given order, so many at a time, in a workspace of its own; answers what there is then, without its ids. */
async function grouped(drafts: readonly SignalDraft[], sizes: readonly number[]) {
  const workspaceId = `w${++workspaces}`;
  await db.query('insert into workspace (id, name, created_at) values ($1, $1, $2)', [workspaceId, NOW]);
  const keyring = createKeyring({ workspaceId, master, now: () => NOW });
  const signals = createSignals(workspaceId, keyring, createRecords(workspaceId));
  const rest = [...drafts];
  for (let at = 0; rest.length > 0; at++) {
    const batch = rest.splice(0, sizes[at % sizes.length] ?? 1);
    await db.transaction('test', (tx) => signals.append(tx, batch, NOW));
  }
  const names = new Map<string, string>(
    drafts.map((draft) => [signalIdOf(workspaceId, draft), `${draft.externalId} ${draft.change}`]),
  );
  const customers = new Map<string, string>(
    AUTHORS.map((author) => [customerIdOf(workspaceId, { kind: 'author', key: author }), author]),
  );
  const rows = await db.query<{
    root: string;
    customer_id: string | null;
    first_at: Date;
    last_at: Date;
    members: string[];
  }>(
    `select c.root_external_id as root, c.customer_id, c.first_at, c.last_at, array_agg(h.signal_id order by h.occurred_at) as members
     from conversation c join signal_head h on h.workspace_id = c.workspace_id and h.conversation_id = c.id and h.change <> 'deleted'
     where c.workspace_id = $1 and c.state = 'live' group by c.id, c.root_external_id, c.customer_id, c.first_at, c.last_at order by c.first_at, root`,
    [workspaceId],
  );
  const edges = await db.query<{ n: string }>(
    `select count(*) as n from lineage l join signal_head h on h.workspace_id = l.workspace_id and h.signal_id = l.from_id and h.conversation_id = l.to_id
     join conversation c on c.workspace_id = h.workspace_id and c.id = h.conversation_id and c.state = 'live'
     where l.workspace_id = $1 and h.change <> 'deleted'`,
    [workspaceId],
  );
  const texts = await db.query('select 1 from signal_text where workspace_id = $1', [workspaceId]);
  return {
    conversations: rows.map(({ root, customer_id, first_at, last_at, members }) => ({
      root,
      customer: customers.get(customer_id ?? '') ?? 'unknown',
      from: first_at.toISOString(),
      to: last_at.toISOString(),
      members: members.map((id) => names.get(id)),
    })),
    edges: Number(edges[0]!.n),
    texts: texts.length,
  };
}

describe('grouping', () => {
  it('comes to the same conversations in any order of arrival and in any batches', async () => {
    const scene = fc.array(said, { minLength: 2, maxLength: 9 }).chain((one) => {
      const drafts = draftsOf(one);
      return fc.record({
        drafts: fc.constant(drafts),
        order: fc.shuffledSubarray(drafts, { minLength: drafts.length, maxLength: drafts.length }),
        sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
      });
    });
    await fc.assert(
      fc.asyncProperty(scene, async ({ drafts, order, sizes }) => {
        expect(await grouped(order, sizes)).toEqual(await grouped(drafts, [1]));
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('changes nothing when everything comes again', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(said, { minLength: 2, maxLength: 8 }), fc.nat(), async (scene, from) => {
        const drafts = draftsOf(scene);
        const again = [...drafts.slice(from % drafts.length), ...drafts.slice(0, from % drafts.length)];
        expect(await grouped([...drafts, ...again, ...again], [3])).toEqual(await grouped(drafts, [3]));
      }),
      { numRuns: 30 },
    );
  }, 120_000);

  it('joins one person’s messages in a row and nobody else’s, however many there are', async () => {
    const one = (author: Said['author'], atS: number): Said => ({
      author,
      atS,
      answers: null,
      edited: false,
      deleted: false,
    });
    const rowOf = (n: number) => Array.from({ length: n }, () => one('ana', 290));
    const joined = await grouped(draftsOf(rowOf(8)).reverse(), [1]);
    expect(joined.conversations.map(({ members }) => members.length)).toEqual([8]);
    const parted = await grouped(draftsOf([one('ana', 1), one('ana', 301), one('ben', 10), one('ana', 10)]), [1]);
    expect(parted.conversations.map(({ members }) => members.length)).toEqual([1, 1, 1, 1]);
  });
});
