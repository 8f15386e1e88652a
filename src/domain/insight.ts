// Insight: what we claim about a theme at one moment, with the evidence that carries it. A snapshot; a new look is a new insight.
import { z } from 'zod';
import { defineContract, Governance, Provenance } from './contract.ts';

/** Customers that must stand behind a theme before it is shown to anybody. */
export const CUSTOMERS_NEEDED = 3;
/** The window in which they must have reported; it ends at the theme's newest report, so that old data is judged like new data. */
export const WINDOW_DAYS = 14;
export const DAY_MS = 86_400_000;

/** An exact span of a stored signal's text; `start` and `end` are UTF-16 offsets into the raw text, end exclusive. */
export const Quote = z.looseObject({
  signalId: z.string(),
  conversationId: z.string(),
  start: z.number().int().nonnegative(),
  end: z.number().int().positive(),
});
export type Quote = z.infer<typeof Quote>;

/** Who stands behind a theme. Counted by the database, never by a model. */
export const Reach = z.looseObject({
  /** Conversations. */
  reports: z.number().int().nonnegative(),
  /** Distinct authors who are not staff. */
  people: z.number().int().nonnegative(),
  /** Distinct customers; everybody unnamed together is one. */
  customers: z.number().int().nonnegative(),
  /** Distinct customers in the window that ends at the newest report. */
  customersInWindow: z.number().int().nonnegative(),
  /** Reports per source. */
  sources: z.record(z.string(), z.number().int().nonnegative()),
  /** ISO 8601, the first and the newest report. */
  since: z.string(),
  newest: z.string(),
});
export type Reach = z.infer<typeof Reach>;

export const Trend = z.looseObject({
  /** Reports per day over the last 14 days, oldest first; the last entry is the day of the newest report. */
  days: z.array(z.number().int().nonnegative()),
  /** The last 7 days against the 7 before. */
  lastWeek: z.number().int().nonnegative(),
  weekBefore: z.number().int().nonnegative(),
  word: z.enum(['new', 'rising', 'steady', 'falling']),
});
export type Trend = z.infer<typeof Trend>;

export const Insight = z.looseObject({
  v: z.literal(1),
  id: z.string(),
  workspaceId: z.string(),
  ...Provenance.shape,
  ...Governance.shape,
  themeId: z.string(),
  title: z.string(),
  /** One sentence, carried by the evidence. */
  claim: z.string(),
  kind: z.string(),
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  area: z.string().nullable(),
  evidence: z.array(Quote),
  reach: Reach,
  trend: Trend,
  confidence: z.looseObject({
    value: z.number().min(0).max(1),
    word: z.enum(['low', 'fair', 'high']),
    because: z.string(),
  }),
  /** Why this theme, and why now, in a sentence each. */
  whyThis: z.string(),
  whyNow: z.string(),
  /** What brought it up: enough customers, or a person who captured a message and asked for it. */
  broughtBy: z.enum(['reach', 'person']),
  /** Empty when the insight may be shown; else what is missing, in words for people. */
  missing: z.array(z.string()),
  producedBy: z.looseObject({
    analyst: z.string(),
    version: z.string(),
    prompt: z.string().nullable(),
    model: z.string().nullable(),
  }),
});
export type Insight = z.infer<typeof Insight>;
export const InsightContract = defineContract('insight', 1, Insight);

/** Whether enough distinct customers stand behind a theme. One loud customer never does, however much they write. */
export function reachSuffices(reach: Pick<Reach, 'customersInWindow'>, needed: number = CUSTOMERS_NEEDED): boolean {
  return reach.customersInWindow >= needed;
}

/** The trend of a theme from its reports per day, oldest first, 14 of them. Few reports make no trend: below 3 a week we do not say "rising". */
export function trendOf(days: readonly number[], firstReportDaysAgo: number): Trend {
  const sum = (part: readonly number[]) => part.reduce((total, count) => total + count, 0);
  const lastWeek = sum(days.slice(-7));
  const weekBefore = sum(days.slice(-14, -7));
  const word =
    firstReportDaysAgo < 7
      ? 'new'
      : lastWeek >= 3 && lastWeek >= weekBefore * 1.5
        ? 'rising'
        : weekBefore >= 3 && lastWeek * 1.5 <= weekBefore
          ? 'falling'
          : 'steady';
  return { days: [...days], lastWeek, weekBefore, word };
}

/** How sure we are, in a number and in words, from how many independent people say it and how alike they say it. */
export function confidenceOf(reach: Reach, cohesion: number): Insight['confidence'] {
  // A single voice agrees with itself; that says nothing.
  if (reach.customers <= 1) return { value: 0.25, word: 'low', because: 'only one customer reports it so far' };
  const independent = 1 - 1 / (1 + Math.max(0, reach.customers - 1) / 2);
  const value = Math.round(Math.min(0.97, 0.25 + 0.45 * independent + 0.3 * Math.min(1, cohesion)) * 100) / 100;
  const word = value >= 0.7 ? 'high' : value >= 0.5 ? 'fair' : 'low';
  const alike =
    cohesion >= 0.5 ? 'in nearly the same words' : cohesion >= 0.25 ? 'in similar words' : 'in different words';
  return { value, word, because: `${reach.customers} customers report it ${alike}` };
}

/** What a look at a theme comes to, before it gets its id and is stored. */
export type InsightDraft = Pick<
  Insight,
  | 'title'
  | 'claim'
  | 'kind'
  | 'severity'
  | 'area'
  | 'evidence'
  | 'reach'
  | 'trend'
  | 'confidence'
  | 'whyThis'
  | 'whyNow'
  | 'broughtBy'
  | 'producedBy'
>;
