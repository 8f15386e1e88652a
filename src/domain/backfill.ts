// Backfill: what was said in a channel before we listened, taken in afterwards. Where each channel's reading stands, and what can be told of it.
import { z } from 'zod';
import type { Person, Refusal } from './policy.ts';

const DAY_MS = 86_400_000;
/** Further back than this nobody asks what customers wanted. */
const BACKFILL_DAYS_MAX = 3_650;

/** How far the reading of one channel has come. It goes from the newest message to the oldest, so that whatever is read is read without gaps. */
export const BackfillPlace = z.strictObject({
  v: z.literal(1),
  /** Where the messages are likely to begin: the channel is no older, though imported messages can be. For estimates only. */
  likelyStart: z.string(),
  /** Everything above this moment has been read; Slack's `ts`. */
  before: z.string(),
  /** Where the last page began, and how many threads it had: what is left of them is `threads`. */
  pageFrom: z.string(),
  pageThreads: z.number().int(),
  threads: z.array(z.string()),
  /** How far the first of them has been read. */
  replies: z.string().nullable(),
  /** No older page is left. */
  end: z.boolean(),
});
export type BackfillPlace = z.infer<typeof BackfillPlace>;

/** `waiting` for its turn; `reading`; `stopped` by a person; `failed` for a reason that a person has to do something about. */
export type BackfillState = 'waiting' | 'reading' | 'stopped' | 'failed' | 'done';

/** The back-fill of one channel. Times are ISO 8601. */
export interface Backfill {
  channelId: string;
  name: string;
  state: BackfillState;
  via: 'command' | 'home';
  /** What was said before this is not read. */
  since: string;
  /** When it began: what came afterwards comes by events. */
  until: string;
  place: BackfillPlace;
  messages: number;
  threads: number;
  /** Requests that Slack answered; counts the steps, too. */
  requests: number;
  /** Slack answers this app once a minute with 15 messages. */
  slow: boolean;
  /** Why it failed and what to do about it; one sentence. */
  problem: string | null;
  startedBy: string;
  startedAt: string;
  updatedAt: string;
  /** When whoever started it was told what came of it. */
  toldAt: string | null;
}

/** What it comes to, as far as it can be told. */
export interface Estimate {
  /** 0 to 1. */
  share: number;
  /** Messages there will be in all; null before the first page. */
  messages: number | null;
  remainingMs: number | null;
}

/** The place of a reading that has not begun. */
export function startingPlace(until: Date, likelyStart: string): BackfillPlace {
  const before = tsOf(until);
  return { v: 1, likelyStart, before, pageFrom: before, pageThreads: 0, threads: [], replies: null, end: false };
}

/** How far it is, from the time that is read: Slack does not say how many messages a channel has. */
export function estimateOf(backfill: Backfill, perMinute: number): Estimate {
  if (backfill.state === 'done') return { share: 1, messages: backfill.messages, remainingMs: 0 };
  const { place, messages, requests, slow } = backfill;
  const until = Date.parse(backfill.until) / 1000;
  const all = Math.max(1, until - Date.parse(place.likelyStart) / 1000);
  const floor = place.end ? until - all : Number(place.before);
  const page = Number(place.pageFrom) - floor;
  const left = place.pageThreads === 0 ? 0 : (place.threads.length / place.pageThreads) * page;
  // A page's messages are known at once, its threads cost a request each: the first says how many, the second how long.
  const seen = Math.min(1, Math.max(0, (until - floor) / all));
  const share = Math.min(0.999, Math.max(0, seen - left / all));
  if (seen === 0) return { share, messages: null, remainingMs: null };
  const expected = Math.max(messages, Math.round(messages / seen));
  if (share === 0) return { share, messages: expected, remainingMs: null };
  const everyMs = 60_000 / (slow ? 1 : perMinute);
  return {
    share,
    messages: expected,
    remainingMs: Math.ceil(((requests / share) * (1 - share) * everyMs) / 1000) * 1000,
  };
}

/** The moment so many days ago. */
export function sinceOf(days: number, now: Date): Date {
  return new Date(now.getTime() - days * DAY_MS);
}

/** How many days back a person means by 90d, 12w, 3m or 1y; null when that is none, or further than we go. */
export function daysIn(text: string): number | null {
  const found = /^(\d{1,4})([dwmy])?$/.exec(text.trim().toLowerCase());
  if (!found) return null;
  const days = Number(found[1]) * { d: 1, w: 7, m: 30, y: 365 }[(found[2] ?? 'd') as 'd' | 'w' | 'm' | 'y'];
  return days >= 1 && days <= BACKFILL_DAYS_MAX ? days : null;
}

/** A moment as Slack writes it. */
export function tsOf(at: Date): string {
  return (at.getTime() / 1000).toFixed(6);
}

/** One channel's back-fill, with what can be told of its end. */
export type BackfillView = Backfill & { estimate: Estimate };

/** What the messages of some channels' back-fills came to. */
export interface BackfillSummary {
  messages: number;
  themes: number;
  /** Insights that no card shows yet. */
  waiting: number;
  /** Those of them with the most customers, as far as the reader may know their names. */
  largest: { insightId: string; title: string; customers: number; reports: number }[];
  /** How many of the largest the reader may not know. */
  hidden: number;
}

export type StartBackfillReply =
  | { kind: 'started'; backfill: BackfillView /** It goes on where an earlier one stopped. */; resumed: boolean }
  /** Somebody has started it already, and it is not done. */
  | { kind: 'already'; by: string; backfill: BackfillView }
  | { kind: 'not_watched' }
  | { kind: 'refused'; refusal: Refusal };

export type ShowBackfilledReply =
  /** Those that are `held` come when the channel's day or hour bears it. */
  | { kind: 'posted'; posted: number; held: number; waiting: number }
  | { kind: 'no_channel' }
  | { kind: 'refused'; refusal: Refusal };

/** What an admin can ask about the past of a channel. */
export interface BackfillVerbs {
  startBackfill(input: { channelId: string; days: number; person: Person }): Promise<StartBackfillReply>;
  stopBackfill(input: {
    channelId: string;
    person: Person;
  }): Promise<{ kind: 'done' } | { kind: 'gone' } | { kind: 'refused'; refusal: Refusal }>;
  /** Every channel that is or was read, by name. */
  backfill(): Promise<BackfillView[]>;
  /** Shows the insights with the most customers that an ended back-fill found, as many as the day still bears. */
  showBackfilled(input: { channelIds: readonly string[]; person: Person; limit: number }): Promise<ShowBackfilledReply>;
}
