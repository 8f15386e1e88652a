// Slack's message events -> facts. What is ours, what is chatter, what is an edit, and whose words they are.
import { UNKNOWN_CUSTOMER } from '#src/domain/customer.ts';
import type { AuthorRole, CustomerHint, Fact, SignalDraft } from '#src/domain/signal.ts';
import type { MessageRef } from '#src/domain/verbs.ts';
import type { Looked } from '#src/domain/why.ts';
import type { SlackClient } from './client.ts';
import type { People } from './people.ts';
import { isoOfTs, mentionedIn, permalinkOf, toPlain } from './text.ts';
import { type WireMessage, WireMessageEvent } from './wire.ts';

/** What the bot does in a channel: signals and cards, signals only, or nothing. */
export type ChannelMode = 'suggest' | 'observe' | 'off';

export interface InboundSettings {
  /** Whether messages of other bots are let in. */
  allowBots: boolean;
  /** Channels that belong to one customer: channel id to the customer's name. */
  customerChannels: Readonly<Record<string, string>>;
}

export interface InboundDeps {
  client: SlackClient;
  people: People;
  settings(): Promise<InboundSettings>;
  /** `unknown` for channels that nobody has named, and that we have not heard of being added to. */
  modeOf(channelId: string): Promise<ChannelMode | 'unknown'>;
  /** We are in a channel although no event has told us so. */
  channelJoined(channelId: string, name: string): Promise<void>;
  /** Whether we hold this message, so that an edit or a deletion matters even where we do not listen. */
  isKnown(externalId: string): Promise<boolean>;
}

export type ReadMessage =
  | { kind: 'signal'; signal: SignalDraft }
  | { kind: 'unreachable'; why: 'not_in_channel' | 'message_not_found' | 'empty' };

export interface Inbound {
  /** A `message` event. */
  readMessageEvent(event: unknown): Promise<Fact[]>;
  /** A message that a person hands us, read from Slack as it stands now. */
  readMessage(message: MessageRef, capturedBy: string): Promise<ReadMessage>;
  /** Messages of a watched channel as history shows them, long after they were written. */
  readHistory(channelId: string, messages: readonly WireMessage[]): Promise<Fact[]>;
  /** A message as Slack shows it now, for the question why we hold nothing of it. */
  look(message: MessageRef): Promise<Looked>;
  /** Keeps a message that came with a shortcut for a while: where the bot is no member, Slack shows it to us in no other way. */
  offer(channelId: string, message: WireMessage): void;
}

// Subtypes that carry what a person said. Every other one is Slack's own chatter.
const SPOKEN: ReadonlySet<string | undefined> = new Set([
  undefined,
  'thread_broadcast',
  'me_message',
  'file_share',
  'bot_message',
]);
const OFFERED_MAX = 200;

/** The name of a Slack message outside Slack. */
export function externalIdOf(channelId: string, ts: string): string {
  return `slack:${channelId}:${ts}`;
}

/** Makes the reader of one workspace's messages. */
export function createInbound(deps: InboundDeps): Inbound {
  const { client, people } = deps;
  const offered = new Map<string, WireMessage>();

  return {
    async readMessageEvent(raw) {
      const event = WireMessageEvent.parse(raw);
      const { channel, subtype } = event;
      if (event.channel_type === 'im' || event.channel_type === 'mpim') return ignored('a direct message');
      if (subtype === 'message_deleted') return deletion(channel, event.previous_message, event);
      if (subtype === 'message_changed') {
        // A parent with replies is not deleted but emptied.
        if (event.message?.subtype === 'tombstone') return deletion(channel, event.previous_message, event);
        return edit(event);
      }
      if (!SPOKEN.has(subtype)) return ignored(`Slack's own note: ${subtype}`);
      const message = event as unknown as WireMessage;
      const reason = await deaf(channel, message);
      if (reason) return ignored(reason);
      if (isEmpty(message)) return ignored('no text');
      return [{ kind: 'signal', signal: await draftOf(channel, message, { change: 'created' }) }];
    },

    async readMessage({ channelId, ts }, capturedBy) {
      const kept = offered.get(externalIdOf(channelId, ts));
      const found = await client.message(channelId, ts, kept?.thread_ts);
      const message = found.ok ? found.message : found.why === 'not_in_channel' ? kept : undefined;
      if (!message) return { kind: 'unreachable', why: found.ok ? 'message_not_found' : found.why };
      if (isEmpty(message) || (await isOurs(message))) return { kind: 'unreachable', why: 'empty' };
      return { kind: 'signal', signal: await asItStands(channelId, message, capturedBy) };
    },

    async readHistory(channelId, messages) {
      const { allowBots } = await deps.settings();
      const facts: Fact[] = [];
      for (const message of messages) {
        if (!SPOKEN.has(message.subtype) || isEmpty(message) || (await isOurs(message))) continue;
        if (isBot(message) && !allowBots) continue;
        facts.push({ kind: 'signal', signal: { ...(await asItStands(channelId, message)), historical: true } });
      }
      return facts;
    },

    async look({ channelId, ts }) {
      const kept = offered.get(externalIdOf(channelId, ts));
      const [found, channel] = await Promise.all([
        client.message(channelId, ts, kept?.thread_ts),
        client.channel(channelId),
      ]);
      const message = found.ok ? found.message : kept;
      const isOwn = message !== undefined && (await isOurs(message));
      return {
        found: message !== undefined,
        ours: isOwn ? { key: keyOf(message) } : null,
        isBot: message !== undefined && isBot(message) && !(await deps.settings()).allowBots,
        isStaff: message?.user !== undefined && (await people.isStaff(message.user)),
        isDirect: channel?.isDirect ?? channelId.startsWith('D'),
        isEmpty: message !== undefined && isEmpty(message),
        at: isoOfTs(ts),
      };
    },

    offer(channelId, message) {
      offered.set(externalIdOf(channelId, message.ts), message);
      for (const key of offered.keys()) {
        if (offered.size <= OFFERED_MAX) break;
        offered.delete(key);
      }
    },
  };

  /** A message read from Slack: the same revision that its event told, or would have told. */
  function asItStands(channelId: string, message: WireMessage, capturedBy?: string): Promise<SignalDraft> {
    const edited = message.edited?.ts;
    return draftOf(channelId, message, {
      change: edited ? 'edited' : 'created',
      ...(edited ? { changedAt: isoOfTs(edited) } : {}),
      ...(capturedBy === undefined ? {} : { capturedBy }),
    });
  }

  async function edit(event: WireMessageEvent): Promise<Fact[]> {
    const { channel, message, previous_message: before } = event;
    if (!message) return ignored('an edit without its message');
    if (!SPOKEN.has(message.subtype)) return ignored(`Slack's own note: ${message.subtype}`);
    // Slack unfurls links and counts replies by the same event.
    if (before && (before.text ?? '') === (message.text ?? '')) return ignored('the text did not change');
    const reason = await deaf(channel, message);
    if (reason) return ignored(reason);
    if (isEmpty(message)) return deletion(channel, message, event);
    const changedAt = isoOfTs(message.edited?.ts ?? event.event_ts ?? event.ts ?? message.ts);
    return [{ kind: 'signal', signal: await draftOf(channel, message, { change: 'edited', changedAt }) }];
  }

  /** A tombstone for the log, and the order to destroy the text. */
  async function deletion(channel: string, before: WireMessage | undefined, event: WireMessageEvent): Promise<Fact[]> {
    const ts = before?.ts ?? event.deleted_ts;
    if (!ts) return ignored('a deletion that names no message');
    const message: WireMessage = before ?? { ts };
    const reason = await deaf(channel, message);
    if (reason) return ignored(reason);
    const at = isoOfTs(event.event_ts ?? event.ts ?? ts);
    const signal = await draftOf(channel, message, { change: 'deleted', changedAt: at });
    return [
      { kind: 'signal', signal },
      { kind: 'forget', source: 'slack', externalId: signal.externalId, at, reason: 'deleted in Slack' },
    ];
  }

  /** Why a message does not concern us; null when it does. */
  async function deaf(channel: string, message: WireMessage): Promise<string | null> {
    if (await isOurs(message)) return 'our own message';
    const known = await deps.isKnown(externalIdOf(channel, message.ts));
    if (known) return null;
    if (isBot(message) && !(await deps.settings()).allowBots) return "another bot's message";
    if (await isToUs(message)) return 'words of staff to us';
    const mode = await deps.modeOf(channel);
    const listens = mode === 'unknown' ? await isIn(channel) : mode !== 'off';
    return listens ? null : 'we do not listen in this channel';
  }

  /** The event that we were added may be late, or lost: Slack knows. */
  async function isIn(channelId: string): Promise<boolean> {
    // What is remembered may be from before.
    if (!(await client.channel(channelId))?.isMember) await client.forget('channel', channelId);
    const channel = await client.channel(channelId);
    if (!channel?.isMember) return false;
    await deps.channelJoined(channelId, channel.name);
    return true;
  }

  /** Staff who write our name ask or tell us something; it is no report of a customer. What customers write is one, whomever they name. */
  async function isToUs({ text, user }: WireMessage): Promise<boolean> {
    if (!text?.includes(`<@${(await client.whoAmI()).userId}`)) return false;
    return user !== undefined && (await people.isStaff(user));
  }

  async function isOurs(message: WireMessage): Promise<boolean> {
    const { userId, botId } = await client.whoAmI();
    return message.user === userId || (botId !== null && message.bot_id === botId);
  }

  async function draftOf(
    channelId: string,
    message: WireMessage,
    how: { change: SignalDraft['change']; changedAt?: string; capturedBy?: string },
  ): Promise<SignalDraft> {
    const { ts } = message;
    const threadTs = message.thread_ts && message.thread_ts !== ts ? message.thread_ts : null;
    const [channel, self, author] = await Promise.all([
      client.channel(channelId),
      client.whoAmI(),
      message.user ? people.user(message.user) : null,
    ]);
    const role = await roleOf(message);
    const occurredAt = isoOfTs(ts);
    return {
      source: 'slack',
      externalId: externalIdOf(channelId, ts),
      change: how.change,
      occurredAt,
      changedAt: how.changedAt ?? occurredAt,
      modality: 'text',
      text: how.change === 'deleted' ? null : await plainText(message.text ?? ''),
      measure: null,
      author: { id: message.user ?? message.bot_id ?? null, name: author?.name ?? null, role },
      container: { id: `slack:${channelId}`, name: channel && !channel.isDirect ? `#${channel.name}` : null },
      threadId: threadTs ? externalIdOf(channelId, threadTs) : null,
      permalink: self.workspaceUrl
        ? permalinkOf(self.workspaceUrl, channelId, ts, threadTs)
        : await client.permalink(channelId, ts),
      customer: await customerOf(channelId, message, role, author?.name ?? null),
      reliability: 'signed',
      capturedBy: how.capturedBy ?? null,
      historical: false,
    };
  }

  async function roleOf(message: WireMessage): Promise<AuthorRole> {
    if (isBot(message)) return 'bot';
    return message.user && (await people.isStaff(message.user)) ? 'staff' : 'customer';
  }

  async function customerOf(
    channelId: string,
    message: WireMessage,
    role: AuthorRole,
    name: string | null,
  ): Promise<CustomerHint> {
    const mapped = (await deps.settings()).customerChannels[channelId];
    if (mapped) return { kind: 'channel', key: `slack:channel:${channelId}`, name: mapped };
    if (role !== 'customer' || !message.user) return UNKNOWN_CUSTOMER;
    const team = await foreignTeamOf(message);
    if (team) return { kind: 'slack_team', key: `slack:team:${team}`, name: await client.teamName(team) };
    return { kind: 'author', key: `slack:user:${message.user}`, name };
  }

  /** The other company that the author works for, in a channel that is shared with it. */
  async function foreignTeamOf(message: WireMessage): Promise<string | null> {
    const { teamId, enterpriseId } = await client.whoAmI();
    const author = message.user ? await people.user(message.user) : null;
    const team = message.user_team ?? author?.teamId ?? message.source_team ?? message.team ?? null;
    if (!team || team === teamId || team === enterpriseId) return null;
    return enterpriseId !== null && author?.enterpriseId === enterpriseId ? null : team;
  }

  async function plainText(text: string): Promise<string> {
    const { users, channels } = mentionedIn(text);
    const userNames = new Map<string, string | null>();
    const channelNames = new Map<string, string | null>();
    await Promise.all([
      ...users.map(async (id) => userNames.set(id, (await people.user(id))?.name ?? null)),
      ...channels.map(async (id) => channelNames.set(id, (await client.channel(id))?.name ?? null)),
    ]);
    return toPlain(text, {
      user: (id) => userNames.get(id) ?? null,
      channel: (id) => channelNames.get(id) ?? null,
    });
  }
}

function isBot(message: WireMessage): boolean {
  return message.subtype === 'bot_message' || message.bot_id !== undefined;
}

/** The name under which we posted a message of ours. */
function keyOf(message: WireMessage): string | null {
  const key = message.metadata?.event_payload?.key;
  if (typeof key === 'string') return key;
  const [, marked] = /^tl:(.+)$/.exec(message.blocks?.[0]?.block_id ?? '') ?? [];
  return marked ?? null;
}

function isEmpty(message: WireMessage): boolean {
  return (message.text ?? '').trim() === '';
}

function ignored(reason: string): Fact[] {
  return [{ kind: 'ignored', reason }];
}
