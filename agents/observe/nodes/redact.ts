// Redact: nothing behind this node sees a raw word.
import { redactConversation } from '#src/domain/redaction.ts';
import type { ObserveState, ObserveUpdate, PerConversation } from '../state.ts';

/** Redacts every conversation of the batch. */
export function redact(state: ObserveState): ObserveUpdate {
  const redacted: NonNullable<ObserveState['redacted']> = new Map();
  for (const { conversationId, messages } of state.batch) {
    redacted.set(
      conversationId,
      attempt(() => redactConversation(messages)),
    );
  }
  return { redacted };
}

/** A bad item fails alone: what it throws takes its place. */
export function attempt<T>(run: () => T): T | Error {
  try {
    return run();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The entries that have not failed. */
export function succeeded<T>(results: PerConversation<T>): [string, T][] {
  return [...results].filter((entry): entry is [string, T] => !(entry[1] instanceof Error));
}
