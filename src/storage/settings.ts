// Settings and channels: seeded by the environment at start, then changed by people; what a person set, the environment does not override.
import { z } from 'zod';
import { AppError } from '#src/domain/errors.ts';
import { QuietHoursText, TimeOfDay, TimeZone } from '#src/domain/hours.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { CUSTOMERS_NEEDED } from '#src/domain/insight.ts';
import type { Tx } from '#src/domain/ports.ts';
import { DIGESTS } from '#src/domain/preference.ts';
import { POSTS_PER_DAY } from '#src/domain/quiet.ts';

/** Every setting: what it is for, what it may be, and what it is when nobody has set it. */
export const SETTINGS = {
  'capture.emoji': {
    help: 'The reaction that captures a message.',
    may: 'the name of an emoji without colons',
    schema: z.string().regex(/^[\w+-]+$/),
    value: 'memo',
  },
  'slack.bots': {
    help: 'Whether messages of other bots count.',
    may: 'true or false',
    schema: z.boolean(),
    value: false,
  },
  'slack.reactions': {
    help: 'What reactions on a card mean; {} keeps the standard table.',
    may: 'JSON like {"no_entry": "dismiss"}, with approve, dismiss, snooze, claim, agree or disagree',
    schema: z.record(z.string(), z.enum(['approve', 'dismiss', 'snooze', 'claim', 'agree', 'disagree'])),
    value: {} as Record<string, 'approve' | 'dismiss' | 'snooze' | 'claim' | 'agree' | 'disagree'>,
  },
  'customer.channels': {
    help: 'Channels that belong to one customer.',
    may: 'JSON like {"C012AB3CD": "Acme"}',
    schema: z.record(z.string(), z.string()),
    value: {} as Record<string, string>,
  },
  'insight.customers': {
    help: 'Distinct customers within 14 days that make a theme an insight, from its next report on.',
    may: 'a whole number from 1 to 1000',
    schema: z.number().int().min(1).max(1000),
    value: CUSTOMERS_NEEDED as number,
  },
  'backfill.page': {
    help: 'Messages that one request of a back-fill asks Slack for.',
    may: 'a whole number from 15 to 999; Slack advises 200',
    schema: z.number().int().min(15).max(999),
    value: 200 as number,
  },
  'backfill.perMinute': {
    help: 'Requests of one kind that a back-fill sends in a minute; Slack allows an internal app about 50, and the bot needs a few.',
    may: 'a whole number from 1 to 1200',
    schema: z.number().int().min(1).max(1200),
    value: 40 as number,
  },
  'approvals.needed': {
    help: 'Approvals that filing needs, for what is proposed from now on.',
    may: 'a whole number from 1 to 5',
    schema: z.number().int().min(1).max(5),
    value: 1 as number,
  },
  'insights.channel': {
    help: 'Where insights are posted; empty means the INSIGHTS_CHANNEL of the environment.',
    may: 'the name or the id of a channel',
    schema: z.string().max(100),
    value: '',
  },
  approvers: {
    help: 'Who may decide; [] means the APPROVERS of the environment, or the members of the insights channel.',
    may: 'JSON like ["U012AB3CD", "product-managers"], with ids of people and handles of user groups',
    schema: z.array(z.string().min(1).max(100)).max(100),
    value: [] as string[],
  },
  admins: {
    help: 'Who may change channels and settings, beside admins of the Slack workspace; [] means the approvers.',
    may: 'JSON like ["U012AB3CD", "it-team"], with ids of people and handles of user groups',
    schema: z.array(z.string().min(1).max(100)).max(100),
    value: [] as string[],
  },
  paused: {
    help: 'Whether Throughline posts nothing by itself. It goes on reading, and answers whoever asks.',
    may: 'true or false',
    schema: z.boolean(),
    value: false as boolean,
  },
  'workspace.time_zone': {
    help: 'The clock by which days, quiet hours and digests of channels go.',
    may: 'the name of a time zone like Europe/Lisbon',
    schema: TimeZone,
    value: 'UTC',
  },
  'insights.per_day': {
    help: 'New cards per channel and day; more of them wait for the digest or the next day, the most important first.',
    may: 'a whole number from 0 to 100',
    schema: z.number().int().min(0).max(100),
    value: POSTS_PER_DAY,
  },
  'quiet.hours': {
    help: 'When nothing new is posted in channels; it comes when they end.',
    may: 'hours like 19:00-08:00, or 19:00-08:00 weekends, or weekends, or off',
    schema: QuietHoursText,
    value: 'off',
  },
  'digest.channel': {
    help: 'How often the insights channel gets a digest; a weekly one comes on Mondays.',
    may: 'off, daily or weekly',
    schema: z.enum(DIGESTS),
    value: 'weekly' as (typeof DIGESTS)[number],
  },
  'digest.at': {
    help: 'The hour of digests, by the clock of the workspace or of the person.',
    may: 'a time like 09:00',
    schema: TimeOfDay,
    value: '09:00',
  },
  'reminder.after': {
    help: 'Hours, quiet ones not counted, after which the owner of a channel is reminded once of a card that nobody decided on; 0 for never.',
    may: 'a whole number from 0 to 1000',
    schema: z.number().int().min(0).max(1000),
    value: 48 as number,
  },
} as const;

export type SettingKey = keyof typeof SETTINGS;
type Value<K extends SettingKey> = z.output<(typeof SETTINGS)[K]['schema']>;

export type ChannelMode = 'suggest' | 'observe' | 'off';

/** What comes in by itself: whatever the gate lets through, or only what is clearly a report. */
export type ChannelCapture = 'eager' | 'conservative';

export interface ChannelRow {
  channelId: string;
  name: string;
  mode: ChannelMode;
  origin: 'environment' | 'joined' | 'person';
  capture: ChannelCapture;
  /** Who is reminded when nobody decides on a card there; null is nobody. */
  ownerId: string | null;
}

/** A setting as people see it: `setBy` is null while nobody has changed it, `may` says what it can be. */
export interface SettingRow {
  key: SettingKey;
  value: unknown;
  setBy: string | null;
  help: string;
  may: string;
}

export interface Settings {
  get<K extends SettingKey>(tx: Tx, key: K): Promise<Value<K>>;
  all(tx: Tx): Promise<SettingRow[]>;
  /** Throws AppError('bad_request') that says what the value may be. */
  set(tx: Tx, key: string, value: unknown, by: string, at: Date): Promise<void>;
  unset(tx: Tx, key: string): Promise<void>;
  channel(tx: Tx, channelId: string): Promise<ChannelRow | null>;
  channels(tx: Tx): Promise<ChannelRow[]>;
  /** Puts a channel in, unless a person has decided about it; the environment outranks a mere joining. */
  setChannel(tx: Tx, row: Omit<ChannelRow, 'capture' | 'ownerId'>, at: Date): Promise<void>;
  /** For what is read from now on. False when there is no such channel. */
  setCapture(tx: Tx, channelId: string, capture: ChannelCapture, at: Date): Promise<boolean>;
  /** Says who is reminded for a channel, whether or not anything is read there. */
  setOwner(tx: Tx, channel: { id: string; name: string }, ownerId: string | null, at: Date): Promise<void>;
  renameChannel(tx: Tx, channelId: string, name: string, at: Date): Promise<void>;
}

/** Makes sure that the workspace exists. */
export async function ensureWorkspace(tx: Tx, id: WorkspaceId, at: Date): Promise<void> {
  await tx.query(`insert into workspace (id, name, created_at) values ($1, $1, $2) on conflict do nothing`, [id, at]);
}

/** Notes which Slack team a workspace is. Throws AppError('conflict') when the database belongs to another team. */
export async function claimTeam(tx: Tx, id: WorkspaceId, teamId: string): Promise<void> {
  const [row] = await tx.query<{ slack_team_id: string | null }>(
    `update workspace set slack_team_id = coalesce(slack_team_id, $2) where id = $1 returning slack_team_id`,
    [id, teamId],
  );
  if (row && row.slack_team_id !== teamId) {
    throw new AppError(
      'conflict',
      `This database belongs to the Slack team ${row.slack_team_id}, the token to ${teamId}. Use another DATA_DIR or DATABASE_URL.`,
    );
  }
}

/** Opens the settings of one workspace. */
export function createSettings(workspaceId: WorkspaceId): Settings {
  const read = (row: {
    channel_id: string;
    name: string;
    mode: ChannelMode;
    origin: ChannelRow['origin'];
    capture: ChannelCapture;
    owner_id: string | null;
  }): ChannelRow => ({
    channelId: row.channel_id,
    name: row.name,
    mode: row.mode,
    origin: row.origin,
    capture: row.capture,
    ownerId: row.owner_id,
  });
  return {
    async get(tx, key) {
      const [row] = await tx.query<{ value: unknown }>(
        `select value from setting where workspace_id = $1 and key = $2`,
        [workspaceId, key],
      );
      const parsed = row && SETTINGS[key].schema.safeParse(row.value);
      return (parsed?.success ? parsed.data : SETTINGS[key].value) as never;
    },
    async all(tx) {
      const rows = await tx.query<{ key: string; value: unknown; updated_by: string }>(
        `select key, value, updated_by from setting where workspace_id = $1`,
        [workspaceId],
      );
      const set = new Map(rows.map((row) => [row.key, row]));
      return (Object.keys(SETTINGS) as SettingKey[]).map((key) => ({
        key,
        value: set.get(key)?.value ?? SETTINGS[key].value,
        setBy: set.get(key)?.updated_by ?? null,
        help: SETTINGS[key].help,
        may: SETTINGS[key].may,
      }));
    },
    async set(tx, key, value, by, at) {
      const setting = SETTINGS[known(key)];
      const parsed = setting.schema.safeParse(value);
      if (!parsed.success)
        throw new AppError('bad_request', `${key} cannot be ${JSON.stringify(value)}: it is ${setting.may}.`);
      await tx.query(
        `insert into setting (workspace_id, key, value, origin, updated_at, updated_by) values ($1, $2, $3, 'person', $4, $5)
         on conflict (workspace_id, key) do update set value = $3, origin = 'person', updated_at = $4, updated_by = $5`,
        [workspaceId, key, JSON.stringify(parsed.data), at, by],
      );
    },
    async unset(tx, key) {
      await tx.query(`delete from setting where workspace_id = $1 and key = $2`, [workspaceId, known(key)]);
    },
    async channel(tx, channelId) {
      const [row] = await tx.query<Parameters<typeof read>[0]>(
        `select * from channel where workspace_id = $1 and channel_id = $2`,
        [workspaceId, channelId],
      );
      return row ? read(row) : null;
    },
    async channels(tx) {
      const rows = await tx.query<Parameters<typeof read>[0]>(
        `select * from channel where workspace_id = $1 order by name`,
        [workspaceId],
      );
      return rows.map(read);
    },
    async setChannel(tx, row, at) {
      await tx.query(
        `insert into channel (workspace_id, channel_id, name, mode, origin, updated_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (workspace_id, channel_id) do update set name = $3, mode = $4, origin = $5, updated_at = $6
         where (channel.mode, channel.name, channel.origin) is distinct from ($4, $3, $5)
           and (channel.origin <> 'person' or $5 = 'person') and not (channel.origin = 'environment' and $5 = 'joined')`,
        [workspaceId, row.channelId, row.name, row.mode, row.origin, at],
      );
    },
    async setCapture(tx, channelId, capture, at) {
      const rows = await tx.query(
        `update channel set capture = $3, updated_at = $4 where workspace_id = $1 and channel_id = $2 returning 1`,
        [workspaceId, channelId, capture, at],
      );
      return rows.length > 0;
    },
    async setOwner(tx, { id, name }, ownerId, at) {
      await tx.query(
        `insert into channel (workspace_id, channel_id, name, mode, origin, owner_id, updated_at) values ($1, $2, $3, 'off', 'joined', $4, $5)
         on conflict (workspace_id, channel_id) do update set owner_id = $4, updated_at = $5`,
        [workspaceId, id, name, ownerId, at],
      );
    },
    async renameChannel(tx, channelId, name, at) {
      await tx.query(`update channel set name = $3, updated_at = $4 where workspace_id = $1 and channel_id = $2`, [
        workspaceId,
        channelId,
        name,
        at,
      ]);
    },
  };
}

function known(key: string): SettingKey {
  if (Object.hasOwn(SETTINGS, key)) return key as SettingKey;
  throw new AppError('bad_request', `There is no setting ${key}. There are: ${Object.keys(SETTINGS).join(', ')}.`);
}
