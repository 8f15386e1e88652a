// Trends: what is talked about, how much more or less than before and how sure that is, in numbers first; then as a table.
import type { ActionsBlock, RichTextBlock, TableBlock } from '@slack/types';
import type { Measure } from '#src/domain/change.ts';
import type { TrendRow, TrendsQuery, TrendsView } from '#src/domain/trends.ts';
import { askAgain, type TrendsProblem } from '#src/domain/trends-text.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import type { Picture } from '../pictures.ts';
import { harmless, linkTo, oneLine, utc, webAddress } from '../text.ts';
import { blocksOf, button, context, count, line, link, rich, section, sourceName, sparkline, words } from './blocks.ts';
import { toRef } from './ref.ts';
import { nativeChart, pictureBlock } from './trends-chart.ts';

const TITLE_MAX = 80;
// A sparkline of more bars breaks in a cell of a table on a phone.
const BARS_MAX = 10;
// Slack's limit for what a button carries.
const VALUE_MAX = 2_000;

/** The ids of the buttons under an answer. */
export const TRENDS_ACTIONS = { share: 'trends_share', keep: 'trends_keep' } as const;

/** For a share into a place that the one who asks, or the bot, is not in. */
export const NOT_IN_CHANNEL =
  'I can share it only in a channel that you and I are in. Invite me with `/invite @Throughline` and click again; nothing was posted.';

/** Who an answer is for, and what it shows beside the numbers. */
export interface TrendsShown {
  /** `mine`: for the asker, who may share it. `kept`: for the asker, and nothing more is asked. */
  as: 'mine' | 'kept' | { sharedBy: string };
  /** Whether Slack is asked to draw a chart. */
  native: boolean;
  picture?: Picture | null;
}

/** The answer to `/throughline trends`. */
export function trendsMessage(view: TrendsView, { as, native, picture = null }: TrendsShown): Message {
  const head = headline(view);
  const who = typeof as === 'object' ? `${harmless(clip(as.sharedBy, 80))} asked for this.` : '';
  const about = `Counted: ${queryWords(view)}`;
  const notes = unmatchedNotes(view);
  const rows = view.themes.map((row, index) => rowText(row, index + 1));
  const footer = footerText(view);
  return {
    text: [who, head, about, ...notes, ...rows, footer].filter(Boolean).join('\n').replace(/[*`]/g, ''),
    blocks: blocksOf(
      who !== '' && context(who),
      section(head),
      context(about),
      ...notes.map(section),
      picture ? pictureBlock(picture) : native && nativeChart(view),
      view.themes.length > 0 && themesTable(view),
      footer !== '' && context(footer),
      as === 'mine' && buttons(view),
    ),
  };
}

/** The picture of an answer, below its words: Slack lets nobody change the answer to a slash command. */
export function trendsPicture(view: TrendsView, picture: Picture): Message {
  return {
    text: harmless(picture.alt),
    blocks: blocksOf(context(`Counted: ${queryWords(view)}`), pictureBlock(picture)),
  };
}

function buttons({ query, span, reports }: TrendsView): ActionsBlock | null {
  const value = toRef(askAgain(query), span.to);
  if (value.length > VALUE_MAX || reports.now + (reports.before ?? 0) === 0) return null;
  return {
    type: 'actions',
    elements: [
      button(TRENDS_ACTIONS.share, 'Share to channel', value),
      button(TRENDS_ACTIONS.keep, 'Keep to yourself', value),
    ],
  };
}

/** The numbers that an answer begins with. */
export function headline(view: TrendsView): string {
  const { reports, customers } = view;
  if (reports.now === 0 && !reports.before)
    return `*No reports ${spanWords(view)}.* ${
      isFiltered(view.query)
        ? 'Nothing that I know fits all of these.'
        : 'As soon as somebody writes in a channel that I watch, it shows here.'
    }`;
  const change = [
    reports.change && `Reports: ${changeWords(reports)}.`,
    customers.change && `Customers: ${changeWords(customers)}.`,
    view.knownSince !== null &&
      `Nothing to hold it against yet: the first report that I know is of ${utc(view.knownSince, 'day')}.`,
  ].filter(Boolean);
  return [
    `*${count(reports.now, 'report')} from ${count(customers.now, 'customer')} ${spanWords(view)}.*`,
    ...change,
  ].join('\n');
}

/** `up 45 % from 31 (95 % interval +10 % to +90 %)`, or that it may be chance, or that there is not enough data. */
export function changeWords({ now, before, change }: Measure): string {
  if (change === null || before === null) return '';
  if (change.kind === 'too_few') return `${now} against ${before} before, not enough data to compare (n = ${change.n})`;
  const interval = `95 % interval ${percent(change.low)} to ${change.high === null ? 'no upper bound' : percent(change.high)}`;
  if (change.verdict === 'unclear') return `${now} against ${before} before, which may be chance (${interval})`;
  if (change.ratio === null) return `up from none before (${interval})`;
  const size = change.ratio >= 3 ? `${round(change.ratio)} times as many as` : `${percentAbs(change.ratio)} from`;
  return change.verdict === 'up' && change.ratio >= 3
    ? `${size} the ${before} before (${interval})`
    : `${change.verdict} ${size} ${before} (${interval})`;
}

/** What was counted, in words: the time, each filter, and what it is held against. */
export function queryWords({ query, span }: Pick<TrendsView, 'query' | 'span'>): string {
  return [
    `${utc(span.from, 'day')} to ${utc(span.to)}`,
    ...filterWords(query),
    query.previous ? `against the ${daysWords(span.days)} before` : 'without the time before',
  ].join(' · ');
}

/** Each filter in words: `area billing or export`. */
export function filterWords({ filters }: TrendsQuery): string[] {
  const names: [string, string[]][] = [
    ['area', filters.area],
    ['source', filters.source.map(sourceName)],
    ['kind', filters.kind.map(kindName)],
    ['customer', filters.customer],
    ['theme', filters.theme],
  ];
  return names.flatMap(([name, values]) =>
    values.length > 0 ? [`${name} ${values.map((value) => harmless(clip(value, 60))).join(' or ')}`] : [],
  );
}

/** Why a query was not understood, and what can be asked. `retry` stands ready to be typed. */
export function trendsProblem(problem: TrendsProblem, retry: string | null): string {
  const hint = retry ? ` Did you mean \`/throughline trends ${harmless(clip(retry, 200))}\`?` : '';
  const examples = 'For example: `/throughline trends 30d area:billing source:zendesk kind:bug`, or `last month`.';
  const typed = 'token' in problem ? `“${harmless(clip(problem.token, 60))}”` : '';
  switch (problem.why) {
    case 'unknown_word':
      return `I do not understand ${typed}.${hint || ` ${examples}`}`;
    case 'unknown_filter':
      return `I know the filters \`area\`, \`source\`, \`customer\`, \`kind\` and \`theme\`, not ${typed}.${hint || ` ${examples}`}`;
    case 'unknown_value':
      return `As ${problem.filter} I know ${problem.known.map((one) => `\`${one}\``).join(', ')}, not ${typed}.${hint}`;
    case 'empty_value':
      return `Which ${problem.filter}? Say it behind the colon: \`${problem.filter}:billing\`, or in quotes: \`${problem.filter}:"two words"\`.`;
    case 'bad_value':
      return `${typed || 'That'} is too much for one ${problem.filter}: a name of up to 80 characters, and at most 8 of them.`;
    case 'two_periods':
      return `You named two times, the second one ${typed}. Please name one. ${examples}`;
    case 'bad_period':
      return `${
        {
          too_long: `${typed} is longer than I count: at most 365 days.`,
          too_short: `${typed} is no time to count in: at least one day.`,
          backwards: `${typed} ends before it begins.`,
          no_date: `I do not know the date in ${typed}. Write it as \`2026-10-01\` or \`1 oct\`.`,
          ahead: `${typed} has not happened yet.`,
        }[problem.reason]
      } Periods are like \`7d\`, \`30d\`, \`90d\`, \`this week\`, \`last month\`, \`since 2026-10-01\`.`;
  }
}

/** A kind, as people say it. */
export function kindName(kind: string): string {
  return kind.replaceAll('_', ' ');
}

/** `in the last 30 days`, `from 2026-10-01 to 2026-10-31`. */
export function spanWords({ query: { period }, span }: Pick<TrendsView, 'query' | 'span'>): string {
  return 'days' in period
    ? `in the last ${daysWords(period.days)}`
    : `from ${period.from} to ${utc(new Date(Date.parse(span.to) - 1).toISOString(), 'day')}`;
}

/** `30 days`; a time that is under way has a part of one. */
export function daysWords(days: number): string {
  return Number.isInteger(days) ? count(days, 'day') : `${days.toFixed(1)} days`;
}

function isFiltered({ filters }: TrendsQuery): boolean {
  return Object.values(filters).some((values) => values.length > 0);
}

function unmatchedNotes({ unmatched }: TrendsView): string[] {
  return unmatched.map(({ filter, value, near }) => {
    const meant = near.map((one) => `“${harmless(clip(one, 60))}”`).join(', ');
    return `I know no ${filter} called “${harmless(clip(value, 60))}”.${meant ? ` Near it: ${meant}.` : ''}`;
  });
}

function rowText(row: TrendRow, rank: number): string {
  const title = linkTo(row.permalink, clip(row.title, TITLE_MAX));
  const change = row.reports.change ? `, ${changeWords(row.reports)}` : '';
  return `*${rank}.* ${title}: ${count(row.reports.now, 'report')}, ${count(row.customers.now, 'customer')}${change}`;
}

function themesTable({ themes, query }: TrendsView): TableBlock {
  const text = (value: string) => ({ type: 'raw_text' as const, text: value === '' ? '–' : value });
  const before = query.previous;
  const head = ['Theme', 'Reports', ...(before ? ['Before', 'Change'] : []), 'Customers', 'Course'];
  return {
    type: 'table',
    column_settings: head.map((name) =>
      name === 'Theme' || name === 'Change' || name === 'Course'
        ? { align: 'left', is_wrapped: name !== 'Course' }
        : { align: 'right' },
    ),
    rows: [
      head.map(text),
      ...themes.map((row) => [
        titleCell(row),
        text(String(row.reports.now)),
        ...(before ? [text(String(row.reports.before ?? '')), text(shortChange(row.reports))] : []),
        text(String(row.customers.now)),
        text(sparkline(fewer(row.columns, BARS_MAX))),
      ]),
    ],
  };
}

function titleCell(row: TrendRow): RichTextBlock {
  const title = oneLine(clip(row.title, TITLE_MAX));
  const address = webAddress(row.permalink);
  return rich(line(address ? link(address, title || '–') : words(title)));
}

/** The change in a cell: a number only where one is shown. */
function shortChange({ change }: Measure): string {
  if (change === null) return '–';
  if (change.kind === 'too_few') return `too few (n = ${change.n})`;
  if (change.verdict === 'unclear') return 'may be chance';
  if (change.ratio === null) return 'new';
  return `${change.verdict} ${change.ratio >= 3 ? `${round(change.ratio)}×` : percentAbs(change.ratio)}`;
}

function footerText({ themes, more, hidden }: TrendsView): string {
  return [
    more > 0 && `${count(more, 'more theme')} not listed`,
    hidden > 0 &&
      `${hidden === 1 ? 'the title of 1 theme is' : `the titles of ${hidden} themes are`} not shown, since you cannot open where it was said`,
    themes.some(({ reports: { change } }) => change?.kind === 'measured' && change.verdict === 'unclear') &&
      '“may be chance”: the 95 % interval holds “no change”',
    themes.length > 0 && 'more: `/throughline trends last month kind:bug area:billing`',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** At most so many values, each the sum of neighbours. */
function fewer(values: readonly number[], max: number): number[] {
  const step = Math.ceil(values.length / max);
  const sums: number[] = [];
  for (let end = values.length; end > 0; end -= step)
    sums.unshift(values.slice(Math.max(0, end - step), end).reduce((total, value) => total + value, 0));
  return sums;
}

function percent(ratio: number): string {
  const value = Math.round((ratio - 1) * 100);
  return value >= 1_000 ? `${round(ratio)} times` : `${value < 0 ? '−' : '+'}${Math.abs(value)} %`;
}

function percentAbs(ratio: number): string {
  return `${Math.round(Math.abs(ratio - 1) * 100)} %`;
}

function round(ratio: number): string {
  return ratio >= 10 ? String(Math.round(ratio)) : ratio.toFixed(1);
}
