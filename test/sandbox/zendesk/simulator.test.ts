import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Account, startAccount } from '#test/integrations/zendesk/support.ts';

let account: Account;
beforeEach(async () => {
  account = await startAccount();
});
afterEach(async () => {
  await account.close();
});

const ada = { name: 'Ada', organization: 'Acme' };

interface Said {
  status: number;
  headers: Headers;
  body: {
    access_token: string;
    comments: { body: string }[];
    meta: { has_more: boolean; after_cursor: string };
    tickets: { id: number }[];
    after_cursor: string;
    end_of_stream: boolean;
  };
}

async function say(
  method: string,
  path: string,
  { token, body, headers }: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Said> {
  const response = await fetch(account.sim.url + path, {
    method,
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text.startsWith('{') ? JSON.parse(text) : text };
}

const askToken = (more: Record<string, unknown> = {}) =>
  say('POST', '/oauth/tokens', {
    body: {
      grant_type: 'client_credentials',
      client_id: 'throughline',
      client_secret: 'hush',
      scope: 'read write',
      ...more,
    },
  });
const newToken = async (more: Record<string, unknown> = {}): Promise<string> =>
  (await askToken(more)).body.access_token;

describe('who may', () => {
  it('gives tokens to the right client only, with scopes and an end', async () => {
    expect(await askToken()).toMatchObject({
      status: 200,
      body: { token_type: 'bearer', scope: 'read write', expires_in: 172_800 },
    });
    expect(await askToken({ client_secret: 'wrong' })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    expect(await askToken({ scope: 'everything' })).toMatchObject({ status: 400, body: { error: 'invalid_scope' } });
    expect(await askToken({ grant_type: 'password' })).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    });
    expect(await askToken({ expires_in: 299 })).toMatchObject({ status: 422 });
    expect(await askToken({ unknown: 1 })).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('refuses calls without a token, with an expired one, and beyond its scopes', async () => {
    const ticket = account.sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    const path = `/api/v2/tickets/${ticket.id}.json`;
    const token = await newToken({ scope: 'tickets:read', expires_in: 300 });
    expect(await say('GET', path)).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
    expect(await say('GET', path, { token })).toMatchObject({ status: 200 });
    expect(await say('PUT', path, { token, body: { ticket: {} } })).toMatchObject({ status: 403 });
    expect(await say('GET', '/api/v2/users/show_many.json?ids=1', { token })).toMatchObject({ status: 403 });
    account.clock.advance(300_000);
    expect(await say('GET', path, { token })).toMatchObject({ status: 401 });
  });

  it('answers nobody in particular who asks who they are', async () => {
    expect(await say('GET', '/api/v2/users/me.json')).toMatchObject({ status: 200, body: { user: { id: null } } });
    expect(await say('GET', '/api/v2/users/me.json', { token: 'forged' })).toMatchObject({ status: 401 });
  });
});

describe('what nobody should rely on', () => {
  it('refuses and records calls that it does not know', async () => {
    const token = await newToken();
    expect(await say('GET', '/api/v2/search.json?query=x', { token })).toMatchObject({
      status: 501,
      body: { error: 'NotSimulated' },
    });
    expect(await say('DELETE', '/api/v2/tickets/1.json', { token })).toMatchObject({ status: 501 });
    expect(await say('GET', '/api/v2/tickets/1.json?include=users', { token })).toMatchObject({
      status: 400,
      body: { error: 'NotSimulated' },
    });
    expect(account.sim.unknownCalls().map((call) => `${call.method} ${call.path}`)).toEqual([
      'GET /api/v2/search.json',
      'DELETE /api/v2/tickets/1.json',
    ]);
  });

  it('refuses fields that it does not know, and changes nothing', async () => {
    const ticket = account.sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    const token = await newToken();
    const answer = await say('PUT', `/api/v2/tickets/${ticket.id}.json`, {
      token,
      body: { ticket: { comment: { body: 'x', publik: false } } },
    });
    expect(answer).toMatchObject({
      status: 422,
      body: { error: 'RecordInvalid', details: { 'ticket.comment': [{ error: 'InvalidValue' }] } },
    });
    expect(ticket.comments).toHaveLength(1);
  });
});

describe('tickets', () => {
  it('are made once for one idempotency key', async () => {
    const token = await newToken();
    const body = {
      ticket: { subject: 'Help', comment: { body: 'One' }, requester: { name: 'Ada', email: 'ada@acme.example' } },
    };
    const first = await say('POST', '/api/v2/tickets.json', { token, body, headers: { 'idempotency-key': 'k' } });
    const second = await say('POST', '/api/v2/tickets.json', { token, body, headers: { 'idempotency-key': 'k' } });
    expect([
      first.status,
      first.headers.get('x-idempotency-lookup'),
      second.headers.get('x-idempotency-lookup'),
    ]).toEqual([201, 'miss', 'hit']);
    expect(second.body).toEqual(first.body);
    expect(account.sim.state.tickets.size).toBe(1);
    expect(
      await say('POST', '/api/v2/tickets.json', {
        token,
        body: { ticket: { comment: { body: 'Two' } } },
        headers: { 'idempotency-key': 'k' },
      }),
    ).toMatchObject({ status: 400 });
  });

  it('refuse a safe update that saw an older ticket', async () => {
    const ticket = account.sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    const stamp = ticket.updatedAt;
    account.clock.advance(1_000);
    account.sim.human.comment(ticket.id, ada, 'Two');
    const token = await newToken();
    const update = (updated_stamp: string) =>
      say('PUT', `/api/v2/tickets/${ticket.id}.json`, {
        token,
        body: { ticket: { comment: { body: 'Note', public: false }, safe_update: true, updated_stamp } },
      });
    expect(await update(stamp)).toMatchObject({ status: 409, body: { error: 'UpdateConflict' } });
    expect(await update(ticket.updatedAt)).toMatchObject({
      status: 200,
      body: { audit: { events: [{ type: 'Comment', public: false }] } },
    });
    expect(ticket.comments.map((comment) => comment.body)).toEqual(['One', 'Two', 'Note']);
  });

  it('list their comments in cursor pages, both ways', async () => {
    const ticket = account.sim.human.createTicket(ada, { subject: 'Help', body: '0' });
    for (let n = 1; n < 5; n++) account.sim.human.comment(ticket.id, ada, String(n));
    const token = await newToken();
    const walk = async (sort: string) => {
      const bodies: string[] = [];
      for (let after = ''; ; ) {
        const { body } = await say(
          'GET',
          `/api/v2/tickets/${ticket.id}/comments.json?page[size]=2&sort=${sort}${after && `&page[after]=${encodeURIComponent(after)}`}`,
          { token },
        );
        bodies.push(...body.comments.map((comment: { body: string }) => comment.body));
        if (!body.meta.has_more) return bodies.join('');
        after = body.meta.after_cursor;
      }
    };
    expect(await walk('created_at')).toBe('01234');
    expect(await walk('-created_at')).toBe('43210');
  });

  it('vanish from the API when deleted, and stay in the export as deleted and scrubbed', async () => {
    const { sim, clock } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Secret matter', body: 'Secret words' });
    sim.human.deletePermanently(ticket.id);
    clock.advance(61_000);
    const token = await newToken();
    expect(await say('GET', `/api/v2/tickets/${ticket.id}.json`, { token })).toMatchObject({
      status: 404,
      body: { error: 'RecordNotFound' },
    });
    const { body } = await say('GET', '/api/v2/incremental/tickets/cursor.json?start_time=1', { token });
    expect(body.tickets).toMatchObject([{ id: 1, status: 'deleted', subject: 'SCRUBBED', description: '' }]);
  });

  it('show themselves to a person who follows the permalink, words escaped', async () => {
    const ticket = account.sim.human.createTicket(ada, { subject: '<script>', body: 'One' });
    expect((await say('GET', `/agent/tickets/${ticket.id}`)).body).toContain('&lt;script&gt;');
    expect(await say('GET', '/agent/tickets/99')).toMatchObject({ status: 404 });
  });
});

describe('the export', () => {
  it('walks all changes by cursor, repeats some, and brings back what changes later', async () => {
    const { sim, clock } = account;
    for (let n = 0; n < 5; n++) sim.human.createTicket(ada, { subject: `${n}`, body: 'x' });
    clock.advance(61_000);
    const token = await newToken();
    const page = async (query: string) =>
      (await say('GET', `/api/v2/incremental/tickets/cursor.json?per_page=2&${query}`, { token })).body;
    const ids = (body: { tickets: { id: number }[] }) => body.tickets.map((ticket) => ticket.id);
    const one = await page('start_time=1');
    const two = await page(`cursor=${encodeURIComponent(one.after_cursor)}`);
    const three = await page(`cursor=${encodeURIComponent(two.after_cursor)}`);
    expect([ids(one), ids(two), ids(three)]).toEqual([
      [1, 2],
      [2, 3, 4],
      [4, 5],
    ]);
    expect([one, two, three].map((body) => body.end_of_stream)).toEqual([false, false, true]);
    sim.human.setStatus('1', 'open');
    expect(ids(await page(`cursor=${encodeURIComponent(three.after_cursor)}`))).toEqual([]);
    clock.advance(61_000);
    expect(ids(await page(`cursor=${encodeURIComponent(three.after_cursor)}`))).toContain(1);
  });

  it('refuses a start in the last minute, a broken cursor and the eleventh call of a minute', async () => {
    const token = await newToken();
    const ask = (query: string) => say('GET', `/api/v2/incremental/tickets/cursor.json?${query}`, { token });
    const nowSec = account.clock.now().getTime() / 1000;
    expect(await ask(`start_time=${nowSec - 59}`)).toMatchObject({
      status: 422,
      body: { error: 'StartTimeTooRecent' },
    });
    expect(await ask('cursor=nonsense')).toMatchObject({ status: 422 });
    expect(await ask('')).toMatchObject({ status: 422 });
    for (let n = 0; n < 7; n++) expect(await ask('start_time=1')).toMatchObject({ status: 200 });
    account.clock.advance(20_000);
    const eleventh = await ask('start_time=1');
    expect(eleventh).toMatchObject({ status: 429, body: { error: 'APIRateLimitExceeded' } });
    expect(eleventh.headers.get('retry-after')).toBe('40');
    account.clock.advance(40_000);
    expect(await ask('start_time=1')).toMatchObject({ status: 200 });
  });
});

describe('faults', () => {
  it('meet the call they wait for, as often as asked, and show when none came', async () => {
    const { sim } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    const token = await newToken();
    const path = `/api/v2/tickets/${ticket.id}.json`;
    const note = { ticket: { comment: { body: 'Note', public: false } } };
    sim.faults.add({ operation: 'tickets.show', times: 2, answer: { kind: 'rate_limited', retryAfterSec: 3 } });
    sim.faults.add({ operation: 'tickets.update', answer: { kind: 'lost_answer' } });
    expect((await say('GET', path, { token })).headers.get('retry-after')).toBe('3');
    expect(await say('PUT', path, { token, body: note })).toMatchObject({ status: 502 });
    expect(ticket.comments).toHaveLength(2);
    expect(sim.faults.unused()).toMatchObject([{ operation: 'tickets.show', times: 1 }]);
    expect(await say('GET', path, { token })).toMatchObject({ status: 429 });
    expect(await say('GET', path, { token })).toMatchObject({ status: 200 });
  });

  it.each([true, false])('cut the line or say nothing, with the effect carried out: %s', async (effect) => {
    const { sim } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    const token = await newToken();
    const put = (signal?: AbortSignal) =>
      fetch(`${sim.url}/api/v2/tickets/${ticket.id}.json`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ ticket: { comment: { body: 'Note', public: false } } }),
        ...(signal ? { signal } : {}),
      });
    sim.faults.add({ operation: 'tickets.update', answer: { kind: 'cut', effect } });
    await expect(put()).rejects.toThrow('fetch failed');
    sim.faults.add({ operation: 'tickets.update', answer: { kind: 'silence', effect } });
    await expect(put(AbortSignal.timeout(50))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(ticket.comments).toHaveLength(effect ? 3 : 1);
  });
});

describe('webhooks', () => {
  it('tell of everything that people do, each with an id of its own', async () => {
    const { sim } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    const other = sim.human.createTicket(ada, { subject: 'Help 2', body: 'Two' });
    const reply = sim.human.comment(ticket.id, { name: 'Bo', role: 'agent' }, 'Hello', true, { status: 'pending' });
    sim.human.redact(ticket.id, reply.id);
    sim.human.makePrivate(ticket.id, reply.id);
    sim.human.setOrganization(ticket.id, 'Globex');
    sim.human.merge(other.id, ticket.id);
    sim.human.softDelete(ticket.id);
    sim.human.undelete(ticket.id);
    sim.human.deletePermanently(ticket.id);
    await sim.idle();
    const names = sim.deliveries.map((delivery) => delivery.type.replace('zen:event-type:ticket.', ''));
    expect(names).toEqual([
      'created',
      'created',
      'comment_added',
      'status_changed',
      'comment_redacted',
      'comment_made_private',
      'organization_changed',
      'merged',
      'status_changed',
      'comment_added',
      'soft_deleted',
      'undeleted',
      'soft_deleted',
      'permanently_deleted',
    ]);
    expect(new Set(sim.deliveries.map((delivery) => delivery.id)).size).toBe(names.length);
    expect(sim.deliveries.every((delivery) => delivery.state === 'delivered')).toBe(true);
    const added = JSON.parse(sim.deliveries[2]!.body);
    expect(added).toMatchObject({
      subject: 'zen:ticket:1',
      detail: { id: '1', status: 'PENDING' },
      event: {
        comment: { id: reply.id, is_public: true, author: { is_staff: true, name: 'Bo' } },
        meta: { sequence: { position: 1, total: 2 } },
      },
    });
  });

  it('are lost, doubled, held and released in another order when asked', async () => {
    const { sim, received } = account;
    const fates = ['drop', 'twice', 'hold', 'hold', 'send'] as const;
    let next = 0;
    sim.route(() => fates[next++]!);
    for (let n = 0; n < fates.length; n++) sim.human.createTicket(ada, { subject: `${n}`, body: 'x' });
    await sim.idle();
    const arrived = () => received.map((request) => JSON.parse(request.body).detail.subject);
    expect(arrived().sort()).toEqual(['1', '1', '4']);
    received.length = 0;
    await sim.release((held) => held.toReversed());
    expect(arrived()).toHaveLength(2);
    expect(sim.deliveries.map((delivery) => delivery.state)).toEqual([
      'dropped',
      'delivered',
      'delivered',
      'delivered',
      'delivered',
    ]);
  });

  it('come again with the same body and a fresh signature, as often as asked', async () => {
    const { sim, received, clock } = account;
    sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    await sim.idle();
    clock.advance(10_000);
    const attempts = await sim.redeliver({ times: 3 });
    expect(attempts.map((attempt) => attempt.status)).toEqual([200, 200, 200]);
    expect(new Set(received.map((request) => request.body)).size).toBe(1);
    expect(received[1]!.headers['x-zendesk-webhook-signature']).not.toBe(
      received[0]!.headers['x-zendesk-webhook-signature'],
    );
    expect(new Set(received.map((request) => request.headers['x-zendesk-webhook-invocation-id'])).size).toBe(4);
  });

  it.each([
    [200, {}, 1],
    [409, {}, 4],
    [429, { 'retry-after': '5' }, 4],
    [503, { 'retry-after': '59' }, 4],
    [503, { 'retry-after': '60' }, 1],
    [503, {}, 1],
    [500, { 'retry-after': '1' }, 1],
    [404, {}, 1],
  ])('after a %i with %j are sent %i times in all', async (status, headers, times) => {
    const { sim, receiver, received } = account;
    Object.assign(receiver, { status, headers });
    sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    await sim.idle();
    expect(received).toHaveLength(times);
    expect(sim.deliveries[0]!.state).toBe(status === 200 ? 'delivered' : 'failed');
    expect(sim.deliveries[0]!.attempts).toHaveLength(times);
  });

  it('are tried six times on a receiver that never answers, and once on one that is not there', async () => {
    await account.close();
    account = await startAccount({ webhookTimeoutMs: 20 });
    const deaf = createServer(() => undefined);
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const { port } = deaf.address() as { port: number };
    account.sim.connect({ webhookUrl: `http://127.0.0.1:${port}/` });
    account.sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    await account.sim.idle();
    deaf.closeAllConnections();
    await new Promise((resolve) => deaf.close(resolve));
    expect(account.sim.deliveries[0]!.attempts.map((attempt) => attempt.problem)).toEqual(Array(6).fill('timeout'));
    account.sim.human.createTicket(ada, { subject: 'Help', body: 'Two' });
    await account.sim.idle();
    expect(account.sim.deliveries[1]!.attempts.map((attempt) => attempt.problem)).toEqual(['unreachable']);
  });
});

it('goes back to its seed, keeps the webhook, and closes with a delivery under way', async () => {
  await account.close();
  account = await startAccount({
    seed: {
      users: [
        { name: 'Ada', organization: 'Acme' },
        { name: 'Bo', role: 'agent' },
      ],
    },
  });
  const { sim, received } = account;
  expect([...sim.state.users.values()].map((user) => user.name)).toEqual(['Support Admin', 'Ada', 'Bo']);
  sim.human.createTicket({ name: 'Cy' }, { subject: 'Help', body: 'One' });
  await sim.idle();
  sim.reset();
  expect([sim.state.tickets.size, sim.state.users.size, sim.deliveries.length, sim.calls.length]).toEqual([0, 3, 0, 0]);
  const heard: string[] = [];
  const stop = sim.subscribe((event) => void heard.push(event.kind));
  expect(sim.human.createTicket({ name: 'Cy' }, { subject: 'Help', body: 'One' }).id).toBe('1');
  await sim.idle();
  stop();
  expect(received).toHaveLength(2);
  expect(heard).toContain('ticket');
  expect(heard).toContain('delivery');
  sim.human.createTicket({ name: 'Cy' }, { subject: 'Late', body: 'Two' });
  await sim.close();
});
