// The simulator as a client of Linear meets it, by the real SDK.
import { createHmac } from 'node:crypto';
import {
  AuthenticationLinearError,
  ForbiddenLinearError,
  InvalidInputLinearError,
  LinearClient,
  RatelimitedLinearError,
} from '@linear/sdk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LinearSimulator } from '#src/sandbox/linear/index.ts';
import { createLinearSimulator } from '#src/sandbox/linear/index.ts';
import { createTestClock } from '../../integrations/linear/rig.ts';
import type { Receiver } from './receiver.ts';
import { startReceiver } from './receiver.ts';

const ID = '9f0e9b0c-1111-4222-8333-444455556666';
const CREATE =
  'mutation ($input: IssueCreateInput!) { issueCreate(input: $input) { success issue { id identifier } } }';

let simulator: LinearSimulator;
let clock: ReturnType<typeof createTestClock>;

beforeEach(async () => {
  clock = createTestClock();
  simulator = createLinearSimulator({ clock, apiKey: 'key', webhookSecret: 'secret' });
  await simulator.start();
});
afterEach(() => simulator.close());

function ask<T>(query: string, variables: Record<string, unknown> = {}, apiKey = 'key') {
  const sdk = new LinearClient({ apiKey, apiUrl: simulator.url });
  return sdk.client.rawRequest<T, Record<string, unknown>>(query, variables);
}

const teamId = () => [...simulator.state.teams.keys()][0]!;
const create = (input: Record<string, unknown> = {}) =>
  ask<{ issueCreate: { issue: { id: string } } }>(CREATE, { input: { teamId: teamId(), title: 'A', ...input } });

describe('requests', () => {
  test.each([
    ['an unknown field', '{ viewer { shoeSize } }', {}],
    ['an unknown argument', '{ issue(number: 1) { id } }', {}],
    ['an unknown operation', '{ everything { id } }', {}],
    ['a missing argument', '{ issue { id } }', {}],
    ['an unknown input field', CREATE, { input: { teamId: 'x', titel: 'A' } }],
    ['a value of the wrong type', CREATE, { input: { teamId: 'x', priority: 'high' } }],
    ['no GraphQL', 'select * from issues', {}],
  ])('%s is refused, and nothing happens', async (_name, query, variables) => {
    await expect(ask(query, variables)).rejects.toMatchObject({ status: 400 });
    expect(simulator.state.issues.size).toBe(0);
  });

  test('another path is not found', async () => {
    const answer = await fetch(simulator.url.replace('/graphql', '/rest'), { method: 'POST', body: '{}' });
    expect(answer.status).toBe(404);
  });

  test('a wrong key is refused, a bearer token is let in', async () => {
    await expect(ask('{ viewer { id } }', {}, 'wrong')).rejects.toBeInstanceOf(AuthenticationLinearError);
    const bearer = new LinearClient({ accessToken: 'key', apiUrl: simulator.url });
    expect((await bearer.client.rawRequest('{ viewer { isMe } }')).data).toEqual({ viewer: { isMe: true } });
  });

  test('a key without the scope is refused', async () => {
    const reader = createLinearSimulator({ clock, apiKey: 'key', scopes: ['read'] });
    await reader.start();
    try {
      const sdk = new LinearClient({ apiKey: 'key', apiUrl: reader.url });
      const input = { teamId: [...reader.state.teams.keys()][0]!, title: 'A' };
      await expect(sdk.client.rawRequest(CREATE, { input })).rejects.toBeInstanceOf(ForbiddenLinearError);
      expect(reader.state.issues.size).toBe(0);
    } finally {
      await reader.close();
    }
  });

  test('calls are written down with what they asked for and what they got', async () => {
    await create();
    await ask('{ issue(id: "ENG-9") { id } }').catch(() => undefined);
    expect(simulator.calls).toMatchObject([
      { kind: 'mutation', operations: ['issueCreate'], status: 200, error: null },
      { kind: 'query', operations: ['issue'], status: 200, error: 'Entity not found: Issue' },
    ]);
  });
});

describe('issues', () => {
  test("a client's id works once", async () => {
    await create({ id: ID });
    const error = await create({ id: ID }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidInputLinearError);
    expect(error).toMatchObject({ message: expect.stringMatching(/^Conflict on insert of Issue/) });
    expect(simulator.state.issues.size).toBe(1);
  });

  test('an id that is no UUID of version 4 is refused', async () => {
    await expect(create({ id: '00000000-0000-1000-8000-000000000000' })).rejects.toBeInstanceOf(
      InvalidInputLinearError,
    );
  });

  test('states set and clear the times that Linear keeps', () => {
    const { human, state } = simulator;
    human.create('A');
    human.setState('ENG-1', 'In Progress');
    const { startedAt } = human.setState('ENG-1', 'Done');
    expect(state.issueOf('ENG-1')).toMatchObject({ startedAt, completedAt: expect.any(String), canceledAt: null });
    human.setState('ENG-1', 'Todo');
    expect(state.issueOf('ENG-1')).toMatchObject({ completedAt: null, canceledAt: null });
    human.setState('ENG-1', 'Canceled');
    expect(state.issueOf('ENG-1')).toMatchObject({ completedAt: null, canceledAt: expect.any(String) });
  });

  test('the archive is hidden from lists unless asked for, and never from a read by id', async () => {
    simulator.human.create('A');
    simulator.human.trash('ENG-1');
    const list = (includeArchived: boolean) =>
      ask<{ issues: { nodes: unknown[] } }>(`{ issues(includeArchived: ${includeArchived}) { nodes { id } } }`);
    expect((await list(false)).data?.issues.nodes).toHaveLength(0);
    expect((await list(true)).data?.issues.nodes).toHaveLength(1);
    expect((await ask('{ issue(id: "eng-1") { trashed } }')).data).toEqual({ issue: { trashed: true } });
  });

  test('lists are cut into pages that meet without overlap', async () => {
    for (let n = 0; n < 7; n++) simulator.human.create(`Issue ${n}`);
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const query =
        'query ($after: String) { issues(first: 3, after: $after) { nodes { title } pageInfo { hasNextPage endCursor } } }';
      type Page = { issues: { nodes: { title: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } };
      const page: Page['issues'] = (await ask<Page>(query, { after })).data!.issues;
      seen.push(...page.nodes.map((node) => node.title));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `Issue ${n}`));
  });

  test.each([
    ['state: { type: { eq: "completed" } }', ['B']],
    ['title: { containsIgnoreCase: "a" }', ['A']],
    ['or: [{ title: { eq: "A" } }, { title: { eq: "C" } }]', ['A', 'C']],
    ['completedAt: { null: true }', ['A', 'C']],
    ['team: { key: { eq: "OPS" } }', []],
    ['and: [{ title: { in: ["A", "B"] } }, { title: { neq: "A" } }]', ['B']],
  ])('filter { %s }', async (filter, titles) => {
    for (const title of ['A', 'B', 'C']) simulator.human.create(title);
    simulator.human.setState('ENG-2', 'Done');
    const { data } = await ask<{ issues: { nodes: { title: string }[] } }>(
      `{ issues(filter: { ${filter} }) { nodes { title } } }`,
    );
    expect(data?.issues.nodes.map((node) => node.title).toSorted()).toEqual(titles);
  });

  test('one attachment per issue and address', async () => {
    simulator.human.create('A');
    const attach =
      'mutation ($input: AttachmentCreateInput!) { attachmentCreate(input: $input) { attachment { id title issue { identifier } } } }';
    const url = 'https://example.test/1';
    await ask(attach, { input: { issueId: 'ENG-1', url, title: 'First', id: ID } });
    const { data } = await ask(attach, { input: { issueId: 'ENG-1', url, title: 'Second' } });
    expect(data).toEqual({
      attachmentCreate: { attachment: { id: ID, title: 'Second', issue: { identifier: 'ENG-1' } } },
    });
    expect((await ask(`{ attachmentsForURL(url: "${url}") { nodes { id } } }`)).data).toEqual({
      attachmentsForURL: { nodes: [{ id: ID }] },
    });
  });

  test('everything that the schema offers can be asked for', async () => {
    await create({ id: ID });
    await ask(
      'mutation { commentCreate(input: { issueId: "ENG-1", body: "Hello" }) { comment { body issue { identifier } user { name } } } }',
    );
    await ask('mutation { issueLabelCreate(input: { name: "Fresh" }) { issueLabel { id } } }');
    const label = [...simulator.state.labels.values()].find((one) => one.name === 'Fresh')!.id;
    await ask(`mutation { issueUpdate(id: "ENG-1", input: { addedLabelIds: ["${label}"], priority: 1 }) { success } }`);
    const { data } = await ask(
      `{ issue(id: "ENG-1") {
        priorityLabel branchName state { name team { key } } team { states { nodes { name } } defaultIssueState { type } }
        labels { nodes { name team { key } creator { name } } } comments { nodes { body } } creator { email organization { name } } assignee { id }
      } rateLimitStatus { limits { allowedAmount } } team(id: "ENG") { name } }`,
    );
    expect(data).toMatchObject({
      issue: {
        priorityLabel: 'Urgent',
        labels: { nodes: [{ name: 'Fresh', team: null }] },
        comments: { nodes: [{ body: 'Hello' }] },
        assignee: null,
      },
      team: { name: 'Engineering' },
    });
    await ask('mutation { issueArchive(id: "ENG-1") { success entity { archivedAt } } }');
    await ask('mutation { issueUnarchive(id: "ENG-1") { success } }');
    expect(simulator.state.issueOf('ENG-1').archivedAt).toBeNull();
    await ask('mutation { issueDelete(id: "ENG-1", permanentlyDelete: true) { success } }');
    expect(simulator.state.issues.size).toBe(0);
    await ask('mutation { attachmentDelete(id: "x") { success } }').catch((error: unknown) =>
      expect(error).toBeInstanceOf(InvalidInputLinearError),
    );
  });
});

describe('faults', () => {
  test('a lost answer has done its work, a server error has not', async () => {
    simulator.faults.next({ kind: 'server_error' });
    await expect(create({ title: 'First' })).rejects.toMatchObject({ status: 503 });
    expect(simulator.state.issues.size).toBe(0);
    simulator.faults.next({ kind: 'lost_answer' });
    await expect(create({ title: 'Second' })).rejects.toMatchObject({ status: 502 });
    expect(simulator.state.issues.size).toBe(1);
    await create({ title: 'Third' });
    expect(simulator.state.issues.size).toBe(2);
  });

  test('a fault for one operation lets the others through', async () => {
    simulator.faults.next({ kind: 'server_error', operation: 'issueCreate' });
    await ask('{ viewer { id } }');
    expect(simulator.faults.pending()).toHaveLength(1);
    await expect(create()).rejects.toMatchObject({ status: 503 });
    expect(simulator.faults.pending()).toHaveLength(0);
  });

  test("a used-up budget looks as Linear's does", async () => {
    simulator.faults.next({ kind: 'rate_limited', retryAfterMs: 90_000 });
    const error = await create().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RatelimitedLinearError);
    expect(error).toMatchObject({ status: 400, requestsRemaining: 0, requestsResetAt: clock.now().getTime() + 90_000 });
  });

  test('the budget of an hour runs out by itself, and comes back', async () => {
    const frugal = createLinearSimulator({ clock, apiKey: 'key', requestsPerHour: 3 });
    await frugal.start();
    try {
      const sdk = new LinearClient({ apiKey: 'key', apiUrl: frugal.url });
      const read = () => sdk.client.rawRequest('{ viewer { id } }');
      for (let n = 0; n < 3; n++) await read();
      await expect(read()).rejects.toMatchObject({ requestsLimit: 3, requestsRemaining: 0 });
      clock.advance(3_600_000);
      await read();
    } finally {
      await frugal.close();
    }
  });
});

describe('webhooks', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
    simulator.connect({ webhookUrl: receiver.url });
  });
  afterEach(() => receiver.close());

  test('carry the signature, the id, the event, and the old values of what changed', async () => {
    simulator.human.create('A');
    simulator.human.setState('ENG-1', 'Done', 'Noor Rahimi');
    await simulator.idle();
    const [, update] = receiver.requests;
    const signature = createHmac('sha256', 'secret').update(update!.body).digest('hex');
    expect(update!.headers).toMatchObject({ 'linear-signature': signature, 'linear-event': 'Issue' });
    expect(update!.headers['linear-delivery']).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(update!.body)).toMatchObject({
      action: 'update',
      type: 'Issue',
      actor: { name: 'Noor Rahimi', type: 'user' },
      webhookTimestamp: expect.any(Number),
      data: { identifier: 'ENG-1', state: { name: 'Done', type: 'completed' }, completedAt: expect.any(String) },
      updatedFrom: { stateId: simulator.state.stateOf(teamId(), 'Backlog').id },
    });
  });

  test('are tried again, with the same id, until the receiver says 200', async () => {
    receiver.answers.push(500, 503);
    simulator.human.create('A');
    await simulator.idle();
    expect(receiver.requests).toHaveLength(3);
    expect(new Set(receiver.requests.map((request) => request.headers['linear-delivery'])).size).toBe(1);
    expect(simulator.deliveries[0]).toMatchObject({
      delivered: true,
      attempts: [{ status: 500 }, { status: 503 }, { status: 200 }],
    });
  });

  test('are given up after four tries', async () => {
    await receiver.close();
    simulator.human.create('A');
    await simulator.idle();
    expect(simulator.deliveries[0]!.delivered).toBe(false);
    expect(simulator.deliveries[0]!.attempts.map((attempt) => attempt.status)).toEqual([null, null, null, null]);
    receiver = await startReceiver();
  });

  test('can be sent again: same ids and words, fresh time and signature', async () => {
    simulator.human.create('A');
    await simulator.idle();
    clock.advance(3_600_000);
    simulator.redeliver();
    await simulator.idle();
    const [first, again] = receiver.requests;
    expect(again!.headers['linear-delivery']).toBe(first!.headers['linear-delivery']);
    expect(again!.headers['linear-signature']).not.toBe(first!.headers['linear-signature']);
    const { webhookTimestamp: before, ...words } = JSON.parse(first!.body);
    const { webhookTimestamp: after, ...sameWords } = JSON.parse(again!.body);
    expect(sameWords).toEqual(words);
    expect(after - before).toBe(3_600_000);
  });

  test('tell an issue as it was at the change, however late they leave', async () => {
    receiver.answers.push(500);
    simulator.human.create('A');
    simulator.human.setState('ENG-1', 'Done');
    await simulator.idle();
    const retried = receiver.requests
      .map((request) => JSON.parse(request.body))
      .filter((event) => event.action === 'create');
    expect(retried).toHaveLength(2);
    for (const event of retried) expect(event.data.state.name).toBe('Backlog');
  });

  test('stop at a reset, and listeners stay', async () => {
    const heard: string[] = [];
    const unsubscribe = simulator.subscribe((change) => heard.push(`${change.type}.${change.action}`));
    simulator.human.create('A');
    simulator.human.comment('ENG-1', 'Hello');
    await simulator.reset();
    expect(simulator.deliveries).toEqual([]);
    expect(simulator.state.issues.size).toBe(0);
    simulator.human.create('B');
    unsubscribe();
    simulator.human.create('C');
    await simulator.idle();
    expect(heard).toEqual(['Issue.create', 'Comment.create', 'Issue.create']);
    expect(simulator.state.issueOf('ENG-1').title).toBe('B');
  });
});
