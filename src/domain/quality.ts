// Quality: how much of what customers report the bot hears, with honest intervals, and where it could not hear.
import type { Person } from './policy.ts';

/** A share with its interval of 95 %, and the judgements behind it. */
export interface Share {
  point: number;
  low: number;
  high: number;
  n: number;
}

/** `too_little`: not enough judgements to say anything. */
export type Estimate = ({ kind: 'known' } & Share) | { kind: 'too_little'; n: number };

/** Fewer judgements say nothing. */
export const JUDGED_MIN = 10;
const Z = 1.96;

/** What was thrown away in one week under one verdict, and what people said of the part that they saw. */
export interface Stratum {
  size: number;
  judged: number;
  reports: number;
}

/** Wilson's interval for `hits` of `n`, which may be fractional; null when there is nothing to judge by. */
export function wilson(hits: number, n: number): Omit<Share, 'n'> | null {
  if (n <= 0) return null;
  const share = Math.min(1, Math.max(0, hits / n));
  const z2 = (Z * Z) / n;
  const middle = (share + z2 / 2) / (1 + z2);
  const reach = (Z * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n))) / (1 + z2);
  return {
    point: share,
    low: Math.max(0, Math.min(share, middle - reach)),
    high: Math.min(1, Math.max(share, middle + reach)),
  };
}

/**
 * The share of reports among what was thrown away. Each judged message stands for as many as there were in its stratum, so that a week in which
 * much was thrown away counts for much; unequal weights make the sample worth less, which the interval shows (Kish).
 */
export function missedShare(strata: readonly Stratum[]): (Omit<Share, 'n'> & { n: number }) | null {
  const seen = strata.filter(({ judged, size }) => judged > 0 && size > 0);
  const total = seen.reduce((sum, { size }) => sum + size, 0);
  if (total === 0) return null;
  const share = seen.reduce((sum, { size, judged, reports }) => sum + (size * reports) / judged, 0) / total;
  const worth = total ** 2 / seen.reduce((sum, { size, judged }) => sum + size ** 2 / judged, 0);
  const interval = wilson(share * worth, worth);
  return interval && { ...interval, n: seen.reduce((sum, { judged }) => sum + judged, 0) };
}

export interface Judged {
  /** Thrown away or left out, by week and verdict. */
  kept: readonly Stratum[];
  /** Let through, by week. */
  passed: readonly Stratum[];
  /** Messages that people captured by hand before a sample was drawn, and that had been kept out: missed for certain. */
  captured: number;
}

/**
 * Recall: of all reports, how many were let through. Precision: of what was let through, how much is a report. The interval of the recall
 * takes the worst and the best of both counts, so that it is rather too wide than too narrow.
 */
export function qualityOf({ kept, passed, captured }: Judged): { recall: Estimate; precision: Estimate } {
  const let_in = passed.reduce((sum, { size }) => sum + size, 0);
  const thrown = kept.reduce((sum, { size }) => sum + size, 0);
  const right = missedShare(passed);
  const missed = missedShare(kept);
  const precision: Estimate =
    right && right.n >= JUDGED_MIN ? { kind: 'known', ...right } : { kind: 'too_little', n: right?.n ?? 0 };
  if (!missed || missed.n < JUDGED_MIN || let_in === 0)
    return { recall: { kind: 'too_little', n: missed?.n ?? 0 }, precision };
  // Without judgements on what was let through it counts as it is.
  const good = precision.kind === 'known' ? precision : { point: 1, low: 1, high: 1 };
  const recallAt = (share: number, lost: number) => {
    const found = let_in * share;
    const all = found + captured + thrown * lost;
    return all === 0 ? 0 : found / all;
  };
  const recall: Estimate = {
    kind: 'known',
    point: recallAt(good.point, missed.point),
    low: recallAt(good.low, missed.high),
    high: recallAt(good.high, missed.low),
    n: missed.n,
  };
  return { recall, precision };
}

/** Hours in which nothing came although much should have. Times are ISO 8601. */
export interface Gap {
  from: string;
  to: string;
  /** What usually comes in such hours. */
  expected: number;
}

const HOUR_MS = 3_600_000;
const WEEK_HOURS = 168;
// By chance nothing comes where this much is expected once in 20,000 times.
const GAP_EXPECTED = 10;
// What a week looks like is known after two of them.
const WEEKS_MIN = 2;

/**
 * Gaps in what a source sends, from its counts per hour (keys: hours since 1970), told by what usually comes at that hour of the week. Null
 * when we have listened for too short a time to know what is usual.
 */
export function gapsOf(counts: ReadonlyMap<number, number>, now: Date): Gap[] | null {
  const first = Math.min(...counts.keys());
  const last = Math.floor(now.getTime() / HOUR_MS) - 1;
  if (!Number.isFinite(first) || (last - first) / WEEK_HOURS < WEEKS_MIN) return null;
  const sums = Array.from({ length: WEEK_HOURS }, () => 0);
  const times = Array.from({ length: WEEK_HOURS }, () => 0);
  for (let hour = first; hour <= last; hour++) {
    const at = hour % WEEK_HOURS;
    sums[at]! += counts.get(hour) ?? 0;
    times[at]! += 1;
  }
  const gaps: Gap[] = [];
  let start: number | null = null;
  let expected = 0;
  for (let hour = first; hour <= last + 1; hour++) {
    const silent = hour <= last && (counts.get(hour) ?? 0) === 0;
    if (silent) {
      start ??= hour;
      expected += sums[hour % WEEK_HOURS]! / Math.max(1, times[hour % WEEK_HOURS]!);
      continue;
    }
    if (start !== null && expected >= GAP_EXPECTED)
      gaps.push({ from: isoOf(start), to: isoOf(hour), expected: Math.round(expected) });
    start = null;
    expected = 0;
  }
  return gaps;
}

function isoOf(hour: number): string {
  return new Date(hour * HOUR_MS).toISOString();
}

/** How well a source was heard. */
export interface SourceCoverage {
  source: string;
  /** Deliveries that it sent. */
  deliveries: number;
  /** Null while we have listened for too short a time to tell. */
  gaps: Gap[] | null;
  /** Messages that it never sent and that were found by asking. */
  foundByAsking: number;
  /** Hours in which it dropped events of ours because there were too many. */
  limitedHours: number;
  deletions: number;
  /** Deliveries that could not be understood. */
  quarantined: number;
}

export interface QualityView {
  /** ISO 8601. */
  from: string;
  to: string;
  weeks: number;
  recall: Estimate;
  precision: Estimate;
  /** Messages in these weeks: let through, kept out, captured by hand after they had been kept out. */
  passed: number;
  kept: number;
  captured: number;
  /** Kept out where no volunteer may look: they are in no estimate. */
  unseen: number;
  coverage: SourceCoverage[];
  volunteers: number;
}

export interface QualityVerbs {
  /** Numbers only, so that everybody of our own may ask. */
  quality(): Promise<QualityView>;
  /** Whether this person judges samples. */
  volunteers(person: Person): Promise<boolean>;
}
