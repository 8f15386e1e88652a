import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseJson } from '#integrations/zendesk/wire.ts';
import { OPERATIONS } from '#src/sandbox/zendesk/faults.ts';
import { type Account, connectTo, factsOfReceived, noteAction, startAccount } from './support.ts';

let account: Account;
beforeEach(async () => {
  account = await startAccount();
});
afterEach(async () => {
  expect(account.sim.unknownCalls()).toEqual([]);
  expect(account.sim.faults.unused()).toEqual([]);
  await account.close();
});

const operations = () => account.sim.calls.map((call) => call.operation);
const probe = () => account.zendesk.probe();

describe('the token', () => {
  it('is asked for once and used until shortly before it ends', async () => {
    await probe();
    await probe();
    expect(operations()).toEqual(['oauth.token', 'users.me', 'users.me']);
    account.clock.advance(86_400_000 - 61_000);
    await probe();
    expect(operations().filter((name) => name === 'oauth.token')).toHaveLength(1);
    account.clock.advance(2_000);
    await probe();
    expect(operations().slice(-2)).toEqual(['oauth.token', 'users.me']);
  });

  it('is asked for once by calls that start together', async () => {
    await Promise.all([probe(), probe(), probe()]);
    expect(operations().filter((name) => name === 'oauth.token')).toHaveLength(1);
  });

  it('is renewed once when Zendesk has revoked it, and a note is still written once', async () => {
    const ticket = account.sim.human.createTicket({ name: 'Ada' }, { subject: 'Help', body: 'It broke' });
    await probe();
    account.sim.revokeTokens();
    await account.zendesk.actions!['zendesk.note']!.perform(noteAction(ticket.id));
    expect(operations().filter((name) => name === 'oauth.token')).toHaveLength(2);
    expect(ticket.comments.filter((comment) => !comment.public)).toHaveLength(1);
  });

  it('is not asked for again and again when Zendesk refuses every one', async () => {
    account.sim.faults.add({ operation: 'users.me', times: 2, answer: { kind: 'status', status: 401 } });
    expect(await probe()).toMatchObject({ ok: false, detail: expect.stringContaining('refused the token') });
    expect(operations()).toEqual(['oauth.token', 'users.me', 'oauth.token', 'users.me']);
  });
});

describe('the doctor', () => {
  it('names the account and the admin behind the token', async () => {
    expect(await probe()).toEqual({ ok: true, detail: `Support Admin (admin) at ${account.sim.url}` });
  });

  it('says what to check when the OAuth client is refused', async () => {
    const wrong = connectTo(`${account.sim.url}/`, account.clock, { clientSecret: 'wrong', webhookSecret: null });
    const answer = await wrong.probe();
    expect(answer).toMatchObject({
      ok: false,
      detail: expect.stringContaining('ZENDESK_CLIENT_SECRET'),
      fix: expect.stringContaining('tickets:read'),
    });
    expect(JSON.stringify(answer)).not.toContain('"wrong"');
    expect(wrong.inbound).toBeUndefined();
  });

  it('refuses an agent who is not an admin, because only admins may read the export', async () => {
    account.sim.state.admin.role = 'agent';
    expect(await probe()).toMatchObject({ ok: false, detail: expect.stringContaining('not an admin') });
  });
});

describe('when Zendesk is busy or broken', () => {
  it('waits as long as a 429 asks for, and then succeeds', async () => {
    account.sim.faults.add({ operation: 'users.me', answer: { kind: 'rate_limited', retryAfterSec: 2 } });
    const before = account.clock.now().getTime();
    expect(await probe()).toMatchObject({ ok: true });
    expect(account.clock.now().getTime() - before).toBe(2_000);
  });

  it('hands a long wait to the queue instead of sitting it out', async () => {
    account.sim.faults.add({ operation: 'tickets.export', answer: { kind: 'rate_limited', retryAfterSec: 37 } });
    await expect(account.zendesk.reconcile!(null)).rejects.toMatchObject({
      code: 'rate_limited',
      retryable: true,
      retryAfterMs: 37_000,
      effectUnknown: false,
    });
  });

  it('bridges two failures in a row and gives up after the third', async () => {
    account.sim.faults.add({ operation: 'users.me', times: 2, answer: { kind: 'status', status: 503 } });
    expect(await probe()).toMatchObject({ ok: true });
    account.sim.faults.add({ operation: 'users.me', times: 3, answer: { kind: 'cut', effect: false } });
    expect(await probe()).toMatchObject({ ok: false, detail: expect.stringContaining('cannot be reached') });
  });

  it('says which scope is missing on a 403', async () => {
    account.sim.faults.add({ operation: 'tickets.export', answer: { kind: 'status', status: 403 } });
    await expect(account.zendesk.reconcile!(null)).rejects.toMatchObject({
      code: 'unauthorized',
      retryable: false,
      message: expect.stringContaining('tickets:read'),
    });
  });

  it('keeps customers’ words out of the error about an answer that cannot be read', async () => {
    const body = { id: 7, type: 'x', subject: 'zen:ticket:1' };
    const odd: typeof fetch = async (input) =>
      String(input).endsWith('/oauth/tokens')
        ? Response.json({ access_token: 't', expires_in: 600 })
        : Response.json({ ticket: { ...body, subject: 'my password is hunter2', status: 9 } });
    const zendesk = connectTo('https://acme.example', account.clock, { fetch: odd });
    const event = {
      id: 'e',
      type: 'zen:event-type:ticket.created',
      subject: 'zen:ticket:1',
      time: '2026-03-02T09:00:00Z',
    };
    const failure = await zendesk.inbound!.read(event).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('ticket.status') });
    expect(String(failure)).not.toContain('hunter2');
  });
});

it('keeps all digits of ids beyond 2^53', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
      fc.integer(),
      fc.double({ noInteger: true, noNaN: true }),
      (large, small, broken) => {
        const text = `{"id":${large},"minus":-${large},"list":[${large}],"small":${small},"broken":${JSON.stringify(broken)}}`;
        expect(parseJson(text)).toEqual({
          id: String(large),
          minus: `-${large}`,
          list: [String(large)],
          small,
          broken: JSON.parse(JSON.stringify(broken)),
        });
      },
    ),
  );
});

it('calls what the simulator simulates, except making tickets, which only customers’ tools do', async () => {
  const { sim, zendesk, clock } = account;
  const ticket = sim.human.createTicket({ name: 'Ada', organization: 'Acme' }, { subject: 'Help', body: 'It broke' });
  await sim.idle();
  await factsOfReceived(account);
  await zendesk.probe();
  await zendesk.actions!['zendesk.note']!.perform(noteAction(ticket.id));
  clock.advance(120_000);
  await zendesk.reconcile!(null);
  const called = new Set(operations());
  expect(OPERATIONS.filter((name) => !called.has(name))).toEqual(['tickets.create']);
});
