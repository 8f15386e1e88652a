// The Zendesk REST API in our words: a small client over fetch, because the published one answers a 429 as if it were a success.
import type { z } from 'zod';
import type { Caller, CallOptions } from '#integrations/call.ts';
import { ExternalError } from '#src/domain/errors.ts';
import type { Clock, Fetch } from '#src/domain/ports.ts';
import {
  type Comment,
  CommentsAnswer,
  ExportAnswer,
  MeAnswer,
  type Organization,
  OrganizationsAnswer,
  parseJson,
  type Ticket,
  TicketAnswer,
  TokenAnswer,
  UpdateAnswer,
  type User,
  UsersAnswer,
} from './wire.ts';

/** What the OAuth client must be allowed to do. */
export const SCOPES = 'tickets:read tickets:write users:read organizations:read';

// A day; Zendesk takes 300 to 172,800 seconds.
const TOKEN_LIFE_SEC = 86_400;
// A token is renewed this long before it ends, so that none dies on the way.
const TOKEN_MARGIN_MS = 60_000;
const COMMENTS_PAGE = 100;
const SHOW_MANY_MAX = 100;
/** Zendesk refuses more comments than this on one ticket, so a longer list is a cursor that runs in circles. */
const COMMENT_PAGES_MAX = 51;

export interface ZendeskClientConfig {
  /** For example https://acme.zendesk.com, without a slash at the end. */
  baseUrl: string;
  clientId: string;
  clientSecret: string;
}

export interface ZendeskClientDeps {
  fetch: Fetch;
  clock: Clock;
  call: Caller;
}

/** A note that was written, or the reason why none can be. */
export type NoteResult =
  | { kind: 'written'; commentId: string | null }
  /** Somebody changed the ticket after `updatedStamp`. */
  | { kind: 'collision' }
  /** Closed tickets take no updates any more. */
  | { kind: 'closed' };

export interface ExportPage {
  tickets: Ticket[];
  cursor: string | null;
  end: boolean;
}

export interface ZendeskClient {
  /** Who we are there; null when the token is taken but names nobody. */
  me(): Promise<User | null>;
  /** Null when the ticket does not exist, or does no more. */
  ticket(id: string): Promise<Ticket | null>;
  /** All comments, internal notes included, oldest first; null when the ticket is gone. */
  comments(ticketId: string): Promise<Comment[] | null>;
  /** The newest comment that fits, looking backwards; null when there is none or the ticket is gone. */
  findComment(ticketId: string, fits: (comment: Comment) => boolean): Promise<Comment | null>;
  users(ids: readonly string[]): Promise<Map<string, User>>;
  organizations(ids: readonly string[]): Promise<Map<string, Organization>>;
  /** Adds an internal note unless the ticket changed after `updatedStamp`. Never repeats by itself. */
  addNote(ticketId: string, body: string, updatedStamp: string): Promise<NoteResult>;
  /** One page of tickets that changed, by time (seconds since 1970) or by cursor. Zendesk allows 10 a minute. */
  exportPage(from: { startTimeSec: number } | { cursor: string }, perPage: number): Promise<ExportPage>;
}

/** Makes the client of one account. Every call throws ExternalError only. */
export function createZendeskClient(config: ZendeskClientConfig, deps: ZendeskClientDeps): ZendeskClient {
  const { clock, call } = deps;
  let token: { value: string; renewAtMs: number } | null = null;
  let renewal: Promise<string> | null = null;

  return {
    async me() {
      const { user } = await get('users.me', '/api/v2/users/me.json', MeAnswer);
      return user.id === null ? null : user;
    },
    async ticket(id) {
      const answer = await orGone(get('tickets.show', `/api/v2/tickets/${id}.json`, TicketAnswer));
      return answer?.ticket ?? null;
    },
    async comments(ticketId) {
      const all: Comment[] = [];
      const whole = await eachCommentPage(ticketId, 'created_at', (page) => {
        all.push(...page);
        return true;
      });
      return whole ? all : null;
    },
    async findComment(ticketId, fits) {
      let found: Comment | null = null;
      await eachCommentPage(ticketId, '-created_at', (page) => {
        found = page.find(fits) ?? null;
        return found === null;
      });
      return found;
    },
    users: (ids) =>
      showMany('users.show_many', '/api/v2/users/show_many.json', UsersAnswer, ids, (answer) => answer.users),
    organizations: (ids) =>
      showMany(
        'organizations.show_many',
        '/api/v2/organizations/show_many.json',
        OrganizationsAnswer,
        ids,
        (answer) => answer.organizations,
      ),
    async addNote(ticketId, body, updatedStamp) {
      const change = { ticket: { comment: { body, public: false }, safe_update: true, updated_stamp: updatedStamp } };
      try {
        const path = `/api/v2/tickets/${ticketId}.json`;
        const answer = await send('tickets.update', 'PUT', path, UpdateAnswer, { body: change, safeToRepeat: false });
        const written = answer.audit?.events.find((event) => event.type === 'Comment');
        return { kind: 'written', commentId: written?.id ?? null };
      } catch (error) {
        if (error instanceof ExternalError && error.status === 409) return { kind: 'collision' };
        if (error instanceof ExternalError && error.status === 422 && (await isClosed(ticketId)))
          return { kind: 'closed' };
        throw error;
      }
    },
    async exportPage(from, perPage) {
      const query = new URLSearchParams({ per_page: String(perPage) });
      if ('cursor' in from) query.set('cursor', from.cursor);
      else query.set('start_time', String(from.startTimeSec));
      const answer = await get('tickets.export', `/api/v2/incremental/tickets/cursor.json?${query}`, ExportAnswer);
      return { tickets: answer.tickets, cursor: answer.after_cursor ?? null, end: answer.end_of_stream };
    },
  };

  /** Hands over pages until `more` answers false. False when the ticket is gone. */
  async function eachCommentPage(ticketId: string, sort: string, more: (page: Comment[]) => boolean): Promise<boolean> {
    let after: string | null = null;
    for (let pages = 0; pages < COMMENT_PAGES_MAX; pages++) {
      const query = new URLSearchParams({ 'page[size]': String(COMMENTS_PAGE), sort });
      if (after !== null) query.set('page[after]', after);
      const answer: z.infer<typeof CommentsAnswer> | null = await orGone(
        get('comments.list', `/api/v2/tickets/${ticketId}/comments.json?${query}`, CommentsAnswer),
      );
      if (answer === null) return false;
      if (!more(answer.comments) || !answer.meta.has_more || !answer.meta.after_cursor) return true;
      after = answer.meta.after_cursor;
    }
    throw new ExternalError('bad_answer', `Zendesk lists more comments of ticket ${ticketId} than a ticket can have.`, {
      system: 'zendesk',
      operation: 'comments.list',
    });
  }

  async function showMany<A, T extends { id: string | null }>(
    operation: string,
    path: string,
    schema: z.ZodType<A>,
    ids: readonly string[],
    listOf: (answer: A) => T[],
  ): Promise<Map<string, T>> {
    const found = new Map<string, T>();
    const unique = [...new Set(ids)];
    for (let from = 0; from < unique.length; from += SHOW_MANY_MAX) {
      const chunk = unique.slice(from, from + SHOW_MANY_MAX);
      for (const one of listOf(await get(operation, `${path}?ids=${chunk.join(',')}`, schema))) {
        if (one.id !== null) found.set(one.id, one);
      }
    }
    return found;
  }

  async function isClosed(ticketId: string): Promise<boolean> {
    const answer = await get('tickets.show', `/api/v2/tickets/${ticketId}.json`, TicketAnswer);
    return answer.ticket.status === 'closed';
  }

  function get<T>(operation: string, path: string, schema: z.ZodType<T>): Promise<T> {
    return send(operation, 'GET', path, schema, {});
  }

  /** One request with a token; a token that is refused is renewed once. */
  async function send<T>(
    operation: string,
    method: 'GET' | 'PUT',
    path: string,
    schema: z.ZodType<T>,
    { body, ...options }: { body?: unknown } & CallOptions,
  ): Promise<T> {
    const once = (bearer: string) => exchange(operation, method, path, schema, body, bearer, options);
    const bearer = await currentToken();
    try {
      return await once(bearer);
    } catch (error) {
      if (!(error instanceof ExternalError) || error.status !== 401) throw error;
      // Revoked or expired early. Nothing has happened there, so this repeat is safe for every method.
      if (token?.value === bearer) token = null;
      return once(await currentToken());
    }
  }

  async function currentToken(): Promise<string> {
    if (token && clock.now().getTime() < token.renewAtMs) return token.value;
    renewal ??= newToken().finally(() => {
      renewal = null;
    });
    return renewal;
  }

  async function newToken(): Promise<string> {
    const answer = await exchange('oauth.token', 'POST', '/oauth/tokens', TokenAnswer, {
      grant_type: 'client_credentials',
      client_id: config.clientId,
      client_secret: config.clientSecret,
      scope: SCOPES,
      expires_in: TOKEN_LIFE_SEC,
    });
    const lifeMs = (answer.expires_in ?? TOKEN_LIFE_SEC) * 1000;
    token = { value: answer.access_token, renewAtMs: clock.now().getTime() + lifeMs - TOKEN_MARGIN_MS };
    return answer.access_token;
  }

  function exchange<T>(
    operation: string,
    method: 'GET' | 'PUT' | 'POST',
    path: string,
    schema: z.ZodType<T>,
    body?: unknown,
    bearer?: string,
    options: CallOptions = {},
  ): Promise<T> {
    return call(
      operation,
      async (signal) => {
        const response = await deps.fetch(`${config.baseUrl}${path}`, {
          method,
          signal,
          redirect: 'error',
          headers: {
            accept: 'application/json',
            ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const text = await response.text();
        if (!response.ok) throw refusal(operation, response, text);
        return parsed(operation, schema, text);
      },
      options,
    );
  }
}

/** What a failed exchange without an answer means. A connection that was never made had no effect; any other may have. */
export function toExternalError(error: unknown, operation: string): ExternalError {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  const code = typeof cause?.code === 'string' ? cause.code : null;
  return new ExternalError('unavailable', `Zendesk cannot be reached${code ? ` (${code})` : ''}.`, {
    system: 'zendesk',
    operation,
    retryable: true,
    effectUnknown: code !== 'ECONNREFUSED' && code !== 'ENOTFOUND',
    cause: error,
  });
}

/** Null instead of a 404. */
async function orGone<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ExternalError && error.code === 'not_found') return null;
    throw error;
  }
}

function parsed<T>(operation: string, schema: z.ZodType<T>, text: string): T {
  const problem = (message: string, cause?: unknown) =>
    // The call went through, so whatever it does has happened.
    new ExternalError('bad_answer', `Zendesk's answer to ${operation} ${message}.`, {
      system: 'zendesk',
      operation,
      effectUnknown: true,
      cause,
    });
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (error) {
    throw problem('is not JSON', error);
  }
  const result = schema.safeParse(value);
  // Paths only: the values may be a customer's words.
  if (!result.success) throw problem(`lacks ${result.error.issues.map((issue) => issue.path.join('.')).join(', ')}`);
  return result.data;
}

function refusal(operation: string, response: Response, text: string): ExternalError {
  const { status } = response;
  const about = { system: 'zendesk', operation, status };
  const said = errorNameIn(text);
  if (status === 401) {
    const fix =
      operation === 'oauth.token'
        ? 'check ZENDESK_CLIENT_ID and ZENDESK_CLIENT_SECRET'
        : 'it was revoked or has expired';
    return new ExternalError(
      'unauthorized',
      `Zendesk refused the ${operation === 'oauth.token' ? 'OAuth client' : 'token'}: ${fix}.`,
      about,
    );
  }
  if (status === 403) {
    return new ExternalError(
      'unauthorized',
      `Zendesk does not allow ${operation}: the OAuth client needs the scopes ${SCOPES}, and its maker must be an admin.`,
      about,
    );
  }
  if (status === 404) return new ExternalError('not_found', `Zendesk has nothing there (${operation}).`, about);
  if (status === 409)
    return new ExternalError('conflict', 'The ticket was changed by somebody else in the same moment.', about);
  if (status === 429) {
    return new ExternalError('rate_limited', 'Zendesk asks us to slow down.', {
      ...about,
      retryable: true,
      retryAfterMs: retryAfterMs(response),
    });
  }
  if (status >= 500) {
    return new ExternalError('unavailable', `Zendesk failed (${status}).`, {
      ...about,
      retryable: true,
      retryAfterMs: retryAfterMs(response),
      // 503 with Retry-After is maintenance: nothing was done. A 502 may come after the effect.
      effectUnknown: status !== 503,
    });
  }
  return new ExternalError('refused', `Zendesk refused ${operation} (${status}${said ? `, ${said}` : ''}).`, about);
}

/** Seconds, as Zendesk sends it. Null when the header is missing or unreadable. */
function retryAfterMs(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}

/** The error's name (RecordInvalid, invalid_scope), which is a code; descriptions may repeat what was sent and stay out of messages. */
function errorNameIn(text: string): string | null {
  return /"error"\s*:\s*"([A-Za-z_]{1,60})"/.exec(text)?.[1] ?? null;
}
