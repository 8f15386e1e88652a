// chat.* and reactions.*: what the bot says.
import type { Channel, Fields, Message } from '../model.ts';
import { messageShape } from '../shapes.ts';
import { byApp, type MessageDraft } from '../state.ts';
import { type Content, contentOf } from './content.ts';
import {
  type Arguments,
  conversation,
  flag,
  joined,
  type Method,
  type MethodContext,
  messageIn,
  needScope,
  Refusal,
  text,
} from './method.ts';

const CONTENT = {
  text: 'string',
  blocks: 'json',
  attachments: 'json',
  metadata: 'json',
  markdown_text: 'string',
  as_user: 'boolean',
  link_names: 'boolean',
  parse: 'string',
} as const;
const STYLE = { username: 'string', icon_emoji: 'string', icon_url: 'string' } as const;
const UNFURL = { unfurl_links: 'boolean', unfurl_media: 'boolean' } as const;
const EMOJI = /^[a-z0-9_+'-]+(::skin-tone-[2-6])?$/;

/** The methods that write messages and reactions. */
export const chatMethods: Record<string, Method> = {
  'chat.postMessage': {
    args: {
      channel: 'string!',
      thread_ts: 'ts',
      reply_broadcast: 'boolean',
      mrkdwn: 'boolean',
      ...CONTENT,
      ...STYLE,
      ...UNFURL,
    },
    scopes: ['chat:write'],
    handle(context, args) {
      const { state } = context;
      const channel = target(context, text(args, 'channel'));
      const content = contentOf(context, args, 'post');
      const root = threadOf(channel, text(args, 'thread_ts'));
      const draft: MessageDraft = {
        ...byApp(state),
        ...styleOf(context, args),
        text: '',
        ...present(content),
        ...(root ? { thread_ts: root.ts } : {}),
        ...(root?.user ? { parent_user_id: root.user } : {}),
      };
      if (root && flag(args, 'reply_broadcast')) draft.subtype = 'thread_broadcast';
      const message = state.post(channel, draft);
      return { channel: channel.id, ts: message.ts, message: own(context, message) };
    },
  },
  'chat.update': {
    args: { channel: 'string!', ts: 'ts!', file_ids: 'json', reply_broadcast: 'boolean', ...CONTENT },
    scopes: ['chat:write'],
    handle(context, args) {
      const { state } = context;
      const channel = conversation(context, text(args, 'channel'));
      const message = messageIn(channel, text(args, 'ts'));
      if (message.app_id !== state.app.id) throw new Refusal('cant_update_message');
      if (channel.isArchived) throw new Refusal('is_archived');
      const content = contentOf(context, args, 'update');
      // What is left out stays as it was; an empty list takes blocks or attachments away.
      const patch: Partial<Message> = {
        ...present(content),
        edited: { user: state.app.botId, ts: state.nextMoment() },
      };
      if (content.blocks?.length === 0) patch.blocks = undefined;
      if (content.attachments?.length === 0) patch.attachments = undefined;
      state.change(channel, message, patch);
      return { channel: channel.id, ts: message.ts, text: message.text, message: withoutPlace(own(context, message)) };
    },
  },
  'chat.delete': {
    args: { channel: 'string!', ts: 'ts!', as_user: 'boolean' },
    scopes: ['chat:write'],
    handle(context, args) {
      const { state } = context;
      const channel = conversation(context, text(args, 'channel'));
      const message = messageIn(channel, text(args, 'ts'));
      if (message.app_id !== state.app.id) throw new Refusal('cant_delete_message');
      state.remove(channel, message);
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.postEphemeral': {
    args: { channel: 'string!', user: 'string!', thread_ts: 'ts', ...CONTENT, ...STYLE },
    scopes: ['chat:write'],
    handle(context, args) {
      const { state } = context;
      const channel = joined(context, text(args, 'channel'));
      if (channel.isArchived) throw new Refusal('is_archived');
      const user = text(args, 'user') ?? '';
      if (!channel.members.has(user)) throw new Refusal('user_not_in_channel');
      const content = contentOf(context, args, 'post');
      const root = threadOf(channel, text(args, 'thread_ts'));
      const ephemeral = state.postEphemeral(channel, user, {
        ...byApp(state),
        ...styleOf(context, args),
        text: '',
        ...present(content),
        ...(root ? { thread_ts: root.ts } : {}),
      });
      return { message_ts: ephemeral.message.ts };
    },
  },
  'chat.getPermalink': {
    args: { channel: 'string!', message_ts: 'ts!' },
    scopes: [],
    reads: true,
    handle(context, args) {
      const channel = conversation(context, text(args, 'channel'));
      const message = messageIn(channel, text(args, 'message_ts'));
      return { channel: channel.id, permalink: context.state.permalink(channel.id, message.ts) };
    },
  },
  'reactions.add': {
    args: { channel: 'string!', timestamp: 'ts!', name: 'string!' },
    scopes: ['reactions:write'],
    handle(context, args) {
      const { channel, message, name } = reacted(context, args);
      if (channel.isArchived) throw new Refusal('is_archived');
      if (!context.state.react(channel, message, context.state.app.botUserId, name)) {
        throw new Refusal('already_reacted');
      }
      return {};
    },
  },
  'reactions.remove': {
    args: { channel: 'string', timestamp: 'ts', name: 'string!', file: 'string', file_comment: 'string' },
    scopes: ['reactions:write'],
    handle(context, args) {
      const { channel, message, name } = reacted(context, args);
      if (!context.state.unreact(channel, message, context.state.app.botUserId, name)) {
        throw new Refusal('no_reaction');
      }
      return {};
    },
  },
  'reactions.get': {
    args: { channel: 'string', timestamp: 'ts', full: 'boolean', file: 'string', file_comment: 'string' },
    scopes: ['reactions:read'],
    reads: true,
    handle(context, args) {
      const channel = joined(context, text(args, 'channel'));
      const message = messageIn(channel, text(args, 'timestamp'));
      const permalink = context.state.permalink(channel.id, message.ts);
      return { type: 'message', channel: channel.id, message: { ...own(context, message), permalink } };
    },
  },
};

function reacted(context: MethodContext, args: Arguments): { channel: Channel; message: Message; name: string } {
  const channel = joined(context, text(args, 'channel'));
  const name = (text(args, 'name') ?? '').replaceAll(/^:|:$/g, '');
  if (!EMOJI.test(name)) throw new Refusal('invalid_name');
  return { channel, message: messageIn(channel, text(args, 'timestamp')), name };
}

// A message goes to a channel by id, or by name as Slack still allows, or to a person's direct messages.
function target(context: MethodContext, id: string | undefined): Channel {
  const { state } = context;
  if (id && state.users.has(id)) return state.direct(id);
  const named = id && !state.channels.has(id) ? state.findChannel(id)?.id : undefined;
  const channel = conversation(context, named ?? id);
  if (channel.isArchived) throw new Refusal('is_archived');
  if (!channel.members.has(state.app.botUserId) && !context.scopes.has('chat:write.public')) {
    throw new Refusal('not_in_channel');
  }
  return channel;
}

function threadOf(channel: Channel, ts: string | undefined): Message | null {
  if (ts === undefined) return null;
  const message = channel.byTs.get(ts);
  if (!message) throw new Refusal('thread_not_found');
  // An answer to a reply goes to that reply's thread.
  return message.thread_ts ? (channel.byTs.get(message.thread_ts) ?? message) : message;
}

function styleOf(context: MethodContext, args: Arguments): Partial<MessageDraft> {
  const username = text(args, 'username');
  const emoji = text(args, 'icon_emoji');
  const url = text(args, 'icon_url');
  if (!username && !emoji && !url) return {};
  needScope(context, 'chat:write.customize');
  return {
    subtype: 'bot_message',
    ...(username ? { username } : {}),
    ...(emoji ? { icons: { emoji } } : url ? { icons: { image_64: url } } : {}),
  };
}

function present(content: Content): Partial<Content> {
  return Object.fromEntries(Object.entries(content).filter(([, value]) => value !== undefined));
}

// The answer to an update says what the message is now, not where it stands.
function withoutPlace(message: Fields): Fields {
  const { ts, thread_ts, reply_count, reply_users, reply_users_count, latest_reply, is_locked, subscribed, ...rest } =
    message;
  return rest;
}

function own(context: MethodContext, message: Message): Fields {
  return messageShape(message, { allMetadata: true, ownAppId: context.state.app.id });
}
