// Quiet: when Throughline may open its mouth. One rule decides whether a card may get a message of its own now, and why it has to wait.
import type { CardView } from './card.ts';
import { isQuietAt, localOf, type QuietHours } from './hours.ts';
import type { Insight } from './insight.ts';
import type { Person, Refusal } from './policy.ts';

/** Parent posts per channel and day that nobody asked for. */
export const POSTS_PER_DAY: number = 5;

/** Why a card waits: the day's posts are spent, the channel sleeps, or somebody paused us. */
export type Held = 'budget' | 'quiet' | 'paused';

/** What holds for a channel at a moment. */
export interface ChannelRules {
  paused: boolean;
  hours: QuietHours | null;
  timeZone: string;
  perDay: number;
}

export type MayPost = { ok: true } | { ok: false; held: Held };

/**
 * Whether a card may get a parent message in a channel now. `spoken` are the moments of the channel's newest parent posts. What a person asked
 * for is never held. Critical matters need no place in the budget, and still let the channel sleep.
 */
export function mayPost(
  insight: Pick<Insight, 'broughtBy' | 'severity'>,
  rules: ChannelRules,
  spoken: readonly Date[],
  at: Date,
): MayPost {
  if (insight.broughtBy === 'person') return { ok: true };
  const held = isHushed(rules, at);
  if (held) return { ok: false, held };
  if (insight.severity === 'critical') return { ok: true };
  const today = localOf(at, rules.timeZone).date;
  const spent = spoken.filter((moment) => localOf(moment, rules.timeZone).date === today).length;
  return spent < rules.perDay ? { ok: true } : { ok: false, held: 'budget' };
}

/** Why nothing may be said in a channel by ourselves at this moment; null when it may. */
export function isHushed(
  rules: Pick<ChannelRules, 'paused' | 'hours' | 'timeZone'>,
  at: Date,
): 'paused' | 'quiet' | null {
  if (rules.paused) return 'paused';
  return isQuietAt(at, rules.hours, rules.timeZone) ? 'quiet' : null;
}

const SEVERITIES: readonly string[] = ['low', 'medium', 'high', 'critical'];

/** The most important first: more customers, then how much it hurts, then how much it has grown. */
export function byImportance(
  a: Pick<Insight, 'reach' | 'severity' | 'trend'>,
  b: Pick<Insight, 'reach' | 'severity' | 'trend'>,
): number {
  return (
    b.reach.customers - a.reach.customers ||
    SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) ||
    growth(b) - growth(a)
  );
}

function growth({ trend }: Pick<Insight, 'trend'>): number {
  return trend.lastWeek - trend.weekBefore;
}

export type ShowNowReply =
  /** It is on its way into the channel. */
  | { kind: 'posting'; channelId: string }
  /** It stands there already, or was decided on. */
  | { kind: 'already'; permalink: string | null; state: CardView['state'] }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'no_channel' }
  | { kind: 'gone' };

/** What Throughline has said in one place. */
export interface ChannelNoise {
  /** Null for everything together. */
  channelId: string | null;
  name: string | null;
  /** Messages of their own, those among them that are cards, and answers in threads. */
  parents: number;
  cards: number;
  replies: number;
  updates: number;
  ephemerals: number;
  dms: number;
}

/** The noise report: what was said against what it led to. */
export interface NoiseReport {
  days: number;
  from: string;
  to: string;
  /** The channels in which anything was said, the loudest first. */
  channels: ChannelNoise[];
  total: ChannelNoise;
  /** Decisions that people took in this time. */
  decisions: number;
  /** Cards that were posted in this time, and those of them that anybody has decided on since. */
  posted: number;
  decided: number;
  /** Cards that are held back right now. */
  held: number;
}

/** What people can ask about noise. Only numbers: nothing in it needs an audience. */
export interface QuietVerbs {
  noise(days: number): Promise<NoiseReport>;
  /** Posts a card that waits, now, because this person wants it. */
  showNow(input: { cardId: string; person: Person }): Promise<ShowNowReply>;
}
