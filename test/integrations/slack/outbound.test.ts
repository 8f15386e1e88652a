// Writing to Slack: once, paced, with advice on every refusal. The client is the real SDK, Slack is the simulator.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSlackClient, type SlackClient } from '#integrations/slack/client.ts';
import { createOutbound, type Outbound } from '#integrations/slack/outbound.ts';
import type { ExternalError } from '#src/domain/errors.ts';
import { createSlackSimulator, type SlackSimulator } from '#src/sandbox/slack/simulator.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';
import { BOT_TOKEN, handClock, machineClock, memoryCache, SEED, SIGNING_SECRET } from './support.ts';

let sim: SlackSimulator;
let client: SlackClient;
let outbound: Outbound;
let clock: ReturnType<typeof handClock>;
const since = new Date('2026-03-02T08:00:00Z');

function clientOf(token = BOT_TOKEN): SlackClient {
  return createSlackClient({
    token,
    apiUrl: sim.url,
    clock,
    log: quietLog,
    telemetry: quietTelemetry,
    fetch: globalThis.fetch,
    cache: memoryCache(),
  });
}

beforeEach(async () => {
  clock = handClock();
  sim = createSlackSimulator({ clock, seed: SEED, signingSecret: SIGNING_SECRET, botToken: BOT_TOKEN });
  await sim.start();
  client = clientOf();
  outbound = createOutbound({ client, clock, log: quietLog });
});
afterEach(async () => {
  expect(sim.faults.unused()).toEqual([]);
  await sim.close();
});

const id = (channel: string) => sim.state.channel(channel).id;
const ours = (channel: string) => sim.state.timeline(channel).filter((one) => one.user === sim.state.app.botUserId);
const post = (key: string, more: Partial<Parameters<Outbound['postOnce']>[0]> = {}) =>
  outbound.postOnce({
    channel: id('insights'),
    key,
    message: { text: `message ${key}` },
    since,
    recover: false,
    ...more,
  });

async function refusalOf(run: () => Promise<unknown>): Promise<ExternalError> {
  try {
    await run();
  } catch (error) {
    return error as ExternalError;
  }
  throw new Error('nothing was refused');
}

describe('posting once', () => {
  it('finds the message of an earlier try instead of posting a second one', async () => {
    const first = await post('card:1');
    const again = await post('card:1', { recover: true });
    expect(again).toEqual({ channel: first.channel, ts: first.ts, found: true });
    expect(ours('insights')).toHaveLength(1);
  });

  it.each([
    ['the answer is lost with the connection', { kind: 'reset', after: true }],
    ['Slack answers 500 after posting', { kind: 'server_error', status: 500, after: true }],
  ] as const)('posts one message when %s', async (_name, fault) => {
    sim.faults.next('chat.postMessage', fault);
    const posted = await post('card:2');
    expect(posted.found).toBe(true);
    expect(ours('insights').map((one) => one.ts)).toEqual([posted.ts]);
  });

  it('fails, retryable, when the answer is lost and nothing was posted', async () => {
    sim.faults.next('chat.postMessage', { kind: 'reset' });
    const error = await refusalOf(() => post('card:3'));
    expect(error).toMatchObject({ retryable: true, effectUnknown: true });
    expect(ours('insights')).toEqual([]);
    expect((await post('card:3', { recover: true })).found).toBe(false);
  });

  it('finds a reply in its thread', async () => {
    const root = sim.human.post('ana', 'team', 'hello');
    const first = await post('r', { channel: id('team'), threadTs: root.ts });
    expect(await post('r', { channel: id('team'), threadTs: root.ts, recover: true })).toMatchObject({
      ts: first.ts,
      found: true,
    });
  });

  it('finds a message by its first block when its metadata is withheld', async () => {
    const { ts } = await post('card:4', { message: { text: 'x', blocks: [{ type: 'divider' }] } });
    delete (sim.state.message('insights', ts) as { metadata?: unknown }).metadata;
    expect(await post('card:4', { recover: true })).toMatchObject({ ts, found: true });
  });

  it('does not take another key, an older message or somebody else’s for its own', async () => {
    await post('card:5');
    clock.advance(3_600_000);
    expect((await post('card:6', { recover: true })).found).toBe(false);
    expect((await post('card:5', { recover: true, since: clock.now() })).found).toBe(false);
    sim.state.post(sim.state.channel('insights'), {
      user: sim.state.user('cleo').id,
      text: 'forged',
      metadata: { event_type: 'throughline', event_payload: { key: 'card:7' } },
    });
    expect((await post('card:7', { recover: true })).found).toBe(false);
  });

  it('sends nothing that has no plain text', async () => {
    await expect(post('x', { message: { text: ' ', blocks: [{ type: 'divider' }] } })).rejects.toMatchObject({
      code: 'bug',
    });
    expect(sim.calls).toEqual([]);
  });
});

describe('pace', () => {
  it('stays under one message a second and channel, with a small burst', async () => {
    sim.faults.channelRateLimit({ perSecond: 1, burst: 3 });
    const from = clock.now().getTime();
    for (let number = 0; number < 8; number++) await post(`m${number}`);
    expect(sim.calls.filter((call) => call.status === 429)).toEqual([]);
    expect(clock.now().getTime() - from).toBeGreaterThanOrEqual(5_000);
  });

  it('does not ask again before Slack said so', async () => {
    sim.faults.next('chat.postMessage', { kind: 'rate_limited', retryAfterS: 30 });
    expect(await refusalOf(() => post('a'))).toMatchObject({ code: 'rate_limited', retryAfterMs: 30_000 });
    const calls = sim.calls.length;
    const second = await refusalOf(() => post('a'));
    expect(second).toMatchObject({ code: 'rate_limited', retryable: true });
    expect(second.retryAfterMs).toBeGreaterThan(20_000);
    expect(sim.calls.length).toBe(calls);
    clock.advance(30_000);
    expect((await post('a')).found).toBe(false);
  });

  it('draws a message one redraw at a time, and the last word wins', async () => {
    const { channel, ts } = await post('card:8');
    let state = 0;
    const load = async () => ({ text: `state ${state}` });
    const first = outbound.redraw({ channel, ts, key: 'card:8', load });
    state = 1;
    const waiting = Array.from({ length: 20 }, () => outbound.redraw({ channel, ts, key: 'card:8', load }));
    state = 2;
    await Promise.all([first, ...waiting]);
    expect(sim.state.message('insights', ts).text).toBe('state 2');
    expect(sim.calls.filter((call) => call.method === 'chat.update').length).toBeLessThanOrEqual(2);
    expect((await post('card:8', { recover: true })).ts).toBe(ts);
  });

  it('says that a message is gone instead of failing', async () => {
    const { channel, ts } = await post('card:9');
    sim.state.remove(sim.state.channel('insights'), sim.state.message('insights', ts));
    expect(await outbound.redraw({ channel, ts, key: 'card:9', load: async () => ({ text: 'x' }) })).toBe('gone');
    expect(await outbound.remove(channel, ts)).toBe('gone');
  });
});

describe('what Slack refuses', () => {
  it.each([
    ['not_in_channel', 'refused', /\/invite @Throughline/, false],
    ['channel_not_found', 'not_found', /\/invite @Throughline/, false],
    ['invalid_auth', 'unauthorized', /SLACK_BOT_TOKEN/, false],
    ['is_archived', 'refused', /unarchive/, false],
    ['ratelimited', 'rate_limited', /slow down/, true],
    ['fatal_error', 'unavailable', /trying again/, true],
    ['some_new_word', 'refused', /some_new_word/, false],
  ] as const)('%s becomes advice', async (slackCode, code, words, retryable) => {
    sim.faults.next('chat.postMessage', { kind: 'error', error: slackCode });
    const error = await refusalOf(() => client.post({ channel: id('insights'), key: 'k', message: { text: 'x' } }));
    expect(error).toMatchObject({ name: 'ExternalError', system: 'slack', code, retryable });
    expect(error.message).toMatch(words);
  });

  it('names the scope that is missing', async () => {
    await sim.close();
    sim = createSlackSimulator({
      clock: machineClock,
      seed: SEED,
      signingSecret: SIGNING_SECRET,
      botToken: BOT_TOKEN,
      scopes: ['channels:read'],
    });
    await sim.start();
    const error = await refusalOf(() => clientOf().userGroups());
    expect(error.message).toMatch(/lacks usergroups:read.*reinstall/);
  });

  it('answers only at addresses of Slack', async () => {
    const error = await refusalOf(() => client.respond('https://evil.example/hook', { text: 'x' }));
    expect(error.code).toBe('refused');
  });

  it('asks again at once when the connection broke, where a repeat does no harm', async () => {
    sim.faults.next('conversations.info', { kind: 'reset' });
    expect((await client.channel(id('support')))?.name).toBe('support');
    expect(sim.calls.filter((call) => call.method === 'conversations.info')).toHaveLength(2);
  });
});

describe('reading', () => {
  it('knows itself and its scopes', async () => {
    expect(await client.whoAmI()).toMatchObject({
      teamId: sim.state.team.id,
      userId: sim.state.app.botUserId,
      botId: sim.state.app.botId,
      workspaceUrl: 'https://acme.slack.com/',
    });
    expect((await client.whoAmI()).scopes).toContain('chat:write');
  });

  it('finds channels by name or id, also one that was made after it looked', async () => {
    expect((await client.resolveChannel('#support'))?.id).toBe(id('support'));
    expect((await client.resolveChannel(id('support')))?.name).toBe('support');
    expect(await client.resolveChannel('nowhere')).toBeNull();
    sim.human.createChannel('ana', { name: 'brand-new' });
    expect((await client.resolveChannel('brand-new'))?.name).toBe('brand-new');
  });

  it('reads exactly one message, in a channel and in a thread', async () => {
    const before = sim.human.post('ana', 'team', 'before');
    const root = sim.human.post('ana', 'team', 'root');
    const reply = sim.human.post('ana', 'team', 'reply', { threadTs: root.ts });
    sim.human.post('ana', 'team', 'after');
    const text = async (ts: string, threadTs?: string) => {
      const found = await client.message(id('team'), ts, threadTs);
      return found.ok ? found.message.text : found.why;
    };
    expect(await text(before.ts)).toBe('before');
    expect(await text(root.ts)).toBe('root');
    expect(await text(reply.ts)).toBe('reply');
    expect(await text(reply.ts, root.ts)).toBe('reply');
    expect(await text('1.000000')).toBe('message_not_found');
    const elsewhere = sim.human.post('ana', 'elsewhere', 'x');
    expect(await client.message(id('elsewhere'), elsewhere.ts)).toEqual({ ok: false, why: 'not_in_channel' });
  });

  it('walks through every page', async () => {
    for (let number = 0; number < 450; number++) sim.human.join({ name: `p${number}` });
    expect((await client.users()).length).toBeGreaterThan(450);
  });
});
