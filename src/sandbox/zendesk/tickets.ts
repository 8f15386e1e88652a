// The endpoints of tickets and their comments.
import { z } from 'zod';
import {
  type Answer,
  type Ctx,
  error,
  fromBase64,
  type Handling,
  invalid,
  malformed,
  notFound,
  notSimulated,
  toBase64,
} from './answer.ts';
import type { Human } from './human.ts';
import { commentWire, ticketWire, wireId } from './render.ts';
import type { SimTicket, Store } from './state.ts';

const COMMENTS_PAGE_MAX = 100;
const COMMENTS_PER_TICKET_MAX = 5_000;

const CommentIn = z.strictObject({
  body: z.string().min(1).optional(),
  html_body: z.string().min(1).optional(),
  public: z.boolean().optional(),
  author_id: z.union([z.number(), z.string()]).optional(),
});
const UpdateIn = z.strictObject({
  ticket: z.strictObject({
    comment: CommentIn.optional(),
    status: z.enum(['new', 'open', 'pending', 'hold', 'solved', 'closed']).optional(),
    additional_tags: z.array(z.string()).optional(),
    safe_update: z.boolean().optional(),
    updated_stamp: z.string().optional(),
  }),
});
const CreateIn = z.strictObject({
  ticket: z.strictObject({
    subject: z.string().optional(),
    comment: CommentIn,
    priority: z.enum(['urgent', 'high', 'normal', 'low']).nullable().optional(),
    external_id: z.string().nullable().optional(),
    requester_id: z.union([z.number(), z.string()]).optional(),
    requester: z.strictObject({ name: z.string(), email: z.string().optional() }).optional(),
    tags: z.array(z.string()).optional(),
  }),
});

export interface TicketEndpointsDeps {
  store: Store;
  human: Human;
  baseUrl(): string;
}

export interface TicketEndpoints {
  show(request: Handling): Answer;
  create(request: Handling): Answer;
  update(request: Handling): Answer;
  comments(request: Handling): Answer;
  /** Forgets the idempotency keys. */
  reset(): void;
}

/** Makes the endpoints over the records. */
export function createTicketEndpoints({ store, human, baseUrl }: TicketEndpointsDeps): TicketEndpoints {
  const { state } = store;
  const idempotent = new Map<string, { request: string; answer: Answer }>();

  return { show, create, update, comments, reset: () => idempotent.clear() };

  function show({ c }: Handling): Answer {
    const ticket = visible(c);
    return ticket ? { status: 200, body: { ticket: ticketWire(ticket, baseUrl()) } } : notFound();
  }

  function create({ c, body }: Handling): Answer {
    // Zendesk honours the key on this one call only, and forgets it after about two hours.
    const key = c.req.header('idempotency-key');
    const request = JSON.stringify(body);
    const before = key === undefined ? undefined : idempotent.get(key);
    if (before) {
      if (before.request === request) return { ...before.answer, headers: { 'x-idempotency-lookup': 'hit' } };
      const problem = 'Request parameters do not match those of the first request with this key.';
      return { status: 400, body: error('IdempotentRequestError', problem) };
    }
    const parsed = CreateIn.safeParse(body);
    if (!parsed.success) return malformed(parsed.error);
    const { comment, requester_id, requester, ...fields } = parsed.data.ticket;
    if (requester_id !== undefined && !state.users.has(String(requester_id))) {
      return invalid('requester', 'Requester: was not found');
    }
    const from = requester_id === undefined ? (requester ?? state.admin.id) : String(requester_id);
    const made = human.createTicket(from, {
      subject: fields.subject ?? '',
      body: comment.body ?? comment.html_body ?? '',
      public: comment.public ?? true,
      channel: 'api',
      priority: fields.priority ?? null,
      tags: fields.tags ?? [],
      externalId: fields.external_id ?? null,
    });
    const answer: Answer = { status: 201, body: { ticket: ticketWire(made, baseUrl()) } };
    if (key === undefined) return answer;
    idempotent.set(key, { request, answer });
    return { ...answer, headers: { 'x-idempotency-lookup': 'miss' } };
  }

  function update({ c, body }: Handling): Answer {
    const ticket = visible(c);
    if (!ticket) return notFound();
    const parsed = UpdateIn.safeParse(body);
    if (!parsed.success) return malformed(parsed.error);
    const change = parsed.data.ticket;
    if (change.safe_update) {
      if (change.updated_stamp === undefined) return invalid('safe_update', 'Safe update requires an updated_stamp');
      if (Date.parse(change.updated_stamp) < Date.parse(ticket.updatedAt)) {
        const problem =
          'Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data and try again.';
        return { status: 409, body: error('UpdateConflict', problem) };
      }
    }
    if (ticket.status === 'closed') return invalid('status', 'Status: closed prevents ticket update');
    if (ticket.comments.length >= COMMENTS_PER_TICKET_MAX) {
      return invalid('base', 'Ticket has reached the maximum number of comments');
    }
    const events: Record<string, unknown>[] = [];
    if (change.comment) {
      const text = change.comment.body ?? change.comment.html_body;
      if (text === undefined) return invalid('comment', 'Comment: cannot be blank');
      const author = change.comment.author_id === undefined ? state.admin.id : String(change.comment.author_id);
      if (!state.users.has(author)) return invalid('comment', 'Author: was not found');
      const made = human.comment(ticket.id, author, text, change.comment.public ?? true, {
        channel: 'api',
        ...(change.status ? { status: change.status } : {}),
        tags: change.additional_tags ?? [],
      });
      events.push({
        id: wireId(made.id),
        type: 'Comment',
        author_id: wireId(made.authorId),
        body: made.body,
        public: made.public,
        attachments: [],
        audit_id: wireId(made.id),
      });
    } else if (change.status) human.setStatus(ticket.id, change.status);
    const audit = {
      id: wireId(store.newId()),
      ticket_id: wireId(ticket.id),
      created_at: store.now(),
      author_id: wireId(state.admin.id),
      events,
    };
    return { status: 200, body: { ticket: ticketWire(ticket, baseUrl()), audit } };
  }

  function comments({ c, query }: Handling): Answer {
    const ticket = visible(c);
    if (!ticket) return notFound();
    const size = Number(query['page[size]']);
    if (!Number.isInteger(size) || size < 1 || size > COMMENTS_PAGE_MAX) {
      return notSimulated('Only cursor pages of 1 to 100 comments are simulated: give page[size].');
    }
    const sort = query.sort ?? 'created_at';
    if (sort !== 'created_at' && sort !== '-created_at') {
      return { status: 400, body: error('InvalidPaginationParameter', 'sort is not valid') };
    }
    const all = sort === 'created_at' ? ticket.comments : ticket.comments.toReversed();
    const after = query['page[after]'];
    const from = after === undefined ? 0 : all.findIndex((comment) => comment.id === fromBase64(after)) + 1;
    if (after !== undefined && from === 0) {
      return { status: 400, body: error('InvalidPaginationParameter', 'page[after] is not valid') };
    }
    const page = all.slice(from, from + size);
    const more = from + size < all.length;
    const first = page[0];
    const last = page.at(-1);
    const next = last
      ? `${baseUrl()}/api/v2/tickets/${ticket.id}/comments.json?${new URLSearchParams({ 'page[size]': String(size), 'page[after]': toBase64(last.id), sort })}`
      : null;
    return {
      status: 200,
      body: {
        comments: page.map(commentWire),
        meta: {
          has_more: more,
          after_cursor: last ? toBase64(last.id) : null,
          before_cursor: first ? toBase64(first.id) : null,
        },
        links: { prev: null, next: more ? next : null },
      },
    };
  }

  /** A ticket that the API shows: deleted ones are only in the export. */
  function visible(c: Ctx): SimTicket | undefined {
    const ticket = state.tickets.get(c.req.param('id') ?? '');
    return ticket?.deleted === 'no' ? ticket : undefined;
  }
}
