import { verifySlackRequest } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackSimulator } from '#src/sandbox/slack/simulator.ts';
import { type HandClock, handClock, type Received, SIGNING_SECRET, startEar, startSlack } from './support.ts';

type Ear = Awaited<ReturnType<typeof startEar>>;
const eventOf = (received: Received) =>
  JSON.parse(received.body) as { event_id: string; event: { text: string; type: string } };
const texts = (ear: Ear) => ear.received.map((one) => eventOf(one).event.text);

describe('what Slack sends to the bot', () => {
  let clock: HandClock;
  let slack: SlackSimulator;
  let ear: Ear;
  const listen = async (answer?: Parameters<typeof startEar>[0], connection = {}) => {
    ear = await startEar(answer);
    await slack.connect({ eventsUrl: ear.url, ...connection });
  };

  beforeEach(async () => {
    clock = handClock();
    slack = await startSlack({ clock });
  });
  afterEach(async () => {
    await slack.close();
    await ear?.close();
  });

  it('is signed so that Slack’s own SDK accepts it, and nothing else', async () => {
    await listen();
    slack.human.post('ben', 'support', 'Grüße & 🙂');
    await slack.idle();
    const { headers, body } = ear.received[0]!;
    const check =
      (changed: Partial<Received & { secret: string }> = {}) =>
      () =>
        verifySlackRequest({
          signingSecret: changed.secret ?? SIGNING_SECRET,
          body: changed.body ?? body,
          headers: {
            'x-slack-signature': String(headers['x-slack-signature']),
            'x-slack-request-timestamp': Number(headers['x-slack-request-timestamp']),
          },
          nowMilliseconds: clock.now().getTime(),
        });
    expect(check()).not.toThrow();
    expect(check({ body: `${body} ` })).toThrow();
    expect(check({ secret: 'another' })).toThrow();
  });

  it('never makes the caller of an API method wait for the event', async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await listen(async () => {
      await gate;
      return 200;
    });
    const message = slack.human.post('ben', 'support', 'hello');
    expect(message.ts).toMatch(/^\d+\.\d+$/);
    expect(ear.received).toEqual([]);
    release();
    await slack.idle();
    expect(texts(ear)).toEqual(['hello']);
  });

  it('arrives in order within a channel, while another channel goes on', async () => {
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    await listen(async (_, count) => {
      if (count === 1) await gate;
      return 200;
    });
    for (const text of ['one', 'two', 'three']) slack.human.post('ben', 'support', text);
    slack.human.post('ana', 'shared', 'elsewhere');
    await slack.until('the other channel', () => slack.deliveries.at(-1)?.state === 'acknowledged');
    expect(texts(ear)).toEqual(['one', 'elsewhere']);
    release();
    await slack.idle();
    expect(texts(ear)).toEqual(['one', 'elsewhere', 'two', 'three']);
  });

  it('is repeated three times with the reason when it is not taken, and then given up', async () => {
    await listen(() => 500);
    const started = clock.now().getTime();
    slack.human.post('ben', 'support', 'hello');
    await slack.idle();
    expect(ear.received.map((one) => [one.headers['x-slack-retry-num'], one.headers['x-slack-retry-reason']])).toEqual([
      [undefined, undefined],
      ['1', 'http_error'],
      ['2', 'http_error'],
      ['3', 'http_error'],
    ]);
    expect(new Set(ear.received.map((one) => one.body)).size).toBe(1);
    const [delivery] = slack.deliveries;
    expect(delivery!.attempts.map((one) => one.at - started)).toEqual([0, 0, 60_000, 360_000]);
    expect(delivery!.state).toBe('failed');
  });

  it('is not repeated after it was taken, and newer events do not wait for a repeat', async () => {
    await listen((received, count) => (count === 1 && eventOf(received).event.text === 'one' ? 503 : 200));
    slack.human.post('ben', 'support', 'one');
    slack.human.post('ben', 'support', 'two');
    await slack.idle();
    expect(texts(ear).sort()).toEqual(['one', 'one', 'two']);
    expect(slack.deliveries.map((one) => one.state)).toEqual(['acknowledged', 'acknowledged']);
  });

  it('counts as timed out when the bot is silent, and as failed when nobody is there', async () => {
    let letGo: () => void = () => {};
    await listen(() => new Promise((resolve) => (letGo = () => resolve(200))), { ackTimeoutMs: 30, retryDelaysMs: [] });
    slack.human.post('ben', 'support', 'hello');
    await slack.idle();
    letGo();
    await ear.close();
    slack.human.post('ben', 'support', 'again');
    await slack.idle();
    expect(slack.deliveries.map((one) => one.attempts.map((attempt) => attempt.reason))).toEqual([
      ['http_timeout'],
      ['connection_failed'],
    ]);
  });

  it('can be sent again with the same ids and a fresh signature, or with the old one', async () => {
    await listen();
    slack.human.post('ben', 'support', 'hello');
    await slack.idle();
    const [delivery] = slack.deliveries;
    clock.advance(600_000);
    await slack.redeliver(delivery!, { freshSignature: false });
    await slack.redeliver(delivery!);
    const stamps = ear.received.map((one) => Number(one.headers['x-slack-request-timestamp']));
    expect(stamps[1]).toBe(stamps[0]);
    expect(stamps[2]).toBe(stamps[0]! + 600);
    expect(new Set(ear.received.map((one) => one.body)).size).toBe(1);
  });

  it('can be repeated as a whole, in an order that a seed decides', async () => {
    await listen();
    for (let count = 0; count < 8; count++) slack.human.post('ben', 'support', `m${count}`);
    await slack.idle();
    const order = async (seed: number) => {
      ear.received.length = 0;
      await slack.redeliverAll({ times: 3, seed });
      return texts(ear);
    };
    const first = await order(7);
    expect(first).toHaveLength(24);
    expect(await order(7)).toEqual(first);
    expect(await order(8)).not.toEqual(first);
    expect(new Set(first).size).toBe(8);
  });

  it('can be held back and let go shuffled, lost, or doubled', async () => {
    await listen();
    slack.faults.hold();
    for (let count = 0; count < 10; count++) slack.human.post('ben', 'support', `m${count}`);
    await slack.idle();
    expect(ear.received).toEqual([]);
    slack.faults.release({ order: 'random', seed: 3 });
    await slack.idle();
    const sent = Array.from({ length: 10 }, (_, count) => `m${count}`);
    expect(texts(ear)).not.toEqual(sent);
    expect([...texts(ear)].sort()).toEqual(sent);
    ear.received.length = 0;
    slack.faults.drop((one) => JSON.stringify(one.payload).includes('lost'));
    slack.faults.duplicate();
    slack.human.post('ben', 'support', 'lost');
    slack.human.post('ben', 'support', 'twice');
    slack.human.post('ben', 'support', 'once');
    await slack.idle();
    expect(texts(ear)).toEqual(['twice', 'twice', 'once']);
  });

  it('comes only for channels the bot is in, scopes it has and events it subscribed to', async () => {
    await slack.close();
    slack = await startSlack({ clock, scopes: ['channels:history', 'reactions:read', 'chat:write'] });
    await listen(undefined, { botEvents: ['message.channels', 'reaction_added'] });
    const seen = slack.human.post('ben', 'support', 'seen');
    slack.human.post('ana', 'general', 'the bot is not here');
    slack.human.post('ana', 'secret', 'no scope for private channels');
    slack.human.react('ana', 'support', seen.ts, 'eyes');
    slack.human.unreact('ana', 'support', seen.ts, 'eyes');
    await slack.idle();
    expect(ear.received.map((one) => eventOf(one).event.type)).toEqual(['message', 'reaction_added']);
  });

  it('tells a Slack Connect channel and its people apart', async () => {
    await listen();
    slack.human.post('eva', 'shared', 'Hello from outside');
    slack.human.post('ana', 'support', 'Hello from inside');
    await slack.idle();
    const [outside, inside] = slack.deliveries.map(
      (one) => one.payload as { is_ext_shared_channel: boolean; team_id: string; event: Record<string, unknown> },
    );
    expect(outside).toMatchObject({
      is_ext_shared_channel: true,
      team_id: slack.state.team.id,
      event: { team: 'T0GLOBEX001', user_team: 'T0GLOBEX001' },
    });
    expect(inside).toMatchObject({ is_ext_shared_channel: false, event: { team: slack.state.team.id } });
  });

  it('announces the end of an installation, and kills the token', async () => {
    await listen();
    slack.human.uninstallApp();
    await slack.idle();
    expect(ear.received.map((one) => eventOf(one).event.type)).toEqual(['tokens_revoked', 'app_uninstalled']);
  });

  it('brings two thousand messages over, each once and in order', { timeout: 60_000 }, async () => {
    await listen();
    for (let count = 0; count < 2000; count++) slack.human.post('ben', 'support', `message ${count}`);
    await slack.idle();
    expect(ear.received).toHaveLength(2000);
    expect(texts(ear)).toEqual(Array.from({ length: 2000 }, (_, count) => `message ${count}`));
  });
});
