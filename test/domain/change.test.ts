// The interval of a change: exact where it can be checked by hand, and as often right as it says, also when reports come in clumps.
import { describe, expect, it } from 'vitest';
import { betaQuantile, betaShare, changeOf, EVENTS_NEEDED } from '#src/domain/change.ts';

/** Chance that is the same each time. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A count of independent events at this rate. */
function poisson(rate: number, chance: () => number): number {
  let count = -1;
  for (let left = 1; left > Math.exp(-rate); left *= chance()) count += 1;
  return Math.max(0, count);
}

describe('the share of a beta distribution', () => {
  it('agrees with sums that can be done by hand', () => {
    expect(betaShare(0.3, 1, 1)).toBeCloseTo(0.3, 12);
    expect(betaShare(0.3, 2, 1)).toBeCloseTo(0.09, 12);
    // P(at least 3 heads of 5) is that share of beta(3, 3) below one half.
    expect(betaShare(0.5, 3, 3)).toBeCloseTo(16 / 32, 12);
    expect(betaShare(0.5, 2, 4)).toBeCloseTo(26 / 32, 12);
    expect(betaShare(0.999, 40_000, 60_000)).toBe(1);
  });

  it('is turned around by the quantile, small and large', () => {
    for (const [a, b] of [
      [1, 6],
      [0.7, 9.3],
      [31, 46],
      [50_000, 49_000],
    ] as const)
      for (const share of [0.025, 0.5, 0.975]) expect(betaShare(betaQuantile(share, a, b), a, b)).toBeCloseTo(share, 9);
  });
});

describe('a change', () => {
  it('is not claimed from fewer events than could ever show one', () => {
    expect(changeOf(3, 0)).toEqual({ kind: 'too_few', now: 3, before: 0, n: 3 });
    // The rule behind the number: all of 6 on one side is just beyond chance, all of 5 is not.
    expect(changeOf(EVENTS_NEEDED, 0)).toMatchObject({ verdict: 'up', ratio: null, high: null });
    expect(changeOf(0, EVENTS_NEEDED)).toMatchObject({ verdict: 'down', ratio: 0, low: 0 });
    expect(betaQuantile(0.025, EVENTS_NEEDED - 1, 1)).toBeLessThan(0.5);
    expect(betaQuantile(0.025, EVENTS_NEEDED, 1)).toBeGreaterThan(0.5);
  });

  it('has the interval of the textbook', () => {
    // 45 of 76: Clopper-Pearson 0.4733 to 0.7037.
    expect(changeOf(45, 31)).toMatchObject({ verdict: 'unclear', ratio: 45 / 31 });
    const change = changeOf(45, 31);
    if (change.kind !== 'measured') throw new Error('measured');
    expect(change.low).toBeCloseTo(0.4733 / (1 - 0.4733), 2);
    expect(change.high).toBeCloseTo(0.7037 / (1 - 0.7037), 2);
  });

  it('is the same seen from the other side, turned upside down', () => {
    const [up, down] = [changeOf(40, 12), changeOf(12, 40)];
    if (up.kind !== 'measured' || down.kind !== 'measured') throw new Error('measured');
    expect([up.verdict, down.verdict]).toEqual(['up', 'down']);
    expect(up.low).toBeCloseTo(1 / down.high!, 9);
    expect(up.high).toBeCloseTo(1 / down.low, 9);
  });

  it('holds the true ratio at least 95 times of 100, for rare and for frequent events', () => {
    for (const [rate, ratio] of [
      [4, 1],
      [12, 1],
      [12, 2.5],
      [60, 0.6],
    ] as const) {
      const chance = seeded(rate * 1_000 + ratio * 10);
      let [held, all] = [0, 0];
      for (let run = 0; run < 3_000; run++) {
        const change = changeOf(poisson(rate * ratio, chance), poisson(rate, chance));
        if (change.kind === 'too_few') continue;
        all += 1;
        if (change.low <= ratio && (change.high === null || change.high >= ratio)) held += 1;
      }
      // Three standard errors of 3,000 runs below 0.95.
      expect(held / all, `rate ${rate}, ratio ${ratio}`).toBeGreaterThan(0.938);
    }
  });

  it('takes one loud customer for one: with clumps the interval still holds what it promises', () => {
    const chance = seeded(7);
    const clumps = [1, 1, 1, 1, 2, 3, 20];
    const draw = () => {
      const sizes = Array.from({ length: poisson(14, chance) }, () => clumps[Math.floor(chance() * clumps.length)]!);
      const sum = sizes.reduce((total, size) => total + size, 0);
      return { sum, squares: sizes.reduce((total, size) => total + size * size, 0) };
    };
    const held = { heeded: 0, ignored: 0, all: 0 };
    for (let run = 0; run < 3_000; run++) {
      const [now, before] = [draw(), draw()];
      const clumping = (now.squares + before.squares) / Math.max(1, now.sum + before.sum);
      const heeded = changeOf(now.sum, before.sum, clumping);
      const ignored = changeOf(now.sum, before.sum);
      if (heeded.kind === 'too_few' || ignored.kind === 'too_few') continue;
      held.all += 1;
      if (heeded.verdict === 'unclear') held.heeded += 1;
      if (ignored.verdict === 'unclear') held.ignored += 1;
    }
    expect(held.heeded / held.all).toBeGreaterThan(0.938);
    // Without heeding them it would cry wolf about every second time.
    expect(held.ignored / held.all).toBeLessThan(0.7);
  });
});
