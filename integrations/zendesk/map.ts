// From Zendesk's tickets to our facts. Pure: the same state gives the same facts, whichever event or sweep led us to it.
import type { AuthorRole, CustomerHint, Fact, SignalDraft } from '#src/domain/signal.ts';
import type { Comment, Organization, Ticket, User } from './wire.ts';

/** What stands where an agent redacted something; Zendesk marks a redacted comment in no other way. */
const REDACTION_MARK = '▇';
/** Written by Zendesk itself, not by a person. */
const SYSTEM_AUTHOR = '-1';
// Subjects that messaging channels make up; they say nothing, and name a person.
const MADE_UP_SUBJECT = /^(conversation|chat) with /i;

/** A ticket with everything that its facts are made of. */
export interface TicketState {
  ticket: Ticket;
  /** Oldest first, internal notes included. */
  comments: Comment[];
  users: ReadonlyMap<string, User>;
  organizations: ReadonlyMap<string, Organization>;
}

/** The external id of a ticket: the conversation, and the container of its comments. */
export function ticketKey(ticketId: string): string {
  return `zendesk:ticket:${ticketId}`;
}

/** The external id of one comment. */
export function commentKey(ticketId: string, commentId: string): string {
  return `${ticketKey(ticketId)}:comment:${commentId}`;
}

/** The number behind `zendesk:ticket:35436`, `zen:ticket:35436`, `35436` or `#35436`; null when it names no ticket. */
export function ticketIdOf(name: string): string | null {
  return /^(?:(?:zendesk|zen):ticket:|#)?(\d{1,20})$/.exec(name)?.[1] ?? null;
}

/** Where an agent opens the ticket. */
export function ticketUrl(baseUrl: string, ticketId: string): string {
  return `${baseUrl}/agent/tickets/${ticketId}`;
}

/**
 * Everything that a ticket says now: a signal for each public comment, and a forget for each redacted one. A redacted comment gives no signal
 * at all, not even with what is left of it: a text that we should not have is worse than a report that we miss.
 */
export function toFacts(
  { ticket, comments, users, organizations }: TicketState,
  baseUrl: string,
  historicalBefore: string | null = null,
): Fact[] {
  const facts: Fact[] = [];
  const customer = customerOf(ticket, users, organizations);
  comments.forEach((comment, index) => {
    if (!comment.public) return;
    if (isRedacted(comment)) {
      facts.push(forgetComment(ticket.id, comment, 'redacted'));
      return;
    }
    const text = index === 0 ? withSubject(ticket.subject ?? '', comment.body ?? '') : (comment.body ?? '').trim();
    if (text === '') return;
    const occurredAt = isoTime(comment.created_at);
    const author = users.get(comment.author_id);
    const signal: SignalDraft = {
      source: 'zendesk',
      externalId: commentKey(ticket.id, comment.id),
      change: 'created',
      occurredAt,
      changedAt: occurredAt,
      modality: 'text',
      text,
      measure: null,
      author: {
        id: `zendesk:user:${comment.author_id}`,
        name: author?.name ?? null,
        role: roleOf(comment.author_id, author),
      },
      // The number only: a subject is the customer's words, and container names are not kept as such.
      container: { id: ticketKey(ticket.id), name: `ticket ${ticket.id}` },
      threadId: ticketKey(ticket.id),
      permalink: ticketUrl(baseUrl, ticket.id),
      customer,
      reliability: 'signed',
      capturedBy: null,
      historical: historicalBefore !== null && occurredAt < historicalBefore,
    };
    facts.push({ kind: 'signal', signal });
  });
  return facts;
}

/** Forgets every comment of a ticket. */
export function forgetTicket(ticketId: string, at: string, reason: string): Fact {
  return { kind: 'forget', source: 'zendesk', externalId: `${ticketKey(ticketId)}:*`, at: isoTime(at), reason };
}

/** Forgets one comment. The time is the comment's own, so that every path to this fact gives the same one. */
export function forgetComment(ticketId: string, comment: Pick<Comment, 'id' | 'created_at'>, reason: string): Fact {
  return {
    kind: 'forget',
    source: 'zendesk',
    externalId: commentKey(ticketId, comment.id),
    at: isoTime(comment.created_at),
    reason,
  };
}

/** Whose people a ticket needs to be looked up: authors of what is public, and the requester. */
export function peopleOf(ticket: Ticket, comments: readonly Comment[]): string[] {
  const authors = comments.filter((comment) => comment.public).map((comment) => comment.author_id);
  return [...new Set([ticket.requester_id, ...authors])].filter((id) => id !== SYSTEM_AUTHOR);
}

/** An agent's redaction has left its mark in the text. */
export function isRedacted(comment: Comment): boolean {
  return (comment.body ?? '').includes(REDACTION_MARK);
}

/** Subject, blank line, body; the body alone when the subject only repeats its beginning or was made up by a channel. */
function withSubject(subject: string, body: string): string {
  const title = subject.trim();
  const text = body.trim();
  if (text === '') return title;
  const folded = fold(title);
  if (folded === '' || MADE_UP_SUBJECT.test(title) || fold(text).startsWith(folded)) return text;
  return `${title}\n\n${text}`;
}

/** For comparing a subject with a body: without case, reply marks, an ellipsis at the end and differences of white space. */
function fold(text: string): string {
  return text
    .toLowerCase()
    .replace(/^\s*((re|aw|fwd?|wg)\s*:\s*)+/, '')
    .replace(/\s+/g, ' ')
    .replace(/\s*(…|\.{2,})\s*$/, '')
    .trim();
}

function roleOf(authorId: string, author: User | undefined): AuthorRole {
  if (authorId === SYSTEM_AUTHOR) return 'bot';
  // A user who was deleted has no role any more. Staff are rarely deleted, and a customer taken for staff would go unheard.
  return author?.role === 'agent' || author?.role === 'admin' ? 'staff' : 'customer';
}

function customerOf(
  ticket: Ticket,
  users: ReadonlyMap<string, User>,
  organizations: ReadonlyMap<string, Organization>,
): CustomerHint {
  if (ticket.organization_id) {
    const name = organizations.get(ticket.organization_id)?.name ?? null;
    return { kind: 'organization', key: `zendesk:org:${ticket.organization_id}`, name };
  }
  const name = users.get(ticket.requester_id)?.name ?? null;
  return { kind: 'requester', key: `zendesk:user:${ticket.requester_id}`, name };
}

/** One spelling of a time, so that equal times are equal strings. */
function isoTime(time: string): string {
  return new Date(time).toISOString();
}
