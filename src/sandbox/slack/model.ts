// What the simulated workspace is made of. Records keep Slack's own field names, because that is what the bot is sent and what tests compare.
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Any JSON object whose content the simulator does not look into. */
export type Fields = Record<string, unknown>;

const SeedUser = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  real_name: z.string().optional(),
  display_name: z.string().optional(),
  email: z.string().optional(),
  title: z.string().optional(),
  tz: z.string().optional(),
  locale: z.string().optional(),
  image: z.string().optional(),
  is_admin: z.boolean().optional(),
  is_owner: z.boolean().optional(),
  is_restricted: z.boolean().optional(),
  is_ultra_restricted: z.boolean().optional(),
  /** Somebody from another workspace (Slack Connect); `team_id` says which. */
  is_stranger: z.boolean().optional(),
  team_id: z.string().optional(),
  is_bot: z.boolean().optional(),
  deleted: z.boolean().optional(),
});

const SeedChannel = z.strictObject({
  id: z.string().optional(),
  name: z.string(),
  is_private: z.boolean().optional(),
  is_ext_shared: z.boolean().optional(),
  is_archived: z.boolean().optional(),
  is_general: z.boolean().optional(),
  topic: z.string().optional(),
  purpose: z.string().optional(),
  /** Names or ids of users; the app's own bot by its name. Left out: every full member, and not the bot. */
  members: z.array(z.string()).optional(),
});

/** What a workspace holds before the first message. Users and channels are named; ids follow from the names when they are left out. */
export const SlackSeed = z.strictObject({
  team: z
    .strictObject({ id: z.string().optional(), name: z.string().optional(), domain: z.string().optional() })
    .optional(),
  /** The app under test and its bot user. */
  app: z
    .strictObject({
      id: z.string().optional(),
      name: z.string().optional(),
      bot_id: z.string().optional(),
      bot_user_id: z.string().optional(),
      bot_name: z.string().optional(),
    })
    .optional(),
  users: z.array(SeedUser).optional(),
  usergroups: z
    .array(
      z.strictObject({
        id: z.string().optional(),
        handle: z.string(),
        name: z.string().optional(),
        users: z.array(z.string()),
      }),
    )
    .optional(),
  channels: z.array(SeedChannel).optional(),
});
export type SlackSeed = z.infer<typeof SlackSeed>;
export type SeedUser = z.infer<typeof SeedUser>;
export type SeedChannel = z.infer<typeof SeedChannel>;

export interface Team {
  id: string;
  name: string;
  domain: string;
}

/** The app under test: what auth.test answers about it. */
export interface SlackApp {
  id: string;
  name: string;
  botId: string;
  botUserId: string;
  botName: string;
}

/** A user as users.info shows it, e-mail included (the Web API strips it without users:read.email). */
export interface User {
  id: string;
  team_id: string;
  name: string;
  deleted: boolean;
  color: string;
  real_name: string;
  tz: string;
  tz_label: string;
  tz_offset: number;
  locale: string;
  profile: {
    title: string;
    phone: string;
    skype: string;
    real_name: string;
    real_name_normalized: string;
    display_name: string;
    display_name_normalized: string;
    status_text: string;
    status_emoji: string;
    status_expiration: number;
    avatar_hash: string;
    image_24: string;
    image_32: string;
    image_48: string;
    image_72: string;
    image_192: string;
    image_512: string;
    team: string;
    email?: string;
    bot_id?: string;
    api_app_id?: string;
    first_name?: string;
    last_name?: string;
  };
  is_admin: boolean;
  is_owner: boolean;
  is_primary_owner: boolean;
  is_restricted: boolean;
  is_ultra_restricted: boolean;
  is_bot: boolean;
  is_app_user: boolean;
  is_email_confirmed: boolean;
  is_stranger?: boolean;
  updated: number;
}

export interface UserGroup {
  id: string;
  handle: string;
  name: string;
  users: string[];
  created: number;
  updated: number;
}

export type ChannelType = 'channel' | 'group' | 'im';

/** A conversation with its messages in order of ts. `members` holds user ids, the bot's included when it is in. */
export interface Channel {
  id: string;
  name: string;
  type: ChannelType;
  created: number;
  creator: string;
  isArchived: boolean;
  isGeneral: boolean;
  isExtShared: boolean;
  topic: string;
  purpose: string;
  previousNames: string[];
  members: Set<string>;
  messages: Message[];
  byTs: Map<string, Message>;
  /** The replies of each thread, by the ts of its parent. */
  threads: Map<string, Message[]>;
  /** What the app says beside its messages; in its own conversation with a person, and under threads. */
  pane?: Pane;
}

/** What a person sees of an app that works on an answer, and what it suggests to ask. */
export interface Pane {
  /** Null when the app does nothing. Slack shows the loading messages in turn. */
  status: { threadTs: string; text: string; loading: string[] } | null;
  suggested: { title: string | null; prompts: { title: string; message: string }[] } | null;
}

export interface Reaction {
  name: string;
  users: string[];
  count: number;
}

/** A message as conversations.history shows it. */
export interface Message {
  type: 'message';
  subtype?: string;
  ts: string;
  text: string;
  user?: string;
  team?: string;
  user_team?: string;
  source_team?: string;
  client_msg_id?: string;
  bot_id?: string;
  app_id?: string;
  bot_profile?: Fields;
  username?: string;
  icons?: Fields;
  blocks?: Fields[];
  attachments?: Fields[];
  metadata?: { event_type: string; event_payload: Fields };
  files?: Fields[];
  upload?: boolean;
  edited?: { user: string; ts: string };
  reactions?: Reaction[];
  thread_ts?: string;
  parent_user_id?: string;
  reply_count?: number;
  reply_users?: string[];
  reply_users_count?: number;
  latest_reply?: string;
  is_locked?: boolean;
  subscribed?: boolean;
  inviter?: string;
  hidden?: boolean;
  /** Of a message that is written bit by bit. */
  streaming_state?: 'in_progress' | 'completed';
}

/** A message that one person sees and nobody else; it is in no history. */
export interface Ephemeral {
  channel: string;
  user: string;
  message: Message;
  deleted: boolean;
}

/** A modal or a Home tab. `view` is the record that Slack sends around; the rest is what its client knows. */
export interface OpenView {
  user: string;
  view: ViewRecord;
  closed: boolean;
}

export interface ViewRecord extends Fields {
  id: string;
  type: 'modal' | 'home';
  callback_id: string;
  external_id: string;
  private_metadata: string;
  blocks: Fields[];
  state: { values: Record<string, Record<string, Fields>> };
  hash: string;
  root_view_id: string;
  previous_view_id: string | null;
}

/** A file: `bytes` is what was really uploaded, null until then. */
export interface SlackFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  filetype: string;
  size: number;
  user: string;
  created: number;
  bytes: Uint8Array | null;
  complete: boolean;
  /** How many more times a message may name it before Slack has looked through it: until then its blocks are refused. */
  unready: number;
  altText: string;
  /** Channels (and the message) where it was shared. */
  shares: { channel: string; ts: string }[];
}

/** An id of Slack's shape that depends only on what it names: the same seed gives the same ids on every run. */
export function slackId(prefix: string, ...parts: string[]): string {
  const digest = createHash('sha256')
    .update([prefix, ...parts].join('\u001f'))
    .digest();
  const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  let id = `${prefix}0`;
  for (const byte of digest.subarray(0, 9)) id += alphabet[byte % 36];
  return id;
}

/** The seconds and microseconds of a message ts as one number, exact for comparison. */
export function tsMicros(ts: string): number {
  const [seconds, fraction = ''] = ts.split('.');
  return Number(seconds) * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** Whether a string could be a ts or a bound of a time range. */
export function isTs(text: string): boolean {
  return /^\d{1,12}(\.\d{1,9})?$/.test(text);
}
