import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Comment, ExportAnswer, Ticket, User } from '#integrations/zendesk/wire.ts';
import { type Account, startAccount } from '#test/integrations/zendesk/support.ts';
import { type Description, differences, propertiesOf, publishedFolder, readDescription } from './published.ts';

const folder = publishedFolder();
if (folder === null)
  console.log('PUBLIC_DATA_DIR is not set: the simulator is not held to the published descriptions of Zendesk.');

describe.skipIf(folder === null)('against what Zendesk publishes', () => {
  let account: Account;
  let token: string;
  let support: Description;
  let files: Record<'tickets' | 'users' | 'incremental', Description>;

  beforeAll(async () => {
    support = readDescription(folder!, 'zendesk-support-openapi.yml');
    files = {
      tickets: readDescription(folder!, 'tickets-openapi-original.yml'),
      users: readDescription(folder!, 'users-openapi-original.yml'),
      incremental: readDescription(folder!, 'incremental-openapi-original.yml'),
    };
    account = await startAccount({ seed: { users: [{ name: 'Bo', role: 'agent' }] } });
    const ticket = account.sim.human.createTicket(
      { name: 'Ada', email: 'ada@acme.example', organization: 'Acme' },
      { subject: 'Help', body: 'It broke', priority: 'high' },
    );
    account.sim.human.comment(ticket.id, { name: 'Bo' }, 'Looking.', true, { status: 'open' });
    await account.sim.idle();
    const answer = await fetch(`${account.sim.url}/oauth/tokens`, {
      method: 'POST',
      body: JSON.stringify({
        grant_type: 'client_credentials',
        client_id: 'throughline',
        client_secret: 'hush',
        scope: 'read write',
      }),
    });
    token = ((await answer.json()) as { access_token: string }).access_token;
    account.clock.advance(120_000);
  });
  afterAll(async () => {
    await account?.close();
  });

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    bearer = token,
  ): Promise<{ status: number; body: unknown; headers: Headers }> {
    const response = await fetch(account.sim.url + path, {
      method,
      headers: { authorization: `Bearer ${bearer}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json(), headers: response.headers };
  }

  const user = () => [...account.sim.state.users.values()].at(-1)!.id;
  const organization = () => [...account.sim.state.organizations.keys()][0]!;

  it.each([
    ['tickets', 'get', '/api/v2/tickets/{ticket_id}', '/api/v2/tickets/1.json', undefined],
    [
      'tickets',
      'put',
      '/api/v2/tickets/{ticket_id}',
      '/api/v2/tickets/1.json',
      { ticket: { comment: { body: 'Note', public: false } } },
    ],
    [
      'tickets',
      'get',
      '/api/v2/tickets/{ticket_id}/comments',
      '/api/v2/tickets/1/comments.json?page[size]=10',
      undefined,
    ],
    [
      'tickets',
      'post',
      '/api/v2/tickets',
      '/api/v2/tickets.json',
      { ticket: { subject: 'New', comment: { body: 'One' } } },
    ],
    ['users', 'get', '/api/v2/users/show_many', () => `/api/v2/users/show_many.json?ids=${user()}`, undefined],
    ['users', 'get', '/api/v2/users/me', '/api/v2/users/me.json', undefined],
    [
      'incremental',
      'get',
      '/api/v2/incremental/tickets/cursor',
      '/api/v2/incremental/tickets/cursor.json?start_time=1',
      undefined,
    ],
  ] as const)(
    '%s: %s %s is an endpoint of theirs, and answers as described',
    async (file, method, described, path, body) => {
      const operation = files[file].paths[described]?.[method];
      expect(operation).toBeDefined();
      const answer = await ask(method.toUpperCase(), typeof path === 'string' ? path : path(), body);
      const schema = operation!.responses?.[String(answer.status)]?.content?.['application/json']?.schema;
      expect(schema).toBeDefined();
      expect(differences(files[file], schema!, answer.body)).toEqual([]);
    },
  );

  it.each([
    ['Ticket', '/api/v2/tickets/1.json', 'ticket'],
    ['Ticket', '/api/v2/incremental/tickets/cursor.json?start_time=1', 'tickets'],
    ['Comment', '/api/v2/tickets/1/comments.json?page[size]=10', 'comments'],
    ['User', () => `/api/v2/users/show_many.json?ids=${user()}`, 'users'],
    ['User', '/api/v2/users/me.json', 'user'],
    ['Organization', () => `/api/v2/organizations/show_many.json?ids=${organization()}`, 'organizations'],
  ] as const)('a %s of %s has every property they describe, of the right type', async (name, path, key) => {
    // The export leaves out the last minute.
    account.clock.advance(120_000);
    const { body } = await ask('GET', typeof path === 'string' ? path : path());
    const found = [(body as Record<string, unknown>)[key]].flat() as Record<string, unknown>[];
    expect(found.length).toBeGreaterThan(0);
    for (const one of found) {
      expect(differences(support, { $ref: `#/components/schemas/${name}` }, one)).toEqual([]);
      expect(propertiesOf(support, name).filter((property) => !(property in one))).toEqual([]);
    }
  });

  it('a comparison notices a wrong type, value, time and null', () => {
    const wrong = { id: 'x', status: 'OPEN', created_at: 'yesterday', subject: null, via: { channel: 7 }, tags: [1] };
    expect(differences(support, { $ref: '#/components/schemas/Ticket' }, wrong)).toHaveLength(6);
  });

  it('errors have the described form', async () => {
    const schema = { $ref: '#/components/schemas/Error' };
    account.sim.faults.add({ operation: 'tickets.show', answer: { kind: 'rate_limited', retryAfterSec: 7 } });
    const busy = await ask('GET', '/api/v2/tickets/1.json');
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([429, '7']);
    const answers = [
      busy,
      await ask('GET', '/api/v2/tickets/99.json'),
      await ask('PUT', '/api/v2/tickets/1.json', { ticket: { status: 'lost' } }),
      await ask('GET', '/api/v2/tickets/1.json', undefined, 'forged'),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([429, 404, 422, 401]);
    for (const answer of answers) expect(differences(support, schema, answer.body)).toEqual([]);
  });

  // The published description of webhooks is of trigger webhooks, whose body people write themselves. Event webhooks share their headers, and
  // the names and values of a ticket's fields; their ids are strings and their enums upper case.
  it('webhooks carry the described headers, and values of the described kinds', () => {
    const webhooks = readDescription(folder!, 'zendesk-webhooks-asyncapi.yml');
    const message = webhooks.components.messages!.TicketEvent!;
    const described = Object.keys(message.headers!.properties!);
    expect(account.received.length).toBeGreaterThan(0);
    for (const { headers, body } of account.received) {
      expect(described.filter((name) => headers[name] === undefined)).toEqual([]);
      expect(differences(webhooks, message.headers!, headers)).toEqual([]);
      const detail = JSON.parse(body).detail as Record<string, unknown>;
      const comparable = Object.fromEntries(
        Object.entries(detail).map(([name, value]) => {
          if (typeof value !== 'string') return [name, name === 'via' ? (value as { channel: string }).channel : value];
          if (name === 'id' || name.endsWith('_id')) return [name, name === 'external_id' ? value : Number(value)];
          return [name, ['status', 'priority', 'type'].includes(name) ? value.toLowerCase() : value];
        }),
      );
      expect(differences(webhooks, message.payload!, comparable)).toEqual([]);
    }
  });

  it('our reader takes their examples', () => {
    const example = (name: string) => JSON.parse(readFileSync(join(folder!, 'examples', `${name}.json`), 'utf8'));
    expect(Ticket.parse(example('ticket'))).toMatchObject({ id: 'abc123', requester_id: '500123' });
    expect(Comment.parse(example('comment'))).toMatchObject({ author_id: '500123', public: true });
    expect(User.parse(example('user'))).toMatchObject({ name: 'Example Title' });
    const page = files.incremental.components.schemas.CursorBasedExportIncrementalTicketsResponse!.example;
    expect(ExportAnswer.parse(page)).toMatchObject({
      end_of_stream: true,
      tickets: [{ id: '35436', organization_id: '509974' }],
    });
  });
});
