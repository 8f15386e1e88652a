// What people type after `trends`, and the time that is meant by it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ObservationKind } from '#src/domain/observation.ts';
import { SignalSource } from '#src/domain/signal.ts';
import { spanOf, TrendsQuery, trendsQuery } from '#src/domain/trends.ts';
import { askAgain, readTrends } from '#src/domain/trends-text.ts';

// A Sunday.
const NOW = new Date('2026-11-22T13:45:00Z');
const DAY_MS = 86_400_000;

function read(text: string): TrendsQuery {
  const reading = readTrends(text, NOW);
  if (reading.kind !== 'query') throw new Error(`${text}: ${JSON.stringify(reading.problem)}`);
  return reading.query;
}

describe('periods', () => {
  it.each([
    ['', { days: 7 }],
    ['30d', { days: 30 }],
    ['30', { days: 30 }],
    ['30 days', { days: 30 }],
    ['month', { days: 30 }],
    ['quarter', { days: 90 }],
    ['2 weeks', { days: 14 }],
    ['last two weeks', { days: 14 }],
    ['the last 3 months', { days: 90 }],
    ['past year', { days: 365 }],
    ['today', { from: '2026-11-22', to: '2026-11-22' }],
    ['yesterday', { from: '2026-11-21', to: '2026-11-21' }],
    ['this week', { from: '2026-11-16', to: '2026-11-22' }],
    ['last week', { from: '2026-11-09', to: '2026-11-15' }],
    ['this month', { from: '2026-11-01', to: '2026-11-30' }],
    ['last month', { from: '2026-10-01', to: '2026-10-31' }],
    ['last quarter', { from: '2026-07-01', to: '2026-09-30' }],
    ['last year', { from: '2025-01-01', to: '2025-12-31' }],
    ['in october', { from: '2026-10-01', to: '2026-10-31' }],
    ['december', { from: '2025-12-01', to: '2025-12-31' }],
    ['February 2026', { from: '2026-02-01', to: '2026-02-28' }],
    ['since 2026-10-01', { from: '2026-10-01', to: '2026-11-22' }],
    ['since 1 oct', { from: '2026-10-01', to: '2026-11-22' }],
    ['since Dec 24th', { from: '2025-12-24', to: '2026-11-22' }],
    ['from 2026-10-01 to 2026-10-15', { from: '2026-10-01', to: '2026-10-15' }],
    ['between 1 oct and 15 oct 2026', { from: '2026-10-01', to: '2026-10-15' }],
    ['2026-10-01..2026-10-15', { from: '2026-10-01', to: '2026-10-15' }],
    ['2026-10-01 to yesterday', { from: '2026-10-01', to: '2026-11-21' }],
  ])('%s', (text, period) => {
    expect(read(text)).toEqual({ ...trendsQuery(7), period });
  });

  it.each([
    ['5y', 'too_long'],
    ['0d', 'too_short'],
    ['since 2020-01-01', 'too_long'],
    ['since tomorrow', 'no_date'],
    ['2026-02-30', 'no_date'],
    ['from 2026-10-15 to 2026-10-01', 'backwards'],
    ['since 2027-01-01', 'ahead'],
  ])('%s is %s', (text, reason) => {
    expect(readTrends(text, NOW)).toMatchObject({ kind: 'problem', problem: { why: 'bad_period', reason } });
  });

  it('takes one of them', () => {
    expect(readTrends('30d last month', NOW)).toMatchObject({ problem: { why: 'two_periods', token: 'last month' } });
  });
});

describe('filters', () => {
  it('reads them with and without quotes, in any case, several at once', () => {
    expect(read('30d area:billing source:zendesk customer:acme kind:bug vs previous')).toEqual(
      trendsQuery(30, { area: ['billing'], source: ['zendesk'], customer: ['acme'], kind: ['bug'] }),
    );
    expect(read('Area: "user roles" CUSTOMER=“Müller & Söhne” kind:bug,Incident').filters).toEqual(
      trendsQuery(7, { area: ['user roles'], customer: ['Müller & Söhne'], kind: ['bug', 'incident'] }).filters,
    );
    expect(read("customer:'Acme Corp' type:feature-request").filters).toMatchObject({
      customer: ['Acme Corp'],
      kind: ['feature_request'],
    });
    expect(read('customer:<https://acme.com|acme.com>').filters.customer).toEqual(['acme.com']);
  });

  it('reads sentences', () => {
    expect(read('show me zendesk bugs for the last 30 days without previous')).toEqual({
      ...trendsQuery(30, { source: ['zendesk'], kind: ['bug'] }),
      previous: false,
    });
    expect(read('feature requests this week, compared with the time before').filters.kind).toEqual(['feature_request']);
  });

  it.each([
    ['aera:billing', { why: 'unknown_filter', meant: 'area' }, 'area:billing'],
    ['30d kind:bgu', { why: 'unknown_value', filter: 'kind', meant: 'bug' }, '30d kind:bug'],
    ['source:email', { why: 'unknown_value', filter: 'source', meant: null }, null],
    ['30d zendsek', { why: 'unknown_word', meant: 'zendesk' }, '30d zendesk'],
    ['30d qwertz', { why: 'unknown_word', token: 'qwertz', meant: null }, null],
    ['area:', { why: 'empty_value', filter: 'area' }, null],
    [`area:${'x'.repeat(100)}`, { why: 'bad_value', filter: 'area' }, null],
  ])('%s', (text, problem, retry) => {
    expect(readTrends(text, NOW)).toMatchObject({ kind: 'problem', problem, retry });
  });

  it('understands its own suggestions', () => {
    for (const text of ['aera:"user roles"', '30d kind:bgu', 'zendsek 30d']) {
      const reading = readTrends(text, NOW);
      if (reading.kind !== 'problem' || !reading.retry) throw new Error(`${text} has a suggestion`);
      expect(readTrends(reading.retry, NOW).kind, reading.retry).toBe('query');
    }
  });
});

const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
const query = fc
  .record({
    period: fc.oneof(
      fc.record({ days: fc.integer({ min: 1, max: 365 }) }),
      fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 300 })).map(([ago, length]) => ({
        from: new Date(NOW.getTime() - (ago + length) * DAY_MS).toISOString().slice(0, 10),
        to: new Date(NOW.getTime() - ago * DAY_MS).toISOString().slice(0, 10),
      })),
    ),
    previous: fc.boolean(),
    filters: fc.record({
      area: fc.uniqueArray(word, { maxLength: 3 }),
      source: fc.uniqueArray(fc.constantFrom(...SignalSource.options), { maxLength: 3 }),
      customer: fc.uniqueArray(word, { maxLength: 3 }),
      kind: fc.uniqueArray(fc.constantFrom(...ObservationKind.options), { maxLength: 3 }),
      theme: fc.uniqueArray(word, { maxLength: 2 }),
    }),
  })
  .map((it) => TrendsQuery.safeParse(it))
  .filter((it) => it.success)
  .map((it) => it.data!);

describe('any query', () => {
  it('is asked again in words that are read as the same', () => {
    fc.assert(
      fc.property(query, (it) => {
        const again = readTrends(askAgain(it), NOW);
        expect(again.kind, askAgain(it)).toBe('query');
        if (again.kind === 'query') expect(askAgain(again.query)).toBe(askAgain(it));
      }),
    );
  });

  it('gets an answer from the reader, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(['query', 'problem']).toContain(readTrends(text, NOW).kind);
      }),
    );
  });

  it('covers its time in columns without a gap, of about one length, beside a time before that is as long', () => {
    fc.assert(
      fc.property(query, (it) => {
        const { from, to, before, edges, days, step } = spanOf(it, NOW);
        expect(edges[0]).toEqual(from);
        expect(edges.at(-1)).toEqual(to);
        expect(to.getTime()).toBeLessThanOrEqual(NOW.getTime());
        expect(from.getTime() - before.getTime()).toBe(to.getTime() - from.getTime());
        expect(days).toBeGreaterThan(0);
        const lengths = edges.slice(1).map((at, index) => (at.getTime() - edges[index]!.getTime()) / DAY_MS);
        expect(lengths.length).toBeLessThanOrEqual(31);
        for (const length of lengths) expect(length).toBeGreaterThan(0);
        if (step > 1) for (const length of lengths) expect(Math.abs(length / step - 1)).toBeLessThanOrEqual(0.5);
        expect(lengths.filter((length) => Math.abs(length - step) > 1e-9).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
