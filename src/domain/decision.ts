// Decision: who decided what about which revision, when, how and why. One row per proposal revision; the first completing click wins it.
import { z } from 'zod';
import { defineContract, Governance, Provenance } from './contract.ts';
import type { WorkspaceId } from './ids.ts';
import { idOf } from './ids.ts';

export const DecisionStatus = z.enum(['pending', 'approved', 'dismissed', 'undone', 'expired']);
export type DecisionStatus = z.infer<typeof DecisionStatus>;

/** Why an insight is dismissed, as one tap. */
export const DISMISS_REASONS = {
  duplicate: 'We already track this',
  not_a_bug: 'Works as intended',
  wont_do: 'We will not do this',
  wrong_theme: 'These do not belong together',
  not_now: 'Too small for now',
} as const;
export type DismissReason = keyof typeof DISMISS_REASONS;

/** How long an approval or a reaction can be taken back. */
export const UNDO_MS = 15 * 60_000;

export const Decision = z.looseObject({
  v: z.literal(1),
  id: z.string(),
  workspaceId: z.string(),
  ...Provenance.shape,
  ...Governance.shape,
  proposalId: z.string(),
  proposalRevision: z.number().int().positive(),
  themeId: z.string(),
  status: DecisionStatus,
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
  /** button, modal, reaction, capture. */
  via: z.string().nullable(),
  reason: z.string().nullable(),
  /** True when the person changed the text before approving. */
  edited: z.boolean(),
});
export type Decision = z.infer<typeof Decision>;
export const DecisionContract = defineContract('decision', 1, Decision);

/** The id of the one decision about a revision. */
export function decisionIdOf(workspaceId: WorkspaceId, proposalId: string, revision: number): string {
  return idOf('decision', workspaceId, proposalId, revision);
}
