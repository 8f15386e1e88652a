// When a theme is worth somebody's attention, and how it develops: pure rules over counts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confidenceOf, type Reach, reachSuffices, trendOf } from '#src/domain/insight.ts';

const reach = (part: Partial<Reach> = {}): Reach => ({
  reports: 3,
  people: 3,
  customers: 3,
  customersInWindow: 3,
  sources: { slack: 3 },
  since: '2025-03-01T00:00:00.000Z',
  newest: '2025-03-10T00:00:00.000Z',
  ...part,
});
const days = fc.array(fc.nat(20), { minLength: 14, maxLength: 14 });
const sum = (part: readonly number[]) => part.reduce((total, count) => total + count, 0);

describe('the threshold', () => {
  it('asks for distinct customers and for nothing else', () => {
    expect(reachSuffices(reach({ customersInWindow: 2, customers: 40, reports: 900, people: 700 }))).toBe(false);
    expect(reachSuffices(reach({ customersInWindow: 3, customers: 3, reports: 3, people: 1 }))).toBe(true);
    expect(reachSuffices(reach({ customersInWindow: 3 }), 4)).toBe(false);
  });
});

describe('the trend', () => {
  it('says rising only with three reports in a week and half as many again as before, and falling the other way round', () => {
    fc.assert(
      fc.property(days, fc.integer({ min: 7, max: 400 }), (counts, ago) => {
        const { word, lastWeek, weekBefore } = trendOf(counts, ago);
        expect(lastWeek).toBe(sum(counts.slice(7)));
        expect(weekBefore).toBe(sum(counts.slice(0, 7)));
        expect(word).not.toBe('new');
        expect(word === 'rising').toBe(lastWeek >= 3 && lastWeek >= 1.5 * weekBefore);
        if (word === 'falling') expect(weekBefore >= 3 && lastWeek * 1.5 <= weekBefore).toBe(true);
      }),
    );
  });

  it('calls new what began within a week, whatever its numbers', () => {
    fc.assert(
      fc.property(days, fc.integer({ min: 0, max: 6 }), (counts, ago) => {
        expect(trendOf(counts, ago).word).toBe('new');
      }),
    );
  });
});

describe('the confidence', () => {
  it('grows with every further customer and with how alike they say it, and is never certain', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (customers, cohesion) => {
          const one = confidenceOf(reach({ customers }), cohesion);
          const more = confidenceOf(reach({ customers: customers + 1 }), cohesion);
          const closer = confidenceOf(reach({ customers }), Math.min(1, cohesion + 0.1));
          expect(more.value).toBeGreaterThanOrEqual(one.value);
          expect(closer.value).toBeGreaterThanOrEqual(one.value);
          expect(more.value).toBeLessThan(1);
          expect(one.word).toBe(one.value >= 0.7 ? 'high' : one.value >= 0.5 ? 'fair' : 'low');
        },
      ),
    );
  });

  it('is low for a single customer, however loud', () => {
    expect(confidenceOf(reach({ customers: 1, reports: 500 }), 1)).toEqual({
      value: 0.25,
      word: 'low',
      because: 'only one customer reports it so far',
    });
  });
});
