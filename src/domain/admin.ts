// Administration: what admins see of Throughline itself, and what they change while it runs. Codes, counts and names; nobody's words, never a secret.
import type { Listed } from './home.ts';
import type { Person, Refusal } from './policy.ts';
import type { Tx } from './ports.ts';
import type { NoiseReport } from './quiet.ts';

export const CHANNEL_MODES = ['suggest', 'observe', 'off'] as const;
export type ListenMode = (typeof CHANNEL_MODES)[number];
export const CAPTURE_MODES = ['eager', 'conservative'] as const;
export type CaptureMode = (typeof CAPTURE_MODES)[number];

/** A channel that is listened to, or was. */
export interface ChannelLine {
  channelId: string;
  name: string;
  mode: ListenMode;
  capture: CaptureMode;
  /** Who is reminded when nobody decides. */
  ownerId: string | null;
}

/** The systems that Throughline stands between, in the order in which reports pass them. */
export const SYSTEMS = ['slack', 'zendesk', 'linear', 'github', 'model', 'database'] as const;
export type SystemId = (typeof SYSTEMS)[number];

/** What a live check said. `detail` and `fix` hold no secret. */
export interface CheckResult {
  at: string;
  ok: boolean;
  detail: string;
  fix: string | null;
}

/** How one connection is. Times are ISO 8601; null when we know of none. */
export interface SystemHealth {
  system: SystemId;
  connected: boolean;
  /** When something last came in from there. */
  heardAt: string | null;
  /** When it last did what we asked. */
  answeredAt: string | null;
  /** Set while its newest answer is a failure. */
  failedAt: string | null;
  checked: CheckResult | null;
}

/** A setting as it stands; `value` as a person would type it. */
export interface SettingLine {
  key: string;
  value: string;
  /** Null while nobody has changed it. */
  setBy: string | null;
  help: string;
  may: string;
}

/** The page of Home for admins. */
export interface AdminView {
  channels: Listed<ChannelLine>;
  health: SystemHealth[];
  noise: NoiseReport;
  settings: SettingLine[];
}

/** What is changed about one channel: one thing at a time. */
export type ChannelChange = { mode: ListenMode } | { capture: CaptureMode } | { ownerId: string | null };

interface Refused {
  kind: 'refused';
  refusal: Refusal;
}

export type ChannelReply = { kind: 'done'; name: string } | { kind: 'gone' } | Refused;
export type ListenReply =
  | {
      kind: 'done';
      listening: { channelId: string; name: string }[];
      /** Channels that we may not enter by ourselves: somebody has to invite us. */
      uninvited: string[];
    }
  | Refused;
export type InsightsReply =
  | { kind: 'done'; channelId: string; uninvited: boolean }
  /** Names that are nobody's here. */
  | { kind: 'unknown_people'; entries: string[] }
  | { kind: 'unreachable' }
  | Refused;
export type SettingReply = { kind: 'done'; setting: SettingLine } | { kind: 'invalid'; why: string } | Refused;

/** What admins can ask for. */
export interface AdminVerbs {
  /** Changes one channel, for what is read from now on. */
  setChannel(input: { person: Person; channelId: string; change: ChannelChange }): Promise<ChannelReply>;
  /** Listens in these channels too, and enters those that are public. */
  listenTo(input: { person: Person; channelIds: readonly string[]; mode: ListenMode }): Promise<ListenReply>;
  /** Says where insights go and who decides; no approvers means those of the environment. */
  setInsights(input: { person: Person; channelId: string; approvers: readonly string[] }): Promise<InsightsReply>;
  /** Who is named as an approver by a person's choice. */
  approvers(): Promise<string[]>;
  /** Asks every connection, live. */
  checkHealth(input: { person: Person }): Promise<{ kind: 'done'; health: SystemHealth[] } | Refused>;
  settings(person: Person): Promise<{ kind: 'done'; settings: SettingLine[] } | Refused>;
  /** Null takes it back to its standard. The text is what a person typed. */
  setSetting(input: { person: Person; key: string; text: string | null }): Promise<SettingReply>;
}

/** What health asks of storage. */
export interface HealthRows {
  /** When something last came in, by source. */
  heard(tx: Tx, sources: readonly string[]): Promise<Map<string, string>>;
  /** When an effect was last carried out, by system. */
  acted(tx: Tx): Promise<Map<string, string>>;
}
