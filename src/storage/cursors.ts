// Cursors and votes: small facts that are kept by name.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';
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

/** Notes what a person thinks of a card; 0 takes the vote back. One vote per person. */
export async function vote(
  tx: Tx,
  workspaceId: WorkspaceId,
  thingId: string,
  personId: string,
  value: 1 | -1 | 0,
  at: Date,
): Promise<void> {
  if (value === 0) {
    await tx.query(`delete from feedback where workspace_id = $1 and thing_id = $2 and person_id = $3`, [
      workspaceId,
      thingId,
      personId,
    ]);
    return;
  }
  await tx.query(
    `insert into feedback (workspace_id, thing_id, person_id, vote, at) values ($1, $2, $3, $4, $5)
     on conflict (workspace_id, thing_id, person_id) do update set vote = $4, at = $5`,
    [workspaceId, thingId, personId, value, at],
  );
}
