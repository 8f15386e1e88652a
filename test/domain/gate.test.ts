// The bar of a channel that captures conservatively: what is clearly a report passes, doubt is left to people.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Candidate, CLEARLY, leftOutBecause, SMALL_TALK_WORDS } from '#src/domain/gate.ts';
import { ObservationKind, Severity } from '#src/domain/observation.ts';

const clear: Candidate = { kind: 'bug', severity: 'medium', confidence: 0.9, words: 9, messages: 1 };

it('lets a plain report pass', () => {
  expect(leftOutBecause(clear)).toBeNull();
  expect(leftOutBecause({ ...clear, kind: 'feature_request', severity: 'low', confidence: CLEARLY })).toBeNull();
});

it('leaves short kind words, lone questions and doubt to people', () => {
  expect(leftOutBecause({ ...clear, kind: 'praise', words: SMALL_TALK_WORDS - 1 })).toBe('small_talk');
  expect(leftOutBecause({ ...clear, kind: 'praise', words: 40 })).toBeNull();
  expect(leftOutBecause({ ...clear, kind: 'question', severity: 'low' })).toBe('lone_question');
  expect(leftOutBecause({ ...clear, confidence: CLEARLY - 0.01 })).toBe('not_sure');
});

it('takes a question for a report when more is said about it, or when it hurts', () => {
  expect(leftOutBecause({ ...clear, kind: 'question', severity: 'low', messages: 2 })).toBeNull();
  expect(leftOutBecause({ ...clear, kind: 'question', severity: 'high' })).toBeNull();
});

it('never lets a less sure verdict pass where a surer one does not', () => {
  const candidate = fc.record({
    kind: fc.constantFrom(...ObservationKind.options),
    severity: fc.constantFrom(...Severity.options),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    words: fc.nat({ max: 200 }),
    messages: fc.nat({ max: 9 }),
  });
  fc.assert(
    fc.property(candidate, fc.double({ min: 0, max: 1, noNaN: true }), (it, less) => {
      const surer = leftOutBecause(it);
      const lessSure = leftOutBecause({ ...it, confidence: it.confidence * less });
      expect(surer !== null && lessSure === null).toBe(false);
    }),
  );
});
