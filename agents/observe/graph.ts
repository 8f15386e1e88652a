// Perception of a batch of conversations: redact, perceive, gate, embed. No checkpointer: it starts anew from the stored words when it fails.
import { END, START, StateGraph } from '@langchain/langgraph';
import { embed } from './nodes/embed.ts';
import { gate } from './nodes/gate.ts';
import { createPerceive } from './nodes/perceive.ts';
import { redact } from './nodes/redact.ts';
import { ObserveState } from './state.ts';

/** What the nodes may ask. */
export type ObserveDeps = Parameters<typeof createPerceive>[0];

/** The graph as a table of contents. */
export function buildObserveGraph(deps: ObserveDeps) {
  return new StateGraph(ObserveState)
    .addNode('redact', redact)
    .addNode('perceive', createPerceive(deps))
    .addNode('gate', gate)
    .addNode('embed', embed)
    .addEdge(START, 'redact')
    .addEdge('redact', 'perceive')
    .addEdge('perceive', 'gate')
    .addEdge('gate', 'embed')
    .addEdge('embed', END)
    .compile();
}
