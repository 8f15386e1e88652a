// Figures: what questions in words look up beside trends: names, what became of themes, what waits, what is new, when the last release was.
import type { Figures, ShownTheme, ThemeFate } from '#src/domain/ask.ts';
import type { CardState } from '#src/domain/card.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { OutcomeState } from '#src/domain/signal.ts';
import type { Keyring } from './keys.ts';

// Names are compared one by one; a workspace with more topics than this is asked for its newest.
const TOPICS_MAX = 5_000;
const CUSTOMERS_MAX = 20_000;
const AREAS_MAX = 100;
const CUSTOMERS_NAMED = 12;
const RELEASE_NAMES = ['release', 'released', 'deploy', 'deployed', 'deployment', 'version'];

/** Opens the figures of one workspace. They only read. */
export function createFigures(workspaceId: WorkspaceId, keyring: Keyring): Figures {
  return {
    async topics(tx) {
      const rows = await tx.query<{ id: string; title: string }>(
        `select t.id, t.title from theme t where t.workspace_id = $1 and t.status = 'active' order by t.created_at desc, t.id limit $2`,
        [workspaceId, TOPICS_MAX],
      );
      return rows.map(({ id, title }) => ({ themeId: id, title }));
    },

    async areas(tx) {
      const rows = await tx.query<{ area: string }>(
        `select area from conversation where workspace_id = $1 and state = 'live' and theme_id is not null and area is not null
         group by area order by count(*) desc, area limit $2`,
        [workspaceId, AREAS_MAX],
      );
      return rows.map(({ area }) => area);
    },

    async customers(tx, ids) {
      const rows = await tx.query<{ id: string; sealed: Buffer }>(
        `select id, sealed from customer where workspace_id = $1 and sealed is not null and ($3::text[] is null or id = any($3)) order by created_at desc limit $2`,
        [workspaceId, CUSTOMERS_MAX, ids ?? null],
      );
      const names = await keyring.open(
        tx,
        rows.map(({ id, sealed }) => ({ subjectId: id, keyId: 'k1', sealed })),
      );
      return rows.flatMap(({ id }, index) => (names[index] ? [{ id, name: names[index] }] : []));
    },

    async byCustomer(tx, from, to, limit) {
      const rows = await tx.query<{ customer_id: string; reports: string }>(
        `select c.customer_id, count(*) as reports from conversation c
         where c.workspace_id = $1 and c.state = 'live' and c.theme_id is not null and c.customer_id is not null and c.first_at >= $2 and c.first_at < $3
         group by c.customer_id order by count(*) desc, c.customer_id limit $4`,
        [workspaceId, from, to, limit],
      );
      return rows.map(({ customer_id, reports }) => ({ customerId: customer_id, reports: Number(reports) }));
    },

    async fates(tx, themeIds) {
      const rows = await tx.query<{
        id: string;
        reports: string;
        customers: string;
        since: Date;
        newest: Date;
        customer_ids: string[];
        card: CardState | null;
        status: 'approved' | 'dismissed' | 'undone' | null;
        decided_by: string | null;
        decided_at: Date | null;
        undone_by: string | null;
        undone_at: Date | null;
        label: string | null;
        url: string | null;
        outcome: OutcomeState | null;
      }>(
        `select s.*, k.state as card, d.status, d.decided_by, d.decided_at, d.undone_by, d.undone_at, a.receipt->>'label' as label, a.receipt->>'url' as url, u.state as outcome
         from (select c.theme_id as id, count(*) as reports, count(distinct c.customer_id) as customers, min(c.first_at) as since, max(c.last_at) as newest,
             array_remove(array_agg(c.customer_id order by c.last_at desc), null) as customer_ids
           from conversation c where c.workspace_id = $1 and c.theme_id = any($2) and c.state = 'live' group by c.theme_id) s
         left join lateral (select state from card where workspace_id = $1 and theme_id = s.id order by generation desc limit 1) k on true
         left join lateral (select * from decision where workspace_id = $1 and theme_id = s.id and status in ('approved', 'dismissed', 'undone')
           order by decided_at desc nulls last limit 1) d on true
         left join lateral (select id, receipt from action where workspace_id = $1 and decision_id = d.id and kind = 'linear.issue' and state = 'done'
           and d.status = 'approved' order by ordinal limit 1) a on true
         left join lateral (select state from outcome where workspace_id = $1 and action_id = a.id order by occurred_at desc limit 1) u on true`,
        [workspaceId, themeIds],
      );
      const byId = new Map(
        rows.map((row): [string, ThemeFate] => [
          row.id,
          {
            themeId: row.id,
            reports: Number(row.reports),
            customers: Number(row.customers),
            since: row.since.toISOString(),
            newest: row.newest.toISOString(),
            card: row.card,
            decision: row.status && {
              status: row.status,
              by: (row.status === 'undone' ? row.undone_by : row.decided_by) ?? '',
              at: ((row.status === 'undone' ? row.undone_at : row.decided_at) ?? row.newest).toISOString(),
            },
            issue: row.label === null ? null : { label: row.label, url: row.url },
            outcome: row.outcome,
            customerIds: [...new Set(row.customer_ids)].slice(0, CUSTOMERS_NAMED),
          },
        ]),
      );
      return themeIds.flatMap((id) => byId.get(id) ?? []);
    },

    async newThemes(tx, from, to, limit) {
      // A theme that an import or a merge made today is not new when its reports are old.
      const rows = await tx.query<{ theme_id: string }>(
        `select c.theme_id from conversation c join theme t on t.workspace_id = c.workspace_id and t.id = c.theme_id and t.status = 'active'
         where c.workspace_id = $1 and c.state = 'live' and t.created_at >= $2
         group by c.theme_id having min(c.first_at) >= $2 and min(c.first_at) < $3 order by count(distinct c.customer_id) desc, count(*) desc, c.theme_id limit $4`,
        [workspaceId, from, to, limit],
      );
      return rows.map(({ theme_id }) => theme_id);
    },

    async waiting(tx, limit) {
      const rows = await tx.query<{ theme_id: string }>(
        `select k.theme_id from card k join insight i on i.workspace_id = k.workspace_id and i.id = k.insight_id
         where k.workspace_id = $1 and k.state in ('open', 'waiting') and k.proposal_id is not null
         order by (i.body->'reach'->>'customers')::int desc, k.created_at, k.theme_id limit $2`,
        [workspaceId, limit],
      );
      return rows.map(({ theme_id }) => theme_id);
    },

    async released(tx) {
      const [row] = await tx.query<{ occurred_at: Date }>(
        `select h.occurred_at from signal_head h join signal s on s.workspace_id = h.workspace_id and s.id = h.signal_id
         where h.workspace_id = $1 and h.modality = 'event' and h.change <> 'deleted' and lower(s.body->'measure'->>'name') = any($2)
         order by h.occurred_at desc limit 1`,
        [workspaceId, RELEASE_NAMES],
      );
      return row?.occurred_at ?? null;
    },

    async saidBy(tx, customerIds) {
      const rows = await tx.query<{ customer_id: string; id: string }>(
        `select customer_id, id from (select c.customer_id, c.id, row_number() over (partition by c.customer_id order by c.last_at desc) as place
           from conversation c where c.workspace_id = $1 and c.customer_id = any($2) and c.state = 'live') s where place <= 20`,
        [workspaceId, customerIds],
      );
      return rows.map(({ customer_id, id }) => ({ customerId: customer_id, conversationId: id }));
    },

    async newestReports(tx, themeIds, each) {
      const rows = await tx.query<{ theme_id: string; id: string }>(
        `select theme_id, id from (select c.theme_id, c.id, row_number() over (partition by c.theme_id order by c.first_at desc, c.id) as place
           from conversation c where c.workspace_id = $1 and c.theme_id = any($2) and c.state = 'live') s where place <= $3 order by theme_id, place`,
        [workspaceId, themeIds, each],
      );
      return rows.map(({ theme_id, id }) => ({ themeId: theme_id, conversationId: id }));
    },

    async shown(tx, themeIds) {
      const rows = await tx.query<{ id: string; title: string; url: string | null }>(
        `select t.id, t.title, (select k.permalink from card k where k.workspace_id = $1 and k.theme_id = t.id order by k.generation desc limit 1) as url
         from theme t where t.workspace_id = $1 and t.id = any($2)`,
        [workspaceId, themeIds],
      );
      return rows.map(({ id, title, url }): ShownTheme => ({ themeId: id, title, url }));
    },
  };
}
