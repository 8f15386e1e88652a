// The people of the simulated account: customers who write, agents who answer, redact and delete. Each verb changes the records and tells the webhook.
import type { SimComment, SimTicket, SimUser, Store, TicketStatus, UserRole } from './state.ts';
import { commentFields, type EventName, type Webhooks } from './webhooks.ts';

/** What Zendesk puts in the place of redacted characters. */
const REDACTED = '▇';
const SCRUBBED = 'SCRUBBED';

/** A user's id, or who it is: found by e-mail or name, made when new. */
export type Who = string | { name: string; email?: string; role?: UserRole; organization?: string | null };

export interface NewTicket {
  subject: string;
  body: string;
  /** The organization's name; absent: the requester's own. Null: none. */
  organization?: string | null;
  /** email, web, api, chat; default email. */
  channel?: string;
  /** Who wrote the first comment, when it was not the requester: an agent who writes first. */
  author?: Who;
  /** False: an internal note opens the ticket. */
  public?: boolean;
  priority?: SimTicket['priority'];
  tags?: string[];
  externalId?: string | null;
  /** When it was written, for a ticket that is older than the simulator; ISO 8601. */
  at?: string;
}

export interface NewComment {
  channel?: string;
  rel?: string | null;
  at?: string;
  status?: TicketStatus;
  tags?: string[];
}

export interface Human {
  createTicket(requester: Who, ticket: NewTicket): SimTicket;
  comment(ticketId: string, author: Who, body: string, isPublic?: boolean, more?: NewComment): SimComment;
  /** Redacts the whole comment, or one text within it. Cannot be taken back. */
  redact(ticketId: string, commentId: string, text?: string): void;
  makePrivate(ticketId: string, commentId: string): void;
  setStatus(ticketId: string, status: TicketStatus): void;
  setOrganization(ticketId: string, organization: string | null): void;
  /** Closes the first ticket into the second. */
  merge(ticketId: string, intoTicketId: string): void;
  softDelete(ticketId: string): void;
  undelete(ticketId: string): void;
  /** Scrubs what was soft-deleted; soft-deletes first when needed, as people do in one go. */
  deletePermanently(ticketId: string): void;
  /** Finds a person or makes one. */
  person(who: Who): SimUser;
}

export interface HumanDeps {
  store: Store;
  webhooks: Pick<Webhooks, 'emit'>;
  /** Told of every ticket that changed. */
  onChange(ticket: SimTicket): void;
}

/** Makes the people of one simulated account. Every verb throws when it names something that is not there. */
export function createHuman({ store, webhooks, onChange }: HumanDeps): Human {
  const { state } = store;

  const human: Human = {
    createTicket(requester, draft) {
      const from = human.person(requester);
      const author = draft.author === undefined ? from : human.person(draft.author);
      const createdAt = draft.at ?? store.now();
      const ticket: SimTicket = {
        id: store.newTicketId(),
        subject: draft.subject,
        status: 'new',
        deleted: 'no',
        requesterId: from.id,
        submitterId: author.id,
        organizationId:
          draft.organization === undefined
            ? from.organizationId
            : draft.organization === null
              ? null
              : store.organizationNamed(draft.organization).id,
        channel: draft.channel ?? 'email',
        tags: draft.tags ?? [],
        priority: draft.priority ?? null,
        externalId: draft.externalId ?? null,
        createdAt,
        updatedAt: createdAt,
        generatedAt: 0,
        comments: [],
      };
      state.tickets.set(ticket.id, ticket);
      append(ticket, author, draft.body, draft.public ?? true, { channel: ticket.channel, at: createdAt });
      changed(ticket, author, [['created', {}]], createdAt);
      return ticket;
    },
    comment(ticketId, author, body, isPublic = true, more = {}) {
      const ticket = living(ticketId);
      const writer = human.person(author);
      const comment = append(ticket, writer, body, isPublic, more);
      ticket.tags = [...new Set([...ticket.tags, ...(more.tags ?? [])])];
      const events: [EventName, Record<string, unknown>][] = [['comment_added', commentFields(comment, store)]];
      const status =
        more.status ?? (isPublic && writer.role === 'end-user' && ticket.status !== 'new' ? 'open' : ticket.status);
      if (status !== ticket.status) events.push(['status_changed', statusChange(ticket, status)]);
      changed(ticket, writer, events, more.at);
      return comment;
    },
    redact(ticketId, commentId, text) {
      const ticket = living(ticketId);
      const comment = commentOf(ticket, commentId);
      comment.body =
        text === undefined ? REDACTED.repeat(8) : comment.body.replaceAll(text, REDACTED.repeat(text.length));
      changed(ticket, state.admin, [['comment_redacted', { comment: { id: comment.id } }]]);
    },
    makePrivate(ticketId, commentId) {
      const ticket = living(ticketId);
      const comment = commentOf(ticket, commentId);
      comment.public = false;
      changed(ticket, state.admin, [['comment_made_private', { comment: { id: comment.id } }]]);
    },
    setStatus(ticketId, status) {
      const ticket = living(ticketId);
      if (ticket.status === status) return;
      changed(ticket, state.admin, [['status_changed', statusChange(ticket, status)]]);
    },
    setOrganization(ticketId, organization) {
      const ticket = living(ticketId);
      const previous = ticket.organizationId;
      ticket.organizationId = organization === null ? null : store.organizationNamed(organization).id;
      changed(ticket, state.admin, [['organization_changed', { current: ticket.organizationId, previous }]]);
    },
    merge(ticketId, intoTicketId) {
      const ticket = living(ticketId);
      const into = living(intoTicketId);
      append(into, state.admin, `Request #${ticket.id} was closed and merged into this request.`, false, {
        rel: 'merge',
        channel: 'web',
      });
      append(ticket, state.admin, `This request was closed and merged into request #${into.id}.`, false, {
        rel: 'merge',
        channel: 'web',
      });
      changed(ticket, state.admin, [
        ['merged', { target_ticket_id: into.id }],
        ['status_changed', statusChange(ticket, 'closed')],
      ]);
      changed(into, state.admin, [['comment_added', commentFields(into.comments.at(-1)!, store)]]);
    },
    softDelete(ticketId) {
      const ticket = living(ticketId);
      ticket.deleted = 'soft';
      changed(ticket, state.admin, [['soft_deleted', {}]]);
    },
    undelete(ticketId) {
      const ticket = ticketOf(ticketId);
      if (ticket.deleted !== 'soft') throw new Error(`Ticket ${ticketId} is not waiting in the deleted tickets.`);
      ticket.deleted = 'no';
      changed(ticket, state.admin, [['undeleted', {}]]);
    },
    deletePermanently(ticketId) {
      if (ticketOf(ticketId).deleted === 'no') human.softDelete(ticketId);
      const ticket = ticketOf(ticketId);
      ticket.deleted = 'permanently';
      ticket.subject = SCRUBBED;
      ticket.comments = [];
      changed(ticket, state.admin, [['permanently_deleted', {}]]);
    },
    person(who) {
      if (typeof who !== 'string') return store.person(who);
      const found = state.users.get(who);
      if (!found) throw new Error(`There is no user ${who}.`);
      return found;
    },
  };

  function append(ticket: SimTicket, author: SimUser, body: string, isPublic: boolean, more: NewComment): SimComment {
    const comment: SimComment = {
      id: store.newId(),
      authorId: author.id,
      body,
      public: isPublic,
      channel: more.channel ?? (author.role === 'end-user' ? 'email' : 'web'),
      rel: more.rel ?? null,
      createdAt: more.at ?? store.now(),
    };
    ticket.comments.push(comment);
    return comment;
  }

  function statusChange(ticket: SimTicket, status: TicketStatus): Record<string, unknown> {
    const previous = ticket.status;
    ticket.status = status;
    return { current: status.toUpperCase(), previous: previous.toUpperCase() };
  }

  function changed(
    ticket: SimTicket,
    actor: SimUser,
    events: [EventName, Record<string, unknown>][],
    at?: string,
  ): void {
    store.touch(ticket, at);
    webhooks.emit(events.map(([name, fields]) => ({ name, ticket, actorId: actor.id, fields })));
    onChange(ticket);
  }

  function ticketOf(id: string): SimTicket {
    const ticket = state.tickets.get(id);
    if (!ticket) throw new Error(`There is no ticket ${id}.`);
    return ticket;
  }

  function living(id: string): SimTicket {
    const ticket = ticketOf(id);
    if (ticket.deleted !== 'no') throw new Error(`Ticket ${id} was deleted.`);
    return ticket;
  }

  function commentOf(ticket: SimTicket, id: string): SimComment {
    const comment = ticket.comments.find((candidate) => candidate.id === id);
    if (!comment) throw new Error(`Ticket ${ticket.id} has no comment ${id}.`);
    return comment;
  }

  return human;
}
