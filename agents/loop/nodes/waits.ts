// The three places where the graph waits for the world. A node that interrupts runs again from its top, so that each does nothing else.
import { interrupt } from '@langchain/langgraph';
import { z } from 'zod';
import type { LoopState, LoopUpdate } from '../state.ts';
import { Verdict } from '../state.ts';

const Decided = z.object({ verdict: Verdict, decisionId: z.string().nullable() });
const Settled = z.object({ settled: z.enum(['done', 'failed', 'undone']) });
const Ended = z.object({ ended: z.enum(['completed', 'canceled', 'removed', 'undone']) });

/** Waits until a person decides, for days if need be. Resume with {verdict, decisionId}. */
export async function gate(state: LoopState): Promise<LoopUpdate> {
  const answer = Decided.parse(interrupt({ gate: 'gate', proposalId: state.proposalId }));
  return { verdict: answer.verdict, ...(answer.decisionId ? { decisionId: answer.decisionId } : {}) };
}

/** Waits until every planned effect is done, failed for good, or taken back. Resume with {settled}. */
export async function awaitResult(state: LoopState): Promise<LoopUpdate> {
  return Settled.parse(interrupt({ gate: 'await_result', proposalId: state.proposalId }));
}

/** Waits until what was filed has come to an end. Resume with {ended}. */
export async function follow(state: LoopState): Promise<LoopUpdate> {
  return Ended.parse(interrupt({ gate: 'follow', proposalId: state.proposalId }));
}
