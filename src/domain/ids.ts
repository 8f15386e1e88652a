// Identifiers. Everything that can arrive twice gets an id computed from what it is, so that a second arrival finds the first.
import { createHash } from 'node:crypto';

/** A string that is known to identify one kind of thing; the brand exists for the compiler only. */
export type Id<Kind extends string> = string & { readonly __kind?: Kind };

export type WorkspaceId = Id<'workspace'>;
export type SignalId = Id<'signal'>;
export type ConversationId = Id<'conversation'>;
export type CustomerId = Id<'customer'>;
export type ObservationId = Id<'observation'>;
export type ThemeId = Id<'theme'>;
export type DecisionId = Id<'decision'>;

/** Short prefixes that people see in Slack and in links ("INS-…" is not one: short ids are `ins_1a2b3c…`). */
const PREFIX = {
  signal: 'sig',
  conversation: 'con',
  customer: 'cus',
  observation: 'obs',
  theme: 'thm',
  insight: 'ins',
  proposal: 'pro',
  decision: 'dec',
  action: 'act',
  outcome: 'out',
  card: 'crd',
  delivery: 'del',
  edit: 'edt',
} as const;

export type IdKind = keyof typeof PREFIX;

// The unit separator cannot occur in the parts we hash (ids, timestamps, urls), so ("a","bc") never equals ("ab","c").
const SEPARATOR = '\u001f';

/** The id of a thing of `kind` that is fully named by `parts`: equal parts give an equal id, on every machine, in every order of arrival. */
export function idOf(kind: IdKind, workspace: WorkspaceId, ...parts: readonly (string | number)[]): string {
  const digest = createHash('sha256')
    .update([kind, workspace, ...parts].join(SEPARATOR))
    .digest('hex');
  return `${PREFIX[kind]}_${digest.slice(0, 24)}`;
}

/** What kind of thing an id names, or null when it is none of ours. */
export function kindOfId(id: string): IdKind | null {
  const match = /^([a-z]{3})_[0-9a-f]{24}$/.exec(id);
  if (!match) return null;
  const found = Object.entries(PREFIX).find(([, prefix]) => prefix === match[1]);
  return found ? (found[0] as IdKind) : null;
}

/**
 * A UUID of version 4 shape that is computed from a key: Linear accepts a client's own id for a new issue only in this shape,
 * and the same key must name the same issue on every retry.
 */
export function uuidFromKey(key: string): string {
  const bytes = createHash('sha256').update(key).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
