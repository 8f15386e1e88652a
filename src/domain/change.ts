// Change: how much more or less than before, and how sure that is. Counts are compared as counts of independent events: no more is claimed than they carry.

/** The share of intervals that hold the true ratio. */
export const CONFIDENCE = 0.95;
/** Below this many events in both periods together, no split of them could be told from chance: 5 against 0 happens in 6 of 100 pairs of equal periods. */
export const EVENTS_NEEDED = 6;

/** What can be said of a count now against the same length of time before. */
export type Change =
  /** Too few to say anything: `n` in both periods together. */
  | { kind: 'too_few'; now: number; before: number; n: number }
  | {
      kind: 'measured';
      now: number;
      before: number;
      /** now / before; null when there was nothing before. */
      ratio: number | null;
      /** The interval of the true ratio, with CONFIDENCE; `high` is null when nothing bounds it. */
      low: number;
      high: number | null;
      /** `unclear` when the interval holds 1: chance alone would do. */
      verdict: 'up' | 'down' | 'unclear';
    };

/** A count with what it was before; both null when nobody asked for the time before. */
export interface Measure {
  now: number;
  before: number | null;
  change: Change | null;
}

/**
 * Compares the counts of two periods of equal length. `clumping` is how many of them come at once, on average and weighted by size (1: each on its
 * own): twenty reports of one customer are not twenty independent events, and the interval is as wide as what is left.
 *
 * Of n events in both periods, the number that falls into the later one is binomial, whatever the rate; its exact (Clopper-Pearson) interval
 * gives that of the ratio. It holds the true ratio at least as often as it says.
 */
export function changeOf(now: number, before: number, clumping = 1): Change {
  const weight = 1 / Math.max(1, clumping);
  const [x, y] = [now * weight, before * weight];
  if (x + y < EVENTS_NEEDED) return { kind: 'too_few', now, before, n: now + before };
  const tail = (1 - CONFIDENCE) / 2;
  const pLow = x === 0 ? 0 : betaQuantile(tail, x, y + 1);
  const pHigh = y === 0 ? 1 : betaQuantile(1 - tail, x + 1, y);
  const low = pLow / (1 - pLow);
  const high = pHigh >= 1 ? null : pHigh / (1 - pHigh);
  const verdict = low > 1 ? 'up' : high !== null && high < 1 ? 'down' : 'unclear';
  return { kind: 'measured', now, before, ratio: before === 0 ? null : now / before, low, high, verdict };
}

/** A count beside the one before, where that is wanted. */
export function measureOf(now: number, before: number | null, clumping = 1): Measure {
  return { now, before, change: before === null ? null : changeOf(now, before, clumping) };
}

/** The point below which `share` of a beta distribution lies; by halving, which cannot miss. */
export function betaQuantile(share: number, a: number, b: number): number {
  let [low, high] = [0, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (betaShare(middle, a, b) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The share of a beta distribution below `x`: the regularized incomplete beta function, by its continued fraction. */
export function betaShare(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges quickly on one side of the middle; the other side is its mirror.
  return x < (a + 1) / (a + b + 2) ? (front * fraction(x, a, b)) / a : 1 - (front * fraction(1 - x, b, a)) / b;
}

const TINY = 1e-300;
const ENOUGH = 1e-14;
const STEPS_MAX = 10_000;

/** Lentz's way of summing the continued fraction. */
function fraction(x: number, a: number, b: number): number {
  const away = (value: number) => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let sum = d;
  for (let m = 1; m <= STEPS_MAX; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    sum *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    sum *= step;
    if (Math.abs(step - 1) < ENOUGH) break;
  }
  return sum;
}

// Lanczos' approximation, exact to about fifteen digits for positive numbers.
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059, 12.507343278686905,
  -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function logGamma(z: number): number {
  if (z < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * z)) - logGamma(1 - z);
  const x = z - 1;
  const t = x + LANCZOS.length - 0.5;
  const sum = LANCZOS.reduce((total, value, index) => total + value / (x + index + 1), 0.99999999999980993);
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}
