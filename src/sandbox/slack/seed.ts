// The start of a workspace: from the seed to users, groups and channels with stable ids.
import { AppError } from '#src/domain/errors.ts';
import type { Channel, SeedChannel, SeedUser, SlackApp, SlackSeed, Team, User, UserGroup } from './model.ts';
import { slackId } from './model.ts';

const COLORS = ['9f69e7', '4bbe2e', 'e7392d', '3c989f', '674b1b', 'e96699', 'e0a729', '684b6c', '5b89d5', '2b6836'];

/** Everything a seed says, with ids and defaults filled in. */
export interface Seeded {
  team: Team;
  app: SlackApp;
  users: User[];
  usergroups: UserGroup[];
  channels: Channel[];
}

/** A small workspace to start from when nothing is said: two people, a support channel and one for insights. */
export const DEFAULT_SEED: SlackSeed = {
  users: [
    { name: 'ana', real_name: 'Ana Costa', is_admin: true },
    { name: 'ben', real_name: 'Ben Olsen' },
  ],
  channels: [{ name: 'general', is_general: true }, { name: 'support' }, { name: 'insights' }],
};

/** Fills a seed up; throws bad_config for a member or group that names nobody. */
export function growSeed(seed: SlackSeed, nowSeconds: number): Seeded {
  const teamName = seed.team?.name ?? 'Acme';
  const team: Team = {
    id: seed.team?.id ?? slackId('T', teamName),
    name: teamName,
    domain: seed.team?.domain ?? teamName.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
  };
  const appName = seed.app?.name ?? 'Throughline';
  const app: SlackApp = {
    id: seed.app?.id ?? slackId('A', team.id, appName),
    name: appName,
    botId: seed.app?.bot_id ?? slackId('B', team.id, appName),
    botUserId: seed.app?.bot_user_id ?? slackId('U', team.id, `bot:${appName}`),
    botName: seed.app?.bot_name ?? appName.toLowerCase().replace(/[^a-z0-9._-]+/g, '-'),
  };
  const users = (seed.users ?? []).map((user) => growUser(user, team, nowSeconds));
  const bot = growUser({ id: app.botUserId, name: app.botName, real_name: app.name, is_bot: true }, team, nowSeconds);
  bot.profile.bot_id = app.botId;
  bot.profile.api_app_id = app.id;
  users.push(bot);
  // Every workspace has it, and Slack does not mark it as a bot.
  const slackbot = growUser({ id: 'USLACKBOT', name: 'slackbot', real_name: 'Slackbot' }, team, nowSeconds);
  delete slackbot.profile.email;
  users.push(slackbot);
  const find = (key: string): string => {
    const user = users.find((one) => one.id === key || one.name === key);
    if (!user) throw new AppError('bad_config', `The seed names the user "${key}", but has no such user.`);
    return user.id;
  };
  const everyone = users.filter((user) => isFullMember(user)).map((user) => user.id);
  const channels = (seed.channels ?? []).map((channel) =>
    growChannel(channel, team, (channel.members ?? everyone).map(find), nowSeconds),
  );
  const usergroups = (seed.usergroups ?? []).map((group) => ({
    id: group.id ?? slackId('S', team.id, group.handle),
    handle: group.handle,
    name: group.name ?? group.handle,
    users: group.users.map(find),
    created: nowSeconds,
    updated: nowSeconds,
  }));
  return { team, app, users, usergroups, channels };
}

/** Makes one user of a team from its seed. */
export function growUser(seed: SeedUser, team: Team, nowSeconds: number): User {
  const realName = seed.real_name ?? seed.name;
  const id = seed.id ?? slackId('U', team.id, seed.name);
  const teamId = seed.team_id ?? (seed.is_stranger ? slackId('T', `home of ${seed.name}`) : team.id);
  const [first = realName, ...rest] = realName.split(' ');
  const image = (size: number) => seed.image ?? `https://avatars.slack-edge.example/${id}_${size}.png`;
  return {
    id,
    team_id: teamId,
    name: seed.name,
    deleted: seed.deleted ?? false,
    color: COLORS[id.charCodeAt(id.length - 1) % COLORS.length]!,
    real_name: realName,
    tz: seed.tz ?? 'Europe/Lisbon',
    tz_label: seed.tz ?? 'Western European Time',
    tz_offset: 0,
    locale: seed.locale ?? 'en-US',
    profile: {
      title: seed.title ?? '',
      phone: '',
      skype: '',
      real_name: realName,
      real_name_normalized: realName,
      display_name: seed.display_name ?? '',
      display_name_normalized: seed.display_name ?? '',
      status_text: '',
      status_emoji: '',
      status_expiration: 0,
      avatar_hash: id.toLowerCase(),
      image_24: image(24),
      image_32: image(32),
      image_48: image(48),
      image_72: image(72),
      image_192: image(192),
      image_512: image(512),
      team: teamId,
      first_name: first,
      last_name: rest.join(' '),
      ...(seed.is_bot
        ? { bot_id: slackId('B', team.id, seed.name), api_app_id: slackId('A', team.id, seed.name) }
        : { email: seed.email ?? `${seed.name}@${team.domain}.example` }),
    },
    is_admin: seed.is_admin ?? false,
    is_owner: seed.is_owner ?? false,
    is_primary_owner: false,
    is_restricted: (seed.is_restricted ?? false) || (seed.is_ultra_restricted ?? false),
    is_ultra_restricted: seed.is_ultra_restricted ?? false,
    is_bot: seed.is_bot ?? false,
    is_app_user: false,
    is_email_confirmed: !seed.is_bot,
    // Slack leaves the field out for people of the own workspace.
    ...(teamId !== team.id ? { is_stranger: true } : {}),
    updated: nowSeconds,
  };
}

/** Makes one channel from its seed; `members` are ids. */
export function growChannel(seed: SeedChannel, team: Team, members: string[], nowSeconds: number): Channel {
  return {
    id: seed.id ?? slackId('C', team.id, seed.name),
    name: seed.name,
    type: seed.is_private ? 'group' : 'channel',
    created: nowSeconds,
    creator: members[0] ?? 'USLACKBOT',
    isArchived: seed.is_archived ?? false,
    isGeneral: seed.is_general ?? false,
    isExtShared: seed.is_ext_shared ?? false,
    topic: seed.topic ?? '',
    purpose: seed.purpose ?? '',
    previousNames: [],
    members: new Set(members),
    messages: [],
    byTs: new Map(),
    threads: new Map(),
  };
}

/** Full members see every public channel; guests, bots and people of other workspaces do not count as such. */
export function isFullMember(user: User): boolean {
  return !user.is_bot && user.id !== 'USLACKBOT' && !user.is_restricted && !user.is_stranger && !user.deleted;
}
