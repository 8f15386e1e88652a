// Conversation: the signals that belong together, as a pure function of the messages that are known, so that the order of arrival does not matter.
import { createHash } from 'node:crypto';
import type { ConversationId, WorkspaceId } from './ids.ts';
import { idOf } from './ids.ts';
import type { SignalSource } from './signal.ts';

/** One person's messages that follow each other within this time are one report: people press Enter often. */
export const RUN_GAP_MS = 5 * 60_000;

/** A message as grouping sees it. Times are the source's, in milliseconds since 1970. */
export interface Placed {
  externalId: string;
  authorId: string | null;
  threadId: string | null;
  occurredAtMs: number;
}

/** The conversation that hangs on a root message. */
export function conversationIdOf(workspace: WorkspaceId, source: SignalSource, rootExternalId: string): ConversationId {
  return idOf('conversation', workspace, source, rootExternalId);
}

/**
 * Whether one person's messages in a row count as one conversation there. In a chat they do; rows of a file and calls of the API are
 * complete in themselves and belong together only when they name a thread.
 */
export function groupsRuns(source: SignalSource): boolean {
  return source === 'slack';
}

/**
 * Splits top-level messages of one container into runs: the same author, each within RUN_GAP_MS of the one before, nobody in between.
 * A run is cut before a message with a thread of its own when an earlier message of the run has one too: two threads are two matters.
 *
 * Returns the root of each message, by external id. `threaded` names the messages that have replies.
 */
export function rootsOfRuns(messages: readonly Placed[], threaded: ReadonlySet<string>): Map<string, string> {
  const roots = new Map<string, string>();
  const ordered = [...messages].sort(
    (a, b) => a.occurredAtMs - b.occurredAtMs || (a.externalId < b.externalId ? -1 : 1),
  );
  let root: Placed | null = null;
  let last: Placed | null = null;
  let runHasThread = false;
  for (const message of ordered) {
    const hasThread = threaded.has(message.externalId);
    const continues =
      root !== null &&
      last !== null &&
      message.authorId !== null &&
      message.authorId === last.authorId &&
      message.occurredAtMs - last.occurredAtMs <= RUN_GAP_MS &&
      !(runHasThread && hasThread);
    if (!continues) {
      root = message;
      runHasThread = false;
    }
    runHasThread ||= hasThread;
    roots.set(message.externalId, root!.externalId);
    last = message;
  }
  return roots;
}

/**
 * The name of a conversation's content: the newest revision of each message in it, and whether a person captured one, since that is read
 * differently. Equal content, equal revision.
 */
export function revisionOfSignals(signalIds: readonly string[], captured: boolean): string {
  return createHash('sha256')
    .update([...signalIds].sort().join('\n'))
    .update(captured ? '\ncaptured' : '')
    .digest('hex')
    .slice(0, 16);
}
