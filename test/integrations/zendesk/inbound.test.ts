import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawRequest } from '#integrations/contract.ts';
import { readConfig } from '#src/config.ts';
import { type Account, factsOfReceived, forgottenIn, SECRET, signalsIn, startAccount } from './support.ts';

let account: Account;
beforeEach(async () => {
  account = await startAccount();
});
afterEach(async () => {
  expect(account.sim.unknownCalls()).toEqual([]);
  await account.close();
});

const ada = { name: 'Ada', email: 'ada@acme.example', organization: 'Acme' };
const inbound = () => account.zendesk.inbound!;
const verify = (request: RawRequest, now = account.clock.now()) => inbound().verify(request, now);

/** A request as the webhook sends it. */
async function arrived(): Promise<RawRequest> {
  account.sim.human.createTicket(ada, { subject: 'Help', body: 'It broke' });
  await account.sim.idle();
  return account.received.at(-1)!;
}

function signed(body: string, timestamp: string, secret = SECRET): RawRequest {
  const signature = createHmac('sha256', secret)
    .update(timestamp + body)
    .digest('base64');
  return {
    headers: { 'x-zendesk-webhook-signature': signature, 'x-zendesk-webhook-signature-timestamp': timestamp },
    body,
  };
}

describe('the signature', () => {
  it('is accepted when Zendesk made it', async () => {
    expect(verify(await arrived())).toEqual({ ok: true });
  });

  it('agrees with a published example', () => {
    const now = new Date('2021-03-25T05:09:27Z');
    const request: RawRequest = {
      headers: {
        'x-zendesk-webhook-signature': 'S/RDdU2ERmj7LHDDoWJ2onPYH+t7/f2+LTM4dL7UiLM=',
        'x-zendesk-webhook-signature-timestamp': '2021-03-25T05:09:27Z',
      },
      body: '{"event":"ticket.updated","id":123}',
    };
    expect(signed(request.body, '2021-03-25T05:09:27Z', 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==')).toEqual(
      request,
    );
    // The right form, and nobody's secret: ours is another.
    expect(verify(request, now)).toEqual({ ok: false, reason: 'bad_signature' });
  });

  it('is missed when either header is not there', async () => {
    const request = await arrived();
    for (const name of ['x-zendesk-webhook-signature', 'x-zendesk-webhook-signature-timestamp']) {
      expect(verify({ ...request, headers: { ...request.headers, [name]: undefined } })).toEqual({
        ok: false,
        reason: 'missing_signature',
      });
    }
  });

  it('is refused after any change of body, time or signature', async () => {
    const request = await arrived();
    const time = request.headers['x-zendesk-webhook-signature-timestamp']!;
    const signature = request.headers['x-zendesk-webhook-signature']!;
    const changed = (text: string, at: number) => {
      const index = at % text.length;
      return text.slice(0, index) + (text[index] === 'x' ? 'y' : 'x') + text.slice(index + 1);
    };
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom('body', 'time', 'signature'), (at, part) => {
        const headers = { ...request.headers };
        if (part === 'time') headers['x-zendesk-webhook-signature-timestamp'] = changed(time, at);
        if (part === 'signature') headers['x-zendesk-webhook-signature'] = changed(signature, at);
        const body = part === 'body' ? changed(request.body, at) : request.body;
        expect(verify({ headers, body })).toEqual({ ok: false, reason: 'bad_signature' });
      }),
    );
  });

  it('is refused in any other length', async () => {
    const request = await arrived();
    const signature = request.headers['x-zendesk-webhook-signature']!;
    for (const other of ['', 'A', signature.slice(1), `${signature}=`, signature.repeat(2)]) {
      const verdict = verify({ ...request, headers: { ...request.headers, 'x-zendesk-webhook-signature': other } });
      expect(verdict).toEqual({ ok: false, reason: other === '' ? 'missing_signature' : 'bad_signature' });
    }
  });

  it('is refused under another secret', () => {
    const time = account.clock.now().toISOString();
    expect(verify(signed('{}', time, 'another'))).toEqual({ ok: false, reason: 'bad_signature' });
    expect(verify(signed('{}', time))).toEqual({ ok: true });
  });

  it('holds for five minutes, in both directions', () => {
    const now = account.clock.now();
    const at = (ms: number) => verify(signed('{}', new Date(now.getTime() + ms).toISOString()));
    expect(at(-300_000)).toEqual({ ok: true });
    expect(at(-300_001)).toEqual({ ok: false, reason: 'stale' });
    expect(at(300_000)).toEqual({ ok: true });
    expect(at(300_001)).toEqual({ ok: false, reason: 'from_the_future' });
    expect(verify(signed('{}', String(now.getTime())))).toEqual({ ok: false, reason: 'bad_signature' });
  });

  it('is fresh on a redelivery, which keeps its id', async () => {
    const first = await arrived();
    account.clock.advance(3_600_000);
    expect(verify(first)).toEqual({ ok: false, reason: 'stale' });
    await account.sim.redeliver();
    const again = account.received.at(-1)!;
    expect(verify(again)).toEqual({ ok: true });
    expect(again.headers['x-zendesk-webhook-signature']).not.toBe(first.headers['x-zendesk-webhook-signature']);
    expect(inbound().identify(again)).toEqual(inbound().identify(first));
  });

  it('is never made with the secret that Zendesk publishes for tests', () => {
    const result = readConfig({ ZENDESK_WEBHOOK_SECRET: 'dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==' });
    expect(result.ok ? [] : result.problems.map((problem) => problem.name)).toEqual(['ZENDESK_WEBHOOK_SECRET']);
  });
});

describe('a delivery', () => {
  it('is known by the id in its body', async () => {
    const request = await arrived();
    expect(inbound().identify(request)).toEqual({
      ok: true,
      deliveryId: account.sim.deliveries[0]!.id,
      kind: 'zen:event-type:ticket.created',
    });
  });

  it('names the field that is wrong when it is malformed', () => {
    const whole = {
      id: 'e1',
      type: 'zen:event-type:ticket.created',
      subject: 'zen:ticket:1',
      time: '2026-03-02T09:00:00Z',
    };
    const field = (body: unknown) => {
      const answer = inbound().identify({ headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) });
      return answer.ok ? null : answer.field;
    };
    expect(field(whole)).toBeNull();
    expect(field('not json')).toBe('body');
    expect(field([])).toBe('body');
    for (const name of ['id', 'type', 'subject', 'time'] as const) {
      expect(field({ ...whole, [name]: undefined })).toBe(name);
      expect(field({ ...whole, [name]: 7 })).toBe(name);
    }
    expect(field({ ...whole, time: 'yesterday' })).toBe('time');
    expect(field({ ...whole, event: { comment: {} } })).toBe('event.comment.id');
  });
});

describe('reading', () => {
  it('takes the body that a trigger is given, known by its invocation', async () => {
    account.sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    const body = { type: 'zen:event-type:ticket.comment_added', subject: 'zen:ticket:1', time: '2026-03-02T09:00Z' };
    const request = { headers: { 'x-zendesk-webhook-invocation-id': 'i-1' }, body: JSON.stringify(body) };
    expect(inbound().identify(request)).toEqual({ ok: true, deliveryId: 'i-1', kind: body.type });
    expect(signalsIn(await inbound().read(body))).toHaveLength(1);
  });

  it('states the whole ticket as it is now, whatever the event says', async () => {
    const { sim, received } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Export fails', body: 'It says 500.' });
    await sim.idle();
    const created = JSON.parse(received[0]!.body);
    account.clock.advance(60_000);
    sim.human.comment(ticket.id, { name: 'Bo', role: 'agent' }, 'We are looking.', true, { status: 'open' });
    sim.human.comment(ticket.id, { name: 'Bo' }, 'Same as #12, do not tell.', false);
    sim.human.comment(ticket.id, { name: 'Ada', email: ada.email }, 'Still broken.');

    const facts = await inbound().read({ ...created, detail: { ...created.detail, description: 'forged' } });
    expect(signalsIn(facts).map((signal) => [signal.text, signal.author.role, signal.author.name])).toEqual([
      ['Export fails\n\nIt says 500.', 'customer', 'Ada'],
      ['We are looking.', 'staff', 'Bo'],
      ['Still broken.', 'customer', 'Ada'],
    ]);
    expect(signalsIn(facts)[0]).toEqual({
      source: 'zendesk',
      externalId: `zendesk:ticket:1:comment:${ticket.comments[0]!.id}`,
      change: 'created',
      occurredAt: '2026-03-02T09:00:00.000Z',
      changedAt: '2026-03-02T09:00:00.000Z',
      modality: 'text',
      text: 'Export fails\n\nIt says 500.',
      measure: null,
      author: { id: `zendesk:user:${ticket.requesterId}`, name: 'Ada', role: 'customer' },
      container: { id: 'zendesk:ticket:1', name: 'ticket 1' },
      threadId: 'zendesk:ticket:1',
      permalink: `${sim.url}/agent/tickets/1`,
      customer: { kind: 'organization', key: `zendesk:org:${ticket.organizationId}`, name: 'Acme' },
      reliability: 'signed',
      capturedBy: null,
      historical: false,
    });
    expect(await inbound().read(JSON.stringify(created))).toEqual(facts);
  });

  it('gives the same facts in whatever order events are read', async () => {
    const { sim } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    sim.human.comment(ticket.id, ada, 'Two');
    sim.human.setStatus(ticket.id, 'pending');
    sim.human.setOrganization(ticket.id, 'Acme Holding');
    await sim.idle();
    const each = await Promise.all(account.received.map((request) => inbound().read(JSON.parse(request.body))));
    expect(each).toHaveLength(4);
    for (const facts of each) expect(facts).toEqual(each[0]);
    expect(signalsIn(each[0]!)[0]!.customer?.name).toBe('Acme Holding');
  });

  it('forgets a comment that was redacted, and says nothing of what is left of it', async () => {
    const { sim, received } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Card', body: 'My card is 4111 1111 1111 1111, it fails.' });
    const second = sim.human.comment(ticket.id, ada, 'And it is urgent.');
    sim.human.redact(ticket.id, ticket.comments[0]!.id, '4111 1111 1111 1111');
    await sim.idle();
    expect(received.map((request) => JSON.parse(request.body).type)).toContain(
      'zen:event-type:ticket.comment_redacted',
    );
    const facts = await factsOfReceived(account);
    expect(new Set(forgottenIn(facts))).toEqual(new Set([`zendesk:ticket:1:comment:${ticket.comments[0]!.id}`]));
    expect(new Set(signalsIn(facts).map((signal) => signal.externalId))).toEqual(
      new Set([`zendesk:ticket:1:comment:${second.id}`]),
    );
    expect(JSON.stringify(facts)).not.toContain('it fails');
  });

  it('believes the event about a redaction that left no mark', async () => {
    const { sim } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Card', body: 'Everything here was rewritten.' });
    const comment = ticket.comments[0]!;
    const event = {
      id: 'e',
      type: 'zen:event-type:ticket.comment_redacted',
      subject: 'zen:ticket:1',
      time: '2026-03-02T09:00:00Z',
      event: { comment: { id: comment.id } },
    };
    expect(await inbound().read(event)).toEqual([
      {
        kind: 'forget',
        source: 'zendesk',
        externalId: `zendesk:ticket:1:comment:${comment.id}`,
        at: '2026-03-02T09:00:00.000Z',
        reason: 'redacted',
      },
    ]);
  });

  it('forgets a comment that was made private', async () => {
    const { sim } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    const leaked = sim.human.comment(ticket.id, { name: 'Bo', role: 'agent' }, 'The other customer is Globex.');
    sim.human.makePrivate(ticket.id, leaked.id);
    await sim.idle();
    const facts = await factsOfReceived(account);
    expect(forgottenIn(facts)).toEqual([`zendesk:ticket:1:comment:${leaked.id}`]);
    expect(JSON.stringify(facts)).not.toContain('Globex');
  });

  it.each(['softDelete', 'deletePermanently'] as const)(
    'forgets the whole ticket after %s, whichever event comes first',
    async (verb) => {
      const { sim, received } = account;
      const ticket = sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
      sim.human[verb](ticket.id);
      await sim.idle();
      for (const request of received) {
        const facts = await inbound().read(JSON.parse(request.body));
        expect(forgottenIn(facts)).toEqual(['zendesk:ticket:1:*']);
        expect(signalsIn(facts)).toEqual([]);
      }
    },
  );

  it('reads a ticket again that came back from the deleted ones', async () => {
    const { sim, received } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    sim.human.softDelete(ticket.id);
    sim.human.undelete(ticket.id);
    await sim.idle();
    for (const request of received) {
      const facts = await inbound().read(JSON.parse(request.body));
      expect([forgottenIn(facts), signalsIn(facts).length]).toEqual([[], 1]);
    }
  });

  it('asks Zendesk nothing about what changes nothing', async () => {
    const { sim } = account;
    const ticket = sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    sim.human.comment(ticket.id, { name: 'Bo', role: 'agent' }, 'Internal.', false);
    await sim.idle();
    const note = account.received
      .map((request) => JSON.parse(request.body))
      .find((body) => body.type.endsWith('comment_added'));
    const about = (type: string, subject = 'zen:ticket:1') => inbound().read({ ...note, type, subject, event: {} });
    expect(await inbound().read(note)).toEqual([{ kind: 'ignored', reason: 'internal note' }]);
    expect(await about('zen:event-type:ticket.tags_changed')).toMatchObject([{ kind: 'ignored' }]);
    expect(await about('zen:event-type:user.created', 'zen:user:1')).toMatchObject([{ kind: 'ignored' }]);
    expect(await about('zen:event-type:ticket.created', 'zen:ticket:../users')).toMatchObject([{ kind: 'ignored' }]);
    expect(sim.calls).toEqual([]);
  });

  it('names everybody who wrote, however many they are', async () => {
    const ticket = account.sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    for (let n = 0; n < 120; n++) account.sim.human.comment(ticket.id, { name: `Customer ${n}` }, 'Me too.');
    const event = {
      id: 'e',
      type: 'zen:event-type:ticket.created',
      subject: 'zen:ticket:1',
      time: '2026-03-02T09:00:00Z',
    };
    const names = signalsIn(await inbound().read(event)).map((signal) => signal.author.name);
    expect(names).toEqual(['Ada', ...Array.from({ length: 120 }, (_, n) => `Customer ${n}`)]);
  });

  it('says nothing of a ticket that only has internal notes', async () => {
    account.sim.human.createTicket(ada, {
      subject: 'Call',
      body: 'They called.',
      author: { name: 'Bo', role: 'agent' },
      public: false,
    });
    await account.sim.idle();
    expect(await factsOfReceived(account)).toEqual([{ kind: 'ignored', reason: 'nothing public in the ticket' }]);
  });

  it('carries ids beyond 2^53 through, digit by digit', async () => {
    await account.close();
    account = await startAccount({ seed: { firstId: '90071992547409931', firstTicketId: '9007199254740993' } });
    const ticket = account.sim.human.createTicket(ada, { subject: 'Help', body: 'One' });
    await account.sim.idle();
    const [signal] = signalsIn(await factsOfReceived(account));
    expect(ticket.id).toBe('9007199254740993');
    expect(signal).toMatchObject({
      externalId: `zendesk:ticket:9007199254740993:comment:${ticket.comments[0]!.id}`,
      author: { id: `zendesk:user:${ticket.requesterId}`, name: 'Ada' },
      customer: { key: `zendesk:org:${ticket.organizationId}`, name: 'Acme' },
    });
    expect(Number(ticket.requesterId)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
  });
});
