// The past of a channel, page by page and politely: below Slack's limits, and slower still where Slack allows less.
import type { Clock } from '#src/domain/ports.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { MessagePage, SlackClient } from './client.ts';
import type { Inbound } from './inbound.ts';
import type { People } from './people.ts';
import type { WireMessage } from './wire.ts';

// Since 2025 an app that is distributed outside Slack's Marketplace gets this many messages at most, once a minute, however many it asks for.
const CAPPED_PAGE = 15;
const CAPPED_EVERY_MS = 60_000;
// Tier 4 allows a hundred a minute; names that are remembered cost nothing.
const LOOK_UP_EVERY_MS = 700;
// What may go at once after a while of quiet; together with the pace it stays below what one minute allows.
const BURST = 4;
// Enough for everybody in a busy channel.
const KNOWN_MAX = 20_000;

/** How fast we may ask. */
export interface Pace {
  /** Requests of one kind in a minute. */
  perMinute: number;
  /** Messages in an answer. */
  limit: number;
  /** It has been seen that Slack answers this app once a minute only. */
  slow: boolean;
  signal: AbortSignal;
}

/** One page of the past. */
export interface PastPage {
  facts: Fact[];
  /** The oldest message on it; null when it is empty. */
  oldest: string | null;
  /** Messages that have replies. */
  threads: string[];
  /** Where the next page of a thread begins. */
  cursor: string | null;
  more: boolean;
  /** Slack gave as little as it gives to apps that it slows down. */
  slow: boolean;
}

/** What was said before we listened. Throws ExternalError. */
export interface Past {
  /** The newest messages between two moments. */
  page(channelId: string, window: { after: string; before: string }, pace: Pace): Promise<PastPage>;
  /** Replies of a thread from `cursor` on, the parent left out; an empty page when the thread is gone. */
  replies(
    channelId: string,
    threadTs: string,
    window: { before: string; cursor: string | null },
    pace: Pace,
  ): Promise<PastPage>;
}

/** Makes the reader of one workspace's past. */
export function createPast(deps: {
  client: Pick<SlackClient, 'history' | 'replies'>;
  inbound: Pick<Inbound, 'readHistory'>;
  people: Pick<People, 'user'>;
  clock: Clock;
}): Past {
  const { client, inbound, people, clock } = deps;
  const buckets = new Map<string, { tokens: number; at: number }>();
  const known = new Set<string>();

  return {
    async page(channelId, window, pace) {
      await turn('history', pace);
      const page = await client.history(channelId, { ...window, limit: pace.limit });
      const threads = page.messages.filter((one) => (one.reply_count ?? 0) > 0 && isParent(one)).map(({ ts }) => ts);
      const oldest = page.messages.reduce<string | null>(
        (least, { ts }) => (least === null || Number(ts) < Number(least) ? ts : least),
        null,
      );
      return { ...(await read('history', channelId, page, page.messages, pace)), threads, oldest };
    },

    async replies(channelId, threadTs, { before, cursor }, pace) {
      await turn('replies', pace);
      const page = await client.replies(channelId, threadTs, { before, cursor, limit: pace.limit });
      if (page === 'gone') return { facts: [], oldest: null, threads: [], cursor: null, more: false, slow: pace.slow };
      // Every page begins with the parent, which its channel's history has told already.
      const replies = page.messages.filter(({ ts }) => ts !== threadTs);
      return { ...(await read('replies', channelId, page, replies, pace)), threads: [], oldest: null };
    },
  };

  async function read(
    kind: 'history' | 'replies',
    channelId: string,
    page: MessagePage,
    messages: readonly WireMessage[],
    pace: Pace,
  ) {
    for (const author of new Set(messages.flatMap(({ user }) => user ?? []))) {
      if (known.has(author)) continue;
      await turn('names', pace);
      await people.user(author);
      if (known.size < KNOWN_MAX) known.add(author);
    }
    const slow = pace.slow || (page.more && pace.limit > CAPPED_PAGE && page.messages.length <= CAPPED_PAGE);
    // The one request of this minute is spent.
    if (slow && !pace.slow) buckets.set(kind, { tokens: 0, at: clock.now().getTime() });
    return { facts: await inbound.readHistory(channelId, messages), cursor: page.cursor, more: page.more, slow };
  }

  /** Waits until a request of this kind may go. */
  async function turn(kind: 'history' | 'replies' | 'names', pace: Pace): Promise<void> {
    const [everyMs, burst] =
      kind === 'names'
        ? [LOOK_UP_EVERY_MS, BURST]
        : pace.slow
          ? [CAPPED_EVERY_MS, 1]
          : [60_000 / pace.perMinute, BURST];
    const now = clock.now().getTime();
    const bucket = buckets.get(kind) ?? { tokens: burst, at: now };
    buckets.set(kind, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, now - bucket.at) / everyMs) - 1;
    bucket.at = now;
    if (bucket.tokens < 0) await clock.sleep(Math.ceil(-bucket.tokens * everyMs), pace.signal);
  }
}

function isParent(message: WireMessage): boolean {
  return message.thread_ts === undefined || message.thread_ts === message.ts;
}
