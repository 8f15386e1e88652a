// The messages of a channel in their order, and what a parent knows of its replies.
import type { Channel, Message } from './model.ts';
import { tsMicros } from './model.ts';

// What a message has only while it has replies.
const THREAD_FIELDS = [
  'thread_ts',
  'reply_count',
  'reply_users',
  'reply_users_count',
  'latest_reply',
  'is_locked',
  'subscribed',
] as const;

/** Replies are not part of a channel's timeline unless they were also sent to it. */
export function isInTimeline(message: Message): boolean {
  return !message.thread_ts || message.thread_ts === message.ts || message.subtype === 'thread_broadcast';
}

/** Puts a message where its ts belongs, in the channel and in its thread. */
export function insert(channel: Channel, message: Message): void {
  inOrder(channel.messages, message);
  channel.byTs.set(message.ts, message);
  if (!message.thread_ts || message.thread_ts === message.ts) return;
  const replies = channel.threads.get(message.thread_ts);
  if (replies) inOrder(replies, message);
  else channel.threads.set(message.thread_ts, [message]);
}

// Almost every message is the newest; one written with a time of the past is put where it belongs.
function inOrder(messages: Message[], message: Message): void {
  const at = tsMicros(message.ts);
  let index = messages.length;
  while (index > 0 && tsMicros(messages[index - 1]!.ts) > at) index -= 1;
  messages.splice(index, 0, message);
}

/** Takes a message out of the channel and out of its thread. */
export function takeOut(channel: Channel, message: Message): void {
  channel.byTs.delete(message.ts);
  without(channel.messages, message);
  if (message.thread_ts) without(channel.threads.get(message.thread_ts), message);
}

function without(messages: Message[] | undefined, message: Message): void {
  const index = messages?.indexOf(message) ?? -1;
  if (index >= 0) messages?.splice(index, 1);
}

/** Changes fields of a message; one set to undefined goes away. */
export function apply(message: Message, patch: Partial<Message>): void {
  Object.assign(message, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) delete message[key as keyof Message];
  }
}

/** Brings what a parent knows of its replies up to date. */
export function touchThread(channel: Channel, rootTs: string): void {
  const root = channel.byTs.get(rootTs);
  if (!root) return;
  const replies = channel.threads.get(rootTs) ?? [];
  if (replies.length === 0) {
    for (const key of THREAD_FIELDS) delete root[key];
    return;
  }
  const authors = new Set<string>();
  for (const one of replies) authors.add(one.user ?? one.bot_id ?? '');
  root.thread_ts = rootTs;
  root.reply_count = replies.length;
  root.reply_users = [...authors].slice(0, 5);
  root.reply_users_count = authors.size;
  root.latest_reply = replies.at(-1)!.ts;
  root.is_locked = false;
  root.subscribed = false;
}
