// The simulated workspace itself: people, channels, messages, views, files, and the verbs that change them. Whoever calls a verb has already
// decided that it is allowed; every change is told to the listeners at once, in the order it happened.
import { AppError } from '#src/domain/errors.ts';
import type { Clock } from '#src/domain/ports.ts';
import type { SlackChange } from './changes.ts';
import type {
  Channel,
  Ephemeral,
  Fields,
  Message,
  OpenView,
  Pane,
  SeedChannel,
  SeedUser,
  SlackApp,
  SlackFile,
  SlackSeed,
  Team,
  User,
  UserGroup,
} from './model.ts';
import { slackId } from './model.ts';
import { growChannel, growSeed, growUser } from './seed.ts';
import { apply, insert, isInTimeline, takeOut, touchThread } from './timeline.ts';

// Slack's own timestamps of one instant differ in the fourth decimal and beyond.
const TS_STEP_MICROS = 100;

/** Something that the bot asked for and that Slack would swallow or refuse: a test expects none. */
export interface Violation {
  kind:
    | 'unknown_method'
    | 'unknown_argument'
    | 'invalid_argument'
    | 'invalid_blocks'
    | 'no_fallback_text'
    | 'text_truncated'
    | 'wrong_http_method';
  method: string;
  detail: string;
}

export type MessageDraft = Omit<Message, 'type' | 'ts'>;

/** The workspace as data, with look-ups by name or id and the verbs that change it. */
export interface SlackState {
  readonly team: Team;
  readonly app: SlackApp;
  readonly users: Map<string, User>;
  readonly usergroups: Map<string, UserGroup>;
  readonly channels: Map<string, Channel>;
  readonly ephemerals: Ephemeral[];
  readonly views: Map<string, OpenView>;
  readonly files: Map<string, SlackFile>;
  readonly violations: Violation[];
  /** Kinds of blocks that Slack has not brought to this workspace yet: it refuses them as it refuses wrong ones. */
  readonly blocksMissing: Set<string>;
  installed: boolean;
  /** How many ids were handed out. Whoever puts a kept workspace back sets it, or old event ids would be handed out again. */
  idsGiven: number;

  /** By id, or by name with or without `@` and `#`. The plain look-ups throw not_found, the find ones answer undefined. */
  user(key: string): User;
  findUser(key: string): User | undefined;
  channel(key: string): Channel;
  findChannel(key: string): Channel | undefined;
  /** One message; throws when it is not there. */
  message(channel: string, ts: string): Message;
  /** What a channel shows: messages that are not replies (broadcast ones are), oldest first. */
  timeline(channel: string): Message[];
  /** The parent and its replies, oldest first. */
  thread(channel: string, ts: string): Message[];
  /** What only this person sees, and still does, oldest first. */
  ephemeralsOf(user: string, channel?: string): Ephemeral[];
  /** The modals a person has open, the topmost last. */
  modalsOf(user: string): OpenView[];
  /** The Home tab that was last published for a person. */
  homeOf(user: string): OpenView | undefined;
  permalink(channel: string, ts: string): string;

  /** The current time in whole seconds and as the next free ts. */
  nowSeconds(): number;
  nextTs(at?: Date): string;
  /** The ts of something that happens to what is already there, an edit for example: in a later millisecond than all before it. */
  nextMoment(): string;
  /** A fresh id: unique in this run, and the same in the next run that does the same. */
  nextId(prefix: string): string;

  post(channel: Channel, draft: MessageDraft, at?: Date): Message;
  change(channel: Channel, message: Message, patch: Partial<Message>): Message;
  remove(channel: Channel, message: Message): void;
  react(channel: Channel, message: Message, user: string, name: string): boolean;
  unreact(channel: Channel, message: Message, user: string, name: string): boolean;
  postEphemeral(channel: Channel, user: string, draft: MessageDraft): Ephemeral;
  changeEphemeral(ephemeral: Ephemeral, patch: Partial<Message> | 'delete'): void;
  createChannel(seed: SeedChannel, creator: string): Channel;
  renameChannel(channel: Channel, name: string, user: string): void;
  archiveChannel(channel: Channel, archived: boolean, user: string): void;
  /** Makes a public channel private, or a private one public; its id stays. */
  convertChannel(channel: Channel, isPrivate: boolean, user: string): void;
  /** Shares a channel with another company, or no longer. */
  shareChannel(channel: Channel, teamId: string, shared: boolean): void;
  join(channel: Channel, user: string, inviter: string | null): boolean;
  leave(channel: Channel, user: string): boolean;
  /** The direct conversation of the bot with a person. */
  direct(user: string): Channel;
  /** What the app is doing in a thread; it ends with its next message there. */
  setStatus(channel: Channel, status: Pane['status']): void;
  setPrompts(channel: Channel, suggested: Pane['suggested']): void;
  addUser(seed: SeedUser): User;
  /** A person gets another name, becomes a guest or an admin, or leaves the company. */
  changeUser(
    user: string,
    change: Partial<Pick<SeedUser, 'real_name' | 'email' | 'title' | 'deleted' | 'is_admin' | 'is_restricted'>>,
  ): void;
  setUsergroup(group: string, users: string[]): void;
  tell(change: SlackChange): void;
  subscribe(listener: (change: SlackChange) => void): () => void;
  /** Back to the seed. Listeners stay. */
  reset(): void;
}

/** Makes the workspace of a seed. */
export function createSlackState(deps: { clock: Clock; seed: SlackSeed }): SlackState {
  const { clock, seed } = deps;
  const listeners = new Set<(change: SlackChange) => void>();
  const users = new Map<string, User>();
  const usergroups = new Map<string, UserGroup>();
  const channels = new Map<string, Channel>();
  const ephemerals: Ephemeral[] = [];
  const views = new Map<string, OpenView>();
  const files = new Map<string, SlackFile>();
  const violations: Violation[] = [];
  let lastMicros = 0;
  let counter = 0;
  let grown = growSeed(seed, nowSeconds());

  const state: SlackState = {
    get team() {
      return grown.team;
    },
    get app() {
      return grown.app;
    },
    users,
    usergroups,
    channels,
    ephemerals,
    views,
    files,
    violations,
    blocksMissing: new Set(),
    installed: true,
    get idsGiven() {
      return counter;
    },
    set idsGiven(given) {
      counter = given;
    },

    findUser: (key) => users.get(key) ?? named(users, key.replace(/^@/, '')),
    user(key) {
      return state.findUser(key) ?? missing('user', key);
    },
    findChannel: (key) => channels.get(key) ?? named(channels, key.replace(/^#/, '')),
    channel(key) {
      return state.findChannel(key) ?? missing('channel', key);
    },
    message(channel, ts) {
      return state.channel(channel).byTs.get(ts) ?? missing(`message in ${channel}`, ts);
    },
    timeline: (channel) => state.channel(channel).messages.filter(isInTimeline),
    thread(channelKey, ts) {
      const channel = state.channel(channelKey);
      return [state.message(channel.id, ts), ...(channel.threads.get(ts) ?? [])];
    },
    ephemeralsOf(user, channel) {
      const id = state.user(user).id;
      const place = channel === undefined ? null : state.channel(channel).id;
      return ephemerals.filter((one) => one.user === id && !one.deleted && (!place || one.channel === place));
    },
    modalsOf(user) {
      const id = state.user(user).id;
      return [...views.values()].filter((one) => one.user === id && !one.closed && one.view.type === 'modal');
    },
    homeOf(user) {
      const id = state.user(user).id;
      return [...views.values()].find((one) => one.user === id && one.view.type === 'home');
    },
    permalink(channelKey, ts) {
      const channel = state.channel(channelKey);
      const message = channel.byTs.get(ts);
      const link = `https://${grown.team.domain}.slack.com/archives/${channel.id}/p${ts.replace('.', '')}`;
      if (!message?.thread_ts || message.thread_ts === ts) return link;
      return `${link}?thread_ts=${message.thread_ts}&cid=${channel.id}`;
    },

    nowSeconds,
    nextTs,
    nextMoment() {
      const from = Math.max(clock.now().getTime() * 1000, lastMicros);
      lastMicros = (Math.floor(from / 1000) + 1) * 1000 - TS_STEP_MICROS;
      return nextTs();
    },
    nextId(prefix) {
      counter += 1;
      return slackId(prefix, grown.team.id, `run ${counter}`);
    },

    post(channel, draft, at) {
      const message: Message = { type: 'message', ...draft, ts: nextTs(at) };
      insert(channel, message);
      // A past that the workspace starts with happened in a channel that was there.
      channel.created = Math.min(channel.created, Math.floor(Number(message.ts)));
      if (message.thread_ts) touchThread(channel, message.thread_ts);
      tell({ kind: 'message', channel, message });
      // An answer ends the waiting for it.
      if (message.app_id === grown.app.id && channel.pane?.status?.threadTs === (message.thread_ts ?? message.ts))
        state.setStatus(channel, null);
      return message;
    },
    change(channel, message, patch) {
      const previous = structuredClone(message);
      apply(message, patch);
      tell({ kind: 'message_changed', channel, message, previous });
      return message;
    },
    remove(channel, message) {
      // A parent with replies leaves a tombstone, so that its thread stays readable.
      if (message.reply_count) {
        const keep: (keyof Message)[] = [
          'type',
          'ts',
          'thread_ts',
          'reply_count',
          'reply_users',
          'reply_users_count',
          'latest_reply',
        ];
        const patch: Partial<Message> = Object.fromEntries(
          Object.keys(message)
            .filter((key) => !keep.includes(key as keyof Message))
            .map((key) => [key, undefined]),
        );
        state.change(channel, message, {
          ...patch,
          subtype: 'tombstone',
          text: 'This message was deleted.',
          user: 'USLACKBOT',
          hidden: true,
        });
        return;
      }
      takeOut(channel, message);
      if (message.thread_ts && message.thread_ts !== message.ts) touchThread(channel, message.thread_ts);
      tell({ kind: 'message_deleted', channel, previous: message });
    },
    react(channel, message, user, name) {
      message.reactions ??= [];
      let reaction = message.reactions.find((one) => one.name === name);
      if (reaction?.users.includes(user)) return false;
      if (!reaction) {
        reaction = { name, users: [], count: 0 };
        message.reactions.push(reaction);
      }
      reaction.users.push(user);
      reaction.count = reaction.users.length;
      tell({ kind: 'reaction_added', channel, message, user, reaction: name });
      return true;
    },
    unreact(channel, message, user, name) {
      const reaction = message.reactions?.find((one) => one.name === name);
      if (!reaction?.users.includes(user)) return false;
      reaction.users = reaction.users.filter((one) => one !== user);
      reaction.count = reaction.users.length;
      message.reactions = message.reactions?.filter((one) => one.count > 0);
      if (message.reactions?.length === 0) delete message.reactions;
      tell({ kind: 'reaction_removed', channel, message, user, reaction: name });
      return true;
    },
    postEphemeral(channel, user, draft) {
      const ephemeral: Ephemeral = {
        channel: channel.id,
        user,
        message: { type: 'message', ...draft, ts: nextTs() },
        deleted: false,
      };
      ephemerals.push(ephemeral);
      tell({ kind: 'ephemeral', ephemeral });
      return ephemeral;
    },
    changeEphemeral(ephemeral, patch) {
      if (patch === 'delete') ephemeral.deleted = true;
      else apply(ephemeral.message, patch);
      tell({ kind: patch === 'delete' ? 'ephemeral_deleted' : 'ephemeral_changed', ephemeral });
    },
    createChannel(channelSeed, creator) {
      const channel = growChannel(channelSeed, grown.team, [creator], nowSeconds());
      channels.set(channel.id, channel);
      tell({ kind: 'channel_created', channel, user: creator });
      for (const key of channelSeed.members ?? []) state.join(channel, state.user(key).id, creator);
      return channel;
    },
    renameChannel(channel, name, user) {
      channel.previousNames.unshift(channel.name);
      channel.name = name;
      tell({ kind: 'channel_renamed', channel, user });
    },
    archiveChannel(channel, archived, user) {
      channel.isArchived = archived;
      tell({ kind: archived ? 'channel_archived' : 'channel_unarchived', channel, user });
    },
    convertChannel(channel, isPrivate, user) {
      channel.type = isPrivate ? 'group' : 'channel';
      state.post(channel, {
        subtype: isPrivate ? 'channel_convert_to_private' : 'channel_convert_to_public',
        user,
        text: isPrivate ? 'made this channel *private*.' : 'made this channel *public*.',
      });
    },
    shareChannel(channel, teamId, shared) {
      channel.isExtShared = shared;
      tell({ kind: shared ? 'channel_shared' : 'channel_unshared', channel, teamId });
    },
    join(channel, user, inviter) {
      if (channel.members.has(user)) return false;
      channel.members.add(user);
      tell({ kind: 'member_joined', channel, user, inviter });
      const subtype = channel.type === 'group' ? 'group_join' : 'channel_join';
      state.post(channel, {
        subtype,
        user,
        text: `<@${user}> has joined the channel`,
        ...(inviter ? { inviter } : {}),
      });
      return true;
    },
    leave(channel, user) {
      if (!channel.members.delete(user)) return false;
      tell({ kind: 'member_left', channel, user, inviter: null });
      return true;
    },
    direct(user) {
      const id = slackId('D', grown.team.id, user);
      const known = channels.get(id);
      if (known) return known;
      const channel = growChannel({ id, name: user }, grown.team, [user, grown.app.botUserId], nowSeconds());
      channel.type = 'im';
      channels.set(id, channel);
      tell({ kind: 'im_created', channel, user });
      return channel;
    },
    setStatus(channel, status) {
      channel.pane = { suggested: null, ...channel.pane, status };
      tell({ kind: 'pane_changed', channel });
    },
    setPrompts(channel, suggested) {
      channel.pane = { status: null, ...channel.pane, suggested };
      tell({ kind: 'pane_changed', channel });
    },
    addUser(userSeed) {
      const user = growUser(userSeed, grown.team, nowSeconds());
      users.set(user.id, user);
      tell({ kind: 'user_joined', user });
      return user;
    },
    changeUser(key, change) {
      const user = state.user(key);
      const { profile } = user;
      if (change.real_name !== undefined) {
        user.real_name = profile.real_name = profile.real_name_normalized = change.real_name;
      }
      if (change.email !== undefined) profile.email = change.email;
      if (change.title !== undefined) profile.title = change.title;
      if (change.deleted !== undefined) user.deleted = change.deleted;
      if (change.is_admin !== undefined) user.is_admin = change.is_admin;
      if (change.is_restricted !== undefined) user.is_restricted = change.is_restricted;
      user.updated = nowSeconds();
      tell({ kind: 'user_changed', user });
    },
    setUsergroup(key, keys) {
      const group = usergroups.get(key) ?? [...usergroups.values()].find((one) => one.handle === key);
      if (!group) return missing('user group', key);
      const next = keys.map((one) => state.user(one).id);
      const added = next.filter((one) => !group.users.includes(one));
      const removed = group.users.filter((one) => !next.includes(one));
      group.users = next;
      group.updated = nowSeconds();
      tell({ kind: 'usergroup_changed', group, added, removed });
    },
    tell,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reset() {
      grown = growSeed(seed, nowSeconds());
      for (const map of [users, usergroups, channels, views, files]) map.clear();
      ephemerals.length = 0;
      violations.length = 0;
      state.blocksMissing.clear();
      lastMicros = 0;
      counter = 0;
      state.installed = true;
      fill();
      tell({ kind: 'reset' });
    },
  };
  fill();
  return state;

  function fill(): void {
    for (const user of grown.users) users.set(user.id, user);
    for (const group of grown.usergroups) usergroups.set(group.id, group);
    for (const channel of grown.channels) channels.set(channel.id, channel);
  }

  function tell(change: SlackChange): void {
    for (const listener of listeners) listener(change);
  }

  function nowSeconds(): number {
    return Math.floor(clock.now().getTime() / 1000);
  }

  // Without `at` a ts is later than every ts before it, even when the clock stands still or goes back: Slack's ids never repeat.
  function nextTs(at?: Date): string {
    let micros = (at ?? clock.now()).getTime() * 1000;
    if (!at) micros = Math.max(micros, lastMicros + TS_STEP_MICROS);
    let ts = tsOf(micros);
    while ([...channels.values()].some((channel) => channel.byTs.has(ts))) {
      micros += TS_STEP_MICROS;
      ts = tsOf(micros);
    }
    if (!at) lastMicros = micros;
    return ts;
  }
}

function tsOf(micros: number): string {
  return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
}

function named<T extends { name: string }>(things: Map<string, T>, name: string): T | undefined {
  for (const thing of things.values()) if (thing.name === name) return thing;
  return undefined;
}

/** The fields that mark a message as the app's own. */
export function byApp(state: SlackState): Partial<MessageDraft> & { bot_profile: Fields } {
  const { app, team } = state;
  return {
    user: app.botUserId,
    bot_id: app.botId,
    app_id: app.id,
    team: team.id,
    bot_profile: botProfile(app.botId, app.id, app.name, team.id),
  };
}

/** What a message tells about the bot that wrote it. */
export function botProfile(id: string, appId: string, name: string, teamId: string): Fields {
  const icon = (size: number) => `https://avatars.slack-edge.example/${id}_${size}.png`;
  return {
    id,
    deleted: false,
    name,
    updated: 0,
    app_id: appId,
    icons: { image_36: icon(36), image_48: icon(48), image_72: icon(72) },
    team_id: teamId,
  };
}

function missing(what: string, key: string): never {
  throw new AppError('not_found', `The simulated workspace has no ${what} "${key}".`);
}
