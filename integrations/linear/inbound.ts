// Linear's webhooks: is it Linear, which delivery is it, and what does it say about an issue.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '#src/domain/errors.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { Identified, Inbound, RawRequest, Verdict } from '../contract.ts';
import { toOutcome } from './map.ts';
import { WireEnvelope, WireIssue, WireIssueEvent } from './wire.ts';

// Linear's own advice: refuse what was sent more than a minute ago. The same in the other direction, so that nothing can be kept for later.
const FRESH_MS = 60_000;

/** Changes that can alter how an issue stands; an update without any of them is about its words. */
const TELLING = ['stateId', 'trashed', 'archivedAt', 'completedAt', 'canceledAt'];

/** The receiver of `POST /webhooks/linear`. */
export function createInbound(secret: string): Inbound {
  return {
    path: '/webhooks/linear',
    verify: (request, now) => verify(secret, request, now),
    identify,
    read: async (payload) => [factOf(payload)],
  };
}

function verify(secret: string, request: RawRequest, now: Date): Verdict {
  const signature = request.headers['linear-signature'];
  if (!signature) return { ok: false, reason: 'missing_signature' };
  if (!/^[0-9a-f]{64}$/i.test(signature)) return { ok: false, reason: 'bad_signature' };
  const expected = createHmac('sha256', secret).update(request.body).digest();
  if (!timingSafeEqual(Buffer.from(signature, 'hex'), expected)) return { ok: false, reason: 'bad_signature' };
  // The time is inside what is signed. Without one it is Linear's but not understood: `identify` names the field, and it waits in quarantine.
  const sent = z.looseObject({ webhookTimestamp: z.number() }).safeParse(parseJson(request.body));
  if (!sent.success) return { ok: true };
  const ageMs = now.getTime() - sent.data.webhookTimestamp;
  if (ageMs > FRESH_MS) return { ok: false, reason: 'stale' };
  if (ageMs < -FRESH_MS) return { ok: false, reason: 'from_the_future' };
  return { ok: true };
}

function identify(request: RawRequest): Identified {
  const deliveryId = request.headers['linear-delivery']?.trim();
  if (!deliveryId) return { ok: false, field: 'linear-delivery', message: 'is missing; it is a header' };
  const event = WireEnvelope.safeParse(parseJson(request.body));
  if (!event.success) {
    const issue = event.error.issues[0]!;
    const field = issue.path.join('.') || 'body';
    return { ok: false, field, message: issue.message };
  }
  return { ok: true, deliveryId, kind: `${event.data.type}.${event.data.action}` };
}

function factOf(payload: unknown): Fact {
  const envelope = WireEnvelope.safeParse(payload);
  if (!envelope.success) throw unreadable(envelope.error);
  const { type, action } = envelope.data;
  if (type !== 'Issue') return { kind: 'ignored', reason: `${type}.${action} says nothing about an issue's state` };
  const event = WireIssueEvent.safeParse(payload);
  if (!event.success) throw unreadable(event.error);
  const { data, updatedFrom, createdAt, url } = event.data;
  if (action === 'remove') {
    const note = data.archivedAt ? 'in the trash' : 'deleted';
    const at = data.archivedAt ?? createdAt;
    return {
      kind: 'outcome',
      source: 'linear',
      externalId: data.id,
      state: 'removed',
      at,
      permalink: url ?? null,
      note,
    };
  }
  if (action === 'update' && updatedFrom && !TELLING.some((field) => field in updatedFrom)) {
    return { kind: 'ignored', reason: `the update changed only ${Object.keys(updatedFrom).join(', ')}` };
  }
  const issue = WireIssue.safeParse(data);
  if (!issue.success) throw unreadable(issue.error);
  return toOutcome(issue.data);
}

function unreadable(error: z.ZodError): AppError {
  return new AppError('bad_answer', `A webhook of Linear does not have the shape we know: ${z.prettifyError(error)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
