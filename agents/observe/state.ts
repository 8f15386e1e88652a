// The state of one batch of perception. Raw words live in it while it runs: nothing of it is ever checkpointed.
import { StateSchema, UntrackedValue } from '@langchain/langgraph';
import type { ObservationDraft } from '#src/domain/observation.ts';
import type { RedactedConversation } from '#src/domain/redaction.ts';
import type { AuthorRole } from '#src/domain/signal.ts';

/** One conversation as perception gets it: raw, and not to be kept. `known` are names of people that the source tells us. */
export interface ToPerceive {
  conversationId: string;
  conversationRevision: string;
  /** A person picked it: it is never noise. */
  captured: boolean;
  /** Only what is clearly a report comes in by itself where it was written. */
  conservative: boolean;
  messages: { id: string; role: AuthorRole; text: string; known: string[] }[];
}

/** What perception found out about one conversation. `vector` is null for noise, which is compared with nothing. */
export interface Perceived {
  draft: ObservationDraft;
  vector: Buffer | null;
  vectorVersion: string | null;
}

/** Results by conversation id; an error stands for a conversation that failed alone. */
export type PerConversation<T> = Map<string, T | Error>;

export const ObserveState = new StateSchema({
  /** Written by whoever starts the graph. */
  batch: new UntrackedValue<readonly ToPerceive[]>(),
  /** Written by redact. */
  redacted: new UntrackedValue<PerConversation<RedactedConversation>>(),
  /** Written by perceive; corrected by gate. */
  drafts: new UntrackedValue<PerConversation<ObservationDraft>>(),
  /** Written by embed. */
  perceived: new UntrackedValue<PerConversation<Perceived>>(),
});
export type ObserveState = typeof ObserveState.State;
export type ObserveUpdate = typeof ObserveState.Update;
