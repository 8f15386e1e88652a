// Answers: what people ask of the rows, in one query each. Numbers come from here and from nowhere else.
import type { WorkspaceId } from '#src/domain/ids.ts';
import { DAY_MS } from '#src/domain/insight.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { TrendRow, TrendsView } from '#src/domain/verbs.ts';

const THEMES_LISTED = 8;
// A sparkline of more columns cannot be read in a message.
const COLUMNS_MAX = 30;

/** Counts the reports of the last `days` by theme, against the same time before. */
export async function trends(tx: Tx, workspaceId: WorkspaceId, days: 7 | 30 | 90, now: Date): Promise<TrendsView> {
  const from = new Date(now.getTime() - days * DAY_MS);
  const before = new Date(from.getTime() - days * DAY_MS);
  const [total] = await tx.query<{ reports: string; before: string; customers: string; themes: string }>(
    `select count(*) filter (where c.first_at > $3) as reports, count(*) filter (where c.first_at <= $3) as before,
       count(distinct c.customer_id) filter (where c.first_at > $3) as customers, count(distinct c.theme_id) filter (where c.first_at > $3) as themes
     from conversation c where c.workspace_id = $1 and c.state = 'live' and c.theme_id is not null and c.first_at > $2 and c.first_at <= $4`,
    [workspaceId, before, from, now],
  );
  const columns = Math.min(days, COLUMNS_MAX);
  const rows = await tx.query<{
    theme_id: string;
    title: string;
    reports: string;
    customers: string;
    before: string;
    columns: number[] | null;
    insight_id: string | null;
    permalink: string | null;
  }>(
    `select t.id as theme_id, t.title, s.reports, s.customers, s.before, s.columns,
       (select i.id from insight i where i.workspace_id = $1 and i.theme_id = t.id order by i.created_at desc limit 1) as insight_id,
       (select k.permalink from card k where k.workspace_id = $1 and k.theme_id = t.id order by k.generation desc limit 1) as permalink
     from (select c.theme_id, count(*) filter (where c.first_at > $3) as reports, count(distinct c.customer_id) filter (where c.first_at > $3) as customers,
         count(*) filter (where c.first_at <= $3) as before,
         array_agg(width_bucket(extract(epoch from c.first_at), extract(epoch from $3::timestamptz), extract(epoch from $4::timestamptz), $6))
           filter (where c.first_at > $3) as columns
       from conversation c where c.workspace_id = $1 and c.state = 'live' and c.theme_id is not null and c.first_at > $2 and c.first_at <= $4
       group by c.theme_id) s
     join theme t on t.workspace_id = $1 and t.id = s.theme_id
     where s.reports > 0 order by s.customers desc, s.reports desc, t.id limit $5`,
    [workspaceId, before, from, now, THEMES_LISTED, columns],
  );
  return {
    days,
    from: from.toISOString(),
    to: now.toISOString(),
    reports: Number(total?.reports ?? 0),
    before: Number(total?.before ?? 0),
    customers: Number(total?.customers ?? 0),
    themes: rows.map((row): TrendRow => {
      const counts = Array.from({ length: columns }, () => 0);
      for (const bucket of row.columns ?? []) {
        const at = Math.min(columns, Math.max(1, bucket)) - 1;
        counts[at] = (counts[at] ?? 0) + 1;
      }
      return {
        themeId: row.theme_id,
        insightId: row.insight_id,
        title: row.title,
        reports: Number(row.reports),
        customers: Number(row.customers),
        before: Number(row.before),
        days: counts,
        permalink: row.permalink,
      };
    }),
    more: Math.max(0, Number(total?.themes ?? 0) - rows.length),
  };
}

/** How much there is of everything. */
export async function totals(
  tx: Tx,
  workspaceId: WorkspaceId,
): Promise<{ signals: number; observations: number; themes: number; insights: number }> {
  const [row] = await tx.query<{ signals: string; observations: string; themes: string; insights: string }>(
    `select (select count(*) from signal_key where workspace_id = $1) as signals,
       (select count(*) from conversation where workspace_id = $1 and observation_id is not null) as observations,
       (select count(*) from theme where workspace_id = $1 and status = 'active') as themes,
       (select count(distinct theme_id) from insight where workspace_id = $1) as insights`,
    [workspaceId],
  );
  return {
    signals: Number(row?.signals),
    observations: Number(row?.observations),
    themes: Number(row?.themes),
    insights: Number(row?.insights),
  };
}

/** How many messages whose external ids start so belong to a conversation that has been understood. */
export async function understood(tx: Tx, workspaceId: WorkspaceId, externalIds: string): Promise<number> {
  const [row] = await tx.query<{ understood: string }>(
    `select count(*) as understood from signal_head h join conversation c on c.workspace_id = h.workspace_id and c.id = h.conversation_id
     where h.workspace_id = $1 and starts_with(h.external_id, $2) and c.observation_id is not null`,
    [workspaceId, externalIds],
  );
  return Number(row?.understood);
}
