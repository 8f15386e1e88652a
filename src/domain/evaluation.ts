// Evaluation: what people think of what the bot made (cards, answers, digests), counted for what made it: an analyst, a prompt, a model.
import type { DismissReason } from './decision.ts';
import type { ProducedBy } from './observation.ts';
import type { Person, Refusal } from './policy.ts';
import type { ProposalPayload } from './proposal.ts';

export const RATED_KINDS = ['card', 'answer', 'digest'] as const;

/** Something of ours that can be judged. */
export interface RatedThing {
  kind: (typeof RATED_KINDS)[number];
  id: string;
}

/** How a vote was given. Buttons have one state; reactions stand beside each other, each its own vote. */
export type VotedBy = 'button' | 'agree' | 'disagree';

/** Why somebody is not content with a thing, as one tap. */
export const VOTE_REASONS = {
  wrong: 'It is wrong',
  not_useful: 'True, but of no use to me',
  wrong_evidence: 'The quotes do not support it',
  unclear: 'Hard to understand',
  too_late: 'We knew this already',
} as const;
export type VoteReason = keyof typeof VOTE_REASONS;

export type VoteReply =
  /** `vote` is what counts for this person now; 0 when nothing does. `askWhy`: ask for the reason, this once. */
  | { kind: 'done'; vote: 1 | -1 | 0; askWhy: boolean }
  /** An answer is judged by the one who asked. */
  | { kind: 'not_asker' }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'gone' };

/** What people can say about the bot's things. */
export interface EvaluationVerbs {
  /**
   * Makes a thing that was just shown one that can be judged; cards need no word. `producedBy` is `producerName(...)`. With `askedBy` only
   * that person's vote counts. Safe to repeat: the first word stays.
   */
  rateable(input: { thing: RatedThing; producedBy: string; askedBy: string | null }): Promise<void>;
  /** Judges a thing. 0 takes the vote of that way (`by`, a button unless said) back. A reason may come with a -1 or later, by another call. */
  vote(input: {
    thing: RatedThing;
    person: Person;
    vote: 1 | -1 | 0;
    by?: VotedBy;
    reason?: VoteReason;
  }): Promise<VoteReply>;
  /** Why somebody is not content with a thing that they were asked about. */
  explain(input: { thing: RatedThing; person: Person; reason: VoteReason }): Promise<VoteReply>;
  /** How each version of what makes our words has done: votes, what people changed, dismissed and took back. Numbers only. */
  evaluations(): Promise<ProducerEvaluation[]>;
}

/** What people made of the work of one producer. */
export interface ProducerEvaluation {
  /** `describe/v2 openai:gpt-…`, `builtin 1`. */
  producedBy: string;
  /** People's votes on things, those that contradict each other left out. */
  up: number;
  down: number;
  reasons: Partial<Record<VoteReason, number>>;
  approved: number;
  /** Of the approved ones: changed before filing, and how far on average over all of them, 0 to 1. */
  edited: number;
  editDistance: number | null;
  dismissed: Partial<Record<DismissReason | 'none', number>>;
  /** Decisions of either kind that somebody took back later. */
  undone: number;
}

/** What counts of one person's votes on one thing: those that contradict each other count for nothing. */
export function standingVote(votes: readonly (1 | -1)[]): 1 | -1 | 0 {
  const [first] = votes;
  return first === undefined || votes.some((vote) => vote !== first) ? 0 : first;
}

/** One name for what made a thing: the prompt with its model, or the analyst that works by rules. */
export function producerName(by: ProducedBy): string {
  return by.prompt ? [by.prompt, by.model].filter(Boolean).join(' ') : `${by.analyst} ${by.version}`;
}

/** What a person may change of a proposal, as one text. */
export function wordingOf(payload: Pick<ProposalPayload, 'title' | 'description' | 'priority' | 'labels'>): string {
  return [
    payload.title,
    payload.description,
    `priority ${payload.priority}`,
    [...payload.labels].sort().join(' '),
  ].join('\n');
}

// A proposal is a page; what is longer is compared by its beginning.
const WORDS_COMPARED = 1_500;

/** How far two texts are apart, word by word: 0 the same, 1 nothing alike. Words added, taken away or changed, against the longer text. */
export function editDistance(a: string, b: string): number {
  if (a === b) return 0;
  const before = a.split(/\s+/).filter(Boolean).slice(0, WORDS_COMPARED);
  const after = b.split(/\s+/).filter(Boolean).slice(0, WORDS_COMPARED);
  const longer = Math.max(before.length, after.length);
  if (longer === 0) return 0;
  let row = Array.from({ length: after.length + 1 }, (_, at) => at);
  for (const [i, word] of before.entries()) {
    const next = [i + 1];
    for (const [j, other] of after.entries())
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (word === other ? 0 : 1)));
    row = next;
  }
  return row[after.length]! / longer;
}

export function isVoteReason(reason: unknown): reason is VoteReason {
  return typeof reason === 'string' && Object.hasOwn(VOTE_REASONS, reason);
}
