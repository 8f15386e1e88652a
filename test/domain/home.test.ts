// Setting up and the menus over trends: rules without anything around them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOME_STEPS, stepsOf, TrendChoice } from '#src/domain/home.ts';

const facts = fc.record({
  channels: fc.nat({ max: 3 }),
  insightsChannel: fc.option(fc.constant('C0000001')),
  reports: fc.nat({ max: 3 }),
});
const skipped = fc.subarray([...HOME_STEPS]);

describe('the steps of setting up', () => {
  it('vanish exactly when each is done or not wanted', () => {
    fc.assert(
      fc.property(facts, skipped, (is, not) => {
        const left = [
          is.channels === 0 && !not.includes('channels'),
          is.insightsChannel === null && !not.includes('insights'),
          is.reports === 0 && !not.includes('try'),
        ].some(Boolean);
        expect(stepsOf(is, not).length > 0).toBe(left);
      }),
    );
  });

  it('show what is done, and never what is skipped and undone', () => {
    fc.assert(
      fc.property(facts, skipped, (is, not) => {
        for (const { step, done } of stepsOf(is, not)) expect(done || !not.includes(step)).toBe(true);
      }),
    );
    expect(stepsOf({ channels: 1, insightsChannel: null, reports: 0 }, ['try'])).toEqual([
      { step: 'channels', done: true },
      { step: 'insights', done: false },
    ]);
  });
});

describe('the choice of trends', () => {
  it('reads anything, and what it cannot read as if it had not been chosen', () => {
    fc.assert(
      fc.property(fc.record({ days: fc.anything(), area: fc.anything(), source: fc.anything() }), (kept) => {
        const choice = TrendChoice.parse(kept);
        expect([7, 30, 90]).toContain(choice.days);
        expect(choice.kind).toBeNull();
      }),
    );
    expect(TrendChoice.parse({ days: 90, area: 'billing', source: 'zendesk', kind: 'bug' })).toEqual({
      days: 90,
      area: 'billing',
      source: 'zendesk',
      kind: 'bug',
    });
  });
});
