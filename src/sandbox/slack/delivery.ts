// What goes from Slack to the bot: signed, in order per channel, repeated when the bot does not answer, recorded, and held back or shuffled
// when a test asks for it.
import { createHmac } from 'node:crypto';
import type { Clock } from '#src/domain/ports.ts';
import type { Answer, Outgoing, Transport } from './transport.ts';

/** Slack repeats an event that was not acknowledged almost at once, after a minute and after five. */
export const RETRY_DELAYS_MS = [0, 60_000, 300_000];
/** Slack waits three seconds for an acknowledgement. */
export const ACK_TIMEOUT_MS = 3_000;

// Different channels are served side by side; more would only queue in the bot.
const PARALLEL_MAX = 10;

/** One try to bring a delivery to the bot. */
export interface Attempt {
  at: number;
  retryNum: number;
  status: number | null;
  /** Why Slack counts it as failed, null when it was acknowledged. */
  reason: string | null;
  body: string;
  redelivery: boolean;
}

/** Something Slack sends to the bot, with all that became of it. */
export interface Delivery extends Outgoing {
  /** The event_id, or an id of our own for an interaction. */
  id: string;
  /** Deliveries with the same lane arrive in order. */
  lane: string;
  state: 'queued' | 'held' | 'dropped' | 'in_flight' | 'waiting_for_retry' | 'acknowledged' | 'failed';
  attempts: Attempt[];
}

export interface DeliveryOptions {
  clock: Clock;
  /** The clock that signatures are dated by: the bot may compare them with its machine's time. */
  signingClock: Clock;
  signingSecret: string;
  transport: () => Transport | null;
  /** Told whenever a delivery has come to a new state. */
  settled: () => void;
}

/** Sends, repeats, records and disturbs deliveries. */
export interface Courier {
  readonly deliveries: Delivery[];
  retryDelaysMs: number[];
  ackTimeoutMs: number;
  /** Queues an event; returns at once. */
  enqueue(delivery: Omit<Delivery, 'attempts' | 'state'>): void;
  /** Sends an interaction now and answers with what the bot said: Slack does not repeat these. */
  interact(delivery: Omit<Delivery, 'attempts' | 'state'>): Promise<Answer>;
  /** Sends a recorded delivery again with the same ids; by default with a fresh timestamp and signature. */
  redeliver(delivery: Delivery, options?: { freshSignature?: boolean }): Promise<Answer>;
  hold(): void;
  release(options?: { order?: 'sent' | 'random' | 'reverse'; seed?: number }): Delivery[];
  /** The next deliveries that match are lost, or arrive twice. */
  drop(match?: (delivery: Delivery) => boolean, times?: number): void;
  duplicate(match?: (delivery: Delivery) => boolean, times?: number): void;
  /** Resolves when nothing is queued, in flight or waiting for its retry; what is held does not count. */
  idle(): Promise<void>;
  clearFaults(): void;
  /** Forgets everything and stops what waits. */
  stop(): Promise<void>;
  reset(): void;
}

/** Makes the courier of one simulator. */
export function createCourier(deps: DeliveryOptions): Courier {
  const deliveries: Delivery[] = [];
  const lanes = new Map<string, Delivery[]>();
  const busyLanes = new Set<string>();
  const waiters: (() => void)[] = [];
  let held: Delivery[] | null = null;
  let disturbances: { kind: 'drop' | 'duplicate'; match: (delivery: Delivery) => boolean; times: number }[] = [];
  let pending = 0;
  let stopping = new AbortController();

  const courier: Courier = {
    deliveries,
    retryDelaysMs: RETRY_DELAYS_MS,
    ackTimeoutMs: ACK_TIMEOUT_MS,

    enqueue(outgoing) {
      const delivery: Delivery = { ...outgoing, attempts: [], state: 'queued' };
      deliveries.push(delivery);
      const kind = disturbance(delivery);
      if (kind === 'drop') {
        delivery.state = 'dropped';
        return;
      }
      place(delivery);
      if (kind === 'duplicate') place(delivery);
    },

    async interact(outgoing) {
      const delivery: Delivery = { ...outgoing, attempts: [], state: 'in_flight' };
      deliveries.push(delivery);
      return counted(async () => {
        const answer = await attempt(delivery, 0, null, false);
        settle(delivery, answer.reason === null ? 'acknowledged' : 'failed');
        return answer;
      });
    },

    redeliver(delivery, options = {}) {
      const old = options.freshSignature === false ? delivery.sentHeaders : undefined;
      return counted(() => attempt(delivery, 0, null, true, old));
    },

    hold() {
      held ??= [];
    },
    release({ order = 'sent', seed = 1 } = {}) {
      const released = held ?? [];
      held = null;
      if (order === 'reverse') released.reverse();
      if (order === 'random') shuffle(released, seed);
      for (const delivery of released) {
        delivery.state = 'queued';
        // One lane keeps the new order even across channels.
        run({ ...delivery, lane: order === 'sent' ? delivery.lane : 'released' }, delivery);
      }
      return released;
    },
    drop(match = () => true, times = 1) {
      disturbances.push({ kind: 'drop', match, times });
    },
    duplicate(match = () => true, times = 1) {
      disturbances.push({ kind: 'duplicate', match, times });
    },
    idle() {
      if (pending === 0) return Promise.resolve();
      return new Promise((resolve) => waiters.push(resolve));
    },
    clearFaults() {
      disturbances = [];
    },
    async stop() {
      stopping.abort();
      lanes.clear();
      held = null;
      await courier.idle();
    },
    reset() {
      stopping.abort();
      stopping = new AbortController();
      deliveries.length = 0;
      lanes.clear();
      held = null;
      disturbances = [];
    },
  };
  return courier;

  function disturbance(delivery: Delivery): 'drop' | 'duplicate' | null {
    const found = disturbances.find((one) => one.times > 0 && one.match(delivery));
    if (!found) return null;
    found.times -= 1;
    return found.kind;
  }

  function place(delivery: Delivery): void {
    if (held) {
      delivery.state = 'held';
      held.push(delivery);
    } else run(delivery, delivery);
  }

  function run({ lane }: { lane: string }, delivery: Delivery): void {
    const queue = lanes.get(lane);
    if (queue) queue.push(delivery);
    else lanes.set(lane, [delivery]);
    pump();
  }

  function pump(): void {
    for (const [lane, queue] of lanes) {
      if (busyLanes.size >= PARALLEL_MAX) return;
      if (!busyLanes.has(lane) && queue.length > 0) {
        busyLanes.add(lane);
        // Queued work counts as pending from here to the end of the lane, so idle() cannot resolve in between.
        void counted(() => drain(lane, queue));
      }
    }
  }

  async function drain(lane: string, queue: Delivery[]): Promise<void> {
    const { signal } = stopping;
    // Delivering happens after the change that caused it is complete, never inside of it.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0 && !signal.aborted) await first(queue.shift()!, signal);
    busyLanes.delete(lane);
    if (lanes.get(lane) === queue && queue.length === 0) lanes.delete(lane);
    pump();
  }

  // Only the first try keeps the order of its lane: what failed is repeated later, while newer events go on.
  async function first(delivery: Delivery, signal: AbortSignal): Promise<void> {
    delivery.state = 'in_flight';
    const answer = await attempt(delivery, 0, null, false);
    if (answer.reason === null) settle(delivery, 'acknowledged');
    else void counted(() => repeat(delivery, answer, signal));
  }

  async function repeat(delivery: Delivery, failed: Answer, signal: AbortSignal): Promise<void> {
    let last = failed;
    for (const [index, delayMs] of courier.retryDelaysMs.entries()) {
      if (last.noRetry) break;
      delivery.state = 'waiting_for_retry';
      if (delayMs > 0) await deps.clock.sleep(delayMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      delivery.state = 'in_flight';
      last = await attempt(delivery, index + 1, last.reason, false);
      if (last.reason === null) return settle(delivery, 'acknowledged');
    }
    settle(delivery, 'failed');
  }

  function settle(delivery: Delivery, state: Delivery['state']): void {
    delivery.state = state;
    deps.settled();
  }

  async function attempt(
    delivery: Delivery,
    retryNum: number,
    retryReason: string | null,
    redelivery: boolean,
    oldHeaders?: Record<string, string>,
  ): Promise<Answer> {
    const { clock } = deps;
    const headers = oldHeaders ?? signed(delivery);
    if (retryNum > 0) {
      headers['x-slack-retry-num'] = String(retryNum);
      headers['x-slack-retry-reason'] = retryReason ?? 'unknown_error';
    }
    delivery.sentHeaders = headers;
    const transport = deps.transport();
    const answer: Answer = transport
      ? await transport.send(delivery, { headers, retryNum, retryReason, timeoutMs: courier.ackTimeoutMs })
      : { status: null, reason: 'connection_failed', body: '', noRetry: false };
    delivery.attempts.push({
      at: clock.now().getTime(),
      retryNum,
      status: answer.status,
      reason: answer.reason,
      body: answer.body,
      redelivery,
    });
    return answer;
  }

  function signed(delivery: Delivery): Record<string, string> {
    const timestamp = String(Math.floor(deps.signingClock.now().getTime() / 1000));
    const digest = createHmac('sha256', deps.signingSecret).update(`v0:${timestamp}:${delivery.body}`).digest('hex');
    return {
      'content-type': delivery.contentType,
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${digest}`,
    };
  }

  async function counted<T>(work: () => Promise<T>): Promise<T> {
    pending += 1;
    try {
      return await work();
    } finally {
      pending -= 1;
      if (pending === 0) for (const resolve of waiters.splice(0)) resolve();
    }
  }
}

/** Reorders a list in place; the same seed gives the same order. */
export function shuffle<T>(items: T[], seed: number): void {
  let state = seed >>> 0 || 1;
  for (let index = items.length - 1; index > 0; index--) {
    // xorshift32: enough for an order, and the same everywhere.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const other = (state >>> 0) % (index + 1);
    [items[index], items[other]] = [items[other]!, items[index]!];
  }
}
