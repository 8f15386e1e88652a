// Home: what concerns one person, each part in one query.
import type { CardState } from '#src/domain/card.ts';
import type { HomePage, HomeStep, Homes, Listed, StoredCapture, StoredWaiting } from '#src/domain/home.ts';
import { HOME_STEPS, TrendChoice } from '#src/domain/home.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Quote } from '#src/domain/insight.ts';

/** Opens the Homes of one workspace. */
export function createHomes(workspaceId: WorkspaceId): Homes {
  return {
    async row(tx, personId) {
      const [row] = await tx.query<{ shown_hash: string | null; page: HomePage; skipped: string[]; trends: object }>(
        `select shown_hash, page, skipped, trends from home where workspace_id = $1 and person_id = $2`,
        [workspaceId, personId],
      );
      const skipped = (row?.skipped ?? []).filter((step): step is HomeStep => HOME_STEPS.includes(step as HomeStep));
      return {
        shown: row?.shown_hash ?? null,
        page: row?.page ?? 'mine',
        skipped,
        trends: TrendChoice.parse(row?.trends ?? {}),
      };
    },
    async opened(tx, personId, at) {
      await tx.query(
        `insert into home (workspace_id, person_id, opened_at) values ($1, $2, $3)
         on conflict (workspace_id, person_id) do update set opened_at = $3, page = 'mine'`,
        [workspaceId, personId, at],
      );
    },
    async openSince(tx, since, limit) {
      const rows = await tx.query<{ person_id: string; shown_hash: string | null }>(
        `select person_id, shown_hash from home where workspace_id = $1 and opened_at >= $2 order by opened_at desc limit $3`,
        [workspaceId, since, limit],
      );
      return rows.map((row) => ({ personId: row.person_id, shown: row.shown_hash }));
    },
    async shown(tx, personId, hash) {
      await tx.query(`update home set shown_hash = $3 where workspace_id = $1 and person_id = $2`, [
        workspaceId,
        personId,
        hash,
      ]);
    },
    async turn(tx, personId, page, at) {
      await tx.query(
        `insert into home (workspace_id, person_id, opened_at, page) values ($1, $2, $4, $3)
         on conflict (workspace_id, person_id) do update set opened_at = $4, page = $3`,
        [workspaceId, personId, page, at],
      );
    },
    async chooseTrends(tx, personId, choice, at) {
      await tx.query(
        `insert into home (workspace_id, person_id, opened_at, trends) values ($1, $2, $4, $3)
         on conflict (workspace_id, person_id) do update set opened_at = $4, trends = $3`,
        [workspaceId, personId, JSON.stringify(choice), at],
      );
    },
    async skip(tx, personId, step, at) {
      await tx.query(
        `insert into home (workspace_id, person_id, opened_at, skipped) values ($1, $2, $4, array[$3::text])
         on conflict (workspace_id, person_id) do update set skipped = array(select distinct unnest(home.skipped || $3::text))`,
        [workspaceId, personId, step, at],
      );
    },

    async waiting(tx, personId, limit) {
      const rows = await tx.query<{
        id: string;
        theme_id: string;
        proposal_id: string;
        proposal_revision: number;
        permalink: string | null;
        created_at: Date;
        title: string;
        customers: number;
        reports: number;
        insight_id: string;
        kind: string;
        area: string | null;
        evidence: Quote[];
        total: string;
      }>(
        `select c.id, c.theme_id, c.proposal_id, c.proposal_revision, c.permalink, c.created_at, i.body->>'title' as title,
           (i.body->'reach'->>'customers')::int as customers, (i.body->'reach'->>'reports')::int as reports,
           i.id as insight_id, i.body->>'kind' as kind, i.body->>'area' as area, i.body->'evidence' as evidence, count(*) over () as total
         from card c join insight i on i.workspace_id = c.workspace_id and i.id = c.insight_id
         join theme t on t.workspace_id = c.workspace_id and t.id = c.theme_id and t.noise_by is null
         where c.workspace_id = $1 and c.state in ('open', 'waiting') and c.proposal_id is not null
           and not exists (select 1 from theme_mute m where m.workspace_id = c.workspace_id and m.theme_id = c.theme_id)
           and not exists (select 1 from decision d join approval a on a.workspace_id = d.workspace_id and a.decision_id = d.id
             where d.workspace_id = $1 and d.proposal_id = c.proposal_id and d.proposal_revision = c.proposal_revision and a.person_id = $2)
         order by c.created_at, c.id limit $3`,
        [workspaceId, personId, limit],
      );
      return listed(
        rows.map(
          (row): StoredWaiting => ({
            cardId: row.id,
            proposalId: row.proposal_id,
            revision: row.proposal_revision,
            title: row.title,
            customers: row.customers,
            reports: row.reports,
            since: row.created_at.toISOString(),
            permalink: row.permalink,
            insight: {
              id: row.insight_id,
              themeId: row.theme_id,
              kind: row.kind,
              area: row.area,
              evidence: row.evidence,
            },
          }),
        ),
        rows[0]?.total,
      );
    },

    async captures(tx, personId, limit) {
      const rows = await tx.query<{
        permalink: string | null;
        occurred_at: Date;
        change: string;
        observed: boolean;
        is_noise: boolean | null;
        theme_id: string | null;
        title: string | null;
        state: CardState | null;
        card_link: string | null;
        receipt: { label: string; url: string | null } | null;
        total: string;
      }>(
        `select h.permalink, h.occurred_at, h.change, h.observed, o.is_noise, t.id as theme_id, t.title, k.state, k.permalink as card_link, a.receipt, h.total
         from (select h.permalink, h.occurred_at, h.change, c.observation_id, c.observation_id is not null as observed, c.theme_id, count(*) over () as total
             from signal_head h left join conversation c on c.workspace_id = h.workspace_id and c.id = h.conversation_id
             where h.workspace_id = $1 and h.captured_by = $2 order by h.occurred_at desc, h.external_id limit $3) h
         left join observation o on o.workspace_id = $1 and o.id = h.observation_id
         left join theme t on t.workspace_id = $1 and t.id = h.theme_id
         left join lateral (select c.id, c.state, c.permalink from card c where c.workspace_id = $1 and c.theme_id = h.theme_id order by c.generation desc limit 1) k on true
         left join lateral (select a.receipt from decision d join action a on a.workspace_id = d.workspace_id and a.decision_id = d.id
             where d.workspace_id = $1 and d.theme_id = h.theme_id and d.status = 'approved' and a.kind = 'linear.issue' and a.state = 'done'
             order by d.decided_at desc limit 1) a on true
         order by h.occurred_at desc`,
        [workspaceId, personId, limit],
      );
      return listed(
        rows.map(
          (row): StoredCapture => ({
            permalink: row.permalink,
            at: row.occurred_at.toISOString(),
            became:
              row.change === 'deleted'
                ? 'deleted'
                : row.theme_id
                  ? 'theme'
                  : !row.observed
                    ? 'reading'
                    : row.is_noise
                      ? 'noise'
                      : 'alone',
            themeId: row.theme_id,
            title: row.title,
            card: row.state && { state: row.state, permalink: row.card_link },
            issue: row.receipt && { label: row.receipt.label, url: row.receipt.url },
          }),
        ),
        rows[0]?.total,
      );
    },

    async reports(tx, most) {
      const [row] = await tx.query<{ n: string }>(
        `select count(*) as n from (select 1 from conversation where workspace_id = $1 and observation_id is not null limit $2) counted`,
        [workspaceId, most],
      );
      return Number(row?.n ?? 0);
    },

    async paused(tx) {
      const [row] = await tx.query<{ updated_by: string; updated_at: Date }>(
        `select updated_by, updated_at from setting where workspace_id = $1 and key = 'paused' and value = 'true'`,
        [workspaceId],
      );
      return row ? { by: row.updated_by, at: row.updated_at.toISOString() } : null;
    },
  };
}

function listed<T>(rows: T[], total: string | undefined): Listed<T> {
  return { rows, more: Number(total ?? 0) - rows.length };
}
