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
        // From one channel to the next by the index, however many reports each has. Of what is no channel one stands for all: they are alike.
        // What was merged away has no reports of its own any more; its name and what was filed of it are of all that were ever in it.
        `with recursive theme_of as (select distinct unnest($2::text[]) as id),
         place as (
           select t.id, (select min(c.container_id collate "C") from conversation c where c.workspace_id = $1 and c.theme_id = t.id
             and c.state = 'live' and c.container_id collate "C" >= 'slack:' and c.container_id collate "C" < 'slack;') as container_id from theme_of t
           union all
           select p.id, (select min(c.container_id collate "C") from conversation c where c.workspace_id = $1 and c.theme_id = p.id
             and c.state = 'live' and c.container_id collate "C" > p.container_id and c.container_id collate "C" < 'slack;')
           from place p where p.container_id is not null)
         select id, container_id from place where container_id is not null
         union all select t.id, o.container_id from theme_of t cross join lateral (
           (select c.container_id from conversation c where c.workspace_id = $1 and c.theme_id = t.id and c.state = 'live'
             and c.container_id collate "C" < 'slack:' limit 1)
           union all (select c.container_id from conversation c where c.workspace_id = $1 and c.theme_id = t.id and c.state = 'live'
             and c.container_id collate "C" >= 'slack;' limit 1)) o
         union all select t.id, c.container_id from theme t join theme_event e on e.workspace_id = $1 and e.theme_id = t.id
           join conversation c on c.workspace_id = $1 and c.id = e.conversation_id where t.workspace_id = $1 and t.id = any($2) and t.status = 'absorbed'`,
        themeIds,
      ),
  };
}
