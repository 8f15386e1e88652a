// What a Web API method is made of, and what several of them need: finding the conversation, scopes, pages.
import type { Clock } from '#src/domain/ports.ts';
import type { Capabilities } from '../capabilities.ts';
import type { Channel, ChannelType, Fields, Message } from '../model.ts';
import type { SlackState, Violation } from '../state.ts';

/** How an argument is written: `!` after the type marks one that must be there. */
export type ArgumentType = 'string' | 'integer' | 'boolean' | 'json' | 'ts';

/** The arguments of one call after parsing. Absent ones are undefined. */
export type Arguments = Record<string, unknown>;

/** What a method works with. */
export interface MethodContext {
  method: string;
  /** Which token the call came with. */
  token: 'bot' | 'app';
  state: SlackState;
  clock: Clock;
  capabilities: Capabilities;
  scopes: ReadonlySet<string>;
  origin: () => string;
  /** The WebSocket address for Socket Mode. */
  openSocket: () => string;
  violation(kind: Violation['kind'], detail: string): void;
}

/** One Web API method: its arguments, the scopes of which it needs at least one, and what it does. */
export interface Method {
  args: Record<string, ArgumentType | `${ArgumentType}!`>;
  /** Any one of these is enough; an empty list needs none. */
  scopes: string[];
  /** Which token: the bot's unless it says otherwise; apps.* methods take the app-level token, auth.test either. */
  token?: 'app' | 'any';
  /** Methods that change something take POST only. */
  reads?: true;
  handle(context: MethodContext, args: Arguments): Fields;
}

/** An answer with `ok: false`; `extra` goes beside the error. */
export class Refusal extends Error {
  readonly error: string;
  readonly extra: Fields;
  constructor(error: string, extra: Fields = {}) {
    super(error);
    this.name = 'Refusal';
    this.error = error;
    this.extra = extra;
  }
}

const NEEDS: Record<'read' | 'history' | 'write', Record<ChannelType, string>> = {
  read: { channel: 'channels:read', group: 'groups:read', im: 'im:read' },
  history: { channel: 'channels:history', group: 'groups:history', im: 'im:history' },
  write: { channel: 'channels:manage', group: 'groups:write', im: 'im:write' },
};

const TYPES: Record<string, { kind: string; scope: string }> = {
  public_channel: { kind: 'channel', scope: 'channels:read' },
  private_channel: { kind: 'group', scope: 'groups:read' },
  im: { kind: 'im', scope: 'im:read' },
  mpim: { kind: 'mpim', scope: 'mpim:read' },
};

/** All scopes of one right, over the kinds of conversations. */
export function scopesFor(right: keyof typeof NEEDS): string[] {
  return Object.values(NEEDS[right]);
}

/** An argument as text, undefined when it is absent or empty. */
export function text(args: Arguments, key: string): string | undefined {
  const value = args[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An argument as a number. */
export function int(args: Arguments, key: string): number | undefined {
  const value = args[key];
  return typeof value === 'number' ? value : undefined;
}

/** An argument as a flag. */
export function flag(args: Arguments, key: string): boolean {
  return args[key] === true;
}

/** The conversation with this id as far as the bot can see it. Private ones it is not in do not exist for it. */
export function conversation(context: MethodContext, id: string | undefined, right?: keyof typeof NEEDS): Channel {
  const { state } = context;
  const channel = id === undefined ? undefined : state.channels.get(id);
  if (!channel) throw new Refusal('channel_not_found');
  if (channel.type !== 'channel' && !channel.members.has(state.app.botUserId)) throw new Refusal('channel_not_found');
  if (right) needScope(context, NEEDS[right][channel.type]);
  return channel;
}

/** Refuses with the scope that is missing and those that are there. */
export function needScope(context: MethodContext, scope: string): void {
  if (context.scopes.has(scope)) return;
  throw new Refusal('missing_scope', { needed: scope, provided: [...context.scopes].join(',') });
}

/** The kinds of conversations that a list is asked for, each of which needs its scope. */
export function wantedTypes(context: MethodContext, args: Arguments): string[] {
  const wanted = (text(args, 'types') ?? 'public_channel').split(',').map((one) => one.trim());
  return wanted.map((name) => {
    const type = TYPES[name];
    if (!type) throw new Refusal('invalid_types');
    needScope(context, type.scope);
    return type.kind;
  });
}

/** A conversation the bot must be a member of. */
export function joined(context: MethodContext, id: string | undefined, right?: keyof typeof NEEDS): Channel {
  const channel = conversation(context, id, right);
  if (!channel.members.has(context.state.app.botUserId)) throw new Refusal('not_in_channel');
  return channel;
}

/** A message in a conversation. */
export function messageIn(channel: Channel, ts: string | undefined): Message {
  const message = ts === undefined ? undefined : channel.byTs.get(ts);
  if (!message || message.subtype === 'tombstone') throw new Refusal('message_not_found');
  return message;
}

/** One page of a list, with the cursor of the next. A cursor of another shape is refused. */
export function page<T>(
  items: readonly T[],
  args: Arguments,
  defaults: { limit: number; max: number },
): { items: T[]; nextCursor: string } {
  const asked = int(args, 'limit') ?? defaults.limit;
  if (asked < 1 || asked > defaults.max) throw new Refusal('invalid_limit');
  const start = cursorOffset(text(args, 'cursor'));
  const next = start + asked;
  return { items: items.slice(start, next), nextCursor: next < items.length ? cursorAt(next) : '' };
}

/** An opaque cursor for a position. */
export function cursorAt(offset: number | string): string {
  return Buffer.from(`next:${offset}`).toString('base64');
}

/** The position behind a cursor as text, null without one. */
export function cursorValue(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const value = /^next:(.+)$/.exec(Buffer.from(cursor, 'base64').toString('utf8'))?.[1];
  if (value === undefined) throw new Refusal('invalid_cursor');
  return value;
}

function cursorOffset(cursor: string | undefined): number {
  const value = cursorValue(cursor);
  if (value === null) return 0;
  const offset = Number(value);
  if (!Number.isInteger(offset)) throw new Refusal('invalid_cursor');
  return offset;
}
