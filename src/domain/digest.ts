// Digest: what happened since the last one, in one message: what is new, what grows, what waits for a decision, what was decided.
import type { Person } from './policy.ts';
import type { Held } from './quiet.ts';

/** How many of each kind are listed; the rest is counted. */
export const DIGEST_ROWS = 6;

/** One theme in a digest. Its title is a neutral one where not everybody who reads may read what was said. */
export interface DigestLine {
  cardId: string;
  themeId: string;
  title: string;
  wordsHidden: boolean;
  customers: number;
  reports: number;
  permalink: string | null;
}

/** Some of a kind, the first ones, and how many more there are. */
export interface DigestPart<T> {
  lines: T[];
  more: number;
}

export type DigestDecision = DigestLine & {
  what: 'filed' | 'approved' | 'dismissed' | 'undone' | 'completed';
  /** A display name; null for what happened elsewhere. */
  by: string | null;
  /** ISO 8601. */
  at: string;
  issue: { label: string; url: string | null } | null;
};

/** How well the bot reads, as it was judged by people; null where nobody has judged yet. */
export interface ReadingQuality {
  /** Of what was shown, how much was right; of what should have been noticed, how much was. Counts: `right` of `of`. */
  precision: { right: number; of: number } | null;
  recall: { right: number; of: number } | null;
}

/** Everything a digest says. Times are ISO 8601. */
export interface DigestView {
  cadence: 'daily' | 'weekly' | 'now';
  from: string;
  to: string;
  /** Reports in this time, and in the same length of time before it. */
  reports: number;
  before: number;
  customers: number;
  fresh: DigestPart<DigestLine>;
  /** Those that grow and were reported in this time. */
  rising: DigestPart<DigestLine & { lastWeek: number; weekBefore: number }>;
  /** Oldest first; those among `fresh` are not told twice. */
  waiting: DigestPart<DigestLine & { since: string }>;
  /** Not posted yet, the most important first. */
  held: DigestPart<DigestLine & { why: Held; since: string }>;
  decided: DigestPart<DigestDecision>;
  quality: ReadingQuality | null;
  /** Reports per day of the last 14 days, oldest first, the last one the day of `to`. */
  days: number[];
}

/** Whether there is anything that was not so the last time. What merely goes on waiting is no news, and is said along with news only. */
export function isNews(view: DigestView): boolean {
  return (
    [view.fresh, view.rising, view.decided].some(({ lines }) => lines.length > 0) ||
    view.held.lines.some(({ since }) => since >= view.from)
  );
}

export interface DigestVerbs {
  /** What a digest of the last seven days would say to this person now. */
  digest(person: Person): Promise<DigestView>;
}
