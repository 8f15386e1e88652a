// The answer to a question in words: the numbers first, then what they rest on, what is not shown, and who worked it out.
import type { KnownBlock } from '@slack/types';
import type { AskStep, ShownAnswer, Suggestion } from '#src/domain/ask.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless, oneLine, webAddress, when } from '../text.ts';
import { EXAMPLE_LIST, GREETING, type Line, linesOf, small } from './answer-lines.ts';
import {
  blocksOf,
  button,
  context,
  count,
  line,
  link,
  moment,
  quoted,
  rich,
  section,
  sourceName,
  words,
} from './blocks.ts';
import { feedbackBlock } from './feedback.ts';
import { toRef } from './ref.ts';

export const ANSWER_ACTIONS = {
  share: 'answer_share',
  keep: 'answer_keep',
} as const;

/** The name under which the answer to a question is found again. */
export function answerKey(answerId: string): string {
  return `answer:${answerId}`;
}

const QUOTE_MAX = 300;
const QUESTION_MAX = 200;
const LINES_MAX = 40;

/** How an answer stands: alone before its asker, who may share it; kept to them; where it was asked; or shared by somebody. */
export type AnswerLook = 'mine' | 'kept' | 'shown' | { sharedBy: string };

/** The whole answer. */
export function answerMessage(answer: ShownAnswer, as: AnswerLook): Message {
  const lines = [...introOf(answer, as), ...linesOf(answer)].slice(0, LINES_MAX);
  const footer = footerOf(answer);
  return {
    text: [...lines.map(plainOf), footer].join('\n'),
    blocks: blocksOf(...lines.map(blockOf), context(footer), ...actionsOf(answer, as)),
  };
}

/** What Throughline can be asked, for somebody who asks nothing yet. */
export function capabilities(): Message {
  const text = `${GREETING}\n${EXAMPLE_LIST}`;
  return {
    text,
    blocks: blocksOf(
      section(text),
      context('Numbers are counted, never guessed, and you see only words that you can open in Slack.'),
    ),
  };
}

/** Said to somebody who mentions us and asks nothing. */
export const MENTION_HINT =
  'You called? Ask me something in the same message, for example “what do customers complain about this week?”, or write “capture” in a thread to keep its first message.';

/** What is done right now, as Slack shows it behind our name. */
export const STATUS: Record<AskStep, string> = {
  reading: 'is reading the question…',
  thinking: 'is thinking about what to look up…',
  counting: 'is counting reports…',
  writing: 'is writing the answer…',
  checking: 'is checking every number…',
};
/** The same as the title of a step. */
export const STEP_TITLES: Record<AskStep, string> = {
  reading: 'Reading the question',
  thinking: 'Thinking about what to look up',
  counting: 'Counting reports',
  writing: 'Writing the answer',
  checking: 'Checking every number',
};

/** The first word after a command whose answer takes a model's time. */
export const WAITING = 'I am looking it up; the answer comes here.';
export const SHARED = 'Shared. In the channel it shows only words that everybody there can open.';
export const SHARED_ALREADY = 'This answer stands in the channel already.';
export const KEPT = 'Only you see this answer.';
export const NOWHERE_TO_SHARE = 'There is no channel here to share it with.';

/** A suggested question: its label, and what is asked when somebody takes it. */
export function promptOf(suggestion: Suggestion): { title: string; message: string } {
  switch (suggestion.kind) {
    case 'complaints':
      return { title: 'What customers complain about', message: 'What do customers complain about this week?' };
    case 'new':
      return { title: 'What is new', message: 'What is new this week?' };
    case 'waiting':
      return { title: 'What waits for a decision', message: 'What waits for a decision?' };
    case 'area':
      return {
        title: clip(`How ${oneLine(suggestion.area)} is doing`, 60),
        message: clip(
          `How many reports in area:"${oneLine(suggestion.area).replaceAll('"', '')}" in the last 30 days?`,
          150,
        ),
      };
    case 'capabilities':
      return { title: 'What I can ask', message: 'What can you do?' };
  }
}
export const PROMPTS_TITLE = 'Ask what customers report';

function introOf({ question }: ShownAnswer, as: AnswerLook): Line[] {
  if (typeof as === 'string' || question === null) return [];
  return [small(`${harmless(clip(as.sharedBy, 80))} asked: “${harmless(clip(question, QUESTION_MAX))}”`)];
}

const FELL_BACK: Readonly<Record<string, string>> = {
  timeout: 'the model took too long',
  refused: 'the model would not answer',
  bad_answer: 'the model’s answer did not fit what was counted',
  too_many_turns: 'the model did not come to an end',
  too_many_look_ups: 'the model did not come to an end',
};

function footerOf({ producedBy, fellBack, hiddenQuotes, outcome }: ShownAnswer): string {
  const by = producedBy.model
    ? `Written by ${harmless(clip(producedBy.model, 60))}, which may misunderstand; the numbers are counted by the database`
    : `Answered by rules${fellBack ? `, since ${FELL_BACK[fellBack] ?? 'the model could not be reached'}` : ''}`;
  return [
    hiddenQuotes > 0 &&
      `${count(hiddenQuotes, 'quote')} hidden: not everybody who reads this can open where ${hiddenQuotes === 1 ? 'it was' : 'they were'} said`,
    outcome === 'answered' || fellBack
      ? by
      : 'Numbers are counted, never guessed, and you see only words that you can open in Slack',
  ]
    .filter(Boolean)
    .join(' · ');
}

function actionsOf({ answerId, outcome }: ShownAnswer, as: AnswerLook): (KnownBlock | false)[] {
  if (outcome !== 'answered') return [];
  const ref = toRef(answerId);
  return [
    as === 'mine' && {
      type: 'actions',
      elements: [
        button(ANSWER_ACTIONS.share, 'Share to channel', ref),
        button(ANSWER_ACTIONS.keep, 'Keep to yourself', ref),
      ],
    },
    // Only the one who asked judges an answer, and they have theirs.
    typeof as === 'string' && feedbackBlock({ kind: 'answer', id: answerId }),
  ];
}

function blockOf(one: Line): KnownBlock {
  if (one.kind === 'text') return section(one.markup);
  if (one.kind === 'small') return context(one.markup);
  const { quote } = one;
  const address = webAddress(quote.permalink);
  return rich(
    quoted(words(clip(oneLine(quote.text), QUOTE_MAX))),
    line(
      words(`${clip(quote.who, 60)}, ${sourceName(quote.source)} · `, undefined, 200),
      moment(quote.at),
      ...(address ? [words(' · '), link(address, 'open')] : []),
    ),
  );
}

function plainOf(one: Line): string {
  if (one.kind === 'quote')
    return `“${harmless(clip(one.quote.text, QUOTE_MAX))}” (${harmless(clip(one.quote.who, 60))}, ${when(one.quote.at, 'day')})`;
  return one.markup.replace(/[*`]/g, '');
}
