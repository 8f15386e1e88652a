import { createHmac } from 'node:crypto';
import { LinearWebhookClient } from '@linear/sdk/webhooks';
import { afterEach, describe, expect, test } from 'vitest';
import type { RawRequest } from '#integrations/contract.ts';
import { createInbound } from '#integrations/linear/inbound.ts';
import { startReceiver } from '../../sandbox/linear/receiver.ts';
import type { Rig } from './rig.ts';
import { fileIssue, startRig, WEBHOOK_SECRET } from './rig.ts';

const NOW = new Date('2026-03-02T09:00:00.000Z');
const inbound = createInbound(WEBHOOK_SECRET);

const EVENT = {
  action: 'update',
  type: 'Issue',
  createdAt: '2026-03-02T08:59:59.000Z',
  url: 'https://linear.app/acme/issue/ENG-1',
  data: {
    id: '4c9b0c3e-0000-4000-8000-000000000001',
    identifier: 'ENG-1',
    url: 'https://linear.app/acme/issue/ENG-1',
    updatedAt: '2026-03-02T08:59:58.000Z',
    state: { name: 'In Review', type: 'started' },
  },
  updatedFrom: { stateId: 'x', updatedAt: '2026-03-02T08:00:00.000Z' },
};

function signed(payload: object, options: { ageMs?: number; secret?: string } = {}): RawRequest {
  const body = JSON.stringify({ ...payload, webhookTimestamp: NOW.getTime() - (options.ageMs ?? 0) });
  const signature = createHmac('sha256', options.secret ?? WEBHOOK_SECRET)
    .update(body)
    .digest('hex');
  return { headers: { 'linear-signature': signature, 'linear-delivery': 'd-1', 'linear-event': 'Issue' }, body };
}

function withSignature(request: RawRequest, change: (signature: string) => string | undefined): RawRequest {
  const signature = change(request.headers['linear-signature']!);
  return { ...request, headers: { ...request.headers, 'linear-signature': signature } };
}

describe('the signature', () => {
  const valid = signed(EVENT);
  const refused = (reason: string) => ({ ok: false, reason });
  const flipped = (text: string) => (text.startsWith('0') ? `1${text.slice(1)}` : `0${text.slice(1)}`);

  test.each([
    ['valid', valid, { ok: true }],
    ['valid in capitals', withSignature(valid, (text) => text.toUpperCase()), { ok: true }],
    ['missing', withSignature(valid, () => undefined), refused('missing_signature')],
    ['empty', withSignature(valid, () => ''), refused('missing_signature')],
    ['changed', withSignature(valid, flipped), refused('bad_signature')],
    ['too short', withSignature(valid, (text) => text.slice(2)), refused('bad_signature')],
    ['too long', withSignature(valid, (text) => `${text}00`), refused('bad_signature')],
    ['followed by something', withSignature(valid, (text) => `${text}zz`), refused('bad_signature')],
    ['not hexadecimal', withSignature(valid, () => 'z'.repeat(64)), refused('bad_signature')],
    ["somebody else's", signed(EVENT, { secret: 'other' }), refused('bad_signature')],
    ['over another body', { ...valid, body: valid.body.replace('started', 'completed') }, refused('bad_signature')],
    ['over the same JSON written differently', { ...valid, body: `${valid.body} ` }, refused('bad_signature')],
    ['a minute old', signed(EVENT, { ageMs: 60_000 }), { ok: true }],
    ['older than a minute', signed(EVENT, { ageMs: 60_001 }), refused('stale')],
    ['a minute early', signed(EVENT, { ageMs: -60_000 }), { ok: true }],
    ['from the future', signed(EVENT, { ageMs: -60_001 }), refused('from_the_future')],
  ] as const)('%s', (_name, request, verdict) => {
    expect(inbound.verify(request, NOW)).toEqual(verdict);
  });

  test('replayed: the same delivery has the same id', () => {
    const again = { ...valid, headers: { ...valid.headers } };
    expect(inbound.verify(again, NOW)).toEqual({ ok: true });
    expect(inbound.identify(again)).toEqual(inbound.identify(valid));
    expect(inbound.identify(valid)).toEqual({ ok: true, deliveryId: 'd-1', kind: 'Issue.update' });
  });

  test('time cannot be changed without the signature noticing', () => {
    const old = signed(EVENT, { ageMs: 3_600_000 });
    const fresh = old.body.replace(/"webhookTimestamp":\d+/, `"webhookTimestamp":${NOW.getTime()}`);
    expect(inbound.verify({ ...old, body: fresh }, NOW)).toEqual(refused('bad_signature'));
  });
});

describe('a malformed delivery', () => {
  test.each([
    ['no delivery id', { ...signed(EVENT), headers: {} }, 'linear-delivery'],
    ['no JSON', { ...signed(EVENT), body: 'oops' }, 'body'],
    ['no time', { ...signed(EVENT), body: JSON.stringify(EVENT) }, 'webhookTimestamp'],
    ['no type', { ...signed(EVENT), body: JSON.stringify({ action: 'update', webhookTimestamp: 1 }) }, 'type'],
  ])('%s names the field', (_name, request, field) => {
    expect(inbound.identify(request)).toMatchObject({ ok: false, field });
  });
});

describe('reading a delivery', () => {
  const state = (type: string, more: object = {}) => ({
    ...EVENT,
    webhookTimestamp: 1,
    data: { ...EVENT.data, ...more, state: { name: 'A column', type } },
  });

  test.each([
    ['triage', 'open'],
    ['backlog', 'open'],
    ['unstarted', 'open'],
    ['started', 'in_progress'],
    ['completed', 'completed'],
    ['canceled', 'canceled'],
    ['duplicate', 'canceled'],
  ])('a state of type %s is %s', async (type, outcome) => {
    expect(await inbound.read(state(type))).toEqual([
      {
        kind: 'outcome',
        source: 'linear',
        externalId: EVENT.data.id,
        state: outcome,
        at: EVENT.data.updatedAt,
        permalink: EVENT.data.url,
        note: 'A column',
      },
    ]);
  });

  test('a later edit of a closed issue tells the same fact, with the time of its closing', async () => {
    const completedAt = '2026-03-01T10:00:00.000Z';
    const [fact] = await inbound.read(state('completed', { completedAt }));
    expect(fact).toMatchObject({ state: 'completed', at: completedAt });
  });

  test('an issue that Linear archives long after it was done stays completed', async () => {
    const archivedAt = '2026-03-02T08:59:58.000Z';
    const [fact] = await inbound.read(state('completed', { archivedAt, completedAt: '2026-01-01T00:00:00.000Z' }));
    expect(fact).toMatchObject({ state: 'completed' });
  });

  test('a removal counts even when it brings nothing but the id', async () => {
    const [fact] = await inbound.read({ ...EVENT, webhookTimestamp: 1, action: 'remove', data: { id: EVENT.data.id } });
    expect(fact).toMatchObject({ kind: 'outcome', state: 'removed', externalId: EVENT.data.id, at: EVENT.createdAt });
  });

  test('an update that puts it into the trash is a removal', async () => {
    const [fact] = await inbound.read(state('started', { trashed: true, archivedAt: EVENT.data.updatedAt }));
    expect(fact).toMatchObject({ state: 'removed' });
  });

  test.each([
    ['a comment', { ...EVENT, type: 'Comment' }, 'Comment.update'],
    ['an edit of the title', { ...EVENT, updatedFrom: { title: 'Old' } }, 'title'],
    ['a type of state that does not exist yet', state('parked'), 'parked'],
    ['an event without data', { action: 'created', type: 'AgentSessionEvent' }, 'AgentSessionEvent.created'],
  ])('%s is ignored, with the reason', async (_name, payload, reason) => {
    const [fact] = await inbound.read({ ...payload, webhookTimestamp: 1 });
    expect(fact).toMatchObject({ kind: 'ignored', reason: expect.stringContaining(reason) });
  });

  test('an issue without a state is an error, not silence', async () => {
    await expect(inbound.read({ ...EVENT, webhookTimestamp: 1, data: { id: 'x' } })).rejects.toMatchObject({
      code: 'bad_answer',
    });
  });
});

describe('from the simulator to a fact', () => {
  let rig: Rig;
  afterEach(() => rig.close());

  test("every delivery of an issue's life passes the check, Linear's own too, and tells its state", async () => {
    rig = await startRig();
    const receiver = await startReceiver();
    try {
      rig.simulator.connect({ webhookUrl: receiver.url });
      const { label, externalId } = await fileIssue(rig);
      rig.simulator.human.comment(label, 'Looking into it.');
      rig.simulator.human.setState(label, 'In Progress');
      rig.simulator.human.edit(label, { title: 'Exports are slow' });
      rig.simulator.human.setState(label, 'Done');
      rig.simulator.human.setState(label, 'Todo');
      rig.simulator.human.trash(label);
      await rig.simulator.idle();

      const { verify, identify, read } = rig.linear.inbound!;
      const facts = [];
      for (const request of receiver.requests) {
        expect(verify(request, rig.clock.now())).toEqual({ ok: true });
        expect(identify(request)).toMatchObject({ ok: true });
        facts.push(...(await read(JSON.parse(request.body))));
      }
      expect(facts.map((fact) => (fact.kind === 'outcome' ? fact.state : fact.kind))).toEqual([
        'open',
        'ignored',
        'in_progress',
        'ignored',
        'completed',
        'open',
        'removed',
      ]);
      expect(facts.every((fact) => fact.kind !== 'outcome' || fact.externalId === externalId)).toBe(true);
    } finally {
      await receiver.close();
    }
  });

  test("Linear's own SDK accepts what the simulator signs", async () => {
    rig = await startRig();
    const receiver = await startReceiver();
    try {
      rig.clock.advance(Date.now() - rig.clock.now().getTime());
      rig.simulator.connect({ webhookUrl: receiver.url });
      await fileIssue(rig);
      await rig.simulator.idle();
      const { headers, body } = receiver.requests[0]!;
      const client = new LinearWebhookClient(WEBHOOK_SECRET);
      expect(client.verify(Buffer.from(body), headers['linear-signature']!)).toBe(true);
    } finally {
      await receiver.close();
    }
  });
});
