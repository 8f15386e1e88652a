// Placing a batch of observations: each takes the theme it is most like, or opens one. No checkpointer: the history of assignments is the memory.
import { END, START, StateGraph, StateSchema, UntrackedValue } from '@langchain/langgraph';
import type { ObservationId, ThemeId } from '#src/domain/ids.ts';
import type { ThemeIndex } from './index.ts';

/** An observation that needs a place. */
export interface ToPlace {
  observationId: ObservationId;
  /** The theme of its conversation so far; it stays there, so that a card does not change its subject. */
  themeId: ThemeId | null;
  vector: Uint8Array;
  /** The earlier observation of the same conversation that this one replaces. */
  replaces: ObservationId | null;
}

/** Where an observation went. `score` is null where nothing had to be compared. */
export interface Placed {
  observationId: ObservationId;
  themeId: ThemeId;
  opens: boolean;
  score: number | null;
}

export interface ThemeGraphDeps {
  index: Pick<ThemeIndex, 'assign' | 'add' | 'remove'>;
  /** The id of the theme that an observation opens. */
  newThemeId: (observationId: ObservationId) => ThemeId;
}

const ThemeState = new StateSchema({
  /** Written by whoever starts the graph, in the order of the reports. */
  batch: new UntrackedValue<readonly ToPlace[]>(),
  /** Written by place. */
  placed: new UntrackedValue<Placed[]>(),
});

/** The graph. One writer at a time: the index learns each observation before the next one is compared. */
export function buildThemeGraph(deps: ThemeGraphDeps) {
  return new StateGraph(ThemeState)
    .addNode('place', (state) => ({ placed: state.batch.map((item) => place(item, deps)) }))
    .addEdge(START, 'place')
    .addEdge('place', END)
    .compile();
}

function place({ observationId, themeId, vector, replaces }: ToPlace, { index, newThemeId }: ThemeGraphDeps): Placed {
  if (replaces !== null) index.remove(replaces);
  if (themeId !== null) {
    index.add(observationId, themeId, vector);
    return { observationId, themeId, opens: false, score: null };
  }
  const near = index.assign(vector);
  const chosen = near.themeId ?? newThemeId(observationId);
  index.add(observationId, chosen, vector);
  return { observationId, themeId: chosen, opens: near.themeId === null, score: near.score };
}
