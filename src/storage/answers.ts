// Answers: what people ask of the rows, in one query each. Numbers come from here and from nowhere else.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';

/** How much there is of everything. */
export async function totals(
  tx: Tx,
  workspaceId: WorkspaceId,
): Promise<{ signals: number; observations: number; themes: number; insights: number }> {
  const [row] = await tx.query<{ signals: string; observations: string; themes: string; insights: string }>(
    `select (select count(*) from signal_key where workspace_id = $1) as signals,
       (select count(*) from conversation where workspace_id = $1 and observation_id is not null) as observations,
       (select count(*) from theme where workspace_id = $1 and status = 'active') as themes,
       (select count(distinct theme_id) from insight where workspace_id = $1) as insights`,
    [workspaceId],
  );
  return {
    signals: Number(row?.signals),
    observations: Number(row?.observations),
    themes: Number(row?.themes),
    insights: Number(row?.insights),
  };
}

/** How many messages whose external ids start so belong to a conversation that has been understood. */
export async function understood(tx: Tx, workspaceId: WorkspaceId, externalIds: string): Promise<number> {
  const [row] = await tx.query<{ understood: string }>(
    `select count(*) as understood from signal_head h join conversation c on c.workspace_id = h.workspace_id and c.id = h.conversation_id
     where h.workspace_id = $1 and starts_with(h.external_id, $2) and c.observation_id is not null`,
    [workspaceId, externalIds],
  );
  return Number(row?.understood);
}
