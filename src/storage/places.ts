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
    containersOf: (tx: Tx, ids: readonly string[]) =>
      read(
        tx,
        `select id, container_id from conversation where workspace_id = $1 and id = any($2)
         union all select o.id, c.container_id from observation o join conversation c on c.workspace_id = $1 and c.id = o.conversation_id
           where o.workspace_id = $1 and o.id = any($2)
         union all select k.signal_id, h.container_id from signal_key k
           join signal_head h on h.workspace_id = $1 and h.source = k.source and h.external_id = k.external_id
           where k.workspace_id = $1 and k.signal_id = any($2)`,
        ids,
      ),
    async channels(tx: Tx, only: string | null) {
      const rows = await tx.query<{ id: string }>(
        `select channel_id as id from card where workspace_id = $1 and ts is not null and ($2::text is null or channel_id = $2)
         union select substr(container_id, 7) from conversation
           where workspace_id = $1 and starts_with(container_id, 'slack:') and ($2::text is null or container_id = 'slack:' || $2)`,
        [workspaceId, only],
      );
      return rows.map(({ id }) => id);
    },
    containersOfThemes: (tx: Tx, themeIds: readonly string[]) =>
      read(
        tx,
        // What was merged away has no reports of its own any more; its name and what was filed of it are of all that were ever in it.
        `select distinct theme_id as id, container_id from conversation where workspace_id = $1 and theme_id = any($2) and state = 'live'
         union select t.id, c.container_id from theme t join theme_event e on e.workspace_id = $1 and e.theme_id = t.id
           join conversation c on c.workspace_id = $1 and c.id = e.conversation_id where t.workspace_id = $1 and t.id = any($2) and t.status = 'absorbed'`,
        themeIds,
      ),
  };
}
