// HTTP: webhooks and signals in, health, metrics and lineage out. Everything that comes in is proved, stored once, and understood later.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { type ServerType, serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { deliveryIdOf, readBatch, toFacts } from '#src/domain/api-signal.ts';
import { AppError, errorLine } from '#src/domain/errors.ts';
import type { Clock, Log, Telemetry } from '#src/domain/ports.ts';
import type { TraceReply } from '#src/domain/verbs.ts';
import { lineagePage } from './pages/lineage.ts';

// Slack sends at most 4 MB; nothing else comes near it.
const BODY_MAX = 4 * 1024 * 1024;
const RETRY_AFTER_S = 10;
const CLOSE_IDLE_MS = 20;
const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A request as it came in: header names in lower case, the body as the exact bytes that were signed. */
export interface IncomingRequest {
  headers: Record<string, string | undefined>;
  body: string;
}

/** One system's webhooks. */
export interface Webhooks {
  id: string;
  path: string;
  verify(request: IncomingRequest, now: Date): { ok: true } | { ok: false; reason: string };
  identify(
    request: IncomingRequest,
  ): { ok: true; deliveryId: string; kind: string } | { ok: false; field: string; message: string };
}

/** What is stored of a delivery. */
export interface Incoming {
  source: string;
  deliveryId: string;
  kind: string;
  payload: string;
  quarantine?: string;
}

export interface ServerDeps {
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
  /** `POST /slack/events`; null without Slack over HTTP. */
  slack:
    | ((request: IncomingRequest) => Promise<{ status: number; headers: Record<string, string>; body: string }>)
    | null;
  webhooks: readonly Webhooks[];
  /** Stores deliveries once and sends their jobs; answers which were new. Throws AppError('unavailable') when the database is away. */
  accept: (deliveries: readonly Incoming[]) => Promise<boolean[]>;
  trace: (query: string) => Promise<TraceReply>;
  apiToken: string | null;
  /** Signs lineage links. */
  linkKey: Buffer;
  ready: () => Promise<{ ok: boolean; checks: Record<string, string> }>;
  metrics: () => Promise<string>;
}

/** The signature of a lineage link: whoever was given the link may open that one page. */
export function linkSignature(linkKey: Buffer, id: string): string {
  return createHmac('sha256', linkKey).update(`lineage/${id}`).digest('base64url').slice(0, 32);
}

/** Makes the routes. */
export function createRoutes(deps: ServerDeps): Hono {
  const { clock, log, telemetry } = deps;
  const app = new Hono();

  app.get('/healthz', async (c) => {
    const state = await deps.ready();
    return c.json({ status: state.ok ? 'ready' : 'not ready', checks: state.checks }, state.ok ? 200 : 503);
  });
  app.get('/metrics', async (c) => (hasToken(c) ? c.text(await deps.metrics()) : refuse(c, 'bad_token')));

  app.post('/slack/events', async (c) => {
    const request = await read(c);
    if (request instanceof Response) return request;
    if (!deps.slack) return c.json({ error: 'Slack over HTTP is not configured: set SLACK_SIGNING_SECRET.' }, 404);
    const answer = await deps.slack(request);
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  });

  for (const hook of deps.webhooks) {
    app.post(hook.path, async (c) => {
      const request = await read(c);
      if (request instanceof Response) return request;
      const verdict = hook.verify(request, clock.now());
      if (!verdict.ok) return refuse(c, verdict.reason, hook.id);
      const named = hook.identify(request);
      if (!named.ok) return quarantine(c, hook.id, request.body, named.field, named.message);
      const [fresh] = await deps.accept([
        { source: hook.id, deliveryId: named.deliveryId, kind: named.kind, payload: request.body },
      ]);
      telemetry.count('deliveries_total', { source: hook.id, outcome: fresh ? 'new' : 'known' });
      return c.json({ ok: true });
    });
  }

  app.post('/api/v1/signals', async (c) => {
    const request = await read(c);
    if (request instanceof Response) return request;
    if (!hasToken(c)) return refuse(c, 'bad_token', 'api');
    let body: unknown;
    try {
      body = JSON.parse(request.body);
    } catch {
      return quarantine(c, 'api', request.body, 'body', 'must be JSON');
    }
    const batch = readBatch(body);
    if (!batch.ok) return quarantine(c, 'api', request.body, batch.field, batch.message);
    const facts = toFacts(batch.signals, clock.now());
    const stored = await deps.accept(
      facts.map((fact, index) => ({
        source: 'api',
        deliveryId: deliveryIdOf(batch.signals[index]!, fact.signal.externalId),
        kind: 'facts',
        payload: JSON.stringify([fact]),
      })),
    );
    const accepted = stored.filter(Boolean).length;
    telemetry.count('deliveries_total', { source: 'api', outcome: 'new' }, accepted);
    return c.json(
      { accepted, duplicates: stored.length - accepted, ids: facts.map((fact) => fact.signal.externalId) },
      202,
    );
  });

  app.get('/lineage/:id', async (c) => {
    // The page needs its own style and nothing else, and nobody but whoever was given the link has it.
    c.header('Content-Security-Policy', PAGE_POLICY);
    c.header('X-Content-Type-Options', 'nosniff');
    c.header('Referrer-Policy', 'no-referrer');
    c.header('Cache-Control', 'private, no-store');
    const id = c.req.param('id');
    const signed = c.req.query('sig');
    if (!hasToken(c) && !(signed && equal(signed, linkSignature(deps.linkKey, id))))
      return refuse(c, signed ? 'bad_link' : 'bad_token', 'lineage');
    const reply = await deps.trace(id);
    const wantsJson = (c.req.header('accept') ?? '').includes('application/json');
    if (reply.kind === 'unknown') {
      const message = `There is nothing called ${id.slice(0, 80)}. Try one of: ${reply.examples.join(', ')}.`;
      return wantsJson
        ? c.json({ error: message, examples: reply.examples }, 404)
        : c.html(lineagePage({ kind: 'unknown', query: id, examples: reply.examples }), 404);
    }
    const lone = reply.kind === 'lone' ? reply.why : null;
    return wantsJson
      ? c.json({ ...reply.trace, lone })
      : c.html(lineagePage({ kind: 'trace', trace: reply.trace, lone }));
  });

  app.notFound((c) => c.json({ error: 'There is nothing here. Try /healthz.' }, 404));
  app.onError((error, c) => {
    const away = error instanceof AppError && error.code === 'unavailable';
    // 503 and not 500: Zendesk and others come again after a 503, and never after a 500.
    log[away ? 'warn' : 'error']({ path: c.req.path, error: errorLine(error) }, 'request failed');
    c.header('Retry-After', String(RETRY_AFTER_S));
    return c.json(
      {
        error: away
          ? 'The database cannot be reached right now. Please come again.'
          : 'Something went wrong here. Please come again.',
      },
      503,
    );
  });
  return app;

  async function read(c: Context): Promise<IncomingRequest | Response> {
    const tooLarge = () => c.json({ error: `The body is larger than ${BODY_MAX} bytes.` }, 413);
    if (Number(c.req.header('content-length') ?? 0) > BODY_MAX) return tooLarge();
    // Read to its end whatever its size, so that the sender hears the answer, but kept only up to the limit.
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of c.req.raw.body ?? []) {
      size += chunk.byteLength;
      if (size <= BODY_MAX) chunks.push(chunk);
    }
    return size > BODY_MAX ? tooLarge() : { headers: c.req.header(), body: Buffer.concat(chunks).toString('utf8') };
  }

  function refuse(c: Context, reason: string, source = 'http'): Response {
    telemetry.count('deliveries_total', { source, outcome: 'refused' });
    log.warn({ path: c.req.path, reason }, 'request refused');
    const words: Record<string, string> = {
      bad_token: 'Send "Authorization: Bearer <API_TOKEN>". Without API_TOKEN in the configuration this stays closed.',
      bad_link: 'This link was not made here, or belongs to another page.',
      missing_signature: 'The request is not signed.',
      bad_signature: 'The signature does not fit the request.',
      stale: 'The request is too old. Check the clocks.',
      from_the_future: 'The request comes from the future. Check the clocks.',
    };
    return c.json({ error: words[reason] ?? 'The request is refused.', reason }, 401);
  }

  /** What we cannot understand is kept, so that nothing is lost, and the sender learns which field it was. */
  async function quarantine(
    c: Context,
    source: string,
    body: string,
    field: string,
    message: string,
  ): Promise<Response> {
    const deliveryId = `malformed:${createHash('sha256').update(body).digest('hex').slice(0, 32)}`;
    await deps.accept([{ source, deliveryId, kind: 'malformed', payload: body, quarantine: `${field} ${message}` }]);
    telemetry.count('deliveries_total', { source, outcome: 'quarantined' });
    return c.json({ error: `${field} ${message}`, field }, 400);
  }

  function hasToken(c: Context): boolean {
    const given = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1];
    return deps.apiToken !== null && given !== undefined && equal(given, deps.apiToken);
  }
}

function equal(a: string, b: string): boolean {
  // Hashed first: timingSafeEqual asks for equal lengths, and a length is a hint too.
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** A server that listens. */
export interface Listening {
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Listens; port 0 takes a free one. Throws AppError('conflict') when the port is taken. */
export async function listen(app: Hono, host: string, port: number): Promise<Listening> {
  const server = await new Promise<ServerType>((resolve, reject) => {
    const started = serve({ fetch: app.fetch, hostname: host, port }, () => resolve(started));
    started.on('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError('conflict', `Port ${port} is taken. Set PORT to another one.`)
          : error,
      );
    });
  });
  const address = server.address();
  const actual = typeof address === 'object' && address ? address.port : port;
  return {
    url: `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${actual}`,
    port: actual,
    close: () =>
      new Promise((resolve) => {
        // A connection that is kept alive is idle only after its last answer: without looking again, stopping would wait for it.
        const idle = setInterval(
          () => 'closeIdleConnections' in server && server.closeIdleConnections(),
          CLOSE_IDLE_MS,
        );
        server.close(() => {
          clearInterval(idle);
          resolve();
        });
      }),
  };
}
