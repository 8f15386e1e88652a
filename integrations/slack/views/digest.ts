// The digest: one message with what happened since the last one. Every list says how many it leaves out; every title is safe for whoever reads it.
import type { KnownBlock } from '@slack/types';
import type { Chart } from '#src/domain/chart.ts';
import type { DigestDecision, DigestLine, DigestPart, DigestView } from '#src/domain/digest.ts';
import type { Held, ShowNowReply } from '#src/domain/quiet.ts';
import type { Message } from '../client.ts';
import { clip, clipMarkup, LENGTH } from '../limits.ts';
import type { Picture } from '../pictures.ts';
import { harmless, linkTo, when } from '../text.ts';
import { blocksOf, button, context, count, section, sparkline } from './blocks.ts';
import { feedbackBlock } from './feedback.ts';
import { toRef } from './ref.ts';
import { OLD_MESSAGE, refusalText } from './replies.ts';

export const DIGEST_ACTIONS = { show: 'digest_show' } as const;

const TITLE_MAX = 120;
const WEEK = 7;
const DAY_MS = 86_400_000;

/** The digest, with its picture where Slack takes one; one that was sent can be judged under its name. */
export function digestMessage(
  view: DigestView,
  {
    picture = null,
    ratedAs = null,
  }: { picture?: Pick<Picture, 'fileId' | 'alt'> | null; ratedAs?: string | null } = {},
): Message {
  const parts: [title: string, lines: string[]][] = [
    ['New', lined(view.fresh, themeLine)],
    ['Rising', lined(view.rising, (line) => `${themeLine(line)}: ${risingWords(line)}`)],
    ['Waits for a decision', lined(view.waiting, (line) => `${themeLine(line)}, since ${when(line.since, 'day')}`)],
    ['Decided and done', lined(view.decided, decisionLine)],
  ];
  const told = parts.filter(([, lines]) => lines.length > 0);
  const held = view.held.lines.map((line) => `${themeLine(line)} · ${HELD_WORDS[line.why]}`);
  const nothing = told.length === 0 && held.length === 0 ? 'Nothing new, nothing waits, nothing was decided.' : null;
  const heldTitle = `Not posted yet${more(view.held)}`;
  const foot = footer(view);
  return {
    text: clipMarkup(
      [
        headline(view),
        dayWords(view.days),
        ...told.flatMap(([title, lines]) => [`${title}:`, ...lines]),
        ...(held.length > 0 ? [`${heldTitle}:`, ...held] : []),
        nothing,
        foot,
      ]
        .filter(Boolean)
        .join('\n')
        .replace(/[*`]/g, ''),
      LENGTH.text,
    ),
    blocks: blocksOf(
      section(headline(view)),
      picture ? pictureBlock(picture) : null,
      context(`${sparkline(view.days)}  ${dayWords(view.days)}`),
      ...told.map(([title, lines]) => section(`*${title}*\n${lines.join('\n')}`)),
      held.length > 0 && section(`*${heldTitle}*`),
      ...held.map((text, index): KnownBlock => {
        const line = view.held.lines[index]!;
        return { ...section(text), accessory: button(DIGEST_ACTIONS.show, 'Show now', toRef(line.cardId)) };
      }),
      nothing !== null && section(nothing),
      foot !== null && context(foot),
      ratedAs !== null && feedbackBlock({ kind: 'digest', id: ratedAs }),
    ),
  };
}

/** The answer to Show now. */
export function showNowText(reply: ShowNowReply): string {
  switch (reply.kind) {
    case 'posting':
      return `It is on its way into <#${reply.channelId}>.`;
    case 'already':
      return `That one is no longer held back. ${linkTo(reply.permalink, 'This is where it stands')}.`;
    case 'refused':
      return refusalText(reply.refusal);
    case 'no_channel':
      return 'There is no channel for insights yet, so it cannot be posted. An admin chooses one on the Home tab.';
    case 'gone':
      return OLD_MESSAGE;
  }
}

const HELD_WORDS: Record<Held, string> = {
  budget: 'waits because today’s new cards are spent',
  quiet: 'waits for the quiet hours to end',
  paused: 'waits because Throughline is paused',
};

const PERIOD_WORDS: Record<DigestView['cadence'], string> = {
  daily: 'The daily digest',
  weekly: 'The weekly digest',
  now: 'The last seven days',
};

function headline(view: DigestView): string {
  const span = `${when(view.from, 'day')} to ${when(view.to, 'day')}`;
  return `*${PERIOD_WORDS[view.cadence]}*, ${span}\n${count(view.reports, 'report')} from ${count(view.customers, 'customer')}; ${view.before} in the same time before.`;
}

/** What its picture shows: the last seven days beside the seven before. Null when there is nothing to draw. */
export function digestChart(view: DigestView): { chart: Chart; alt: string } | null {
  const [before, now] = [view.days.slice(0, WEEK), view.days.slice(WEEK)];
  if (view.days.every((number) => number === 0)) return null;
  const labels = now.map((_, index) => dayName(Date.parse(view.to) - (now.length - 1 - index) * DAY_MS));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const title = `${count(sum(now), 'report')} in the last 7 days, ${sum(before)} in the 7 before`;
  return {
    chart: {
      title,
      subtitle: ['Each bar stands for 24 hours, by their end (UTC). Dashed line: the 7 days before.'],
      unit: 'reports per day',
      labels,
      now,
      before,
      beforeName: '7 days before',
      panelsTitle: '',
      panels: [],
      locale: 'en-GB',
    },
    alt: `Bar chart of reports per day. The last 7 days: ${now.map((number, index) => `${labels[index]} ${number}`).join(', ')}. As a dashed line the 7 days before: ${before.join(', ')}.`,
  };
}

function dayName(at: number): string {
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

function pictureBlock({ fileId, alt }: Pick<Picture, 'fileId' | 'alt'>): KnownBlock {
  return { type: 'image', slack_file: { id: fileId }, alt_text: clip(alt, 2_000) };
}

function dayWords(days: readonly number[]): string {
  return `Reports per day, the last ${count(days.length, 'day')}: ${days.join(' ')}.`;
}

function themeLine(line: DigestLine): string {
  const title = clip(line.title, TITLE_MAX);
  return `• ${linkTo(line.permalink, title)} (${count(line.customers, 'customer')}, ${count(line.reports, 'report')})`;
}

// No percentages and no forecast: two counts, and the reader judges.
function risingWords({ lastWeek, weekBefore }: { lastWeek: number; weekBefore: number }): string {
  return `${count(lastWeek, 'report')} in the last 7 days, ${weekBefore} in the 7 before`;
}

function decisionLine(line: DigestDecision): string {
  const issue = line.issue ? linkTo(line.issue.url, clip(line.issue.label, 60)) : null;
  const by = line.by === null ? '' : ` by ${harmless(clip(line.by, 80))}`;
  const what: Record<DigestDecision['what'], string> = {
    filed: `filed as ${issue ?? 'an issue'}${by}`,
    approved: `approved${by}, not filed yet`,
    dismissed: `dismissed${by}`,
    undone: `taken back${by}`,
    completed: `${issue ?? 'its issue'} is done`,
  };
  return `• ${linkTo(line.permalink, clip(line.title, TITLE_MAX))}: ${what[line.what]}`;
}

function lined<T>(part: DigestPart<T>, toLine: (line: T) => string): string[] {
  return part.lines.length === 0
    ? []
    : [...part.lines.map(toLine), ...(part.more > 0 ? [`and ${count(part.more, 'more', 'more')}`] : [])];
}

function more(part: DigestPart<unknown>): string {
  return part.more > 0 ? ` (${part.more} more than these)` : '';
}

function footer(view: DigestView): string | null {
  const { quality } = view;
  const judged = quality && [
    quality.precision && `${quality.precision.right} of ${quality.precision.of} cards were judged right`,
    quality.recall &&
      `${quality.recall.right} of ${quality.recall.of} sampled messages that I threw away were rightly thrown away`,
  ];
  const hidden = [view.fresh, view.rising, view.waiting, view.held, view.decided]
    .flatMap<DigestLine>(({ lines }) => lines)
    .filter(({ wordsHidden }) => wordsHidden).length;
  const lines = [
    ...(judged ?? []),
    hidden > 0 && `${count(hidden, 'title')} in general words, since not everybody here may read what was said`,
  ].filter(Boolean);
  return lines.length > 0 ? lines.join(' · ') : null;
}
