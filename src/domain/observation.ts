// Observation: what one revision of a conversation says, as fields with their confidence. Made by an analyst, rebuildable, never holds raw text.
import { z } from 'zod';
import { defineContract, Governance, Provenance } from './contract.ts';
import { Gate } from './gate.ts';
import type { ConversationId, ObservationId, WorkspaceId } from './ids.ts';
import { idOf } from './ids.ts';
import { RedactedText } from './redaction.ts';

/** What a customer's words are. `bug`: something of ours does not work; `incident`: it stopped working for many, now. */
export const ObservationKind = z.enum([
  'bug',
  'incident',
  'feature_request',
  'question',
  'praise',
  'complaint',
  'noise',
]);
export type ObservationKind = z.infer<typeof ObservationKind>;

/** How much it hurts. `critical`: nobody can work, data or money is lost; `low`: a wish, a question, a flaw with a way around. */
export const Severity = z.enum(['low', 'medium', 'high', 'critical']);
export type Severity = z.infer<typeof Severity>;

/** How sure the analyst is of a field: 0 guessed, 1 certain. */
export const Confidence = z.number().min(0).max(1);

/** Which analyst made a thing, in which version, with which prompt and model; null where none was used. */
export const ProducedBy = z.looseObject({
  analyst: z.string().min(1),
  version: z.string().min(1),
  /** `observe/v1`; null without a model. */
  prompt: z.string().nullable(),
  /** `openai:gpt-…`; null without a model. */
  model: z.string().nullable(),
});
export type ProducedBy = z.infer<typeof ProducedBy>;

/** Longest title, in characters: one line of a Slack card on a phone is about half of it. */
export const TITLE_LENGTH_MAX = 90;
export const KEYWORDS_MAX = 8;

/** The fields that an analyst fills in. */
export const Perception = z.looseObject({
  kind: ObservationKind,
  severity: Severity,
  /** The product area in the customers' words (billing, export); null when none is named. */
  area: z.string().min(1).max(60).nullable(),
  /** ISO 639-1; null when the text is too short or too mixed to tell. */
  language: z
    .string()
    .regex(/^[a-z]{2}$/, { error: 'must be an ISO 639-1 code' })
    .nullable(),
  /** Kept out: nothing to learn from (a greeting, thanks, chatter), or left to people by the channel. Such observations join no theme. */
  isNoise: z.boolean(),
  /** What the gate said; absent in what was observed before it wrote that down. */
  gate: Gate.optional(),
  /** The gist, in the customers' own words where possible. */
  title: RedactedText.refine((title) => title.length > 0 && title.length <= TITLE_LENGTH_MAX, {
    error: `must have 1 to ${TITLE_LENGTH_MAX} characters`,
  }),
  keywords: z.array(z.string().min(1).max(60)).max(KEYWORDS_MAX),
  confidence: z.looseObject({
    kind: Confidence,
    severity: Confidence,
    area: Confidence,
    language: Confidence,
    isNoise: Confidence,
  }),
});
export type Perception = z.infer<typeof Perception>;

/** One observation per conversation revision; its vector lies beside it as bytes (vector.ts). */
export const Observation = z.looseObject({
  v: z.literal(1),
  id: z.string(),
  workspaceId: z.string(),
  ...Provenance.shape,
  ...Governance.shape,
  conversationId: z.string(),
  /** Names the content of the conversation, see revisionOfSignals. */
  conversationRevision: z.string(),
  ...Perception.shape,
  producedBy: ProducedBy,
});
export type Observation = z.infer<typeof Observation>;
export const ObservationContract = defineContract('observation', 1, Observation);

/** What an analyst hands back about one conversation; the stage adds ids, provenance and governance. */
export interface ObservationDraft extends Perception {
  conversationId: ConversationId;
  conversationRevision: string;
  producedBy: ProducedBy;
}

/** The id of the observation of one revision of a conversation: observing again writes the same row. */
export function observationIdOf(
  workspace: WorkspaceId,
  conversation: ConversationId,
  conversationRevision: string,
): ObservationId {
  return idOf('observation', workspace, conversation, conversationRevision);
}
