// Cursors: small facts that are kept by name.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Cursors } from '#src/domain/stores.ts';

/** Opens the cursors of one workspace: how far a reconciliation or an import has come. */
export function createCursors(workspaceId: WorkspaceId): Cursors {
  return {
    async get(tx, name) {
      const [row] = await tx.query<{ value: string }>(
        `select value from cursor where workspace_id = $1 and name = $2`,
        [workspaceId, name],
      );
      return row?.value ?? null;
    },
    async set(tx, name, value, at) {
      await tx.query(
        `insert into cursor (workspace_id, name, value, updated_at) values ($1, $2, $3, $4)
         on conflict (workspace_id, name) do update set value = $3, updated_at = $4`,
        [workspaceId, name, JSON.stringify(value), at],
      );
    },
  };
}
