// Administer: what admins change while everything runs. Each change is one short transaction with its line in the audit, and counts at once.
import type { AdminVerbs, AdminView, ChannelLine, ListenMode, SettingLine } from '#src/domain/admin.ts';
import { AppError } from '#src/domain/errors.ts';
import type { Listed } from '#src/domain/home.ts';
import type { Person, Refusal } from '#src/domain/policy.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Telemetry, Tx } from '#src/domain/ports.ts';
import type { NoiseReport } from '#src/domain/quiet.ts';
import type { Records } from '#src/domain/stores.ts';
import type { Health } from './health.ts';

// Each takes two blocks of a view that holds a hundred.
const CHANNELS_SHOWN = 15;
const NOISE_DAYS = 7;
// It has a button of its own, which also lets go what was held back.
const OWN_BUTTON: ReadonlySet<string> = new Set(['paused']);

type Channel = ChannelLine & { origin: 'environment' | 'joined' | 'person' };

/** Settings and channels, as storage keeps them. */
export interface AdminSettings {
  all(tx: Tx): Promise<{ key: string; value: unknown; setBy: string | null; help: string; may: string }[]>;
  /** Throws AppError('bad_request') that says what the value may be. */
  set(tx: Tx, key: string, value: unknown, by: string, at: Date): Promise<void>;
  unset(tx: Tx, key: string): Promise<void>;
  channel(tx: Tx, channelId: string): Promise<Channel | null>;
  channels(tx: Tx): Promise<Channel[]>;
  setChannel(
    tx: Tx,
    row: { channelId: string; name: string; mode: ListenMode; origin: 'person' },
    at: Date,
  ): Promise<void>;
  setCapture(tx: Tx, channelId: string, capture: ChannelLine['capture'], at: Date): Promise<boolean>;
  setOwner(tx: Tx, channel: { id: string; name: string }, ownerId: string | null, at: Date): Promise<void>;
}

export interface AdministerDeps {
  db: Db;
  settings: AdminSettings;
  records: Pick<Records, 'audit'>;
  health: Health;
  noise: (days: number) => Promise<NoiseReport>;
  /** A channel as it is in Slack; null when we cannot see it. */
  channel: (channelId: string) => Promise<{ id: string; name: string; isPrivate: boolean; isMember: boolean } | null>;
  /** Enters a public channel; false when we may not. */
  join: (channelId: string) => Promise<boolean>;
  /** Entries of a list of people that name nobody. */
  unknownPeople: (entries: readonly string[]) => Promise<string[]>;
  /** Something was set that the running bot keeps in memory. */
  settingsChanged: () => Promise<void>;
  nameOf: (actor: string) => Promise<string>;
  telemetry: Telemetry;
  now: () => Date;
}

/** Makes the verbs of admins, and the page that shows them what there is. */
export function createAdministering(deps: AdministerDeps): { verbs: AdminVerbs; view: () => Promise<AdminView> } {
  const { db, settings } = deps;

  const verbs: AdminVerbs = {
    async setChannel({ person, channelId, change }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      const [what, value] = 'ownerId' in change ? (['owner', change.ownerId] as const) : Object.entries(change)[0]!;
      return db.transaction('admin.channel', async (tx) => {
        const at = deps.now();
        const row = await settings.channel(tx, channelId);
        if (!row) return { kind: 'gone' };
        if ('mode' in change)
          await settings.setChannel(tx, { channelId, name: row.name, mode: change.mode, origin: 'person' }, at);
        else if ('capture' in change) await settings.setCapture(tx, channelId, change.capture, at);
        else await settings.setOwner(tx, { id: channelId, name: row.name }, change.ownerId, at);
        await audit(tx, person, `channel.${what}`, 'channel', channelId, { to: value }, at);
        return { kind: 'done', name: row.name };
      });
    },

    async listenTo({ person, channelIds, mode }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      const listening: { channelId: string; name: string }[] = [];
      const uninvited: string[] = [];
      for (const channelId of channelIds) {
        const channel = await deps.channel(channelId);
        if (!channel || !(channel.isMember || (!channel.isPrivate && (await deps.join(channelId)))))
          uninvited.push(channelId);
        if (channel) listening.push({ channelId, name: channel.name });
      }
      await db.transaction('admin.listen', async (tx) => {
        const at = deps.now();
        for (const { channelId, name } of listening) {
          await settings.setChannel(tx, { channelId, name, mode, origin: 'person' }, at);
          await audit(tx, person, 'channel.mode', 'channel', channelId, { to: mode }, at);
        }
      });
      return { kind: 'done', listening, uninvited };
    },

    async setInsights({ person, channelId, approvers }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      const entries = await deps.unknownPeople(approvers);
      if (entries.length > 0) return { kind: 'unknown_people', entries };
      const channel = await deps.channel(channelId);
      if (!channel) return { kind: 'unreachable' };
      const isThere = channel.isMember || (!channel.isPrivate && (await deps.join(channelId)));
      await db.transaction('admin.insights', async (tx) => {
        const at = deps.now();
        await settings.set(tx, 'insights.channel', channelId, person.id, at);
        await settings.set(tx, 'approvers', [...approvers], person.id, at);
        await audit(tx, person, 'setting.changed', 'setting', 'insights.channel', { to: channelId }, at);
        await audit(tx, person, 'setting.changed', 'setting', 'approvers', { to: approvers.join(',') }, at);
      });
      await deps.settingsChanged();
      return { kind: 'done', channelId, uninvited: !isThere };
    },

    async approvers() {
      const value = (await settings.all(db)).find(({ key }) => key === 'approvers')?.value;
      return Array.isArray(value) ? value.map(String) : [];
    },

    async checkHealth({ person }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      deps.telemetry.count('home_changes_total', { what: 'health' });
      return { kind: 'done', health: await deps.health.check() };
    },

    async settings(person) {
      const refusal = refusalOf(person);
      return refusal ? { kind: 'refused', refusal } : { kind: 'done', settings: await lines() };
    },

    async setSetting({ person, key, text }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      if (OWN_BUTTON.has(key)) return { kind: 'invalid', why: 'This is switched by its own button.' };
      try {
        await db.transaction('admin.setting', async (tx) => {
          const at = deps.now();
          if (text === null) await settings.unset(tx, key);
          else await setTo(tx, key, text, person.id, at);
          await audit(tx, person, 'setting.changed', 'setting', key, { standard: text === null }, at);
        });
      } catch (error) {
        if (error instanceof AppError && error.code === 'bad_request') return { kind: 'invalid', why: error.message };
        throw error;
      }
      await deps.settingsChanged();
      return { kind: 'done', setting: (await lines()).find((line) => line.key === key)! };
    },
  };

  return { verbs, view };

  async function view(): Promise<AdminView> {
    const [channels, health, noise, all] = await Promise.all([
      settings.channels(db),
      deps.health.now(),
      deps.noise(NOISE_DAYS),
      lines(),
    ]);
    return { channels: listed(channels), health, noise, settings: all };
  }

  async function lines(): Promise<SettingLine[]> {
    const rows = (await settings.all(db)).filter(({ key }) => !OWN_BUTTON.has(key));
    return Promise.all(
      rows.map(async ({ key, value, setBy, help, may: what }) => ({
        key,
        value: typeof value === 'string' ? value : JSON.stringify(value),
        setBy: setBy === null ? null : await deps.nameOf(setBy),
        help,
        may: what,
      })),
    );
  }

  /** The text itself where the setting takes it, else the JSON that it is: nobody has to quote the name of an emoji. */
  async function setTo(tx: Tx, key: string, text: string, by: string, at: Date): Promise<void> {
    try {
      await settings.set(tx, key, text, by, at);
    } catch (error) {
      const value = asJson(text);
      if (value === undefined || !(error instanceof AppError && error.code === 'bad_request')) throw error;
      await settings.set(tx, key, value, by, at);
    }
  }

  function audit(
    tx: Tx,
    person: Person,
    verb: string,
    thingKind: string,
    thingId: string,
    detail: Record<string, string | boolean | null>,
    at: Date,
  ): Promise<void> {
    deps.telemetry.count('home_changes_total', { what: thingKind });
    return deps.records.audit(tx, [{ actor: person.id, verb, thingKind, thingId, detail, at: at.toISOString() }]);
  }

  function refusalOf(person: Person): Refusal | null {
    const allowed = may(person, 'administer', { kind: 'record' }, deps.now());
    return allowed.ok ? null : allowed.refusal;
  }
}

/** Those that are listened to first. */
function listed(channels: readonly Channel[]): Listed<ChannelLine> {
  const order = (channel: Channel) => (channel.mode === 'off' ? 1 : 0);
  const rows = channels
    .toSorted((a, b) => order(a) - order(b) || a.name.localeCompare(b.name))
    .map(({ channelId, name, mode, capture, ownerId }) => ({ channelId, name, mode, capture, ownerId }));
  return { rows: rows.slice(0, CHANNELS_SHOWN), more: Math.max(0, rows.length - CHANNELS_SHOWN) };
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
