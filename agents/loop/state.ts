// The state of a proposal's graph. Checkpoints are not encrypted, so that what is kept is ids and codes; drafts with words are untracked.
import { StateSchema, UntrackedValue } from '@langchain/langgraph';
import { z } from 'zod';
import type { Evidence } from '#src/domain/evidence.ts';
import type { InsightDraft } from '#src/domain/insight.ts';
import type { ProposalPayload } from '#src/domain/proposal.ts';

/** One effect that the plan asks for. Ids only; the stage puts the words in. */
export const ActionIntent = z.object({
  kind: z.enum(['linear.issue', 'linear.attachment', 'zendesk.note', 'slack.reply', 'slack.react']),
  conversationId: z.string().nullable(),
});
export type ActionIntent = z.infer<typeof ActionIntent>;

export const Verdict = z.enum(['approved', 'dismissed', 'undone', 'expired']);
export type Verdict = z.infer<typeof Verdict>;

export const LoopState = new StateSchema({
  /** Written by the stage that starts the thread. */
  themeId: z.string(),
  proposalId: z.string(),
  /** What brought the theme up: enough customers, or a person who asked. */
  broughtBy: z.enum(['reach', 'person']),
  /** A card has shown the theme before: it has passed the threshold, and is not asked for it again. */
  shownBefore: z.boolean(),
  /** Written by critic: what is missing before this may be shown. */
  missing: z.array(z.string()).default([]),
  /** Written by gate, from the resume. */
  verdict: Verdict.optional(),
  decisionId: z.string().optional(),
  /** Written by plan. */
  intents: z.array(ActionIntent).default([]),
  /** Written by await-result, from the resume. */
  settled: z.enum(['done', 'failed', 'undone']).optional(),
  /** Written by follow, from the resume. */
  ended: z.enum(['completed', 'canceled', 'removed', 'undone']).optional(),
  /** Written by assess; never checkpointed. */
  evidence: new UntrackedValue<Evidence>(),
  insight: new UntrackedValue<InsightDraft>(),
  /** Written by propose; never checkpointed. */
  proposal: new UntrackedValue<ProposalPayload>(),
});
export type LoopState = typeof LoopState.State;
export type LoopUpdate = typeof LoopState.Update;
