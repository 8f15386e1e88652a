// One suite, driven by Slack's own SDK, against two independent stand-ins for Slack: ours, and `emulate`. What both do is more likely to be
// what Slack does. Where `emulate` is known to be wrong the case is skipped for it, with the reason in its name.
import { WebClient } from '@slack/web-api';
import { createEmulator } from 'emulate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BOT_TOKEN, SILENT, startSlack } from './support.ts';

interface Backend {
  client: WebClient;
  /** A client with a token that nobody has. */
  stranger: WebClient;
  botUserId: string;
  close(): Promise<void>;
}

const QUIET = { logger: SILENT, retryConfig: { retries: 0 } };

async function ours(): Promise<Backend> {
  const slack = await startSlack();
  return {
    client: new WebClient(BOT_TOKEN, { slackApiUrl: slack.url, ...QUIET }),
    stranger: new WebClient('xoxb-nobody', { slackApiUrl: slack.url, ...QUIET }),
    botUserId: slack.state.app.botUserId,
    close: () => slack.close(),
  };
}

async function emulated(): Promise<Backend> {
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      slack: {
        team: { name: 'Acme', domain: 'acme' },
        users: [
          { name: 'ana', real_name: 'Ana Costa', email: 'ana@acme.example' },
          { name: 'ben', real_name: 'Ben Olsen', email: 'ben@acme.example' },
        ],
        channels: [{ name: 'support' }],
        oauth_apps: [
          {
            app_id: 'A0THROUGH',
            client_id: 'client',
            client_secret: 'secret',
            name: 'Throughline',
            bot_id: 'B0THROUGH',
            bot_user_id: 'U0THROUGH',
            scopes: ['chat:write'],
            redirect_uris: ['http://127.0.0.1/'],
          },
        ],
        tokens: [
          {
            token: BOT_TOKEN,
            type: 'bot',
            user_id: 'U0THROUGH',
            bot_id: 'B0THROUGH',
            bot_user_id: 'U0THROUGH',
            app_id: 'A0THROUGH',
          },
        ],
      },
    },
  });
  const slackApiUrl = `${emulator.url}/api/`;
  return {
    client: new WebClient(BOT_TOKEN, { slackApiUrl, ...QUIET }),
    stranger: new WebClient('xoxb-nobody', { slackApiUrl, ...QUIET }),
    botUserId: 'U0THROUGH',
    close: () => emulator.close(),
  };
}

describe.each([
  { name: 'our simulator', start: ours, isOurs: true },
  { name: 'emulate', start: emulated, isOurs: false },
])('$name', ({ start, isOurs }) => {
  let backend: Backend;
  let client: WebClient;
  let support: string;
  let ana: string;

  beforeAll(async () => {
    backend = await start();
    client = backend.client;
    const { channels } = await client.conversations.list({ types: 'public_channel' });
    support = channels?.find((one) => one.name === 'support')?.id ?? '';
    const { members } = await client.users.list({});
    ana = members?.find((one) => one.name === 'ana')?.id ?? '';
    await client.conversations.join({ channel: support });
  });
  afterAll(() => backend.close());

  /** A case for both; `wrong` says what emulate does instead, and keeps it from this case. */
  function promise(name: string, run: () => Promise<void>, wrong?: string): void {
    if (!isOurs && wrong) it.skip(`${name} (emulate: ${wrong})`, run);
    else it(name, run);
  }

  const refused = (call: Promise<unknown>) =>
    call.then(
      () => 'was not refused',
      (error: { data?: { error?: string } }) => error.data?.error ?? String(error),
    );
  const post = async (text: string, threadTs?: string) => {
    const posted = threadTs
      ? await client.chat.postMessage({ channel: support, text, thread_ts: threadTs })
      : await client.chat.postMessage({ channel: support, text });
    return posted.ts ?? '';
  };
  const history = async () => (await client.conversations.history({ channel: support, limit: 200 })).messages ?? [];

  promise('says who the token belongs to', async () => {
    const who = await client.auth.test();
    expect(who).toMatchObject({ ok: true, team: 'Acme', user_id: backend.botUserId });
    expect(who.team_id).toMatch(/^T/);
    expect(who.bot_id).toMatch(/^B/);
  });

  promise(
    'refuses a token that nobody has',
    async () => {
      expect(await refused(backend.stranger.auth.test())).toBe('invalid_auth');
    },
    'any token is the first user',
  );

  promise('shows a posted message, newest first', async () => {
    const first = await post('first');
    const second = await post('second');
    const messages = await history();
    expect(messages.slice(0, 2).map((one) => [one.ts, one.text, one.user])).toEqual([
      [second, 'second', backend.botUserId],
      [first, 'first', backend.botUserId],
    ]);
  });

  promise('gives every message a ts of its own, later than the one before', async () => {
    const all: string[] = [];
    for (let count = 0; count < 5; count++) all.push(await post(`burst ${count}`));
    expect(new Set(all).size).toBe(5);
    expect([...all].sort()).toEqual(all);
    for (const ts of all) expect(ts).toMatch(/^\d{10}\.\d{6}$/);
  });

  promise('keeps blocks and metadata', async () => {
    const { ts } = await client.chat.postMessage({
      channel: support,
      text: 'with blocks',
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: 'with *blocks*' } }],
      metadata: { event_type: 'insight', event_payload: { id: 'ins_1' } },
    });
    const read = await client.conversations.history({ channel: support, include_all_metadata: true, limit: 5 });
    const message = read.messages?.find((one) => one.ts === ts);
    expect(message?.blocks?.[0]).toMatchObject({ type: 'section', text: { type: 'mrkdwn', text: 'with *blocks*' } });
    expect(message?.metadata).toEqual({ event_type: 'insight', event_payload: { id: 'ins_1' } });
  });

  promise('keeps replies in their thread and out of the history, and counts them', async () => {
    const parent = await post('parent');
    const reply = await post('reply', parent);
    const { messages } = await client.conversations.replies({ channel: support, ts: parent });
    expect(messages?.map((one) => one.ts)).toEqual([parent, reply]);
    expect(messages?.[0]?.reply_count).toBe(1);
    expect(messages?.[1]?.thread_ts).toBe(parent);
    expect((await history()).map((one) => one.ts)).not.toContain(reply);
  });

  promise(
    'refuses a reply to a thread that is not there',
    async () => {
      expect(await refused(post('reply', '1500000000.000000'))).toBe('thread_not_found');
    },
    'takes any thread_ts',
  );

  promise('changes its own message in place, and marks it as edited', async () => {
    const ts = await post('before');
    const updated = await client.chat.update({ channel: support, ts, text: 'after' });
    expect(updated).toMatchObject({ ok: true, channel: support, ts, text: 'after' });
    const message = (await history()).find((one) => one.ts === ts);
    expect(message?.text).toBe('after');
    expect(message?.edited?.ts).toMatch(/^\d{10}\.\d{6}$/);
  });

  promise('deletes its own message', async () => {
    const ts = await post('mistake');
    expect(await client.chat.delete({ channel: support, ts })).toMatchObject({ ok: true, channel: support, ts });
    expect((await history()).map((one) => one.ts)).not.toContain(ts);
  });

  promise('names what is not there', async () => {
    const nowhere = '1500000000.000000';
    expect(await refused(client.chat.postMessage({ channel: 'C0NOWHERE0', text: 'x' }))).toBe('channel_not_found');
    expect(await refused(client.chat.postMessage({ channel: support, text: '' }))).toBe('no_text');
    expect(await refused(client.chat.update({ channel: support, ts: nowhere, text: 'x' }))).toBe('message_not_found');
    expect(await refused(client.chat.delete({ channel: support, ts: nowhere }))).toBe('message_not_found');
    expect(await refused(client.chat.getPermalink({ channel: support, message_ts: nowhere }))).toBe(
      'message_not_found',
    );
    expect(await refused(client.reactions.add({ channel: support, timestamp: nowhere, name: 'eyes' }))).toBe(
      'message_not_found',
    );
    expect(await refused(client.conversations.info({ channel: 'C0NOWHERE0' }))).toBe('channel_not_found');
    expect(await refused(client.users.info({ user: 'U0NOBODY00' }))).toBe('user_not_found');
    expect(await refused(client.users.lookupByEmail({ email: 'nobody@acme.example' }))).toBe('users_not_found');
  });

  promise('adds a reaction once, shows it, and takes it away once', async () => {
    const timestamp = await post('react to me');
    const item = { channel: support, timestamp, name: 'white_check_mark' };
    await client.reactions.add(item);
    expect(await refused(client.reactions.add(item))).toBe('already_reacted');
    const shown = await client.reactions.get({ channel: support, timestamp });
    expect(shown.message?.reactions).toEqual([{ name: 'white_check_mark', users: [backend.botUserId], count: 1 }]);
    await client.reactions.remove(item);
    expect(await refused(client.reactions.remove(item))).toBe('no_reaction');
    expect((await client.reactions.get({ channel: support, timestamp })).message?.reactions ?? []).toEqual([]);
  });

  promise('makes permalinks out of channel and ts', async () => {
    const ts = await post('link to me');
    const { permalink } = await client.chat.getPermalink({ channel: support, message_ts: ts });
    expect(permalink).toContain(`/archives/${support}/p${ts.replace('.', '')}`);
  });

  promise('knows people by id and by e-mail address', async () => {
    const { user } = await client.users.info({ user: ana });
    expect(user).toMatchObject({ id: ana, name: 'ana', real_name: 'Ana Costa', is_bot: false, deleted: false });
    expect(user?.profile?.email).toBe('ana@acme.example');
    const found = await client.users.lookupByEmail({ email: 'ana@acme.example' });
    expect(found.user?.id).toBe(ana);
  });

  promise('lists the bot among the members after it joined, however often it joins', async () => {
    const joined = await client.conversations.join({ channel: support });
    expect(joined.channel).toMatchObject({ id: support, name: 'support', is_member: true, is_private: false });
    const { members } = await client.conversations.members({ channel: support });
    expect(members).toContain(backend.botUserId);
    expect(members).toContain(ana);
  });

  promise('shows an ephemeral message in no history', async () => {
    const { message_ts: ts } = await client.chat.postEphemeral({ channel: support, user: ana, text: 'only you' });
    expect(ts).toMatch(/^\d{10}\.\d{6}$/);
    expect((await history()).map((one) => one.text)).not.toContain('only you');
  });

  promise('opens the same direct conversation every time', async () => {
    const first = await client.conversations.open({ users: ana });
    const second = await client.conversations.open({ users: ana });
    expect(first.channel?.id).toMatch(/^D/);
    expect(second.channel?.id).toBe(first.channel?.id);
    const { ts } = await client.chat.postMessage({ channel: first.channel?.id ?? '', text: 'hello' });
    const { messages } = await client.conversations.history({ channel: first.channel?.id ?? '' });
    expect(messages?.[0]).toMatchObject({ ts, text: 'hello' });
  });

  promise('takes a file in two steps and shows it in the channel', async () => {
    await client.filesUploadV2({ channel_id: support, content: 'a,b\n1,2', filename: 'trend.csv', title: 'Trend' });
    const message = (await history())[0];
    expect(message?.files?.[0]).toMatchObject({ name: 'trend.csv', title: 'Trend', filetype: 'csv', size: 7 });
    const { file } = await client.files.info({ file: message?.files?.[0]?.id ?? '' });
    expect(file).toMatchObject({ name: 'trend.csv', size: 7, user: backend.botUserId });
  });

  promise('publishes a Home tab, and refuses to overwrite what the app has not seen', async () => {
    const view = { type: 'home' as const, blocks: [{ type: 'divider' }] };
    const first = await client.views.publish({ user_id: ana, view });
    expect(first.view).toMatchObject({ type: 'home', state: { values: {} } });
    expect(first.view?.blocks?.[0]).toMatchObject({ type: 'divider' });
    await client.views.publish({ user_id: ana, view, hash: first.view?.hash ?? '' });
    expect(await refused(client.views.publish({ user_id: ana, view, hash: first.view?.hash ?? '' }))).toBe(
      'hash_conflict',
    );
  });

  promise('opens no modal without a trigger that it gave out', async () => {
    const view = {
      type: 'modal' as const,
      title: { type: 'plain_text' as const, text: 'x' },
      blocks: [{ type: 'divider' }],
    };
    expect(await refused(client.views.open({ trigger_id: '1.2.3', view }))).toBe('invalid_trigger_id');
    expect(await refused(client.views.update({ view_id: 'V0NOWHERE0', view }))).toBe('not_found');
  });

  promise('pages through channels with a cursor, each once', async () => {
    const names: string[] = [];
    for await (const page of client.paginate('conversations.list', { limit: 1 })) {
      const { channels } = page as unknown as { channels: { name: string }[] };
      expect(channels.length).toBeLessThanOrEqual(1);
      names.push(...channels.map((one) => one.name));
    }
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['general', 'random', 'support']));
  });

  promise('pages through the history with a cursor, each message once and newest first', async () => {
    for (let count = 0; count < 7; count++) await post(`page ${count}`);
    const seen: string[] = [];
    for await (const page of client.paginate('conversations.history', { channel: support, limit: 3 })) {
      seen.push(...(page as unknown as { messages: { ts: string }[] }).messages.map((one) => one.ts));
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual((await history()).map((one) => one.ts));
  });

  promise(
    'reads one message by latest, inclusive and limit 1',
    async () => {
      const ts = await post('this one');
      await post('a later one');
      const read = await client.conversations.history({ channel: support, latest: ts, inclusive: true, limit: 1 });
      expect(read.messages?.map((one) => one.text)).toEqual(['this one']);
      const without = await client.conversations.history({ channel: support, latest: ts, oldest: ts, limit: 1 });
      expect(without.messages).toEqual([]);
    },
    'ignores latest, oldest and inclusive',
  );

  promise(
    'pages through a thread, the parent with every page',
    async () => {
      const parent = await post('long thread');
      const replies: string[] = [];
      for (let count = 0; count < 5; count++) replies.push(await post(`reply ${count}`, parent));
      const pages: string[][] = [];
      for await (const page of client.paginate('conversations.replies', { channel: support, ts: parent, limit: 3 })) {
        pages.push((page as unknown as { messages: { ts: string }[] }).messages.map((one) => one.ts));
      }
      expect(pages).toEqual([
        [parent, replies[0], replies[1]],
        [parent, replies[2], replies[3]],
        [parent, replies[4]],
      ]);
    },
    'ignores limit and cursor',
  );

  promise(
    'refuses blocks that Slack refuses, and says where',
    async () => {
      const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: 'x'.repeat(3001) } }];
      const error = await client.chat.postMessage({ channel: support, text: 'x', blocks }).then(
        () => null,
        (thrown: { data: { error: string; response_metadata: { messages: string[] } } }) => thrown.data,
      );
      expect(error?.error).toBe('invalid_blocks');
      expect(error?.response_metadata.messages).toEqual([
        '[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
      ]);
    },
    'takes any array of objects',
  );

  promise(
    'reads a channel only after joining it',
    async () => {
      const { channels } = await client.conversations.list({ types: 'public_channel' });
      const random = channels?.find((one) => one.name === 'random')?.id ?? '';
      expect(await refused(client.conversations.history({ channel: random }))).toBe('not_in_channel');
    },
    'reads every public channel',
  );

  promise(
    'lists user groups and their members',
    async () => {
      const { usergroups } = await client.usergroups.list({ include_users: true });
      expect(usergroups?.[0]).toMatchObject({ handle: 'triage' });
      const { users } = await client.usergroups.users.list({ usergroup: usergroups?.[0]?.id ?? '' });
      expect(users).toContain(ana);
    },
    'has no user groups',
  );
});
