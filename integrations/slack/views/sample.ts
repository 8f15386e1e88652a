// The weekly sample for a volunteer: each message with two buttons, edited in place as they judge.
import type { KnownBlock } from '@slack/types';
import type { JudgeReply, SampleItem, SampleView } from '#src/domain/sample.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless, linkTo, when } from '../text.ts';
import { blocksOf, button, context, count, line, quoted, rich, section, words } from './blocks.ts';
import { toRef } from './ref.ts';
import { OLD_MESSAGE, refusalText } from './replies.ts';

/** Families: each row has its own of both. */
export const SAMPLE_ACTIONS = { report: 'sample_report', other: 'sample_other' } as const;
const TEXT_MAX = 400;

/** The name under which the sample of a week is found again. */
export function sampleKey(week: string): string {
  return `sample:${week}`;
}

/** The whole sample. */
export function sampleMessage(view: SampleView): Message {
  const left = view.items.filter(({ judgement, text }) => judgement === null && text !== null).length;
  const intro =
    left === 0
      ? '*Thank you: that is all for this week.* What you said counts in `/throughline quality`.'
      : `*Are these reports?* Most of these ${count(view.items.length, 'message')} I threw away, some I kept. Two taps each tell me what I miss. A report is captured. ${left} left.`;
  return {
    text: [intro.replace(/[*`]/g, ''), ...view.items.map(plainOf)].join('\n'),
    blocks: blocksOf(
      section(intro),
      ...view.items.flatMap((item) => blocksFor(view, item)),
      context('You get this because you volunteered; `/throughline volunteer off` ends it.'),
    ),
  };
}

function blocksFor(view: SampleView, item: SampleItem): KnownBlock[] {
  if (item.text === null) return [context(`${item.n}. This message is gone.${judgedWords(item)}`)];
  const where = [
    harmless(clip(item.where, 80)).trim() || 'in a place without a name',
    item.at ? when(item.at) : '',
    item.permalink ? linkTo(item.permalink, 'open') : '',
  ]
    .filter(Boolean)
    .join(' · ');
  const shown = rich(line(words(`${item.n}. `, { bold: true })), quoted(words(item.text, undefined, TEXT_MAX)));
  if (item.judgement) return [shown, context(`${where}.${judgedWords(item)}`)];
  return [
    shown,
    context(where),
    {
      type: 'actions',
      elements: [
        button(`${SAMPLE_ACTIONS.report}:${item.n}`, 'A report', toRef(view.week, item.n)),
        button(`${SAMPLE_ACTIONS.other}:${item.n}`, 'Not a report', toRef(view.week, item.n)),
      ],
    },
  ];
}

const VERDICTS: Readonly<Record<SampleItem['verdict'], string>> = {
  noise: 'I had thrown it away',
  left_out: 'I had left it to people',
  passed: 'I had kept it',
};

function judgedWords(item: SampleItem): string {
  if (!item.judgement) return '';
  const captured = item.judgement === 'report' && item.verdict !== 'passed' ? ', and it is captured now' : '';
  return ` You said: ${item.judgement === 'report' ? 'a report' : 'not a report'}. ${VERDICTS[item.verdict]}${captured}.`;
}

function plainOf(item: SampleItem): string {
  return `${item.n}. ${item.text === null ? 'gone' : `“${harmless(clip(item.text, 160))}”`}${judgedWords(item)}`;
}

/** The answer to a tap; null when the message itself says it. */
export function judgedText(reply: JudgeReply): string | null {
  switch (reply.kind) {
    case 'done':
    case 'already':
      return null;
    case 'not_yours':
      return 'This sample was drawn for somebody else, from places that they may read.';
    case 'refused':
      return refusalText(reply.refusal);
    case 'gone':
      return OLD_MESSAGE;
  }
}

/** Said to somebody who volunteers. */
export const WELCOME =
  'Thank you. Once a week one volunteer gets ten messages that I threw away, mixed with a few that I kept, only from places that they may read. You tell me by two taps each which are reports, and I learn how much I miss. Whoever waited longest comes next; `/throughline volunteer off` ends it.';

/** The answers to /throughline volunteer. */
export const VOLUNTEER_WORDS = {
  on: 'You are a volunteer now. I wrote you a direct message about it.',
  off: 'You are no volunteer any more. What you judged still counts.',
  is: 'You are a volunteer: now and then you get a sample to judge. `/throughline volunteer off` ends it.',
  isNot:
    'You are no volunteer. `/throughline volunteer on` makes you one: now and then you judge by taps which of a few messages are reports, so that we all know how much I miss.',
} as const;
