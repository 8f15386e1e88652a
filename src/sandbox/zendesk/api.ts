// The Zendesk REST API, as far as a client of ours calls it: OAuth, tickets, comments, people, the cursor export. Anything else is refused and recorded.
import { randomBytes } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { z } from 'zod';
import type { Clock } from '#src/domain/ports.ts';
import type { FaultKind, Faults, Operation } from './faults.ts';
import type { Human } from './human.ts';
import { anonymousWire, commentWire, organizationWire, ticketWire, userWire, wireId } from './render.ts';
import type { SimTicket, Store } from './state.ts';

const EXPIRES_SEC_MIN = 300;
const EXPIRES_SEC_MAX = 172_800;
const EXPORT_PER_MINUTE = 10;
const EXPORT_PAGE_MAX = 1_000;
// The export leaves out the last minute, because changes may still be on their way to it.
const EXPORT_LAG_SEC = 60;
const COMMENTS_PAGE_MAX = 100;
const SHOW_MANY_MAX = 100;
const COMMENTS_PER_TICKET_MAX = 5_000;

/** One request that came in, whether we knew it or not. */
export interface Call {
  /** Null: nothing here answers to that. */
  operation: Operation | null;
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  status: number;
  at: string;
}

/** How the account is set up, beyond its records. */
export interface Account {
  clientId: string;
  clientSecret: string;
  /** The most that a token of this client may be given. */
  scopes: string[];
  /** Tickets that the export repeats at the start of every page; real exports repeat some too. */
  exportOverlap: number;
}

export interface ApiDeps {
  clock: Clock;
  store: Store;
  human: Human;
  faults: Faults;
  account: Account;
  calls: Call[];
  baseUrl(): string;
  /** Aborted when the server closes, so that calls without an answer end. */
  closing(): AbortSignal;
}

export interface Api {
  app: Hono<{ Bindings: HttpBindings }>;
  /** Forgets tokens, idempotency keys and the export's counter. */
  reset(): void;
  /** Makes every token that was handed out invalid. */
  revokeTokens(): void;
}

type Ctx = Context<{ Bindings: HttpBindings }>;
interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}
interface Handling {
  c: Ctx;
  query: Record<string, string>;
  body: unknown;
}
interface Route {
  operation: Operation;
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  /** The resource whose scope the token needs; null: none. */
  resource: 'tickets' | 'users' | 'organizations' | null;
  /** Query parameters that the real endpoint knows and we honour. */
  query: string[];
  handle(request: Handling): Answer;
}

const CommentIn = z.strictObject({
  body: z.string().min(1).optional(),
  html_body: z.string().min(1).optional(),
  public: z.boolean().optional(),
  author_id: z.union([z.number(), z.string()]).optional(),
});
const TicketFields = {
  subject: z.string().optional(),
  status: z.enum(['new', 'open', 'pending', 'hold', 'solved', 'closed']).optional(),
  priority: z.enum(['urgent', 'high', 'normal', 'low']).nullable().optional(),
  external_id: z.string().nullable().optional(),
};
const UpdateIn = z.strictObject({
  ticket: z.strictObject({
    ...TicketFields,
    comment: CommentIn.optional(),
    additional_tags: z.array(z.string()).optional(),
    safe_update: z.boolean().optional(),
    updated_stamp: z.string().optional(),
  }),
});
const CreateIn = z.strictObject({
  ticket: z.strictObject({
    ...TicketFields,
    comment: CommentIn,
    requester_id: z.union([z.number(), z.string()]).optional(),
    requester: z.strictObject({ name: z.string(), email: z.string().optional() }).optional(),
    tags: z.array(z.string()).optional(),
  }),
});
const TokenIn = z.strictObject({
  grant_type: z.string(),
  client_id: z.string(),
  client_secret: z.string(),
  scope: z.string(),
  expires_in: z.number().int().optional(),
});

/** Makes the API over the records. */
export function createApi(deps: ApiDeps): Api {
  const { clock, store, human, faults, account, calls } = deps;
  const { state } = store;
  const tokens = new Map<string, { scopes: string[]; expiresAt: number }>();
  const idempotent = new Map<string, { request: string; answer: Answer }>();
  let exportCalls: number[] = [];

  const routes: Route[] = [
    { operation: 'oauth.token', method: 'POST', path: '/oauth/tokens', resource: null, query: [], handle: token },
    { operation: 'users.me', method: 'GET', path: '/api/v2/users/me', resource: null, query: [], handle: me },
    {
      operation: 'users.show_many',
      method: 'GET',
      path: '/api/v2/users/show_many',
      resource: 'users',
      query: ['ids'],
      handle: users,
    },
    {
      operation: 'organizations.show_many',
      method: 'GET',
      path: '/api/v2/organizations/show_many',
      resource: 'organizations',
      query: ['ids'],
      handle: organizations,
    },
    {
      operation: 'tickets.show',
      method: 'GET',
      path: '/api/v2/tickets/:id',
      resource: 'tickets',
      query: [],
      handle: showTicket,
    },
    {
      operation: 'tickets.create',
      method: 'POST',
      path: '/api/v2/tickets',
      resource: 'tickets',
      query: [],
      handle: createTicket,
    },
    {
      operation: 'tickets.update',
      method: 'PUT',
      path: '/api/v2/tickets/:id',
      resource: 'tickets',
      query: [],
      handle: updateTicket,
    },
    {
      operation: 'comments.list',
      method: 'GET',
      path: '/api/v2/tickets/:id/comments',
      resource: 'tickets',
      query: ['page[size]', 'page[after]', 'sort'],
      handle: listComments,
    },
    {
      operation: 'tickets.export',
      method: 'GET',
      path: '/api/v2/incremental/tickets/cursor',
      resource: 'tickets',
      query: ['start_time', 'cursor', 'per_page'],
      handle: exportTickets,
    },
  ];

  // Every address may end in .json.
  const app = new Hono<{ Bindings: HttpBindings }>({
    getPath: (request) => new URL(request.url).pathname.replace(/\.json$/, ''),
  });
  for (const route of routes) app.on(route.method, route.path, (c) => serve(route, c));
  app.get('/agent/tickets/:id', (c) => agentPage(c));
  app.all('*', async (c) => {
    const body = await readBody(c);
    record(null, c, body, 501);
    return json({ status: 501, body: error('NotSimulated', `Nothing here answers to ${c.req.method} ${c.req.path}.`) });
  });

  async function serve(route: Route, c: Ctx): Promise<Response> {
    const body = await readBody(c);
    const query = Object.fromEntries(new URL(c.req.url).searchParams);
    const fault = faults.take(route.operation);
    const early = fault ? faultBefore(fault) : null;
    const carriedOut = early === null && (fault === null || !('effect' in fault) || fault.effect);
    let answer =
      early ??
      (carriedOut ? (refusal(route, c, query) ?? route.handle({ c, query, body })) : { status: 0, body: null });
    if (fault?.kind === 'lost_answer') answer = { status: 502, body: '<html><body>502 Bad Gateway</body></html>' };
    record(route.operation, c, body, fault?.kind === 'silence' || fault?.kind === 'cut' ? 0 : answer.status);
    if (fault?.kind === 'silence')
      await new Promise((resolve) => deps.closing().addEventListener('abort', resolve, { once: true }));
    if (fault?.kind === 'cut' || fault?.kind === 'silence') {
      c.env.outgoing.destroy();
      return new Response(null);
    }
    return json(answer);
  }

  /** Why a request gets no further: no token, not enough scope, a parameter that nobody knows. */
  function refusal(route: Route, c: Ctx, query: Record<string, string>): Answer | null {
    const unknown = Object.keys(query).filter((name) => !route.query.includes(name));
    if (unknown.length > 0)
      return {
        status: 400,
        body: error('NotSimulated', `${route.operation} is not simulated with ${unknown.join(', ')}.`),
      };
    if (route.operation === 'oauth.token') return null;
    const header = c.req.header('authorization');
    if (route.operation === 'users.me' && header === undefined) return null;
    const granted = tokens.get(/^Bearer (.+)$/.exec(header ?? '')?.[1] ?? '');
    if (!granted || granted.expiresAt <= clock.now().getTime()) {
      return {
        status: 401,
        body: {
          error: 'invalid_token',
          error_description: 'The access token provided is expired, revoked, malformed or invalid for other reasons.',
        },
        headers: { 'www-authenticate': 'Bearer realm="", error="invalid_token"' },
      };
    }
    const verb = route.method === 'GET' ? 'read' : 'write';
    if (
      route.resource !== null &&
      !granted.scopes.includes(verb) &&
      !granted.scopes.includes(`${route.resource}:${verb}`)
    ) {
      return {
        status: 403,
        body: error(
          'Forbidden',
          'You do not have access to this page. Please contact the account owner of this help desk for further help.',
        ),
      };
    }
    return null;
  }

  function token({ body }: Handling): Answer {
    const parsed = TokenIn.safeParse(body);
    if (!parsed.success)
      return { status: 400, body: { error: 'invalid_request', error_description: z.prettifyError(parsed.error) } };
    const { grant_type, client_id, client_secret, scope, expires_in = EXPIRES_SEC_MAX } = parsed.data;
    if (grant_type !== 'client_credentials')
      return {
        status: 400,
        body: { error: 'unsupported_grant_type', error_description: 'Only client_credentials is simulated.' },
      };
    if (client_id !== account.clientId || client_secret !== account.clientSecret) {
      return {
        status: 401,
        body: {
          error: 'invalid_client',
          error_description:
            'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
        },
      };
    }
    const scopes = scope.split(' ').filter((one) => one !== '');
    if (scopes.length === 0 || scopes.some((one) => !account.scopes.includes(one))) {
      return {
        status: 400,
        body: { error: 'invalid_scope', error_description: 'The requested scope is invalid, unknown, or malformed.' },
      };
    }
    if (expires_in < EXPIRES_SEC_MIN || expires_in > EXPIRES_SEC_MAX) {
      return {
        status: 422,
        body: error('InvalidValue', `expires_in must be between ${EXPIRES_SEC_MIN} and ${EXPIRES_SEC_MAX} seconds`),
      };
    }
    const value = randomBytes(32).toString('hex');
    tokens.set(value, { scopes, expiresAt: clock.now().getTime() + expires_in * 1000 });
    return { status: 200, body: { access_token: value, token_type: 'bearer', scope: scopes.join(' '), expires_in } };
  }

  function me({ c }: Handling): Answer {
    const user = c.req.header('authorization') === undefined ? anonymousWire() : userWire(state.admin, deps.baseUrl());
    return { status: 200, body: { user: { ...user, authenticity_token: 'simulated' } } };
  }

  function users({ query }: Handling): Answer {
    return showMany(query.ids, (ids) => ({
      users: ids.flatMap((id) => state.users.get(id) ?? []).map((user) => userWire(user, deps.baseUrl())),
      next_page: null,
      previous_page: null,
      count: ids.filter((id) => state.users.has(id)).length,
    }));
  }

  function organizations({ query }: Handling): Answer {
    return showMany(query.ids, (ids) => ({
      organizations: ids
        .flatMap((id) => state.organizations.get(id) ?? [])
        .map((one) => organizationWire(one, deps.baseUrl())),
      next_page: null,
      previous_page: null,
      count: ids.filter((id) => state.organizations.has(id)).length,
    }));
  }

  function showMany(ids: string | undefined, render: (ids: string[]) => unknown): Answer {
    const list = [...new Set((ids ?? '').split(',').filter((id) => id !== ''))];
    if (list.length === 0) return invalid('ids', 'is required');
    if (list.length > SHOW_MANY_MAX) return { status: 400, body: error('TooManyIds', `at most ${SHOW_MANY_MAX} ids`) };
    return { status: 200, body: render(list) };
  }

  function showTicket({ c }: Handling): Answer {
    const ticket = visible(c);
    return ticket ? { status: 200, body: { ticket: ticketWire(ticket, deps.baseUrl()) } } : notFound();
  }

  function createTicket({ c, body }: Handling): Answer {
    // Zendesk honours the key on this one call only, and forgets it after about two hours.
    const key = c.req.header('idempotency-key');
    const request = JSON.stringify(body);
    const before = key === undefined ? undefined : idempotent.get(key);
    if (before) {
      if (before.request === request) return { ...before.answer, headers: { 'x-idempotency-lookup': 'hit' } };
      return {
        status: 400,
        body: error(
          'IdempotentRequestError',
          'Request parameters do not match those of the first request with this key.',
        ),
      };
    }
    const parsed = CreateIn.safeParse(body);
    if (!parsed.success) return malformed(parsed.error);
    const { comment, requester_id, requester, ...fields } = parsed.data.ticket;
    if (requester_id !== undefined && !state.users.has(String(requester_id)))
      return invalid('requester', 'Requester: was not found');
    const made = human.createTicket(requester_id !== undefined ? String(requester_id) : (requester ?? state.admin.id), {
      subject: fields.subject ?? '',
      body: comment.body ?? comment.html_body ?? '',
      public: comment.public ?? true,
      channel: 'api',
      priority: fields.priority ?? null,
      tags: fields.tags ?? [],
      externalId: fields.external_id ?? null,
    });
    const answer: Answer = { status: 201, body: { ticket: ticketWire(made, deps.baseUrl()) } };
    if (key === undefined) return answer;
    idempotent.set(key, { request, answer });
    return { ...answer, headers: { 'x-idempotency-lookup': 'miss' } };
  }

  function updateTicket({ c, body }: Handling): Answer {
    const ticket = visible(c);
    if (!ticket) return notFound();
    const parsed = UpdateIn.safeParse(body);
    if (!parsed.success) return malformed(parsed.error);
    const change = parsed.data.ticket;
    if (change.safe_update) {
      if (change.updated_stamp === undefined) return invalid('safe_update', 'Safe update requires an updated_stamp');
      if (Date.parse(change.updated_stamp) < Date.parse(ticket.updatedAt)) {
        return {
          status: 409,
          body: error(
            'UpdateConflict',
            'Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data and try again.',
          ),
        };
      }
    }
    if (ticket.status === 'closed') return invalid('status', 'Status: closed prevents ticket update');
    if (ticket.comments.length >= COMMENTS_PER_TICKET_MAX)
      return invalid('base', 'Ticket has reached the maximum number of comments');
    if (change.subject !== undefined) ticket.subject = change.subject;
    if (change.priority !== undefined) ticket.priority = change.priority;
    if (change.external_id !== undefined) ticket.externalId = change.external_id;
    const events: Record<string, unknown>[] = [];
    if (change.comment) {
      const text = change.comment.body ?? change.comment.html_body;
      if (text === undefined) return invalid('comment', 'Comment: cannot be blank');
      const author = change.comment.author_id === undefined ? state.admin.id : String(change.comment.author_id);
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
    return {
      status: 200,
      body: {
        ticket: ticketWire(ticket, deps.baseUrl()),
        audit: {
          id: wireId(store.newId()),
          ticket_id: wireId(ticket.id),
          created_at: store.now(),
          author_id: wireId(state.admin.id),
          events,
        },
      },
    };
  }

  function listComments({ c, query }: Handling): Answer {
    const ticket = visible(c);
    if (!ticket) return notFound();
    const size = Number(query['page[size]']);
    if (!Number.isInteger(size) || size < 1 || size > COMMENTS_PAGE_MAX) {
      return {
        status: 400,
        body: error('NotSimulated', 'Only cursor pages of 1 to 100 comments are simulated: give page[size].'),
      };
    }
    const sort = query.sort ?? 'created_at';
    if (sort !== 'created_at' && sort !== '-created_at')
      return { status: 400, body: error('InvalidPaginationParameter', 'sort is not valid') };
    const all = sort === 'created_at' ? ticket.comments : ticket.comments.toReversed();
    const after = query['page[after]'];
    const from = after === undefined ? 0 : all.findIndex((comment) => comment.id === fromBase64(after)) + 1;
    if (after !== undefined && from === 0)
      return { status: 400, body: error('InvalidPaginationParameter', 'page[after] is not valid') };
    const page = all.slice(from, from + size);
    const more = from + size < all.length;
    const cursor = page.length > 0 ? toBase64(page.at(-1)!.id) : null;
    return {
      status: 200,
      body: {
        comments: page.map(commentWire),
        meta: { has_more: more, after_cursor: cursor, before_cursor: page.length > 0 ? toBase64(page[0]!.id) : null },
        links: {
          prev: null,
          next: more
            ? `${deps.baseUrl()}/api/v2/tickets/${ticket.id}/comments.json?page%5Bsize%5D=${size}&page%5Bafter%5D=${encodeURIComponent(cursor!)}`
            : null,
        },
      },
    };
  }

  function exportTickets({ query }: Handling): Answer {
    const nowMs = clock.now().getTime();
    exportCalls = exportCalls.filter((at) => at > nowMs - 60_000);
    if (exportCalls.length >= EXPORT_PER_MINUTE) {
      return tooMany(
        'Number of allowed incremental ticket export API requests per minute exceeded',
        Math.ceil((exportCalls[0]! + 60_000 - nowMs) / 1000),
      );
    }
    exportCalls.push(nowMs);
    const nowSec = Math.floor(nowMs / 1000);
    const size = query.per_page === undefined ? EXPORT_PAGE_MAX : Number(query.per_page);
    if (!Number.isInteger(size) || size < 1 || size > EXPORT_PAGE_MAX)
      return invalid('per_page', `must be between 1 and ${EXPORT_PAGE_MAX}`);
    const ordered = [...state.tickets.values()]
      .filter((ticket) => ticket.generatedAt <= nowSec - EXPORT_LAG_SEC)
      .sort((a, b) => a.generatedAt - b.generatedAt || Number(BigInt(a.id) - BigInt(b.id)));
    let from: number;
    if (query.cursor !== undefined) {
      const at = /^(\d+)\|(\d+)$/.exec(fromBase64(query.cursor));
      if (!at) return { status: 422, body: error('InvalidCursor', 'The cursor is not valid.') };
      const [sec, id] = [Number(at[1]), BigInt(at[2]!)];
      from = ordered.findIndex(
        (ticket) => ticket.generatedAt > sec || (ticket.generatedAt === sec && BigInt(ticket.id) > id),
      );
      if (from === -1) from = ordered.length;
      else from = Math.max(0, from - account.exportOverlap);
    } else {
      const start = Number(query.start_time);
      if (query.start_time === undefined || !Number.isInteger(start)) return invalid('start_time', 'is required');
      if (start > nowSec - EXPORT_LAG_SEC) {
        return {
          status: 422,
          body: error('StartTimeTooRecent', 'Too recent start_time. Use a start_time older than 60 seconds.'),
        };
      }
      from = ordered.findIndex((ticket) => ticket.generatedAt >= start);
      if (from === -1) from = ordered.length;
    }
    const page = ordered.slice(from, from + size + (query.cursor === undefined ? 0 : account.exportOverlap));
    const last = page.at(-1);
    const after = last ? toBase64(`${last.generatedAt}|${last.id}`) : (query.cursor ?? null);
    return {
      status: 200,
      body: {
        tickets: page.map((ticket) => ticketWire(ticket, deps.baseUrl())),
        after_cursor: after,
        after_url:
          after === null
            ? null
            : `${deps.baseUrl()}/api/v2/incremental/tickets/cursor.json?cursor=${encodeURIComponent(after)}`,
        before_cursor: null,
        before_url: null,
        end_of_stream: from + page.length >= ordered.length,
      },
    };
  }

  /** What a person sees who follows a permalink. */
  function agentPage(c: Ctx) {
    const ticket = state.tickets.get(c.req.param('id') ?? '');
    if (ticket?.deleted !== 'no')
      return c.html(
        html`<!doctype html><title>Not found</title><p>This ticket does not exist or was deleted.</p>`,
        404,
      );
    const comments = ticket.comments.map(
      (comment) =>
        html`<li style="margin:1em 0;${comment.public ? '' : 'background:#fff4d6'}"><b>${state.users.get(comment.authorId)?.name ?? ''}</b> ${comment.createdAt} ${comment.public ? '' : '(internal note)'}<div style="white-space:pre-wrap">${comment.body}</div></li>`,
    );
    return c.html(
      html`<!doctype html><html lang="en"><meta charset="utf-8"><title>Ticket ${ticket.id}</title><body style="font:16px system-ui;max-width:44em;margin:2em auto"><h1>#${ticket.id} ${ticket.subject}</h1><p>${ticket.status}, ${state.users.get(ticket.requesterId)?.name ?? ''}${ticket.organizationId ? `, ${state.organizations.get(ticket.organizationId)?.name}` : ''}</p><ul style="list-style:none;padding:0">${comments}</ul></body></html>`,
    );
  }

  /** A ticket that the API shows: deleted ones are only in the export. */
  function visible(c: Ctx): SimTicket | undefined {
    const ticket = state.tickets.get(c.req.param('id') ?? '');
    return ticket?.deleted === 'no' ? ticket : undefined;
  }

  function record(operation: Operation | null, c: Ctx, body: unknown, status: number): void {
    const url = new URL(c.req.url);
    calls.push({
      operation,
      method: c.req.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body,
      status,
      at: store.now(),
    });
  }

  return {
    app,
    reset() {
      tokens.clear();
      idempotent.clear();
      exportCalls = [];
    },
    revokeTokens: () => tokens.clear(),
  };
}

function faultBefore(fault: FaultKind): Answer | null {
  if (fault.kind === 'rate_limited')
    return tooMany('Number of allowed API requests per minute exceeded', fault.retryAfterSec ?? null);
  if (fault.kind === 'status')
    return { status: fault.status, body: error(`Status${fault.status}`, 'This answer was asked for.') };
  return null;
}

function tooMany(description: string, retryAfterSec: number | null): Answer {
  return {
    status: 429,
    body: error('APIRateLimitExceeded', description),
    headers: retryAfterSec === null ? {} : { 'retry-after': String(retryAfterSec) },
  };
}

const error = (name: string, description: string) => ({ error: name, description });
const notFound = (): Answer => ({ status: 404, body: error('RecordNotFound', 'Not found') });
const toBase64 = (text: string) => Buffer.from(text).toString('base64');
const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString();

function invalid(field: string, description: string): Answer {
  return {
    status: 422,
    body: {
      error: 'RecordInvalid',
      description: 'Record validation errors',
      details: { [field]: [{ description, error: 'InvalidValue' }] },
    },
  };
}

function malformed(problem: z.ZodError): Answer {
  return invalid(problem.issues[0]?.path.join('.') || 'base', z.prettifyError(problem));
}

function json(answer: Answer): Response {
  const text = typeof answer.body === 'string';
  return new Response(text ? (answer.body as string) : JSON.stringify(answer.body), {
    status: answer.status,
    headers: { 'content-type': text ? 'text/html' : 'application/json; charset=utf-8', ...answer.headers },
  });
}

async function readBody(c: Ctx): Promise<unknown> {
  const text = await c.req.text();
  if (text === '') return null;
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { source: string }) =>
      typeof value === 'number' && !Number.isSafeInteger(value) ? context?.source : value,
    );
  } catch {
    return text;
  }
}
