// Gate: keeps out what tells nothing about the product, whoever read it. What a person captured always passes.
import { kindOf } from '#agents/analyst/builtin/index.ts';
import { judgeNoise } from '#agents/analyst/builtin/noise.ts';
import type { AnalystMessage } from '#src/domain/analyst.ts';
import { decidingText } from '#src/domain/analyst.ts';
import { type Gate, leftOutBecause } from '#src/domain/gate.ts';
import type { ObservationDraft } from '#src/domain/observation.ts';
import { wordsOf } from '#src/domain/vector.ts';
import type { ObserveState, ObserveUpdate, PerConversation, ToPerceive } from '../state.ts';
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
      attempt(() => decide(draft, messages, item)),
    );
  }
  return { drafts };
}

function decide(draft: ObservationDraft, messages: readonly AnalystMessage[], item: ToPerceive): ObservationDraft {
  const text = decidingText(messages);
  if (item.captured) {
    const gate: Gate = { verdict: 'passed', by: 'person', rule: 'captured', confidence: 1 };
    if (!draft.isNoise && draft.kind !== 'noise') return { ...draft, gate };
    const kind = kindOf(text);
    return {
      ...draft,
      gate,
      isNoise: false,
      kind: kind.value,
      confidence: { ...draft.confidence, kind: kind.confidence, isNoise: 1 },
    };
  }
  const verdict = judgeNoise(text);
  if (draft.isNoise) {
    const rule = draft.producedBy.model === null ? verdict.reason : null;
    const gate: Gate = { verdict: 'noise', by: 'analyst', rule, confidence: draft.confidence.isNoise };
    return { ...draft, gate, kind: 'noise' };
  }
  const plain = verdict.reason === 'empty' || verdict.reason === 'courtesy';
  if (plain || draft.kind === 'noise') {
    const { confidence } = verdict;
    const gate: Gate = { verdict: 'noise', by: 'rule', rule: verdict.reason, confidence };
    return { ...draft, gate, isNoise: true, kind: 'noise', confidence: { ...draft.confidence, isNoise: confidence } };
  }
  const confidence = draft.confidence.isNoise;
  const leftOut = item.conservative
    ? leftOutBecause({
        kind: draft.kind,
        severity: draft.severity,
        confidence,
        words: wordsOf(text).length,
        messages: messages.filter(({ role }) => role === 'customer').length,
      })
    : null;
  if (leftOut) return { ...draft, gate: { verdict: 'left_out', by: 'rule', rule: leftOut, confidence }, isNoise: true };
  return { ...draft, gate: { verdict: 'passed', by: 'analyst', rule: null, confidence } };
}
