// The windows around capturing and explaining: sound for Slack whatever was said, and readable back exactly.
import type { ModalView } from '@slack/types';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CaptureValues,
  customerChanged,
  customerModal,
  noteModal,
  readCustomer,
  readNote,
} from '#integrations/slack/views/capture.ts';
import { say } from '#integrations/slack/views/replies.ts';
import { whyModal } from '#integrations/slack/views/why.ts';
import { CARD_STATES } from '#src/domain/card.ts';
import { GATE_RULES, GATE_VERDICTS } from '#src/domain/gate.ts';
import { type MessageWhy, NOT_HELD, type WhyReply } from '#src/domain/why.ts';
import { messageProblems, problemLine, viewProblems } from '#src/sandbox/slack/block-kit.ts';
import { openCard } from './support.ts';

const AT = '2026-03-02T09:05:00.000Z';
const hostile = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.constantFrom(
    '<!channel> <@U0000001> &lt;!here&gt;',
    '*b* `c` ~d~ _e_',
    'https://evil.example evil.example',
    '\u202Eabc',
    '',
    ' ',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((seed) => seed.repeat(400)),
);
const link = fc.option(fc.oneof(fc.webUrl(), hostile));
const share = fc.double({ min: 0, max: 1, noNaN: true });

function soundView(view: ModalView): void {
  expect(viewProblems(view as unknown as Record<string, unknown>).map(problemLine)).toEqual([]);
  for (const markup of markupOf(view)) {
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

const customers = fc.array(fc.record({ id: fc.uuid(), name: hostile }), { maxLength: 130 });

describe('the windows of capturing', () => {
  it('fit Slack, however many customers there are and whatever they are called', () => {
    fc.assert(
      fc.property(customers, hostile, (known, text) => {
        soundView(customerModal(`slack:C1:${text.slice(0, 100)}`.toWellFormed(), 'C1', known));
        soundView(noteModal(null, known, '2026-03-02'));
        expect(messageProblems(say(customerChanged(text)).blocks ?? []).map(problemLine)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  const typed = (entries: Record<string, string>): CaptureValues =>
    Object.fromEntries(
      Object.entries(entries).map(([key, value]) => [
        key,
        {
          [key]:
            key === 'customer' ? { selected_option: { value } } : key === 'day' ? { selected_date: value } : { value },
        },
      ]),
    );

  it('are read back as they were filled in', () => {
    expect(readCustomer(typed({ customer: 'cus_1' }))).toEqual({ ok: true, value: { id: 'cus_1' } });
    expect(readCustomer(typed({ new_customer: '  Globex   Corp ' }))).toEqual({
      ok: true,
      value: { name: 'Globex Corp' },
    });
    expect(readCustomer({})).toEqual({ ok: true, value: null });
    expect(readCustomer(typed({ customer: 'cus_1', new_customer: 'Globex' })).ok).toBe(false);
    expect(readNote(typed({ text: ' It fails. ', where: ' ', day: '2026-03-01' }), '2026-03-02')).toEqual({
      ok: true,
      value: { text: 'It fails.', customer: null, where: null, day: '2026-03-01' },
    });
  });

  it('say what is missing where it is missing', () => {
    expect(readNote(typed({ text: ' ' }), '2026-03-02')).toMatchObject({
      ok: false,
      errors: { text: expect.any(String) },
    });
    expect(readNote(typed({ text: 'x', day: '2026-03-04' }), '2026-03-02')).toMatchObject({
      ok: false,
      errors: { day: expect.any(String) },
    });
    // East of us it may be tomorrow already.
    expect(readNote(typed({ text: 'x', day: '2026-03-03' }), '2026-03-02').ok).toBe(true);
  });
});

const producedBy = fc.record({
  analyst: hostile,
  version: hostile,
  prompt: fc.option(hostile),
  model: fc.option(hostile),
});
const title = fc.option(hostile);
const watch = fc.record({
  mode: fc.constantFrom('suggest', 'observe', 'off'),
  capture: fc.constantFrom('eager', 'conservative'),
  by: fc.constantFrom('environment', 'joined', 'person', null),
});
const message: fc.Arbitrary<MessageWhy> = fc.record({
  message: fc.constant({ channelId: 'C1', ts: '1.2' }),
  key: fc.constant('slack:C1:1.2'),
  watch,
  role: fc.constantFrom('customer', 'staff', 'bot'),
  deleted: fc.boolean(),
  historical: fc.boolean(),
  capturedBy: fc.option(hostile),
  calledNoiseBy: fc.option(hostile),
  redacted: fc.option(hostile),
  conversation: fc.option(
    fc.record({ id: hostile.map((text) => text.slice(0, 60)), messages: fc.nat(), customers: fc.nat() }),
  ),
  observation: fc.option(
    fc.record({
      id: fc.constant('obs_1'),
      kind: hostile,
      severity: hostile,
      area: fc.option(hostile),
      language: fc.option(hostile),
      confidence: fc.record({ kind: share, severity: share, area: share, language: share, isNoise: share }),
      isNoise: fc.boolean(),
      gate: fc.option(
        fc.record({
          verdict: fc.constantFrom(...GATE_VERDICTS),
          by: fc.constantFrom('analyst', 'rule', 'person'),
          rule: fc.constantFrom(...GATE_RULES, null),
          confidence: share,
        }),
      ),
      title,
      producedBy,
    }),
  ),
  theme: fc.option(
    fc.record({ themeId: fc.uuid(), title, score: fc.option(share), at: fc.constant(AT), by: fc.option(hostile) }),
  ),
  nearest: fc.array(fc.record({ themeId: fc.uuid(), title, score: share, needed: share }), { maxLength: 5 }),
  nearestHidden: fc.nat({ max: 5 }),
  card: fc.option(
    fc.record({ cardId: fc.constant('card_1'), state: fc.constantFrom(...CARD_STATES), permalink: link }),
  ),
  issue: fc.option(fc.record({ label: hostile, url: link, state: fc.option(hostile) })),
});

describe('the window that says why', () => {
  it('fits Slack and does nothing by itself, whatever the message says', () => {
    fc.assert(
      fc.property(message, fc.boolean(), fc.option(hostile), (why, canCapture, captured) => {
        soundView(whyModal({ kind: 'message', why, canCapture }, captured ? customerChanged(captured) : null));
      }),
      { numRuns: 120 },
    );
  });

  it('fits for cards in every state, and for what is not held for every reason', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CARD_STATES), hostile, link, watch, (state, text, permalink, seen) => {
        const card = openCard({
          state,
          cameBackBecause: text,
          insight: { ...openCard().insight, title: text, whyThis: text },
        });
        soundView(
          whyModal({ kind: 'card', why: { card, broughtBy: 'reach', customersNeeded: 3, postedAt: AT, permalink } }),
        );
        for (const because of NOT_HELD)
          soundView(
            whyModal({
              kind: 'not_held',
              because,
              watch: seen,
              message: { channelId: 'C1', ts: '1.2' },
              canCapture: true,
            }),
          );
      }),
      { numRuns: 40 },
    );
    for (const reply of [{ kind: 'ours' }, { kind: 'closed' }, { kind: 'refused', refusal: 'guest' }] as WhyReply[])
      soundView(whyModal(reply));
  });

  it('offers to capture once, where there is something to capture', () => {
    const reply: WhyReply = {
      kind: 'not_held',
      because: 'not_watched',
      watch: { mode: 'off', capture: 'eager', by: null },
      message: { channelId: 'C1', ts: '1.2' },
      canCapture: true,
    };
    expect(JSON.stringify(whyModal(reply))).toContain('why_capture');
    expect(JSON.stringify(whyModal(reply, 'Captured.'))).not.toContain('why_capture');
    expect(JSON.stringify(whyModal({ ...reply, canCapture: false }))).not.toContain('why_capture');
  });
});
