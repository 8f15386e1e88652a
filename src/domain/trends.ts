// Trends: what is asked when somebody asks what is talked about, over which time, and what the answer holds. Counting is storage's; these are its rules.
import { z } from 'zod';
import type { Measure } from './change.ts';
import { DAY_MS } from './insight.ts';
import { ObservationKind } from './observation.ts';
import type { Person, Refusal } from './policy.ts';
import { SignalSource } from './signal.ts';
import type { Audience } from './visibility.ts';

export const PERIOD_DAYS_MAX = 365;
/** What is meant when nobody says. */
export const PERIOD_DAYS_DEFAULT = 7;
/** Values of one filter. */
export const FILTER_VALUES_MAX = 8;
const VALUE_LENGTH_MAX = 80;

const Day = z.iso.date();

/** Days back from now, to the minute; or whole days by date in UTC, both included, as far as they have passed. */
export const Period = z.union([
  z.strictObject({ days: z.int().min(1).max(PERIOD_DAYS_MAX) }),
  z
    .strictObject({ from: Day, to: Day })
    .refine(({ from, to }) => from <= to && daysBetween(from, to) < PERIOD_DAYS_MAX, {
      error: `must begin before it ends, and have at most ${PERIOD_DAYS_MAX} days`,
    }),
]);
export type Period = z.infer<typeof Period>;

const some = <T extends z.ZodType>(value: T) => z.array(value).max(FILTER_VALUES_MAX).default([]);
const Words = z.string().trim().min(1).max(VALUE_LENGTH_MAX);

/** What counts: any of the values of each filter, and all filters together. Nothing named means everything. */
export const TrendsFilters = z.strictObject({
  /** As an analyst named it, whatever the case. */
  area: some(Words),
  source: some(SignalSource),
  /** Part of a name, or one of our ids. */
  customer: some(Words),
  kind: some(ObservationKind),
  /** Part of a title, or one of our ids. */
  theme: some(Words),
});
export type TrendsFilters = z.infer<typeof TrendsFilters>;
export type FilterName = keyof TrendsFilters;
export const FILTER_NAMES = Object.keys(TrendsFilters.shape) as FilterName[];

export const TrendsQuery = z.strictObject({
  period: Period.default({ days: PERIOD_DAYS_DEFAULT }),
  /** Whether to compare with the time of the same length before. */
  previous: z.boolean().default(true),
  filters: TrendsFilters.default({ area: [], source: [], customer: [], kind: [], theme: [] }),
});
export type TrendsQuery = z.infer<typeof TrendsQuery>;

/** A query of so many days with these filters and nothing else. */
export function trendsQuery(days: number, filters: Partial<TrendsFilters> = {}): TrendsQuery {
  return TrendsQuery.parse({ period: { days }, filters });
}

/** The stretch of time that a query means now, and the one of the same length before it. `to` is excluded. */
export interface Span {
  from: Date;
  to: Date;
  before: Date;
  /** Length in days; not whole while the last day is under way. */
  days: number;
  /** Where the columns of the answer begin and end, from `from` to `to`. */
  edges: Date[];
  /** Days that a column stands for; the first of a rolling period, or the last of dates, may have more or less. */
  step: number;
}

// Columns that can still be told apart in a picture of the width of a message.
const COLUMNS_MAX = 31;
// Days, weeks, four weeks: people count in them.
const STEPS = [1, 7, 28] as const;

/** When a query begins and ends if it is asked at `now`. */
export function spanOf({ period }: Pick<TrendsQuery, 'period'>, now: Date): Span {
  const rolling = 'days' in period;
  const to = rolling ? now.getTime() : Math.min(now.getTime(), dayOf(period.to) + DAY_MS);
  // Dates that lie ahead have no time to count in; they are answered as the moment before their end.
  const from = rolling ? to - period.days * DAY_MS : Math.min(dayOf(period.from), to - 1);
  const days = (to - from) / DAY_MS;
  const step = STEPS.find((one) => days / one <= COLUMNS_MAX) ?? STEPS.at(-1)!;
  const inner: number[] = [];
  for (let at = step * DAY_MS; at < to - from; at += step * DAY_MS) inner.push(at);
  // What is left over is a column of its own when it is about as long as the others, else part of its neighbour. A day that is under way stays.
  const rest = to - from - (inner.at(-1) ?? 0);
  if (step > 1 && rest < (step * DAY_MS) / 2) inner.pop();
  const points = rolling ? inner.map((at) => to - at).reverse() : inner.map((at) => from + at);
  return {
    from: new Date(from),
    to: new Date(to),
    before: new Date(from - (to - from)),
    days,
    edges: [from, ...points, to].map((at) => new Date(at)),
    step,
  };
}

/** One column of an answer: the reports that began in it, and those in the same place of the time before. */
export interface TrendColumn {
  /** ISO 8601; `to` is excluded. */
  from: string;
  to: string;
  reports: number;
  before: number | null;
}

/** A theme in an answer. */
export interface TrendRow {
  themeId: string;
  insightId: string | null;
  /** Neutral when `wordsHidden`: the audience cannot open where its words come from. */
  title: string;
  wordsHidden: boolean;
  /** The most frequent one; null while nothing is known. */
  kind: ObservationKind | null;
  area: string | null;
  reports: Measure;
  customers: Measure;
  /** Reports per column. */
  columns: number[];
  /** The same in the time before; null when nobody asked for it. */
  before: number[] | null;
  permalink: string | null;
}

/** A word of a filter that matched nothing, and what was probably meant. */
export interface Unmatched {
  filter: FilterName;
  value: string;
  near: string[];
}

/** The answer. Numbers are of everything that was asked for; titles only of what the audience may read. */
export interface TrendsView {
  query: TrendsQuery;
  span: { from: string; to: string; before: string; days: number; step: number };
  reports: Measure;
  customers: Measure;
  columns: TrendColumn[];
  /** Those with the most customers, then the most reports, first. */
  themes: TrendRow[];
  /** Themes that are not listed. */
  more: number;
  /** Listed themes whose titles are not shown. */
  hidden: number;
  unmatched: Unmatched[];
  /** The day of the oldest report that we know, where the time before began earlier: then nothing is claimed about a change. */
  knownSince: string | null;
}

export type BreakdownBy = 'kind' | 'area' | 'source';

/** How the reports of a query divide; `key` null stands for those without. */
export interface BreakdownRow {
  key: string | null;
  reports: Measure;
  customers: Measure;
}

export type ShareTrendsReply =
  /** It stands there now; `already` when an earlier click had put it there. */
  | { kind: 'shared'; already: boolean; view: TrendsView; by: string }
  | { kind: 'refused'; refusal: Refusal }
  /** The person, or we, cannot look into that channel. */
  | { kind: 'not_there' };

/** What can be asked about trends. Rights (`see`) are the asker's surface's to check; titles are held back here. */
export interface TrendVerbs {
  trends(query: TrendsQuery, audience: Audience): Promise<TrendsView>;
  /** The reports of a query by kind, area or source, the most reports first. Numbers and neutral names only. */
  breakdown(query: TrendsQuery, by: BreakdownBy, audience: Audience): Promise<BreakdownRow[]>;
  /** Counts again for everybody in a channel that the person is in, and has the surface post it, which says whether it was there already. */
  shareTrends(input: {
    query: TrendsQuery;
    channelId: string;
    person: Person;
    post(view: TrendsView, by: string): Promise<{ already: boolean }>;
  }): Promise<ShareTrendsReply>;
}

function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`);
}

function daysBetween(from: string, to: string): number {
  return (dayOf(to) - dayOf(from)) / DAY_MS;
}
