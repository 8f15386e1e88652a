// The sole writer to Slack: paced, cut to size, never without plain text, never the same message twice, never two updates of one message at once.
import type { View } from '@slack/types';
import { AppError, ExternalError } from '#src/domain/errors.ts';
import type { Clock, Log } from '#src/domain/ports.ts';
import type { Message, SlackClient } from './client.ts';
import { markOf } from './client.ts';
import { fitted, LENGTH, PACE, type Pace } from './limits.ts';

// Somebody may be waiting; what would wait longer goes back to its queue.
const WAIT_MAX_MS = 5_000;
// An answer address is good for half an hour; whoever has waited this long has gone on without the answer.
const LATE_MAX_MS = 15 * 60_000;
const LATE_EVERY_MS = 5_000;
// Our clock and Slack's may differ by this much when we look for a message posted "since".
const CLOCK_SLACK_MS = 60_000;

export interface PostOnce {
  channel: string;
  threadTs?: string | null;
  /** Names the message for ever: the same key is the same message. */
  key: string;
  message: Message;
  /** When the first try may have been made; nothing older is looked at. */
  since: Date;
  /** True when an earlier try may have got through: then we look before we post. */
  recover: boolean;
}

export interface Posted {
  channel: string;
  ts: string;
  /** True when an earlier try had already posted it. */
  found: boolean;
}

/** Where a person can be answered, best first. */
export interface Whereabouts {
  userId: string;
  responseUrl?: string | null;
  channel?: string | null;
  threadTs?: string | null;
}

/** Everything that Throughline writes to Slack. */
export interface Outbound {
  postOnce(input: PostOnce): Promise<Posted>;
  /**
   * Draws a message again. `load` is called when it is this message's turn, so that the last word wins; redraws that pile up become one.
   * `nothing` when `load` had nothing to show.
   */
  redraw(input: {
    channel: string;
    ts: string;
    key: string;
    load: () => Promise<Message | null>;
  }): Promise<'updated' | 'gone' | 'nothing'>;
  remove(channel: string, ts: string): Promise<'removed' | 'gone'>;
  /**
   * Says something to one person only: at the answer address, else in the channel, else in a direct message (`byDm` when the words differ there).
   * `later` when Slack takes nothing right now: it is said as soon as Slack does, unless we are stopped before. With `now` it fails instead.
   */
  tell(where: Whereabouts, message: Message, byDm?: Message, when?: 'now'): Promise<'in_channel' | 'by_dm' | 'later'>;
  react(channel: string, ts: string, emoji: string): Promise<'added' | 'there_already'>;
  unreact(channel: string, ts: string, emoji: string): Promise<'removed' | 'gone'>;
  openView(triggerId: string, view: View): Promise<'opened' | 'expired'>;
  updateView(viewId: string, hash: string | null, view: View): Promise<'updated' | 'gone'>;
  publishHome(userId: string, view: View): Promise<void>;
  /** Puts another message in the place of the one that was clicked on and that only this person sees. */
  replaceMine(responseUrl: string, message: Message): Promise<void>;
  /** Says something more to one person where they asked, and nowhere else; fails where that place does not take it. */
  showMine(where: Whereabouts, message: Message): Promise<void>;
  status(input: { channel: string; threadTs: string; status: string }): Promise<'set' | 'unavailable'>;
  suggest(input: Parameters<SlackClient['suggestPrompts']>[0]): Promise<'set' | 'unavailable'>;
  /** A message that is written step by step; whoever begins it draws the whole of it in the end. */
  beginStream(input: Parameters<SlackClient['startStream']>[0]): Promise<{ ts: string } | 'unavailable'>;
  appendStream(input: Parameters<SlackClient['appendStream']>[0]): Promise<'added' | 'ended'>;
  endStream(channel: string, ts: string): Promise<'stopped' | 'ended'>;
  /** Gives up what waits to be said. */
  stop(): Promise<void>;
}

/** Something that was written, for whoever counts how much we say. */
export interface Said {
  kind: 'parent' | 'reply' | 'dm' | 'update' | 'ephemeral';
  channelId: string;
  /** Null for what only one person saw. */
  ts: string | null;
  /** What it was: the first word of its key. */
  subject: string;
}

/** Makes the writer of one workspace. `said` is told of everything that people got to see. */
export function createOutbound(deps: {
  client: SlackClient;
  clock: Clock;
  log: Log;
  said?: (said: Said) => Promise<void>;
}): Outbound {
  const { client, clock, log } = deps;
  const note = async (kind: Said['kind'], channelId: string, ts: string | null, key: string): Promise<void> => {
    try {
      await deps.said?.({ kind, channelId, ts, subject: key.split(':', 1)[0]! });
    } catch (error) {
      // It was said; that nobody counted it must not make it fail, and be said again.
      log.warn({ kind, code: codeOf(error) }, 'what was said could not be counted');
    }
  };
  const noted = async (posted: Posted, threadTs: string | null, key: string): Promise<Posted> => {
    const kind = /^[DUW]/.test(posted.channel) ? 'dm' : threadTs ? 'reply' : 'parent';
    await note(kind, posted.channel, posted.ts, key);
    return posted;
  };
  const buckets = new Map<string, { tokens: number; at: number; closedUntil: number }>();
  const lanes = new Map<string, { tail: Promise<unknown>; waiting: Promise<'updated' | 'gone' | 'nothing'> | null }>();

  // Answers that Slack did not take, and nobody waits for.
  const late = new Set<Promise<void>>();
  const stopping = new AbortController();

  const outbound: Outbound = {
    async postOnce({ channel, threadTs = null, key, message, since, recover }) {
      const ready = marked(checked(message), key);
      const find = () =>
        client.findByMetadata({ channel, key, threadTs, since: new Date(since.getTime() - CLOCK_SLACK_MS) });
      if (recover) {
        const ts = await find();
        if (ts) return noted({ channel, ts, found: true }, threadTs, key);
      }
      try {
        const sent = await paced('post', channel, () => client.post({ channel, threadTs, key, message: ready }));
        return noted({ ...sent, found: false }, threadTs, key);
      } catch (error) {
        if (!(error instanceof ExternalError) || !error.effectUnknown) throw error;
        // The answer is lost, the message perhaps not. If looking fails too, the next try starts by looking.
        log.warn({ key, code: error.code }, 'the answer to a post was lost; looking for the message');
        const ts = await find();
        if (!ts) throw error;
        return noted({ channel, ts, found: true }, threadTs, key);
      }
    },

    redraw({ channel, ts, key, load }) {
      const name = `${channel}:${ts}`;
      const lane = lanes.get(name) ?? { tail: Promise.resolve(), waiting: null };
      lanes.set(name, lane);
      if (lane.waiting) return lane.waiting;
      const turn = lane.tail.then(async () => {
        lane.waiting = null;
        const message = await load();
        if (!message) return 'nothing' as const;
        const ready = marked(checked(message), key);
        const result = await paced('update', 'workspace', () => client.update({ channel, ts, key, message: ready }));
        if (result === 'updated') await note('update', channel, ts, key);
        return result;
      });
      lane.waiting = turn;
      const settled = turn.then(
        () => {},
        () => {},
      );
      lane.tail = settled;
      void settled.then(() => {
        if (lane.tail === settled) lanes.delete(name);
      });
      return turn;
    },

    remove: (channel, ts) => paced('update', 'workspace', () => client.remove(channel, ts)),

    async tell(where, message, byDm = message, when) {
      try {
        return await say(where, message, byDm);
      } catch (error) {
        if (when === 'now' || !(error instanceof ExternalError) || !error.retryable) throw error;
        log.info({ code: error.code }, 'Slack takes no answers right now; this one is given later');
        const waiting = sayLater(where, message, byDm, error).finally(() => late.delete(waiting));
        late.add(waiting);
        return 'later';
      }
    },

    react: (channel, ts, emoji) => paced('react', 'workspace', () => client.react(channel, ts, emoji)),
    unreact: (channel, ts, emoji) => paced('react', 'workspace', () => client.unreact(channel, ts, emoji)),
    openView: (triggerId, view) => client.openView(triggerId, view),
    updateView: (viewId, hash, view) => client.updateView(viewId, hash, view),
    replaceMine: (responseUrl, message) => client.respond(responseUrl, checked(message), { replace: true }),
    async showMine({ userId, responseUrl, channel, threadTs }, message) {
      const ready = checked(message);
      if (responseUrl) await client.respond(responseUrl, ready);
      else if (channel)
        await paced('ephemeral', 'workspace', () =>
          client.ephemeral({ channel, user: userId, threadTs, message: ready }),
        );
      await note('ephemeral', channel ?? userId, null, 'answer');
    },
    status: (input) => paced('status', 'workspace', () => client.setStatus(input)),
    suggest: (input) => paced('status', 'workspace', () => client.suggestPrompts(input)),
    beginStream: (input) => paced('stream', 'workspace', () => client.startStream(input)),
    appendStream: (input) => paced('status', 'workspace', () => client.appendStream(input)),
    endStream: (channel, ts) => paced('status', 'workspace', () => client.stopStream(channel, ts)),
    publishHome: (userId, view) => paced('publish', 'workspace', () => client.publishHome(userId, view)),
    async stop() {
      stopping.abort();
      await Promise.all(late);
    },
  };
  return outbound;

  async function say(
    { userId, responseUrl, channel, threadTs }: Whereabouts,
    message: Message,
    byDm: Message,
  ): Promise<'in_channel' | 'by_dm'> {
    const ready = checked(message);
    if (responseUrl) {
      try {
        await client.respond(responseUrl, ready);
        await note('ephemeral', channel ?? userId, null, 'answer');
        return 'in_channel';
      } catch (error) {
        log.info({ code: codeOf(error) }, 'the answer address did not take the answer; trying the channel');
      }
    }
    if (channel) {
      try {
        await paced('ephemeral', 'workspace', () =>
          client.ephemeral({ channel, user: userId, threadTs, message: ready }),
        );
        await note('ephemeral', channel, null, 'answer');
        return 'in_channel';
      } catch (error) {
        if (!(error instanceof ExternalError) || error.retryable) throw error;
        log.info({ code: error.code }, 'the channel did not take the answer; sending a direct message');
      }
    }
    const sent = await paced('post', userId, () =>
      client.post({ channel: userId, key: 'answer', message: checked(byDm) }),
    );
    await note('dm', sent.channel, sent.ts, 'answer');
    return 'by_dm';
  }

  /** Never rejects: nobody waits for it any more. */
  async function sayLater(where: Whereabouts, message: Message, byDm: Message, failed: ExternalError): Promise<void> {
    const until = clock.now().getTime() + LATE_MAX_MS;
    for (let waitMs = failed.retryAfterMs ?? LATE_EVERY_MS; ; ) {
      await clock.sleep(waitMs, stopping.signal);
      if (stopping.signal.aborted) return log.warn({}, 'stopped before an answer could be given');
      try {
        await say(where, message, byDm);
        return;
      } catch (error) {
        const again = error instanceof ExternalError && error.retryable && clock.now().getTime() < until;
        if (!again) return log.warn({ code: codeOf(error) }, 'an answer could not be given at all');
        waitMs = error.retryAfterMs ?? LATE_EVERY_MS;
      }
    }
  }

  /** Waits for its turn, and closes the door for as long as Slack asks. */
  async function paced<T>(pace: Pace, place: string, run: () => Promise<T>): Promise<T> {
    const name = `${pace}:${place}`;
    const { everyMs, burst } = PACE[pace];
    const now = clock.now().getTime();
    const bucket = buckets.get(name) ?? { tokens: burst, at: now, closedUntil: 0 };
    buckets.set(name, bucket);
    bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, now - bucket.at) / everyMs);
    bucket.at = now;
    const waitMs = Math.max(bucket.closedUntil - now, bucket.tokens >= 1 ? 0 : (1 - bucket.tokens) * everyMs, 0);
    if (waitMs > WAIT_MAX_MS) {
      throw new ExternalError('rate_limited', 'Slack asked us to slow down; this message waits its turn.', {
        system: 'slack',
        operation: pace,
        retryable: true,
        retryAfterMs: Math.ceil(waitMs),
      });
    }
    bucket.tokens -= 1;
    if (waitMs > 0) await clock.sleep(waitMs);
    try {
      return await run();
    } catch (error) {
      if (error instanceof ExternalError && error.code === 'rate_limited') {
        bucket.closedUntil = clock.now().getTime() + (error.retryAfterMs ?? everyMs);
      }
      throw error;
    } finally {
      if (buckets.size > 1_000) forgetIdle();
    }
  }

  function forgetIdle(): void {
    const now = clock.now().getTime();
    for (const [name, bucket] of buckets) {
      if (now - bucket.at > 60_000 && bucket.closedUntil < now) buckets.delete(name);
    }
  }
}

function checked(message: Message): Message {
  if (message.text.trim() === '') {
    throw new AppError(
      'bug',
      'A message to Slack has no plain text: notifications and screen readers would say nothing.',
    );
  }
  return fitted(message);
}

// The key stands in the first block too: history returns blocks always.
function marked(message: Message, key: string): Message {
  const [first, ...rest] = message.blocks ?? [];
  if (!first) return message;
  return { ...message, blocks: [{ ...first, block_id: markOf(key).slice(0, LENGTH.blockId) }, ...rest] };
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'bug';
}
