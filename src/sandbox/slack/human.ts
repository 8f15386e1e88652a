// What a person does in Slack's client: the hands of tests and of the sandbox page. People and channels are named by name or id; what a person
// could not do in the client (click what is not shown, write where they are not) throws.
import { AppError } from '#src/domain/errors.ts';
import type { Capabilities } from './capabilities.ts';
import {
  actionOf,
  clientErrors,
  type Entry,
  elementsIn,
  enteredValue,
  onMessage,
  pick,
  untouched,
} from './elements.ts';
import type { Interactions } from './interactions.ts';
import { newFile } from './methods/files.ts';
import { Refusal } from './methods/method.ts';
import type { Channel, Ephemeral, Fields, Message, OpenView, SeedChannel, SeedUser, User } from './model.ts';
import { typed } from './mrkdwn.ts';
import { say } from './response-url.ts';
import { isFields } from './schema.ts';
import { fileShape } from './shapes.ts';
import { botProfile, type MessageDraft, type SlackState, type Violation } from './state.ts';
import type { Answer } from './transport.ts';
import type { Views } from './views.ts';

/** Whether the bot took an interaction in time. `warning` is what the client shows the person when it did not. */
export interface Acknowledged {
  ok: boolean;
  status: number | null;
  warning: string | null;
}

/** What came of sending a modal. */
export type Submitted =
  | { outcome: 'closed' }
  /** Messages by block_id; from the bot, or from the client when a required field is empty. */
  | { outcome: 'errors'; errors: Record<string, string>; by: 'app' | 'client' }
  | { outcome: 'updated' | 'pushed'; view: OpenView }
  | { outcome: 'failed'; warning: string };

export interface PostOptions {
  threadTs?: string;
  /** Also send the reply to the channel. */
  broadcast?: boolean;
  /** Written at this time instead of now: for a past that the workspace starts with. */
  at?: Date;
  files?: { name: string; bytes: Uint8Array; mimetype?: string }[];
}

/** A person's entries by action_id or block_id. */
export type Entries = Record<string, Entry>;

/** The verbs of a person. */
export interface Human {
  post(user: string, channel: string, text: string, options?: PostOptions): Message;
  /** A direct message to the app. */
  direct(user: string, text: string, options?: PostOptions): Message;
  edit(user: string, channel: string, ts: string, text: string): Message;
  remove(user: string, channel: string, ts: string): void;
  react(user: string, channel: string, ts: string, name: string): void;
  unreact(user: string, channel: string, ts: string, name: string): void;
  /** Presses a button or picks from a menu on a message, seen by all or only by this person. */
  click(user: string, channel: string, ts: string, actionId: string, options?: ClickOptions): Promise<Acknowledged>;
  /** The same inside an open modal or on the Home tab. */
  clickInView(user: string, viewId: string, actionId: string, options?: ClickOptions): Promise<Acknowledged>;
  /** `reply` is what the bot answered at once, null when it said nothing. */
  slash(
    user: string,
    channel: string,
    command: string,
    text?: string,
  ): Promise<Acknowledged & { reply: Fields | null }>;
  messageShortcut(user: string, channel: string, ts: string, callbackId: string): Promise<Acknowledged>;
  globalShortcut(user: string, callbackId: string): Promise<Acknowledged>;
  /** Fills in an open modal and sends it. Without entries it is sent as it stands. */
  submitView(user: string, viewId: string, entries?: Entries): Promise<Submitted>;
  closeView(user: string, viewId: string): Promise<Acknowledged>;
  openHome(user: string, tab?: 'home' | 'messages'): void;
  invite(user: string, channel: string, ...invited: string[]): void;
  /** The app's bot is invited like anybody else. */
  inviteBot(user: string, channel: string): void;
  leave(user: string, channel: string): void;
  createChannel(user: string, seed: SeedChannel): Channel;
  renameChannel(user: string, channel: string, name: string): void;
  archiveChannel(user: string, channel: string, archived?: boolean): void;
  /** Makes a public channel private, or a private one public. */
  convertChannel(user: string, channel: string, isPrivate: boolean): void;
  /** Shares a channel with another company over Slack Connect, or no longer. */
  shareChannel(channel: string, teamId: string, shared?: boolean): void;
  join(seed: SeedUser): User;
  /** A person leaves the company. */
  deactivate(user: string): void;
  /** Takes the app off the workspace: its token is dead from here on. */
  uninstallApp(): void;
}

export interface ClickOptions {
  /** Which one, where an element offers several: the value of an option, a user, a date. */
  value?: Entry;
  /** What else the person has entered on that message before, by action_id. */
  entries?: Entries;
}

export interface HumanDeps {
  state: SlackState;
  interactions: Interactions;
  capabilities: Capabilities;
  views: Views;
  origin: () => string;
  commands: () => readonly string[] | null;
  violation: (kind: Violation['kind'], method: string, detail: string) => void;
}

/** Makes the hands of all people of a workspace. */
export function createHuman(deps: HumanDeps): Human {
  const { state, interactions, views } = deps;
  // What people picked on messages, by person, channel and message.
  const picked = new Map<string, Record<string, Record<string, Fields>>>();

  const human: Human = {
    post(userKey, channelKey, text, options = {}) {
      const user = state.user(userKey);
      const channel = state.channel(channelKey);
      mustBeIn(user, channel);
      return write(user, channel, text, options);
    },
    direct(userKey, text, options = {}) {
      const user = state.user(userKey);
      return write(user, state.direct(user.id), text, options);
    },
    edit(userKey, channelKey, ts, text) {
      const user = state.user(userKey);
      const { channel, message } = own(user, channelKey, ts);
      return state.change(channel, message, {
        ...typed(text, state),
        edited: { user: user.id, ts: state.nextMoment() },
      });
    },
    remove(userKey, channelKey, ts) {
      const user = state.user(userKey);
      const channel = state.channel(channelKey);
      const ephemeral = ephemeralOf(user, channel, ts);
      if (ephemeral) return state.changeEphemeral(ephemeral, 'delete');
      // Admins may delete what others wrote.
      const message = user.is_admin ? state.message(channel.id, ts) : own(user, channelKey, ts).message;
      state.remove(channel, message);
    },
    react(userKey, channelKey, ts, name) {
      const user = state.user(userKey);
      const channel = state.channel(channelKey);
      mustBeIn(user, channel);
      state.react(channel, state.message(channel.id, ts), user.id, name.replaceAll(':', ''));
    },
    unreact(userKey, channelKey, ts, name) {
      const user = state.user(userKey);
      const channel = state.channel(channelKey);
      state.unreact(channel, state.message(channel.id, ts), user.id, name.replaceAll(':', ''));
    },

    async click(userKey, channelKey, ts, actionId, options = {}) {
      const user = state.user(userKey);
      const channel = state.channel(channelKey);
      mustBeIn(user, channel);
      const ephemeral = ephemeralOf(user, channel, ts);
      const message = ephemeral?.message ?? state.message(channel.id, ts);
      const { found, attachmentId } = onMessage(message, actionId);
      const key = `${user.id} ${channel.id} ${ts}`;
      const values = picked.get(key) ?? untouched(message);
      for (const [id, entry] of Object.entries(options.entries ?? {})) {
        const other = onMessage(message, id).found;
        values[other.blockId] = { ...values[other.blockId], [other.actionId]: enteredValue(other.element, entry) };
      }
      const action = actionOf(found, options.value, state.nextTs());
      if (values[found.blockId]?.[found.actionId]) {
        values[found.blockId] = {
          ...values[found.blockId],
          [found.actionId]: enteredValue(found.element, options.value ?? null),
        };
      }
      picked.set(key, values);
      return acknowledged(
        await interactions.blockActions({
          user,
          actions: [action],
          place: { channel, message, ephemeral: ephemeral !== undefined, attachmentId },
          values: structuredClone(values),
        }),
      );
    },
    async clickInView(userKey, viewId, actionId, options = {}) {
      const user = state.user(userKey);
      const view = openView(user, viewId);
      enter(view, options.entries ?? {});
      const found = pick(elementsIn(view.view.blocks), actionId, `view ${viewId}`);
      const action = actionOf(found, options.value, state.nextTs());
      if (view.view.state.values[found.blockId]?.[found.actionId]) {
        views.enter(view, found.blockId, found.actionId, enteredValue(found.element, options.value ?? null));
      }
      return acknowledged(await interactions.blockActions({ user, actions: [action], place: { view }, values: {} }));
    },
    async slash(userKey, channelKey, command, text = '') {
      const user = state.user(userKey);
      const channel = channelKey === 'app' ? state.direct(user.id) : state.channel(channelKey);
      mustBeIn(user, channel);
      const known = deps.commands();
      if (known && !known.includes(command)) {
        return { ok: false, status: null, warning: `${command} is not a valid command.`, reply: null };
      }
      const { answer } = await interactions.slash({ user, channel, command, text });
      const result = acknowledged(answer);
      const reply = result.ok ? replyOf(answer.body) : null;
      // An answer that says nothing shows nothing.
      if (reply && (reply.text || reply.blocks || reply.attachments)) result.warning = show(reply, user, channel);
      return { ...result, ok: result.warning === null, reply };
    },
    async messageShortcut(userKey, channelKey, ts, callbackId) {
      const user = state.user(userKey);
      const channel = state.channel(channelKey);
      mustBeIn(user, channel);
      const message = state.message(channel.id, ts);
      return acknowledged(await interactions.messageShortcut({ user, channel, message, callbackId }));
    },
    async globalShortcut(userKey, callbackId) {
      return acknowledged(await interactions.globalShortcut({ user: state.user(userKey), callbackId }));
    },
    async submitView(userKey, viewId, entries = {}) {
      const user = state.user(userKey);
      const view = openView(user, viewId);
      if (!view.view.submit) throw new AppError('refused', `The modal ${viewId} has no submit button.`);
      enter(view, entries);
      const errors = clientErrors(view.view.blocks, view.view.state.values);
      if (Object.keys(errors).length > 0) return { outcome: 'errors', errors, by: 'client' };
      const answer = await interactions.viewSubmission(view);
      const taken = acknowledged(answer);
      if (!taken.ok) return { outcome: 'failed', warning: taken.warning ?? '' };
      return submitted(view, answer);
    },
    async closeView(userKey, viewId) {
      const view = openView(state.user(userKey), viewId);
      const cleared = view.view.clear_on_close === true;
      const closed = views.close(view, cleared);
      const answers = [];
      for (const one of closed) {
        if (one.view.notify_on_close === true) answers.push(await interactions.viewClosed(one, cleared));
      }
      return answers.map(acknowledged).find((one) => !one.ok) ?? { ok: true, status: null, warning: null };
    },
    openHome(userKey, tab = 'home') {
      const user = state.user(userKey);
      state.tell({ kind: 'home_opened', user: user.id, channel: state.direct(user.id), tab });
    },
    invite(userKey, channelKey, ...invited) {
      const user = state.user(userKey);
      const channel = state.channel(channelKey);
      mustBeIn(user, channel);
      for (const key of invited) state.join(channel, state.user(key).id, user.id);
    },
    inviteBot: (user, channel) => human.invite(user, channel, state.app.botUserId),
    leave(userKey, channelKey) {
      state.leave(state.channel(channelKey), state.user(userKey).id);
    },
    createChannel: (user, seed) => state.createChannel(seed, state.user(user).id),
    renameChannel: (user, channel, name) => state.renameChannel(state.channel(channel), name, state.user(user).id),
    archiveChannel: (user, channel, archived = true) =>
      state.archiveChannel(state.channel(channel), archived, state.user(user).id),
    convertChannel: (user, channel, isPrivate) =>
      state.convertChannel(state.channel(channel), isPrivate, state.user(user).id),
    shareChannel: (channel, teamId, shared = true) => state.shareChannel(state.channel(channel), teamId, shared),
    join: (seed) => state.addUser(seed),
    deactivate: (user) => state.changeUser(user, { deleted: true }),
    uninstallApp() {
      state.tell({ kind: 'app_uninstalled' });
      state.installed = false;
    },
  };
  return human;

  function write(user: User, channel: Channel, text: string, options: PostOptions): Message {
    if (channel.isArchived) throw new AppError('refused', `#${channel.name} is archived.`);
    const root = options.threadTs === undefined ? null : state.message(channel.id, options.threadTs);
    const threadTs = root ? (root.thread_ts ?? root.ts) : null;
    const files = (options.files ?? []).map((given) => {
      const file = newFile(state, {
        name: given.name,
        user: user.id,
        size: given.bytes.length,
        ...(given.mimetype ? { mimetype: given.mimetype } : {}),
      });
      file.bytes = given.bytes;
      file.complete = true;
      return file;
    });
    const draft: MessageDraft = {
      ...(files.length > 0 ? { subtype: 'file_share' } : {}),
      user: user.id,
      team: user.team_id,
      ...typed(text, state),
      ...(user.is_bot
        ? {
            bot_id: user.profile.bot_id ?? '',
            app_id: user.profile.api_app_id ?? '',
            bot_profile: botProfile(
              user.profile.bot_id ?? '',
              user.profile.api_app_id ?? '',
              user.real_name,
              user.team_id,
            ),
          }
        : { client_msg_id: state.nextId('M') }),
      ...(files.length > 0 ? { files: files.map((file) => fileShape(file, state, deps.origin())), upload: false } : {}),
      ...(threadTs ? { thread_ts: threadTs } : {}),
      ...(threadTs && options.broadcast ? { subtype: 'thread_broadcast' } : {}),
    };
    const message = state.post(channel, draft, options.at);
    for (const file of files) {
      file.shares.push({ channel: channel.id, ts: message.ts });
      state.tell({ kind: 'file', file });
    }
    return message;
  }

  function submitted(view: OpenView, answer: Answer): Submitted {
    const body = replyOf(answer.body);
    const action = body?.response_action;
    if (!body || action === undefined) {
      views.close(view, false);
      return { outcome: 'closed' };
    }
    try {
      if (action === 'errors') {
        const errors = isFields(body.errors) ? (body.errors as Record<string, string>) : {};
        const blocks = new Set(view.view.blocks.map((block) => block.block_id));
        const strange = Object.keys(errors).filter((id) => !blocks.has(id));
        if (strange.length > 0 || Object.keys(errors).length === 0) {
          deps.violation('invalid_argument', 'view_submission', `errors for unknown blocks: ${strange.join(', ')}`);
          return { outcome: 'failed', warning: 'We had some trouble connecting. Try again?' };
        }
        return { outcome: 'errors', errors, by: 'app' };
      }
      if (action === 'clear') {
        views.close(view, true);
        return { outcome: 'closed' };
      }
      if (action === 'update') {
        return { outcome: 'updated', view: views.replace(view, body.view, 'view_submission') };
      }
      if (action === 'push') {
        const pushed = views.add(view.user, body.view, { kind: 'push', onto: view }, 'view_submission');
        return { outcome: 'pushed', view: pushed };
      }
    } catch (error) {
      if (error instanceof Refusal) return { outcome: 'failed', warning: error.error };
      throw error;
    }
    deps.violation('invalid_argument', 'view_submission', `response_action ${String(action)}`);
    return { outcome: 'failed', warning: 'We had some trouble connecting. Try again?' };
  }

  // The body of an acknowledgement of a command is a message.
  function show(reply: Fields, user: User, channel: Channel): string | null {
    try {
      say(deps, { user: user.id, channel: channel.id, source: null }, reply);
      return null;
    } catch (error) {
      if (error instanceof Refusal) return `failed with the error "${error.error}"`;
      throw error;
    }
  }

  function enter(view: OpenView, entries: Entries): void {
    const elements = elementsIn(view.view.blocks);
    for (const [key, entry] of Object.entries(entries)) {
      const found = pick(elements, key, `view ${view.view.id}`);
      views.enter(view, found.blockId, found.actionId, enteredValue(found.element, entry));
    }
  }

  function mustBeIn(user: User, channel: Channel): void {
    if (channel.members.has(user.id)) return;
    throw new AppError('refused', `${user.name} is not in #${channel.name}; invite them first.`);
  }

  function own(user: User, channelKey: string, ts: string): { channel: Channel; message: Message } {
    const channel = state.channel(channelKey);
    const message = state.message(channel.id, ts);
    if (message.user !== user.id) throw new AppError('refused', `The message ${ts} is not ${user.name}'s own.`);
    return { channel, message };
  }

  function ephemeralOf(user: User, channel: Channel, ts: string): Ephemeral | undefined {
    return state.ephemeralsOf(user.id, channel.id).find((one) => one.message.ts === ts);
  }

  function openView(user: User, viewId: string): OpenView {
    const view = state.views.get(viewId);
    if (!view || view.closed || view.user !== user.id) {
      throw new AppError('not_found', `${user.name} has no open view ${viewId}.`);
    }
    return view;
  }
}

function acknowledged(answer: Answer): Acknowledged {
  const warning =
    answer.reason === null
      ? null
      : answer.reason === 'http_timeout'
        ? 'failed with the error "operation_timeout"'
        : 'failed with the error "dispatch_failed"';
  return { ok: warning === null, status: answer.status, warning };
}

function replyOf(body: string): Fields | null {
  if (body.trim() === '') return null;
  try {
    const value: unknown = JSON.parse(body);
    if (isFields(value)) return Object.keys(value).length > 0 ? value : null;
    return typeof value === 'string' && value !== '' ? { text: value } : null;
  } catch {
    return { text: body };
  }
}
