// Asking as the pipeline uses it: a question in plain words in, a draft of ids and numbers out. It has no effects.
import type { AnswerDraft, AskedFor, AskStep } from '#src/domain/ask.ts';
import type { Telemetry } from '#src/domain/ports.ts';
import { type AskDeps, buildAskGraph } from './graph.ts';
import { TURNS_MAX } from './nodes/understand.ts';

export { createLook } from './look.ts';
export { createMind } from './mind.ts';

// Somebody waits. What takes longer is answered by the rules.
const THINK_MAX_MS = 25_000;
const STEPS_MAX = 4 * TURNS_MAX;

export type Ask = (question: string, asked: AskedFor, say?: (step: AskStep) => void) => Promise<AnswerDraft>;

/** Makes the answering of one workspace. Rejects only when the database does. */
export function createAsk(deps: AskDeps & { telemetry: Telemetry; thinkMaxMs?: number }): Ask {
  const graph = buildAskGraph(deps);
  return async (question, asked, say = () => {}) => {
    const signal = AbortSignal.timeout(deps.thinkMaxMs ?? THINK_MAX_MS);
    const { draft } = await graph.invoke({ question, asked, say, signal }, { recursionLimit: STEPS_MAX });
    const { outcome, producedBy, fellBack } = draft!;
    deps.telemetry.count('answers_total', {
      outcome,
      by: producedBy.model ? 'model' : 'rules',
      fell_back: fellBack ?? 'no',
    });
    return draft!;
  };
}
