// Signal: what someone told us, or a metric or event, as one immutable revision with its provenance. Never holds the text itself.
import { z } from 'zod';
import { defineContract, Governance, Provenance } from './contract.ts';
import type { SignalId, WorkspaceId } from './ids.ts';
import { idOf } from './ids.ts';

export const SignalSource = z.enum(['slack', 'zendesk', 'api', 'import']);
export type SignalSource = z.infer<typeof SignalSource>;

/** Who wrote: `customer` counts as a report, `staff` is context, `bot` is chatter that a person or a setting let in. */
export const AuthorRole = z.enum(['customer', 'staff', 'bot']);
export type AuthorRole = z.infer<typeof AuthorRole>;

export const SignalChange = z.enum(['created', 'edited', 'deleted']);
export type SignalChange = z.infer<typeof SignalChange>;

/** One revision of one message, ticket comment, row, metric or event. */
export const Signal = z.looseObject({
  v: z.literal(1),
  id: z.string(),
  workspaceId: z.string(),
  ...Provenance.shape,
  ...Governance.shape,
  change: SignalChange,
  modality: z.enum(['text', 'metric', 'event']),
  /** The author's id at the source; null when the source names none. */
  authorId: z.string().nullable(),
  authorRole: AuthorRole,
  /** Channel, ticket, file: what the conversation lives in. */
  containerId: z.string(),
  /** The message that the thread hangs on, when there is one; for a ticket, the ticket. */
  threadId: z.string().nullable(),
  /** Keyed hash of the text, so that equal texts can be found without being readable; null without text. */
  textHash: z.string().nullable(),
  /** For metrics and events: name, value, unit, labels. */
  measure: z
    .looseObject({
      name: z.string(),
      value: z.number().nullable(),
      unit: z.string().nullable(),
      labels: z.record(z.string(), z.string()),
    })
    .nullable(),
});
export type Signal = z.infer<typeof Signal>;

export const SignalContract = defineContract('signal', 1, Signal);

/** Whose words these are, as far as the source can tell. `key` is stable at the source; `name` is for people. */
export interface CustomerHint {
  kind: 'organization' | 'requester' | 'slack_team' | 'channel' | 'author' | 'unknown' | 'named';
  key: string;
  name: string | null;
}

/** What an integration makes of a delivery, before we store it: the whole of one revision, text included. */
export interface SignalDraft {
  source: SignalSource;
  externalId: string;
  change: SignalChange;
  /** ISO 8601; when the message was first written. */
  occurredAt: string;
  /** ISO 8601; when this revision was made at the source. Equal to occurredAt for `created`. Orders revisions. */
  changedAt: string;
  modality: 'text' | 'metric' | 'event';
  /** Null for a deletion, a metric and an event. */
  text: string | null;
  measure: Signal['measure'];
  author: { id: string | null; name: string | null; role: AuthorRole };
  container: { id: string; name: string | null };
  threadId: string | null;
  permalink: string | null;
  customer: CustomerHint | null;
  reliability: Governance['reliability'];
  /** A person's id when a person captured it; such a signal is never filtered as noise. */
  capturedBy: string | null;
  /** Old data, from an import or a back-fill: it opens no cards by itself. */
  historical: boolean;
}

/** What a delivery tells us, as data: the pipeline decides what becomes of it. */
export type Fact =
  | { kind: 'signal'; signal: SignalDraft }
  /** The source destroyed these texts: ours go too. Ids are external ids; a `*` suffix means all that start so (`zendesk:ticket:7:*`). */
  | { kind: 'forget'; source: SignalSource; externalId: string; at: string; reason: string }
  /** Something happened to what we filed. */
  | {
      kind: 'outcome';
      source: 'linear' | 'github';
      externalId: string;
      state: OutcomeState;
      at: string;
      permalink: string | null;
      note: string | null;
    }
  | { kind: 'ignored'; reason: string };

/** What can become of a filed issue or change, in words that hold for every tracker. */
export type OutcomeState = 'open' | 'in_progress' | 'completed' | 'canceled' | 'removed';

/** A revision's name within its message. The change is part of it: an edit and a deletion may carry the same second. */
export function revisionOf(draft: Pick<SignalDraft, 'change' | 'changedAt'>): string {
  return `${draft.changedAt}/${draft.change}`;
}

/** The id of the signal that a draft becomes: the same draft gives the same signal, however often and in whatever order it arrives. */
export function signalIdOf(
  workspace: WorkspaceId,
  draft: Pick<SignalDraft, 'source' | 'externalId' | 'change' | 'changedAt'>,
): SignalId {
  return idOf('signal', workspace, draft.source, draft.externalId, revisionOf(draft));
}

/** Which of two revisions of a message is the later one at the source. A deletion is final: no edit that arrives late brings a text back. */
export function laterRevision<T extends Pick<SignalDraft, 'change' | 'changedAt'>>(a: T, b: T): T {
  if ((a.change === 'deleted') !== (b.change === 'deleted')) return a.change === 'deleted' ? a : b;
  if (a.changedAt !== b.changedAt) return a.changedAt > b.changedAt ? a : b;
  return a.change === 'created' ? b : a;
}
