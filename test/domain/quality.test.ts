// The numbers that the bot publishes about itself: intervals that hold what they promise, and gaps that are none of chance.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gapsOf, JUDGED_MIN, missedShare, qualityOf, type Stratum, wilson } from '#src/domain/quality.ts';
import { allocate, SAMPLE_SIZE } from '#src/domain/sample.ts';

const count = fc.nat({ max: 5_000 });
const stratum: fc.Arbitrary<Stratum> = fc
  .tuple(fc.integer({ min: 1, max: 5_000 }), fc.nat({ max: 10 }), fc.nat({ max: 10 }))
  .map(([size, judged, reports]) => ({
    size,
    judged: Math.min(judged, size),
    reports: Math.min(reports, judged, size),
  }));

describe('an interval', () => {
  it('contains its share, stays between nothing and everything, and narrows as more is judged', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, share) => {
        const few = wilson(share * n, n)!;
        const many = wilson(share * n * 4, n * 4)!;
        for (const one of [few, many]) {
          expect(one.low).toBeLessThanOrEqual(one.point);
          expect(one.high).toBeGreaterThanOrEqual(one.point);
          expect(one.low).toBeGreaterThanOrEqual(0);
          expect(one.high).toBeLessThanOrEqual(1);
        }
        expect(many.high - many.low).toBeLessThanOrEqual(few.high - few.low + 1e-9);
      }),
    );
    expect(wilson(0, 0)).toBeNull();
    // Wilson's own numbers, from any table: 9 of 10.
    expect(wilson(9, 10)).toMatchObject({ point: 0.9, low: expect.closeTo(0.596, 3), high: expect.closeTo(0.982, 3) });
  });
});

describe('the share of reports among what was thrown away', () => {
  it('counts each judged message for as many as it stands for', () => {
    // A quiet week full of reports, and a loud one without any.
    const share = missedShare([
      { size: 10, judged: 10, reports: 10 },
      { size: 990, judged: 10, reports: 0 },
    ])!;
    expect(share.point).toBeCloseTo(0.01);
    // Ten of twenty would be the naive answer.
    expect(share.high).toBeLessThan(0.5);
    expect(share.n).toBe(20);
  });

  it('is what it is when every message weighs the same, and says less when weights differ', () => {
    fc.assert(
      fc.property(fc.array(stratum, { minLength: 1, maxLength: 12 }), (strata) => {
        const share = missedShare(strata);
        const judged = strata.reduce((sum, one) => sum + one.judged, 0);
        if (judged === 0) {
          expect(share).toBeNull();
          return;
        }
        const plain = wilson(share!.point * judged, judged)!;
        expect(share!.high - share!.low).toBeGreaterThanOrEqual(plain.high - plain.low - 1e-9);
      }),
    );
  });
});

describe('recall and precision', () => {
  it('are not told from too few judgements', () => {
    const { recall, precision } = qualityOf({
      kept: [{ size: 100, judged: JUDGED_MIN - 1, reports: 1 }],
      passed: [{ size: 50, judged: 3, reports: 3 }],
      captured: 0,
    });
    expect(recall).toEqual({ kind: 'too_little', n: JUDGED_MIN - 1 });
    expect(precision).toEqual({ kind: 'too_little', n: 3 });
  });

  it('hold their point between their ends, whatever was judged, and more captured by hand is never better', () => {
    fc.assert(
      fc.property(
        fc.array(stratum, { maxLength: 12 }),
        fc.array(stratum, { maxLength: 12 }),
        count,
        (kept, passed, captured) => {
          const { recall, precision } = qualityOf({ kept, passed, captured });
          for (const one of [recall, precision]) {
            if (one.kind === 'too_little') continue;
            expect(one.low).toBeLessThanOrEqual(one.point + 1e-9);
            expect(one.high).toBeGreaterThanOrEqual(one.point - 1e-9);
            expect(one.low).toBeGreaterThanOrEqual(0);
            expect(one.high).toBeLessThanOrEqual(1);
          }
          const more = qualityOf({ kept, passed, captured: captured + 10 }).recall;
          if (recall.kind === 'known' && more.kind === 'known')
            expect(more.point).toBeLessThanOrEqual(recall.point + 1e-9);
        },
      ),
    );
  });

  it('hold the true recall in their interval at least 95 times of 100', () => {
    // A gate that loses 4 % of what it throws away, sampled like ours: ten a week for twelve weeks, of very different weeks.
    const TRUE = { noise: 0.02, left_out: 0.15 };
    const PASSED = 400;
    let seed = 7;
    const random = () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed / 2 ** 32;
    };
    let held = 0;
    const RUNS = 400;
    for (let run = 0; run < RUNS; run++) {
      const kept: Stratum[] = [];
      let missed = 0;
      for (let week = 0; week < 12; week++) {
        const sizes = { noise: 50 + Math.floor(random() * 400), left_out: 5 + Math.floor(random() * 60) };
        const share = allocate(sizes);
        for (const kind of ['noise', 'left_out'] as const) {
          missed += sizes[kind] * TRUE[kind];
          const reports = Array.from({ length: share[kind] }, () => random() < TRUE[kind]).filter(Boolean).length;
          kept.push({ size: sizes[kind], judged: share[kind], reports });
        }
      }
      const { recall } = qualityOf({ kept, passed: [{ size: PASSED, judged: 0, reports: 0 }], captured: 0 });
      const truth = PASSED / (PASSED + missed);
      if (recall.kind === 'known' && recall.low <= truth && truth <= recall.high) held++;
    }
    expect(held / RUNS).toBeGreaterThanOrEqual(0.95);
  });
});

describe('a sample', () => {
  it('takes ten where there are ten, never more of a kind than there are, and looks at both kinds', () => {
    fc.assert(
      fc.property(count, count, (noise, leftOut) => {
        const drawn = allocate({ noise, left_out: leftOut });
        expect(drawn.noise + drawn.left_out).toBe(Math.min(SAMPLE_SIZE, noise + leftOut));
        expect(drawn.noise).toBeLessThanOrEqual(noise);
        expect(drawn.left_out).toBeLessThanOrEqual(leftOut);
        expect(drawn.noise).toBeGreaterThanOrEqual(Math.min(2, noise));
        expect(drawn.left_out).toBeGreaterThanOrEqual(Math.min(2, leftOut));
      }),
    );
  });
});

describe('a gap', () => {
  const HOUR = 3_600_000;
  const START = Date.UTC(2026, 1, 2) / HOUR;
  /** Four weeks in which somebody writes `rate` times an hour, on working days from nine to five. */
  const usual = (rate: number, hours = 4 * 168) =>
    new Map(
      Array.from({ length: hours }, (_, at) => START + at).flatMap((hour): [number, number][] => {
        const at = new Date(hour * HOUR);
        const works = at.getUTCDay() % 6 !== 0 && at.getUTCHours() >= 9 && at.getUTCHours() < 17;
        return works ? [[hour, rate]] : [];
      }),
    );
  const end = (hours = 4 * 168) => new Date((START + hours) * HOUR);

  it('is silence where much usually comes, and not the night nor the weekend', () => {
    expect(gapsOf(usual(5), end())).toEqual([]);
    const counts = usual(5);
    const day = START + 2 * 168 + 24;
    for (let hour = day + 9; hour < day + 17; hour++) counts.delete(hour);
    const [gap, ...others] = gapsOf(counts, end())!;
    expect(others).toEqual([]);
    expect(Date.parse(gap!.from)).toBeLessThanOrEqual((day + 9) * HOUR);
    expect(Date.parse(gap!.to)).toBeGreaterThanOrEqual((day + 17) * HOUR);
    expect(gap!.expected).toBeGreaterThanOrEqual(10);
  });

  it('is not told of a source that says little, or that we have not known for two weeks', () => {
    const counts = usual(0.2);
    for (const hour of [...counts.keys()].slice(40, 48)) counts.delete(hour);
    expect(gapsOf(counts, end())).toEqual([]);
    expect(gapsOf(usual(5, 300), end(300))).toBeNull();
    expect(gapsOf(new Map(), end())).toBeNull();
  });
});
