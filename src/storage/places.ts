// Places: where conversations were written, for the question who may read them.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';

type Row = { id: string; container_id: string };

/** Opens the places of one workspace. */
export function createPlaces(workspaceId: WorkspaceId) {
  const read = async (tx: Tx, sql: string, ids: readonly string[]) => {
    const rows = await tx.query<Row>(sql, [workspaceId, ids]);
    return rows.map(({ id, container_id }) => ({ id, containerId: container_id }));
  };
  return {
    containersOf: (tx: Tx, conversationIds: readonly string[]) =>
      read(tx, `select id, container_id from conversation where workspace_id = $1 and id = any($2)`, conversationIds),
    containersOfThemes: (tx: Tx, themeIds: readonly string[]) =>
      read(
        tx,
        `select distinct theme_id as id, container_id from conversation where workspace_id = $1 and theme_id = any($2) and state = 'live'`,
        themeIds,
      ),
  };
}
