// One question: understand, fetch, answer, check. No checkpointer: a question that was cut short is asked again from its row.
import { END, START, StateGraph } from '@langchain/langgraph';
import type { AskCall, AskedFor, Found } from '#src/domain/ask.ts';
import type { Mind } from './mind.ts';
import { createAnswer } from './nodes/answer.ts';
import { check } from './nodes/check.ts';
import { createFetch } from './nodes/fetch.ts';
import { createUnderstand } from './nodes/understand.ts';
import { AskState } from './state.ts';

/** What the nodes may ask. */
export interface AskDeps {
  /** Null without a model. */
  mind: Mind | null;
  look(call: AskCall, asked: AskedFor): Promise<Found>;
}

/** The graph as a table of contents. */
export function buildAskGraph(deps: AskDeps) {
  return new StateGraph(AskState)
    .addNode('understand', createUnderstand(deps))
    .addNode('fetch', createFetch(deps))
    .addNode('answer', createAnswer(deps))
    .addNode('check', check)
    .addEdge(START, 'understand')
    .addConditionalEdges('understand', onceUnderstood, ['understand', 'fetch', 'answer'])
    .addConditionalEdges('fetch', onceFetched, ['understand', 'answer'])
    .addEdge('answer', 'check')
    .addConditionalEdges('check', onceChecked, ['understand', END])
    .compile();
}

/** A model whose words did not fit is asked again; look-ups are made; else there is something to answer. */
function onceUnderstood(state: AskState): 'understand' | 'fetch' | 'answer' {
  if (state.problems.length > 0) return 'understand';
  if ((state.lookUps ?? []).some(({ found }) => found === null)) return 'fetch';
  return state.fellBack !== null || state.parsed !== undefined || state.statements ? 'answer' : 'understand';
}

/** A model sees what was found and goes on; the parser knew from the start what it wanted. */
function onceFetched(state: AskState): 'understand' | 'answer' {
  return state.parsed === undefined ? 'understand' : 'answer';
}

function onceChecked(state: AskState): 'understand' | typeof END {
  return state.problems.length > 0 ? 'understand' : END;
}
