// The front of the simulated REST API: which calls there are, who may make them, what goes wrong on request. Anything unknown is refused and recorded.
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { agentPage } from './agent-page.ts';
import { type Answer, type Ctx, error, type Handling, notSimulated, readBody, tooMany, toResponse } from './answer.ts';
import type { FaultKind, Faults, Operation } from './faults.ts';
import type { Tokens } from './oauth.ts';
import { anonymousWire, organizationWire, userWire } from './render.ts';
import type { Store } from './state.ts';
import type { TicketEndpoints } from './tickets.ts';

const SHOW_MANY_MAX = 100;

/** One request that came in, whether we knew it or not. */
export interface Call {
  /** Null: nothing here answers to that. */
  operation: Operation | null;
  method: string;
  path: string;
  query: Record<string, string>;
  body: unknown;
  /** 0 when the connection ended without an answer. */
  status: number;
  at: string;
}

export interface ApiDeps {
  store: Store;
  faults: Faults;
  tokens: Tokens;
  tickets: TicketEndpoints;
  exported: (request: Handling) => Answer;
  calls: Call[];
  baseUrl(): string;
  /** Aborted when the server closes, so that calls without an answer end. */
  closing(): AbortSignal;
}

interface Route {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  /** The resource whose scope the token needs; null: any token will do. */
  resource: 'tickets' | 'users' | 'organizations' | null;
  /** Query parameters that we honour; others are refused, so that nobody relies on what is not there. */
  query: string[];
  handle(request: Handling): Answer;
}

/** Makes the API over the records. */
export function createApi(deps: ApiDeps): Hono<{ Bindings: HttpBindings }> {
  const { store, faults, tokens, tickets } = deps;
  const { state } = store;
  const api = '/api/v2';

  const routes: Record<Operation, Route> = {
    'oauth.token': { method: 'POST', path: '/oauth/tokens', resource: null, query: [], handle: tokens.issue },
    'users.me': { method: 'GET', path: `${api}/users/me`, resource: null, query: [], handle: me },
    'users.show_many': {
      method: 'GET',
      path: `${api}/users/show_many`,
      resource: 'users',
      query: ['ids'],
      handle: users,
    },
    'organizations.show_many': {
      method: 'GET',
      path: `${api}/organizations/show_many`,
      resource: 'organizations',
      query: ['ids'],
      handle: organizations,
    },
    'tickets.show': { method: 'GET', path: `${api}/tickets/:id`, resource: 'tickets', query: [], handle: tickets.show },
    'tickets.create': {
      method: 'POST',
      path: `${api}/tickets`,
      resource: 'tickets',
      query: [],
      handle: tickets.create,
    },
    'tickets.update': {
      method: 'PUT',
      path: `${api}/tickets/:id`,
      resource: 'tickets',
      query: [],
      handle: tickets.update,
    },
    'comments.list': {
      method: 'GET',
      path: `${api}/tickets/:id/comments`,
      resource: 'tickets',
      query: ['page[size]', 'page[after]', 'sort'],
      handle: tickets.comments,
    },
    'tickets.export': {
      method: 'GET',
      path: `${api}/incremental/tickets/cursor`,
      resource: 'tickets',
      query: ['start_time', 'cursor', 'per_page'],
      handle: deps.exported,
    },
  };

  // Every address may end in .json.
  const app = new Hono<{ Bindings: HttpBindings }>({
    getPath: (request) => new URL(request.url).pathname.replace(/\.json$/, ''),
  });
  for (const [operation, route] of Object.entries(routes) as [Operation, Route][]) {
    app.on(route.method, route.path, (c) => serve(operation, route, c));
  }
  app.get('/agent/tickets/:id', (c) => agentPage(c, state));
  app.all('*', async (c) => {
    record(null, c, await readBody(c), 501);
    const problem = `Nothing here answers to ${c.req.method} ${c.req.path}.`;
    return toResponse({ status: 501, body: error('NotSimulated', problem) });
  });
  return app;

  async function serve(operation: Operation, route: Route, c: Ctx): Promise<Response> {
    const body = await readBody(c);
    const query = Object.fromEntries(new URL(c.req.url).searchParams);
    const fault = faults.take(operation);
    const breaks = fault?.kind === 'silence' || fault?.kind === 'cut';
    let answer = fault === null ? null : answerInstead(fault);
    if (answer === null && (!breaks || fault.effect)) {
      answer = refusal(operation, route, c, query) ?? route.handle({ c, query, body });
    }
    if (fault?.kind === 'lost_answer') answer = { status: 502, body: '<html><body>502 Bad Gateway</body></html>' };
    record(operation, c, body, breaks ? 0 : (answer?.status ?? 0));
    if (answer !== null && !breaks) return toResponse(answer);
    if (fault?.kind === 'silence') await untilClosing();
    c.env.outgoing.destroy();
    return new Response(null);
  }

  /** Why a request gets no further: no token, not enough scope, a parameter that nobody here knows. */
  function refusal(operation: Operation, route: Route, c: Ctx, query: Record<string, string>): Answer | null {
    const unknown = Object.keys(query).filter((name) => !route.query.includes(name));
    if (unknown.length > 0) return notSimulated(`${operation} is not simulated with ${unknown.join(', ')}.`);
    const header = c.req.header('authorization');
    if (operation === 'oauth.token' || (operation === 'users.me' && header === undefined)) return null;
    const scopes = tokens.scopesOf(header);
    if (scopes === null) {
      const description = 'The access token provided is expired, revoked, malformed or invalid for other reasons.';
      return {
        status: 401,
        body: { error: 'invalid_token', error_description: description },
        headers: { 'www-authenticate': 'Bearer realm="", error="invalid_token"' },
      };
    }
    const verb = route.method === 'GET' ? 'read' : 'write';
    if (route.resource === null || scopes.includes(verb) || scopes.includes(`${route.resource}:${verb}`)) return null;
    const description =
      'You do not have access to this page. Please contact the account owner of this help desk for further help.';
    return { status: 403, body: error('Forbidden', description) };
  }

  function me({ c }: Handling): Answer {
    // Zendesk answers a caller without a token too, as somebody without an id.
    const user = c.req.header('authorization') === undefined ? anonymousWire() : userWire(state.admin, deps.baseUrl());
    return { status: 200, body: { user: { ...user, authenticity_token: 'simulated' } } };
  }

  function users({ query }: Handling): Answer {
    return showMany('users', query.ids, state.users, (user) => userWire(user, deps.baseUrl()));
  }

  function organizations({ query }: Handling): Answer {
    return showMany('organizations', query.ids, state.organizations, (one) => organizationWire(one, deps.baseUrl()));
  }

  function untilClosing(): Promise<unknown> {
    const closing = deps.closing();
    return new Promise((resolve) => closing.addEventListener('abort', resolve, { once: true }));
  }

  function record(operation: Operation | null, c: Ctx, body: unknown, status: number): void {
    const url = new URL(c.req.url);
    const query = Object.fromEntries(url.searchParams);
    deps.calls.push({ operation, method: c.req.method, path: url.pathname, query, body, status, at: store.now() });
  }
}

/** Records by id, in the order asked for; ids that name nothing are left out, as Zendesk does. */
function showMany<T>(
  name: string,
  ids: string | undefined,
  records: Map<string, T>,
  render: (record: T) => unknown,
): Answer {
  const wanted = [...new Set((ids ?? '').split(',').filter((id) => id !== ''))];
  if (wanted.length === 0) return { status: 400, body: error('BadRequest', 'ids is required') };
  if (wanted.length > SHOW_MANY_MAX) return { status: 400, body: error('TooManyIds', `at most ${SHOW_MANY_MAX} ids`) };
  const found = wanted.flatMap((id) => records.get(id) ?? []);
  return {
    status: 200,
    body: { [name]: found.map(render), next_page: null, previous_page: null, count: found.length },
  };
}

function answerInstead(fault: FaultKind): Answer | null {
  if (fault.kind === 'rate_limited')
    return tooMany('Number of allowed API requests per minute exceeded', fault.retryAfterSec ?? null);
  if (fault.kind === 'status')
    return { status: fault.status, body: error(`Status${fault.status}`, 'This answer was asked for.') };
  return null;
}
