// The one rule of when a card may get a message of its own, and which of those that wait comes first.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Insight } from '#src/domain/insight.ts';
import { byImportance, type ChannelRules, mayPost } from '#src/domain/quiet.ts';

const AT = new Date('2026-10-07T12:00:00Z');
const HOUR_MS = 3_600_000;
const rules: ChannelRules = { paused: false, hours: null, timeZone: 'UTC', perDay: 2 };
const usual = { broughtBy: 'reach', severity: 'high' } as const;
const ago = (hours: number) => new Date(AT.getTime() - hours * HOUR_MS);

describe('a new card', () => {
  it('has a place in the day’s budget or waits', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 })), fc.integer({ min: 0, max: 6 }), (hours, perDay) => {
        const today = hours.filter((hour) => hour <= 12).length;
        const verdict = mayPost(usual, { ...rules, perDay }, hours.map(ago), AT);
        expect(verdict).toEqual(today < perDay ? { ok: true } : { ok: false, held: 'budget' });
      }),
    );
  });

  it('is counted by the channel’s calendar, not by 24 hours', () => {
    const spoken = [ago(1), ago(11)];
    expect(mayPost(usual, rules, spoken, AT)).toEqual({ ok: false, held: 'budget' });
    // In Kiritimati it is two in the morning: eleven hours ago was yesterday.
    expect(mayPost(usual, { ...rules, timeZone: 'Pacific/Kiritimati' }, spoken, AT)).toEqual({ ok: true });
  });

  it('waits while the channel sleeps, and while we are paused, however critical it is', () => {
    const night = { from: '11:00', to: '13:00', weekends: false };
    for (const severity of ['low', 'critical'] as const) {
      expect(mayPost({ ...usual, severity }, { ...rules, hours: night }, [], AT)).toEqual({ ok: false, held: 'quiet' });
      expect(mayPost({ ...usual, severity }, { ...rules, paused: true }, [], AT)).toEqual({
        ok: false,
        held: 'paused',
      });
    }
  });

  it('needs no place in the budget when it is critical, and nothing at all when a person asked', () => {
    const spent = { ...rules, perDay: 0 };
    expect(mayPost({ ...usual, severity: 'critical' }, spent, [], AT)).toEqual({ ok: true });
    const everything = { ...spent, paused: true, hours: { from: '00:00', to: '23:59', weekends: true } };
    expect(mayPost({ ...usual, broughtBy: 'person' }, everything, [], AT)).toEqual({ ok: true });
  });
});

it('lets the most important speak first: customers, then harm, then growth', () => {
  const insight = (customers: number, severity: string, lastWeek: number) =>
    ({ reach: { customers }, severity, trend: { lastWeek, weekBefore: 1 } }) as unknown as Insight;
  const order = [
    insight(9, 'low', 1),
    insight(4, 'critical', 1),
    insight(4, 'high', 7),
    insight(4, 'high', 2),
    insight(3, 'critical', 9),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(order, { minLength: order.length }), (mixed) => {
      expect(mixed.sort(byImportance)).toEqual(order);
    }),
  );
});
