// News, as rows: who follows what, what decisive things happened, and who has been told of which.
import type { DismissReason } from '#src/domain/decision.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Change, NewsRows } from '#src/domain/news.ts';

/** Opens the news of one workspace. */
export function createNews(workspaceId: WorkspaceId): NewsRows {
  return {
    async followers(tx) {
      const rows = await tx.query<{ person_id: string; theme_id: string; at: Date }>(
        `select person_id, theme_id, at from theme_follower where workspace_id = $1 order by person_id, theme_id`,
        [workspaceId],
      );
      return rows.map((row) => ({ personId: row.person_id, themeId: row.theme_id, since: row.at.toISOString() }));
    },

    async changes(tx, themeIds, since) {
      const rows = await tx.query<{
        id: string;
        theme_id: string;
        kind: Change['kind'];
        by: string | null;
        at: Date;
        reason: DismissReason | null;
        decision_id: string | null;
        label: string | null;
        url: string | null;
      }>(
        `select 'decided:' || d.id as id, d.theme_id, d.status as kind, d.decided_by as by, d.decided_at as at, d.reason, d.id as decision_id,
             null as label, null as url
           from decision d where d.workspace_id = $1 and d.theme_id = any($2) and d.status in ('approved', 'dismissed') and d.decided_at > $3
         union all select 'filed:' || a.id, d.theme_id, 'filed', d.decided_by, a.updated_at, null, d.id, a.receipt->>'label', a.receipt->>'url'
           from action a join decision d on d.workspace_id = a.workspace_id and d.id = a.decision_id
           where a.workspace_id = $1 and d.theme_id = any($2) and a.kind = 'linear.issue' and a.state = 'done' and a.updated_at > $3
         union all select 'done:' || o.id, o.theme_id, 'done', null, o.occurred_at, null, a.decision_id, a.receipt->>'label', a.receipt->>'url'
           from outcome o join action a on a.workspace_id = o.workspace_id and a.id = o.action_id
           where o.workspace_id = $1 and o.theme_id = any($2) and o.state = 'completed' and o.occurred_at > $3
         union all select 'back:' || k.id, k.theme_id, 'back', null, k.posted_at, null, null, null, null
           from card k join card before on before.workspace_id = k.workspace_id and before.theme_id = k.theme_id and before.generation = k.generation - 1
           where k.workspace_id = $1 and k.theme_id = any($2) and k.posted_at > $3 and k.proposal_id is distinct from before.proposal_id`,
        [workspaceId, themeIds, since],
      );
      return rows.map((row) => ({
        id: row.id,
        themeId: row.theme_id,
        kind: row.kind,
        by: row.by,
        at: row.at.toISOString(),
        reason: row.reason,
        decisionId: row.decision_id,
        issue: row.label === null ? null : { label: row.label, url: row.url },
      }));
    },

    async told(tx, personId, changeIds) {
      const rows = await tx.query<{ change_id: string }>(
        `select change_id from theme_told where workspace_id = $1 and person_id = $2 and change_id = any($3)`,
        [workspaceId, personId, changeIds],
      );
      return new Set(rows.map((row) => row.change_id));
    },

    async claim(tx, personId, themeId, changeIds, at) {
      const rows = await tx.query<{ change_id: string }>(
        `insert into theme_told (workspace_id, person_id, change_id, theme_id, at) select $1, $2, c, $3, $5 from unnest($4::text[]) c
         on conflict do nothing returning change_id`,
        [workspaceId, personId, themeId, changeIds, at],
      );
      return rows.map((row) => row.change_id);
    },

    async unclaim(tx, personId, changeIds) {
      await tx.query(`delete from theme_told where workspace_id = $1 and person_id = $2 and change_id = any($3)`, [
        workspaceId,
        personId,
        changeIds,
      ]);
    },
  };
}
