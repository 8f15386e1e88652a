// What an answer says, line by line: each part in words, the numbers first, and what is not shown counted.
import type { AnswerPart, AskDimension, AskFilter, AskMiss, AskSpan, ShownAnswer, ThemeFate } from '#src/domain/ask.ts';
import type { ShownQuote } from '#src/domain/card.ts';
import { EVENTS_NEEDED, measureOf } from '#src/domain/change.ts';
import { clip } from '../limits.ts';
import { harmless, linkTo, utc, when } from '../text.ts';
import { count, sourceName, sparkline } from './blocks.ts';
import { changeWords, kindName } from './trends.ts';

const TITLE_MAX = 120;
const NAMES_MAX = 8;

/** One line of an answer, for blocks and for plain text alike. */
export type Line =
  | { kind: 'text'; markup: string }
  | { kind: 'small'; markup: string }
  | { kind: 'quote'; quote: ShownQuote };

/** Said to whoever greets us, or asks nothing. */
export const GREETING = 'I answer questions about what customers report. For example:';
const NOT_UNDERSTOOD = 'I did not understand that. I answer questions about what customers report, for example:';
/** What can be asked, by example. */
export const EXAMPLE_LIST = [
  'What do customers complain about this week?',
  'How many reports about the CSV export in the last 30 days?',
  'Compare exports with billing',
  'Which areas get the most reports?',
  'What became of the CSV export? Who asked for it?',
  'What is new? What waits for a decision?',
]
  .map((one) => `• ${one}`)
  .join('\n');

/** Everything that an answer says, in order. */
export function linesOf(answer: ShownAnswer): Line[] {
  if (answer.outcome === 'greeted') return [text(`${GREETING}\n${EXAMPLE_LIST}`)];
  if (answer.outcome === 'not_understood') {
    const near = answer.parts.flatMap((part) => (part.tool === 'nothing' ? part.near : []));
    const meant = near.length > 0 ? [text(`Did you mean ${nearWords(near)}?`)] : [];
    return [text(`${NOT_UNDERSTOOD}\n${EXAMPLE_LIST}`), ...meant];
  }
  return answer.parts.flatMap((part) => partLines(part, answer));
}

function partLines(part: AnswerPart, answer: ShownAnswer): Line[] {
  switch (part.tool) {
    case 'count':
      return [text(countWords(part, answer))];
    case 'compare':
      return compareLines(part.sides, answer);
    case 'themes':
      return themeLines(part, answer);
    case 'newest': {
      const many = part.rows.length + part.hidden;
      const head =
        many === 0 ? `*Nothing new* ${spanWords(part)}.` : `*${count(many, 'new theme')}* ${spanWords(part)}.`;
      return [text(head), ...part.rows.flatMap((row, at) => newLines(row, at, answer)), ...hiddenThemes(part.hidden)];
    }
    case 'trend': {
      const { columns, columnDays } = part;
      const bars = `\`${sparkline(columns.slice(-31))}\` ${columns.slice(-12).join(' ')}${columns.length > 12 ? ' at the end' : ''}, each ${count(columnDays, 'day')}, oldest first`;
      return [text(countWords(part, answer)), ...(columns.length > 1 ? [text(bars)] : [])];
    }
    case 'breakdown':
      return breakdownLines(part, answer);
    case 'fate':
      return [...part.rows.flatMap((row) => fateLines(row, answer)), ...hiddenThemes(part.hidden)];
    case 'waiting': {
      const many = part.rows.length + part.hidden;
      const head =
        many === 0
          ? '*Nothing waits for a decision.* New insights appear in the insights channel.'
          : `*${count(many, 'theme')} ${many === 1 ? 'waits' : 'wait'} for a decision.*`;
      return [text(head), ...part.rows.map((row, at) => text(rowWords(row, at, answer))), ...hiddenThemes(part.hidden)];
    }
    case 'said':
      return [text(saidWords(part, answer)), ...sourcesOf(part, answer)];
    case 'nothing':
      return [text(missWords(part.miss, part.filter, part.near))];
    case 'note':
      return [
        text(
          `I do not know which customers are “${harmless(clip(part.words, 40))}”: no source tells me of plans or tiers. This counts all customers.`,
        ),
      ];
  }
}

type Counting = Extract<AnswerPart, { tool: 'count' | 'trend' | 'themes' | 'breakdown' }>;

/** The numbers and the change, in one or two sentences. */
function countWords(part: Counting, answer: ShownAnswer, withChange = true): string {
  const { reports, customers } = part.counted;
  const about = [scopeWords(part.filter, answer), spanWords(part)].filter(Boolean).join(' ');
  if (reports.now === 0) {
    const before = reports.before ? ` There were ${reports.before} in the time before.` : '';
    return `*No ${kindsWords(part.filter, 0)}* ${about}.${before}`;
  }
  const change = withChange && reports.change ? ` ${sentence(changeWords(reports))}.` : '';
  return `*${reports.now} ${kindsWords(part.filter, reports.now)} from ${count(customers.now, 'customer')}* ${about}.${change}`;
}

const MANY: Readonly<Record<string, string>> = { praise: 'words of praise', noise: 'messages without a matter' };

/** What is counted, by name: reports, or the kinds of them that were asked for. */
function kindsWords({ kinds }: AskFilter, number: number): string {
  if (!kinds) return number === 1 ? 'report' : 'reports';
  const names = kinds.map((kind) => (number === 1 ? kindName(kind) : (MANY[kind] ?? `${kindName(kind)}s`)));
  const last = names.pop();
  return names.length > 0 ? `${names.join(', ')} ${number === 1 ? 'or' : 'and'} ${last}` : last!;
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function compareLines(sides: Extract<AnswerPart, { tool: 'compare' }>['sides'], answer: ShownAnswer): Line[] {
  const [a, b] = sides;
  if (!a || !b) return [];
  const name = (side: typeof a) => `“${harmless(clip(side.filter.about ?? '', 60))}”`;
  const { change } = measureOf(a.counted.reports.now, b.counted.reports.now);
  const verdict =
    change === null || change.kind === 'too_few'
      ? `Not enough data to say which is reported more (n = ${change?.n ?? 0}).`
      : change.verdict === 'unclear'
        ? 'The difference may be chance: its 95 % interval holds “no difference”.'
        : `*${change.verdict === 'up' ? name(a) : name(b)} is reported more*, and more than chance would do.`;
  return [text(verdict), text(`• ${countWords(a, answer)}`), text(`• ${countWords(b, answer)}`)];
}

function themeLines(part: Extract<AnswerPart, { tool: 'themes' }>, answer: ShownAnswer): Line[] {
  const reports = part.counted.reports.now;
  const few = reports > 0 && reports < EVENTS_NEEDED;
  const lead = part.order === 'growth' ? 'What has grown most:' : 'Most customers speak of:';
  const head =
    part.rows.length === 0
      ? ''
      : few
        ? ` Not enough data (n = ${reports}) to say what is common; this is all there is:`
        : ` ${lead}`;
  const none = part.order === 'growth' && part.rows.length === 0 && reports > 0 ? ' Nothing has grown.' : '';
  return [
    text(`${countWords(part, answer, !few)}${head}${none}`),
    ...part.rows.flatMap((row, at): Line[] => {
      const change = row.reports.change?.kind === 'measured' ? `, ${changeWords(row.reports)}` : '';
      const counts = `${count(row.reports.now, 'report')}, ${count(row.customers.now, 'customer')}${change}`;
      return [text(`*${at + 1}.* ${titleOf(row.themeId, answer)}: ${counts}`), ...quoteOf(row.themeId, answer)];
    }),
    ...(part.more > 0 ? [small(`${count(part.more, 'more theme')} not listed.`)] : []),
    ...hiddenThemes(part.hidden),
  ];
}

function newLines(row: ThemeFate, at: number, answer: ShownAnswer): Line[] {
  return [text(rowWords(row, at, answer)), ...quoteOf(row.themeId, answer)];
}

function rowWords(row: ThemeFate, at: number, answer: ShownAnswer): string {
  return `*${at + 1}.* ${titleOf(row.themeId, answer)}: ${count(row.reports, 'report')}, ${count(row.customers, 'customer')}, first ${when(row.since, 'day')}`;
}

const DIMENSIONS: Record<AskDimension, string> = { area: 'area', source: 'source', kind: 'kind', customer: 'customer' };

function breakdownLines(part: Extract<AnswerPart, { tool: 'breakdown' }>, answer: ShownAnswer): Line[] {
  const label = (key: string | null): string | null => {
    if (key === null) return part.by === 'area' ? 'no area named' : 'unknown';
    if (part.by === 'source') return sourceName(key);
    if (part.by === 'kind') return kindName(key);
    return part.by === 'customer' ? (answer.customers[key] ?? null) : key;
  };
  const named = part.rows.flatMap((row) => {
    const name = label(row.key);
    return name === null ? [] : [{ ...row, name }];
  });
  const nameless = part.rows.length - named.length;
  const rows = named.map(({ name, reports, before }) => {
    const was = before === null ? '' : `, ${before} before`;
    return `• ${harmless(clip(name, 80))}: ${reports}${was}`;
  });
  return [
    text(`${countWords(part, answer)} By ${DIMENSIONS[part.by]}:`),
    ...(rows.length > 0 ? [text(rows.join('\n'))] : []),
    ...(nameless > 0
      ? [
          small(
            `${count(nameless, 'more customer')} among the most frequent, whose names may not be read by everybody here.`,
          ),
        ]
      : []),
  ];
}

const OUTCOMES: Record<NonNullable<ThemeFate['outcome']>, string> = {
  open: 'is open',
  in_progress: 'is in progress',
  completed: 'is completed',
  canceled: 'was canceled',
  removed: 'was deleted',
};

function fateLines(row: ThemeFate, answer: ShownAnswer): Line[] {
  const counts = `${count(row.reports, 'report')} from ${count(row.customers, 'customer')}, from ${when(row.since, 'day')} to ${when(row.newest, 'day')}`;
  const names = row.customerIds.flatMap((id) => answer.customers[id] ?? []).slice(0, NAMES_MAX);
  const others = row.customers - names.length;
  const who =
    names.length === 0
      ? ''
      : ` Asked by ${names.map((name) => harmless(clip(name, 60))).join(', ')}${others > 0 ? ` and ${others} more` : ''}.`;
  return [
    text(`*${titleOf(row.themeId, answer)}*\n${counts}. ${decisionWords(row, answer)}${who}`),
    ...quoteOf(row.themeId, answer),
    small(`The whole chain: \`/throughline trace ${row.themeId}\``),
  ];
}

function decisionWords({ decision, issue, outcome, card }: ThemeFate, { people }: ShownAnswer): string {
  if (!decision) {
    if (card === 'open' || card === 'waiting') return 'It waits for a decision.';
    if (card === 'snoozed') return 'It was set aside for now.';
    return 'Nothing has been proposed or decided about it yet.';
  }
  const by = harmless(people[decision.by] ?? 'somebody');
  const at = when(decision.at, 'day');
  if (decision.status === 'dismissed') return `It was dismissed by ${by} on ${at}.`;
  if (decision.status === 'undone') return `It was approved, and ${by} took that back on ${at}.`;
  const filed = issue
    ? ` It was filed as ${linkTo(issue.url, clip(issue.label, 40))}${outcome ? `, which ${OUTCOMES[outcome]}` : ''}.`
    : ' It is not filed yet.';
  return `It was approved by ${by} on ${at}.${filed}`;
}

/** A model's sentence with titles in the place of ids. */
function saidWords({ text: said }: Extract<AnswerPart, { tool: 'said' }>, answer: ShownAnswer): string {
  return said
    .split(/(\{(?:thm|cus)_[0-9a-f]{24}\})/)
    .map((piece) => {
      const id = /^\{((?:thm|cus)_[0-9a-f]{24})\}$/.exec(piece)?.[1];
      if (!id) return harmless(piece) === '' ? '' : spaced(piece);
      if (id.startsWith('thm_')) return titleOf(id, answer);
      return harmless(answer.customers[id] ?? 'a customer whose name not everybody here may read');
    })
    .join('');
}

// `harmless` trims; the space between a word and a title stays.
function spaced(piece: string): string {
  return `${/^\s/.test(piece) ? ' ' : ''}${harmless(piece)}${/\s$/.test(piece) ? ' ' : ''}`;
}

function sourcesOf(part: Extract<AnswerPart, { tool: 'said' }>, answer: ShownAnswer): Line[] {
  const themes = part.restsOn.filter((id) => id.startsWith('thm_') && !part.text.includes(id));
  const sources = [
    ...themes.slice(0, 3).map((id) => titleOf(id, answer)),
    ...part.counted
      .slice(0, 3)
      .map((one) =>
        [kindsWords(one.filter, 2), scopeWords(one.filter, answer), spanWords(one)].filter(Boolean).join(' '),
      ),
  ];
  return sources.length > 0 ? [small(`Rests on: ${sources.join(' · ')}`)] : [];
}

function titleOf(themeId: string, { themes }: ShownAnswer): string {
  const theme = themes[themeId];
  if (!theme) return 'a theme that not everybody who reads this can open';
  return linkTo(theme.url, clip(theme.title, TITLE_MAX));
}

function quoteOf(themeId: string, { quotes }: ShownAnswer): Line[] {
  const quote = quotes[themeId];
  return quote ? [{ kind: 'quote', quote }] : [];
}

function hiddenThemes(hidden: number): Line[] {
  if (hidden === 0) return [];
  return [
    small(
      `${count(hidden, 'more theme')} ${hidden === 1 ? 'is' : 'are'} not named, since not everybody who reads this can open where ${hidden === 1 ? 'it was' : 'they were'} reported.`,
    ),
  ];
}

function scopeWords(filter: AskFilter, answer: ShownAnswer): string {
  return [
    filter.about && `about “${harmless(clip(filter.about, 80))}”`,
    filter.theme && `about ${titleOf(filter.theme, answer)}`,
    filter.area && `in the area “${harmless(clip(filter.area, 60))}”`,
    filter.source && `from ${sourceName(filter.source)}`,
    filter.customer && `from the customer “${harmless(clip(filter.customer, 60))}”`,
  ]
    .filter(Boolean)
    .join(' ');
}

function spanWords({ filter, span }: { filter: AskFilter; span: AskSpan }): string {
  if (filter.since) return `since the last release (${utc(span.from, 'day')})`;
  if (!filter.daysAgo) return `in the last ${count(span.days, 'day')}`;
  const from = utc(span.from, 'day');
  const to = utc(new Date(Date.parse(span.to) - 1).toISOString(), 'day');
  return from === to ? `on ${from}` : `from ${from} to ${to}`;
}

function missWords(miss: AskMiss, filter: AskFilter, near: readonly string[]): string {
  switch (miss) {
    case 'no_release':
      return 'Nobody tells me of releases, so I cannot count since the last one. An event named `release`, sent to `POST /api/v1/signals`, would do. Until then, name a time: “in the last 14 days”.';
    case 'unknown_customer':
      return `I know no customer called “${harmless(clip(filter.customer ?? '', 80))}”.`;
    case 'unknown_area':
      return `I know no area called “${harmless(clip(filter.area ?? '', 60))}”.${near.length > 0 ? ` I know ${nearWords(near)}.` : ''}`;
    case 'unknown_topic':
      return `I found nothing about “${harmless(clip(filter.about ?? '', 80))}” among what everybody who reads this can open.${near.length > 0 ? ` Did you mean ${nearWords(near)}?` : ''}`;
  }
}

function nearWords(near: readonly string[]): string {
  return near.map((name) => `“${harmless(clip(name, 60))}”`).join(', ');
}

function text(markup: string): Line {
  return { kind: 'text', markup };
}

/** A line beside the matter. */
export function small(markup: string): Line {
  return { kind: 'small', markup };
}
