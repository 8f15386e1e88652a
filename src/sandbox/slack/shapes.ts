// How the workspace looks through the Web API: records with exactly the fields that Slack sends.
import type { Channel, Fields, Message, SlackFile, User, UserGroup } from './model.ts';
import type { SlackState } from './state.ts';

/** A conversation as conversations.list and .info show it to the bot. */
export function channelShape(channel: Channel, state: SlackState, options: { members?: boolean } = {}): Fields {
  if (channel.type === 'im') return imShape(channel, state);
  const isPrivate = channel.type === 'group';
  const strangers = [...channel.members].flatMap((id) => {
    const team = state.users.get(id)?.team_id;
    return team && team !== state.team.id ? [team] : [];
  });
  const teams = [...new Set([state.team.id, ...(channel.isExtShared ? strangers : [])])];
  return {
    id: channel.id,
    name: channel.name,
    is_channel: !isPrivate,
    is_group: isPrivate,
    is_im: false,
    is_mpim: false,
    is_private: isPrivate,
    created: channel.created,
    is_archived: channel.isArchived,
    is_general: channel.isGeneral,
    unlinked: 0,
    name_normalized: channel.name,
    is_shared: channel.isExtShared,
    is_org_shared: false,
    is_pending_ext_shared: false,
    pending_shared: [],
    context_team_id: state.team.id,
    updated: channel.created * 1000,
    creator: channel.creator,
    is_ext_shared: channel.isExtShared,
    shared_team_ids: teams,
    internal_team_ids: channel.isExtShared ? [state.team.id] : [],
    connected_team_ids: teams.slice(1),
    pending_connected_team_ids: [],
    conversation_host_id: state.team.id,
    is_member: channel.members.has(state.app.botUserId),
    last_read: '0000000000.000000',
    topic: { value: channel.topic, creator: channel.topic ? channel.creator : '', last_set: channel.created },
    purpose: { value: channel.purpose, creator: channel.purpose ? channel.creator : '', last_set: channel.created },
    previous_names: channel.previousNames,
    ...(options.members ? { num_members: channel.members.size } : {}),
  };
}

function imShape(channel: Channel, state: SlackState): Fields {
  return {
    id: channel.id,
    created: channel.created,
    is_archived: false,
    is_im: true,
    is_org_shared: false,
    context_team_id: state.team.id,
    updated: channel.created * 1000,
    user: [...channel.members].find((id) => id !== state.app.botUserId) ?? state.app.botUserId,
    is_user_deleted: false,
    is_open: true,
    priority: 0,
  };
}

/** A user as users.info shows it; the e-mail address needs its own scope. */
export function userShape(user: User, options: { email: boolean; locale?: boolean }): Fields {
  const { locale, ...rest } = structuredClone(user);
  const { email, ...profile } = rest.profile;
  return {
    ...rest,
    profile: { ...profile, ...(options.email && email ? { email } : {}) },
    ...(options.locale ? { locale } : {}),
  };
}

/** A user group as usergroups.list shows it. */
export function usergroupShape(
  group: UserGroup,
  state: SlackState,
  options: { users: boolean; count: boolean },
): Fields {
  return {
    id: group.id,
    team_id: state.team.id,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    description: '',
    handle: group.handle,
    is_external: false,
    date_create: group.created,
    date_update: group.updated,
    date_delete: 0,
    auto_type: null,
    auto_provision: false,
    enterprise_subteam_id: '',
    created_by: 'USLACKBOT',
    updated_by: 'USLACKBOT',
    deleted_by: null,
    prefs: { channels: [], groups: [] },
    ...(options.users ? { users: group.users } : {}),
    ...(options.count ? { user_count: group.users.length } : {}),
  };
}

/** A message as the history shows it to the bot. Metadata of others is shown on request only. */
export function messageShape(message: Message, options: { allMetadata: boolean; ownAppId: string }): Fields {
  const { metadata, ...rest } = structuredClone(message);
  const visible = metadata && (options.allMetadata || message.app_id === options.ownAppId);
  return { ...rest, ...(visible ? { metadata } : {}) };
}

/** A file as messages and files.info show it. */
export function fileShape(file: SlackFile, state: SlackState, origin: string): Fields {
  const path = `${state.team.id}-${file.id}`;
  return {
    id: file.id,
    created: file.created,
    timestamp: file.created,
    name: file.name,
    title: file.title,
    mimetype: file.mimetype,
    filetype: file.filetype,
    pretty_type: file.filetype.toUpperCase(),
    user: file.user,
    user_team: state.users.get(file.user)?.team_id ?? state.team.id,
    editable: false,
    size: file.size,
    mode: 'hosted',
    is_external: false,
    external_type: '',
    is_public: file.shares.some((share) => state.channels.get(share.channel)?.type === 'channel'),
    public_url_shared: false,
    display_as_bot: false,
    username: '',
    url_private: `${origin}/files-pri/${path}/${encodeURIComponent(file.name)}`,
    url_private_download: `${origin}/files-pri/${path}/download/${encodeURIComponent(file.name)}`,
    permalink: `https://${state.team.domain}.slack.com/files/${file.user}/${file.id}/${encodeURIComponent(file.name)}`,
    permalink_public: `https://slack-files.example/${path}`,
    has_rich_preview: false,
    file_access: 'visible',
    ...(file.altText ? { alt_txt: file.altText } : {}),
  };
}
