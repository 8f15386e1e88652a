// Health: when each system was last heard and last did something for us.
import type { HealthRows } from '#src/domain/admin.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';

/** Opens it for one workspace. */
export function createHealthRows(workspaceId: WorkspaceId): HealthRows {
  return {
    async heard(tx, sources) {
      const rows = await tx.query<{ source: string; at: Date }>(
        `select s.source, d.received_at as at from unnest($2::text[]) s (source)
         join lateral (select received_at from delivery where workspace_id = $1 and source = s.source and state = 'done'
           order by received_at desc limit 1) d on true`,
        [workspaceId, sources],
      );
      return new Map(rows.map(({ source, at }) => [source, at.toISOString()]));
    },
    async acted(tx) {
      const rows = await tx.query<{ system: string; at: Date }>(
        `select split_part(kind, '.', 1) as system, max(updated_at) as at from action where workspace_id = $1 and state = 'done' group by 1`,
        [workspaceId],
      );
      return new Map(rows.map(({ system, at }) => [system, at.toISOString()]));
    },
  };
}
