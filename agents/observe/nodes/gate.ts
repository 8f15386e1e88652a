// Gate: keeps out what tells nothing about the product, whoever read it. What a person captured always passes.
import { kindOf } from '#agents/analyst/builtin/index.ts';
import { judgeNoise } from '#agents/analyst/builtin/noise.ts';
import type { AnalystMessage } from '#src/domain/analyst.ts';
import { decidingText } from '#src/domain/analyst.ts';
import type { ObservationDraft } from '#src/domain/observation.ts';
import type { ObserveState, ObserveUpdate, PerConversation } from '../state.ts';
import { attempt, succeeded } from './redact.ts';

/** Decides what is noise. A model may call a report noise by mistake or by persuasion, never the other way round what plainly is noise. */
export function gate(state: ObserveState): ObserveUpdate {
  const byId = new Map(state.batch.map((item) => [item.conversationId, item]));
  const drafts: PerConversation<ObservationDraft> = new Map(state.drafts);
  for (const [conversationId, draft] of succeeded(state.drafts)) {
    const item = byId.get(conversationId)!;
    const redacted = state.redacted.get(conversationId);
    if (!redacted || redacted instanceof Error) continue;
    const messages = redacted.messages.map(
      ({ redacted: text }, at): AnalystMessage => ({ role: item.messages[at]!.role, text }),
    );
    drafts.set(
      conversationId,
      attempt(() => decide(draft, messages, item.captured)),
    );
  }
  return { drafts };
}

function decide(draft: ObservationDraft, messages: readonly AnalystMessage[], captured: boolean): ObservationDraft {
  const text = decidingText(messages);
  if (captured) {
    if (!draft.isNoise && draft.kind !== 'noise') return draft;
    const kind = kindOf(text);
    return {
      ...draft,
      isNoise: false,
      kind: kind.value,
      confidence: { ...draft.confidence, kind: kind.confidence, isNoise: 1 },
    };
  }
  if (draft.isNoise) return { ...draft, kind: 'noise' };
  const verdict = judgeNoise(text);
  const plain = verdict.reason === 'empty' || verdict.reason === 'courtesy';
  if (!plain && draft.kind !== 'noise') return draft;
  return { ...draft, isNoise: true, kind: 'noise', confidence: { ...draft.confidence, isNoise: verdict.confidence } };
}
