// Votes by button on what we made, and the one tap that says why not.
import { isVoteReason, RATED_KINDS, type RatedThing } from '#src/domain/evaluation.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { Ask, SlackApp } from '../app.ts';
import { FEEDBACK_ACTIONS, REASON_NOTED, votedMessage } from '../views/feedback.ts';
import { fromRef } from '../views/ref.ts';
import { OLD_MESSAGE, refusalText } from '../views/replies.ts';

/** Hangs up the listeners. */
export function listenToFeedback(app: SlackApp, deps: { verbs: Pick<Verbs, 'vote' | 'explain'> }): void {
  app.onAction(FEEDBACK_ACTIONS.vote, onVote);
  app.onActions(FEEDBACK_ACTIONS.vote, onVote);

  app.onActions(FEEDBACK_ACTIONS.reason, async (ask) => {
    const [reason, kind, id] = fromRef(ask.value, 3) ?? [];
    const thing = thingOf(kind, id);
    if (!thing || !isVoteReason(reason)) return ask.reply(OLD_MESSAGE);
    const reply = await deps.verbs.explain({ thing, person: await ask.person(), reason });
    if (reply.kind === 'refused') return ask.reply(refusalText(reply.refusal));
    await ask.reply(reply.kind === 'done' ? REASON_NOTED : OLD_MESSAGE);
  });

  async function onVote(ask: Ask): Promise<void> {
    const [side, kind, id] = fromRef(ask.value, 3) ?? [];
    const thing = thingOf(kind, id);
    if (!thing || (side !== 'up' && side !== 'down')) return ask.reply(OLD_MESSAGE);
    const reply = await deps.verbs.vote({ thing, person: await ask.person(), vote: side === 'up' ? 1 : -1 });
    const message = votedMessage(reply, thing);
    if (message) await ask.reply(message);
  }
}

function thingOf(kind: string | undefined, id: string | undefined): RatedThing | null {
  const known = RATED_KINDS.find((one) => one === kind);
  return known && id ? { kind: known, id } : null;
}
