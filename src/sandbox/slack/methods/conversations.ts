// conversations.*: channels, their members, their history.
import type { Channel, Message } from '../model.ts';
import { tsMicros } from '../model.ts';
import { channelShape, messageShape } from '../shapes.ts';
import { isInTimeline } from '../timeline.ts';
import {
  type Arguments,
  conversation,
  cursorAt,
  cursorValue,
  flag,
  int,
  joined,
  type Method,
  type MethodContext,
  page,
  Refusal,
  scopesFor,
  text,
  wantedTypes,
} from './method.ts';

const RANGE = { latest: 'ts', oldest: 'ts', inclusive: 'boolean', limit: 'integer', cursor: 'string' } as const;
const HISTORY = { limit: 100, max: 999 };
const REPLIES = { limit: 1000, max: 1000 };

/** The methods about conversations. */
export const conversationMethods: Record<string, Method> = {
  'conversations.list': {
    args: { types: 'string', exclude_archived: 'boolean', limit: 'integer', cursor: 'string' },
    scopes: scopesFor('read'),
    reads: true,
    handle(context, args) {
      const { state } = context;
      const kinds = wantedTypes(context, args);
      const all = [...state.channels.values()].filter(
        (channel) =>
          kinds.includes(channel.type) &&
          (channel.type === 'channel' || channel.members.has(state.app.botUserId)) &&
          !(flag(args, 'exclude_archived') && channel.isArchived),
      );
      const { items, nextCursor } = page(all, args, { limit: 100, max: 999 });
      return {
        channels: items.map((channel) => channelShape(channel, state, { members: true })),
        response_metadata: { next_cursor: nextCursor },
      };
    },
  },
  'conversations.info': {
    args: { channel: 'string!', include_locale: 'boolean', include_num_members: 'boolean' },
    scopes: scopesFor('read'),
    reads: true,
    handle(context, args) {
      const channel = conversation(context, text(args, 'channel'), 'read');
      return { channel: channelShape(channel, context.state, { members: flag(args, 'include_num_members') }) };
    },
  },
  'conversations.members': {
    args: { channel: 'string!', limit: 'integer', cursor: 'string' },
    scopes: scopesFor('read'),
    reads: true,
    handle(context, args) {
      const channel = conversation(context, text(args, 'channel'), 'read');
      const { items, nextCursor } = page([...channel.members], args, { limit: 100, max: 1000 });
      return { members: items, response_metadata: { next_cursor: nextCursor } };
    },
  },
  'conversations.history': {
    args: { channel: 'string!', ...RANGE, include_all_metadata: 'boolean' },
    scopes: scopesFor('history'),
    reads: true,
    handle(context, args) {
      const channel = joined(context, text(args, 'channel'), 'history');
      const limit = limitOf(args, HISTORY);
      const inRange = between(channel.messages.filter(isInTimeline), args);
      // Newest first. With `oldest` alone Slack gives the page nearest to it and goes forward from there, still newest first within a page.
      const forward = text(args, 'oldest') !== undefined && text(args, 'latest') === undefined;
      const ordered = forward ? inRange : inRange.reverse();
      const after = cursorValue(text(args, 'cursor'));
      const from = after === null ? 0 : ordered.findIndex((one) => beyond(one, after, forward));
      const items = from < 0 ? [] : ordered.slice(from, from + limit);
      const hasMore = from >= 0 && from + limit < ordered.length;
      const last = items.at(-1);
      if (forward) items.reverse();
      return {
        messages: items.map((message) => shape(context, message, args)),
        has_more: hasMore,
        pin_count: 0,
        channel_actions_ts: null,
        channel_actions_count: 0,
        ...(hasMore && last ? { response_metadata: { next_cursor: cursorAt(tsMicros(last.ts)) } } : {}),
      };
    },
  },
  'conversations.replies': {
    args: { channel: 'string!', ts: 'ts!', ...RANGE, include_all_metadata: 'boolean' },
    scopes: scopesFor('history'),
    reads: true,
    handle(context, args) {
      const channel = joined(context, text(args, 'channel'), 'history');
      const limit = limitOf(args, REPLIES);
      const asked = channel.byTs.get(text(args, 'ts') ?? '');
      if (!asked) throw new Refusal('thread_not_found');
      // The ts of a reply names a thread of that one message, as with Slack.
      const isReply = asked.thread_ts !== undefined && asked.thread_ts !== asked.ts;
      const replies = isReply ? [] : (channel.threads.get(asked.ts) ?? []);
      const inRange = between(replies, args);
      const after = cursorValue(text(args, 'cursor'));
      const from = after === null ? 0 : inRange.findIndex((one) => beyond(one, after, true));
      // The parent comes with every page and counts for it.
      const items = from < 0 ? [] : inRange.slice(from, from + Math.max(1, limit - 1));
      const hasMore = from >= 0 && from + items.length < inRange.length;
      const last = items.at(-1);
      return {
        messages: [asked, ...items].map((message) => ({
          ...shape(context, message, args),
          ...(message !== asked && asked.user ? { parent_user_id: asked.user } : {}),
        })),
        has_more: hasMore,
        ...(hasMore && last ? { response_metadata: { next_cursor: cursorAt(tsMicros(last.ts)) } } : {}),
      };
    },
  },
  'conversations.join': {
    args: { channel: 'string!' },
    scopes: ['channels:join'],
    handle(context, args) {
      const { state } = context;
      const channel = conversation(context, text(args, 'channel'));
      if (channel.type !== 'channel') throw new Refusal('method_not_supported_for_channel_type');
      if (channel.isArchived) throw new Refusal('is_archived');
      const fresh = state.join(channel, state.app.botUserId, null);
      const answer = { channel: channelShape(channel, state) };
      if (fresh) return answer;
      return { ...answer, warning: 'already_in_channel', response_metadata: { warnings: ['already_in_channel'] } };
    },
  },
  'conversations.leave': {
    args: { channel: 'string!' },
    scopes: ['channels:manage', 'groups:write'],
    handle(context, args) {
      const { state } = context;
      const channel = conversation(context, text(args, 'channel'));
      return state.leave(channel, state.app.botUserId) ? {} : { not_in_channel: true };
    },
  },
  'conversations.open': {
    args: { channel: 'string', users: 'string', return_im: 'boolean', prevent_creation: 'boolean' },
    scopes: ['im:write', 'mpim:write'],
    handle(context, args) {
      const { state } = context;
      const known = text(args, 'channel');
      const users = (text(args, 'users') ?? '').split(',').filter(Boolean);
      if (!known && users.length === 0) throw new Refusal('users_list_not_supplied');
      if (users.length > 1) throw new Refusal('not_enough_users');
      if (!known && !state.users.has(users[0]!)) throw new Refusal('user_not_found');
      const existed = known
        ? conversation(context, known)
        : [...state.channels.values()].find((one) => isDirect(one, users[0]!));
      const channel = existed ?? state.direct(users[0]!);
      return {
        ...(existed ? { no_op: true, already_open: true } : {}),
        channel: flag(args, 'return_im') ? channelShape(channel, state) : { id: channel.id },
      };
    },
  },
};

function isDirect(channel: Channel, user: string): boolean {
  return channel.type === 'im' && channel.members.has(user);
}

function shape(context: MethodContext, message: Message, args: Arguments) {
  return messageShape(message, {
    allMetadata: flag(args, 'include_all_metadata'),
    ownAppId: context.state.app.id,
  });
}

function limitOf(args: Arguments, bounds: { limit: number; max: number }): number {
  const limit = int(args, 'limit') ?? bounds.limit;
  if (limit < 1 || limit > bounds.max + 1) throw new Refusal('invalid_limit');
  return limit;
}

// Bounds are exclusive unless `inclusive` says otherwise.
function between(messages: readonly Message[], args: Arguments): Message[] {
  const oldest = text(args, 'oldest');
  const latest = text(args, 'latest');
  const slack = flag(args, 'inclusive') ? 1 : 0;
  const from = oldest === undefined ? Number.NEGATIVE_INFINITY : tsMicros(oldest) - slack;
  const to = latest === undefined ? Number.POSITIVE_INFINITY : tsMicros(latest) + slack;
  return messages.filter((one) => tsMicros(one.ts) > from && tsMicros(one.ts) < to);
}

function beyond(message: Message, micros: string, forward: boolean): boolean {
  const at = Number(micros);
  if (!Number.isFinite(at)) throw new Refusal('invalid_cursor');
  return forward ? tsMicros(message.ts) > at : tsMicros(message.ts) < at;
}
