// From a change of the workspace to the events that Slack would send about it.
import type { SlackChange } from './changes.ts';
import type { Channel, Fields, Message, ViewRecord } from './model.ts';
import type { SlackState } from './state.ts';

/** One event to send. `subscription` is its name in the manifest, `scope` what the app needs for it, `member` that the bot must be there. */
export interface SlackEvent {
  event: Fields & { type: string };
  subscription: string;
  scope: string | null;
  channel: Channel | null;
  member: boolean;
}

const CHANNEL_TYPES = { channel: 'channel', group: 'group', im: 'im' } as const;
const MESSAGE_SUBSCRIPTIONS = { channel: 'message.channels', group: 'message.groups', im: 'message.im' } as const;
const HISTORY_SCOPES = { channel: 'channels:history', group: 'groups:history', im: 'im:history' } as const;
const READ_SCOPES = { channel: 'channels:read', group: 'groups:read', im: 'im:read' } as const;

/** The events of one change, in the order Slack sends them. `eventTs` makes the time of the event. */
export function eventsOf(change: SlackChange, state: SlackState, eventTs: () => string): SlackEvent[] {
  switch (change.kind) {
    case 'message':
      return messageEvents(change.channel, change.message, state);
    case 'message_changed': {
      const ts = eventTs();
      return [
        aboutMessage(change.channel, {
          type: 'message',
          subtype: 'message_changed',
          message: { ...wire(change.message), ...teams(change.message, state) },
          previous_message: wire(change.previous),
          channel: change.channel.id,
          hidden: true,
          ts,
          event_ts: ts,
          channel_type: CHANNEL_TYPES[change.channel.type],
        }),
      ];
    }
    case 'message_deleted': {
      const ts = eventTs();
      return [
        aboutMessage(change.channel, {
          type: 'message',
          subtype: 'message_deleted',
          previous_message: wire(change.previous),
          channel: change.channel.id,
          hidden: true,
          deleted_ts: change.previous.ts,
          event_ts: ts,
          ts,
          channel_type: CHANNEL_TYPES[change.channel.type],
        }),
      ];
    }
    case 'reaction_added':
    case 'reaction_removed':
      return [
        {
          event: {
            type: change.kind,
            user: change.user,
            reaction: change.reaction,
            item: { type: 'message', channel: change.channel.id, ts: change.message.ts },
            ...(change.message.user ? { item_user: change.message.user } : {}),
            event_ts: eventTs(),
          },
          subscription: change.kind,
          scope: 'reactions:read',
          channel: change.channel,
          member: true,
        },
      ];
    case 'member_joined':
    case 'member_left': {
      const type = change.kind === 'member_joined' ? 'member_joined_channel' : 'member_left_channel';
      return [
        {
          event: {
            type,
            user: change.user,
            channel: change.channel.id,
            channel_type: change.channel.type === 'group' ? 'G' : 'C',
            team: state.team.id,
            ...(change.inviter ? { inviter: change.inviter } : {}),
            event_ts: eventTs(),
          },
          subscription: type,
          scope: READ_SCOPES[change.channel.type],
          channel: change.channel,
          // The bot is told that it was taken out.
          member: change.user !== state.app.botUserId,
        },
      ];
    }
    case 'channel_created':
      if (change.channel.type !== 'channel') return [];
      return [
        plain('channel_created', 'channels:read', {
          channel: {
            id: change.channel.id,
            is_channel: true,
            name: change.channel.name,
            name_normalized: change.channel.name,
            created: change.channel.created,
            creator: change.channel.creator,
            is_shared: change.channel.isExtShared,
            is_org_shared: false,
            context_team_id: state.team.id,
            is_ext_shared: change.channel.isExtShared,
          },
          event_ts: eventTs(),
        }),
      ];
    case 'channel_renamed': {
      const group = change.channel.type === 'group';
      const type = group ? 'group_rename' : 'channel_rename';
      return [
        {
          ...plain(type, READ_SCOPES[change.channel.type], {
            channel: {
              id: change.channel.id,
              is_channel: !group,
              is_mpim: false,
              name: change.channel.name,
              name_normalized: change.channel.name,
              created: change.channel.created,
            },
            event_ts: eventTs(),
          }),
          channel: change.channel,
          member: group,
        },
      ];
    }
    case 'channel_archived':
    case 'channel_unarchived': {
      const group = change.channel.type === 'group';
      const type = `${group ? 'group' : 'channel'}_${change.kind === 'channel_archived' ? 'archive' : 'unarchive'}`;
      return [
        {
          ...plain(type, READ_SCOPES[change.channel.type], {
            channel: change.channel.id,
            user: change.user,
            event_ts: eventTs(),
          }),
          channel: change.channel,
          member: group,
        },
      ];
    }
    case 'channel_shared':
    case 'channel_unshared': {
      const about =
        change.kind === 'channel_shared'
          ? { connected_team_id: change.teamId }
          : { previously_connected_team_id: change.teamId, is_ext_shared: change.channel.isExtShared };
      return [
        {
          ...plain(change.kind, READ_SCOPES[change.channel.type], {
            ...about,
            channel: change.channel.id,
            event_ts: eventTs(),
          }),
          channel: change.channel,
          member: change.channel.type === 'group',
        },
      ];
    }
    case 'user_changed':
    case 'user_joined': {
      const type = change.kind === 'user_changed' ? 'user_change' : 'team_join';
      return [plain(type, 'users:read', { user: change.user, cache_ts: state.nowSeconds(), event_ts: eventTs() })];
    }
    case 'usergroup_changed':
      return [
        plain('subteam_members_changed', 'usergroups:read', {
          subteam_id: change.group.id,
          team_id: state.team.id,
          date_previous_update: change.group.created,
          date_update: change.group.updated,
          added_users: change.added,
          added_users_count: change.added.length,
          removed_users: change.removed,
          removed_users_count: change.removed.length,
          event_ts: eventTs(),
        }),
      ];
    case 'home_opened': {
      const home = state.homeOf(change.user);
      return [
        {
          ...plain('app_home_opened', null, {
            user: change.user,
            channel: change.channel.id,
            tab: change.tab,
            ...(home && change.tab === 'home' ? { view: publicView(home.view) } : {}),
            event_ts: eventTs(),
          }),
          channel: change.channel,
        },
      ];
    }
    case 'file':
      return change.file.shares.flatMap((share) => {
        const channel = state.findChannel(share.channel);
        if (!channel) return [];
        return [
          {
            event: {
              type: 'file_shared',
              file_id: change.file.id,
              user_id: change.file.user,
              file: { id: change.file.id },
              channel_id: channel.id,
              event_ts: eventTs(),
            },
            subscription: 'file_shared',
            scope: 'files:read',
            channel,
            member: true,
          },
        ];
      });
    case 'app_uninstalled':
      return [
        plain('tokens_revoked', null, { tokens: { oauth: [], bot: [state.app.botUserId] }, event_ts: eventTs() }),
        plain('app_uninstalled', null, { event_ts: eventTs() }),
      ];
    default:
      // Ephemeral messages, views and direct channels have no events.
      return [];
  }
}

/** The envelope that every event travels in. */
export function envelope(event: SlackEvent, eventId: string, state: SlackState): Fields {
  const strange = event.channel?.isExtShared ?? false;
  return {
    token: 'simulated-verification-token',
    team_id: state.team.id,
    context_team_id: state.team.id,
    context_enterprise_id: null,
    api_app_id: state.app.id,
    event: event.event,
    type: 'event_callback',
    event_id: eventId,
    event_time: state.nowSeconds(),
    authorizations: [
      {
        enterprise_id: null,
        team_id: state.team.id,
        user_id: state.app.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: strange,
    event_context: `4-${Buffer.from(JSON.stringify({ et: event.event.type, tid: state.team.id, aid: state.app.id, cid: event.channel?.id })).toString('base64url')}`,
  };
}

/** A view as payloads carry it. */
export function publicView(view: ViewRecord): Fields {
  return structuredClone(view) as Fields;
}

function messageEvents(channel: Channel, message: Message, state: SlackState): SlackEvent[] {
  const parent = message.thread_ts ? channel.byTs.get(message.thread_ts) : undefined;
  const body: Fields = {
    ...wire(message),
    ...teams(message, state),
    ...(parent && parent !== message && parent.user ? { parent_user_id: parent.user } : {}),
    channel: channel.id,
    event_ts: message.ts,
    channel_type: CHANNEL_TYPES[channel.type],
  };
  const events = [aboutMessage(channel, { ...body, type: 'message' })];
  const mentioned = message.text.includes(`<@${state.app.botUserId}`);
  // Joining is announced with a mention that is none; the bot does not mention itself; a direct message needs no mention.
  if (mentioned && channel.type !== 'im' && message.user !== state.app.botUserId && !isAnnouncement(message)) {
    const { channel_type: _, subtype: __, ...rest } = body;
    events.push({
      event: { ...rest, type: 'app_mention' },
      subscription: 'app_mention',
      scope: 'app_mentions:read',
      channel,
      member: true,
    });
  }
  return events;
}

function isAnnouncement(message: Message): boolean {
  return message.subtype === 'channel_join' || message.subtype === 'group_join';
}

function aboutMessage(channel: Channel, event: Fields & { type: string }): SlackEvent {
  return {
    event,
    subscription: MESSAGE_SUBSCRIPTIONS[channel.type],
    scope: HISTORY_SCOPES[channel.type],
    channel,
    member: true,
  };
}

function plain(type: string, scope: string | null, event: Fields): SlackEvent {
  return { event: { ...event, type }, subscription: type, scope, channel: null, member: false };
}

// Events about a message do not carry what only a reader of the history sees.
function wire(message: Message): Fields {
  const { subscribed: _, ...rest } = message;
  return structuredClone(rest);
}

// People of another workspace are marked on their messages.
function teams(message: Message, state: SlackState): Fields {
  const team = message.user ? state.users.get(message.user)?.team_id : undefined;
  return team && team !== state.team.id ? { user_team: team, source_team: team } : {};
}
