// Customer: whose words a conversation is. Reach counts customers, never messages.
import type { CustomerId, WorkspaceId } from './ids.ts';
import { idOf } from './ids.ts';
import type { CustomerHint } from './signal.ts';

/** The one customer that stands for everybody we cannot name: however many such reports there are, they reach like one. */
export const UNKNOWN_CUSTOMER: CustomerHint = { kind: 'unknown', key: 'unknown', name: null };

/** The customer that a hint names. */
export function customerIdOf(workspace: WorkspaceId, hint: Pick<CustomerHint, 'kind' | 'key'>): CustomerId {
  return idOf('customer', workspace, hint.kind, hint.key);
}

/**
 * Finds the customer that a staff message speaks for ("Acme says the export fails"): the longest known name that stands in the text as whole
 * words. Names shorter than three letters are ignored, since they are words of every language.
 */
export function customerNamedIn(text: string, known: readonly { id: CustomerId; name: string }[]): CustomerId | null {
  const haystack = ` ${fold(text)} `;
  let best: { id: CustomerId; length: number } | null = null;
  for (const { id, name } of known) {
    const needle = fold(name);
    if (needle.length < 3 || !haystack.includes(` ${needle} `)) continue;
    if (!best || needle.length > best.length) best = { id, length: needle.length };
  }
  return best?.id ?? null;
}

function fold(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
