// Action: one effect in the world, planned by a decision, safe to repeat, with the way back.
import { z } from 'zod';
import { defineContract, Governance, Provenance } from './contract.ts';
import type { DecisionId, WorkspaceId } from './ids.ts';
import { idOf, uuidFromKey } from './ids.ts';

/** Every kind of effect that an approval can have, in the order in which a decision carries them out. */
export const ActionKind = z.enum(['linear.issue', 'linear.attachment', 'zendesk.note', 'slack.reply', 'slack.react']);
export type ActionKind = z.infer<typeof ActionKind>;

/** `running`: begun by a try whose end is not noted yet, so that the effect may be in the world. */
export const ActionState = z.enum(['planned', 'running', 'done', 'failed', 'compensated', 'skipped']);
export type ActionState = z.infer<typeof ActionState>;

/** What is handed to each kind of action. Encrypted at rest; what was shown is what is in here. */
export const ActionPayload = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('linear.issue'),
    title: z.string().min(1).max(255),
    /** Markdown. */
    description: z.string(),
    /** Label names; missing ones are made. */
    labels: z.array(z.string()),
    /** Linear's own scale: 0 none, 1 urgent, 2 high, 3 medium, 4 low. */
    priority: z.number().int().min(0).max(4),
    /** Team key or id; null means the configured team. */
    team: z.string().nullable(),
  }),
  z.looseObject({
    kind: z.literal('linear.attachment'),
    /** The source conversation that it is about. */
    conversationId: z.string().optional(),
    /** The action whose receipt names the issue. */
    issueActionId: z.string(),
    /** The source conversation, or our lineage page when the source has no address. One attachment per issue and url. */
    url: z.string(),
    title: z.string(),
    subtitle: z.string(),
  }),
  z.looseObject({
    kind: z.literal('zendesk.note'),
    conversationId: z.string().optional(),
    issueActionId: z.string(),
    ticketId: z.string(),
    /** Plain text; the issue's link is added when it is known. */
    body: z.string(),
  }),
  z.looseObject({
    kind: z.literal('slack.reply'),
    conversationId: z.string().optional(),
    issueActionId: z.string(),
    channel: z.string(),
    threadTs: z.string(),
    text: z.string(),
  }),
  z.looseObject({
    kind: z.literal('slack.react'),
    conversationId: z.string().optional(),
    channel: z.string(),
    ts: z.string(),
    emoji: z.string(),
  }),
]);
export type ActionPayload = z.infer<typeof ActionPayload>;

/** What an effect left behind in the other system: enough to find it, show it and take it back. */
export const ActionReceipt = z.looseObject({
  system: z.enum(['linear', 'zendesk', 'slack', 'github']),
  /** The id there. */
  externalId: z.string(),
  /** What people call it: ENG-12, ticket 7. */
  label: z.string(),
  url: z.string().nullable(),
  /** Found rather than made: an earlier try had already done it. */
  found: z.boolean(),
});
export type ActionReceipt = z.infer<typeof ActionReceipt>;

/** The address of an issue without the words of its title, which Linear puts behind the number and does not need. */
export function wordlessUrl(url: string | null): string | null {
  return /^https?:\/\/[^/]+\/[^/]+\/issue\/[^/?#]+/.exec(url ?? '')?.[0] ?? null;
}

export const ActionRecord = z.looseObject({
  v: z.literal(1),
  id: z.string(),
  workspaceId: z.string(),
  ...Provenance.shape,
  ...Governance.shape,
  decisionId: z.string(),
  ordinal: z.number().int().nonnegative(),
  kind: ActionKind,
  idempotencyKey: z.string(),
  payloadHash: z.string(),
  state: ActionState,
  receipt: ActionReceipt.nullable(),
  /** Why it failed, or what compensation could not take back. */
  note: z.string().nullable(),
});
export type ActionRecord = z.infer<typeof ActionRecord>;
export const ActionContract = defineContract('action', 1, ActionRecord);

/** An action as its handler gets it: the record's key, its payload, and the receipt of the issue it hangs on. */
export interface Action<P extends ActionPayload = ActionPayload> {
  id: string;
  kind: P['kind'];
  /** `<decision>:<ordinal>`; a new decision about the same thing is a new key, and so a new effect. */
  idempotencyKey: string;
  payload: P;
  /** The receipt of `payload.issueActionId`, when the payload has one and it is done. */
  issue: ActionReceipt | null;
}

/** The key under which an effect happens at most once. */
export function idempotencyKeyOf(decision: DecisionId, ordinal: number): string {
  return `${decision}:${ordinal}`;
}

/** The id that a Linear issue or attachment gets from us, so that a repeated create meets its own earlier self. */
export function linearIdOf(action: Pick<Action, 'idempotencyKey'>): string {
  return uuidFromKey(`linear:${action.idempotencyKey}`);
}

/** The id of an effect. */
export function actionIdOf(workspaceId: WorkspaceId, decisionId: string, ordinal: number): string {
  return idOf('action', workspaceId, decisionId, ordinal);
}
