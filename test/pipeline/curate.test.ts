// Random hands at random themes: whatever people move, merge, split, call noise and take back, and whatever arrives meanwhile, the history
// adds up, what a person placed stays, an undo restores, and the index knows where everything is.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildThemeGraph } from '#agents/theme/graph.ts';
import { createThemeIndex } from '#agents/theme/index.ts';
import { type CurateReply, type PlacingEvent, replay } from '#src/domain/curation.ts';
import type { Person } from '#src/domain/policy.ts';
import { redactText } from '#src/domain/redaction.ts';
import { embedText, encodeVector, VECTOR_VERSION } from '#src/domain/vector.ts';
import { createCurating } from '#src/pipeline/curate.ts';
import { runStage } from '#src/pipeline/stage.ts';
import { createTheme } from '#src/pipeline/theme.ts';
import { createActions } from '#src/storage/actions.ts';
import { createCards } from '#src/storage/cards.ts';
import { createCurations } from '#src/storage/curation.ts';
import { openDb } from '#src/storage/db.ts';
import { createDecisions } from '#src/storage/decisions.ts';
import { createProposals } from '#src/storage/insights.ts';
import { createKeyring } from '#src/storage/keys.ts';
import { createPlaces } from '#src/storage/places.ts';
import { createRecords } from '#src/storage/records.ts';
import { ensureWorkspace } from '#src/storage/settings.ts';
import { createThemes } from '#src/storage/themes.ts';
import { createTestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

const WORKSPACE = 'main';
const PIA: Person = { id: 'U0PIA', kind: 'member', approver: true };
const TOPICS = [
  'the csv export fails with error 500 when downloading',
  'login page rejects the password after a reset',
  'invoice archive shows the wrong company logo',
  'push notification arrives twice on the phone',
];

/** Themes over a real database, with conversations that are put there as observed. */
async function workshop() {
  const database = await createTestDatabase();
  const db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry, max: 4 });
  let at = Date.parse('2026-03-02T09:00:00Z');
  const now = () => new Date(at);
  await ensureWorkspace(db, WORKSPACE, now());
  const records = createRecords(WORKSPACE);
  const keyring = createKeyring({ workspaceId: WORKSPACE, master: Buffer.alloc(32, 7), now });
  const themes = createThemes(WORKSPACE, keyring, records);
  const curations = createCurations(WORKSPACE, records);
  // Every report is a neighbour, so that the index can be asked for each.
  const newIndex = () => createThemeIndex({ neighbours: 1_000 });
  let index = newIndex();
  const newThemeId = (observationId: string) => `thm_of_${observationId}`;
  let graph = buildThemeGraph({ index, newThemeId });
  const theming = createTheme({
    db,
    themes,
    survivorOf: curations.survivorOf,
    placing: {
      place: async (batch) => (await graph.invoke({ batch })).placed,
      refill(members) {
        index = newIndex();
        graph = buildThemeGraph({ index, newThemeId });
        for (const { observationId, themeId, vector } of members) index.add(observationId, themeId, vector);
      },
    },
  });
  const send = async () => {};
  const verbs = createCurating({
    db,
    workspaceId: WORKSPACE,
    curations,
    themes,
    cards: createCards(WORKSPACE),
    proposals: createProposals(WORKSPACE, keyring, records),
    decisions: createDecisions(WORKSPACE, keyring, records),
    actions: createActions(WORKSPACE, keyring, records),
    records,
    places: createPlaces(WORKSPACE),
    refreshIndex: theming.refresh,
    telemetry: quietTelemetry,
    log: quietLog,
    now,
    send,
  });
  const stageDeps = {
    db,
    jobs: { send },
    clock: { now, sleep: async () => {} },
    log: quietLog,
    telemetry: quietTelemetry,
  };

  return {
    db,
    verbs,
    /** A conversation comes in, or comes again as another revision; noise by the machine's word when `isNoise`. */
    async observe(id: string, topic: string, revision: number, isNoise: boolean) {
      at += 60_000;
      const observationId = `${id}.${revision}`;
      const vector = encodeVector(embedText(redactText(`${topic} ${id}`)));
      await db.transaction('test', async (tx) => {
        await keyring.prepare(tx, ['cus_1']);
        const { sealed, keyId } = keyring.seal('cus_1', JSON.stringify({ title: topic, keywords: [] }));
        await tx.query(
          `insert into conversation (workspace_id, id, source, container_id, root_external_id, customer_id, revision, state, first_at, last_at, historical)
           values ($1, $2, 'api', 'api', $2, 'cus_1', $3, 'live', $4, $4, false) on conflict (workspace_id, id) do update set revision = $3`,
          [WORKSPACE, id, String(revision), now()],
        );
        await tx.query(
          `insert into observation (workspace_id, id, conversation_id, conversation_revision, kind, severity, is_noise, body, subject_id, key_id, sealed,
             vector, vector_version, created_at) values ($1, $2, $3, $4, 'bug', 'low', $5, '{}', 'cus_1', $6, $7, $8, $9, $10) on conflict do nothing`,
          [WORKSPACE, observationId, id, String(revision), isNoise, keyId, sealed, vector, VECTOR_VERSION, now()],
        );
        await tx.query(`update conversation set observation_id = $3 where workspace_id = $1 and id = $2`, [
          WORKSPACE,
          id,
          observationId,
        ]);
      });
      await runStage(theming, stageDeps, [id]);
    },
    async placements(): Promise<Map<string, { themeId: string | null; placedBy: string | null }>> {
      const rows = await db.query<{ id: string; theme_id: string | null; placed_by: string | null }>(
        `select id, theme_id, placed_by from conversation order by id`,
      );
      return new Map(rows.map((row) => [row.id, { themeId: row.theme_id, placedBy: row.placed_by }]));
    },
    async history(): Promise<PlacingEvent[]> {
      const rows = await db.query<{
        verb: string;
        conversation_id: string | null;
        theme_id: string;
        placed_by: string | null;
      }>(`select verb, conversation_id, theme_id, placed_by from theme_event order by seq`);
      return rows.map((row) => ({
        verb: row.verb,
        conversationId: row.conversation_id,
        themeId: row.theme_id,
        placedBy: row.placed_by,
      }));
    },
    async themes(): Promise<{ id: string; status: string }[]> {
      return db.query<{ id: string; status: string }>(`select id, status from theme order by id`);
    },
    catchUp: theming.refresh,
    /** Where the index thinks that each report is, and where it is. */
    async indexed() {
      const { members } = await themes.members(db, 10_000);
      const known = members.map(({ observationId, vector }) => {
        const itself = index.assign(vector).neighbours.find((one) => one.observationId === observationId);
        return `${observationId} in ${itself?.themeId}`;
      });
      return {
        live: { size: index.size, known },
        stored: {
          size: members.length,
          known: members.map(({ observationId, themeId }) => `${observationId} in ${themeId}`),
        },
      };
    },
    async close() {
      await db.close();
      await database.drop();
    },
  };
}

type Workshop = Awaited<ReturnType<typeof workshop>>;

/** One thing that somebody does; the numbers choose among what there is at that moment. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('arrive' as const), topic: fc.nat(), isNoise: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('again' as const), which: fc.nat(), isNoise: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('merge' as const), from: fc.nat(), into: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('split' as const), from: fc.nat(), take: fc.nat({ max: 3 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('move' as const), from: fc.nat(), take: fc.nat({ max: 3 }), to: fc.nat() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('noise' as const), from: fc.nat(), take: fc.nat({ max: 2 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('undo' as const), which: fc.nat() }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Story {
  conversations: { id: string; topic: string; revision: number }[];
  edits: { id: string; before: Map<string, unknown>; fresh: boolean }[];
}

const pick = <T>(list: readonly T[], number: number): T | undefined => list[number % Math.max(1, list.length)];

async function act(shop: Workshop, story: Story, one: Step): Promise<void> {
  const by = { person: PIA, via: 'modal' } as const;
  const active = (await shop.themes()).filter(({ status }) => status === 'active').map(({ id }) => id);
  const before = await shop.placements();
  const membersOf = (themeId: string) => [...before].filter(([, at]) => at.themeId === themeId).map(([id]) => id);
  const note = (reply: CurateReply) => {
    for (const edit of story.edits) edit.fresh = false;
    if (reply.kind === 'done') story.edits.push({ id: reply.editId, before, fresh: true });
  };
  switch (one.do) {
    case 'arrive': {
      const conversation = { id: `con_${story.conversations.length}`, topic: pick(TOPICS, one.topic)!, revision: 1 };
      story.conversations.push(conversation);
      for (const edit of story.edits) edit.fresh = false;
      return shop.observe(conversation.id, conversation.topic, 1, one.isNoise && one.topic % 3 === 0);
    }
    case 'again': {
      const conversation = pick(story.conversations, one.which);
      if (!conversation) return;
      conversation.revision += 1;
      for (const edit of story.edits) edit.fresh = false;
      return shop.observe(conversation.id, conversation.topic, conversation.revision, one.isNoise);
    }
    case 'merge': {
      const [themeId, intoId] = [pick(active, one.from), pick(active, one.into)];
      if (themeId && intoId) note(await shop.verbs.merge({ themeId, intoId, ...by }));
      return;
    }
    case 'split':
    case 'move':
    case 'noise': {
      const themeId = pick(active, one.from);
      if (!themeId) return;
      const conversationIds = membersOf(themeId).slice(0, 1 + one.take);
      if (one.do === 'split') note(await shop.verbs.split({ themeId, conversationIds, title: null, ...by }));
      else if (one.do === 'noise') note(await shop.verbs.markNoise({ themeId, conversationIds, ...by }));
      else note(await shop.verbs.move({ themeId, conversationIds, toId: pick(active, one.to)!, ...by }));
      return;
    }
    case 'undo': {
      const edit = pick(story.edits, one.which);
      if (!edit) return;
      const reply = await shop.verbs.undoEdit({ editId: edit.id, ...by });
      // Nothing happened in between: everything is where it was.
      if (edit.fresh) {
        expect(reply.kind).toBe('done');
        expect(await shop.placements()).toEqual(edit.before);
      }
      for (const other of story.edits) other.fresh = false;
      return;
    }
  }
}

describe('whatever people do to themes, and whatever arrives meanwhile', () => {
  it('adds up: one place each, kept where a person put it, replayed from events, known to the index, restored by undo', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 22 }), async (steps) => {
        const shop = await workshop();
        try {
          const story: Story = { conversations: [], edits: [] };
          for (const topic of [0, 1, 2, 0, 1]) await act(shop, story, { do: 'arrive', topic, isNoise: false });
          for (const one of steps) {
            const before = await shop.placements();
            await act(shop, story, one);
            const after = await shop.placements();
            const active = new Set(
              (await shop.themes()).filter(({ status }) => status === 'active').map(({ id }) => id),
            );
            // Where something is, it can be found.
            for (const { themeId } of after.values()) if (themeId !== null) expect(active).toContain(themeId);
            // What arrives moves nothing that a person has placed.
            if (one.do === 'arrive' || one.do === 'again')
              for (const [id, at] of before) if (at.placedBy !== null) expect(after.get(id)).toEqual(at);
            const replayed = replay(await shop.history());
            for (const [id, at] of after)
              expect([id, replayed.get(id) ?? { themeId: null, placedBy: null }]).toEqual([id, at]);
            // After a person it is true at once; what the machine took out itself, it takes out before it places the next.
            if (one.do === 'again') await shop.catchUp();
            const { live, stored } = await shop.indexed();
            expect(live).toEqual(stored);
          }
        } finally {
          await shop.close();
        }
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});
