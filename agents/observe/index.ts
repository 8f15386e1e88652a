// Perception as the observe stage uses it: a batch of raw conversations in, drafts and vectors out, each on its own.
import type { ObserveDeps } from './graph.ts';
import { buildObserveGraph } from './graph.ts';
import type { PerConversation, Perceived, ToPerceive } from './state.ts';

export type { Perceived, ToPerceive } from './state.ts';

/** Makes perception. Answers every conversation of the batch, with an error for those that it could not perceive. */
export function createPerception(
  deps: ObserveDeps,
): (batch: readonly ToPerceive[]) => Promise<PerConversation<Perceived>> {
  const graph = buildObserveGraph(deps);
  return async (batch) => {
    const { perceived } = await graph.invoke({ batch });
    return perceived;
  };
}
