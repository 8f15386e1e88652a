// What people see of trends: sound for Slack whatever is in it, and honest about what it does not know.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '#integrations/slack/client.ts';
import { LENGTH } from '#integrations/slack/limits.ts';
import { say } from '#integrations/slack/views/replies.ts';
import {
  changeWords,
  queryWords,
  trendsMessage,
  trendsPicture,
  trendsProblem,
} from '#integrations/slack/views/trends.ts';
import { altText, chartOf } from '#integrations/slack/views/trends-chart.ts';
import { changeOf, measureOf } from '#src/domain/change.ts';
import { ObservationKind } from '#src/domain/observation.ts';
import { FILTER_NAMES, type TrendsView, trendsQuery } from '#src/domain/trends.ts';
import { readTrends, type TrendsProblem } from '#src/domain/trends-text.ts';
import { messageProblems, problemLine } from '#src/sandbox/slack/block-kit.ts';
import { noTrends, trendsOf } from '#test/support/trends.ts';

const NOW = new Date('2026-11-22T13:45:00Z');
const WHOLE = { as: 'mine', native: true } as const;
const pictureOf = (view: TrendsView) => ({
  fileId: 'F0TRENDS01',
  title: chartOf(view, 'de-DE').title,
  alt: altText(view, 'de-DE'),
});

/** A message that Slack takes, with everything said in plain text too. */
function sound(message: Message): void {
  expect(messageProblems(message.blocks ?? []).map(problemLine)).toEqual([]);
  expect(message.text.trim()).not.toBe('');
  expect(message.text.length).toBeLessThanOrEqual(LENGTH.text * 4);
  expect(message.text).toBe(message.text.toWellFormed());
  expect(message.text).not.toMatch(/<[!@#]/);
}

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.constantFrom(
    '<!channel> & <@U123>',
    '*bold* `code` ~x~',
    'https://evil.example/?a=1',
    '\u202eabc',
    '',
    ' ',
    '😀'.repeat(100),
  ),
);
const counts = fc.array(fc.nat({ max: 5_000 }), { maxLength: 31 });
const view: fc.Arbitrary<TrendsView> = fc
  .record({
    days: fc.integer({ min: 1, max: 365 }),
    previous: fc.boolean(),
    area: fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), { maxLength: 8 }),
    themes: fc.array(
      fc.record({
        title: hostile,
        columns: counts,
        before: counts,
        wordsHidden: fc.boolean(),
        kind: fc.option(fc.constantFrom(...ObservationKind.options)),
        area: fc.option(hostile),
        permalink: fc.option(fc.oneof(fc.webUrl(), hostile)),
      }),
      { maxLength: 8 },
    ),
    more: fc.nat(),
    hidden: fc.nat({ max: 8 }),
    unmatched: fc.array(
      fc.record({
        filter: fc.constantFrom(...FILTER_NAMES),
        value: hostile,
        near: fc.array(hostile, { maxLength: 3 }),
      }),
      { maxLength: 8 },
    ),
  })
  .map(({ days, previous, area, themes, ...rest }) => ({
    ...trendsOf({ ...trendsQuery(days), previous }, NOW, themes),
    ...rest,
    query: {
      ...trendsQuery(days),
      previous,
      filters: { ...trendsQuery(days).filters, area, customer: area, theme: area.slice(0, 2) },
    },
  }));

describe('trends', () => {
  it('fit Slack over hostile text', () => {
    fc.assert(
      fc.property(view, (it) => {
        for (const as of ['mine', 'kept', { sharedBy: it.themes[0]?.title ?? '' }] as const) {
          sound(trendsMessage(it, { as, native: true }));
          sound(trendsMessage(it, { as, native: false, picture: pictureOf(it) }));
        }
        sound(trendsPicture(it, pictureOf(it)));
      }),
      { numRuns: 80 },
    );
    fc.assert(
      fc.property(hostile, hostile, (token, retry) => {
        const problems: TrendsProblem[] = [
          { why: 'unknown_word', token, meant: null },
          { why: 'unknown_filter', token, meant: 'area' },
          { why: 'unknown_value', filter: 'kind', token, meant: null, known: ObservationKind.options },
          { why: 'empty_value', filter: 'area' },
          { why: 'bad_value', filter: 'customer', token },
          { why: 'bad_period', token, reason: 'too_long' },
          { why: 'two_periods', token },
        ];
        for (const problem of problems) sound(say(trendsProblem(problem, retry)));
      }),
    );
  });

  it('say what was counted, over which time, and against what', () => {
    const reading = readTrends('2026-10-01..2026-10-31 area:billing,export source:zendesk kind:feature_request', NOW);
    if (reading.kind !== 'query') throw new Error('a query');
    expect(queryWords(noTrends(reading.query, NOW))).toBe(
      '2026-10-01 to 2026-11-01 00:00 UTC · area billing or export · source Zendesk · kind feature request · against the 31 days before',
    );
    expect(trendsMessage(noTrends(reading.query, NOW), WHOLE).text).toContain('Nothing that I know fits all of these.');
  });

  it('claim a change only where there is one, and show how sure it is', () => {
    const words = (now: number, before: number) => changeWords(measureOf(now, before));
    expect(words(3, 0)).toBe('3 against 0 before, not enough data to compare (n = 3)');
    expect(words(45, 31)).toMatch(/^45 against 31 before, which may be chance \(95 % interval −10 % to \+137 %\)$/);
    expect(words(60, 31)).toMatch(/^up 94 % from 31 \(95 % interval \+23 % to \+209 %\)$/);
    expect(words(31, 60)).toMatch(/^down 48 % from 60/);
    expect(words(40, 8)).toMatch(/^5\.0 times as many as the 8 before/);
    expect(words(12, 0)).toMatch(/^up from none before \(95 % interval \+178 % to no upper bound\)$/);
    expect(changeWords(measureOf(5, null))).toBe('');
    // Twenty reports of one customer are one voice.
    expect(changeWords({ now: 20, before: 2, change: changeOf(20, 2, 15) })).toContain('not enough data');
  });

  it('say the same in the table and in the plain text, without the time before when nobody asked for it', () => {
    const themes = [{ title: 'CSV export fails', columns: [4, 5, 6, 7, 8, 9, 21], before: [4, 3, 4, 5, 5, 4, 6] }];
    const both = trendsMessage(trendsOf(trendsQuery(7), NOW, themes), WHOLE);
    const alone = trendsMessage(trendsOf({ ...trendsQuery(7), previous: false }, NOW, themes), WHOLE);
    expect(both.text).toContain('1. CSV export fails: 60 reports, 20 customers, up 94 % from 31');
    expect(JSON.stringify(both.blocks)).toContain('up 94 %');
    expect(JSON.stringify(both.blocks)).toContain('▂▃▃▃▄▄█');
    expect(alone.text).not.toMatch(/before\b.*31|up 94/);
  });
});
