// Trouble on demand: what a test makes go wrong, one call at a time, in Slack's own form.
import type { Clock } from '#src/domain/ports.ts';
import type { Courier, Delivery } from './delivery.ts';
import type { Fields } from './model.ts';

/** How one call goes wrong. `after` means that the effect happens and only the answer is lost. */
export type Fault =
  | { kind: 'rate_limited'; retryAfterS: number }
  | { kind: 'server_error'; status?: number; after?: boolean }
  /** The call hangs until the caller gives up. */
  | { kind: 'hang'; after?: boolean }
  /** The connection breaks without an answer. */
  | { kind: 'reset'; after?: boolean }
  | { kind: 'error'; error: string; extra?: Fields };

/** Makes things go wrong. */
export interface Faults {
  /** The next `times` calls of a method (`*` for any) go wrong this way. Faults of one method are used in the order they were asked for. */
  next(method: string, fault: Fault, times?: number): void;
  /** Every call goes wrong this way until so much time has passed on the simulator's clock; a rate limit says how much is left of it. */
  outage(fault: { kind: 'rate_limited' } | Exclude<Fault, { kind: 'rate_limited' }>, forMs: number): void;
  /** One message per second and channel, as Slack allows; false switches it off. */
  channelRateLimit(on: boolean | { perSecond: number; burst?: number }): void;
  /** Slack's limits per method and minute: a call too many is answered 429 with the seconds until there is room. Off by default. */
  tierLimits(on: boolean): void;
  /** What Slack gives apps that are distributed outside its Marketplace: history and replies once a minute, 15 messages each. */
  distributed(on: boolean): void;
  /** Events are kept back until `release`, which may shuffle them. */
  hold(): void;
  release(options?: { order?: 'sent' | 'random' | 'reverse'; seed?: number }): Delivery[];
  /** The next events that match are lost, or sent twice. */
  drop(match?: (delivery: Delivery) => boolean, times?: number): void;
  duplicate(match?: (delivery: Delivery) => boolean, times?: number): void;
  /** Breaks the Socket Mode connections without a word. */
  cutSockets(): void;
  /** Closes the Socket Mode connections the way Slack does every few hours. */
  disconnectSockets(reason?: 'warning' | 'refresh_requested' | 'link_disabled'): void;
  /** Faults that were asked for and not used: a test ends with none. */
  unused(): { method: string; fault: Fault }[];
  clear(): void;
}

/** The side that the server asks. */
export interface FaultDesk extends Faults {
  take(method: string): Fault | null;
  /** Seconds to wait before the next message in this channel, 0 when it may go. */
  throttle(channel: string): number;
  /** Seconds to wait before this method may be called, 0 when it may be called now. */
  tier(method: string): number;
  /** How many messages a page of this method has at most; null when it is the method's own business. */
  pageMax(method: string): number | null;
}

// Calls a minute, from Slack's list of tiers (2: 20, 3: 50, 4: 100). Posting has a limit of its own.
const TIERS: Readonly<Record<string, number>> = {
  'conversations.list': 20,
  'users.list': 20,
  'usergroups.list': 20,
  'conversations.history': 50,
  'conversations.replies': 50,
  'conversations.info': 50,
  'chat.update': 50,
  'chat.delete': 50,
  'reactions.add': 50,
  'reactions.remove': 50,
  'conversations.members': 100,
  'users.info': 100,
  'chat.postEphemeral': 100,
  'views.open': 100,
  'views.update': 100,
  'views.publish': 100,
};
const MINUTE_MS = 60_000;
const SLOWED = new Set(['conversations.history', 'conversations.replies']);
const SLOWED_PAGE = 15;

/** Makes the desk. */
export function createFaults(deps: {
  clock: Clock;
  courier: Courier;
  disconnectSockets: (reason: string) => void;
  cutSockets: () => void;
}): FaultDesk {
  const { clock, courier } = deps;
  let queue: { method: string; fault: Fault }[] = [];
  let limit: { perSecond: number; burst: number } | null = null;
  const buckets = new Map<string, { tokens: number; at: number }>();
  let outage: { fault: Parameters<Faults['outage']>[0]; until: number } | null = null;
  let tiersOn = false;
  let isDistributed = false;
  // The times of the last minute's calls, by method.
  const called = new Map<string, number[]>();
  return {
    next(method, fault, times = 1) {
      for (let count = 0; count < times; count++) queue.push({ method, fault });
    },
    outage(fault, forMs) {
      outage = { fault, until: clock.now().getTime() + forMs };
    },
    take(method) {
      const leftMs = outage ? outage.until - clock.now().getTime() : 0;
      if (outage && leftMs > 0) {
        const { fault } = outage;
        return fault.kind === 'rate_limited' ? { ...fault, retryAfterS: Math.ceil(leftMs / 1000) } : fault;
      }
      const index = queue.findIndex((one) => one.method === method || one.method === '*');
      return index < 0 ? null : queue.splice(index, 1)[0]!.fault;
    },
    channelRateLimit(on) {
      limit = on === false ? null : { perSecond: 1, burst: 1, ...(on === true ? {} : on) };
      buckets.clear();
    },
    throttle(channel) {
      if (!limit) return 0;
      const now = clock.now().getTime();
      const bucket = buckets.get(channel) ?? { tokens: limit.burst, at: now };
      bucket.tokens = Math.min(limit.burst, bucket.tokens + ((now - bucket.at) / 1000) * limit.perSecond);
      bucket.at = now;
      buckets.set(channel, bucket);
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / limit.perSecond));
      bucket.tokens -= 1;
      return 0;
    },
    tierLimits(on) {
      tiersOn = on;
      called.clear();
    },
    distributed(on) {
      isDistributed = on;
      called.clear();
    },
    tier(method) {
      const most = isDistributed && SLOWED.has(method) ? 1 : tiersOn ? TIERS[method] : undefined;
      if (most === undefined) return 0;
      const now = clock.now().getTime();
      const recent = (called.get(method) ?? []).filter((at) => at > now - MINUTE_MS);
      if (recent.length >= most) return Math.max(1, Math.ceil((recent[0]! + MINUTE_MS - now) / 1000));
      called.set(method, [...recent, now]);
      return 0;
    },
    pageMax: (method) => (isDistributed && SLOWED.has(method) ? SLOWED_PAGE : null),
    hold: courier.hold,
    release: courier.release,
    drop: courier.drop,
    duplicate: courier.duplicate,
    cutSockets: deps.cutSockets,
    disconnectSockets: (reason = 'refresh_requested') => deps.disconnectSockets(reason),
    unused: () => [...queue],
    clear() {
      queue = [];
      limit = null;
      outage = null;
      buckets.clear();
      tiersOn = false;
      isDistributed = false;
      called.clear();
      courier.clearFaults();
    },
  };
}
