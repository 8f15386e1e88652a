// What we read of Linear's answers and webhooks: only these fields, and leniently, so that a field they add or drop elsewhere stops nothing.
import { z } from 'zod';

export const WireTeam = z.looseObject({ id: z.string(), key: z.string(), name: z.string(), createdAt: z.string() });
export type WireTeam = z.infer<typeof WireTeam>;

export const WireState = z.looseObject({ name: z.string(), type: z.string() });

/** An issue as far as we follow it; the same in an answer and in a webhook, where absent fields mean null. */
export const WireIssue = z.looseObject({
  id: z.string(),
  identifier: z.string(),
  url: z.string(),
  updatedAt: z.string(),
  completedAt: z.string().nullish(),
  canceledAt: z.string().nullish(),
  archivedAt: z.string().nullish(),
  trashed: z.boolean().nullish(),
  state: WireState,
});
export type WireIssue = z.infer<typeof WireIssue>;

export const WireLabel = z.looseObject({
  id: z.string(),
  name: z.string(),
  isGroup: z.boolean(),
  team: z.looseObject({ id: z.string() }).nullish(),
});

export const WireAttachment = z.looseObject({
  id: z.string(),
  url: z.string(),
  title: z.string(),
  issue: z.looseObject({ id: z.string() }),
});
export type WireAttachment = z.infer<typeof WireAttachment>;

const PageInfo = z.looseObject({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });

export const WhoAmIAnswer = z.looseObject({
  viewer: z.looseObject({ id: z.string(), name: z.string(), email: z.string() }),
  organization: z.looseObject({ name: z.string(), urlKey: z.string() }),
});
export const TeamsAnswer = z.looseObject({ teams: z.looseObject({ nodes: z.array(WireTeam) }) });
export const LabelsAnswer = z.looseObject({ issueLabels: z.looseObject({ nodes: z.array(WireLabel) }) });
export const LabelCreateAnswer = z.looseObject({ issueLabelCreate: z.looseObject({ issueLabel: WireLabel }) });
export const IssueAnswer = z.looseObject({ issue: WireIssue });
export const IssuesAnswer = z.looseObject({ issues: z.looseObject({ nodes: z.array(WireIssue), pageInfo: PageInfo }) });
export const IssueCreateAnswer = z.looseObject({ issueCreate: z.looseObject({ issue: WireIssue }) });
export const IssueDeleteAnswer = z.looseObject({ issueDelete: z.looseObject({ success: z.literal(true) }) });
export const AttachmentsAnswer = z.looseObject({
  attachmentsForURL: z.looseObject({ nodes: z.array(WireAttachment) }),
});
export const AttachmentCreateAnswer = z.looseObject({
  attachmentCreate: z.looseObject({ attachment: WireAttachment }),
});
export const AttachmentDeleteAnswer = z.looseObject({ attachmentDelete: z.looseObject({ success: z.literal(true) }) });

/** The outside of every webhook, whatever it is about: enough to store it once. */
export const WireEnvelope = z.looseObject({
  action: z.string(),
  type: z.string(),
  /** Milliseconds since 1970, when it was sent; part of what is signed. */
  webhookTimestamp: z.number(),
});

/** A webhook about an issue. `data` is a WireIssue, except that a removal may bring the id alone. */
export const WireIssueEvent = WireEnvelope.extend({
  createdAt: z.string(),
  data: z.looseObject({ id: z.string(), archivedAt: z.string().nullish() }),
  url: z.string().nullish(),
  /** The old values of what changed. */
  updatedFrom: z.record(z.string(), z.unknown()).nullish(),
});
