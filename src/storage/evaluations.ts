// Evaluations: votes on our own things, each with what had made the thing.
import type { DismissReason } from '#src/domain/decision.ts';
import {
  type ProducerEvaluation,
  producerName,
  type RatedThing,
  type VotedBy,
  type VoteReason,
} from '#src/domain/evaluation.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { ProducedBy } from '#src/domain/observation.ts';
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

    /** Only who was asked, or has voted, has a reason. */
    async setReason(tx: Tx, thing: RatedThing, personId: string, reason: VoteReason, at: Date): Promise<boolean> {
      const rows = await tx.query(
        `insert into evaluation_reason (workspace_id, thing_kind, thing_id, person_id, asked_at, reason)
         select $1, $2, $3, $4, $5, $6 where exists (select 1 from evaluation e where e.workspace_id = $1 and e.thing_kind = $2 and e.thing_id = $3
           and e.person_id = $4)
         on conflict (workspace_id, thing_kind, thing_id, person_id) do update set reason = $6 returning 1`,
        [...keyOf(thing), personId, at, reason],
      );
      return rows.length > 0;
    },

    async table(tx: Tx): Promise<ProducerEvaluation[]> {
      const votes = await tx.query<{ produced_by: string; vote: 1 | -1; reason: VoteReason | null; n: string }>(
        `select produced_by, vote, reason, count(*) as n from (
           select (array_agg(e.produced_by order by e.at desc))[1] as produced_by, min(e.vote) as vote, max(r.reason) as reason
           from evaluation e left join evaluation_reason r on r.workspace_id = e.workspace_id and r.thing_kind = e.thing_kind
             and r.thing_id = e.thing_id and r.person_id = e.person_id
           where e.workspace_id = $1 group by e.thing_kind, e.thing_id, e.person_id having min(e.vote) = max(e.vote)) standing
         group by produced_by, vote, reason`,
        [workspaceId],
      );
      const decisions = await tx.query<{
        by: ProducedBy;
        status: string;
        reason: DismissReason | null;
        n: string;
        edited: string;
        distance: number | null;
        measured: string;
        approved: string;
      }>(
        `select i.body->'producedBy' as by, d.status, d.reason, count(*) as n,
           count(*) filter (where d.payload_hash is not null) as approved,
           count(*) filter (where (d.body->>'edited')::boolean) as edited,
           sum((d.body->>'editDistance')::float8) as distance, count(d.body->>'editDistance') as measured
         from decision d join proposal p on p.workspace_id = d.workspace_id and p.id = d.proposal_id and p.revision = d.proposal_revision
         join insight i on i.workspace_id = d.workspace_id and i.id = p.insight_id
         where d.workspace_id = $1 and d.decided_at is not null group by 1, 2, 3`,
        [workspaceId],
      );
      const table = new Map<string, ProducerEvaluation & { distance: number; measured: number }>();
      const rowOf = (producedBy: string) => {
        const row = table.get(producedBy) ?? {
          producedBy,
          up: 0,
          down: 0,
          reasons: {},
          approved: 0,
          edited: 0,
          editDistance: null,
          dismissed: {},
          undone: 0,
          distance: 0,
          measured: 0,
        };
        table.set(producedBy, row);
        return row;
      };
      for (const { produced_by: producedBy, vote, reason, n } of votes) {
        const row = rowOf(producedBy);
        if (vote === 1) row.up += Number(n);
        else row.down += Number(n);
        if (vote === -1 && reason) row.reasons[reason] = (row.reasons[reason] ?? 0) + Number(n);
      }
      for (const { by, status, reason, ...counts } of decisions) {
        const row = rowOf(producerName(by));
        const approved = Number(counts.approved);
        row.approved += approved;
        row.edited += Number(counts.edited);
        row.distance += counts.distance ?? 0;
        row.measured += Number(counts.measured);
        const dismissed = Number(counts.n) - approved;
        if (dismissed > 0) row.dismissed[reason ?? 'none'] = (row.dismissed[reason ?? 'none'] ?? 0) + dismissed;
        if (status === 'undone') row.undone += Number(counts.n);
      }
      return [...table.values()]
        .map(({ distance, measured, ...row }) => ({ ...row, editDistance: measured > 0 ? distance / measured : null }))
        .sort((a, b) => (a.producedBy < b.producedBy ? -1 : 1));
    },
  };
}
