// Proposal: what would be done about an insight, as immutable numbered revisions. What was shown is what is executed.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { WorkspaceId } from './ids.ts';
import { idOf } from './ids.ts';

/** What would be filed. The whole of it is hashed, and the hash is what a click approves. */
export const ProposalPayload = z.looseObject({
  kind: z.literal('linear.issue'),
  title: z.string().min(1).max(255),
  /** Markdown, with evidence and lineage links. */
  description: z.string(),
  labels: z.array(z.string()),
  priority: z.number().int().min(0).max(4),
  team: z.string().nullable(),
  /** The conversations behind it when it was proposed: each becomes an attachment and gets a backlink. */
  conversationIds: z.array(z.string()),
});
export type ProposalPayload = z.infer<typeof ProposalPayload>;

/** One revision as it is stored; the payload is sealed beside it. */
export interface Proposal {
  id: string;
  revision: number;
  themeId: string;
  insightId: string;
  status: 'open' | 'superseded' | 'decided' | 'expired';
  payloadHash: string;
  approvalsNeeded: number;
  payload: ProposalPayload;
  createdAt: string;
}

/** SHA-256 over the canonical form, so that the same payload has the same hash whatever the order of its keys. */
export function payloadHashOf(payload: unknown): string {
  return createHash('sha256').update(canonical(payload)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`);
    return `{${entries.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/**
 * Whether the action or its text has changed so much that an approval of the old revision must not stand for the new one.
 * More evidence alone has not: the numbers in the description may differ, what would be done is the same.
 */
export function changedMaterially(shown: ProposalPayload, now: ProposalPayload): boolean {
  return (
    shown.kind !== now.kind ||
    shown.title !== now.title ||
    shown.priority !== now.priority ||
    shown.team !== now.team ||
    [...shown.labels].sort().join('\n') !== [...now.labels].sort().join('\n')
  );
}

/** Linear's priority for a severity: 1 urgent, 2 high, 3 medium, 4 low. */
export function priorityOf(severity: 'low' | 'medium' | 'high' | 'critical'): number {
  return { critical: 1, high: 2, medium: 3, low: 4 }[severity];
}

/** The id of a theme's n-th proposal. */
export function proposalIdOf(workspaceId: WorkspaceId, themeId: string, ordinal: number): string {
  return idOf('proposal', workspaceId, themeId, ordinal);
}
