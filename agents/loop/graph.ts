// The loop of one proposal: think, wait for a person, plan, wait for the effects, follow. One checkpointed thread per proposal.
import type { BaseCheckpointSaver } from '@langchain/langgraph';
import { END, START, StateGraph } from '@langchain/langgraph';
import { createAssess } from './nodes/assess.ts';
import { createCritic } from './nodes/critic.ts';
import { createPlan } from './nodes/plan.ts';
import { createPropose } from './nodes/propose.ts';
import { awaitResult, follow, gate } from './nodes/waits.ts';
import { LoopState } from './state.ts';

/** What the loop's nodes may ask. Reading only: the graph decides what comes next, stages carry it out. */
export type LoopDeps = Parameters<typeof createAssess>[0] &
  Parameters<typeof createCritic>[0] &
  Parameters<typeof createPropose>[0] &
  Parameters<typeof createPlan>[0];

const worthShowing = (state: LoopState) => (state.missing.length === 0 ? 'propose' : END);
const decided = (state: LoopState) => (state.verdict === 'approved' ? 'plan' : END);
const carriedOut = (state: LoopState) => (state.settled === 'done' ? 'follow' : END);

/** Thinks about a theme once, without waiting and without a checkpoint: for new evidence while a proposal is open. */
export function buildThinkGraph(deps: LoopDeps) {
  return new StateGraph(LoopState)
    .addNode('assess', createAssess(deps))
    .addNode('critic', createCritic(deps))
    .addNode('propose', createPropose(deps))
    .addEdge(START, 'assess')
    .addEdge('assess', 'critic')
    .addConditionalEdges('critic', worthShowing, ['propose', END])
    .addEdge('propose', END)
    .compile();
}

/** The whole loop, which pauses at its gates and survives a restart. */
export function buildLoopGraph(deps: LoopDeps, checkpointer: BaseCheckpointSaver) {
  return new StateGraph(LoopState)
    .addNode('assess', createAssess(deps))
    .addNode('critic', createCritic(deps))
    .addNode('propose', createPropose(deps))
    .addNode('gate', gate)
    .addNode('plan', createPlan(deps))
    .addNode('await_result', awaitResult)
    .addNode('follow', follow)
    .addEdge(START, 'assess')
    .addEdge('assess', 'critic')
    .addConditionalEdges('critic', worthShowing, ['propose', END])
    .addEdge('propose', 'gate')
    .addConditionalEdges('gate', decided, ['plan', END])
    .addEdge('plan', 'await_result')
    .addConditionalEdges('await_result', carriedOut, ['follow', END])
    .addEdge('follow', END)
    .compile({ checkpointer });
}
