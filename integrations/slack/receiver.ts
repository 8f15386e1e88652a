// What arrives from Slack, over HTTP or a socket: proved, named, persisted, acknowledged. In that order, and nothing else here.
import { createHash } from 'node:crypto';
import { verifySlackRequest } from '@slack/bolt';
import { AppError, errorLine } from '#src/domain/errors.ts';
import type { Clock, Log } from '#src/domain/ports.ts';
import type { RawRequest, Verdict } from '../contract.ts';
import { WireEnvelope, WireInteraction } from './wire.ts';

// Slack allows five minutes for old requests and says nothing of new ones; a clock that is ahead is as wrong as one that is behind.
const CLOCK_WINDOW_SEC = 300;
// Slack waits three seconds for an answer; a listener that is slower is acknowledged without one and speaks later.
const ACK_LIMIT_MS = 2_500;
const RETRY_AFTER_SEC = 5;

/** One delivery, named and ready to be stored. */
export interface SlackDelivery {
  deliveryId: string;
  /** `event:message`, `block_actions`, `view_submission`, `message_action`, `shortcut`, `command`, `app_rate_limited` or `malformed`. */
  kind: string;
  teamId: string | null;
  /** A person waits for the answer: it is handled at once. Events are handled by a job. */
  interactive: boolean;
  payload: unknown;
  via: 'http' | 'socket';
  /** Set when the payload could not be understood; it is kept for somebody to look at. */
  quarantine?: { field: string; message: string };
}

/** Answers Slack for a click, a command or a modal, within three seconds. False when it was too late for this answer to arrive. */
export type Ack = (response?: unknown) => Promise<boolean>;

export interface HttpAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

export interface IntakeDeps {
  /** Null when events come over a socket only. */
  signingSecret: string | null;
  clock: Clock;
  log: Log;
  /** Stores the delivery once. Throws AppError `unavailable` when it cannot: Slack then sends it again. */
  persist(delivery: SlackDelivery): Promise<'new' | 'known'>;
  /** An interactive delivery has been handled, and needs no recovery. */
  handled(deliveryId: string): Promise<void>;
  /** Runs the front end on an interactive payload. Settles when all is done; never rejects for what a person can be told. */
  interact(payload: unknown, options: { ack: Ack; late: boolean }): Promise<void>;
}

/** The one intake of Slack. */
export interface SlackIntake {
  /** `POST /slack/events`. Never throws. */
  handle(request: RawRequest): Promise<HttpAnswer>;
  /** One envelope from a socket; acknowledges through `ack`, or not at all when the delivery could not be stored. */
  receive(payload: unknown, ack: Ack): Promise<void>;
  verify(request: RawRequest, now: Date): Verdict;
  /** Waits until every interactive delivery that has begun is done. */
  drain(): Promise<void>;
}

/** Makes the intake; the same for HTTP and Socket Mode. */
export function createSlackIntake(deps: IntakeDeps): SlackIntake {
  const { clock, log } = deps;
  const running = new Set<Promise<void>>();

  return {
    verify: (request, now) => verifySignature(request, deps.signingSecret, now),

    async handle(request) {
      const verdict = verifySignature(request, deps.signingSecret, clock.now());
      if (!verdict.ok) {
        log.warn({ reason: verdict.reason }, 'refused a request that Slack did not sign');
        return json(401, { error: verdict.reason });
      }
      const parsed = parseBody(request);
      if (parsed.ok && parsed.payload.type === 'url_verification') {
        return json(200, { challenge: String(parsed.payload.challenge ?? '') });
      }
      if (parsed.ok && parsed.payload.ssl_check !== undefined && parsed.payload.command === undefined)
        return plain(200);
      try {
        const named = parsed.ok ? identify(parsed.payload) : parsed;
        if (!named.ok) {
          await deps.persist(malformed(request.body, named, 'http'));
          return json(400, { error: `${named.field} ${named.message}`, field: named.field });
        }
        const acked = Promise.withResolvers<unknown>();
        await accept({ ...named.delivery, via: 'http' }, async (response) => {
          acked.resolve(response);
          return true;
        });
        return answerOf(await acked.promise);
      } catch (error) {
        return troubled(error);
      }
    },

    async receive(payload, ack) {
      try {
        const named = identify(payload);
        if (!named.ok) {
          await deps.persist(malformed(JSON.stringify(payload), named, 'socket'));
          await ack();
          return;
        }
        await accept({ ...named.delivery, via: 'socket' }, ack);
      } catch (error) {
        // No acknowledgement: Slack sends it again.
        log.error({ error: errorLine(error) }, 'a delivery over the socket could not be stored');
      }
    },

    async drain() {
      while (running.size > 0) await Promise.all(running);
    },
  };

  async function accept(delivery: SlackDelivery, ack: Ack): Promise<void> {
    const seen = await deps.persist(delivery);
    if (!delivery.interactive || seen === 'known') {
      await ack();
      return;
    }
    await interactively(delivery, ack);
  }

  /** Resolves when the answer to Slack is out; the work may go on. */
  async function interactively(delivery: SlackDelivery, ack: Ack): Promise<void> {
    const answered = Promise.withResolvers<void>();
    let open = true;
    const once: Ack = async (response) => {
      if (!open) return false;
      open = false;
      try {
        return await ack(response);
      } finally {
        answered.resolve();
      }
    };
    const timer = setTimeout(() => void once(), ACK_LIMIT_MS);
    const work = deps
      .interact(delivery.payload, { ack: once, late: false })
      .then(() => once())
      .then(() => deps.handled(delivery.deliveryId))
      .catch((error: unknown) => {
        log.error(
          { delivery: delivery.deliveryId, error: errorLine(error) },
          'an interaction was not handled to its end',
        );
      })
      .finally(() => {
        clearTimeout(timer);
        answered.resolve();
        running.delete(work);
      });
    running.add(work);
    await answered.promise;
    // Work that failed before it answered still owes Slack an answer.
    await once();
  }

  function troubled(error: unknown): HttpAnswer {
    log.error({ error: errorLine(error) }, 'a delivery could not be stored');
    const unavailable = error instanceof AppError && error.code === 'unavailable';
    const answer = json(unavailable ? 503 : 500, { error: unavailable ? 'unavailable, please retry' : 'failed' });
    return unavailable ? { ...answer, headers: { ...answer.headers, 'retry-after': String(RETRY_AFTER_SEC) } } : answer;
  }
}

/** Whether Slack signed this request, now. Bolt's check, with the two cases that it leaves open closed before it. */
export function verifySignature(request: RawRequest, signingSecret: string | null, now: Date): Verdict {
  const signature = request.headers['x-slack-signature'];
  const timestamp = request.headers['x-slack-request-timestamp'];
  if (!signingSecret || !signature || !timestamp) return { ok: false, reason: 'missing_signature' };
  const seconds = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN;
  if (Number.isNaN(seconds)) return { ok: false, reason: 'bad_signature' };
  const ageSec = Math.floor(now.getTime() / 1000) - seconds;
  if (ageSec > CLOCK_WINDOW_SEC) return { ok: false, reason: 'stale' };
  if (ageSec < -CLOCK_WINDOW_SEC) return { ok: false, reason: 'from_the_future' };
  try {
    verifySlackRequest({
      signingSecret,
      body: request.body,
      headers: { 'x-slack-signature': signature, 'x-slack-request-timestamp': seconds },
      nowMilliseconds: now.getTime(),
    });
    return { ok: true };
  } catch {
    return { ok: false, reason: 'bad_signature' };
  }
}

type Named = { ok: true; delivery: Omit<SlackDelivery, 'via'> } | { ok: false; field: string; message: string };

const INTERACTIONS: ReadonlySet<string> = new Set([
  'block_actions',
  'view_submission',
  'view_closed',
  'shortcut',
  'message_action',
]);

/** Names a payload: what it is, and the id under which it is stored once. */
export function identify(payload: unknown): Named {
  const type = fieldOf(payload, 'type');
  if (type === 'event_callback') {
    const parsed = WireEnvelope.safeParse(payload);
    if (!parsed.success) return problem(parsed.error.issues[0]!.path.join('.'), parsed.error.issues[0]!.message);
    const { event_id, team_id, event } = parsed.data;
    return named(event_id, `event:${event.type}`, team_id ?? null, false, payload);
  }
  if (type === 'app_rate_limited') {
    const team = fieldOf(payload, 'team_id') ?? 'unknown';
    return named(
      `app_rate_limited:${team}:${fieldOf(payload, 'minute_rate_limited') ?? ''}`,
      type,
      team,
      false,
      payload,
    );
  }
  if (type !== null && !INTERACTIONS.has(type))
    return problem('type', `"${type.slice(0, 40)}" is not a kind of delivery that we know`);
  const parsed = WireInteraction.safeParse(payload);
  if (!parsed.success)
    return problem(parsed.error.issues[0]!.path.join('.') || 'body', parsed.error.issues[0]!.message);
  const { data } = parsed;
  const team = data.team?.id ?? data.user?.team_id ?? data.team_id ?? null;
  const user = data.user?.id ?? data.user_id;
  if (!user) return problem(data.command === undefined ? 'user.id' : 'user_id', 'is missing');
  if (data.command !== undefined) {
    if (!data.trigger_id) return problem('trigger_id', 'is missing');
    return named(`command:${data.trigger_id}`, 'command', team, true, payload);
  }
  if (type === 'block_actions') {
    const action = data.actions?.[0];
    if (!action) return problem('actions', 'is missing');
    // Slack gives a click no id of its own; these four make one that a redelivery repeats and a second click does not.
    const place = data.container?.message_ts ?? data.message?.ts ?? data.container?.view_id ?? data.view?.id ?? '';
    const id = [team, place, user, action.action_id, action.action_ts ?? data.trigger_id ?? ''].join(':');
    return named(`click:${id}`, type, team, true, payload);
  }
  if (type === 'view_submission' || type === 'shortcut' || type === 'message_action') {
    if (!data.trigger_id) return problem('trigger_id', 'is missing');
    return named(`${type}:${data.trigger_id}`, type, team, true, payload);
  }
  if (type === 'view_closed') {
    return named(`view_closed:${data.view?.id ?? ''}:${data.view?.hash ?? ''}`, type, team, true, payload);
  }
  return problem('type', 'is missing');
}

function named(deliveryId: string, kind: string, teamId: string | null, interactive: boolean, payload: unknown): Named {
  return { ok: true, delivery: { deliveryId, kind, teamId, interactive, payload } };
}

function problem(field: string, message: string): Extract<Named, { ok: false }> {
  return { ok: false, field, message };
}

function malformed(
  body: string,
  { field, message }: { field: string; message: string },
  via: 'http' | 'socket',
): SlackDelivery {
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 32);
  return {
    deliveryId: `malformed:${digest}`,
    kind: 'malformed',
    teamId: null,
    interactive: false,
    payload: body,
    via,
    quarantine: { field, message },
  };
}

type Parsed = { ok: true; payload: Record<string, unknown> } | Extract<Named, { ok: false }>;

function parseBody(request: RawRequest): Parsed {
  const type = request.headers['content-type'] ?? '';
  if (!type.includes('application/x-www-form-urlencoded')) return parseJson(request.body, 'body');
  const form = new URLSearchParams(request.body);
  const payload = form.get('payload');
  return payload === null ? { ok: true, payload: Object.fromEntries(form) } : parseJson(payload, 'payload');
}

function parseJson(text: string, field: string): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return { ok: true, payload: value };
    return problem(field, 'is not an object');
  } catch {
    return problem(field, 'is not JSON');
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldOf(payload: unknown, name: string): string | null {
  if (!isRecord(payload)) return null;
  const value = payload[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}

function answerOf(response: unknown): HttpAnswer {
  if (response === undefined || response === null || response === '') return plain(200);
  return typeof response === 'string' ? plain(200, response) : json(200, response);
}

function json(status: number, value: unknown): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: JSON.stringify(value) };
}

function plain(status: number, body = ''): HttpAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
