// The one intake: proved, named, stored, acknowledged, and nothing run twice.
import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '#src/domain/errors.ts';
import { SIGNING_SECRET, startWorkspace, type Workspace, type WorkspaceOptions } from './support.ts';

let running: Workspace | null = null;
afterEach(async () => {
  await running?.close();
  running = null;
});
async function workspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  running = await startWorkspace(options);
  return running;
}

const EVENT = JSON.stringify({
  type: 'event_callback',
  event_id: 'Ev0001',
  team_id: 'T0001',
  event: { type: 'channel_archive', channel: 'C1' },
});

function signed(body: string, shiftSec = 0, change: Record<string, string | undefined> = {}): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000) + shiftSec);
  const digest = createHmac('sha256', SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest('hex');
  const headers: Record<string, string | undefined> = {
    'content-type': 'application/json',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${digest}`,
    ...change,
  };
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

async function post(w: Workspace, body: string, headers = signed(body)): Promise<Response> {
  return fetch(w.url, { method: 'POST', body, headers });
}

describe('signatures', () => {
  const cases: [string, Record<string, string>, number, string | null][] = [
    ['valid', signed(EVENT), 200, null],
    ['valid at the edge of five minutes', signed(EVENT, -298), 200, null],
    ['without a signature', signed(EVENT, 0, { 'x-slack-signature': undefined }), 401, 'missing_signature'],
    ['without a timestamp', signed(EVENT, 0, { 'x-slack-request-timestamp': undefined }), 401, 'missing_signature'],
    [
      'with a timestamp that is no number',
      signed(EVENT, 0, { 'x-slack-request-timestamp': 'now' }),
      401,
      'bad_signature',
    ],
    ['tampered with', signed(`${EVENT} `), 401, 'bad_signature'],
    ['of the wrong length', signed(EVENT, 0, { 'x-slack-signature': 'v0=abc' }), 401, 'bad_signature'],
    ['of another version', signed(EVENT, 0, { 'x-slack-signature': 'v1=abc' }), 401, 'bad_signature'],
    ['without a version', signed(EVENT, 0, { 'x-slack-signature': 'abc' }), 401, 'bad_signature'],
    ['too old', signed(EVENT, -310), 401, 'stale'],
    ['from the future', signed(EVENT, 310), 401, 'from_the_future'],
  ];
  it.each(cases)('a request %s', async (_name, headers, status, reason) => {
    const w = await workspace();
    const response = await post(w, EVENT, headers);
    expect(response.status).toBe(status);
    expect(w.inbox.size).toBe(status === 200 ? 1 : 0);
    if (reason) expect(await response.json()).toEqual({ error: reason });
  });

  it('takes the same bytes again and stores them once', async () => {
    const w = await workspace();
    const headers = signed(EVENT);
    expect((await post(w, EVENT, headers)).status).toBe(200);
    expect((await post(w, EVENT, headers)).status).toBe(200);
    expect(w.inbox.size).toBe(1);
  });

  it('refuses everything when no signing secret is set', async () => {
    const w = await workspace({ config: { signingSecret: null } });
    expect((await post(w, EVENT)).status).toBe(401);
  });
});

describe('what cannot be understood', () => {
  it.each([
    ['{"type":"event_callback"', 'body'],
    ['[]', 'body'],
    ['{"type":"event_callback","event":{"type":"message"}}', 'event_id'],
    ['{"type":"event_callback","event_id":"Ev1"}', 'event'],
    ['{"type":"event_callback","event_id":"Ev1","event":{}}', 'event.type'],
    ['{"type":"something_new","user":{"id":"U1"}}', 'type'],
    ['{"type":"block_actions","user":{"id":"U1"}}', 'actions'],
    ['{"type":"view_submission","trigger_id":"1"}', 'user.id'],
  ])('%s is refused with the field named, and kept', async (body, field) => {
    const w = await workspace();
    const response = await post(w, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ field });
    expect([...w.inbox.values()]).toMatchObject([{ kind: 'malformed', payload: body, quarantine: { field } }]);
  });

  it('names the field of a form too', async () => {
    const w = await workspace();
    const body = 'payload=%7Bnot+json';
    const headers = signed(body, 0, { 'content-type': 'application/x-www-form-urlencoded' });
    expect(await (await post(w, body, headers)).json()).toMatchObject({ field: 'payload' });
  });
});

describe('storing before answering', () => {
  it('answers 503 with Retry-After while the database is away, and takes the delivery later', async () => {
    let away = true;
    const stored: string[] = [];
    const w = await workspace({
      persist: async (delivery) => {
        if (away) throw new AppError('unavailable', 'the database is away');
        stored.push(delivery.deliveryId);
        return 'new';
      },
    });
    const response = await post(w, EVENT);
    expect(response.status).toBe(503);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    away = false;
    expect((await post(w, EVENT)).status).toBe(200);
    expect(stored).toEqual(['Ev0001']);
  });

  it('does not run a click that could not be stored', async () => {
    const w = await workspace({
      persist: async () => {
        throw new AppError('unavailable', 'the database is away');
      },
    });
    const answer = await w.sim.human.slash('ana', 'support', '/throughline', 'insight');
    expect(answer.ok).toBe(false);
    expect(w.verbs.asked).toEqual([]);
  });

  it('answers the challenge of the request URL', async () => {
    const w = await workspace();
    await w.sim.connect({ eventsUrl: w.url, verify: true });
    expect(w.inbox.size).toBe(0);
  });

  it('keeps the note that Slack dropped events', async () => {
    const w = await workspace();
    const body = JSON.stringify({ type: 'app_rate_limited', team_id: 'T1', minute_rate_limited: 1518467820 });
    expect((await post(w, body)).status).toBe(200);
    await w.settled();
    expect([...w.inbox.keys()]).toEqual(['app_rate_limited:T1:1518467820']);
  });
});

describe('interactions', () => {
  it('runs a command once, however often it is delivered, and marks it handled', async () => {
    const w = await workspace({ verbs: { insights: async () => [] } });
    await w.sim.human.slash('ana', 'support', '/throughline', 'insight');
    await w.settled();
    const delivery = w.sim.deliveries.at(-1)!;
    const again = await w.sim.redeliver(delivery);
    expect(again.status).toBe(200);
    await w.settled();
    expect(w.verbs.asked.map(({ verb }) => verb)).toEqual(['insights']);
    expect([...w.inbox.values()]).toMatchObject([{ kind: 'command', interactive: true, handled: true }]);
  });

  it('answers Slack in time though the listener is slow, and still answers the person', async () => {
    const slow = Promise.withResolvers<[]>();
    const w = await workspace({ verbs: { insights: () => slow.promise } });
    const answer = await w.sim.human.slash('ana', 'support', '/throughline', 'insight');
    expect(answer.ok).toBe(true);
    expect(w.sim.state.ephemeralsOf('ana')).toEqual([]);
    slow.resolve([]);
    await w.settled();
    expect(w.sim.state.ephemeralsOf('ana')).toHaveLength(1);
  });

  it('tells the person kindly when something breaks, with a reference', async () => {
    const w = await workspace({
      verbs: {
        insights: async () => {
          throw new TypeError('secret detail');
        },
      },
    });
    const answer = await w.sim.human.slash('ana', 'support', '/throughline', 'insight');
    await w.settled();
    expect(answer.ok).toBe(true);
    const [told] = w.sim.state.ephemeralsOf('ana');
    expect(told?.message.text).toMatch(/Something went wrong on my side.*Reference: `[0-9a-f]{8}`/);
    expect(told?.message.text).not.toContain('secret detail');
  });

  it('runs what a crash left behind when it is handed in again', async () => {
    const w = await workspace({ verbs: { insights: async () => [] } });
    await w.sim.human.slash('ana', 'support', '/throughline', 'insight');
    await w.settled();
    const [delivery] = [...w.inbox.values()];
    await w.slack.handle(delivery!);
    expect(w.verbs.asked).toHaveLength(2);
    expect(w.sim.state.ephemeralsOf('ana')).toHaveLength(2);
  });
});

describe('over Socket Mode', () => {
  it('takes events and commands by the same way, and connects again when Slack closes the socket', async () => {
    const w = await workspace({ over: 'socket', verbs: { insights: async () => [] } });
    w.sim.human.post('cleo', 'support', 'The export stops');
    await w.settled();
    expect(w.signals()).toHaveLength(1);
    w.sim.faults.disconnectSockets();
    await expect
      .poll(() => w.logged.some((line) => line.startsWith('connected to Slack again')), { timeout: 10_000 })
      .toBe(true);
    w.sim.human.post('cleo', 'support', 'and again');
    await expect.poll(() => w.inbox.size).toBe(2);
    await w.settled();
    expect(w.signals()).toHaveLength(2);
    const answer = await w.sim.human.slash('ana', 'support', '/throughline', 'insight');
    await w.settled();
    expect(answer.ok).toBe(true);
    expect(w.sim.state.ephemeralsOf('ana')).toHaveLength(1);
  });

  it('does not acknowledge what it could not store, and takes the repeat', async () => {
    let tries = 0;
    const w = await workspace({
      over: 'socket',
      persist: async () => {
        tries += 1;
        if (tries === 1) throw new AppError('unavailable', 'the database is away');
        return 'new';
      },
    });
    w.sim.human.post('cleo', 'support', 'The export stops');
    await expect.poll(() => tries, { timeout: 10_000 }).toBe(2);
    await w.sim.idle();
    expect(w.sim.deliveries[0]?.attempts.map((attempt) => attempt.reason === null)).toEqual([false, true]);
  });
});
