// Linear on your machine: the part of its GraphQL API and webhooks that Throughline uses, with a workspace that remembers and people who act in it.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DocumentNode, ExecutionResult, GraphQLFormattedError } from 'graphql';
import { buildSchema, execute, GraphQLError, getOperationAST, parse, validate } from 'graphql';
import { z } from 'zod';
import type { Clock } from '#src/domain/ports.ts';
import { graphqlError, notAuthenticated, rateLimited } from './errors.ts';
import type { Fault } from './faults.ts';
import { createFaults } from './faults.ts';
import { createHuman } from './human.ts';
import type { CallContext, Scope } from './resolvers.ts';
import { createResolvers } from './resolvers.ts';
import { LINEAR_SDL } from './schema.ts';
import type { Change, LinearSeed, LinearState } from './state.ts';
import { createState } from './state.ts';
import { createWebhooks } from './webhooks.ts';

export type { Fault } from './faults.ts';
export type { Change, LinearSeed, LinearState } from './state.ts';

// What Linear gives a personal key; clients must go by the headers and never by this number.
const REQUESTS_PER_HOUR = 2_500;
const COMPLEXITY_PER_HOUR = 3_000_000;
const HOUR_MS = 3_600_000;
const DEFAULT_RETRY_AFTER_MS = 1_000;

const Body = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

export interface LinearSimulatorOptions {
  clock: Clock;
  /** The one key that is let in: as it is, or as a bearer token. */
  apiKey: string;
  webhookSecret?: string;
  seed?: LinearSeed;
  /** What the key may do. Default: everything. */
  scopes?: readonly Scope[];
  /** The budget of the key. Default: Linear's. */
  requestsPerHour?: number;
  /** Waits between the tries of a webhook. Default: Linear's, scaled down to seconds. */
  webhookRetryMs?: readonly number[];
}

/** One call that came in, as the tests and the page want to know it. */
export interface Call {
  at: string;
  kind: 'query' | 'mutation' | 'unknown';
  /** The root fields it asked for. */
  operations: string[];
  variables: Record<string, unknown>;
  /** What it was answered with; null while it hangs. */
  status: number | null;
  fault: Fault['kind'] | null;
  /** The message of the first error in the answer. */
  error: string | null;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body: unknown;
}

export type LinearSimulator = ReturnType<typeof createLinearSimulator>;

/** Makes the simulator; nothing listens before `start()`. */
export function createLinearSimulator(options: LinearSimulatorOptions) {
  const { clock, apiKey, requestsPerHour = REQUESTS_PER_HOUR } = options;
  const schema = buildSchema(LINEAR_SDL);
  const faults = createFaults();
  const webhooks = createWebhooks({
    clock,
    secret: options.webhookSecret ?? null,
    ...(options.webhookRetryMs ? { retryMs: options.webhookRetryMs } : {}),
  });
  const scopes: ReadonlySet<Scope> = new Set(options.scopes ?? ['read', 'write']);
  const listeners = new Set<(change: Change) => void>();
  const calls: Call[] = [];
  let state = born();
  let root = createResolvers(state);
  let used = { sinceMs: clock.now().getTime(), requests: 0 };
  let url = '';

  const server = createServer((request, response) => {
    // A client that gave up while it was still sending has nothing to be told.
    serve(request, response).catch(() => response.destroy());
  });

  function born(): LinearState {
    return createState(clock, options.seed ?? {}, announce);
  }

  function announce(change: Change): void {
    webhooks.publish(state, change);
    for (const listener of listeners) listener(change);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = await answerTo(request, Buffer.concat(chunks).toString('utf8'));
    // A call that hangs keeps its connection until the client gives up or the simulator closes.
    if (answer === null) return;
    response.writeHead(answer.status, {
      'content-type': 'application/json; charset=utf-8',
      ...headers(),
      ...answer.headers,
    });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  }

  async function answerTo(request: IncomingMessage, text: string): Promise<Answer | null> {
    if (request.method !== 'POST' || request.url !== '/graphql') return { status: 404, body: { error: 'Not found' } };
    const body = Body.safeParse(parseJson(text));
    if (!body.success)
      return failed(400, [
        graphqlError(
          new GraphQLError('POST body missing, invalid Content-Type, or JSON object has no keys.'),
          'BAD_REQUEST',
        ),
      ]);
    const call: Call = {
      at: clock.now().toISOString(),
      kind: 'unknown',
      operations: [],
      variables: body.data.variables ?? {},
      status: null,
      fault: null,
      error: null,
    };
    calls.push(call);
    const answer = await answerCall(request, body.data, call);
    if (answer === null) return null;
    call.status = answer.status;
    const errors = (answer.body as { errors?: GraphQLFormattedError[] }).errors;
    call.error = errors?.[0]?.message ?? null;
    return answer;
  }

  async function answerCall(request: IncomingMessage, body: z.infer<typeof Body>, call: Call): Promise<Answer | null> {
    const token = request.headers.authorization ?? '';
    if (token !== apiKey && token !== `Bearer ${apiKey}`) return failed(401, [notAuthenticated()]);
    const document = parsed(body.query);
    if (document instanceof GraphQLError) return failed(400, [graphqlError(document, 'GRAPHQL_PARSE_FAILED')]);
    const operation = getOperationAST(document, body.operationName);
    if (operation) {
      call.kind = operation.operation === 'mutation' ? 'mutation' : 'query';
      call.operations = operation.selectionSet.selections.flatMap((one) =>
        one.kind === 'Field' ? [one.name.value] : [],
      );
    }
    spend();

    const fault = faults.take(call.operations);
    call.fault = fault?.kind ?? null;
    if (fault?.kind === 'server_error') return broken(fault.status ?? 503);
    if (fault?.kind === 'rate_limited') return exhausted(fault.retryAfterMs ?? DEFAULT_RETRY_AFTER_MS);
    if (fault?.kind === 'silence') return null;
    if (budget().remaining < 0) return exhausted(budget().resetAtMs - clock.now().getTime());

    const answer = await run(document, body);
    if (fault?.kind === 'lost_answer') return broken(fault.status ?? 502);
    if (fault?.kind === 'silence_after_commit') return null;
    return answer;
  }

  async function run(document: DocumentNode, body: z.infer<typeof Body>): Promise<Answer> {
    const problems = validate(schema, document);
    if (problems.length > 0)
      return failed(
        400,
        problems.map((one) => graphqlError(one, 'GRAPHQL_VALIDATION_FAILED')),
      );
    const contextValue: CallContext = { scopes, budget };
    const result: ExecutionResult = await execute({
      schema,
      document,
      rootValue: root,
      contextValue,
      variableValues: body.variables ?? {},
      operationName: body.operationName ?? null,
    });
    // Without data nothing was executed: the variables did not fit the document.
    if (result.data === undefined)
      return failed(
        400,
        (result.errors ?? []).map((one) => graphqlError(one, 'BAD_USER_INPUT')),
      );
    return {
      status: 200,
      body: { data: result.data, ...(result.errors ? { errors: result.errors.map(format) } : {}) },
    };
  }

  function exhausted(retryAfterMs: number): Answer {
    const reset = String(clock.now().getTime() + retryAfterMs);
    return {
      ...failed(400, [rateLimited(requestsPerHour)]),
      headers: { 'x-ratelimit-requests-remaining': '0', 'x-ratelimit-requests-reset': reset },
    };
  }

  function spend(): void {
    const now = clock.now().getTime();
    if (now - used.sinceMs >= HOUR_MS) used = { sinceMs: now, requests: 0 };
    used.requests += 1;
  }

  function budget() {
    return {
      limit: requestsPerHour,
      remaining: requestsPerHour - used.requests,
      resetAtMs: used.sinceMs + HOUR_MS,
    };
  }

  function headers(): Record<string, string> {
    const { limit, remaining, resetAtMs } = budget();
    return {
      'x-complexity': '1',
      'x-ratelimit-requests-limit': String(limit),
      'x-ratelimit-requests-remaining': String(Math.max(0, remaining)),
      'x-ratelimit-requests-reset': String(resetAtMs),
      'x-ratelimit-complexity-limit': String(COMPLEXITY_PER_HOUR),
      'x-ratelimit-complexity-remaining': String(COMPLEXITY_PER_HOUR - used.requests),
      'x-ratelimit-complexity-reset': String(resetAtMs),
    };
  }

  return {
    /** What LINEAR_API_URL is to be set to; empty before `start()`. */
    get url(): string {
      return url;
    },
    get state(): LinearState {
      return state;
    },
    human: createHuman(() => state),
    faults,
    calls: calls as readonly Call[],
    get deliveries() {
      return webhooks.deliveries();
    },
    redeliver: webhooks.redeliver,
    connect: webhooks.connect,
    idle: webhooks.idle,
    /** Calls the listener after every change; what it returns takes the listener off again. */
    subscribe(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async start(port = 0): Promise<void> {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', resolve);
      });
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    },
    async close(): Promise<void> {
      webhooks.connect(null);
      await webhooks.reset();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
    /** Back to the seed. The address, the connection and the listeners stay. */
    async reset(): Promise<void> {
      faults.clear();
      await webhooks.reset();
      calls.length = 0;
      used = { sinceMs: clock.now().getTime(), requests: 0 };
      state = born();
      root = createResolvers(state);
    },
  };
}

function parsed(query: string): DocumentNode | GraphQLError {
  try {
    return parse(query);
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function failed(status: number, errors: readonly GraphQLError[]): Answer {
  return { status, body: { errors: errors.map(format) } };
}

function broken(status: number): Answer {
  return { status, headers: { 'content-type': 'text/html' }, body: `<html><body><h1>${status}</h1></body></html>` };
}

/** A bug of the simulator must look like a failure of Linear, with its name on it. */
function format(error: GraphQLError): GraphQLFormattedError {
  const shown = error.toJSON();
  if (error.extensions.code !== undefined) return shown;
  const extensions = { type: 'internal error', code: 'INTERNAL_SERVER_ERROR', statusCode: 500, userError: false };
  return { ...shown, extensions };
}
