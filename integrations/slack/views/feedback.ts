// What people think of what we made: two buttons on it, and one question after a no.
import type { ContextActionsBlock } from '@slack/types';
import { type RatedThing, VOTE_REASONS, type VoteReply } from '#src/domain/evaluation.ts';
import type { Message } from '../client.ts';
import { LENGTH } from '../limits.ts';
import { blocksOf, button, plain, section } from './blocks.ts';
import { toRef } from './ref.ts';
import { OLD_MESSAGE, refusalText } from './replies.ts';

/** `vote` is a family: where Slack has no feedback buttons, the two plain ones are called `feedback_vote:up` and `:down`. */
export const FEEDBACK_ACTIONS = { vote: 'feedback_vote', reason: 'feedback_reason' } as const;

/** The buttons under a thing. */
export function feedbackBlock(thing: RatedThing): ContextActionsBlock {
  const side = (label: string, spoken: string, vote: 'up' | 'down') => ({
    text: plain(label, LENGTH.button),
    value: toRef(vote, thing.kind, thing.id),
    accessibility_label: spoken,
  });
  return {
    type: 'context_actions',
    elements: [
      {
        type: 'feedback_buttons',
        action_id: FEEDBACK_ACTIONS.vote,
        positive_button: side('Helpful', `This ${NAMES[thing.kind]} is helpful`, 'up'),
        negative_button: side('Not helpful', `This ${NAMES[thing.kind]} is not helpful`, 'down'),
      },
    ],
  };
}

const NAMES: Readonly<Record<RatedThing['kind'], string>> = { card: 'card', answer: 'answer', digest: 'digest' };

/** The answer to a vote, for the one who voted; null when the buttons say it all. */
export function votedMessage(reply: VoteReply, thing: RatedThing): Message | null {
  switch (reply.kind) {
    case 'done':
      if (reply.askWhy) return whyQuestion(thing);
      if (reply.vote === 0) return { text: CONTRADICTION, blocks: [section(CONTRADICTION)] };
      return null;
    case 'not_asker':
      return { text: NOT_ASKER, blocks: [section(NOT_ASKER)] };
    case 'refused':
      return { text: refusalText(reply.refusal), blocks: [section(refusalText(reply.refusal))] };
    case 'gone':
      return { text: OLD_MESSAGE, blocks: [section(OLD_MESSAGE)] };
  }
}

const CONTRADICTION =
  'Your button and your reaction contradict each other, so that neither counts. Take one of them away to let the other count.';
const NOT_ASKER = 'Only the person who asked can judge this answer. Your click changed nothing.';

/** Asked once after a no. */
export function whyQuestion(thing: RatedThing): Message {
  const text = `Thank you. What was wrong with this ${NAMES[thing.kind]}? One tap helps me do better; I will not ask again.`;
  return {
    text: `${text} ${Object.values(VOTE_REASONS).join(', ')}.`,
    blocks: blocksOf(section(text), {
      type: 'actions',
      elements: Object.entries(VOTE_REASONS).map(([reason, label]) =>
        button(`${FEEDBACK_ACTIONS.reason}:${reason}`, label, toRef(reason, thing.kind, thing.id)),
      ),
    }),
  };
}

/** The answer to the reason. */
export const REASON_NOTED = 'Noted, thank you. It counts for the version that made this.';
