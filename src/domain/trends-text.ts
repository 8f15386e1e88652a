// What people type after `trends`, read with patience; and a query as the words that ask for it again.
import { nearestWords } from './nearest.ts';
import { ObservationKind } from './observation.ts';
import { SignalSource } from './signal.ts';
import {
  FILTER_NAMES,
  FILTER_VALUES_MAX,
  type FilterName,
  PERIOD_DAYS_MAX,
  Period,
  TrendsFilters,
  TrendsQuery,
} from './trends.ts';

/** What was not understood. `token` is what was typed; `meant` the word that was probably meant. */
export type TrendsProblem =
  | { why: 'unknown_word'; token: string; meant: string | null }
  | { why: 'unknown_filter'; token: string; meant: FilterName | null }
  | { why: 'unknown_value'; filter: 'source' | 'kind'; token: string; meant: string | null; known: readonly string[] }
  | { why: 'empty_value'; filter: FilterName }
  | { why: 'bad_value'; filter: FilterName; token: string }
  | { why: 'bad_period'; token: string; reason: 'too_long' | 'too_short' | 'backwards' | 'no_date' | 'ahead' }
  | { why: 'two_periods'; token: string };

export type TrendsReading =
  | { kind: 'query'; query: TrendsQuery }
  /** `retry` is what was typed with the likely correction, when there is one. */
  | { kind: 'problem'; problem: TrendsProblem; retry: string | null };

/** The months as people write them, the first one first. */
export const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const UNIT_DAYS: Readonly<Record<string, number>> = {
  d: 1,
  day: 1,
  days: 1,
  w: 7,
  week: 7,
  weeks: 7,
  m: 30,
  month: 30,
  months: 30,
  q: 90,
  quarter: 90,
  quarters: 90,
  y: 365,
  year: 365,
  years: 365,
};
const NUMBERS = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
const FILTER_WORDS: Readonly<Record<string, FilterName>> = {
  area: 'area',
  areas: 'area',
  product: 'area',
  topic: 'area',
  source: 'source',
  sources: 'source',
  via: 'source',
  customer: 'customer',
  customers: 'customer',
  company: 'customer',
  org: 'customer',
  organization: 'customer',
  account: 'customer',
  kind: 'kind',
  kinds: 'kind',
  type: 'kind',
  theme: 'theme',
  themes: 'theme',
};
// Said around the matter, without changing it.
const FILLER = new Set(
  'trend trends for in of the a and only just show me please over during report reports what about is are days'.split(
    ' ',
  ),
);
const COMPARED = new Set(
  'vs versus against compare compared comparing previous before prior to with time period'.split(' '),
);
const ALONE = /^(no|without|not)$/;
const KIND_WORDS = wordsOf(ObservationKind.options, {
  request: 'feature_request',
  requests: 'feature_request',
  feature: 'feature_request',
  features: 'feature_request',
  wish: 'feature_request',
  wishes: 'feature_request',
  outage: 'incident',
  outages: 'incident',
});
const SOURCE_WORDS = wordsOf(SignalSource.options, { ticket: 'zendesk', tickets: 'zendesk', imported: 'import' });

interface Token {
  /** As typed, for what is said about it. */
  raw: string;
  /** The filter in front of a colon, lower case; null without. */
  filter: string | null;
  value: string;
  quoted: boolean;
}

/** Reads what was typed after `trends`. Dates and "this week" are those of UTC. */
export function readTrends(text: string, now: Date): TrendsReading {
  const tokens = tokensOf(text);
  const filters: Record<FilterName, string[]> = { area: [], source: [], customer: [], kind: [], theme: [] };
  let period: Period | null = null;
  let previous = true;
  const problem = (it: TrendsProblem, at?: number, instead?: string | null): TrendsReading => ({
    kind: 'problem',
    problem: it,
    retry:
      at === undefined || !instead
        ? null
        : tokens.map((token, index) => (index === at ? instead : token.raw)).join(' '),
  });

  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at]!;
    if (token.filter !== null) {
      const name = Object.hasOwn(FILTER_WORDS, token.filter) ? FILTER_WORDS[token.filter]! : null;
      if (!name) {
        const meant = FILTER_WORDS[nearestWords(token.filter, Object.keys(FILTER_WORDS))[0] ?? ''] ?? null;
        return problem(
          { why: 'unknown_filter', token: token.filter, meant },
          at,
          meant && `${meant}:${quoted(token.value)}`,
        );
      }
      const values = token.quoted ? [token.value] : token.value.split(',');
      for (const value of values.map((one) => one.trim()).filter((one) => one !== '' || values.length === 1)) {
        if (value === '') return problem({ why: 'empty_value', filter: name });
        if (name === 'source' || name === 'kind') {
          const known = name === 'source' ? SOURCE_WORDS : KIND_WORDS;
          const found = known.get(spelling(value));
          if (!found) {
            const meant = known.get(nearestWords(spelling(value), [...known.keys()])[0] ?? '') ?? null;
            const options = name === 'source' ? SignalSource.options : ObservationKind.options;
            return problem(
              { why: 'unknown_value', filter: name, token: value, meant, known: options },
              at,
              meant && `${name}:${meant}`,
            );
          }
          take(filters[name], found);
        } else take(filters[name], value);
      }
      at += 1;
      continue;
    }
    const rest = tokens.slice(at);
    const found = periodAt(rest, now);
    if (found) {
      const raw = rest
        .slice(0, found.length)
        .map((one) => one.raw)
        .join(' ');
      if ('reason' in found) return problem({ why: 'bad_period', token: raw, reason: found.reason });
      if (period) return problem({ why: 'two_periods', token: raw });
      period = found.period;
      at += found.length;
      continue;
    }
    const word = token.value.toLowerCase();
    if (ALONE.test(word) && tokens[at + 1] && COMPARED.has(tokens[at + 1]!.value.toLowerCase())) {
      previous = false;
      at += 2;
      continue;
    }
    if (FILLER.has(word) || COMPARED.has(word)) {
      at += 1;
      continue;
    }
    // `feature requests`, before its two halves are read alone.
    const pair = KIND_WORDS.get(spelling(`${word} ${tokens[at + 1]?.value ?? ''}`));
    const kind = pair ?? KIND_WORDS.get(spelling(word));
    const source = SOURCE_WORDS.get(spelling(word));
    if (kind || source) {
      if (kind) take(filters.kind, kind);
      else take(filters.source, source!);
      at += pair ? 2 : 1;
      continue;
    }
    const vocabulary = [
      ...KIND_WORDS.keys(),
      ...SOURCE_WORDS.keys(),
      'previous',
      'today',
      'yesterday',
      'month',
      'quarter',
    ];
    const meant = nearestWords(word, vocabulary)[0] ?? null;
    return problem({ why: 'unknown_word', token: token.raw, meant }, at, meant);
  }

  const parsed = TrendsFilters.safeParse(filters);
  if (!parsed.success) {
    const [name, index] = parsed.error.issues[0]!.path as [FilterName, number | undefined];
    return problem({ why: 'bad_value', filter: name, token: filters[name][index ?? FILTER_VALUES_MAX] ?? '' });
  }
  return {
    kind: 'query',
    query: TrendsQuery.parse({ ...(period ? { period } : {}), previous, filters: parsed.data }),
  };
}

/** The words that ask for this query again: what `readTrends` reads as the same. */
export function askAgain({ period, previous, filters }: TrendsQuery): string {
  const time = 'days' in period ? `${period.days}d` : `${period.from}..${period.to}`;
  const chosen = FILTER_NAMES.flatMap((name) => filters[name].map((value) => `${name}:${quoted(value)}`));
  return [time, ...chosen, ...(previous ? [] : ['without previous'])].join(' ');
}

function take(values: string[], value: string): void {
  if (!values.includes(value)) values.push(value);
}

/** A value as it can stand behind a colon. Straight quotes in it become typographic ones, which are read as the same letters. */
function quoted(value: string): string {
  return /^[\p{L}\p{N}_.&/-]+$/u.test(value) ? value : `"${value.replace(/"/g, '”')}"`;
}

// Straight and typographic quotes; one that opens is closed by any of its kind.
const TOKEN =
  /([\p{L}_]+)\s*[:=](?=\s*$)|(?:([\p{L}_]+)\s*[:=]\s*)?(?:"([^"]*)"|“([^“”]*)[”"]|'([^']*)'(?=\s|$)|(\S+))/gu;

function tokensOf(text: string): Token[] {
  // Slack escapes three characters, and shows a pasted name or address as <…|name>.
  const plain = text
    .replace(/<[^<>|]*\|([^<>]*)>/g, '$1')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\u2060/g, '')
    .slice(0, 1_000);
  return [...plain.matchAll(TOKEN)].map((match) => {
    const [raw, lonely, filter, double, curly, single, bare = ''] = match;
    const words = double ?? curly ?? single;
    return {
      raw: raw.trim(),
      filter: (lonely ?? filter)?.toLowerCase() ?? null,
      value: (words ?? bare).trim(),
      quoted: words !== undefined,
    };
  });
}

function spelling(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
}

function wordsOf<T extends string>(options: readonly T[], more: Readonly<Record<string, T>>): Map<string, T> {
  const words = new Map<string, T>();
  for (const option of options) {
    words.set(option, option);
    words.set(`${option}s`, option);
  }
  for (const [word, option] of Object.entries(more)) words.set(word, option);
  return words;
}

// --- periods

type FoundPeriod =
  | { period: Period; length: number }
  | { reason: Extract<TrendsProblem, { why: 'bad_period' }>['reason']; length: number };

/** A period at the start of these tokens, and how many of them it takes. Null when there is none. */
function periodAt(tokens: readonly Token[], now: Date): FoundPeriod | null {
  const words: string[] = [];
  for (const token of tokens.slice(0, 8)) {
    if (token.filter !== null || token.quoted) break;
    words.push(token.value.toLowerCase().replace(/[,;]$/, ''));
  }
  const [first = '', second = ''] = words;
  const today = isoDay(now);

  const lead = /^(last|past|this|current)$/.test(first) ? first : null;
  if (lead && words.length > 1) {
    const calendar = calendarPeriod(lead === 'last' ? 'last' : lead === 'past' ? null : 'this', second, now);
    if (calendar) return dates(calendar[0], calendar[1], 2, today);
    const counted = counting(words.slice(1));
    if (counted) return rolling(counted.days, counted.length + 1);
  }
  if (first === 'today') return dates(today, today, 1, today);
  if (first === 'yesterday') return dates(shift(today, -1), shift(today, -1), 1, today);

  if (first === 'since' || first === 'after') {
    const start = dateAt(words.slice(1), now);
    return start ? dates(start.date, today, 1 + start.length, today) : second ? { reason: 'no_date', length: 2 } : null;
  }
  if (first === 'from' || first === 'between') {
    const start = dateAt(words.slice(1), now);
    if (!start) return second ? { reason: 'no_date', length: 2 } : null;
    const link = words[1 + start.length] ?? '';
    if (!/^(to|until|till|and|-|–)$/.test(link)) return dates(start.date, today, 1 + start.length, today);
    const end = dateAt(words.slice(2 + start.length), now);
    const length = 2 + start.length + (end?.length ?? 1);
    return end ? dates(start.date, end.date, length, today) : { reason: 'no_date', length };
  }
  const range = /^(\d{4}-\d{2}-\d{2})(?:\.\.+|–|—|\/)(\d{4}-\d{2}-\d{2})$/.exec(first);
  if (range) return dates(range[1]!, range[2]!, 1, today);
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(first)) {
    const link = second === 'to' || second === 'until' || second === '-' || second === '–';
    const end = link ? dateAt(words.slice(2), now) : null;
    if (end) return dates(first, end.date, 2 + end.length, today);
    return dates(first, first, 1, today);
  }
  const counted = counting(words);
  if (counted) return rolling(counted.days, counted.length);
  if (words.length > 0) {
    const month = MONTHS.indexOf(first);
    // "may" alone is a word of its own; with a year or spelt out otherwise it is the month.
    if (month >= 0) return wholeMonth(month, second, now, today);
  }
  return null;
}

function rolling(days: number, length: number): FoundPeriod {
  if (days > PERIOD_DAYS_MAX) return { reason: 'too_long', length };
  return days < 1 ? { reason: 'too_short', length } : { period: { days }, length };
}

function dates(from: string, to: string, length: number, today: string): FoundPeriod {
  if (!isDate(from) || !isDate(to)) return { reason: 'no_date', length };
  if (from > to) return { reason: from > today ? 'ahead' : 'backwards', length };
  if (from > today) return { reason: 'ahead', length };
  const parsed = Period.safeParse({ from, to });
  return parsed.success ? { period: parsed.data, length } : { reason: 'too_long', length };
}

/** `30d`, `30`, `2 weeks`, `two weeks`, `week`. */
function counting(words: readonly string[]): { days: number; length: number } | null {
  const [first = '', second = ''] = words;
  const joined = /^(\d{1,5})([a-z]*)$/.exec(first);
  if (joined) {
    const unit = joined[2] || second;
    const days = Object.hasOwn(UNIT_DAYS, unit) ? UNIT_DAYS[unit]! : null;
    if (joined[2]) return days === null ? null : { days: Number(joined[1]) * days, length: 1 };
    return { days: Number(joined[1]) * (days ?? 1), length: days === null ? 1 : 2 };
  }
  const spelt = first === 'a' ? 1 : NUMBERS.indexOf(first);
  if (spelt > 0 && Object.hasOwn(UNIT_DAYS, second) && second.length > 1)
    return { days: spelt * UNIT_DAYS[second]!, length: 2 };
  return first.length > 1 && Object.hasOwn(UNIT_DAYS, first) && !first.startsWith('day')
    ? { days: UNIT_DAYS[first]!, length: 1 }
    : null;
}

/** This or the last whole week (from Monday), month, quarter, year. */
function calendarPeriod(which: 'this' | 'last' | null, unit: string, now: Date): [string, string] | null {
  if (!which) return null;
  const [y, m] = [now.getUTCFullYear(), now.getUTCMonth()];
  const back = which === 'last' ? 1 : 0;
  if (unit === 'week') {
    const monday = shift(isoDay(now), -((now.getUTCDay() + 6) % 7) - 7 * back);
    return [monday, shift(monday, 6)];
  }
  const months = { month: 1, quarter: 3, year: 12 }[unit];
  if (!months) return null;
  const start = Math.floor(m / months) * months - back * months;
  // A month below zero is one of the year before; day zero is the last of the month before.
  return [isoDay(new Date(Date.UTC(y, start, 1))), isoDay(new Date(Date.UTC(y, start + months, 0)))];
}

function wholeMonth(month: number, second: string, now: Date, today: string): FoundPeriod {
  const named = /^(20\d\d)$/.exec(second);
  const year = named ? Number(named[1]) : month > now.getUTCMonth() ? now.getUTCFullYear() - 1 : now.getUTCFullYear();
  const last = isoDay(new Date(Date.UTC(year, month + 1, 0)));
  return dates(`${last.slice(0, 8)}01`, last, named ? 2 : 1, today);
}

/** `2026-10-01`, `1 oct`, `oct 1`, `1st of october 2026`, `yesterday`, `monday`-less on purpose: nobody agrees which one. */
function dateAt(words: readonly string[], now: Date): { date: string; length: number } | null {
  const [first = '', second = '', third = ''] = words;
  if (first === 'today') return { date: isoDay(now), length: 1 };
  if (first === 'yesterday') return { date: shift(isoDay(now), -1), length: 1 };
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(first)) {
    const [y, m, d] = first.split('-');
    const date = `${y}-${m!.padStart(2, '0')}-${d!.padStart(2, '0')}`;
    return isDate(date) ? { date, length: 1 } : null;
  }
  const dayFirst = monthNamed(second);
  const [day, month] = dayFirst === null ? [second, monthNamed(first)] : [first, dayFirst];
  const number = Number(/^(\d{1,2})(?:st|nd|rd|th)?,?$/.exec(day)?.[1] ?? Number.NaN);
  if (month === null || Number.isNaN(number)) return null;
  const named = /^20\d\d$/.test(third) ? Number(third) : null;
  const inYear = (year: number) => `${year}-${String(month + 1).padStart(2, '0')}-${String(number).padStart(2, '0')}`;
  const thisYear = inYear(now.getUTCFullYear());
  const date = named ? inYear(named) : thisYear > isoDay(now) ? inYear(now.getUTCFullYear() - 1) : thisYear;
  return isDate(date) ? { date, length: named ? 3 : 2 } : null;
}

function monthNamed(word: string): number | null {
  if (word.length < 3) return null;
  const found = MONTHS.findIndex(
    (month) => month === word || month.slice(0, 3) === word || (word === 'sept' && month[0] === 's'),
  );
  return found < 0 ? null : found;
}

function isDate(text: string): boolean {
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && isoDay(new Date(at)) === text;
}

function shift(day: string, days: number): string {
  return isoDay(new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000));
}

function isoDay(at: Date): string {
  return at.toISOString().slice(0, 10);
}
