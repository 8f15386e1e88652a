// Decide: Proposal -> Decision. A person's click is one conditional update; the graph of the proposal is told afterwards, once.

import { decisionIdOf, UNDO_MS } from '#src/domain/decision.ts';
import { AppError } from '#src/domain/errors.ts';
import { editDistance, wordingOf } from '#src/domain/evaluation.ts';
import type { Thing } from '#src/domain/policy.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import { changedMaterially, payloadHashOf } from '#src/domain/proposal.ts';
import type {
  ActionRow,
  Actions,
  Card,
  Cards,
  DecisionRow,
  Decisions,
  Insights,
  Proposals,
  Records,
} from '#src/domain/stores.ts';
import { AWAKE, stateAwake } from '#src/domain/stores.ts';
import type { DecideReply, SimpleReply, UndoReply, Verbs } from '#src/domain/verbs.ts';
import { oneReader } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';
import type { EffectsDeps, Intent } from './effects.ts';
import { payloadsOf } from './effects.ts';
import { quotesStand } from './evidence.ts';
import type { Next, Stage } from './stage.ts';
import { oneByOne } from './stage.ts';

/** A snoozed card comes back after this time, or when twice as many have reported. */
export const SNOOZE_MS = 7 * 86_400_000;
const SNOOZE_GROWTH = 2;
// What goes on elsewhere: a newer card, or the theme that this one was merged into.
const ENDED: ReadonlySet<Card['state']> = new Set(['folded', 'absorbed']);
/** What is missing where nothing can be filed. */
export const NEEDS_LINEAR = 'Linear is not connected.';

/** Where a proposal's graph waits, and what it planned. */
export interface Standing {
  wait: { gate: string; interruptId: string } | null;
  plan: Intent[];
}

/** The graph of a proposal, as this stage uses it. */
export interface Thread {
  resume(proposalId: string, interruptId: string, answer: object): Promise<Standing>;
  /** The caller holds the thread's lock: what a crash cut short is run on. */
  standing(proposalId: string): Promise<Standing>;
  forget(proposalId: string): Promise<void>;
}

export interface DecideDeps {
  db: Db;
  cards: Cards;
  insights: Insights;
  proposals: Proposals;
  decisions: Decisions;
  actions: Actions;
  effects: EffectsDeps;
  audiences: Pick<Audiences, 'insights'>;
  thread: Thread;
  workspaceId: string;
  canFile: () => boolean;
  /** Puts a theme whose filing failed back on the table: a new proposal on the same card. */
  reopen: (themeId: string) => Promise<void>;
  now: () => Date;
  records: Records;
  send: (tx: Tx, next: Next[]) => Promise<void>;
}

/** Makes the stage. Its ids are decisions that somebody took; it tells the proposal's graph and plans what follows. */
export function createDecide(deps: DecideDeps): Stage<DecisionRow, Standing> {
  return {
    name: 'decide',
    takes: 'Proposal',
    makes: 'Decision',
    batch: 10,
    async load(ids) {
      const loaded = new Map<string, DecisionRow>();
      for (const id of ids) {
        const decision = await deps.decisions.byId(deps.db, id);
        if (decision && ['approved', 'dismissed', 'undone'].includes(decision.status)) loaded.set(id, decision);
      }
      return loaded;
    },
    work: oneByOne((decision) =>
      // One at a time per thread: two resumes at once would both run.
      deps.db.transaction('decide.resume', async (tx) => {
        await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`thread/${decision.proposalId}`]);
        return tellGraph(deps.thread, decision);
      }),
    ),
    async write(tx, results, at) {
      const next: Next[] = [];
      for (const { item, result } of results) next.push(...(await consequences(deps, tx, item, result, at)));
      return next;
    },
    pending: (limit) => deps.decisions.pending(deps.db, limit),
  };
}

/** Resumes whichever gate the thread is at with what was decided; a thread that is past it, or gone, is left as it is. */
async function tellGraph(thread: Thread, decision: DecisionRow): Promise<Standing> {
  const standing = await thread.standing(decision.proposalId);
  const { wait } = standing;
  if (!wait) return standing;
  if (wait.gate === 'gate')
    return thread.resume(decision.proposalId, wait.interruptId, { verdict: decision.status, decisionId: decision.id });
  if (decision.status !== 'undone') return standing;
  const answer = wait.gate === 'await_result' ? { settled: 'undone' } : { ended: 'undone' };
  return thread.resume(decision.proposalId, wait.interruptId, answer);
}

async function consequences(
  deps: DecideDeps,
  tx: Tx,
  decided: DecisionRow,
  standing: Standing,
  at: Date,
): Promise<Next[]> {
  const decision = (await deps.decisions.byId(tx, decided.id))!;
  if (decision.status !== decided.status) return [{ stage: 'decide', id: decision.id }];
  await deps.proposals.setThread(tx, decision.proposalId, standing.wait, at);
  await deps.proposals.setStatus(tx, decision.proposalId, 'decided');
  const card: Next[] = decision.cardId ? [{ stage: 'show', id: decision.cardId }] : [];
  if (decision.status === 'approved') {
    // Without this an approval would end in silence, and nobody would file anything.
    if (standing.plan.length === 0 && (await deps.actions.of(tx, decision.id)).length === 0)
      throw new AppError('bug', `The graph of ${decision.proposalId} has planned nothing.`);
    const issue = await deps.decisions.payload(tx, decision.id);
    const ids: string[] = [];
    const issueActionId = (
      await deps.actions.plan(
        tx,
        decision.id,
        0,
        await payloadsOf(deps.effects, tx, { intents: standing.plan.slice(0, 1), issue, issueActionId: '', title: '' }),
        at,
      )
    )[0];
    if (!issueActionId) return card;
    ids.push(issueActionId);
    const rest = await payloadsOf(deps.effects, tx, {
      intents: standing.plan.slice(1),
      issue: null,
      issueActionId,
      title: issue?.title ?? '',
    });
    await deps.actions.plan(tx, decision.id, 1, rest, at);
    return [...ids.map((id): Next => ({ stage: 'act', id })), ...card];
  }
  if (decision.status === 'undone') {
    const actions = await deps.actions.of(tx, decision.id);
    const open = actions.filter((action) => ['planned', 'running', 'done'].includes(action.state));
    if (open.length > 0) return [...open.map((action): Next => ({ stage: 'act', id: action.id })), ...card];
    return [{ stage: 'follow', id: decision.id }, ...card];
  }
  return card;
}

/** What people do to cards. Rights are asked here, at the click. */
export function createDeciding(deps: DecideDeps): Pick<Verbs, 'decide' | 'undo' | 'claim' | 'editForm'> {
  const { db, cards, decisions, proposals } = deps;
  const audit = (tx: Tx, actor: string, verb: string, cardId: string, at: Date, via?: string) =>
    deps.records.audit(tx, [
      { actor, verb, thingKind: 'card', thingId: cardId, at: at.toISOString(), ...(via ? { detail: { via } } : {}) },
    ]);
  const thingOf = (card: Card, decision: DecisionRow | null): Thing => ({
    kind: 'card',
    open: card.state === 'open' || card.state === 'snoozed' || card.state === 'waiting',
    decidedBy: decision?.decidedBy ?? null,
    undoUntil: decision?.undoUntil ? new Date(decision.undoUntil) : null,
  });

  return {
    async decide(input): Promise<DecideReply> {
      const again = input.verb === 'approve' ? await afterFailure(input) : input;
      return 'kind' in again ? again : decideOnce(again);
    },
    async undo(input): Promise<UndoReply> {
      return db.transaction('undo.click', async (tx): Promise<UndoReply> => {
        const at = deps.now();
        const known = await decisions.byId(tx, input.decisionId);
        if (known?.status === 'pending') return wake(tx, known, input, at);
        const card = known?.cardId ? await cards.lock(tx, known.cardId) : null;
        const decision = known && (await decisions.byId(tx, known.id));
        if (!decision || !card) return { kind: 'gone' };
        if (decision.status === 'undone')
          return { kind: 'already', by: decision.undoneBy ?? '', at: decision.undoneAt ?? '' };
        if (decision.status === 'pending' || decision.status === 'expired') return { kind: 'gone' };
        const allowed = may(input.person, 'undo', thingOf(card, decision), at);
        if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
        if (!(await decisions.undo(tx, { id: decision.id, person: input.person.id, at })))
          return { kind: 'refused', refusal: 'too_late' };
        // A card that goes on elsewhere stays folded: what is on the table is the newer one.
        await cards.change(tx, card.id, ENDED.has(card.state) ? {} : { state: 'undone' });
        await deps.send(tx, [
          { stage: 'decide', id: decision.id },
          { stage: 'show', id: card.id },
        ]);
        return { kind: 'undoing', decisionId: decision.id };
      });
    },

    async claim(input): Promise<SimpleReply> {
      return db.transaction('claim.click', async (tx): Promise<SimpleReply> => {
        const card = await cards.lock(tx, input.cardId);
        if (!card) return { kind: 'gone' };
        const allowed = may(input.person, 'claim', thingOf(card, null), deps.now());
        if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
        const owner = input.release ? (card.claimedBy === input.person.id ? null : card.claimedBy) : input.person.id;
        if (owner === card.claimedBy) return { kind: 'done' };
        await cards.change(tx, card.id, { claimedBy: owner });
        await audit(tx, input.person.id, owner ? 'card.claimed' : 'card.released', card.id, deps.now());
        await deps.send(tx, [{ stage: 'show', id: card.id }]);
        return { kind: 'done' };
      });
    },

    async editForm(input) {
      const card = await cards.byId(db, input.cardId);
      if (!card?.proposalId || !card.proposalRevision) return { kind: 'gone' };
      const taken = await decisions.taken(db, card.proposalId);
      const allowed = may(input.person, 'edit', thingOf(card, taken), deps.now());
      if (!allowed.ok && allowed.refusal !== 'decided') return { kind: 'refused', refusal: allowed.refusal };
      if (!allowed.ok) return taken ? alreadyBy(taken) : { kind: 'gone' };
      if (!deps.canFile()) return { kind: 'needs_setup', missing: NEEDS_LINEAR };
      if (card.proposalId !== input.proposalId || card.proposalRevision !== input.revision) return { kind: 'changed' };
      const proposal = await proposals.get(db, card.proposalId, card.proposalRevision);
      if (!proposal) return { kind: 'gone' };
      const { title, description, priority, labels, team } = proposal.payload;
      const insight = await deps.insights.byId(db, proposal.insightId);
      const shown = await deps.audiences.insights(db, insight ? [insight] : [], oneReader(input.person));
      if (shown.size === 0) return { kind: 'refused', refusal: 'words_hidden' };
      return {
        proposalId: proposal.id,
        revision: proposal.revision,
        edit: { title, description, priority, labels },
        team,
        reports: insight?.reach.reports ?? 0,
      };
    },
  };

  type Decided = Parameters<Verbs['decide']>[0];

  /**
   * A click on a card whose filing failed asks for another try: the matter gets a new proposal, which is approved as it was. If it would
   * be another one by now, nothing is done and the card shows it.
   */
  async function afterFailure(input: Decided): Promise<Decided | DecideReply> {
    const card = await cards.byId(db, input.cardId);
    const isShown = card?.proposalId === input.proposalId && card.proposalRevision === input.revision;
    if (card?.state !== 'failed' || !isShown) return input;
    const failed = await decisions.taken(db, input.proposalId);
    const open = { ...thingOf(card, null), open: true } as Thing;
    const allowed = may(input.person, 'approve', open, deps.now());
    if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
    if (!deps.canFile()) return { kind: 'needs_setup', missing: NEEDS_LINEAR };
    const before = await proposals.get(db, input.proposalId, input.revision);
    const approved = failed && (await decisions.payload(db, failed.id));
    await deps.reopen(card.themeId);
    const reopened = await cards.byId(db, card.id);
    const { proposalId, proposalRevision: revision } = reopened ?? card;
    const now = proposalId && revision ? await proposals.get(db, proposalId, revision) : null;
    if (!now || !before || now.id === before.id) return { kind: 'gone' };
    if (changedMaterially(before.payload, now.payload)) return { kind: 'changed' };
    const again = { ...input, proposalId: now.id, revision: now.revision };
    if (!approved || payloadHashOf(approved) === before.payloadHash) return again;
    const { title, description, priority, labels } = approved;
    return { ...again, edit: { title, description, priority, labels } };
  }

  /** Takes "Not now" back, while it can be. */
  async function wake(tx: Tx, pending: DecisionRow, input: Parameters<Verbs['undo']>[0], at: Date): Promise<UndoReply> {
    const current = await cards.current(tx, pending.themeId);
    const card = current && (await cards.lock(tx, current.id));
    if (card?.state !== 'snoozed' || card.proposalId !== pending.proposalId) return { kind: 'gone' };
    const undoUntil = card.snoozedAt ? new Date(Date.parse(card.snoozedAt) + UNDO_MS) : null;
    const allowed = may(input.person, 'undo', { ...thingOf(card, null), undoUntil } as Thing, at);
    if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
    await cards.change(tx, card.id, { ...AWAKE, state: stateAwake(card) });
    await audit(tx, input.person.id, 'card.woken', card.id, at, input.via);
    await deps.send(tx, [{ stage: 'show', id: card.id }]);
    return { kind: 'undoing', decisionId: pending.id };
  }

  function decideOnce(input: Decided): Promise<DecideReply> {
    return db.transaction('decide.click', async (tx): Promise<DecideReply> => {
      const at = deps.now();
      const card = await cards.lock(tx, input.cardId);
      if (!card?.proposalId || !card.proposalRevision) return { kind: 'gone' };
      const taken = await decisions.taken(tx, card.proposalId);
      const allowed = may(input.person, input.verb, thingOf(card, taken), at);
      if (!allowed.ok && allowed.refusal !== 'decided') return { kind: 'refused', refusal: allowed.refusal };
      if (!allowed.ok) return taken ? alreadyBy(taken) : { kind: 'gone' };
      if (card.proposalId !== input.proposalId || card.proposalRevision !== input.revision) {
        await cards.change(tx, card.id, {});
        await deps.send(tx, [{ stage: 'show', id: card.id }]);
        return { kind: 'changed' };
      }
      if (input.verb === 'snooze') {
        const insight = card.insightId ? await deps.insights.byId(tx, card.insightId) : null;
        await cards.change(tx, card.id, {
          state: 'snoozed',
          snoozedUntil: new Date(at.getTime() + SNOOZE_MS).toISOString(),
          snoozedReports: SNOOZE_GROWTH * (insight?.reach.reports ?? 1),
          snoozedBy: input.person.id,
          snoozedAt: at.toISOString(),
          snoozedVia: input.via,
          snoozeUndoUntil: new Date(at.getTime() + UNDO_MS).toISOString(),
        });
        await audit(tx, input.person.id, 'card.snoozed', card.id, at, input.via);
        await deps.send(tx, [{ stage: 'show', id: card.id }]);
        return {
          kind: 'done',
          decisionId: decisionIdOf(deps.workspaceId, card.proposalId, card.proposalRevision),
          cardId: card.id,
        };
      }
      const proposal = await proposals.get(tx, card.proposalId, card.proposalRevision);
      if (proposal?.status !== 'open') return { kind: 'gone' };
      const id = decisionIdOf(deps.workspaceId, proposal.id, proposal.revision);
      if (input.verb === 'dismiss') {
        const { won, row } = await decisions.dismiss(tx, {
          id,
          cardId: card.id,
          person: input.person.id,
          via: input.via,
          reason: input.reason ?? null,
          at,
        });
        if (!won) return alreadyBy(row);
        await cards.change(tx, card.id, { ...AWAKE, state: 'dismissed' });
      } else {
        if (!deps.canFile()) return { kind: 'needs_setup', missing: NEEDS_LINEAR };
        // Deleted a moment ago, and the next look at the theme is still on its way: words that are gone are not filed.
        const quoted = (await deps.insights.byId(tx, proposal.insightId))?.evidence ?? [];
        if (!(await quotesStand(tx, deps.effects.texts, quoted))) return { kind: 'changed' };
        const payload = input.edit ? { ...proposal.payload, ...input.edit } : proposal.payload;
        const { won, approvals, row } = await decisions.approve(tx, {
          id,
          cardId: card.id,
          person: input.person.id,
          via: input.via,
          needed: proposal.approvalsNeeded,
          payload,
          payloadHash: payloadHashOf(payload),
          edited: input.edit !== undefined,
          editDistance: editDistance(wordingOf(proposal.payload), wordingOf(payload)),
          at,
        });
        if (!won && row.status === 'pending') {
          // The card says who has approved so far.
          await cards.change(tx, card.id, {});
          await deps.send(tx, [{ stage: 'show', id: card.id }]);
          return { kind: 'counted', approvals, needed: proposal.approvalsNeeded };
        }
        if (!won) return alreadyBy(row);
        await cards.change(tx, card.id, { ...AWAKE, state: 'approved' });
      }
      await deps.send(tx, [
        { stage: 'decide', id },
        { stage: 'show', id: card.id },
      ]);
      return { kind: 'done', decisionId: id, cardId: card.id };
    });
  }
}

function alreadyBy(row: DecisionRow): DecideReply {
  if (row.status === 'pending' || row.status === 'expired') return { kind: 'changed' };
  const undone = row.status === 'undone';
  return {
    kind: 'already',
    by: (undone ? row.undoneBy : row.decidedBy) ?? '',
    at: (undone ? row.undoneAt : row.decidedAt) ?? '',
    verb: row.status,
  };
}

/** Whether every effect of a decision has come to rest. */
export function settledOf(actions: readonly ActionRow[]): 'done' | 'failed' | null {
  if (actions.some((action) => action.state === 'planned' || action.state === 'running')) return null;
  return actions.some((action) => action.kind === 'linear.issue' && action.state === 'failed') ? 'failed' : 'done';
}
