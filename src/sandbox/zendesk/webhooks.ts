// Event webhooks of the simulator: signed, asynchronous, unordered, and lossy when asked. Every one is recorded, whatever became of it.
import { createHmac, randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import type { Clock } from '#src/domain/ports.ts';
import { detailWire, eventCommentWire } from './render.ts';
import type { SimComment, SimTicket, Store } from './state.ts';

const ACCOUNT_ID = 22_129_848;
const EVENT_VERSION = '2022-11-06';
// The published limits: 12 s for an answer; 409 is tried again up to 3 times, a time-out up to 5 times, 429 and 503 only when Retry-After is
// under a minute (no number of tries is published for them; 3 here). Nothing else is ever tried again, a 500 and a refused connection included.
const TIMEOUT_MS = 12_000;
const RETRIES_CONFLICT = 3;
const RETRIES_BUSY = 3;
const RETRIES_TIMEOUT = 5;
const RETRY_AFTER_SEC_MAX = 60;
const RETRY_PAUSE_MS = 1_000;
// Enough to arrive out of order, few enough for a small receiver.
const IN_FLIGHT_MAX = 8;

export type EventName =
  | 'created'
  | 'comment_added'
  | 'comment_made_private'
  | 'comment_redacted'
  | 'status_changed'
  | 'organization_changed'
  | 'merged'
  | 'soft_deleted'
  | 'permanently_deleted'
  | 'undeleted';

export interface Attempt {
  at: string;
  invocationId: string;
  /** The receiver's status; null when none came. */
  status: number | null;
  problem: 'timeout' | 'unreachable' | null;
}

export interface Delivery {
  /** The signed body's own id: the same on every try and every redelivery. */
  id: string;
  type: `zen:event-type:ticket.${EventName}`;
  ticketId: string;
  /** Exactly what is signed and sent. */
  body: string;
  state: 'sending' | 'delivered' | 'failed' | 'dropped' | 'held';
  attempts: Attempt[];
}

/** What becomes of an event on its way out. */
export type Fate = 'send' | 'twice' | 'drop' | 'hold';

export interface Webhooks {
  deliveries: Delivery[];
  connect(target: { webhookUrl: string }): void;
  /** Decides the fate of every event from now on; without it everything is sent once. */
  route(decide: ((delivery: Delivery) => Fate) | null): void;
  /** Sends what was held, in the order that `order` makes of it. */
  release(order?: (held: Delivery[]) => Delivery[]): Promise<void>;
  /** Sends again: same bodies and ids, fresh timestamps and signatures. Resolves with the final state of each. */
  redeliver(options?: {
    times?: number;
    only?: (delivery: Delivery) => boolean;
    order?: (all: Delivery[]) => Delivery[];
  }): Promise<Attempt[]>;
  /** Resolves when nothing is on its way. What is held does not count. */
  idle(): Promise<void>;
  emit(events: { name: EventName; ticket: SimTicket; actorId: string; fields: Record<string, unknown> }[]): void;
  reset(): void;
  close(): Promise<void>;
}

export interface WebhooksDeps {
  clock: Clock;
  store: Store;
  /** The signing secret of the webhook. */
  secret: string;
  /** Told of every change of a delivery. */
  onChange(delivery: Delivery): void;
  timeoutMs?: number;
}

/** The headers under which a body is sent at a time: signature = base64(HMAC-SHA256(secret, timestamp + body)). */
export function signedHeaders(
  secret: string,
  body: string,
  timestamp: string,
  webhookId: string,
  invocationId: string,
): Record<string, string> {
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Zendesk Webhook',
    'x-zendesk-account-id': String(ACCOUNT_ID),
    'x-zendesk-webhook-id': webhookId,
    'x-zendesk-webhook-invocation-id': invocationId,
    'x-zendesk-webhook-signature': createHmac('sha256', secret)
      .update(timestamp + body)
      .digest('base64'),
    'x-zendesk-webhook-signature-timestamp': timestamp,
  };
}

/** Makes the sending side of one webhook. */
export function createWebhooks(deps: WebhooksDeps): Webhooks {
  const { clock, store, secret } = deps;
  const webhookId = randomUUID();
  const deliveries: Delivery[] = [];
  let waiting: { delivery: Delivery; done(attempt: Attempt | null): void }[] = [];
  let target: string | null = null;
  let decide: ((delivery: Delivery) => Fate) | null = null;
  let inFlight = 0;
  let idleWaiters: (() => void)[] = [];
  let stop = new AbortController();
  let agent: Agent | null = null;

  const webhooks: Webhooks = {
    deliveries,
    connect({ webhookUrl }) {
      target = webhookUrl;
    },
    route(next) {
      decide = next;
    },
    async release(order = (held) => held) {
      const held = deliveries.filter((delivery) => delivery.state === 'held');
      for (const delivery of order(held)) {
        delivery.state = 'sending';
        void enqueue(delivery);
      }
      await webhooks.idle();
    },
    async redeliver({ times = 1, only = () => true, order = (all: Delivery[]) => all } = {}) {
      const chosen = deliveries.filter(only);
      const all = Array.from({ length: times }, () => chosen).flat();
      return (await Promise.all(order(all).map((delivery) => enqueue(delivery)))).filter((attempt) => attempt !== null);
    },
    idle() {
      if (inFlight === 0 && waiting.length === 0) return Promise.resolve();
      return new Promise((resolve) => idleWaiters.push(resolve));
    },
    emit(events) {
      if (target === null) return;
      const sequenceId = randomUUID().replaceAll('-', '').toUpperCase();
      events.forEach((event, index) => {
        const type = `zen:event-type:ticket.${event.name}` as const;
        const id = randomUUID();
        const body = JSON.stringify({
          account_id: ACCOUNT_ID,
          detail: detailWire(event.ticket, event.actorId),
          event: { ...event.fields, meta: { sequence: { id: sequenceId, position: index + 1, total: events.length } } },
          id,
          subject: `zen:ticket:${event.ticket.id}`,
          time: store.now(),
          type,
          zendesk_event_version: EVENT_VERSION,
        });
        const delivery: Delivery = { id, type, ticketId: event.ticket.id, body, state: 'sending', attempts: [] };
        deliveries.push(delivery);
        const fate = decide?.(delivery) ?? 'send';
        if (fate === 'drop') delivery.state = 'dropped';
        else if (fate === 'hold') delivery.state = 'held';
        else for (let copy = 0; copy < (fate === 'twice' ? 2 : 1); copy++) void enqueue(delivery);
        deps.onChange(delivery);
      });
    },
    reset() {
      abandon();
      stop = new AbortController();
      deliveries.length = 0;
      decide = null;
    },
    async close() {
      abandon();
      await agent?.destroy();
      agent = null;
    },
  };

  /** Resolves with the last attempt, or null when the simulator was reset or closed meanwhile. */
  function enqueue(delivery: Delivery): Promise<Attempt | null> {
    return new Promise((done) => {
      waiting.push({ delivery, done });
      // Never within the call that made the event: the receiver must not be able to rely on it.
      setImmediate(pump);
    });
  }

  function abandon(): void {
    stop.abort();
    const abandoned = waiting;
    waiting = [];
    for (const { done } of abandoned) done(null);
    pump();
  }

  function pump(): void {
    while (inFlight < IN_FLIGHT_MAX) {
      const next = waiting.shift();
      if (!next) break;
      inFlight += 1;
      void deliver(next.delivery, stop.signal)
        .then(next.done)
        .finally(() => {
          inFlight -= 1;
          pump();
        });
    }
    if (inFlight > 0 || waiting.length > 0) return;
    const waiters = idleWaiters;
    idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  async function deliver(delivery: Delivery, signal: AbortSignal): Promise<Attempt | null> {
    const retries = { conflict: 0, busy: 0, timeout: 0 };
    for (;;) {
      if (signal.aborted || target === null) return null;
      const { attempt, retryAfterSec } = await attemptOnce(target, delivery.body, signal);
      if (signal.aborted) return null;
      delivery.attempts.push(attempt);
      const pauseMs = pauseBeforeRetry(attempt, retryAfterSec, retries);
      if (pauseMs === null) {
        delivery.state = attempt.status !== null && attempt.status < 300 ? 'delivered' : 'failed';
        deps.onChange(delivery);
        return attempt;
      }
      await clock.sleep(pauseMs, signal);
    }
  }

  async function attemptOnce(
    url: string,
    body: string,
    signal: AbortSignal,
  ): Promise<{ attempt: Attempt; retryAfterSec: number | null }> {
    const at = store.now();
    const invocationId = randomUUID();
    agent ??= new Agent({ connections: IN_FLIGHT_MAX });
    const timeout = AbortSignal.timeout(deps.timeoutMs ?? TIMEOUT_MS);
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: signedHeaders(secret, body, at, webhookId, invocationId),
        body,
        dispatcher: agent,
        signal: AbortSignal.any([timeout, signal]),
      });
      await answer.body.dump();
      const header = Number(answer.headers['retry-after']);
      return {
        attempt: { at, invocationId, status: answer.statusCode, problem: null },
        retryAfterSec: Number.isFinite(header) ? header : null,
      };
    } catch {
      // Whatever broke, Zendesk only tells apart an answer that took too long from a receiver that cannot be reached.
      return {
        attempt: { at, invocationId, status: null, problem: timeout.aborted ? 'timeout' : 'unreachable' },
        retryAfterSec: null,
      };
    }
  }

  return webhooks;
}

/** How long Zendesk waits before it tries again; null when it gives up. */
function pauseBeforeRetry(
  attempt: Attempt,
  retryAfterSec: number | null,
  used: { conflict: number; busy: number; timeout: number },
): number | null {
  if (attempt.status === 409 && used.conflict < RETRIES_CONFLICT) {
    used.conflict += 1;
    return RETRY_PAUSE_MS;
  }
  if (
    (attempt.status === 429 || attempt.status === 503) &&
    retryAfterSec !== null &&
    retryAfterSec < RETRY_AFTER_SEC_MAX &&
    used.busy < RETRIES_BUSY
  ) {
    used.busy += 1;
    return retryAfterSec * 1000;
  }
  if (attempt.problem === 'timeout' && used.timeout < RETRIES_TIMEOUT) {
    used.timeout += 1;
    return RETRY_PAUSE_MS;
  }
  return null;
}

/** The fields of an event about one comment. */
export function commentFields(comment: SimComment, store: Store): Record<string, unknown> {
  return { comment: eventCommentWire(comment, store.state) };
}
