// Theme: the group that reports of the same matter belong to. Its id never changes; where a report belongs is a history of events.
import { z } from 'zod';
import { defineContract, Governance, Provenance } from './contract.ts';

export const Theme = z.looseObject({
  v: z.literal(1),
  id: z.string(),
  workspaceId: z.string(),
  ...Provenance.shape,
  ...Governance.shape,
  /** A name that people would give it, from redacted words only. Stable once a card shows it. */
  title: z.string(),
  /** Who gave the name: `machine`, or a person's id, whose name the machine never changes. */
  titledBy: z.string(),
  status: z.enum(['active', 'absorbed']),
  absorbedBy: z.string().nullable(),
});
export type Theme = z.infer<typeof Theme>;
export const ThemeContract = defineContract('theme', 1, Theme);
