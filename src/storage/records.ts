// What every arrow of the flow writes beside its own rows: lineage and audit, in the same transaction.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Records } from '#src/domain/stores.ts';

/** Opens the lineage and the audit of one workspace. `traceparent` names the trace that is under way, when there is one. */
export function createRecords(workspaceId: WorkspaceId): Records {
  return {
    async link(tx, edges) {
      if (edges.length === 0) return;
      await tx.query(
        `insert into lineage (workspace_id, from_kind, from_id, to_kind, to_id, relation, at, actor, why)
         select $1, e->>'fromKind', e->>'fromId', e->>'toKind', e->>'toId', e->>'relation', (e->>'at')::timestamptz, e->>'actor', e->>'why'
         from jsonb_array_elements($2::jsonb) e on conflict do nothing`,
        [workspaceId, JSON.stringify(edges)],
      );
    },
    async unlink(tx, edges) {
      if (edges.length === 0) return;
      await tx.query(
        `delete from lineage l using jsonb_array_elements($2::jsonb) e
         where l.workspace_id = $1 and l.from_id = e->>'fromId' and l.to_id = e->>'toId' and l.relation = e->>'relation'`,
        [workspaceId, JSON.stringify(edges)],
      );
    },
    async audit(tx, entries) {
      if (entries.length === 0) return;
      await tx.query(
        `insert into audit (workspace_id, at, actor, verb, thing_kind, thing_id, detail)
         select $1, (e->>'at')::timestamptz, e->>'actor', e->>'verb', e->>'thingKind', e->>'thingId', coalesce(e->'detail', '{}')
         from jsonb_array_elements($2::jsonb) e`,
        [workspaceId, JSON.stringify(entries)],
      );
    },
  };
}
