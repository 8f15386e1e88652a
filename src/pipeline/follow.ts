// Follow: Action -> Outcome. Tells the proposal's graph when its effects have come to rest, and when what was filed has come to its end.
import type { Db, Tx } from '#src/domain/ports.ts';
import type { ActionRow, Actions, Cards, DecisionRow, Decisions, Proposals } from '#src/domain/stores.ts';
import type { Standing, Thread } from './decide.ts';
import { settledOf } from './decide.ts';
import type { Next, Stage } from './stage.ts';
import { oneByOne } from './stage.ts';

export interface FollowDeps {
  db: Db;
  decisions: Decisions;
  actions: Actions;
  cards: Cards;
  proposals: Proposals;
  thread: Thread;
  now: () => Date;
}

interface ToFollow {
  decision: DecisionRow;
  actions: ActionRow[];
  /** The newest state, when it has moved. */
  state: string | null;
}

// How long a sweep asks again for a new proposal after an undo; one that does not come within an hour has its reason.
const UNDONE_LATELY_MS = 3_600_000;
const ENDS: ReadonlySet<string> = new Set(['completed', 'canceled', 'removed']);

/** Makes the stage. Its ids are decisions. */
export function createFollow(deps: FollowDeps): Stage<ToFollow, Standing> {
  return {
    name: 'follow',
    takes: 'Action',
    makes: 'Outcome',
    batch: 10,
    async load(ids) {
      const loaded = new Map<string, ToFollow>();
      for (const id of ids) {
        const decision = await deps.decisions.byId(deps.db, id);
        if (!decision || decision.status === 'pending' || decision.status === 'expired') continue;
        const [outcome] = await deps.actions.outcomes(deps.db, id);
        loaded.set(id, { decision, actions: await deps.actions.of(deps.db, id), state: outcome?.state ?? null });
      }
      return loaded;
    },
    work: oneByOne(({ decision, actions, state }) =>
      deps.db.transaction('follow.resume', async (tx) => {
        await tx.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`thread/${decision.proposalId}`]);
        const settled = decision.status === 'undone' ? 'undone' : settledOf(actions);
        let standing = await deps.thread.standing(decision.proposalId);
        if (standing.wait?.gate === 'await_result' && settled) {
          standing = await deps.thread.resume(decision.proposalId, standing.wait.interruptId, { settled });
        }
        if (standing.wait?.gate === 'follow' && state && ENDS.has(state)) {
          standing = await deps.thread.resume(decision.proposalId, standing.wait.interruptId, { ended: state });
        }
        // A thread that has ended has nothing more to tell; what it knew stands in our own rows.
        if (!standing.wait) await deps.thread.forget(decision.proposalId);
        return standing;
      }),
    ),
    async write(tx, results, at) {
      const next: Next[] = [];
      for (const { item, result } of results) next.push(...(await settle(tx, item, result, at)));
      return next;
    },
    pending: (limit) => deps.decisions.unfollowed(deps.db, limit, new Date(deps.now().getTime() - UNDONE_LATELY_MS)),
  };

  async function settle(tx: Tx, { decision, state }: ToFollow, standing: Standing, at: Date): Promise<Next[]> {
    await deps.proposals.setThread(tx, decision.proposalId, standing.wait, at);
    if (!decision.cardId) return [];
    const card = await deps.cards.lock(tx, decision.cardId);
    if (!card) return [];
    if (decision.status === 'undone') {
      const actions = await deps.actions.of(tx, decision.id);
      const resting = actions.every((action) => ['compensated', 'skipped', 'failed'].includes(action.state));
      // Taken back completely: the matter is on the table again, with a proposal of its own.
      return resting && card.state === 'undone' ? [{ stage: 'assess', id: decision.themeId }] : [];
    }
    if (state !== null) {
      const done = state === 'completed' && card.state === 'filed';
      const reopened = state !== 'completed' && card.state === 'done';
      await deps.cards.change(tx, card.id, done ? { state: 'done' } : reopened ? { state: 'filed' } : {});
      // Reports may have overtaken the news: those after the completion are a regression.
      const overtaken: Next[] = state === 'completed' ? [{ stage: 'assess', id: decision.themeId }] : [];
      return [{ stage: 'show', id: card.id }, ...overtaken];
    }
    return [];
  }
}
