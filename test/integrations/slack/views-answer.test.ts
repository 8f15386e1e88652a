// The answers to questions in words, over hostile and very long text: they fit Slack, are complete in plain words, and nothing from outside acts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '#integrations/slack/client.ts';
import { fitted } from '#integrations/slack/limits.ts';
import {
  ANSWER_ACTIONS,
  type AnswerLook,
  answerMessage,
  capabilities,
  promptOf,
  STATUS,
  STEP_TITLES,
} from '#integrations/slack/views/answer.ts';
import { type AnswerPart, ASK_DIMENSIONS, type AskFilter, type ShownAnswer, type ThemeFate } from '#src/domain/ask.ts';
import { CARD_STATES } from '#src/domain/card.ts';
import { measureOf } from '#src/domain/change.ts';
import { messageProblems, problemLine } from '#src/sandbox/slack/block-kit.ts';

const NOW = '2026-03-18T12:00:00Z';
const THEME = 'thm_0123456789abcdef01234567';
const CUSTOMER = 'cus_0123456789abcdef01234567';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '<!channel> <!here> <@U0000001> <#C0000001|x> <!subteam^S1|@all>',
    '*bold* _it_ ~no~ `code` ```block``` > quote',
    '<https://evil.example|https://bank.example> https://evil.example',
    '\u202Eesrever\u202C \u0000\u0007 \uD800 a\uDC00',
    '   \n\n\t ',
    `{${THEME}} {${CUSTOMER}}`,
  ),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map((seed) => seed.repeat(Math.ceil(4_000 / seed.length))),
);
const words = hostile.filter((text) => text.trim() !== '');
const url = fc.constantFrom(
  'https://acme.slack.com/archives/C1/p1',
  'javascript:alert(1)',
  'https://x.example/|a>b<c',
  null,
);
const iso = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const number = fc.nat({ max: 1_000_000 });
const measure = fc.tuple(number, number).map(([now, before]) => measureOf(now, before));
const counted = fc.record({ reports: measure, customers: measure });
const themeId = fc.constantFrom(THEME, 'thm_ffffffffffffffffffffffff');
const filter: fc.Arbitrary<AskFilter> = fc.record(
  {
    about: words,
    area: words,
    customer: words,
    theme: themeId,
    source: fc.constant('slack' as const),
    since: fc.constant('release' as const),
    daysAgo: fc.integer({ min: 1, max: 9 }),
  },
  { requiredKeys: [] },
);
const span = fc.record({ from: iso, to: iso, days: fc.integer({ min: 1, max: 365 }) });
const fate: fc.Arbitrary<ThemeFate> = fc.record({
  themeId,
  reports: number,
  customers: number,
  since: iso,
  newest: iso,
  card: fc.option(fc.constantFrom(...CARD_STATES)),
  decision: fc.option(
    fc.record({
      status: fc.constantFrom('approved' as const, 'dismissed' as const, 'undone' as const),
      by: fc.constant('U1'),
      at: iso,
    }),
  ),
  issue: fc.option(fc.record({ label: words, url })),
  outcome: fc.option(fc.constantFrom('open' as const, 'in_progress' as const, 'completed' as const)),
  customerIds: fc.array(fc.constantFrom(CUSTOMER, 'cus_ffffffffffffffffffffffff'), { maxLength: 12 }),
});
const rows = fc.array(fc.record({ themeId, reports: measure, customers: measure }), { maxLength: 5 });
const fates = fc.array(fate, { maxLength: 10 });
const count = fc.record({ tool: fc.constant('count' as const), filter, span, counted });
const part: fc.Arbitrary<AnswerPart> = fc.oneof(
  count,
  fc.record({ tool: fc.constant('compare' as const), sides: fc.tuple(count, count).map((sides) => [...sides]) }),
  fc.record({
    tool: fc.constant('themes' as const),
    filter,
    span,
    counted,
    rows,
    hidden: number,
    more: number,
    order: fc.constantFrom('customers' as const, 'growth' as const),
  }),
  fc.record({ tool: fc.constant('newest' as const), filter, span, rows: fates, hidden: number }),
  fc.record({ tool: fc.constant('waiting' as const), rows: fates, hidden: number }),
  fc.record({ tool: fc.constant('fate' as const), filter, rows: fates, hidden: number }),
  fc.record({
    tool: fc.constant('trend' as const),
    filter,
    span,
    counted,
    columns: fc.array(number, { maxLength: 400 }),
    columnDays: number,
  }),
  fc.record({
    tool: fc.constant('breakdown' as const),
    filter,
    span,
    counted,
    by: fc.constantFrom(...ASK_DIMENSIONS),
    rows: fc.array(fc.record({ key: fc.option(words), reports: number, before: fc.option(number) }), { maxLength: 10 }),
  }),
  fc.record({
    tool: fc.constant('said' as const),
    text: words,
    restsOn: fc.array(themeId, { maxLength: 5 }),
    counted: fc.array(fc.record({ filter, span }), { maxLength: 3 }),
  }),
  fc.record({
    tool: fc.constant('nothing' as const),
    call: fc.constant('count' as const),
    filter,
    miss: fc.constantFrom(
      'no_release' as const,
      'unknown_customer' as const,
      'unknown_topic' as const,
      'unknown_area' as const,
    ),
    near: fc.array(words, { maxLength: 3 }),
  }),
  fc.record({ tool: fc.constant('note' as const), note: fc.constant('no_tiers' as const), words }),
);
const answer: fc.Arbitrary<ShownAnswer> = fc.record({
  answerId: fc.constant('ans_0123456789abcdef01234567'),
  outcome: fc.constantFrom('answered' as const, 'not_understood' as const, 'greeted' as const),
  question: fc.option(words),
  parts: fc.array(part, { maxLength: 7 }),
  themes: fc.record({ themeId: fc.constant(THEME), title: words, url }).map((theme) => ({ [THEME]: theme })),
  customers: words.map((name) => ({ [CUSTOMER]: name })),
  people: words.map((name) => ({ U1: name })),
  quotes: fc
    .record({ text: words, who: words, source: words, permalink: url, at: iso })
    .map((quote) => ({ [THEME]: quote })),
  hiddenQuotes: number,
  producedBy: fc.record({ analyst: words, version: words, prompt: fc.option(words), model: fc.option(words) }),
  fellBack: fc.option(words),
  askedBy: fc.constant('U1'),
  at: fc.constant(NOW),
});
const look: fc.Arbitrary<AnswerLook> = fc.oneof(
  fc.constantFrom('mine' as const, 'kept' as const, 'shown' as const),
  words.map((sharedBy) => ({ sharedBy })),
);

const ACTS = /<!(?!date\^)|<@|<#|javascript:|https?:\/\/(?!acme\.slack\.com|x\.example)/;

function holds(message: Message): void {
  expect(message.text.trim()).not.toBe('');
  expect(message.text).not.toMatch(ACTS);
  expect(messageProblems(message.blocks ?? []).map(problemLine)).toEqual([]);
  expect(fitted(message).blocks).toHaveLength(message.blocks?.length ?? 0);
}

describe('an answer', () => {
  it('fits Slack, says everything in plain words too, and does nothing by itself', () => {
    fc.assert(
      fc.property(answer, look, (one, as) => {
        const message = answerMessage(one, as);
        holds(message);
        if (one.outcome === 'answered' && one.hiddenQuotes > 0)
          expect(message.text).toContain(`${one.hiddenQuotes} quote`);
      }),
    );
  });

  it('offers to share only what is the asker’s alone', () => {
    const buttons = (as: AnswerLook) => JSON.stringify(answerMessage({ ...sample(), parts: [] }, as).blocks);
    expect(buttons('mine')).toContain(ANSWER_ACTIONS.share);
    for (const as of ['kept', 'shown', { sharedBy: 'Pia' }] as const)
      expect(buttons(as)).not.toContain(ANSWER_ACTIONS.share);
  });

  it('names in the place of an id what may be read, and nothing of what may not', () => {
    const text = (themes: ShownAnswer['themes']) =>
      answerMessage(
        { ...sample(), themes, parts: [{ tool: 'said', text: `{${THEME}} grows.`, restsOn: ['r1'], counted: [] }] },
        'shown',
      ).text;
    expect(text({ [THEME]: { themeId: THEME, title: 'Slow export', url: null } })).toMatch(/^Slow export grows\./);
    expect(text({})).toMatch(/^a theme that not everybody who reads this can open grows\./);
  });

  it('says what is reported more only when it is more than chance', () => {
    const side = (about: string, reports: number): AnswerPart & { tool: 'count' } => ({
      tool: 'count',
      filter: { about },
      span: { from: NOW, to: NOW, days: 30 },
      counted: { reports: measureOf(reports, null), customers: measureOf(1, null) },
    });
    const verdict = (a: number, b: number) =>
      answerMessage(
        { ...sample(), parts: [{ tool: 'compare', sides: [side('a', a), side('b', b)] }] },
        'shown',
      ).text.split('\n')[0];
    expect(verdict(2, 1)).toBe('Not enough data to say which is reported more (n = 3).');
    expect(verdict(20, 18)).toMatch(/may be chance/);
    expect(verdict(90, 10)).toMatch(/^“a” is reported more/);
    expect(verdict(10, 90)).toMatch(/^“b” is reported more/);
  });

  function sample(): ShownAnswer {
    return {
      answerId: 'ans_0123456789abcdef01234567',
      outcome: 'answered',
      question: 'What?',
      parts: [],
      themes: {},
      customers: {},
      people: {},
      quotes: {},
      hiddenQuotes: 0,
      producedBy: { analyst: 'ask-parser', version: '1', prompt: null, model: null },
      fellBack: null,
      askedBy: 'U1',
      at: NOW,
    };
  }
});

describe('around an answer', () => {
  it('suggested questions have a label and words that fit, whatever an area is called', () => {
    fc.assert(
      fc.property(words, (area) => {
        const { title, message } = promptOf({ kind: 'area', area });
        expect(title.trim()).not.toBe('');
        expect(title.length).toBeLessThanOrEqual(75);
        expect(message.length).toBeLessThanOrEqual(150);
      }),
    );
  });

  it('a status is short enough for Slack to show it', () => {
    for (const status of Object.values(STATUS)) expect(status.length).toBeLessThanOrEqual(50);
    expect(Object.keys(STEP_TITLES)).toEqual(Object.keys(STATUS));
  });

  it('what can be asked is a whole message', () => holds(capabilities()));
});
