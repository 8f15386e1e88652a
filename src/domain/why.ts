// Why: what the bot made of one message, and what it did not, for the person who asks. Words are redacted; places that they cannot open stay closed.
import type { CardState, CardView } from './card.ts';
import type { Gate } from './gate.ts';
import type { Observation, ProducedBy } from './observation.ts';
import type { Person, Refusal } from './policy.ts';
import type { Tx } from './ports.ts';
import type { MessageRef } from './verbs.ts';

/** Why we hold nothing of a message. `missed`: we listen there, and it never reached us. */
export const NOT_HELD = [
  'not_watched',
  'bot',
  'staff',
  'direct',
  'empty',
  'too_old',
  'waiting',
  'missed',
  'not_found',
] as const;
export type NotHeld = (typeof NOT_HELD)[number];

/** A message as Slack shows it now, as far as it matters here. */
export interface Looked {
  found: boolean;
  /** It is one of ours; with the key that it was posted under when there is one. */
  ours: { key: string | null } | null;
  isBot: boolean;
  isStaff: boolean;
  isDirect: boolean;
  isEmpty: boolean;
  /** ISO 8601. */
  at: string;
}

/** How a place is listened to, and who said so. */
export interface Watch {
  mode: 'suggest' | 'observe' | 'off';
  capture: 'eager' | 'conservative';
  by: 'environment' | 'joined' | 'person' | null;
}

/** A theme as one person may see it: `title` null when its words are not theirs to read. */
export interface SeenTheme {
  themeId: string;
  title: string | null;
}

/** Everything about a message that we hold. Times are ISO 8601, people are display names. */
export interface MessageWhy {
  message: MessageRef | null;
  key: string;
  watch: Watch;
  role: 'customer' | 'staff' | 'bot';
  deleted: boolean;
  historical: boolean;
  capturedBy: string | null;
  /** Who said that it is no report. */
  calledNoiseBy: string | null;
  /** As we hold it: without names, addresses and numbers of people. Null when it was erased. */
  redacted: string | null;
  conversation: { id: string; messages: number; customers: number } | null;
  observation: {
    id: string;
    kind: string;
    severity: string;
    area: string | null;
    language: string | null;
    confidence: Record<'kind' | 'severity' | 'area' | 'language' | 'isNoise', number>;
    isNoise: boolean;
    gate: Gate | null;
    title: string | null;
    producedBy: ProducedBy;
  } | null;
  theme: (SeenTheme & { score: number | null; at: string; by: string | null }) | null;
  nearest: (SeenTheme & { score: number; needed: number })[];
  /** Near themes that this person may not read. */
  nearestHidden: number;
  card: { cardId: string; state: CardState; permalink: string | null } | null;
  issue: { label: string; url: string | null; state: string | null } | null;
}

/** Why one of our cards is there. */
export interface CardWhy {
  card: Pick<CardView, 'cardId' | 'state' | 'insight' | 'cameBackBecause' | 'wordsHidden' | 'decision' | 'issue'>;
  /** What brought it up, with the number of customers that it takes now. */
  broughtBy: 'reach' | 'person';
  customersNeeded: number;
  postedAt: string | null;
  permalink: string | null;
}

export type WhyReply =
  | { kind: 'message'; why: MessageWhy; canCapture: boolean }
  | { kind: 'card'; why: CardWhy }
  /** Ours, and nothing that was decided about. */
  | { kind: 'ours' }
  | { kind: 'not_held'; because: NotHeld; watch: Watch; message: MessageRef; canCapture: boolean }
  /** The person who asks cannot open that place. */
  | { kind: 'closed' }
  | { kind: 'refused'; refusal: Refusal };

export interface WhyVerbs {
  /** `seen`: the person has the message before them, so that they may read it whatever we can find out about the place. */
  why(input: { message: MessageRef; person: Person; seen: boolean }): Promise<WhyReply>;
}

/** A message as it is stored, with its conversation and what was made of it. */
export interface HeldMessage {
  signalId: string;
  deleted: boolean;
  role: MessageWhy['role'];
  capturedBy: string | null;
  containerId: string;
  historical: boolean;
  conversation: MessageWhy['conversation'];
  themeId: string | null;
  /** A person said that it is no report. */
  calledNoiseBy: string | null;
  placed: { score: number | null; by: string; at: string } | null;
  observation: Observation | null;
  /** Null when it was erased. */
  title: string | null;
  vector: Buffer | null;
}

/** What storage knows of single messages. */
export interface Whys {
  message(tx: Tx, externalId: string): Promise<HeldMessage | null>;
  /** When the oldest message was written that we heard in a place ourselves; null when there is none. */
  heardSince(tx: Tx, containerId: string): Promise<string | null>;
}

/** The message that a link leads to; null for anything else. */
export function messageOfLink(link: string): MessageRef | null {
  const [, channelId, seconds, rest] = /\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})/.exec(link) ?? [];
  return channelId && seconds && rest ? { channelId, ts: `${seconds}.${rest}` } : null;
}

/** Why we hold nothing of a message, from what Slack says of it and since when we listen there. */
export function whyNotHeld(input: {
  looked: Looked;
  watch: Watch;
  /** The oldest message that we heard there, ISO 8601. */
  heardSince: string | null;
  now: Date;
}): NotHeld {
  const { looked, watch, heardSince, now } = input;
  if (looked.isDirect) return 'direct';
  if (!looked.found) return watch.mode === 'off' ? 'not_watched' : 'not_found';
  if (looked.isEmpty) return 'empty';
  if (watch.mode === 'off') return 'not_watched';
  if (looked.isBot) return 'bot';
  if (now.getTime() - Date.parse(looked.at) < WAITING_MS) return 'waiting';
  if (heardSince === null || looked.at < heardSince) return 'too_old';
  return looked.isStaff ? 'staff' : 'missed';
}

// A message is read within seconds; a minute later something is wrong.
const WAITING_MS = 60_000;
