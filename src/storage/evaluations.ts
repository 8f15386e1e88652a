// Evaluations: votes on our own things, each with what had made the thing.
import type { RatedThing, VotedBy, VoteReason } from '#src/domain/evaluation.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';

/** Opens the evaluations of one workspace. */
export function createEvaluations(workspaceId: WorkspaceId) {
  const keyOf = (thing: RatedThing) => [workspaceId, thing.kind, thing.id];
  return {
    async note(tx: Tx, thing: RatedThing, made: { producedBy: string; askedBy: string | null }, at: Date) {
      await tx.query(
        `insert into rateable (workspace_id, thing_kind, thing_id, produced_by, asked_by, created_at) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing`,
        [...keyOf(thing), made.producedBy, made.askedBy, at],
      );
    },

    async noted(tx: Tx, thing: RatedThing): Promise<{ producedBy: string; askedBy: string | null } | null> {
      const [row] = await tx.query<{ produced_by: string; asked_by: string | null }>(
        `select produced_by, asked_by from rateable where workspace_id = $1 and thing_kind = $2 and thing_id = $3`,
        keyOf(thing),
      );
      return row ? { producedBy: row.produced_by, askedBy: row.asked_by } : null;
    },

    /** Sets or takes away the vote of one way; answers all that this person has on the thing now. */
    async vote(
      tx: Tx,
      input: { thing: RatedThing; personId: string; by: VotedBy; vote: 1 | -1 | 0; producedBy: string; at: Date },
    ): Promise<(1 | -1)[]> {
      const { thing, personId, by, vote, producedBy, at } = input;
      // Two clicks of one person take turns, so that each sees what the other came to.
      await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [
        `vote/${[...keyOf(thing), personId].join('/')}`,
      ]);
      if (vote === 0) {
        await tx.query(
          `delete from evaluation where workspace_id = $1 and thing_kind = $2 and thing_id = $3 and person_id = $4 and by = $5`,
          [...keyOf(thing), personId, by],
        );
      } else {
        await tx.query(
          `insert into evaluation (workspace_id, thing_kind, thing_id, person_id, by, vote, produced_by, at) values ($1, $2, $3, $4, $5, $6, $7, $8)
           on conflict (workspace_id, thing_kind, thing_id, person_id, by) do update set vote = $6, produced_by = $7, at = $8`,
          [...keyOf(thing), personId, by, vote, producedBy, at],
        );
      }
      const rows = await tx.query<{ vote: 1 | -1 }>(
        `select vote from evaluation where workspace_id = $1 and thing_kind = $2 and thing_id = $3 and person_id = $4`,
        [...keyOf(thing), personId],
      );
      return rows.map((row) => row.vote);
    },

    /** True for the first who asks: a person is asked once about a thing. */
    async askOnce(tx: Tx, thing: RatedThing, personId: string, at: Date): Promise<boolean> {
      const rows = await tx.query(
        `insert into evaluation_reason (workspace_id, thing_kind, thing_id, person_id, asked_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing returning 1`,
        [...keyOf(thing), personId, at],
      );
      return rows.length > 0;
    },

    async setReason(tx: Tx, thing: RatedThing, personId: string, reason: VoteReason, at: Date): Promise<void> {
      await tx.query(
        `insert into evaluation_reason (workspace_id, thing_kind, thing_id, person_id, asked_at, reason) values ($1, $2, $3, $4, $5, $6)
         on conflict (workspace_id, thing_kind, thing_id, person_id) do update set reason = $6`,
        [...keyOf(thing), personId, at, reason],
      );
    },
  };
}
