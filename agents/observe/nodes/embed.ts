// Embed: the vector of the words that decide, for everything that is not noise.
import { decidingText } from '#src/domain/analyst.ts';
import { embedText, encodeVector, VECTOR_VERSION } from '#src/domain/vector.ts';
import type { ObserveState, ObserveUpdate, PerConversation, Perceived } from '../state.ts';
import { attempt } from './redact.ts';

/** Makes the vectors, and puts everything together. */
export function embed(state: ObserveState): ObserveUpdate {
  const perceived: PerConversation<Perceived> = new Map();
  for (const item of state.batch) {
    const draft = state.drafts.get(item.conversationId);
    const redacted = state.redacted.get(item.conversationId);
    if (!draft || !redacted) {
      perceived.set(item.conversationId, new Error('The analyst left this conversation out.'));
    } else if (draft instanceof Error || redacted instanceof Error) {
      perceived.set(item.conversationId, draft instanceof Error ? draft : (redacted as Error));
    } else if (draft.isNoise) {
      perceived.set(item.conversationId, { draft, vector: null, vectorVersion: null });
    } else {
      const messages = redacted.messages.map(({ redacted: text }, at) => ({ role: item.messages[at]!.role, text }));
      perceived.set(
        item.conversationId,
        attempt(() => ({
          draft,
          vector: encodeVector(embedText(decidingText(messages))),
          vectorVersion: VECTOR_VERSION,
        })),
      );
    }
  }
  return { perceived };
}
