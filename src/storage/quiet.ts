// Quiet, as rows: which cards are held, what a channel has heard today, and everything that was ever said.
import type { WorkspaceId } from '#src/domain/ids.ts';
import { Insight } from '#src/domain/insight.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { ChannelNoise, Held } from '#src/domain/quiet.ts';

/** One thing that was said to people. */
export interface Utterance {
  kind: 'parent' | 'reply' | 'dm' | 'update' | 'ephemeral';
  channelId: string;
  /** Null for what only one person saw. */
  ts: string | null;
  subject: string;
}

export interface HeldCard {
  id: string;
  channelId: string;
  held: Held | null;
  insight: Insight;
}

/** A card that nobody has decided on. */
export interface Unanswered {
  id: string;
  channelId: string;
  ts: string;
  ownerId: string;
  /** Since when it waits: when it was posted, or came back to be decided. */
  waitsSince: Date;
}

export interface QuietStore {
  /** Makes whoever spends a channel's posts take turns, until the transaction ends. */
  lockChannel(tx: Tx, channelId: string): Promise<void>;
  /** When cards spoke in a channel, or were allowed to, since a moment. */
  spoken(tx: Tx, channelId: string, since: Date): Promise<Date[]>;
  /** Notes why a card waits, or that it does no longer. It is not drawn again by that. */
  hold(tx: Tx, cardId: string, held: Held | null): Promise<void>;
  /** Notes that a card got one of the day's posts. */
  grant(tx: Tx, cardId: string, at: Date): Promise<void>;
  /** Cards that would speak up, locked; those that somebody else has in hand are left out, and those of themes that nobody wants to hear of. */
  takeHeld(tx: Tx, limit: number): Promise<HeldCard[]>;
  /** Cards that wait for whatever reason, locked. */
  takeWaiting(tx: Tx): Promise<HeldCard[]>;
  countHeld(tx: Tx): Promise<number>;
  /** Open cards in channels with an owner, posted before a moment, that nobody looks at and nobody was reminded of; oldest first. */
  unanswered(tx: Tx, postedBefore: Date, limit: number): Promise<Unanswered[]>;
  /**
   * Says that a card is about to be reminded of. False when it no longer waits, or somebody else began less than `leaseMs` ago. `before` is when
   * an earlier try began.
   */
  reminding(tx: Tx, cardId: string, at: Date, leaseMs: number): Promise<false | { before: Date | null }>;
  reminded(tx: Tx, cardId: string, at: Date): Promise<void>;
  /** How many reminders a channel's owner got since a moment. */
  countReminded(tx: Tx, channelId: string, since: Date): Promise<number>;
  /** Notes what was said; the same message a second time changes nothing. */
  said(tx: Tx, utterance: Utterance, at: Date): Promise<void>;
  /** What was said per channel in a span of time. */
  noise(tx: Tx, from: Date, to: Date): Promise<Omit<ChannelNoise, 'name'>[]>;
  /** What people decided in a span of time, and what became of the cards that were posted in it. */
  decisions(tx: Tx, from: Date, to: Date): Promise<{ decisions: number; posted: number; decided: number }>;
  /** Forgets what was said before a moment. */
  forget(tx: Tx, before: Date): Promise<void>;
}

const HELD = `select c.id, c.channel_id, c.held, i.body from card c
  join insight i on i.workspace_id = c.workspace_id and i.id = c.insight_id
  join theme t on t.workspace_id = c.workspace_id and t.id = c.theme_id and t.noise_by is null
  where c.workspace_id = $1 and c.state = 'waiting'
    and not exists (select 1 from theme_mute m where m.workspace_id = c.workspace_id and m.theme_id = c.theme_id)`;
const SAID = ['parents', 'cards', 'replies', 'updates', 'ephemerals', 'dms'] as const;

/** Opens it for one workspace. */
export function createQuietStore(workspaceId: WorkspaceId): QuietStore {
  const toHeld = (row: { id: string; channel_id: string; held: Held | null; body: unknown }): HeldCard => ({
    id: row.id,
    channelId: row.channel_id,
    held: row.held,
    insight: Insight.parse(row.body),
  });
  return {
    async lockChannel(tx, channelId) {
      await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`posts:${workspaceId}:${channelId}`]);
    },
    async spoken(tx, channelId, since) {
      const rows = await tx.query<{ at: Date }>(
        `select coalesce(granted_at, posted_at) as at from card
         where workspace_id = $1 and channel_id = $2 and coalesce(granted_at, posted_at) >= $3`,
        [workspaceId, channelId, since],
      );
      return rows.map(({ at }) => at);
    },
    async hold(tx, cardId, held) {
      await tx.query(`update card set held = $3 where workspace_id = $1 and id = $2 and held is distinct from $3`, [
        workspaceId,
        cardId,
        held,
      ]);
    },
    async grant(tx, cardId, at) {
      await tx.query(`update card set held = null, granted_at = $3 where workspace_id = $1 and id = $2`, [
        workspaceId,
        cardId,
        at,
      ]);
    },
    async takeHeld(tx, limit) {
      const rows = await tx.query<Parameters<typeof toHeld>[0]>(
        `${HELD} and c.held is not null order by c.created_at, c.id limit $2 for update of c skip locked`,
        [workspaceId, limit],
      );
      return rows.map(toHeld);
    },
    async takeWaiting(tx) {
      const rows = await tx.query<Parameters<typeof toHeld>[0]>(
        `${HELD} order by c.created_at, c.id for update of c skip locked`,
        [workspaceId],
      );
      return rows.map(toHeld);
    },
    async countHeld(tx) {
      const [row] = await tx.query<{ n: number }>(
        `select count(*)::int as n from card where workspace_id = $1 and state = 'waiting' and held is not null`,
        [workspaceId],
      );
      return row!.n;
    },
    async unanswered(tx, postedBefore, limit) {
      // What brings a card back to the table stands in the audit and on the decision that was taken back.
      const rows = await tx.query<{
        id: string;
        channel_id: string;
        ts: string;
        owner_id: string;
        waits_since: Date;
      }>(
        `select c.id, c.channel_id, c.ts, h.owner_id,
           greatest(c.posted_at,
             (select max(a.at) from audit a where a.workspace_id = c.workspace_id and a.thing_id = c.id and a.verb in ('card.woken', 'card.released')),
             (select max(d.undone_at) from decision d where d.workspace_id = c.workspace_id and d.card_id = c.id)) as waits_since
         from card c join channel h on h.workspace_id = c.workspace_id and h.channel_id = c.channel_id and h.owner_id is not null
         where c.workspace_id = $1 and c.state = 'open' and c.ts is not null and c.claimed_by is null and c.reminded_at is null
           and c.posted_at <= $2
         order by c.posted_at, c.id limit $3`,
        [workspaceId, postedBefore, limit],
      );
      return rows.map((row) => ({
        id: row.id,
        channelId: row.channel_id,
        ts: row.ts,
        ownerId: row.owner_id,
        waitsSince: row.waits_since,
      }));
    },
    async reminding(tx, cardId, at, leaseMs) {
      const [row] = await tx.query<{ before: Date | null }>(
        `with old as (select reminding_since as before from card where workspace_id = $1 and id = $2 for update)
         update card set reminding_since = $3 from old
         where workspace_id = $1 and id = $2 and state = 'open' and claimed_by is null and reminded_at is null
           and (old.before is null or old.before <= $4) returning old.before`,
        [workspaceId, cardId, at, new Date(at.getTime() - leaseMs)],
      );
      return row ?? false;
    },
    async reminded(tx, cardId, at) {
      await tx.query(`update card set reminded_at = $3 where workspace_id = $1 and id = $2 and reminded_at is null`, [
        workspaceId,
        cardId,
        at,
      ]);
    },
    async countReminded(tx, channelId, since) {
      const [row] = await tx.query<{ n: number }>(
        `select count(*)::int as n from card where workspace_id = $1 and channel_id = $2 and reminding_since > $3`,
        [workspaceId, channelId, since],
      );
      return row!.n;
    },
    async said(tx, { kind, channelId, ts, subject }, at) {
      await tx.query(
        `insert into utterance (workspace_id, kind, channel_id, ts, subject, at) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing`,
        [workspaceId, kind, channelId, ts, subject, at],
      );
    },
    async noise(tx, from, to) {
      const rows = await tx.query<{ channel_id: string } & Record<(typeof SAID)[number], number>>(
        `select channel_id,
           count(*) filter (where kind = 'parent')::int as parents,
           count(*) filter (where kind = 'parent' and subject = 'card')::int as cards,
           count(*) filter (where kind = 'reply')::int as replies,
           count(*) filter (where kind = 'update')::int as updates,
           count(*) filter (where kind = 'ephemeral')::int as ephemerals,
           count(*) filter (where kind = 'dm')::int as dms
         from utterance where workspace_id = $1 and at >= $2 and at < $3 group by channel_id
         order by parents desc, replies desc, updates desc, channel_id`,
        [workspaceId, from, to],
      );
      return rows.map(({ channel_id, ...said }) => ({ channelId: channel_id, ...said }));
    },
    async decisions(tx, from, to) {
      const [row] = await tx.query<{ decisions: number; posted: number; decided: number }>(
        `select
           (select count(*)::int from decision where workspace_id = $1 and decided_at >= $2 and decided_at < $3) as decisions,
           count(*)::int as posted,
           count(*) filter (where exists (
             select 1 from decision d where d.workspace_id = c.workspace_id and d.card_id = c.id and d.decided_at is not null))::int as decided
         from card c where c.workspace_id = $1 and c.posted_at >= $2 and c.posted_at < $3`,
        [workspaceId, from, to],
      );
      return row!;
    },
    async forget(tx, before) {
      await tx.query(`delete from utterance where workspace_id = $1 and at < $2`, [workspaceId, before]);
    },
  };
}
