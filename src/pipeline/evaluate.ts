// Evaluate: what people think of what we made. A vote is counted for what had made the thing when it was judged.
import type {
  EvaluationVerbs,
  ProducerEvaluation,
  RatedThing,
  VotedBy,
  VoteReason,
  VoteReply,
} from '#src/domain/evaluation.ts';
import { standingVote } from '#src/domain/evaluation.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Telemetry, Tx } from '#src/domain/ports.ts';
import type { Records } from '#src/domain/stores.ts';
import type { SimpleReply, Verbs } from '#src/domain/verbs.ts';

/** The votes, as they are stored. */
export interface Evaluations {
  note(tx: Tx, thing: RatedThing, made: { producedBy: string; askedBy: string | null }, at: Date): Promise<void>;
  noted(tx: Tx, thing: RatedThing): Promise<{ producedBy: string; askedBy: string | null } | null>;
  vote(
    tx: Tx,
    input: { thing: RatedThing; personId: string; by: VotedBy; vote: 1 | -1 | 0; producedBy: string; at: Date },
  ): Promise<(1 | -1)[]>;
  askOnce(tx: Tx, thing: RatedThing, personId: string, at: Date): Promise<boolean>;
  /** Notes why; false for somebody who was not asked and has not voted. */
  setReason(tx: Tx, thing: RatedThing, personId: string, reason: VoteReason, at: Date): Promise<boolean>;
  table(tx: Tx): Promise<ProducerEvaluation[]>;
}

export interface EvaluateDeps {
  db: Db;
  evaluations: Evaluations;
  records: Records;
  /** What made the words that a card shows now; null when there is no such card. */
  producerOfCard: (tx: Tx, cardId: string) => Promise<string | null>;
  telemetry: Pick<Telemetry, 'count'>;
  now: () => Date;
}

/** Makes the verbs of judging. */
export function createEvaluating(deps: EvaluateDeps): EvaluationVerbs & Pick<Verbs, 'judge'> {
  const { db, evaluations } = deps;

  return {
    rateable: ({ thing, ...made }) => evaluations.note(db, thing, made, deps.now()),
    vote,
    async explain({ thing, person, reason }): Promise<VoteReply> {
      const allowed = may(person, 'judge', { kind: 'record' }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const known = await db.transaction('judge.click', async (tx) => {
        const noted = await evaluations.setReason(tx, thing, person.id, reason, deps.now());
        if (noted) await audit(tx, person.id, `${thing.kind}.vote_explained`, thing, { reason });
        return noted;
      });
      return known ? { kind: 'done', vote: -1, askWhy: false } : { kind: 'gone' };
    },
    evaluations: () => evaluations.table(db),
    async judge({ cardId, person, vote: value, by = 'button' }): Promise<SimpleReply> {
      const reply = await vote({ thing: { kind: 'card', id: cardId }, person, vote: value, by });
      return reply.kind === 'not_asker' ? { kind: 'gone' } : reply.kind === 'done' ? { kind: 'done' } : reply;
    },
  };

  async function vote(input: Parameters<EvaluationVerbs['vote']>[0]): Promise<VoteReply> {
    const { thing, person, by = 'button', reason } = input;
    const allowed = may(person, 'judge', { kind: 'record' }, deps.now());
    if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
    const reply = await db.transaction('judge.click', async (tx): Promise<VoteReply> => {
      const at = deps.now();
      const made = await madeBy(tx, thing);
      if (!made) return { kind: 'gone' };
      if (made.askedBy !== null && made.askedBy !== person.id) return { kind: 'not_asker' };
      const votes = await evaluations.vote(tx, {
        thing,
        personId: person.id,
        by,
        vote: input.vote,
        producedBy: made.producedBy,
        at,
      });
      const standing = standingVote(votes);
      if (reason) await evaluations.setReason(tx, thing, person.id, reason, at);
      const askWhy = standing === -1 && !reason && (await evaluations.askOnce(tx, thing, person.id, at));
      const verb = input.vote === 0 ? `${thing.kind}.vote_removed` : `${thing.kind}.judged`;
      await audit(tx, person.id, verb, thing, { vote: input.vote, by, ...(reason ? { reason } : {}) });
      return { kind: 'done', vote: standing, askWhy };
    });
    if (reply.kind === 'done') deps.telemetry.count('votes_total', { thing: thing.kind, vote: String(input.vote) });
    return reply;
  }

  function audit(
    tx: Tx,
    actor: string,
    verb: string,
    thing: RatedThing,
    detail: Record<string, string | number>,
  ): Promise<void> {
    const at = deps.now().toISOString();
    return deps.records.audit(tx, [{ actor, verb, thingKind: thing.kind, thingId: thing.id, detail, at }]);
  }

  async function madeBy(tx: Tx, thing: RatedThing): Promise<{ producedBy: string; askedBy: string | null } | null> {
    if (thing.kind !== 'card') return evaluations.noted(tx, thing);
    const producedBy = await deps.producerOfCard(tx, thing.id);
    return producedBy === null ? null : { producedBy, askedBy: null };
  }
}
