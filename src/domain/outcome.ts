// Outcome: what became of an action in the world.
import { z } from 'zod';
import { defineContract, Governance, Provenance } from './contract.ts';

export const Outcome = z.looseObject({
  v: z.literal(1),
  id: z.string(),
  workspaceId: z.string(),
  ...Provenance.shape,
  ...Governance.shape,
  themeId: z.string(),
  actionId: z.string(),
  /** The filed thing's state, in words that hold for every tracker. */
  state: z.enum(['open', 'in_progress', 'completed', 'canceled', 'removed']),
  /** The state's own name there. */
  note: z.string().nullable(),
});
export type Outcome = z.infer<typeof Outcome>;
export const OutcomeContract = defineContract('outcome', 1, Outcome);
