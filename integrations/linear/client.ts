// Linear in our own words. The only importer of its SDK; hand-picked fields instead of the SDK's typed reads, which fetch relations one by one.
import { LinearClient } from '@linear/sdk';
import type { z } from 'zod';
import { ExternalError } from '#src/domain/errors.ts';
import type { Clock, Log, Telemetry } from '#src/domain/ports.ts';
import { createCaller } from '../call.ts';
import { createErrorMap } from './errors.ts';
import type { WireAttachment, WireIssue, WireTeam } from './wire.ts';
import * as wire from './wire.ts';

// Linear answers at most 250 at a time; complexity counts per node, so half of that leaves room.
const PAGE_SIZE = 100;
const TEAMS_MAX = 250;

const ISSUE = 'id identifier url updatedAt completedAt canceledAt archivedAt trashed state { name type }';
const ATTACHMENT = 'id url title issue { id }';
const LABEL = 'id name isGroup team { id }';

/** Every request that leaves here, by the verb that sends it. */
export const DOCUMENTS = {
  whoAmI: 'query { viewer { id name email } organization { name urlKey } }',
  findTeam: `query { teams(first: ${TEAMS_MAX}) { nodes { id key name createdAt } } }`,
  findLabel: `query ($name: String!) { issueLabels(first: ${PAGE_SIZE}, filter: { name: { eqIgnoreCase: $name } }) { nodes { ${LABEL} } } }`,
  createLabel: `mutation ($input: IssueLabelCreateInput!) { issueLabelCreate(input: $input) { issueLabel { ${LABEL} } } }`,
  createIssue: `mutation ($input: IssueCreateInput!) { issueCreate(input: $input) { issue { ${ISSUE} } } }`,
  readIssue: `query ($id: String!) { issue(id: $id) { ${ISSUE} } }`,
  trashIssue: 'mutation ($id: String!) { issueDelete(id: $id) { success } }',
  attach: `mutation ($input: AttachmentCreateInput!) { attachmentCreate(input: $input) { attachment { ${ATTACHMENT} } } }`,
  findAttachment: `query ($url: String!) { attachmentsForURL(url: $url, first: ${PAGE_SIZE}) { nodes { ${ATTACHMENT} } } }`,
  deleteAttachment: 'mutation ($id: String!) { attachmentDelete(id: $id) { success } }',
  statesOf: `query ($ids: [ID!]!) { issues(first: ${PAGE_SIZE}, includeArchived: true, filter: { id: { in: $ids } }) { nodes { ${ISSUE} } pageInfo { hasNextPage endCursor } } }`,
  changedSince: `query ($since: DateTimeOrDuration!, $after: String) { issues(first: ${PAGE_SIZE}, after: $after, includeArchived: true, orderBy: updatedAt, filter: { updatedAt: { gte: $since } }) { nodes { ${ISSUE} } pageInfo { hasNextPage endCursor } } }`,
} as const;

type Verb = keyof typeof DOCUMENTS;

/** Remembers what seldom changes (teams, labels). What stands behind it, and for how long, is the app's choice. */
export interface Cache {
  getOrLoad<T>(key: string, load: () => Promise<T>): Promise<T>;
}

/** Remembers nothing: for the doctor, and for a second look after Linear said that a remembered thing is gone. */
export const NO_CACHE: Cache = { getOrLoad: (_key, load) => load() };

export interface ClientConfig {
  LINEAR_API_KEY: string;
  LINEAR_API_URL: string;
}

export interface ClientDeps {
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
  cache: Cache;
  /** How long one call may take. Default: the house's. */
  timeoutMs?: number;
}

export interface NewIssue {
  id: string;
  teamId: string;
  title: string;
  /** Markdown. */
  description: string;
  /** 0 none, 1 urgent, 2 high, 3 medium, 4 low. */
  priority: number;
  labelIds: string[];
}

export interface NewAttachment {
  id: string;
  issueId: string;
  url: string;
  title: string;
  subtitle: string;
}

export type Linear = ReturnType<typeof createClient>;

/** Opens Linear. Every verb throws ExternalError only; `not_found` is an answer where the return type says so. */
export function createClient(config: ClientConfig, deps: ClientDeps) {
  const { LINEAR_API_KEY: key, LINEAR_API_URL: apiUrl } = config;
  const { log, cache } = deps;
  // OAuth tokens travel as bearer tokens, personal keys as they are.
  const credentials = key.startsWith('lin_oauth_') ? { accessToken: key } : { apiKey: key };
  const call = createCaller('linear', { ...deps, toExternalError: createErrorMap(deps.clock) });

  /** Every write here is safe to repeat: issues by our own id, attachments by address, labels by name, removals by nature. */
  function ask<Answer extends z.ZodType>(verb: Verb, answer: Answer, variables: Record<string, unknown> = {}) {
    return call(
      verb,
      async (signal): Promise<z.output<Answer>> => {
        // A client for each call, because the SDK takes the signal that ends a call only when it is made.
        const sdk = new LinearClient({ ...credentials, apiUrl, signal });
        const { data } = await sdk.client.rawRequest(DOCUMENTS[verb], variables);
        return answer.parse(data);
      },
      deps.timeoutMs === undefined ? {} : { timeoutMs: deps.timeoutMs },
    );
  }

  async function whoAmI() {
    return ask('whoAmI', wire.WhoAmIAnswer);
  }

  /** The team of a key or id; for null the oldest one that the token sees. Throws `not_found` with the keys there are. */
  async function findTeam(wanted: string | null, remember: Cache = cache): Promise<WireTeam> {
    const load = async () => (await ask('findTeam', wire.TeamsAnswer)).teams.nodes;
    const choose = (teams: WireTeam[]) =>
      wanted === null
        ? teams.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt))[0]
        : teams.find((team) => team.id === wanted || team.key.toLowerCase() === wanted.toLowerCase());
    const remembered = choose(await remember.getOrLoad('teams', load));
    if (remembered) return remembered;
    // The team may be younger than what is remembered.
    const teams = await load();
    const team = choose(teams);
    if (team) return team;
    const keys = teams.map((one) => one.key).join(', ') || 'none';
    throw new ExternalError('not_found', `Linear shows no team ${wanted ?? ''} to this token (it sees: ${keys}).`, {
      system: 'linear',
      operation: 'findTeam',
    });
  }

  /**
   * The ids of these labels in a team; missing ones are made. A label that Linear will not let us make is left out, with a warning in the log:
   * an issue without its label is better than no issue.
   */
  async function ensureLabels(names: readonly string[], teamId: string, remember: Cache = cache): Promise<string[]> {
    const ids: string[] = [];
    for (const name of names) {
      try {
        ids.push(await remember.getOrLoad(`label:${teamId}:${name.toLowerCase()}`, () => ensureLabel(name, teamId)));
      } catch (error) {
        if (!(error instanceof ExternalError) || error.retryable) throw error;
        log.warn({ system: 'linear', label: name, code: error.code }, 'filing without a label that Linear refused');
      }
    }
    return [...new Set(ids)];
  }

  async function ensureLabel(name: string, teamId: string): Promise<string> {
    const found = await findLabel(name, teamId);
    if (found) return found;
    try {
      const made = await ask('createLabel', wire.LabelCreateAnswer, { input: { name, teamId } });
      return made.issueLabelCreate.issueLabel.id;
    } catch (error) {
      // Linear keeps names unique: a refusal may mean that an earlier try, or somebody else just now, has made it.
      if (!(error instanceof ExternalError) || !/^(bad_request|conflict)$/.test(error.code)) throw error;
      const made = await findLabel(name, teamId);
      if (made) return made;
      throw error;
    }
  }

  async function findLabel(name: string, teamId: string): Promise<string | null> {
    const { nodes } = (await ask('findLabel', wire.LabelsAnswer, { name })).issueLabels;
    const usable = nodes.filter((label) => !label.isGroup);
    const label = usable.find((one) => one.team?.id === teamId) ?? usable.find((one) => !one.team);
    return label?.id ?? null;
  }

  /** Throws `conflict` when the id was used before: then read it. */
  async function createIssue(issue: NewIssue): Promise<WireIssue> {
    return (await ask('createIssue', wire.IssueCreateAnswer, { input: issue })).issueCreate.issue;
  }

  /** By id or identifier (ENG-12), trashed and archived ones too; null when there is none. */
  async function readIssue(id: string): Promise<WireIssue | null> {
    return unlessGone(async () => (await ask('readIssue', wire.IssueAnswer, { id })).issue);
  }

  /** False when it was gone already. Linear keeps the trash for thirty days. */
  async function trashIssue(id: string): Promise<boolean> {
    return (await unlessGone(() => ask('trashIssue', wire.IssueDeleteAnswer, { id }))) !== null;
  }

  /** Links an address to an issue. Linear keeps one per issue and address: a second one updates the first and keeps its id. */
  async function attach(attachment: NewAttachment): Promise<WireAttachment> {
    return (await ask('attach', wire.AttachmentCreateAnswer, { input: attachment })).attachmentCreate.attachment;
  }

  async function findAttachment(issueId: string, url: string): Promise<WireAttachment | null> {
    const { nodes } = (await ask('findAttachment', wire.AttachmentsAnswer, { url })).attachmentsForURL;
    return nodes.find((one) => one.issue.id === issueId) ?? null;
  }

  /** False when it was gone already. */
  async function deleteAttachment(id: string): Promise<boolean> {
    return (await unlessGone(() => ask('deleteAttachment', wire.AttachmentDeleteAnswer, { id }))) !== null;
  }

  /** How these issues stand now; ids that Linear does not know are absent from the answer. */
  async function statesOf(ids: readonly string[]): Promise<WireIssue[]> {
    const found: WireIssue[] = [];
    for (let start = 0; start < ids.length; start += PAGE_SIZE) {
      const answer = await ask('statesOf', wire.IssuesAnswer, { ids: ids.slice(start, start + PAGE_SIZE) });
      found.push(...answer.issues.nodes);
    }
    return found;
  }

  /** One page of the issues that changed at or after a time (ISO 8601), the latest change first; `next` is null on the last page. */
  async function changedSince(
    since: string,
    after: string | null,
  ): Promise<{ issues: WireIssue[]; next: string | null }> {
    const { nodes, pageInfo } = (await ask('changedSince', wire.IssuesAnswer, { since, after })).issues;
    return { issues: nodes, next: pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null };
  }

  return {
    whoAmI,
    findTeam,
    ensureLabels,
    createIssue,
    readIssue,
    trashIssue,
    attach,
    findAttachment,
    deleteAttachment,
    statesOf,
    changedSince,
  };
}

/** Absence as an answer: null for what Linear does not find. */
async function unlessGone<T>(run: () => Promise<T>): Promise<T | null> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ExternalError && error.code === 'not_found') return null;
    throw error;
  }
}
