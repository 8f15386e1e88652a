// auth.*, team.*, bots.*, users.* and usergroups.*: who is here.
import { channelShape, usergroupShape, userShape } from '../shapes.ts';
import { flag, type Method, page, Refusal, scopesFor, text, wantedTypes } from './method.ts';

/** The methods about people, the team and the app itself. */
export const directoryMethods: Record<string, Method> = {
  'api.test': {
    args: { error: 'string', foo: 'string' },
    scopes: [],
    reads: true,
    handle(_, args) {
      const error = text(args, 'error');
      if (error) throw new Refusal(error, { args });
      return { args };
    },
  },
  'auth.test': {
    args: {},
    scopes: [],
    token: 'any',
    reads: true,
    handle: ({ state, token }) =>
      token === 'app'
        ? { app_name: state.app.name, app_id: state.app.id }
        : {
            url: `https://${state.team.domain}.slack.com/`,
            team: state.team.name,
            user: state.app.botName,
            team_id: state.team.id,
            user_id: state.app.botUserId,
            bot_id: state.app.botId,
            is_enterprise_install: false,
          },
  },
  'team.info': {
    args: { team: 'string', domain: 'string' },
    scopes: ['team:read'],
    reads: true,
    handle: ({ state }) => ({
      team: {
        id: state.team.id,
        name: state.team.name,
        url: `https://${state.team.domain}.slack.com/`,
        domain: state.team.domain,
        email_domain: '',
        icon: {
          image_default: true,
          image_34: '',
          image_44: '',
          image_68: '',
          image_88: '',
          image_102: '',
          image_132: '',
        },
        avatar_base_url: 'https://ca.slack-edge.example/',
        is_verified: false,
      },
    }),
  },
  'bots.info': {
    args: { bot: 'string' },
    scopes: ['users:read'],
    reads: true,
    handle({ state }, args) {
      const id = text(args, 'bot') ?? state.app.botId;
      const user = [...state.users.values()].find((one) => one.profile.bot_id === id);
      if (!user) throw new Refusal('bot_not_found');
      return {
        bot: {
          id,
          deleted: user.deleted,
          name: user.real_name,
          updated: user.updated,
          app_id: user.profile.api_app_id,
          user_id: user.id,
          icons: {
            image_36: user.profile.image_32,
            image_48: user.profile.image_48,
            image_72: user.profile.image_72,
          },
        },
      };
    },
  },
  'users.info': {
    args: { user: 'string!', include_locale: 'boolean' },
    scopes: ['users:read'],
    reads: true,
    handle({ state, scopes }, args) {
      const user = state.users.get(text(args, 'user') ?? '');
      if (!user) throw new Refusal('user_not_found');
      const email = scopes.has('users:read.email');
      return { user: userShape(user, { email, locale: flag(args, 'include_locale') }) };
    },
  },
  'users.list': {
    args: { cursor: 'string', limit: 'integer', include_locale: 'boolean', presence: 'boolean' },
    scopes: ['users:read'],
    reads: true,
    handle({ state, scopes }, args) {
      const { items, nextCursor } = page([...state.users.values()], args, { limit: 1000, max: 1000 });
      const email = scopes.has('users:read.email');
      return {
        members: items.map((user) => userShape(user, { email, locale: flag(args, 'include_locale') })),
        cache_ts: state.nowSeconds(),
        response_metadata: { next_cursor: nextCursor },
      };
    },
  },
  'users.lookupByEmail': {
    args: { email: 'string!' },
    scopes: ['users:read.email'],
    reads: true,
    handle({ state }, args) {
      const email = (text(args, 'email') ?? '').toLowerCase();
      const user = [...state.users.values()].find((one) => one.profile.email?.toLowerCase() === email && !one.deleted);
      if (!user) throw new Refusal('users_not_found');
      return { user: userShape(user, { email: true }) };
    },
  },
  'users.conversations': {
    args: { user: 'string', types: 'string', exclude_archived: 'boolean', cursor: 'string', limit: 'integer' },
    scopes: scopesFor('read'),
    reads: true,
    handle(context, args) {
      const { state } = context;
      const user = text(args, 'user') ?? state.app.botUserId;
      const kinds = wantedTypes(context, args);
      const mine = [...state.channels.values()].filter(
        (channel) =>
          kinds.includes(channel.type) &&
          channel.members.has(user) &&
          // Of others the bot sees only what it shares with them, or what is public.
          (channel.type === 'channel' || channel.members.has(state.app.botUserId)) &&
          !(flag(args, 'exclude_archived') && channel.isArchived),
      );
      const { items, nextCursor } = page(mine, args, { limit: 100, max: 999 });
      return {
        channels: items.map((channel) => channelShape(channel, state)),
        response_metadata: { next_cursor: nextCursor },
      };
    },
  },
  'usergroups.list': {
    args: { include_users: 'boolean', include_count: 'boolean', include_disabled: 'boolean' },
    scopes: ['usergroups:read'],
    reads: true,
    handle: ({ state }, args) => ({
      usergroups: [...state.usergroups.values()].map((group) =>
        usergroupShape(group, state, { users: flag(args, 'include_users'), count: flag(args, 'include_count') }),
      ),
    }),
  },
  'usergroups.users.list': {
    args: { usergroup: 'string!', include_disabled: 'boolean' },
    scopes: ['usergroups:read'],
    reads: true,
    handle({ state }, args) {
      const group = state.usergroups.get(text(args, 'usergroup') ?? '');
      if (!group) throw new Refusal('no_such_subteam');
      return { users: group.users };
    },
  },
};
