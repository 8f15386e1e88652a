// Conversations: derived from the heads. Regrouping looks at the neighbourhood of what changed and comes to the same answer in any order.
import type { Placed } from '#src/domain/conversation.ts';
import { conversationIdOf, groupsRuns, RUN_GAP_MS, revisionOfSignals, rootsOfRuns } from '#src/domain/conversation.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { LineageEdge } from '#src/domain/lineage.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { SignalDraft, SignalSource } from '#src/domain/signal.ts';
import type { Records, Regrouped } from '#src/domain/stores.ts';

interface TopRow {
  external_id: string;
  author_id: string | null;
  occurred_at: Date;
}

/** Regroups around the messages that moved and brings the conversation rows up to date. */
export async function regroup(
  tx: Tx,
  workspaceId: WorkspaceId,
  records: Records,
  moved: readonly SignalDraft[],
  now: Date,
): Promise<Regrouped> {
  const assignment = new Map<string, string>();
  for (const [container, drafts] of Map.groupBy(moved, (draft) => draft.container.id)) {
    const source = drafts[0]!.source;
    const roots = groupsRuns(source) ? await runRoots(tx, workspaceId, container, drafts) : threadRoots(drafts);
    for (const [externalId, root] of roots) assignment.set(externalId, conversationIdOf(workspaceId, source, root));
  }
  const before = await tx.query<{ external_id: string; signal_id: string; conversation_id: string | null }>(
    `select external_id, signal_id, conversation_id from signal_head where workspace_id = $1 and external_id = any($2)`,
    [workspaceId, [...assignment.keys()]],
  );
  const changes = before.filter((row) => row.conversation_id !== assignment.get(row.external_id));
  await tx.query(
    `update signal_head h set conversation_id = t.c from unnest($2::text[], $3::text[]) as t (e, c)
     where h.workspace_id = $1 and h.external_id = t.e`,
    [workspaceId, changes.map((row) => row.external_id), changes.map((row) => assignment.get(row.external_id)!)],
  );
  const left = changes.filter((row) => row.conversation_id !== null);
  await records.unlink(
    tx,
    left.map((row) => ({ fromId: row.signal_id, toId: row.conversation_id!, relation: 'part of' })),
  );
  const movedIds = new Set(moved.map((draft) => draft.externalId));
  const deletedIds = new Set(moved.flatMap((draft) => (draft.change === 'deleted' ? [draft.externalId] : [])));
  const lost = new Set(
    [...left, ...before.filter((row) => deletedIds.has(row.external_id))].map((row) => row.conversation_id),
  );
  const affected = new Set<string>(left.map((row) => row.conversation_id!));
  for (const row of before) {
    if (movedIds.has(row.external_id) || row.conversation_id !== assignment.get(row.external_id)) {
      affected.add(assignment.get(row.external_id)!);
    }
  }
  return refresh(tx, workspaceId, records, [...affected], lost, now);
}

/** Outside of chats, only a named thread groups. */
function threadRoots(drafts: readonly SignalDraft[]): Map<string, string> {
  return new Map(drafts.map((draft) => [draft.externalId, draft.threadId ?? draft.externalId]));
}

/** The roots of everything in the runs that the drafts touch, replies included. */
async function runRoots(
  tx: Tx,
  workspaceId: WorkspaceId,
  container: string,
  drafts: readonly SignalDraft[],
): Promise<Map<string, string>> {
  const roots = new Map<string, string>();
  const threadIds = drafts.flatMap((draft) => (draft.threadId ? [draft.threadId] : []));
  const parents = await tx.query<TopRow>(
    `select external_id, author_id, occurred_at from signal_head where workspace_id = $1 and external_id = any($2)`,
    [workspaceId, threadIds],
  );
  const known = new Set(parents.map((row) => row.external_id));
  // A reply whose first message we never saw still belongs to that thread; when the message comes, it finds the conversation waiting.
  for (const draft of drafts)
    if (draft.threadId && !known.has(draft.threadId)) roots.set(draft.externalId, draft.threadId);

  const times = [
    ...drafts.filter((draft) => draft.threadId === null).map((draft) => Date.parse(draft.occurredAt)),
    ...parents.map((row) => row.occurred_at.getTime()),
  ].sort((a, b) => a - b);
  for (const [from, to] of spans(times)) {
    const tops = await neighbourhood(tx, workspaceId, container, from, to);
    const ids = tops.map((row) => row.external_id);
    const replies = await tx.query<{ external_id: string; thread_id: string }>(
      `select external_id, thread_id from signal_head where workspace_id = $1 and thread_id = any($2)`,
      [workspaceId, ids],
    );
    const placed = tops.map(
      (row): Placed => ({
        externalId: row.external_id,
        authorId: row.author_id,
        threadId: null,
        occurredAtMs: row.occurred_at.getTime(),
      }),
    );
    const runs = rootsOfRuns(placed, new Set(replies.map((row) => row.thread_id)));
    for (const [externalId, root] of runs) roots.set(externalId, root);
    for (const reply of replies) roots.set(reply.external_id, runs.get(reply.thread_id) ?? reply.thread_id);
  }
  return roots;
}

/** Joins sorted times into spans, so that a batch with an old and a new message does not load the months between. */
function spans(times: readonly number[]): [number, number][] {
  const out: [number, number][] = [];
  for (const time of times) {
    const last = out.at(-1);
    if (last && time - last[1] <= 4 * RUN_GAP_MS) last[1] = time;
    else out.push([time, time]);
  }
  return out;
}

/** The top-level messages around a span, far enough on both sides that no run is cut by where we stopped looking. */
async function neighbourhood(
  tx: Tx,
  workspaceId: WorkspaceId,
  container: string,
  fromMs: number,
  toMs: number,
): Promise<TopRow[]> {
  let from = fromMs - RUN_GAP_MS;
  let to = toMs + RUN_GAP_MS;
  for (;;) {
    const rows = await tx.query<TopRow>(
      `select external_id, author_id, occurred_at from signal_head
       where workspace_id = $1 and container_id = $2 and thread_id is null and occurred_at between $3 and $4 order by occurred_at, external_id`,
      [workspaceId, container, new Date(from), new Date(to)],
    );
    const first = rows[0]?.occurred_at.getTime() ?? fromMs;
    const last = rows.at(-1)?.occurred_at.getTime() ?? toMs;
    const [before] = await tx.query<TopRow>(
      `select external_id, author_id, occurred_at from signal_head
       where workspace_id = $1 and container_id = $2 and thread_id is null and occurred_at < $3 order by occurred_at desc limit 1`,
      [workspaceId, container, new Date(from)],
    );
    const [after] = await tx.query<TopRow>(
      `select external_id, author_id, occurred_at from signal_head
       where workspace_id = $1 and container_id = $2 and thread_id is null and occurred_at > $3 order by occurred_at limit 1`,
      [workspaceId, container, new Date(to)],
    );
    const reachesBack = before !== undefined && first - before.occurred_at.getTime() <= RUN_GAP_MS;
    const reachesOn = after !== undefined && after.occurred_at.getTime() - last <= RUN_GAP_MS;
    if (!reachesBack && !reachesOn) return rows;
    if (reachesBack) from = before.occurred_at.getTime() - RUN_GAP_MS;
    if (reachesOn) to = after.occurred_at.getTime() + RUN_GAP_MS;
  }
}

interface MemberRow {
  conversation_id: string;
  source: SignalSource;
  external_id: string;
  signal_id: string;
  change: string;
  occurred_at: Date;
  container_id: string;
  thread_id: string | null;
  author_role: string;
  customer_id: string | null;
  permalink: string | null;
  captured_by: string | null;
  historical: boolean;
  modality: string;
}

/** In a chat, what staff answer is context: where nothing is left of what they answer to, or it never reached us, nobody reports anything. */
function isReport(row: MemberRow): boolean {
  return (
    row.author_role === 'customer' || row.thread_id === null || row.captured_by !== null || !groupsRuns(row.source)
  );
}

/** Makes the conversation rows anew from their members, and tells which differ from before. */
export async function refresh(
  tx: Tx,
  workspaceId: WorkspaceId,
  records: Records,
  ids: readonly string[],
  lost: ReadonlySet<string | null>,
  now: Date,
): Promise<Regrouped> {
  const members = await tx.query<MemberRow>(
    `select conversation_id, source, external_id, signal_id, change, occurred_at, container_id, thread_id, author_role, customer_id, permalink,
       captured_by, historical, modality
     from signal_head where workspace_id = $1 and conversation_id = any($2) order by occurred_at, external_id`,
    [workspaceId, ids],
  );
  const rows = await tx.query<{ id: string; revision: string; state: string; theme_id: string | null }>(
    `select id, revision, state, theme_id from conversation where workspace_id = $1 and id = any($2) order by id for update`,
    [workspaceId, ids],
  );
  const old = new Map(rows.map((row) => [row.id, row]));
  const byConversation = Map.groupBy(members, (row) => row.conversation_id);
  const changed: string[] = [];
  const lessened: Regrouped['lessened'] = [];
  const upserts: object[] = [];
  const edges: LineageEdge[] = [];

  for (const id of ids) {
    const all = byConversation.get(id) ?? [];
    const live = all.filter((row) => row.change !== 'deleted');
    const state = live.some(isReport) ? 'live' : all.length > 0 ? 'empty' : 'absorbed';
    const capturedBy = live.find((row) => row.captured_by !== null)?.captured_by ?? null;
    const revision = revisionOfSignals(
      live.map((row) => row.signal_id),
      capturedBy !== null,
    );
    const known = old.get(id);
    if (known && known.revision === revision && known.state === state) continue;
    if (!known && live.length === 0 && all.length === 0) continue;
    // The root is the oldest message, or the thread's first message when we have only replies to it.
    const first = live[0] ?? all[0];
    if (first) {
      const speaker = live.find((row) => row.author_role === 'customer') ?? first;
      upserts.push({
        id,
        source: first.source,
        container_id: first.container_id,
        root_external_id: first.thread_id ?? first.external_id,
        customer_id: speaker.customer_id,
        revision,
        state,
        first_at: first.occurred_at,
        last_at: live.at(-1)?.occurred_at ?? first.occurred_at,
        permalink: first.permalink,
        captured_by: capturedBy,
        historical: live.length > 0 && live.every((row) => row.historical),
      });
    } else {
      await tx.query(`update conversation set state = 'absorbed', revision = $3 where workspace_id = $1 and id = $2`, [
        workspaceId,
        id,
        revision,
      ]);
    }
    if (state === 'live') changed.push(id);
    // A theme is kept while a conversation grows; one that was split or cut may have been there for the sake of what is gone.
    if (known && (state !== 'live' || lost.has(id))) lessened.push({ conversationId: id, themeId: known.theme_id });
    for (const row of live) {
      edges.push({
        fromKind: 'signal',
        fromId: row.signal_id,
        toKind: 'conversation',
        toId: id,
        relation: 'part of',
        at: now.toISOString(),
        actor: 'throughline',
        why: null,
      });
    }
  }

  await tx.query(
    `insert into conversation (workspace_id, id, source, container_id, root_external_id, customer_id, revision, state, first_at, last_at, permalink,
       captured_by, historical)
     select $1, id, source, container_id, root_external_id, customer_id, revision, state, first_at, last_at, permalink, captured_by, historical
     from jsonb_to_recordset($2::jsonb) as r (id text, source text, container_id text, root_external_id text, customer_id text, revision text, state text,
       first_at timestamptz, last_at timestamptz, permalink text, captured_by text, historical boolean)
     on conflict (workspace_id, id) do update set root_external_id = excluded.root_external_id, customer_id = excluded.customer_id,
       revision = excluded.revision, state = excluded.state, first_at = excluded.first_at, last_at = excluded.last_at,
       permalink = excluded.permalink, captured_by = excluded.captured_by, historical = excluded.historical,
       observation_id = null, absorbed_by = null`,
    [workspaceId, JSON.stringify(upserts)],
  );
  await records.link(tx, edges);
  return { changed, lessened };
}
