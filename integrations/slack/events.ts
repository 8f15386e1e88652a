// Slack's events, dispatched. A job calls this with a stored delivery; what it returns are facts for the pipeline.
import { z } from 'zod';
import type { Log } from '#src/domain/ports.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { SlackClient } from './client.ts';
import type { Inbound } from './inbound.ts';
import type { Pane } from './listeners/pane.ts';
import type { People } from './people.ts';
import {
  WireReactionEvent as Reaction,
  WireEnvelope,
  WireMention,
  WireMessage,
  type WireReactionEvent,
} from './wire.ts';

/** Every event we subscribe to; manifest.yml lists the same. */
export const EVENTS = [
  'app_home_opened',
  'app_mention',
  'channel_rename',
  'channel_shared',
  'channel_unshared',
  'group_rename',
  'member_joined_channel',
  'member_left_channel',
  'message.channels',
  'message.groups',
  'message.im',
  'reaction_added',
  'reaction_removed',
  'subteam_members_changed',
] as const;

export interface EventDeps {
  client: SlackClient;
  inbound: Pick<Inbound, 'readMessageEvent'>;
  /** What a reaction did, in words for the log. */
  onReaction(event: WireReactionEvent): Promise<string>;
  /** Somebody wrote our name: a question, something to capture, or nothing. */
  onMention(event: WireMention, eventId: string): Promise<string>;
  /** The app's own conversation with a person. */
  pane: Pane;
  /** A person opened their Home tab. */
  homeOpened(personId: string): Promise<void>;
  /** The bot was added to a channel. */
  channelJoined(channelId: string, name: string): Promise<void>;
  /** The bot was removed from a channel. */
  channelLeft(channelId: string): Promise<void>;
  /** Who can open a channel may have changed. */
  readersChanged(channelId: string): Promise<void>;
  channelRenamed(channelId: string, name: string): Promise<void>;
  people: Pick<People, 'personOf'>;
  log: Log;
}

// Slack writes it into the channel when a channel becomes private or public.
const CONVERTED: ReadonlySet<string> = new Set(['channel_convert_to_private', 'channel_convert_to_public']);

const Place = z.looseObject({ channel: z.string() });
const Direct = WireMessage.extend({ channel: z.string() }).refine(
  ({ subtype }) => subtype !== 'message_changed' && subtype !== 'message_deleted',
);
const Membership = z.looseObject({ user: z.string(), channel: z.string() });
const Rename = z.looseObject({ channel: z.looseObject({ id: z.string(), name: z.string() }) });
const HomeOpened = z.looseObject({ user: z.string(), tab: z.string().optional(), channel: z.string().optional() });
const GroupChange = z.looseObject({ subteam_id: z.string() });

/** Makes the dispatcher. Safe to repeat with the same payload. */
export function createEventReader(deps: EventDeps): (payload: unknown) => Promise<Fact[]> {
  const { client } = deps;
  return async (payload) => {
    if ((payload as { type?: unknown } | null)?.type === 'app_rate_limited') {
      deps.log.warn({}, 'Slack dropped events of this app for a minute: more than 30,000 in an hour');
      return ignored('Slack dropped events');
    }
    const { event, event_id: eventId } = WireEnvelope.parse(payload);
    switch (event.type) {
      case 'message':
        if (CONVERTED.has(String(event.subtype))) await converted(Place.parse(event).channel);
        if (event.channel_type === 'im') return ignored(await direct(event, eventId));
        return deps.inbound.readMessageEvent(event);
      case 'app_mention':
        return ignored(await deps.onMention(WireMention.parse(event), eventId));
      case 'reaction_added':
      case 'reaction_removed':
        return ignored(await deps.onReaction(Reaction.parse(event)));
      case 'app_home_opened': {
        const { user, tab, channel } = HomeOpened.parse(event);
        if (tab === 'messages' && channel) {
          await deps.pane.opened(user, channel);
          return ignored('somebody opened our conversation');
        }
        if (tab !== 'home') return ignored('a tab of ours that shows messages');
        await deps.homeOpened(user);
        return ignored('somebody opened their Home');
      }
      case 'member_joined_channel':
        return joined(Membership.parse(event));
      case 'member_left_channel':
        return left(Membership.parse(event));
      case 'channel_shared':
      case 'channel_unshared':
        await converted(Place.parse(event).channel);
        return ignored('a channel is read by another company, or no longer');
      case 'channel_rename':
      case 'group_rename': {
        const { id, name } = Rename.parse(event).channel;
        await client.forget('channel', id);
        await deps.channelRenamed(id, name);
        return ignored('a channel has a new name');
      }
      case 'subteam_members_changed':
        await client.forget('group', GroupChange.parse(event).subteam_id);
        return ignored('a user group has changed');
      default:
        return ignored(`we have no use for ${event.type}`);
    }
  };

  /** Something written to us alone. An edit is no new question, and what is deleted is none any more. */
  async function direct(event: unknown, eventId: string): Promise<string> {
    const message = Direct.safeParse(event);
    return message.success ? deps.pane.message(message.data, eventId) : 'a change of a direct message';
  }

  async function joined({ user, channel }: z.infer<typeof Membership>): Promise<Fact[]> {
    await client.forget('members', channel);
    if (user !== (await client.whoAmI()).userId) {
      await moved(user, channel);
      return ignored('somebody joined a channel');
    }
    await client.forget('channel', channel);
    const info = await client.channel(channel);
    await deps.channelJoined(channel, info?.name ?? channel);
    await deps.readersChanged(channel);
    return ignored('the bot joined a channel');
  }

  async function left({ user, channel }: z.infer<typeof Membership>): Promise<Fact[]> {
    await client.forget('members', channel);
    if (user !== (await client.whoAmI()).userId) {
      await moved(user, channel);
      return ignored('somebody left a channel');
    }
    await client.forget('channel', channel);
    await deps.channelLeft(channel);
    await deps.readersChanged(channel);
    return ignored('the bot left a channel');
  }

  /** Somebody came or went. What every member can open anyway, one more member opens too. */
  async function moved(user: string, channelId: string): Promise<void> {
    const channel = await client.channel(channelId);
    if (channel && !channel.isPrivate && (await deps.people.personOf(user)).kind === 'member') return;
    await deps.readersChanged(channelId);
  }

  /** The channel is of another kind than before. */
  async function converted(channelId: string): Promise<void> {
    await client.forget('channel', channelId);
    await client.forget('members', channelId);
    await deps.readersChanged(channelId);
  }
}

function ignored(reason: string): Fact[] {
  return [{ kind: 'ignored', reason }];
}
