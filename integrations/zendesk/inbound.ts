// Webhooks from Zendesk: is it really from them, which delivery is it, and what does the ticket say now. Events are hints; the REST API is the truth.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { Identified, Inbound, RawRequest, Verdict } from '#integrations/contract.ts';
import { AppError } from '#src/domain/errors.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { ZendeskClient } from './client.ts';
import { commentKey, forgetComment, forgetTicket, peopleOf, ticketIdOf, toFacts } from './map.ts';
import { EventBody, parseJson } from './wire.ts';

// Zendesk names no window of its own. Five minutes each way bears a slow queue and a wrong clock, and bounds how long a copied request is worth something.
const WINDOW_MS = 5 * 60_000;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const EVENT_PREFIX = 'zen:event-type:ticket.';

/** Events after which a ticket may say something else than before, or to somebody else. All others change nothing that we keep. */
const READ_AGAIN: ReadonlySet<string> = new Set([
  'created',
  'comment_added',
  'comment_made_private',
  'comment_redacted',
  'status_changed',
  'organization_changed',
  'requester_changed',
  'merged',
  'marked_as_spam',
  'undeleted',
]);
const DELETED: ReadonlyMap<string, string> = new Map([
  ['soft_deleted', 'deleted'],
  ['permanently_deleted', 'deleted for good'],
]);
/** What an event about a single comment takes back. */
const TAKEN_BACK: ReadonlyMap<string, string> = new Map([
  ['comment_redacted', 'redacted'],
  ['comment_made_private', 'made private'],
]);

export interface InboundConfig {
  baseUrl: string;
  /** The signing secret of the webhook. */
  webhookSecret: string;
}

/** Makes the receiving side for one webhook. */
export function createInbound(config: InboundConfig, client: ZendeskClient): Inbound {
  return {
    path: '/webhooks/zendesk',
    verify: (request, now) => verify(config.webhookSecret, request, now),
    identify,
    read: (payload) => read(payload, config.baseUrl, client),
  };
}

function verify(secret: string, request: RawRequest, now: Date): Verdict {
  const signature = request.headers['x-zendesk-webhook-signature'];
  const timestamp = request.headers['x-zendesk-webhook-signature-timestamp'];
  if (!signature || !timestamp) return { ok: false, reason: 'missing_signature' };
  const expected = Buffer.from(
    createHmac('sha256', secret)
      .update(timestamp + request.body)
      .digest('base64'),
  );
  const given = Buffer.from(signature);
  // The length is no secret; only equal lengths can be compared in constant time.
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    return { ok: false, reason: 'bad_signature' };
  if (!ISO_TIME.test(timestamp)) return { ok: false, reason: 'bad_signature' };
  const ageMs = now.getTime() - Date.parse(timestamp);
  if (ageMs > WINDOW_MS) return { ok: false, reason: 'stale' };
  if (ageMs < -WINDOW_MS) return { ok: false, reason: 'from_the_future' };
  return { ok: true };
}

function identify(request: RawRequest): Identified {
  let body: unknown;
  try {
    body = parseJson(request.body);
  } catch {
    return { ok: false, field: 'body', message: 'is not JSON' };
  }
  const parsed = EventBody.safeParse(body);
  if (parsed.success) {
    // The header is not signed. At worst it lets a copy through as new, which makes us read a ticket once more.
    const deliveryId = parsed.data.id ?? request.headers['x-zendesk-webhook-invocation-id'];
    if (deliveryId) return { ok: true, deliveryId, kind: parsed.data.type };
    return { ok: false, field: 'id', message: 'is missing, and so is the invocation id' };
  }
  const issue = parsed.error.issues[0];
  return { ok: false, field: issue?.path.join('.') || 'body', message: issue?.message ?? 'is not an event' };
}

/** What became of the ticket that an event is about. The payload is the body as it came, parsed or not. */
async function read(payload: unknown, baseUrl: string, client: ZendeskClient): Promise<Fact[]> {
  const parsed = EventBody.safeParse(typeof payload === 'string' ? parseJson(payload) : payload);
  if (!parsed.success) {
    throw new AppError('bad_request', `A stored Zendesk event does not fit: ${z.prettifyError(parsed.error)}`);
  }
  const event = parsed.data;
  const ticketId = ticketIdOf(event.subject);
  if (!event.type.startsWith(EVENT_PREFIX) || ticketId === null)
    return [{ kind: 'ignored', reason: 'not about a ticket' }];
  const name = event.type.slice(EVENT_PREFIX.length);

  const deleted = DELETED.get(name);
  if (deleted === undefined && !READ_AGAIN.has(name)) {
    return [{ kind: 'ignored', reason: `${name} changes nothing that is kept` }];
  }
  if (name === 'comment_added' && event.event?.comment?.is_public === false) {
    return [{ kind: 'ignored', reason: 'internal note' }];
  }

  // Events come in any order: a ticket that was brought back since is read like any other.
  const ticket = name === 'permanently_deleted' ? null : await client.ticket(ticketId);
  const comments = ticket === null ? null : await client.comments(ticketId);
  if (ticket === null || comments === null) return [forgetTicket(ticketId, event.time, deleted ?? 'gone')];

  const users = await client.users(peopleOf(ticket, comments));
  const organizations = await client.organizations(ticket.organization_id ? [ticket.organization_id] : []);
  const facts = toFacts({ ticket, comments, users, organizations }, baseUrl);

  // The event is believed even where the ticket shows no trace of it: keeping what was taken back is worse than losing a comment.
  const taken = TAKEN_BACK.get(name);
  const comment = comments.find((one) => one.id === event.event?.comment?.id);
  if (taken !== undefined && comment) {
    const about = commentKey(ticketId, comment.id);
    return [...facts.filter((fact) => nameOf(fact) !== about), forgetComment(ticketId, comment, taken)];
  }
  return facts.length > 0 ? facts : [{ kind: 'ignored', reason: 'nothing public in the ticket' }];
}

function nameOf(fact: Fact): string | null {
  if (fact.kind === 'signal') return fact.signal.externalId;
  return fact.kind === 'forget' ? fact.externalId : null;
}
