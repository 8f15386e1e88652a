// Slack's Web API in our words. Nobody else calls Slack's SDK; every call passes the one way out, every refusal says what to do.
import type { AnyChunk, KnownBlock, View } from '@slack/types';
import { type FetchFunction, WebAPIHTTPError, WebAPIPlatformError, WebClient } from '@slack/web-api';
import { z } from 'zod';
import { ExternalError } from '#src/domain/errors.ts';
import type { Clock, Fetch, Log, Telemetry } from '#src/domain/ports.ts';
import { createCaller } from '../call.ts';
import { toExternalError, toSlackLogger } from './errors.ts';
import { createOptionalBlocks } from './optional.ts';
import { WireChannel, WireMessage, WireUser } from './wire.ts';

// A little less than the caller's own limit, so that the connection is closed by whoever opened it.
const TIMEOUT_MS = 9_500;
const PAGE = 200;
// 40 pages are 8,000 entries; a workspace with more is asked by id instead of by list.
const PAGES_MAX = 40;
/** Marks our messages, so that they can be found again when the answer to a post was lost. */
export const METADATA_EVENT = 'throughline';

// How Slack says that a feature for assistants is not there: not in this version, not on this plan, not in this kind of place, not for this token.
const NOT_HERE = [
  'unknown_method',
  'method_not_supported_for_channel_type',
  'channel_not_supported',
  'feature_not_enabled',
  'not_allowed',
  'not_allowed_token_type',
  'no_permission',
  'access_denied',
  'missing_scope',
  'channel_not_found',
  'invalid_thread_ts',
  'thread_not_found',
  'missing_recipient_user_id',
  'missing_recipient_team_id',
];
const STREAM_ENDED = [...NOT_HERE, 'message_not_in_streaming_state', 'message_not_found', 'message_not_owned_by_app'];

/** Who we are in the workspace. */
export interface Self {
  teamId: string;
  teamName: string;
  enterpriseId: string | null;
  /** Ends in a slash. */
  workspaceUrl: string | null;
  userId: string;
  botId: string | null;
  scopes: string[];
}

/** A channel, as far as we care. */
export interface Channel {
  id: string;
  name: string;
  isPrivate: boolean;
  isMember: boolean;
  isArchived: boolean;
  /** Shared with another organization, or about to be. */
  isShared: boolean;
  isDirect: boolean;
  /** Seconds since 1970; 0 when Slack does not say. */
  createdSec: number;
}

const DIRECT: Omit<Channel, 'id'> = {
  name: 'direct messages',
  isPrivate: true,
  isMember: true,
  isArchived: false,
  isShared: false,
  isDirect: true,
  createdSec: 0,
};

/** A user, as far as we care. */
export interface User {
  id: string;
  teamId: string | null;
  enterpriseId: string | null;
  /** The name that people see in Slack. */
  name: string;
  isBot: boolean;
  /** An admin or owner of the workspace. */
  isAdmin: boolean;
  isGuest: boolean;
  isStranger: boolean;
  isDeleted: boolean;
  /** The name of the time zone that they have set in Slack. */
  timeZone: string | null;
  /** BCP 47; null where Slack does not say. */
  locale: string | null;
}

/** A user group, such as @support-team. */
export interface UserGroup {
  id: string;
  handle: string;
  name: string;
}

/** What we send: blocks, and the same said in plain text for notifications, screen readers and old clients. */
export interface Message {
  text: string;
  blocks?: KnownBlock[];
}

/** A cache that somebody else keeps. */
export interface CachePort {
  getOrLoad<T>(key: string, load: () => Promise<T>): Promise<T>;
  delete(key: string): Promise<unknown>;
}

/** Some messages of a longer list. */
export interface MessagePage {
  messages: WireMessage[];
  more: boolean;
  /** Where the next page of a thread begins. */
  cursor: string | null;
}

export type FoundMessage =
  | { ok: true; message: WireMessage }
  | { ok: false; why: 'not_in_channel' | 'message_not_found' };

/** Slack, as a set of verbs. Throws ExternalError only. */
export interface SlackClient {
  /** Asked once and remembered; `fresh` asks again. */
  whoAmI(options?: { fresh?: boolean }): Promise<Self>;
  /** Asks for the address of a socket, which only an app-level token may. */
  socketAddress(): Promise<string>;
  channel(id: string): Promise<Channel | null>;
  channels(): Promise<Channel[]>;
  /** By id, or by name with or without #. Null when there is none that we can see. */
  resolveChannel(nameOrId: string): Promise<Channel | null>;
  /** Enters a public channel; `not_allowed` where somebody has to invite us. */
  join(channelId: string): Promise<'joined' | 'not_allowed'>;
  members(channelId: string): Promise<string[]>;
  user(id: string): Promise<User | null>;
  users(): Promise<User[]>;
  userGroups(): Promise<UserGroup[]>;
  groupMembers(groupId: string): Promise<string[]>;
  /** The name of another workspace; null when it is not ours to know. */
  teamName(teamId: string): Promise<string | null>;
  message(channelId: string, ts: string, threadTs?: string | null): Promise<FoundMessage>;
  /** What was said in a channel between two moments, both left out: the newest of it, newest first. */
  history(channelId: string, window: { after: string; before: string; limit: number }): Promise<MessagePage>;
  /** A thread from its parent on. `gone` when there is none any more. */
  replies(
    channelId: string,
    threadTs: string,
    window: { before: string; limit: number; cursor: string | null },
  ): Promise<MessagePage | 'gone'>;
  permalink(channelId: string, ts: string): Promise<string | null>;
  post(input: {
    channel: string;
    threadTs?: string | null;
    key: string;
    message: Message;
  }): Promise<{ ts: string; channel: string }>;
  update(input: { channel: string; ts: string; key: string; message: Message }): Promise<'updated' | 'gone'>;
  remove(channel: string, ts: string): Promise<'removed' | 'gone'>;
  ephemeral(input: { channel: string; user: string; threadTs?: string | null; message: Message }): Promise<void>;
  /** Answers to a click or a command at the address that came with it; good for half an hour and five answers. */
  respond(responseUrl: string, message: Message, options?: { replace?: boolean }): Promise<void>;
  react(channel: string, ts: string, emoji: string): Promise<'added' | 'there_already'>;
  unreact(channel: string, ts: string, emoji: string): Promise<'removed' | 'gone'>;
  /** Uploads a picture that nobody sees until a message shows it by this id. Null when the app may not, for want of `files:write`. */
  uploadPicture(picture: { png: Buffer; name: string; title: string; alt: string }): Promise<string | null>;
  /** `expired` when the click is older than Slack's three seconds. */
  openView(triggerId: string, view: View): Promise<'opened' | 'expired'>;
  updateView(viewId: string, hash: string | null, view: View): Promise<'updated' | 'gone'>;
  publishHome(userId: string, view: View): Promise<void>;
  /** Says under a message what is being done, until something is written there; an empty status takes it away. */
  setStatus(input: { channel: string; threadTs: string; status: string }): Promise<'set' | 'unavailable'>;
  /** Questions that a person can ask with one tap, in the app's own conversation. */
  suggestPrompts(input: {
    channel: string;
    title: string;
    prompts: { title: string; message: string }[];
  }): Promise<'set' | 'unavailable'>;
  /** Begins a message that is written step by step. `unavailable` where the workspace, or the kind of place, does not have it. */
  startStream(input: {
    channel: string;
    threadTs: string;
    chunks: AnyChunk[];
  }): Promise<{ ts: string } | 'unavailable'>;
  /** `ended` when it is no longer being written. */
  appendStream(input: { channel: string; ts: string; chunks: AnyChunk[] }): Promise<'added' | 'ended'>;
  stopStream(channel: string, ts: string): Promise<'stopped' | 'ended'>;
  /** A message of ours that carries `key`, posted at or after `since`; in a thread when `threadTs` is given. */
  findByMetadata(input: {
    channel: string;
    key: string;
    since: Date;
    threadTs?: string | null;
  }): Promise<string | null>;
  /** Drops what was remembered: after a rename, a join, a change of a group. */
  forget(what: 'channel' | 'members' | 'user' | 'group', id: string): Promise<void>;
}

export interface SlackClientDeps {
  token: string;
  /** Ends in /api/. */
  apiUrl: string;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
  fetch: Fetch;
  cache: CachePort;
}

/** Makes the client of one workspace. Nothing is called before the first verb. */
export function createSlackClient(deps: SlackClientDeps): SlackClient {
  const { cache } = deps;
  const call = createCaller('slack', { ...deps, toExternalError });
  const web = new WebClient(deps.token, {
    slackApiUrl: deps.apiUrl,
    fetch: deps.fetch as FetchFunction,
    timeout: TIMEOUT_MS,
    // Retries and waiting are the caller's and the queue's: the SDK would hold a click for half an hour.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: toSlackLogger(deps.log),
  });
  const optional = createOptionalBlocks(deps.clock);
  let self: Promise<Self> | null = null;

  const client: SlackClient = {
    whoAmI({ fresh = false } = {}) {
      if (!self || fresh) {
        self = call('auth.test', askWho);
        self.catch(() => {
          self = null;
        });
      }
      return self;
    },

    socketAddress: () =>
      call('apps.connections.open', async () => z.string().parse((await web.apps.connections.open({})).url)),

    async channel(id) {
      // There is nothing to ask about a direct conversation, and asking needs a scope that nothing else of ours does.
      if (/^D[A-Z0-9]+$/.test(id)) return { ...DIRECT, id };
      return cache.getOrLoad(`channel:${id}`, () =>
        call('conversations.info', () =>
          expecting(['channel_not_found'], null, async () =>
            toChannel(WireChannel.parse((await web.conversations.info({ channel: id })).channel)),
          ),
        ),
      );
    },

    channels: () =>
      cache.getOrLoad('channels', async () => {
        // Private channels need a scope of their own; without it Slack refuses the whole list.
        const { scopes } = await client.whoAmI();
        const types = scopes.includes('groups:read') ? 'public_channel,private_channel' : 'public_channel';
        return pages('conversations.list', async (cursor) => {
          const page = await web.conversations.list({ types, exclude_archived: true, limit: PAGE, cursor });
          return {
            items: z
              .array(WireChannel)
              .parse(page.channels ?? [])
              .map(toChannel),
            next: nextOf(page),
          };
        });
      }),

    async resolveChannel(nameOrId) {
      if (/^[CGD][A-Z0-9]{6,}$/.test(nameOrId)) return client.channel(nameOrId);
      const name = nameOrId.replace(/^#/, '').toLowerCase();
      const find = async () => (await client.channels()).find((channel) => channel.name === name) ?? null;
      const found = await find();
      if (found) return found;
      // A channel made a moment ago is not in a list from before.
      await cache.delete('channels');
      return find();
    },

    join: (channelId) =>
      call('conversations.join', () =>
        expecting(
          [
            'missing_scope',
            'method_not_supported_for_channel_type',
            'channel_not_found',
            'is_archived',
            'restricted_action',
          ],
          'not_allowed' as const,
          async () => {
            await web.conversations.join({ channel: channelId });
            await client.forget('channel', channelId);
            await client.forget('members', channelId);
            return 'joined' as const;
          },
        ),
      ),

    members: (channelId) =>
      cache.getOrLoad(`members:${channelId}`, () =>
        pages('conversations.members', async (cursor) => {
          const page = await web.conversations.members({ channel: channelId, limit: PAGE, cursor });
          return { items: page.members ?? [], next: nextOf(page) };
        }),
      ),

    user: (id) =>
      cache.getOrLoad(`user:${id}`, () =>
        call('users.info', () =>
          expecting(['user_not_found', 'user_not_visible', 'users_not_found'], null, async () =>
            toUser(WireUser.parse((await web.users.info({ user: id, include_locale: true })).user)),
          ),
        ),
      ),

    users: () =>
      cache.getOrLoad('users', () =>
        pages('users.list', async (cursor) => {
          const page = await web.users.list({ limit: PAGE, cursor });
          return {
            items: z
              .array(WireUser)
              .parse(page.members ?? [])
              .map(toUser),
            next: nextOf(page),
          };
        }),
      ),

    userGroups: () =>
      cache.getOrLoad('groups', () =>
        call('usergroups.list', async () => {
          const { usergroups = [] } = await web.usergroups.list({ include_disabled: false });
          return usergroups.flatMap(({ id, handle, name }) =>
            id ? [{ id, handle: handle ?? '', name: name ?? '' }] : [],
          );
        }),
      ),

    groupMembers: (groupId) =>
      cache.getOrLoad(`group:${groupId}`, () =>
        call(
          'usergroups.users.list',
          async () => (await web.usergroups.users.list({ usergroup: groupId })).users ?? [],
        ),
      ),

    teamName: (teamId) =>
      cache.getOrLoad(`team:${teamId}`, () =>
        call('team.info', () =>
          expecting(
            ['missing_scope', 'team_not_found', 'cannot_access_team', 'invalid_team'],
            null,
            async () => (await web.team.info({ team: teamId })).team?.name ?? null,
          ),
        ),
      ),

    async message(channelId, ts, threadTs) {
      const exactly = { channel: channelId, latest: ts, oldest: ts, inclusive: true, limit: 1 };
      const absent: FoundMessage = { ok: false, why: 'message_not_found' };
      const notIn: FoundMessage = { ok: false, why: 'not_in_channel' };
      const pick = (messages: unknown): FoundMessage => {
        const message = z
          .array(WireMessage)
          .parse(messages ?? [])
          .find((one) => one.ts === ts);
        return message ? { ok: true, message } : absent;
      };
      const unreachable = ['not_in_channel', 'channel_not_found', 'missing_scope'];
      const top = await call('conversations.history', () =>
        expecting(unreachable, notIn, async () => pick((await web.conversations.history(exactly)).messages)),
      );
      if (top.ok || top.why === 'not_in_channel') return top;
      // A reply is not in the history of its channel; its own ts finds it too.
      return call('conversations.replies', () =>
        expecting(['thread_not_found', 'message_not_found'], absent, async () =>
          pick((await web.conversations.replies({ ...exactly, ts: threadTs ?? ts, limit: 2 })).messages),
        ),
      );
    },

    history: (channelId, { after, before, limit }) =>
      call('conversations.history', async () =>
        pageOf(await web.conversations.history({ channel: channelId, oldest: after, latest: before, limit })),
      ),

    replies: (channelId, threadTs, { before, limit, cursor }) =>
      call('conversations.replies', () =>
        expecting(['thread_not_found', 'message_not_found'], 'gone' as const, () =>
          // A place that Slack has forgotten is no end.
          expecting(['invalid_cursor'], { messages: [], more: true, cursor: null }, async () =>
            pageOf(
              await web.conversations.replies({
                channel: channelId,
                ts: threadTs,
                latest: before,
                limit,
                ...(cursor ? { cursor } : {}),
              }),
            ),
          ),
        ),
      ),

    permalink: (channelId, ts) =>
      call('chat.getPermalink', () =>
        expecting(
          ['message_not_found', 'channel_not_found', 'not_in_channel'],
          null,
          async () => (await web.chat.getPermalink({ channel: channelId, message_ts: ts })).permalink ?? null,
        ),
      ),

    post: ({ channel, threadTs, key, message }) =>
      call(
        'chat.postMessage',
        async () => {
          const sent = await optional.send(contentOf(message), (content) =>
            web.chat.postMessage({
              channel,
              ...content,
              ...(threadTs ? { thread_ts: threadTs } : {}),
              metadata: { event_type: METADATA_EVENT, event_payload: { key } },
              unfurl_links: false,
              unfurl_media: false,
            }),
          );
          return { ts: z.string().parse(sent.ts), channel: sent.channel ?? channel };
        },
        // Slack has no idempotency key: a repeat is a second message. Whoever posts looks for the first one.
        { safeToRepeat: false },
      ),

    update: ({ channel, ts, key, message }) =>
      call('chat.update', () =>
        expecting(['message_not_found', 'channel_not_found'], 'gone' as const, async () => {
          await optional.send(contentOf(message), (content) =>
            web.chat.update({
              channel,
              ts,
              ...content,
              metadata: { event_type: METADATA_EVENT, event_payload: { key } },
            }),
          );
          return 'updated' as const;
        }),
      ),

    remove: (channel, ts) =>
      call('chat.delete', () =>
        expecting(['message_not_found', 'channel_not_found'], 'gone' as const, async () => {
          await web.chat.delete({ channel, ts });
          return 'removed' as const;
        }),
      ),

    ephemeral: ({ channel, user, threadTs, message }) =>
      call('chat.postEphemeral', async () => {
        await web.chat.postEphemeral({
          channel,
          user,
          ...contentOf(message),
          ...(threadTs ? { thread_ts: threadTs } : {}),
        });
      }),

    async respond(responseUrl, message, { replace = false } = {}) {
      if (!isSlackAddress(responseUrl, deps.apiUrl)) {
        throw new ExternalError('refused', 'The address to answer to is not one of Slack’s.', {
          system: 'slack',
          operation: 'respond',
        });
      }
      const put = async (answer: object, signal: AbortSignal) => {
        const response = await deps.fetch(responseUrl, {
          method: 'POST',
          headers: { 'content-type': 'application/json; charset=utf-8' },
          body: JSON.stringify(answer),
          signal,
        });
        const body = await response.text();
        if (!response.ok) throw new WebAPIHTTPError(response.status, response.statusText, {}, body.slice(0, 200));
      };
      await call('respond', (signal) =>
        optional.send(contentOf(message), (content) =>
          put({ ...content, response_type: 'ephemeral', replace_original: replace }, signal),
        ),
      );
    },

    react: (channel, ts, emoji) =>
      call('reactions.add', () =>
        expecting(['already_reacted'], 'there_already' as const, async () => {
          await web.reactions.add({ channel, timestamp: ts, name: emoji });
          return 'added' as const;
        }),
      ),

    unreact: (channel, ts, emoji) =>
      call('reactions.remove', () =>
        expecting(['no_reaction', 'message_not_found'], 'gone' as const, async () => {
          await web.reactions.remove({ channel, timestamp: ts, name: emoji });
          return 'removed' as const;
        }),
      ),

    async uploadPicture({ png, name, title, alt }) {
      if (!(await client.whoAmI()).scopes.includes('files:write')) return null;
      const place = await call('files.getUploadURLExternal', () =>
        expecting(['missing_scope'], null, () =>
          web.files.getUploadURLExternal({ filename: name, length: png.length, alt_text: alt }),
        ),
      );
      if (!place) return null;
      const [url, id] = [z.url().parse(place.upload_url), z.string().parse(place.file_id)];
      if (!isSlackAddress(url, deps.apiUrl)) {
        throw new ExternalError('refused', 'The address to upload to is not one of Slack’s.', {
          system: 'slack',
          operation: 'upload',
        });
      }
      await call('upload', async (signal) => {
        const response = await deps.fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/octet-stream' },
          body: new Uint8Array(png),
          signal,
        });
        const body = await response.text();
        if (!response.ok) throw new WebAPIHTTPError(response.status, response.statusText, {}, body.slice(0, 200));
      });
      await call('files.completeUploadExternal', () => web.files.completeUploadExternal({ files: [{ id, title }] }));
      return id;
    },

    openView: (triggerId, view) =>
      call(
        'views.open',
        () =>
          expecting(
            ['expired_trigger_id', 'exchanged_trigger_id', 'invalid_trigger_id'],
            'expired' as const,
            async () => {
              await web.views.open({ trigger_id: triggerId, view });
              return 'opened' as const;
            },
          ),
        { safeToRepeat: false },
      ),

    updateView: (viewId, hash, view) =>
      call('views.update', () =>
        expecting(['not_found', 'hash_conflict', 'view_not_found'], 'gone' as const, async () => {
          await web.views.update({ view_id: viewId, view, ...(hash ? { hash } : {}) });
          return 'updated' as const;
        }),
      ),

    publishHome: (userId, view) =>
      call('views.publish', async () => {
        await web.views.publish({ user_id: userId, view });
      }),

    setStatus: ({ channel, threadTs, status }) =>
      call('assistant.threads.setStatus', () =>
        expecting(NOT_HERE, 'unavailable' as const, async () => {
          await web.assistant.threads.setStatus({ channel_id: channel, thread_ts: threadTs, status });
          return 'set' as const;
        }),
      ),

    suggestPrompts: ({ channel, title, prompts }) =>
      call('assistant.threads.setSuggestedPrompts', () =>
        expecting(NOT_HERE, 'unavailable' as const, async () => {
          await web.assistant.threads.setSuggestedPrompts({ channel_id: channel, title, prompts });
          return 'set' as const;
        }),
      ),

    startStream: ({ channel, threadTs, chunks }) =>
      call(
        'chat.startStream',
        () =>
          expecting(NOT_HERE, 'unavailable' as const, async () => ({
            ts: z.string().parse((await web.chat.startStream({ channel, thread_ts: threadTs, chunks })).ts),
          })),
        { safeToRepeat: false },
      ),

    appendStream: ({ channel, ts, chunks }) =>
      call(
        'chat.appendStream',
        () =>
          expecting(STREAM_ENDED, 'ended' as const, async () => {
            await web.chat.appendStream({ channel, ts, chunks });
            return 'added' as const;
          }),
        { safeToRepeat: false },
      ),

    stopStream: (channel, ts) =>
      call('chat.stopStream', () =>
        expecting(STREAM_ENDED, 'ended' as const, async () => {
          await web.chat.stopStream({ channel, ts });
          return 'stopped' as const;
        }),
      ),

    async findByMetadata({ channel, key, since, threadTs }) {
      const { userId, botId } = await client.whoAmI();
      const window = {
        channel,
        oldest: String(since.getTime() / 1000),
        inclusive: true,
        include_all_metadata: true,
        limit: PAGE,
      };
      const operation = threadTs ? 'conversations.replies' : 'conversations.history';
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page++) {
        const answer = await call(operation, () =>
          expecting(['thread_not_found', 'message_not_found'], null, () =>
            threadTs
              ? web.conversations.replies({ ...window, ts: threadTs, cursor })
              : web.conversations.history({ ...window, cursor }),
          ),
        );
        if (!answer) return null;
        const found = z
          .array(WireMessage)
          .parse(answer.messages ?? [])
          .find((one) => (one.user === userId || (botId !== null && one.bot_id === botId)) && carries(one, key));
        if (found) return found.ts;
        cursor = nextOf(answer);
        if (!cursor) return null;
      }
      return null;
    },

    async forget(what, id) {
      await cache.delete(`${what}:${id}`);
      if (what === 'channel') await cache.delete('channels');
      if (what === 'group') await cache.delete('groups');
      if (what === 'user') await cache.delete('users');
    },
  };
  return client;

  async function askWho(): Promise<Self> {
    const answer = await web.auth.test();
    return {
      teamId: z.string().parse(answer.team_id),
      teamName: answer.team ?? '',
      enterpriseId: answer.enterprise_id ?? null,
      workspaceUrl: answer.url ?? null,
      userId: z.string().parse(answer.user_id),
      botId: answer.bot_id ?? null,
      scopes: answer.response_metadata?.scopes ?? [],
    };
  }

  async function pages<T>(
    operation: string,
    ask: (cursor: string | undefined) => Promise<{ items: T[]; next: string | undefined }>,
  ): Promise<T[]> {
    const all: T[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page++) {
      const { items, next } = await call(operation, () => ask(cursor));
      all.push(...items);
      if (!next) break;
      cursor = next;
    }
    return all;
  }
}

/** The id that the first block of our message gets: history always returns it, metadata only to whom it pleases. */
export function markOf(key: string): string {
  return `tl:${key}`.slice(0, 255);
}

/** Some refusals of Slack are answers: they become `value` instead of an error. */
async function expecting<T, E>(codes: readonly string[], value: E, run: () => Promise<T>): Promise<T | E> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof WebAPIPlatformError && codes.includes(error.data.error)) return value;
    throw error;
  }
}

function contentOf(message: Message): { text: string; blocks: KnownBlock[] } {
  return { text: message.text, blocks: message.blocks ?? [] };
}

function carries(message: WireMessage, key: string): boolean {
  const { metadata } = message;
  if (metadata?.event_type === METADATA_EVENT && metadata.event_payload?.key === key) return true;
  return message.blocks?.[0]?.block_id === markOf(key);
}

function pageOf(answer: {
  messages?: unknown[];
  has_more?: boolean;
  response_metadata?: { next_cursor?: string };
}): MessagePage {
  // One message in a form that we do not know must not hide all others.
  const messages = (answer.messages ?? []).flatMap((one) => {
    const read = WireMessage.safeParse(one);
    return read.success ? [read.data] : [];
  });
  return { messages, more: answer.has_more ?? false, cursor: nextOf(answer) ?? null };
}

function nextOf(page: { response_metadata?: { next_cursor?: string } }): string | undefined {
  return page.response_metadata?.next_cursor || undefined;
}

function toChannel(wire: WireChannel): Channel {
  return {
    id: wire.id,
    name: wire.name ?? wire.id,
    isPrivate: wire.is_private ?? false,
    isMember: wire.is_member ?? false,
    isArchived: wire.is_archived ?? false,
    isShared: (wire.is_ext_shared ?? false) || (wire.is_pending_ext_shared ?? false),
    isDirect: (wire.is_im ?? false) || (wire.is_mpim ?? false),
    createdSec: wire.created ?? 0,
  };
}

function toUser(wire: WireUser): User {
  return {
    id: wire.id,
    teamId: wire.team_id ?? null,
    enterpriseId: wire.enterprise_user?.enterprise_id ?? null,
    name: wire.profile?.display_name || wire.profile?.real_name || wire.real_name || wire.name || wire.id,
    isBot: wire.is_bot === true || wire.id === 'USLACKBOT',
    isAdmin: wire.is_admin === true || wire.is_owner === true || wire.is_primary_owner === true,
    isGuest: wire.is_restricted === true || wire.is_ultra_restricted === true,
    isStranger: wire.is_stranger === true,
    isDeleted: wire.deleted === true,
    timeZone: wire.tz || null,
    locale: wire.locale || null,
  };
}

// A signed payload names the address, but a slip in what was stored must not make us talk to strangers.
function isSlackAddress(address: string, apiUrl: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  return url.origin === new URL(apiUrl).origin || (url.protocol === 'https:' && url.hostname.endsWith('.slack.com'));
}
