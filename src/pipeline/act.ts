// Act: Decision -> Action. Carries out one planned effect at a time, exactly once, and takes it back when its decision is undone.
import { type Action, type ActionReceipt, type ActionState, wordlessUrl } from '#src/domain/action.ts';
import { errorLine } from '#src/domain/errors.ts';
import type { Person } from '#src/domain/policy.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import type { ActionRow, Actions, Cards, DecisionRow, Decisions } from '#src/domain/stores.ts';
import type { Next, Stage } from './stage.ts';
import { oneByOne } from './stage.ts';

/** Carries out one kind of effect in another system; safe to repeat with the same action. */
export interface Hand {
  perform(action: Action): Promise<ActionReceipt>;
  /** What an earlier try left in the world although nobody noted its answer; null when there is nothing of it. */
  find(action: Action): Promise<ActionReceipt | null>;
  compensate(action: Action, receipt: ActionReceipt): Promise<{ undone: boolean; note: string }>;
}

export interface ActDeps {
  db: Db;
  actions: Actions;
  decisions: Decisions;
  cards: Cards;
  /** The hand for a kind of effect; null when its system is not connected. */
  handFor: (kind: ActionRow['kind']) => Hand | null;
  /** Asked again before the effect: rights may have changed since the click. */
  personOf: (personId: string) => Promise<Person>;
  /** Whether everybody who reads a channel may read the words of a theme. */
  mayTell: (themeId: string, channelId: string) => Promise<boolean>;
  now: () => Date;
}

interface ToAct {
  action: ActionRow;
  decision: DecisionRow;
  issue: ActionReceipt | null;
}

type Acted =
  | { to: 'done'; receipt: ActionReceipt }
  | { to: 'compensated'; note: string | null; receipt: ActionReceipt }
  | { to: 'skipped' | 'failed'; note: string };

// What was carried out while an undo skipped it is in the world: it is noted as done, and then taken back.
const FROM: Record<Acted['to'], readonly ActionState[]> = {
  done: ['planned', 'running', 'skipped'],
  compensated: ['running', 'done'],
  skipped: ['planned', 'running'],
  failed: ['planned', 'running'],
};

/** Makes the stage. Its ids are actions. */
export function createAct(deps: ActDeps): Stage<ToAct, Acted> {
  return {
    name: 'act',
    takes: 'Decision',
    makes: 'Action',
    batch: 5,
    async load(ids) {
      const loaded = new Map<string, ToAct>();
      for (const id of ids) {
        const item = await waiting(deps.db, id);
        if (item) loaded.set(id, item);
      }
      return loaded;
    },
    work: oneByOne(async (item, id): Promise<Acted> => {
      const { action, decision, issue } = item;
      const hand = deps.handFor(action.kind);
      const call: Action = {
        id: action.id,
        kind: action.kind,
        idempotencyKey: action.idempotencyKey,
        payload: action.payload,
        issue,
      };
      if (decision.status === 'undone') {
        // One that was begun may be in the world, although we were cut off before we could note it.
        const receipt = action.receipt ?? (action.state === 'running' && hand ? await hand.find(call) : null);
        if (!receipt) return { to: 'skipped', note: 'Undone before it happened.' };
        if (!hand)
          return {
            to: 'compensated',
            note: `${receipt.label} stays: ${receipt.system} is no longer connected.`,
            receipt,
          };
        const { undone, note } = await hand.compensate(call, receipt);
        return { to: 'compensated', note: undone ? null : note, receipt };
      }
      if (!hand)
        return {
          to: action.kind === 'linear.issue' ? 'failed' : 'skipped',
          note: `${action.kind.split('.')[0]} is not connected.`,
        };
      if (action.kind === 'linear.issue' && decision.decidedBy) {
        const person = await deps.personOf(decision.decidedBy);
        const open = { kind: 'card', open: true, decidedBy: null, undoUntil: null } as const;
        const allowed = may(person, 'approve', open, deps.now());
        if (!allowed.ok) return { to: 'failed', note: 'Nothing was filed: whoever approved it may no longer approve.' };
      }
      // Written down before the call: after a crash in between, an undo knows that there may be something to take back.
      if (action.state === 'planned')
        await deps.db.transaction('act.intent', (tx) => deps.actions.begin(tx, id, deps.now()));
      return { to: 'done', receipt: await hand.perform(await fitted(call, decision.themeId)) };
    }),
    async write(tx, results, at) {
      const next: Next[] = [];
      for (const { id, item, result } of results) next.push(...(await settle(tx, id, item, result, at)));
      return next;
    },
    async failed(tx, id, item, error, final, at) {
      if (!final) {
        await deps.actions.tried(tx, id, `${systemOf(item.action)} does not answer; trying again.`, at);
        if (item.action.kind !== 'linear.issue') return [];
        return show(tx, item.decision);
      }
      const why = errorLine(error).replace(/^\w+: /, '');
      const { receipt } = item.action;
      // What cannot be taken back stays, and the card says so; the rest of the undo goes on.
      if (item.decision.status === 'undone' && receipt)
        return settle(tx, id, item, { to: 'compensated', note: `${receipt.label} stays: ${why}`, receipt }, at);
      // A backlink that fails for good is a pity; an issue that fails for good ends the decision.
      return settle(tx, id, item, { to: 'failed', note: why }, at);
    },
    pending: (limit) => deps.actions.pending(deps.db, limit),
  };

  /** The action when it has something left to do now, with what it hangs on. */
  async function waiting(tx: Tx, id: string): Promise<ToAct | null> {
    const action = await deps.actions.byId(tx, id);
    const decision = action && (await deps.decisions.byId(tx, action.decisionId));
    if (!action || !decision) return null;
    const issueActionId = 'issueActionId' in action.payload ? String(action.payload.issueActionId) : null;
    const issueAction = issueActionId ? await deps.actions.byId(tx, issueActionId) : null;
    const issue = issueAction?.receipt ?? null;
    if (decision.status === 'undone')
      return ['planned', 'running', 'done'].includes(action.state) ? { action, decision, issue } : null;
    if (decision.status !== 'approved' || (action.state !== 'planned' && action.state !== 'running')) return null;
    // Everything that points to the issue waits for it; when it is done it calls them.
    if (issueActionId && issueAction?.state !== 'done') return null;
    return { action, decision, issue };
  }

  /** A reply says what it is about only where everybody may read it. */
  async function fitted(call: Action, themeId: string): Promise<Action> {
    const { payload, issue } = call;
    if (payload.kind !== 'slack.reply' || (await deps.mayTell(themeId, payload.channel))) return call;
    const named = issue && { ...issue, url: wordlessUrl(issue.url) };
    return { ...call, payload: { ...payload, text: 'This is now tracked.' }, issue: named };
  }

  async function settle(tx: Tx, id: string, item: ToAct, result: Acted, at: Date): Promise<Next[]> {
    const moved = await deps.actions.settle(tx, {
      id,
      from: FROM[result.to],
      to: result.to,
      receipt: 'receipt' in result ? result.receipt : null,
      note: result.to === 'done' ? null : result.note,
      at,
    });
    if (!moved) return [];
    const decision = (await deps.decisions.byId(tx, item.decision.id))!;
    // The undo came while the effect was under way: it is in the world now, so that it is taken back next.
    if (decision.status === 'undone' && result.to === 'done') return [{ stage: 'act', id }];
    const next: Next[] = [{ stage: 'follow', id: decision.id }];
    if (item.action.kind === 'linear.issue' && decision.cardId && decision.status === 'approved') {
      if (result.to === 'done') {
        await deps.cards.change(tx, decision.cardId, { state: 'filed' });
        const others = (await deps.actions.of(tx, decision.id)).filter((action) => action.state === 'planned');
        next.push(...others.map((action): Next => ({ stage: 'act', id: action.id })));
        // Whoever reported between the proposal and the click stands on the card, and belongs to the issue too.
        next.push({ stage: 'assess', id: decision.themeId });
      }
      if (result.to === 'failed') {
        await deps.cards.change(tx, decision.cardId, { state: 'failed' });
        for (const action of await deps.actions.of(tx, decision.id)) {
          if (action.state !== 'planned') continue;
          await deps.actions.settle(tx, {
            id: action.id,
            from: ['planned'],
            to: 'skipped',
            note: 'The issue was not filed.',
            at,
          });
        }
      }
      next.push({ stage: 'show', id: decision.cardId });
      return next;
    }
    return [...next, ...(result.to === 'compensated' || result.to === 'failed' ? await show(tx, decision) : [])];
  }

  async function show(tx: Tx, decision: DecisionRow): Promise<Next[]> {
    if (!decision.cardId) return [];
    await deps.cards.change(tx, decision.cardId, {});
    return [{ stage: 'show', id: decision.cardId }];
  }
}

function systemOf(action: ActionRow): string {
  const system = action.kind.split('.')[0]!;
  return system[0]!.toUpperCase() + system.slice(1);
}
