// Digests: which were due, planned and sent, one row per target and period; and what stands in one, from the rows.
import { ActionReceipt } from '#src/domain/action.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { DAY_MS, Insight } from '#src/domain/insight.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Held } from '#src/domain/quiet.ts';

/** One digest: to whom, how often, for which day. */
export interface DigestName {
  targetId: string;
  cadence: 'daily' | 'weekly';
  /** `2026-10-05`. */
  period: string;
}

export interface PlannedDigest extends DigestName {
  plannedAt: Date;
  from: Date;
  sendingSince: Date | null;
}

/** A card with the insight it shows. */
export interface DigestCard {
  cardId: string;
  themeId: string;
  permalink: string | null;
  insight: Insight;
}

export interface DigestFacts {
  reports: number;
  before: number;
  customers: number;
  days: number[];
  fresh: DigestCard[];
  waiting: (DigestCard & { since: Date })[];
  held: (DigestCard & { why: Held; since: Date })[];
  /** Themes with a card that were reported in the span, with what the last two weeks brought. */
  reported: (DigestCard & { lastWeek: number; weekBefore: number; firstAt: Date })[];
  decided: (DigestCard & {
    what: 'approved' | 'dismissed' | 'undone' | 'completed';
    by: string | null;
    at: Date;
    issue: ActionReceipt | null;
  })[];
}

export interface DigestStore {
  /** Whether a target gets its digest of a period now: planned once, and never for the time before the target was known. */
  plan(tx: Tx, name: DigestName, at: Date): Promise<void>;
  /** Planned ones that are not sent, oldest first. */
  planned(tx: Tx): Promise<PlannedDigest[]>;
  /**
   * Says that one is about to be sent. False when it is sent already, or somebody else began less than `leaseMs` ago. `before` is when an earlier
   * try began.
   */
  sending(tx: Tx, name: DigestName, at: Date, leaseMs: number): Promise<false | { before: Date | null }>;
  settled(
    tx: Tx,
    name: DigestName,
    state: 'posted' | 'empty',
    where: { channelId: string; ts: string | null } | null,
  ): Promise<void>;
  facts(tx: Tx, from: Date, to: Date): Promise<DigestFacts>;
}

// A theme that somebody muted or called noise stands in no digest.
const CARD = `c.id as card_id, c.theme_id, c.permalink, i.body from card c
  join insight i on i.workspace_id = c.workspace_id and i.id = c.insight_id
  join theme t on t.workspace_id = c.workspace_id and t.id = c.theme_id and t.noise_by is null
    and not exists (select 1 from theme_mute m where m.workspace_id = c.workspace_id and m.theme_id = c.theme_id)`;

interface CardRow {
  card_id: string;
  theme_id: string;
  permalink: string | null;
  body: unknown;
}

/** Opens the digests of one workspace. */
export function createDigests(workspaceId: WorkspaceId): DigestStore {
  const key = ({ targetId, cadence, period }: DigestName) => [workspaceId, targetId, cadence, period];
  return {
    async plan(tx, name, at) {
      await tx.query(
        `insert into digest (workspace_id, target_id, cadence, period, state, planned_at, from_at)
         select $1, $2, $3, $4::date, case when last.period is null then 'begun' else 'planned' end, $5, coalesce(last.to_at, last.planned_at, $5)
         from (select 1) one left join lateral (
           select period, to_at, planned_at from digest where workspace_id = $1 and target_id = $2 and cadence = $3
           order by period desc limit 1) last on true
         where last.period is null or last.period < $4::date
         on conflict do nothing`,
        [...key(name), at],
      );
    },
    async planned(tx) {
      const rows = await tx.query<{
        target_id: string;
        cadence: DigestName['cadence'];
        period: string;
        planned_at: Date;
        from_at: Date;
        sending_since: Date | null;
      }>(
        `select target_id, cadence, to_char(period, 'YYYY-MM-DD') as period, planned_at, from_at, sending_since from digest
         where workspace_id = $1 and state = 'planned' order by planned_at, target_id`,
        [workspaceId],
      );
      return rows.map((row) => ({
        targetId: row.target_id,
        cadence: row.cadence,
        period: row.period,
        plannedAt: row.planned_at,
        from: row.from_at,
        sendingSince: row.sending_since,
      }));
    },
    async sending(tx, name, at, leaseMs) {
      const [row] = await tx.query<{ before: Date | null }>(
        `with old as (select sending_since as before from digest where workspace_id = $1 and target_id = $2 and cadence = $3 and period = $4::date and state = 'planned' for update)
         update digest set sending_since = $5, to_at = coalesce(to_at, $5) from old
         where workspace_id = $1 and target_id = $2 and cadence = $3 and period = $4::date and (old.before is null or old.before <= $6) returning old.before`,
        [...key(name), at, new Date(at.getTime() - leaseMs)],
      );
      return row ?? false;
    },
    async settled(tx, name, state, where) {
      await tx.query(
        `update digest set state = $5, channel_id = $6, ts = $7 where workspace_id = $1 and target_id = $2 and cadence = $3 and period = $4::date`,
        [...key(name), state, where?.channelId ?? null, where?.ts ?? null],
      );
    },
    async facts(tx, from, to) {
      const length = to.getTime() - from.getTime();
      const [totals] = await tx.query<{ reports: number; before: number; customers: number }>(
        `select count(*) filter (where first_at >= $2)::int as reports, count(*) filter (where first_at < $2)::int as before,
           count(distinct coalesce(customer_id, '')) filter (where first_at >= $2)::int as customers
         from conversation where workspace_id = $1 and state = 'live' and theme_id is not null and first_at >= $4 and first_at < $3`,
        [workspaceId, from, to, new Date(from.getTime() - length)],
      );
      const days = await tx.query<{ day: number; n: number }>(
        `select floor(extract(epoch from ($2::timestamptz - first_at)) / 86400)::int as day, count(*)::int as n from conversation
         where workspace_id = $1 and state = 'live' and theme_id is not null and first_at > $3 and first_at <= $2 group by 1`,
        [workspaceId, to, new Date(to.getTime() - 14 * DAY_MS)],
      );
      const fresh = await tx.query<CardRow>(
        `select ${CARD} where c.workspace_id = $1 and c.posted_at >= $2 and c.posted_at < $3 and c.state not in ('folded', 'absorbed')
         order by c.posted_at, c.id`,
        [workspaceId, from, to],
      );
      const waiting = await tx.query<CardRow & { since: Date }>(
        `select c.posted_at as since, ${CARD} where c.workspace_id = $1 and c.state = 'open' and c.posted_at < $2 order by c.posted_at, c.id`,
        [workspaceId, to],
      );
      const held = await tx.query<CardRow & { since: Date; held: Held }>(
        `select c.held, c.created_at as since, ${CARD} where c.workspace_id = $1 and c.state = 'waiting' and c.held is not null`,
        [workspaceId],
      );
      const reported = await tx.query<CardRow & { last_week: number; week_before: number; first_at: Date }>(
        `select r.last_week, r.week_before, r.first_at, ${CARD}
         join lateral (
           select count(*) filter (where v.first_at > $3::timestamptz - interval '7 days')::int as last_week,
             count(*) filter (where v.first_at > $3::timestamptz - interval '14 days' and v.first_at <= $3::timestamptz - interval '7 days')::int as week_before,
             count(*) filter (where v.first_at >= $2)::int as now, min(v.first_at) as first_at
           from conversation v where v.workspace_id = c.workspace_id and v.theme_id = c.theme_id and v.state = 'live' and v.first_at <= $3) r on r.now > 0
         where c.workspace_id = $1 and c.state not in ('folded', 'absorbed', 'dismissed') and (c.state <> 'waiting' or c.held is not null)
           and exists (select 1 from conversation v where v.workspace_id = c.workspace_id and v.theme_id = c.theme_id and v.first_at >= $2)`,
        [workspaceId, from, to],
      );
      const decided = await tx.query<
        CardRow & {
          what: DigestFacts['decided'][number]['what'];
          by: string | null;
          at: Date;
          receipt: unknown;
        }
      >(
        `select x.what, x.by, x.at, x.receipt, ${CARD}
         join lateral (
           select case when d.status = 'undone' then 'undone' else d.status end as what,
             case when d.status = 'undone' then d.undone_by else d.decided_by end as by,
             case when d.status = 'undone' then d.undone_at else d.decided_at end as at,
             (select a.receipt from action a where a.workspace_id = d.workspace_id and a.decision_id = d.id and a.kind = 'linear.issue') as receipt
           from decision d where d.workspace_id = c.workspace_id and d.card_id = c.id and d.status in ('approved', 'dismissed', 'undone')
           union all
           select 'completed', null, o.occurred_at, a.receipt from outcome o
             join action a on a.workspace_id = o.workspace_id and a.id = o.action_id
             join decision d on d.workspace_id = a.workspace_id and d.id = a.decision_id
           where o.workspace_id = c.workspace_id and o.state = 'completed' and d.card_id = c.id
         ) x on x.at >= $2 and x.at < $3
         where c.workspace_id = $1 order by x.at, c.id`,
        [workspaceId, from, to],
      );
      return {
        reports: totals!.reports,
        before: totals!.before,
        customers: totals!.customers,
        days: Array.from({ length: 14 }, (_, index) => days.find(({ day }) => day === 13 - index)?.n ?? 0),
        fresh: fresh.map(toCard),
        waiting: waiting.map((row) => ({ ...toCard(row), since: row.since })),
        held: held.map((row) => ({ ...toCard(row), why: row.held, since: row.since })),
        reported: reported.map((row) => ({
          ...toCard(row),
          lastWeek: row.last_week,
          weekBefore: row.week_before,
          firstAt: row.first_at,
        })),
        decided: decided.map((row) => ({
          ...toCard(row),
          what: row.what,
          by: row.by,
          at: row.at,
          issue: row.receipt === null ? null : ActionReceipt.parse(row.receipt),
        })),
      };
    },
  };
}

function toCard(row: CardRow): DigestCard {
  return { cardId: row.card_id, themeId: row.theme_id, permalink: row.permalink, insight: Insight.parse(row.body) };
}
