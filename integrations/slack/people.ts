// Who people are in Slack: their kind, whether they may decide, whether they are staff, and who can read a channel.
import { ExternalError } from '#src/domain/errors.ts';
import type { Person } from '#src/domain/policy.ts';
import type { Audience, Readers } from '#src/domain/visibility.ts';
import type { SlackClient, User } from './client.ts';

export interface PeopleConfig {
  /** User ids, user group ids or group handles. */
  approvers: readonly string[];
  staff: readonly string[];
  /** The channel whose full members decide when there are no approvers; a name or an id. */
  insightsChannel: string | null;
}

/** What people have chosen since; it outranks the configuration. */
export interface ChosenPeople {
  /** Empty: what the configuration says. */
  approvers: readonly string[];
  admins: readonly string[];
  insightsChannel: string | null;
}

export interface People {
  /** The person behind a Slack user id, for `may`. Somebody Slack does not know is `unknown`. */
  personOf(userId: string): Promise<Person>;
  isStaff(userId: string): Promise<boolean>;
  /** A name for people to read, never a mention. */
  displayName(userId: string): Promise<string>;
  user(userId: string): Promise<User | null>;
  /** Who can open a channel, and so who reads what is posted there; `unknown` when we cannot look into it. */
  readersOf(channelId: string): Promise<Audience>;
  /** True when everybody there is a full member of this workspace: no Slack Connect, no guests, nothing that we cannot find out. */
  isInternal(channelId: string): Promise<boolean>;
  /** Entries of a list of people that name nobody, for the doctor. */
  unknownEntries(entries: readonly string[]): Promise<string[]>;
}

/** Makes the people of one workspace. */
export function createPeople(deps: {
  client: SlackClient;
  config: PeopleConfig;
  chosen?: () => Promise<ChosenPeople>;
}): People {
  const { client, config } = deps;

  const people: People = {
    async personOf(userId) {
      const user = await client.user(userId);
      const kind = await kindOf(user);
      if (kind !== 'member') return { id: userId, kind, approver: false, admin: false };
      const chosen = await deps.chosen?.();
      const approver = await isApprover(userId, chosen);
      const admins = chosen?.admins ?? [];
      const admin = user?.isAdmin === true || (admins.length > 0 ? await isAmong(userId, admins) : approver);
      return { id: userId, kind, approver, admin };
    },

    isStaff: (userId) => isAmong(userId, config.staff),

    async displayName(userId) {
      // Decisions may also name the machine or another system; those are no users of Slack.
      if (!isUserId(userId)) return userId === '' ? 'someone' : userId;
      return (await client.user(userId))?.name ?? 'someone';
    },

    user: (userId) => client.user(userId),

    async readersOf(channelId) {
      const channel = await client.channel(channelId);
      if (!channel) return 'unknown';
      // One list of users instead of one question per member: a channel may have thousands.
      const [ids, users] = await Promise.all([membersOf(channelId), client.users()]);
      if (!ids) return 'unknown';
      const byId = new Map(users.map((user) => [user.id, user]));
      const { teamId, enterpriseId } = await client.whoAmI();
      const members = new Set<string>();
      // Where another company was invited, people whom we have not seen yet read it too, now or tomorrow.
      const outsiders = new Set<string>(channel.isShared ? [`shared:${channelId}`] : []);
      for (const id of ids) {
        const user = byId.get(id) ?? (await client.user(id));
        if (!user) return 'unknown';
        if (user.isGuest || isOutsider(user, teamId, enterpriseId)) outsiders.add(id);
        else if (!user.isBot) members.add(id);
      }
      const readers: Readers = { everyMember: !channel.isPrivate && !channel.isDirect, members, outsiders };
      return readers;
    },

    async isInternal(channelId) {
      const readers = await people.readersOf(channelId);
      return readers !== 'unknown' && readers.outsiders.size === 0;
    },

    async unknownEntries(entries) {
      const unknown: string[] = [];
      for (const entry of entries) {
        const known = isUserId(entry) ? (await client.user(entry)) !== null : (await groupOf(entry)) !== null;
        if (!known) unknown.push(entry);
      }
      return unknown;
    },
  };
  return people;

  /** Null where Slack does not let us look, for example since we were taken out of a private channel. */
  async function membersOf(channelId: string): Promise<string[] | null> {
    try {
      return await client.members(channelId);
    } catch (error) {
      if (error instanceof ExternalError && !error.retryable) return null;
      throw error;
    }
  }

  async function kindOf(user: User | null): Promise<Person['kind']> {
    if (!user || user.isDeleted) return 'unknown';
    if (user.isBot) return 'bot';
    const { teamId, enterpriseId } = await client.whoAmI();
    if (isOutsider(user, teamId, enterpriseId)) return 'external';
    return user.isGuest ? 'guest' : 'member';
  }

  async function isApprover(userId: string, chosen: ChosenPeople | undefined): Promise<boolean> {
    const approvers = chosen?.approvers.length ? chosen.approvers : config.approvers;
    if (approvers.length > 0) return isAmong(userId, approvers);
    const insights = chosen?.insightsChannel ?? config.insightsChannel;
    if (!insights) return false;
    const channel = await client.resolveChannel(insights);
    return channel !== null && (await client.members(channel.id)).includes(userId);
  }

  async function isAmong(userId: string, entries: readonly string[]): Promise<boolean> {
    if (entries.includes(userId)) return true;
    for (const entry of entries) {
      if (isUserId(entry)) continue;
      const group = await groupOf(entry);
      if (group && (await client.groupMembers(group)).includes(userId)) return true;
    }
    return false;
  }

  async function groupOf(entry: string): Promise<string | null> {
    const handle = entry.replace(/^@/, '').toLowerCase();
    const groups = await client.userGroups();
    return groups.find((group) => group.id === entry || group.handle.toLowerCase() === handle)?.id ?? null;
  }
}

// Within one Enterprise organization the workspaces differ and the people are still one's own.
function isOutsider(user: User, teamId: string, enterpriseId: string | null): boolean {
  if (user.isStranger) return true;
  if (user.teamId === null || user.teamId === teamId || user.teamId === enterpriseId) return false;
  return enterpriseId === null || user.enterpriseId !== enterpriseId;
}

function isUserId(entry: string): boolean {
  return /^[UW][A-Z0-9]{5,}$/.test(entry);
}
