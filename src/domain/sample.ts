// Sample: a few messages that the gate kept out, for a person to judge by two taps, so that we know what we miss.
import type { Person, Refusal } from './policy.ts';
import type { SimpleReply } from './verbs.ts';

export type KeptOut = 'noise' | 'left_out';
export type Judgement = 'report' | 'not_report';

/** Kept-out messages in a sample. */
export const SAMPLE_SIZE = 10;
/** Messages among them that were let through, so that nobody knows which is which, and precision is measured too. */
export const CONTROLS = 3;

export interface SampleItem {
  n: number;
  /** Redacted; null when it is gone. */
  text: string | null;
  /** Where it was written, for people. */
  where: string;
  permalink: string | null;
  at: string;
  judgement: Judgement | null;
  /** Told after the judgement only. */
  verdict: KeptOut | 'passed';
}

/** What stands in the message to a volunteer. */
export interface SampleView {
  week: string;
  personId: string;
  items: SampleItem[];
}

export type JudgeReply =
  | { kind: 'done'; view: SampleView; captured: boolean }
  | { kind: 'already'; view: SampleView }
  | { kind: 'not_yours' }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'gone' };

export interface SampleVerbs {
  judgeSample(input: { week: string; n: number; judgement: Judgement; person: Person }): Promise<JudgeReply>;
  /** What the sample of a week shows now to the one it was drawn for; null for everybody else. */
  sample(input: { week: string; person: Person }): Promise<SampleView | null>;
  /** Says whether a person judges samples from now on. Safe to repeat. */
  volunteer(input: { person: Person; on: boolean }): Promise<SimpleReply>;
}

/** How many of each kind to draw: by their share, and at least two of each where there are. */
export function allocate(
  sizes: Readonly<Record<KeptOut, number>>,
  total: number = SAMPLE_SIZE,
): Record<KeptOut, number> {
  const all = sizes.noise + sizes.left_out;
  if (all <= total) return { ...sizes };
  const least = (kind: KeptOut) => Math.min(2, sizes[kind]);
  const fair = Math.round((total * sizes.left_out) / all);
  const leftOut = Math.min(Math.max(fair, least('left_out')), total - least('noise'), sizes.left_out);
  const noise = Math.min(total - leftOut, sizes.noise);
  return { noise, left_out: Math.min(total - noise, sizes.left_out) };
}
