import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackSimulator } from '#src/sandbox/slack/simulator.ts';
import { APP_TOKEN, BOT_TOKEN, clientOf, type HandClock, handClock, refusal, startSlack } from './support.ts';

describe('the Web API', () => {
  let clock: HandClock;
  let slack: SlackSimulator;
  const id = (name: string) => slack.state.channel(name).id;
  const user = (name: string) => slack.state.user(name).id;

  beforeEach(async () => {
    clock = handClock();
    slack = await startSlack({ clock });
  });
  afterEach(() => slack.close());

  it('tells the scopes of the token with every answer', async () => {
    await slack.close();
    slack = await startSlack({ scopes: ['chat:write', 'channels:read'] });
    const who = await clientOf(slack).auth.test();
    expect(who.response_metadata?.scopes).toEqual(['chat:write', 'channels:read']);
  });

  it('refuses a call without a token, with a wrong one, with the other kind, and after the app was removed', async () => {
    expect(await refusal(clientOf(slack, '').auth.test())).toBe('not_authed');
    expect(await refusal(clientOf(slack, 'xoxb-wrong').auth.test())).toBe('invalid_auth');
    expect(await refusal(clientOf(slack, APP_TOKEN).chat.postMessage({ channel: id('support'), text: 'x' }))).toBe(
      'not_allowed_token_type',
    );
    expect(await refusal(clientOf(slack).apps.connections.open())).toBe('not_allowed_token_type');
    expect(await refusal(clientOf(slack, APP_TOKEN).auth.test())).toBe('none');
    slack.human.uninstallApp();
    expect(await refusal(clientOf(slack).auth.test())).toBe('account_inactive');
  });

  it('names the scope that is missing', async () => {
    await slack.close();
    slack = await startSlack({ scopes: ['channels:history', 'users:read'] });
    const client = clientOf(slack);
    const error = await client.conversations.history({ channel: id('secret') }).catch((thrown) => thrown.data);
    expect(error).toMatchObject({
      error: 'missing_scope',
      needed: 'groups:history',
      provided: 'channels:history,users:read',
    });
    expect(await refusal(client.conversations.history({ channel: id('support') }))).toBe('none');
    expect(await refusal(client.chat.postMessage({ channel: id('support'), text: 'x' }))).toBe('missing_scope');
    const { user: ana } = await client.users.info({ user: user('ana') });
    expect(ana?.profile?.email).toBeUndefined();
  });

  it('refuses blocks that Slack has not brought to the workspace, which no bot could have known', async () => {
    const client = clientOf(slack);
    slack.state.blocksMissing.add('context_actions');
    const side = (value: string) => ({ text: { type: 'plain_text' as const, text: value }, value });
    const feedback = {
      type: 'context_actions' as const,
      elements: [{ type: 'feedback_buttons' as const, positive_button: side('Yes'), negative_button: side('No') }],
    };
    const message = { channel: id('support'), text: 'x', blocks: [feedback] };
    expect(await refusal(client.chat.postMessage(message))).toBe('invalid_blocks');
    expect(slack.state.violations).toEqual([]);
    slack.state.blocksMissing.clear();
    expect(await refusal(client.chat.postMessage(message))).toBe('none');
  });

  it('hides private channels from a bot that is not in them', async () => {
    const client = clientOf(slack);
    const { channels } = await client.conversations.list({ types: 'public_channel,private_channel' });
    expect(channels?.map((one) => one.name)).toEqual(['general', 'support', 'shared', 'secret', 'random']);
    const boards = id('boards');
    expect(await refusal(client.conversations.info({ channel: boards }))).toBe('channel_not_found');
    expect(await refusal(client.chat.postMessage({ channel: boards, text: 'x' }))).toBe('channel_not_found');
    expect(await refusal(client.conversations.join({ channel: boards }))).toBe('channel_not_found');
  });

  it('posts where the bot is not only with chat:write.public', async () => {
    expect(await refusal(clientOf(slack).chat.postMessage({ channel: id('random'), text: 'x' }))).toBe('none');
    await slack.close();
    slack = await startSlack({ scopes: ['chat:write'] });
    expect(await refusal(clientOf(slack).chat.postMessage({ channel: id('random'), text: 'x' }))).toBe(
      'not_in_channel',
    );
  });

  it('refuses what would speak into an archive, to someone who is not there, or for somebody else', async () => {
    const client = clientOf(slack);
    const mine = await client.chat.postMessage({ channel: id('support'), text: 'mine' });
    const theirs = slack.human.post('ben', 'support', 'theirs');
    const at = { channel: id('support'), ts: theirs.ts };
    expect(await refusal(client.chat.update({ ...at, text: 'x' }))).toBe('cant_update_message');
    expect(await refusal(client.chat.delete(at))).toBe('cant_delete_message');
    expect(await refusal(client.chat.postEphemeral({ channel: id('support'), user: user('eva'), text: 'x' }))).toBe(
      'user_not_in_channel',
    );
    expect(
      await refusal(client.chat.update({ channel: id('support'), ts: mine.ts ?? '', text: 'x'.repeat(4001) })),
    ).toBe('msg_too_long');
    slack.human.archiveChannel('ana', 'support');
    expect(await refusal(client.chat.postMessage({ channel: id('support'), text: 'x' }))).toBe('is_archived');
    expect(await refusal(client.chat.update({ channel: id('support'), ts: mine.ts ?? '', text: 'x' }))).toBe(
      'is_archived',
    );
  });

  it('keeps the blocks of a message that is updated without any, and drops them for an empty list', async () => {
    const client = clientOf(slack);
    const channel = id('support');
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'a', blocks: [{ type: 'divider' }] });
    await client.chat.update({ channel, ts, text: 'b' });
    expect(slack.state.message('support', ts)).toMatchObject({ text: 'b', blocks: [{ type: 'divider' }] });
    await client.chat.update({ channel, ts, text: 'c', blocks: [] });
    expect(slack.state.message('support', ts).blocks).toBeUndefined();
  });

  it('leaves a tombstone where a message with replies was, so that its thread stays', async () => {
    const client = clientOf(slack);
    const channel = id('support');
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'parent' });
    slack.human.post('ben', 'support', 'reply', { threadTs: ts });
    await client.chat.delete({ channel, ts });
    const { messages } = await client.conversations.replies({ channel, ts });
    expect(messages?.map((one) => one.text)).toEqual(['This message was deleted.', 'reply']);
    expect(messages?.[0]).toMatchObject({ subtype: 'tombstone', user: 'USLACKBOT' });
    expect(await refusal(client.chat.update({ channel, ts, text: 'x' }))).toBe('message_not_found');
  });

  it('reads a range from its old end forward when only `oldest` is given', async () => {
    const ts = Array.from({ length: 7 }, (_, count) => slack.human.post('ben', 'support', `m${count}`).ts);
    const pages: string[][] = [];
    const args = { channel: id('support'), oldest: ts[0]!, limit: 3 };
    for await (const page of clientOf(slack).paginate('conversations.history', args)) {
      pages.push((page as unknown as { messages: { text: string }[] }).messages.map((one) => one.text));
    }
    expect(pages).toEqual([
      ['m3', 'm2', 'm1'],
      ['m6', 'm5', 'm4'],
    ]);
  });

  it('shows the metadata of others only on request', async () => {
    const client = clientOf(slack);
    const channel = id('support');
    await client.chat.postMessage({ channel, text: 'a', metadata: { event_type: 'e', event_payload: { a: 1 } } });
    slack.state.message('support', slack.state.timeline('support').at(-1)!.ts).app_id = 'A0OTHER000';
    const [plain] = (await client.conversations.history({ channel })).messages ?? [];
    const [asked] = (await client.conversations.history({ channel, include_all_metadata: true })).messages ?? [];
    expect(plain?.metadata).toBeUndefined();
    expect(asked?.metadata?.event_type).toBe('e');
  });

  it('refuses malformed arguments as Slack does', async () => {
    const client = clientOf(slack);
    const channel = id('support');
    const call = (method: string, args: Record<string, unknown>) => refusal(client.apiCall(method, args));
    expect(await call('chat.postMessage', { channel, blocks: '[{', text: 'x' })).toBe('invalid_blocks_format');
    expect(await call('chat.postMessage', { channel, text: 'x', metadata: '{"event_type":""}' })).toBe(
      'invalid_metadata_schema',
    );
    expect(await call('chat.postMessage', { channel, text: 'x', markdown_text: 'y' })).toBe('markdown_text_conflict');
    expect(await call('conversations.history', { channel, limit: 5000 })).toBe('invalid_limit');
    expect(await call('conversations.history', { channel, cursor: 'abc' })).toBe('invalid_cursor');
    expect(await call('conversations.list', { types: 'everything' })).toBe('invalid_types');
    expect(await call('reactions.add', { channel, timestamp: '1.2', name: 'no spaces' })).toBe('invalid_name');
    expect(await call('conversations.members', {})).toBe('invalid_arguments');
  });

  it('escapes what an app posts and marks its links, but leaves its control sequences', async () => {
    const { message } = await clientOf(slack).chat.postMessage({
      channel: id('support'),
      text: `a < b & c &amp; <@${user('ana')}> see https://acme.example/x, <https://acme.example|there> <!here>`,
    });
    expect(message?.text).toBe(
      `a &lt; b &amp; c &amp; <@${user('ana')}> see <https://acme.example/x>, <https://acme.example|there> <!here>`,
    );
  });

  it('speaks under another name only with the scope for it', async () => {
    const client = clientOf(slack);
    const { message } = await client.chat.postMessage({
      channel: id('support'),
      text: 'x',
      username: 'Insights',
      icon_emoji: ':bulb:',
    });
    expect(message).toMatchObject({ subtype: 'bot_message', username: 'Insights', icons: { emoji: ':bulb:' } });
    await slack.close();
    slack = await startSlack({ scopes: ['chat:write'] });
    expect(
      await refusal(clientOf(slack).chat.postMessage({ channel: id('support'), text: 'x', username: 'Insights' })),
    ).toBe('missing_scope');
  });

  it('gives the bytes of a file to its token only', async () => {
    const client = clientOf(slack);
    await client.filesUploadV2({ channel_id: id('support'), file: Buffer.from([1, 2, 3]), filename: 'trend.png' });
    const [file] = slack.state.files.values();
    expect(file).toMatchObject({ name: 'trend.png', mimetype: 'image/png', size: 3 });
    const { file: shown } = await client.files.info({ file: file!.id });
    const url = shown?.url_private ?? '';
    const withToken = await fetch(url, { headers: { authorization: `Bearer ${BOT_TOKEN}` } });
    expect(new Uint8Array(await withToken.arrayBuffer())).toEqual(new Uint8Array([1, 2, 3]));
    // As Slack does: a page to sign in, and status 200.
    const without = await fetch(url);
    expect([without.status, without.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
  });

  it('answers GET for what only reads', async () => {
    const response = await fetch(`${slack.url}conversations.info?channel=${id('support')}`, {
      headers: { authorization: `Bearer ${BOT_TOKEN}` },
    });
    expect(await response.json()).toMatchObject({ ok: true, channel: { name: 'support' } });
  });

  it('remembers every call, and what Slack would have swallowed', async () => {
    const client = clientOf(slack);
    const channel = id('support');
    expect(await refusal(client.apiCall('chat.telepathy', { channel }))).toBe('unknown_method');
    await client.apiCall('chat.postMessage', { channel, text: 'x', colour: 'red' });
    await client.apiCall('chat.postMessage', { channel, blocks: [{ type: 'divider' }] });
    expect(slack.state.violations.map((one) => [one.kind, one.method])).toEqual([
      ['unknown_method', 'chat.telepathy'],
      ['unknown_argument', 'chat.postMessage'],
      ['no_fallback_text', 'chat.postMessage'],
    ]);
    expect(slack.calls.map((one) => [one.method, one.status])).toEqual([
      ['chat.telepathy', 200],
      ['chat.postMessage', 200],
      ['chat.postMessage', 200],
    ]);
    expect(JSON.stringify(slack.calls)).not.toContain(BOT_TOKEN);
  });

  it('knows people by what became of them', async () => {
    const client = clientOf(slack);
    slack.human.deactivate('ben');
    slack.state.changeUser('ana', { is_restricted: true, real_name: 'Ana Silva', email: 'silva@acme.example' });
    expect((await client.users.info({ user: user('ben') })).user?.deleted).toBe(true);
    expect(await refusal(client.users.lookupByEmail({ email: 'ben@acme.example' }))).toBe('users_not_found');
    const found = await client.users.lookupByEmail({ email: 'silva@acme.example' });
    expect(found.user).toMatchObject({ real_name: 'Ana Silva', is_restricted: true });
  });

  it('lists Slackbot as if it were a person, as Slack does', async () => {
    const { members } = await clientOf(slack).users.list({});
    expect(members?.find((one) => one.id === 'USLACKBOT')).toMatchObject({ is_bot: false });
  });

  it('gives the same ids for the same seed, and everything back after a reset', async () => {
    const before = [...slack.state.users.keys(), ...slack.state.channels.keys()];
    slack.human.post('ben', 'support', 'hello');
    slack.human.createChannel('ana', { name: 'extra' });
    await clientOf(slack).auth.test();
    slack.reset();
    expect([...slack.state.users.keys(), ...slack.state.channels.keys()]).toEqual(before);
    expect(slack.state.timeline('support')).toEqual([]);
    expect([slack.calls, slack.deliveries, slack.state.violations]).toEqual([[], [], []]);
    const other = await startSlack();
    expect([...other.state.users.keys(), ...other.state.channels.keys()]).toEqual(before);
    await other.close();
  });

  it('makes each ts later than the last, even when the clock stands still or goes back', async () => {
    const first = slack.human.post('ben', 'support', 'one').ts;
    const second = slack.human.post('ben', 'general', 'two').ts;
    clock.advance(-3_600_000);
    const third = slack.human.post('ben', 'support', 'three').ts;
    expect([first, second, third]).toEqual([first, second, third].sort());
    expect(new Set([first, second, third]).size).toBe(3);
    const at = new Date('2026-02-01T00:00:00Z');
    const past = [1, 2].map(() => slack.human.post('ben', 'support', 'long ago', { at }));
    expect(slack.state.timeline('support').slice(0, 2)).toEqual(past);
    expect(past[0]!.ts < past[1]!.ts).toBe(true);
    // What reads times to the millisecond still sees an edit after its message.
    const edited = slack.human.edit('ben', 'support', third, 'changed');
    expect(Math.floor(Number(edited.edited?.ts) * 1000)).toBeGreaterThan(Math.floor(Number(third) * 1000));
  });
});

describe('trouble on demand', () => {
  let clock: HandClock;
  let slack: SlackSimulator;
  const post = (text: string) => clientOf(slack).chat.postMessage({ channel: slack.state.channel('support').id, text });
  const said = () => slack.state.timeline('support').map((one) => one.text);

  beforeEach(async () => {
    clock = handClock();
    slack = await startSlack({ clock });
  });
  afterEach(() => slack.close());

  it('rate limits the next calls with Retry-After, and no more', async () => {
    slack.faults.next('chat.postMessage', { kind: 'rate_limited', retryAfterS: 7 }, 2);
    const url = `${slack.url}chat.postMessage`;
    const call = () =>
      fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${BOT_TOKEN}`, 'content-type': 'application/json' },
        body: JSON.stringify({ channel: slack.state.channel('support').id, text: 'x' }),
      });
    const answers = [await call(), await call(), await call()];
    expect(answers.map((one) => [one.status, one.headers.get('retry-after')])).toEqual([
      [429, '7'],
      [429, '7'],
      [200, null],
    ]);
    expect(said()).toEqual(['x']);
  });

  // Raw, since the SDK waits as long as it is told.
  const answer = async (method: string, args: Record<string, unknown>) => {
    const response = await fetch(`${slack.url}${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${BOT_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: slack.state.channel('support').id, ...args }),
    });
    const body = (await response.json()) as { messages?: unknown[]; has_more?: boolean };
    return { status: response.status, retryAfter: response.headers.get('retry-after'), body };
  };

  it('keeps to the tiers when asked to: so many calls of one method in any minute, and the seconds until the next', async () => {
    slack.faults.tierLimits(true);
    for (let call = 0; call < 50; call++)
      expect((await answer('conversations.history', { limit: 1 })).status).toBe(200);
    clock.advance(20_000);
    expect(await answer('conversations.history', { limit: 1 })).toMatchObject({ status: 429, retryAfter: '40' });
    // Another method has its own minute.
    expect((await answer('conversations.info', {})).status).toBe(200);
    clock.advance(40_000);
    expect((await answer('conversations.history', { limit: 1 })).status).toBe(200);
  });

  it('gives a distributed app one page of 15 messages a minute, whatever it asks for', async () => {
    for (let n = 0; n < 40; n++) slack.human.post('ben', 'support', `message ${n}`);
    slack.faults.distributed(true);
    const { body } = await answer('conversations.history', { limit: 200 });
    expect(body.messages).toHaveLength(15);
    expect(body.has_more).toBe(true);
    expect(await answer('conversations.history', { limit: 200 })).toMatchObject({ status: 429, retryAfter: '60' });
    clock.advance(60_000);
    expect((await answer('conversations.history', {})).status).toBe(200);
  });

  it('is out for as long as it was told to be, and says how much of it is left', async () => {
    slack.faults.outage({ kind: 'rate_limited' }, 60_000);
    clock.advance(25_000);
    expect(await answer('chat.postMessage', { text: 'too soon' })).toMatchObject({ status: 429, retryAfter: '35' });
    clock.advance(35_000);
    expect((await answer('chat.postMessage', { text: 'in time' })).status).toBe(200);
    expect(said()).toEqual(['in time']);
  });

  it.each([
    ['a server error', { kind: 'server_error' as const, status: 502 }],
    ['a broken connection', { kind: 'reset' as const }],
  ])('answers %s before or after the effect', async (_, fault) => {
    slack.faults.next('chat.postMessage', fault);
    expect(await refusal(post('never happened'))).not.toBe('none');
    expect(said()).toEqual([]);
    slack.faults.next('chat.postMessage', { ...fault, after: true });
    expect(await refusal(post('happened anyway'))).not.toBe('none');
    expect(said()).toEqual(['happened anyway']);
    expect(slack.faults.unused()).toEqual([]);
  });

  it('hangs until the caller gives up', async () => {
    slack.faults.next('chat.postMessage', { kind: 'hang', after: true });
    const signal = AbortSignal.timeout(100);
    const call = fetch(`${slack.url}chat.postMessage`, {
      method: 'POST',
      signal,
      headers: { authorization: `Bearer ${BOT_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ channel: slack.state.channel('support').id, text: 'x' }),
    });
    await expect(call).rejects.toThrow(/timeout/i);
    expect(said()).toEqual(['x']);
  });

  it('loses an answer through a response_url, before or after it did its work', async () => {
    await slack.human.slash('ben', 'support', '/throughline');
    const url = String(slack.deliveries.at(-1)?.payload.response_url);
    const answer = (text: string) => fetch(url, { method: 'POST', body: JSON.stringify({ text }) });
    slack.faults.next('response_url', { kind: 'server_error', status: 500 });
    slack.faults.next('response_url', { kind: 'server_error', status: 500, after: true });
    expect([(await answer('one')).status, (await answer('two')).status, (await answer('three')).status]).toEqual([
      500, 500, 200,
    ]);
    expect(slack.state.ephemeralsOf('ben').map((one) => one.message.text)).toEqual(['two', 'three']);
  });

  it('answers with any error of Slack’s', async () => {
    slack.faults.next('*', { kind: 'error', error: 'fatal_error' });
    expect(await refusal(post('x'))).toBe('fatal_error');
    expect(said()).toEqual([]);
  });

  it('holds a channel to one message a second, each channel for itself', async () => {
    slack.faults.channelRateLimit(true);
    expect(await refusal(post('one'))).toBe('none');
    const second = await post('two').catch((error: Error) => error.message);
    expect(second).toContain('retry-after: 1');
    expect(
      await refusal(clientOf(slack).chat.postMessage({ channel: slack.state.channel('shared').id, text: 'elsewhere' })),
    ).toBe('none');
    clock.advance(1000);
    expect(await refusal(post('three'))).toBe('none');
    expect(said()).toEqual(['one', 'three']);
  });
});
