// Linear's issues as our facts and receipts. Pure.
import type { ActionReceipt } from '#src/domain/action.ts';
import type { Fact, OutcomeState } from '#src/domain/signal.ts';
import type { WireAttachment, WireIssue } from './wire.ts';

/** Linear's types of workflow states; teams name the states as they like, the types are fixed. */
const STATES: Record<string, OutcomeState> = {
  triage: 'open',
  backlog: 'open',
  unstarted: 'open',
  started: 'in_progress',
  completed: 'completed',
  canceled: 'canceled',
  // Somebody decided not to work on this one; what it duplicates is none of ours.
  duplicate: 'canceled',
};

/** How an issue stands; null for a type of state that Linear has and we do not know yet. */
export function outcomeStateOf(issue: Pick<WireIssue, 'state' | 'trashed'>): OutcomeState | null {
  // Archived alone means nothing: Linear archives by itself what was closed long ago.
  return issue.trashed ? 'removed' : (STATES[issue.state.type] ?? null);
}

/**
 * What has become of an issue. The time is when it was closed or removed, and for an open one its last change: so that later edits of a closed
 * issue tell the same fact again, and a webhook and a poll tell the same.
 */
export function toOutcome(issue: WireIssue): Fact {
  const state = outcomeStateOf(issue);
  if (state === null)
    return { kind: 'ignored', reason: `${issue.identifier} is in a state of unknown type ${issue.state.type}` };
  const since = { completed: issue.completedAt, canceled: issue.canceledAt, removed: issue.archivedAt };
  const at = (state in since ? since[state as keyof typeof since] : null) ?? issue.updatedAt;
  const note = state === 'removed' ? 'in the trash' : issue.state.name;
  return { kind: 'outcome', source: 'linear', externalId: issue.id, state, at, permalink: issue.url, note };
}

/** What filing leaves behind. */
export function toIssueReceipt(issue: WireIssue, found: boolean): ActionReceipt {
  return { system: 'linear', externalId: issue.id, label: issue.identifier, url: issue.url, found };
}

/** What attaching leaves behind; the url is what the attachment points to. */
export function toAttachmentReceipt(attachment: WireAttachment, found: boolean): ActionReceipt {
  return { system: 'linear', externalId: attachment.id, label: attachment.title, url: attachment.url, found };
}
