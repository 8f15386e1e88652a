// Answers the root fields of the schema from the workspace's state. The graphql package walks the selection; these give it the values.
import { missingScope } from './errors.ts';
import type { PageArgs } from './filter.ts';
import { page } from './filter.ts';
import type {
  AttachmentRecord,
  CommentRecord,
  IssueEdit,
  IssueRecord,
  LabelRecord,
  LinearState,
  TeamRecord,
  UserRecord,
} from './state.ts';

export type Scope = 'read' | 'write' | 'issues:create' | 'comments:create';

/** What the budget of the hour looks like, for `rateLimitStatus` and the headers. */
export interface Budget {
  limit: number;
  remaining: number;
  resetAtMs: number;
}

/** What every resolver gets beside its arguments. */
export interface CallContext {
  scopes: ReadonlySet<Scope>;
  budget(): Budget;
}

const PRIORITIES = ['No priority', 'Urgent', 'High', 'Medium', 'Low'];
const HOUR_MS = 3_600_000;

interface WithInput<T> {
  input: T;
}

type IssueInput = { id?: string | null; teamId: string; createdAt?: string | null } & IssueEdit;

/** The root value that `execute` is given. */
export function createResolvers(state: LinearState) {
  const views = createViews(state);
  const done = () => ({ success: true, lastSyncId: state.nextSyncId() });
  const may = (context: CallContext, ...scopes: Scope[]) => {
    // `write` covers the narrower scopes; what a refusal names is the wide one, as in life.
    if (!['write' as const, ...scopes].some((scope) => context.scopes.has(scope))) throw missingScope('write');
  };
  const shelve = (id: string, where: 'archive' | 'trash' | 'back') => ({
    entity: views.issue(state.shelveIssue(id, where)),
    ...done(),
  });

  return {
    viewer: () => views.user(state.viewer),
    organization: () => views.organization(),
    team: ({ id }: { id: string }) => views.team(state.teamOf(id)),
    teams: (args: PageArgs) => page(state.teams.values(), args, (one) => one, views.team),
    issueLabels: (args: PageArgs) => page(state.labels.values(), args, views.labelFields, views.label),
    issue: ({ id }: { id: string }) => views.issue(state.issueOf(id)),
    issues: (args: PageArgs) => page(state.issues.values(), args, views.issueFields, views.issue),
    attachmentsForURL: (args: PageArgs & { url: string }) =>
      page(
        [...state.attachments.values()].filter((one) => one.url === args.url),
        args,
        (one) => one,
        views.attachment,
      ),
    rateLimitStatus: (_args: unknown, context: CallContext) => {
      const { limit, remaining, resetAtMs } = context.budget();
      const requests = {
        allowedAmount: limit,
        remainingAmount: remaining,
        requestedAmount: 1,
        period: HOUR_MS,
        reset: resetAtMs,
      };
      return { identifier: state.viewer.id, kind: 'user', limits: [{ type: 'request', ...requests }] };
    },

    issueCreate: ({ input }: WithInput<IssueInput>, context: CallContext) => {
      may(context, 'issues:create');
      return { issue: views.issue(state.createIssue(input)), ...done() };
    },
    issueUpdate: (
      {
        id,
        input,
      }: { id: string } & WithInput<
        IssueEdit & { addedLabelIds?: string[]; removedLabelIds?: string[]; trashed?: boolean | null }
      >,
      context: CallContext,
    ) => {
      may(context);
      const { addedLabelIds = [], removedLabelIds = [], trashed, ...edit } = input;
      if (addedLabelIds.length + removedLabelIds.length > 0) {
        const kept = (edit.labelIds ?? state.issueOf(id).labelIds).filter((label) => !removedLabelIds.includes(label));
        edit.labelIds = [...new Set([...kept, ...addedLabelIds])];
      }
      state.updateIssue(id, edit);
      if (trashed !== undefined) state.shelveIssue(id, trashed ? 'trash' : 'back');
      return { issue: views.issue(state.issueOf(id)), ...done() };
    },
    issueArchive: ({ id, trash }: { id: string; trash?: boolean | null }, context: CallContext) => {
      may(context);
      return shelve(id, trash ? 'trash' : 'archive');
    },
    issueDelete: (
      { id, permanentlyDelete }: { id: string; permanentlyDelete?: boolean | null },
      context: CallContext,
    ) => {
      may(context);
      if (permanentlyDelete) return { entity: views.issue(state.eraseIssue(id)), ...done() };
      return shelve(id, 'trash');
    },
    issueUnarchive: ({ id }: { id: string }, context: CallContext) => {
      may(context);
      return shelve(id, 'back');
    },
    issueLabelCreate: ({ input }: WithInput<Partial<LabelRecord> & { name: string }>, context: CallContext) => {
      may(context);
      return { issueLabel: views.label(state.createLabel(input)), ...done() };
    },
    attachmentCreate: (
      { input }: WithInput<Partial<AttachmentRecord> & Pick<AttachmentRecord, 'issueId' | 'url' | 'title'>>,
      context: CallContext,
    ) => {
      may(context, 'issues:create');
      return { attachment: views.attachment(state.putAttachment(input)), ...done() };
    },
    attachmentDelete: ({ id }: { id: string }, context: CallContext) => {
      may(context);
      state.deleteAttachment(id);
      return { entityId: id, ...done() };
    },
    commentCreate: (
      { input }: WithInput<{ id?: string; issueId?: string; parentId?: string; body?: string }>,
      context: CallContext,
    ) => {
      may(context, 'comments:create');
      const comment = state.createComment({ ...input, issueId: input.issueId ?? '', body: input.body ?? '' });
      return { comment: views.comment(comment), ...done() };
    },
  };
}

/** Records as the schema's types: stored fields as they are, relations on demand. */
function createViews(state: LinearState) {
  const { organization: org } = state;
  const organization = () => ({ ...org, updatedAt: org.createdAt });

  const user = (one: UserRecord) => ({
    ...one,
    active: true,
    admin: false,
    guest: false,
    isMe: one.id === state.viewer.id,
    url: `https://linear.app/${org.urlKey}/profiles/${one.displayName}`,
    updatedAt: one.createdAt,
    organization,
  });
  const userOrNull = (id: string | null) => {
    const found = id === null ? undefined : state.users.get(id);
    return found ? user(found) : null;
  };

  const workflowState = (id: string) => {
    const one = state.states.get(id)!;
    const team = state.teams.get(one.teamId)!;
    return { ...one, createdAt: team.createdAt, updatedAt: team.createdAt, team: () => teamView(team) };
  };

  const teamView = (one: TeamRecord) => ({
    ...one,
    displayName: one.name,
    triageEnabled: true,
    updatedAt: one.createdAt,
    organization,
    defaultIssueState: () => workflowState(state.stateOf(one.id, 'Backlog').id),
    states: (args: PageArgs) => {
      const own = [...state.states.values()].filter((each) => each.teamId === one.id);
      const dated = own.map((each) => ({ ...each, createdAt: one.createdAt }));
      return page(
        dated,
        args,
        (each) => each,
        (each) => workflowState(each.id),
      );
    },
  });

  const labelFields = (one: LabelRecord) => ({
    ...one,
    team: one.teamId === null ? null : state.teams.get(one.teamId),
  });
  const label = (one: LabelRecord) => ({
    ...one,
    updatedAt: one.createdAt,
    team: () => (one.teamId === null ? null : teamView(state.teams.get(one.teamId)!)),
    creator: () => userOrNull(one.creatorId),
  });

  const attachment = (one: AttachmentRecord) => ({
    ...one,
    issue: () => issue(state.issueOf(one.issueId)),
    creator: () => userOrNull(one.creatorId),
  });

  const comment = (one: CommentRecord) => ({
    ...one,
    updatedAt: one.createdAt,
    url: `${state.issueOf(one.issueId).url}#comment-${one.id.slice(0, 8)}`,
    issue: () => issue(state.issueOf(one.issueId)),
    user: () => userOrNull(one.userId),
  });

  const issueFields = (one: IssueRecord) => ({
    ...one,
    team: state.teams.get(one.teamId),
    state: state.states.get(one.stateId),
  });
  const issue = (one: IssueRecord) => ({
    ...one,
    priorityLabel: PRIORITIES[one.priority]!,
    state: () => workflowState(one.stateId),
    team: () => teamView(state.teams.get(one.teamId)!),
    assignee: () => userOrNull(one.assigneeId),
    creator: () => userOrNull(one.creatorId),
    labels: (args: PageArgs) =>
      page(
        one.labelIds.map((id) => state.labels.get(id)!),
        args,
        labelFields,
        label,
      ),
    attachments: (args: PageArgs) =>
      page(
        [...state.attachments.values()].filter((each) => each.issueId === one.id),
        args,
        (each) => each,
        attachment,
      ),
    comments: (args: PageArgs) =>
      page(
        [...state.comments.values()].filter((each) => each.issueId === one.id),
        args,
        (each) => each,
        comment,
      ),
  });

  return { organization, user, team: teamView, label, labelFields, attachment, comment, issue, issueFields };
}
