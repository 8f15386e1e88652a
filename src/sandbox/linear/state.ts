// What the simulated workspace remembers: plain records, and the few rules by which Linear changes them. Every change is announced, once.
import { randomUUID } from 'node:crypto';
import { uuidFromKey } from '#src/domain/ids.ts';
import type { Clock } from '#src/domain/ports.ts';
import { conflict, inputError, invalidArgument, notFound } from './errors.ts';

export type StateType = 'triage' | 'backlog' | 'unstarted' | 'started' | 'completed' | 'canceled' | 'duplicate';

export interface UserRecord {
  id: string;
  name: string;
  displayName: string;
  email: string;
  app: boolean;
  createdAt: string;
}
export interface TeamRecord {
  id: string;
  key: string;
  name: string;
  createdAt: string;
  issueCount: number;
}
export interface StateRecord {
  id: string;
  teamId: string;
  name: string;
  type: StateType;
  color: string;
  position: number;
}
export interface LabelRecord {
  id: string;
  name: string;
  color: string;
  description: string | null;
  isGroup: boolean;
  /** Null for a label of the whole workspace. */
  teamId: string | null;
  creatorId: string;
  createdAt: string;
}
export interface IssueRecord {
  id: string;
  number: number;
  identifier: string;
  title: string;
  description: string | null;
  priority: number;
  url: string;
  branchName: string;
  teamId: string;
  stateId: string;
  assigneeId: string | null;
  creatorId: string;
  labelIds: string[];
  trashed: boolean | null;
  createdAt: string;
  updatedAt: string;
  startedAt: string | null;
  completedAt: string | null;
  canceledAt: string | null;
  archivedAt: string | null;
}
export interface AttachmentRecord {
  id: string;
  issueId: string;
  url: string;
  title: string;
  subtitle: string | null;
  metadata: Record<string, unknown>;
  groupBySource: boolean;
  creatorId: string;
  createdAt: string;
  updatedAt: string;
}
export interface CommentRecord {
  id: string;
  issueId: string;
  parentId: string | null;
  body: string;
  userId: string;
  createdAt: string;
}

/** What a workspace holds at the start. Everything is optional: the default is one team ENG and three people. */
export interface LinearSeed {
  organization?: { name: string; urlKey: string };
  /** The first user is the one whom the API key belongs to. */
  users?: { name: string; email: string; app?: boolean }[];
  teams?: { key: string; name: string }[];
  labels?: { name: string; team?: string }[];
}

/** One thing that changed, as the webhooks and the page need it. */
export interface Change {
  action: 'create' | 'update' | 'remove';
  type: 'Issue' | 'Comment';
  id: string;
  actorId: string;
  /** For an update: the old values of what changed. */
  updatedFrom: Record<string, unknown> | null;
  /** The record as it was right after the change; a later change does not reach back into it. */
  record: IssueRecord | CommentRecord;
}

export type IssueEdit = Partial<
  Pick<IssueRecord, 'title' | 'description' | 'priority' | 'labelIds' | 'stateId' | 'assigneeId'>
>;

export type LinearState = ReturnType<typeof createState>;

/** A new team's workflow in Linear, with the colors of the product. */
const WORKFLOW: readonly [name: string, type: StateType, color: string][] = [
  ['Triage', 'triage', '#fc7840'],
  ['Backlog', 'backlog', '#bec2c8'],
  ['Todo', 'unstarted', '#e2e2e2'],
  ['In Progress', 'started', '#f2c94c'],
  ['In Review', 'started', '#0f783c'],
  ['Done', 'completed', '#5e6ad2'],
  ['Canceled', 'canceled', '#95a2b3'],
  ['Duplicate', 'duplicate', '#95a2b3'],
];

const DEFAULT_SEED: Required<LinearSeed> = {
  organization: { name: 'Acme', urlKey: 'acme' },
  users: [
    { name: 'Throughline', email: 'throughline@acme.test', app: true },
    { name: 'Dana Whitfield', email: 'dana@acme.test' },
    { name: 'Noor Rahimi', email: 'noor@acme.test' },
  ],
  teams: [{ key: 'ENG', name: 'Engineering' }],
  labels: [{ name: 'Bug' }, { name: 'Feature' }, { name: 'Improvement' }],
};

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Makes a workspace from a seed. `announce` hears of every change after it has happened. */
export function createState(clock: Clock, seed: LinearSeed, announce: (change: Change) => void) {
  const wanted = { ...DEFAULT_SEED, ...seed };
  const bornAt = clock.now().toISOString();
  let lastInstant = 0;
  let syncId = 1;

  const organization = { id: uuidFromKey('sim:organization'), ...wanted.organization, createdAt: bornAt };
  const users = new Map<string, UserRecord>();
  const teams = new Map<string, TeamRecord>();
  const states = new Map<string, StateRecord>();
  const labels = new Map<string, LabelRecord>();
  const issues = new Map<string, IssueRecord>();
  const attachments = new Map<string, AttachmentRecord>();
  const comments = new Map<string, CommentRecord>();

  for (const user of wanted.users) {
    const id = uuidFromKey(`sim:user:${user.email}`);
    const displayName = user.email.split('@')[0]!;
    users.set(id, { id, name: user.name, displayName, email: user.email, app: user.app ?? false, createdAt: bornAt });
  }
  const viewer = [...users.values()][0]!;
  for (const team of wanted.teams) {
    const id = uuidFromKey(`sim:team:${team.key}`);
    teams.set(id, { id, ...team, createdAt: bornAt, issueCount: 0 });
    WORKFLOW.forEach(([name, type, color], position) => {
      const stateId = uuidFromKey(`sim:state:${team.key}:${name}`);
      states.set(stateId, { id: stateId, teamId: id, name, type, color, position });
    });
  }
  for (const label of wanted.labels) {
    const teamId = label.team ? teamOf(label.team).id : null;
    createLabel({ id: uuidFromKey(`sim:label:${label.team ?? ''}:${label.name}`), name: label.name, teamId });
  }

  /** Linear's own times never stand still: two changes in the same millisecond still have an order. */
  function instant(): string {
    lastInstant = Math.max(clock.now().getTime(), lastInstant + 1);
    return new Date(lastInstant).toISOString();
  }

  /** An id that a client brings: right shape, never used. */
  function newId(entity: string, taken: ReadonlyMap<string, unknown>, id: string | null | undefined): string {
    if (id === null || id === undefined) return randomUUID();
    if (!UUID_V4.test(id)) throw invalidArgument('id must be a UUID.');
    if (taken.has(id)) throw conflict(entity, id);
    return id;
  }

  function teamOf(idOrKey: string): TeamRecord {
    const team = teams.get(idOrKey) ?? [...teams.values()].find((one) => one.key === idOrKey.toUpperCase());
    if (!team) throw notFound('Team');
    return team;
  }

  function issueOf(idOrIdentifier: string): IssueRecord {
    const issue =
      issues.get(idOrIdentifier) ?? [...issues.values()].find((one) => one.identifier === idOrIdentifier.toUpperCase());
    if (!issue) throw notFound('Issue');
    return issue;
  }

  function userOf(idOrName: string): UserRecord {
    const text = idOrName.toLowerCase();
    const user =
      users.get(idOrName) ??
      [...users.values()].find((one) =>
        [one.name, one.displayName, one.email].some((name) => name.toLowerCase() === text),
      );
    if (!user) throw notFound('User');
    return user;
  }

  function stateOf(teamId: string, idOrName: string): StateRecord {
    const text = idOrName.toLowerCase();
    const state = [...states.values()].find(
      (one) => one.teamId === teamId && (one.id === idOrName || one.name.toLowerCase() === text),
    );
    if (!state) throw notFound('WorkflowState');
    return state;
  }

  function checkIssue(teamId: string, edit: IssueEdit): void {
    if (edit.title !== undefined && edit.title.trim() === '') throw invalidArgument('title should not be empty.');
    if (edit.priority !== undefined && (edit.priority < 0 || edit.priority > 4)) {
      throw invalidArgument('priority must not be greater than 4 or less than 0.');
    }
    if (edit.stateId !== undefined) stateOf(teamId, edit.stateId);
    if (edit.assigneeId) userOf(edit.assigneeId);
    for (const id of edit.labelIds ?? []) {
      const label = labels.get(id);
      if (!label || (label.teamId !== null && label.teamId !== teamId)) throw notFound('IssueLabel');
      if (label.isGroup)
        throw inputError('labelIds contain a label group', 'A label group cannot be assigned to an issue.');
    }
  }

  function createIssue(
    input: { id?: string | null; teamId: string; title?: string | null; createdAt?: string | null } & IssueEdit,
    actorId = viewer.id,
  ): IssueRecord {
    const team = teamOf(input.teamId);
    const id = newId('Issue', issues, input.id);
    const title = input.title ?? '';
    const stateId = input.stateId ?? stateOf(team.id, 'Backlog').id;
    checkIssue(team.id, { ...input, title, stateId });
    const at = instant();
    const number = ++team.issueCount;
    const identifier = `${team.key}-${number}`;
    const slug = title
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-+|-+$/g, '')
      .slice(0, 60);
    const issue: IssueRecord = {
      id,
      number,
      identifier,
      title,
      description: input.description ?? null,
      priority: input.priority ?? 0,
      url: `https://linear.app/${organization.urlKey}/issue/${identifier}/${slug}`,
      branchName: `${viewer.displayName}/${identifier.toLowerCase()}-${slug}`,
      teamId: team.id,
      stateId,
      assigneeId: input.assigneeId ?? null,
      creatorId: actorId,
      labelIds: [...new Set(input.labelIds ?? [])],
      trashed: null,
      createdAt: input.createdAt ?? at,
      updatedAt: at,
      startedAt: null,
      completedAt: null,
      canceledAt: null,
      archivedAt: null,
    };
    stamp(issue, at);
    issues.set(id, issue);
    tell('create', 'Issue', issue, actorId, null);
    return issue;
  }

  function updateIssue(idOrIdentifier: string, edit: IssueEdit, actorId = viewer.id): IssueRecord {
    const issue = issueOf(idOrIdentifier);
    checkIssue(issue.teamId, edit);
    return change(issue, { ...edit }, actorId);
  }

  /** Puts an issue into the archive, or the trash, or brings it back. */
  function shelveIssue(idOrIdentifier: string, where: 'archive' | 'trash' | 'back', actorId = viewer.id): IssueRecord {
    const issue = issueOf(idOrIdentifier);
    const archivedAt = where === 'back' ? null : (issue.archivedAt ?? instant());
    const trashed = where === 'trash' ? true : where === 'back' ? null : issue.trashed;
    return change(issue, { archivedAt, trashed }, actorId, where === 'trash' ? 'remove' : 'update');
  }

  /** Deletes for good what an administrator deletes, and what has been in the trash for thirty days. */
  function eraseIssue(idOrIdentifier: string, actorId = viewer.id): IssueRecord {
    const issue = issueOf(idOrIdentifier);
    for (const [id, one] of attachments) if (one.issueId === issue.id) attachments.delete(id);
    for (const [id, one] of comments) if (one.issueId === issue.id) comments.delete(id);
    issues.delete(issue.id);
    tell('remove', 'Issue', issue, actorId, null);
    return issue;
  }

  function change(
    issue: IssueRecord,
    edit: Partial<IssueRecord>,
    actorId: string,
    action: 'update' | 'remove' = 'update',
  ): IssueRecord {
    const changed = Object.entries(edit).filter(
      ([key, value]) =>
        value !== undefined && JSON.stringify(issue[key as keyof IssueRecord]) !== JSON.stringify(value),
    );
    if (changed.length === 0) return issue;
    const updatedFrom: Record<string, unknown> = { updatedAt: issue.updatedAt };
    for (const [key] of changed) updatedFrom[key] = issue[key as keyof IssueRecord];
    const times = { startedAt: issue.startedAt, completedAt: issue.completedAt, canceledAt: issue.canceledAt };
    const at = instant();
    Object.assign(issue, Object.fromEntries(changed), { updatedAt: at });
    if ('stateId' in updatedFrom) stamp(issue, at);
    for (const key of ['startedAt', 'completedAt', 'canceledAt'] as const) {
      if (times[key] !== issue[key]) updatedFrom[key] = times[key];
    }
    tell(action, 'Issue', issue, actorId, action === 'update' ? updatedFrom : null);
    return issue;
  }

  function stamp(issue: IssueRecord, at: string): void {
    const { type } = states.get(issue.stateId)!;
    if (type === 'started') issue.startedAt ??= at;
    issue.completedAt = type === 'completed' ? (issue.completedAt ?? at) : null;
    issue.canceledAt = type === 'canceled' || type === 'duplicate' ? (issue.canceledAt ?? at) : null;
  }

  function createLabel(
    input: Partial<Omit<LabelRecord, 'createdAt' | 'creatorId'>> & { name: string },
    actorId = viewer.id,
  ): LabelRecord {
    const id = newId('IssueLabel', labels, input.id);
    const teamId = input.teamId ? teamOf(input.teamId).id : null;
    const same = [...labels.values()].some(
      (one) =>
        one.name.toLowerCase() === input.name.toLowerCase() &&
        (one.teamId === null || teamId === null || one.teamId === teamId),
    );
    if (input.name.trim() === '') throw invalidArgument('name should not be empty.');
    if (same) throw inputError('duplicate label name', 'A label with this name already exists.');
    const { color = '#bec2c8', description = null, isGroup = false } = input;
    const label = {
      id,
      name: input.name,
      color,
      description,
      isGroup,
      teamId,
      creatorId: actorId,
      createdAt: instant(),
    };
    labels.set(id, label);
    return label;
  }

  /** Linear keeps one attachment per issue and address: a second create updates the first, whatever id it brings. */
  function putAttachment(
    input: Partial<AttachmentRecord> & Pick<AttachmentRecord, 'issueId' | 'url' | 'title'>,
    actorId = viewer.id,
  ): AttachmentRecord {
    const issue = issueOf(input.issueId);
    if (!URL.canParse(input.url)) throw invalidArgument('url must be a URL address.');
    const found = [...attachments.values()].find((one) => one.issueId === issue.id && one.url === input.url);
    const at = instant();
    if (found) {
      const { title, subtitle, metadata } = input;
      Object.assign(found, { title, updatedAt: at });
      if (subtitle !== undefined) found.subtitle = subtitle;
      if (metadata !== undefined) found.metadata = metadata;
      return found;
    }
    const attachment: AttachmentRecord = {
      id: newId('Attachment', attachments, input.id),
      issueId: issue.id,
      url: input.url,
      title: input.title,
      subtitle: input.subtitle ?? null,
      metadata: input.metadata ?? {},
      groupBySource: input.groupBySource ?? false,
      creatorId: actorId,
      createdAt: at,
      updatedAt: at,
    };
    attachments.set(attachment.id, attachment);
    return attachment;
  }

  function deleteAttachment(id: string): void {
    if (!attachments.delete(id)) throw notFound('Attachment');
  }

  function createComment(
    input: { id?: string | null; issueId: string; body: string; parentId?: string | null },
    actorId = viewer.id,
  ): CommentRecord {
    const issue = issueOf(input.issueId);
    if (input.body.trim() === '') throw invalidArgument('body should not be empty.');
    const id = newId('Comment', comments, input.id);
    const parentId = input.parentId ?? null;
    if (parentId !== null && !comments.has(parentId)) throw notFound('Comment');
    const comment = { id, issueId: issue.id, parentId, body: input.body, userId: actorId, createdAt: instant() };
    comments.set(id, comment);
    tell('create', 'Comment', comment, actorId, null);
    return comment;
  }

  function tell(
    action: Change['action'],
    type: Change['type'],
    record: IssueRecord | CommentRecord,
    actorId: string,
    updatedFrom: Record<string, unknown> | null,
  ): void {
    announce({ action, type, id: record.id, actorId, updatedFrom, record: structuredClone(record) });
  }

  return {
    organization,
    viewer,
    users,
    teams,
    states,
    labels,
    issues,
    attachments,
    comments,
    nextSyncId: () => ++syncId,
    teamOf,
    issueOf,
    userOf,
    stateOf,
    createIssue,
    updateIssue,
    shelveIssue,
    eraseIssue,
    createLabel,
    putAttachment,
    deleteAttachment,
    createComment,
  };
}
