// What people see of samples, of judging, and of how well the bot hears: sound for Slack whatever was said, and complete in plain words.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '#integrations/slack/client.ts';
import { standIn } from '#integrations/slack/optional.ts';
import { feedbackBlock, votedMessage, whyQuestion } from '#integrations/slack/views/feedback.ts';
import { estimate, qualityMessage } from '#integrations/slack/views/quality.ts';
import { sampleMessage } from '#integrations/slack/views/sample.ts';
import { RATED_KINDS, VOTE_REASONS } from '#src/domain/evaluation.ts';
import type { Estimate, QualityView } from '#src/domain/quality.ts';
import type { SampleView } from '#src/domain/sample.ts';
import { messageProblems, problemLine } from '#src/sandbox/slack/block-kit.ts';

const AT = '2026-03-02T09:05:00.000Z';
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.constantFrom('<!channel> <@U0000001>', '*b* `c` ~d~', 'https://evil.example evil.example', '\u202Eabc', '', ' '),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((seed) => seed.repeat(400)),
);

function sound(message: Message): void {
  expect(messageProblems(message.blocks ?? []).map(problemLine)).toEqual([]);
  expect(message.text.trim()).not.toBe('');
  for (const markup of [message.text, ...markupOf(message.blocks)]) {
    expect(markup).not.toMatch(/<!(channel|here|everyone|subteam)|<@/);
    for (const [, target] of markup.matchAll(/<([^>|]*)/g)) expect(target).toMatch(/^(!date\^|https?:\/\/)/);
  }
}

function markupOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(markupOf);
  if (typeof value !== 'object' || value === null) return [];
  const { type, text } = value as { type?: unknown; text?: unknown };
  const own = type === 'mrkdwn' && typeof text === 'string' ? [text] : [];
  return [...own, ...Object.values(value).flatMap(markupOf)];
}

const items = fc.array(
  fc.record({
    text: fc.option(hostile),
    where: hostile,
    permalink: fc.option(fc.oneof(fc.webUrl(), hostile)),
    at: fc.constantFrom(AT, ''),
    judgement: fc.option(fc.constantFrom('report' as const, 'not_report' as const)),
    verdict: fc.constantFrom('noise' as const, 'left_out' as const, 'passed' as const),
  }),
  { maxLength: 13 },
);
const viewOf = (list: Omit<SampleView['items'][number], 'n'>[]): SampleView => ({
  week: '2026-03-02',
  personId: 'U1',
  items: list.map((item, index) => ({ ...item, n: index + 1 })),
});

describe('a sample', () => {
  it('fits Slack whatever customers wrote', () => {
    fc.assert(
      fc.property(items, (list) => sound(sampleMessage(viewOf(list)))),
      {
        numRuns: 60,
        examples: [[[{ text: '', where: '', permalink: null, at: '', judgement: null, verdict: 'noise' as const }]]],
      },
    );
  });

  it('tells what the gate said only of what was judged', () => {
    const item = {
      text: 'Hello',
      where: '#support',
      permalink: null,
      at: AT,
      judgement: null,
      verdict: 'noise' as const,
    };
    const before = JSON.stringify(sampleMessage(viewOf([item])));
    expect(before).not.toContain('I had thrown it away');
    const passed = JSON.stringify(sampleMessage(viewOf([{ ...item, verdict: 'passed' }])));
    expect(passed).toBe(before);
    const judged = JSON.stringify(sampleMessage(viewOf([{ ...item, judgement: 'report' }])));
    expect(judged).toContain('You said: a report. I had thrown it away, and it is captured now.');
    expect(judged).not.toContain('sample_report');
  });
});

const estimates: fc.Arbitrary<Estimate> = fc.oneof(
  fc.record({ kind: fc.constant('too_little' as const), n: fc.nat() }),
  fc
    .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat())
    .map(([point, n]) => ({ kind: 'known' as const, point, low: point / 2, high: (1 + point) / 2, n })),
);
const gap = fc.record({ from: fc.constant(AT), to: fc.constant(AT), expected: fc.nat() });
const quality: fc.Arbitrary<QualityView> = fc.record({
  from: fc.constant(AT),
  to: fc.constant(AT),
  weeks: fc.nat({ max: 12 }),
  recall: estimates,
  precision: estimates,
  passed: fc.nat(),
  kept: fc.nat(),
  captured: fc.nat(),
  unseen: fc.nat(),
  volunteers: fc.nat({ max: 3 }),
  coverage: fc.array(
    fc.record({
      source: hostile,
      deliveries: fc.nat(),
      gaps: fc.option(fc.array(gap, { maxLength: 9 })),
      foundByAsking: fc.nat(),
      limitedHours: fc.nat(),
      deletions: fc.nat(),
      quarantined: fc.nat(),
    }),
    { maxLength: 14 },
  ),
});

describe('how well the bot hears', () => {
  it('fits Slack, whatever the numbers and whatever a source is called', () => {
    fc.assert(
      fc.property(quality, (view) => sound(qualityMessage(view))),
      { numRuns: 60 },
    );
  });

  it('is said with its interval and how much stands behind it, or that it cannot be said', () => {
    expect(estimate({ kind: 'known', point: 0.92, low: 0.84, high: 0.97, n: 60 })).toBe('about 92 % (84–97 %), n = 60');
    expect(estimate({ kind: 'too_little', n: 3 })).toBe('not enough data (n = 3; it takes 10)');
  });
});

describe('judging', () => {
  it('has buttons that Slack takes, and plain ones of the same kind where it does not', () => {
    for (const kind of RATED_KINDS) {
      const block = feedbackBlock({ kind, id: 'x'.repeat(300) });
      sound({ text: 'x', blocks: [block] });
      const plain = standIn({ ...block, block_id: 'mine' });
      sound({ text: 'x', blocks: [plain] });
      expect(plain).toMatchObject({ type: 'actions', block_id: 'mine' });
      expect(JSON.stringify(plain)).toContain('feedback_vote:up');
      expect(JSON.stringify(plain)).toContain('feedback_vote:down');
    }
  });

  it('asks why with every reason as one tap, and says why a vote does not count', () => {
    const thing = { kind: 'answer', id: 'a' } as const;
    const question = whyQuestion(thing);
    sound(question);
    for (const label of Object.values(VOTE_REASONS)) expect(question.text).toContain(label);
    expect(votedMessage({ kind: 'done', vote: 1, askWhy: false }, thing)).toBeNull();
    for (const reply of [
      { kind: 'done', vote: 0, askWhy: false },
      { kind: 'not_asker' },
      { kind: 'gone' },
      { kind: 'refused', refusal: 'guest' },
    ] as const)
      sound(votedMessage(reply, thing)!);
  });
});
