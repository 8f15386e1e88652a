// Gate: what comes in by itself and what stays out, with the rule that said so. A person's word opens it always.
import { z } from 'zod';

export const GATE_VERDICTS = ['passed', 'noise', 'left_out'] as const;

/**
 * Why. `empty`, `courtesy`, `chatter`, `too_few_words`: nothing to learn from. `small_talk`, `lone_question`, `not_sure`: a channel that
 * captures conservatively leaves it to people. `captured`: a person let it in. Null: whoever read it said so.
 */
export const GATE_RULES = [
  'empty',
  'courtesy',
  'chatter',
  'too_few_words',
  'small_talk',
  'lone_question',
  'not_sure',
  'captured',
] as const;
export type GateRule = (typeof GATE_RULES)[number];

/** What the gate said about one revision of a conversation. */
export const Gate = z.looseObject({
  verdict: z.enum(GATE_VERDICTS),
  /** `analyst`: whoever made the observation; `rule`: ours, over what the analyst said; `person`: somebody captured it. */
  by: z.enum(['analyst', 'rule', 'person']),
  rule: z.enum(GATE_RULES).nullable(),
  /** How sure it is, 0 to 1. */
  confidence: z.number().min(0).max(1),
});
export type Gate = z.infer<typeof Gate>;

/** How sure it must be that something is a report, where only what is clearly one comes in by itself. */
export const CLEARLY = 0.8;
/** Kind words shorter than this are small talk. */
export const SMALL_TALK_WORDS = 12;

/** What the conservative rule looks at. */
export interface Candidate {
  kind: string;
  severity: string;
  /** How sure the analyst is that it is no noise. */
  confidence: number;
  /** Words that customers wrote. */
  words: number;
  /** Messages that customers wrote. */
  messages: number;
}

/** Why a channel that captures conservatively leaves something to people; null when it is clearly a report. */
export function leftOutBecause(it: Candidate): GateRule | null {
  if (it.kind === 'praise' && it.words < SMALL_TALK_WORDS) return 'small_talk';
  const grave = it.severity === 'high' || it.severity === 'critical';
  if (it.kind === 'question' && it.messages <= 1 && !grave) return 'lone_question';
  return it.confidence < CLEARLY ? 'not_sure' : null;
}
