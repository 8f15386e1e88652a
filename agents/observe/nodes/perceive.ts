// Perceive: the analyst reads the redacted conversations.
import type { Analyst, AnalystConversation } from '#src/domain/analyst.ts';
import type { ObservationDraft } from '#src/domain/observation.ts';
import type { ObserveState, ObserveUpdate, PerConversation } from '../state.ts';
import { succeeded } from './redact.ts';

/** Makes the node. When the analyst throws on the batch, each conversation is tried alone, so that one cannot fail the others. */
export function createPerceive(deps: { analyst: Analyst }) {
  return async (state: ObserveState): Promise<ObserveUpdate> => {
    const byId = new Map(state.batch.map((item) => [item.conversationId, item]));
    const conversations = succeeded(state.redacted).map(([conversationId, { messages }]): AnalystConversation => {
      const item = byId.get(conversationId)!;
      return {
        conversationId,
        conversationRevision: item.conversationRevision,
        messages: messages.map(({ redacted }, at) => ({ role: item.messages[at]!.role, text: redacted })),
      };
    });
    const drafts: PerConversation<ObservationDraft> = new Map();
    for (const [id, result] of state.redacted) if (result instanceof Error) drafts.set(id, result);
    try {
      for (const draft of await deps.analyst.observe(conversations)) drafts.set(draft.conversationId, draft);
    } catch (thrown) {
      for (const conversation of conversations) {
        if (conversations.length === 1) {
          drafts.set(conversation.conversationId, toError(thrown));
          continue;
        }
        try {
          const [draft] = await deps.analyst.observe([conversation]);
          drafts.set(conversation.conversationId, draft!);
        } catch (error) {
          drafts.set(conversation.conversationId, toError(error));
        }
      }
    }
    return { drafts };
  };
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
