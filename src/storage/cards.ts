// Cards: how a theme stands in Slack, one living card per theme. A row says what should be shown; the show stage makes Slack agree.
import type { CardState } from '#src/domain/card.ts';
import { cardIdOf } from '#src/domain/card.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Card, Cards } from '#src/domain/stores.ts';

const FIELDS = {
  channelId: 'channel_id',
  ts: 'ts',
  permalink: 'permalink',
  state: 'state',
  insightId: 'insight_id',
  proposalId: 'proposal_id',
  proposalRevision: 'proposal_revision',
  drawn: 'drawn',
  shownHash: 'shown_hash',
  detailsTs: 'details_ts',
  detailsHash: 'details_hash',
  postingSince: 'posting_since',
  postedAt: 'posted_at',
  reportsWhenPosted: 'reports_when_posted',
  claimedBy: 'claimed_by',
  snoozedUntil: 'snoozed_until',
  snoozedReports: 'snoozed_reports',
  snoozedBy: 'snoozed_by',
  snoozedAt: 'snoozed_at',
  snoozedVia: 'snoozed_via',
  snoozeUndoUntil: 'snooze_undo_until',
} as const;

/** Opens the cards of one workspace. */
export function createCards(workspaceId: WorkspaceId): Cards {
  const read = async (tx: Tx, where: string, values: readonly unknown[]): Promise<Card[]> => {
    const rows = await tx.query<Record<string, unknown>>(`select * from card where workspace_id = $1 and ${where}`, [
      workspaceId,
      ...values,
    ]);
    return rows.map(toCard);
  };
  const update = async (tx: Tx, id: string, fields: object, redraw: boolean) => {
    const names = Object.keys(fields) as (keyof typeof FIELDS)[];
    const assignments = names.map((name, index) => `${FIELDS[name]} = $${index + 3}`);
    if (redraw) assignments.push('redraw = redraw + 1');
    if (assignments.length === 0) return;
    await tx.query(`update card set ${assignments.join(', ')} where workspace_id = $1 and id = $2`, [
      workspaceId,
      id,
      ...names.map((name) => (fields as Record<string, unknown>)[name]),
    ]);
  };
  return {
    byId: async (tx, id) => (await read(tx, 'id = $2', [id]))[0] ?? null,
    lock: async (tx, id) => (await read(tx, 'id = $2 for update', [id]))[0] ?? null,
    at: async (tx, channelId, ts) => (await read(tx, 'channel_id = $2 and ts = $3', [channelId, ts]))[0] ?? null,
    current: async (tx, themeId) =>
      (await read(tx, 'theme_id = $2 order by generation desc limit 1', [themeId]))[0] ?? null,
    all: (tx, themeId) => read(tx, 'theme_id = $2 order by generation', [themeId]),
    async create(tx, card) {
      const id = cardIdOf(workspaceId, card.themeId, card.generation);
      await tx.query(
        `insert into card (workspace_id, id, theme_id, generation, channel_id, state, insight_id, proposal_id, proposal_revision, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing`,
        [
          workspaceId,
          id,
          card.themeId,
          card.generation,
          card.channelId,
          card.state,
          card.insightId,
          card.proposalId,
          card.proposalRevision,
          card.createdAt,
        ],
      );
      return (await read(tx, 'id = $2', [id]))[0]!;
    },
    change: (tx, id, fields) => update(tx, id, fields, true),
    drawn: (tx, id, fields) => update(tx, id, fields, false),
    async redrawFor(tx, channelId) {
      const rows = await tx.query<{ id: string; created_at: Date }>(
        `update card set redraw = redraw + 1 where workspace_id = $1 and ts is not null and (channel_id = $2 or theme_id in (
           select theme_id from conversation where workspace_id = $1 and container_id = $3 and theme_id is not null))
         returning id, created_at`,
        [workspaceId, channelId, `slack:${channelId}`],
      );
      return rows.sort((a, b) => b.created_at.getTime() - a.created_at.getTime()).map((row) => row.id);
    },
    async waiting(tx, limit) {
      const rows = await tx.query<{ id: string }>(
        `select c.id from card c join insight i on i.workspace_id = c.workspace_id and i.id = c.insight_id
         where c.workspace_id = $1 and c.state = 'waiting' order by (i.body->'reach'->>'customers')::int desc, c.created_at limit $2`,
        [workspaceId, limit],
      );
      return rows.map((row) => row.id);
    },
    async due(tx, now, limit) {
      const rows = await tx.query<{ id: string }>(
        `select id from card where workspace_id = $1 and state = 'snoozed' and snoozed_until <= $2 order by snoozed_until limit $3`,
        [workspaceId, now, limit],
      );
      return rows.map((row) => row.id);
    },
    async undoEnded(tx, now) {
      const rows = await tx.query<{ id: string }>(
        `update card set snooze_undo_until = null where workspace_id = $1 and snooze_undo_until <= $2 returning id`,
        [workspaceId, now],
      );
      return rows.map((row) => row.id);
    },
    async pending(tx, limit) {
      const rows = await tx.query<{ id: string }>(
        `select id from card where workspace_id = $1 and drawn < redraw and state <> 'waiting' order by created_at limit $2`,
        [workspaceId, limit],
      );
      return rows.map((row) => row.id);
    },
  };
}

function toCard(row: Record<string, unknown>): Card {
  const iso = (value: unknown) => (value instanceof Date ? value.toISOString() : null);
  const text = (value: unknown) => (value === null || value === undefined ? null : String(value));
  const number = (value: unknown) => (value === null || value === undefined ? null : Number(value));
  return {
    id: String(row.id),
    themeId: String(row.theme_id),
    generation: Number(row.generation),
    channelId: String(row.channel_id),
    ts: text(row.ts),
    permalink: text(row.permalink),
    state: row.state as CardState,
    insightId: text(row.insight_id),
    proposalId: text(row.proposal_id),
    proposalRevision: number(row.proposal_revision),
    redraw: Number(row.redraw),
    drawn: Number(row.drawn),
    shownHash: text(row.shown_hash),
    detailsTs: text(row.details_ts),
    detailsHash: text(row.details_hash),
    postingSince: iso(row.posting_since),
    postedAt: iso(row.posted_at),
    reportsWhenPosted: Number(row.reports_when_posted),
    claimedBy: text(row.claimed_by),
    snoozedUntil: iso(row.snoozed_until),
    snoozedReports: number(row.snoozed_reports),
    snoozedBy: text(row.snoozed_by),
    snoozedAt: iso(row.snoozed_at),
    snoozedVia: text(row.snoozed_via),
    snoozeUndoUntil: iso(row.snooze_undo_until),
    createdAt: iso(row.created_at)!,
  };
}
