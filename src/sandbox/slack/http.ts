// The HTTP face of the simulator: the Web API, uploads and downloads, and the response URLs.
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Clock } from '#src/domain/ports.ts';
import { type ParsedCall, parseCall, type RawCall, readCall } from './arguments.ts';
import type { Capabilities } from './capabilities.ts';
import type { Fault, FaultDesk } from './faults.ts';
import { type Method, type MethodContext, Refusal } from './methods/method.ts';
import type { Fields } from './model.ts';
import { answerThroughUrl } from './response-url.ts';
import type { SlackState, Violation } from './state.ts';

// Slack names the argument that is wrong only for some; these answer as if the thing named did not exist.
const MISSING_AS: Record<string, string> = {
  channel: 'channel_not_found',
  user: 'user_not_found',
  ts: 'message_not_found',
};
const SOFT_MISSING = new Set([
  'chat.postMessage',
  'chat.update',
  'chat.delete',
  'chat.postEphemeral',
  'chat.getPermalink',
  'users.info',
]);

const JSON_TYPE = 'application/json; charset=utf-8';

/** One call of the Web API and how it was answered. */
export interface ApiCall {
  method: string;
  /** As sent, without the token. */
  args: Fields;
  at: number;
  /** The HTTP status, or null when the caller never got an answer. */
  status: number | null;
  response: Fields | null;
}

export interface HttpDeps {
  clock: Clock;
  state: SlackState;
  capabilities: Capabilities;
  faults: FaultDesk;
  methods: Record<string, Method>;
  scopes: ReadonlySet<string>;
  appScopes: readonly string[];
  botToken: string;
  appToken: string | undefined;
  calls: ApiCall[];
  origin: () => string;
  openSocket: () => string;
  violation: (kind: Violation['kind'], method: string, detail: string) => void;
  /** Told after every call. */
  answered: () => void;
}

type Env = { Bindings: Partial<HttpBindings> };

/** Makes the Hono app. It can be mounted beside others: all its paths are Slack's own. */
export function createHttp(deps: HttpDeps): Hono<Env> {
  const { state, faults } = deps;
  const app = new Hono<Env>();

  app.all('/api/:method', async (c) => {
    const name = c.req.param('method');
    const raw = await readCall(c.req.raw, name);
    const { token: _, ...args } = raw.fields;
    const call: ApiCall = { method: name, args, at: deps.clock.now().getTime(), status: null, response: null };
    deps.calls.push(call);
    const reply = await disturbed(name, c.env, c.req.raw.signal, () => answered(raw));
    call.status = reply.status;
    call.response = reply.body;
    deps.answered();
    return toResponse(reply);
  });

  app.post('/upload/v1/:file', async (c) => {
    const file = state.files.get(c.req.param('file'));
    if (!file) return c.text('404', 404);
    const type = c.req.header('content-type') ?? '';
    if (type.startsWith('multipart/form-data')) {
      const form = await c.req.formData();
      const part = [...form.values()].find((value) => typeof value !== 'string');
      if (part === undefined || typeof part === 'string') return c.text('no file', 400);
      file.bytes = new Uint8Array(await part.arrayBuffer());
    } else file.bytes = new Uint8Array(await c.req.arrayBuffer());
    file.size = file.bytes.length;
    return c.text(`OK - ${file.size}`);
  });

  app.get('/files-pri/:key/*', (c) => {
    const file = state.files.get(c.req.param('key').split('-').at(-1) ?? '');
    // Without a token Slack shows a page to sign in, with status 200.
    if (c.req.header('authorization') !== `Bearer ${deps.botToken}`)
      return c.html('<!DOCTYPE html><title>Sign in</title>');
    if (!file?.bytes) return c.text('not found', 404);
    return new Response(Buffer.from(file.bytes), { headers: { 'content-type': file.mimetype } });
  });

  app.post('/:kind{actions|commands}/:team/:id/:secret', async (c) => {
    const body: unknown = await c.req.json().catch(() => null);
    const { pathname } = new URL(c.req.url);
    const reply = await disturbed('response_url', c.env, c.req.raw.signal, () => {
      const { status, text } = answerThroughUrl(deps, pathname, body);
      return { status, text, body: null, headers: { 'content-type': 'text/plain' } };
    });
    return toResponse(reply);
  });

  return app;

  // What goes wrong on demand, before or after what is asked for.
  async function disturbed(
    name: string,
    env: Partial<HttpBindings>,
    signal: AbortSignal,
    run: () => Reply,
  ): Promise<Reply> {
    const fault = faults.take(name);
    if (!fault) return run();
    if ('after' in fault && fault.after) run();
    return broken(fault, env, signal);
  }

  function answered(raw: RawCall): Reply {
    const body = perform(raw);
    const headers = { 'content-type': JSON_TYPE, ...scopeHeaders(raw.method) };
    if (body.error !== 'ratelimited') return { status: 200, body, text: '', headers };
    const { retry_after: seconds, ...rest } = body;
    return { status: 429, body: rest, text: '', headers: { ...headers, 'retry-after': String(seconds) } };
  }

  function perform(raw: RawCall): Fields {
    const method = Object.hasOwn(deps.methods, raw.method) ? deps.methods[raw.method] : undefined;
    if (!method) {
      deps.violation('unknown_method', raw.method, `Slack or this simulator has no method ${raw.method}`);
      return { ok: false, error: 'unknown_method', req_method: raw.method };
    }
    try {
      const token = authorize(raw, method);
      const parsed = parseCall(raw, method);
      note(raw, method, parsed);
      const context: MethodContext = {
        method: raw.method,
        token,
        state,
        clock: deps.clock,
        capabilities: deps.capabilities,
        scopes: deps.scopes,
        origin: deps.origin,
        openSocket: deps.openSocket,
        violation: (kind, detail) => deps.violation(kind, raw.method, detail),
      };
      const full = faults.tier(raw.method);
      if (full > 0) throw new Refusal('ratelimited', { retry_after: full });
      const most = faults.pageMax(raw.method);
      if (most !== null) parsed.args.limit = Math.min(most, Number(parsed.args.limit ?? most));
      if (raw.method === 'chat.postMessage') {
        const wait = faults.throttle(String(parsed.args.channel));
        if (wait > 0) throw new Refusal('ratelimited', { retry_after: wait });
      }
      return { ok: true, ...method.handle(context, parsed.args) };
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, error: error.error, ...error.extra };
      throw error;
    }
  }

  function authorize(raw: RawCall, method: Method): 'bot' | 'app' {
    if (!raw.bearer) {
      if (raw.method === 'api.test') return 'bot';
      throw new Refusal('not_authed');
    }
    const isBot = raw.bearer === deps.botToken;
    const isApp = deps.appToken !== undefined && raw.bearer === deps.appToken;
    if (!isBot && !isApp) throw new Refusal('invalid_auth');
    if (!state.installed) throw new Refusal(isBot ? 'account_inactive' : 'token_revoked');
    const wanted = method.token ?? 'bot';
    if (wanted !== 'any' && wanted !== (isBot ? 'bot' : 'app')) throw new Refusal('not_allowed_token_type');
    const granted = isBot ? deps.scopes : new Set(deps.appScopes);
    if (method.scopes.length > 0 && !method.scopes.some((scope) => granted.has(scope))) {
      throw new Refusal('missing_scope', { needed: method.scopes.join(','), provided: [...granted].join(',') });
    }
    return isBot ? 'bot' : 'app';
  }

  // Slack ignores what it does not know; a bot under test should not send it.
  function note(raw: RawCall, method: Method, parsed: ParsedCall): void {
    if (raw.http === 'GET' && !method.reads) {
      deps.violation('wrong_http_method', raw.method, 'changes something, and so must be a POST');
    }
    for (const key of parsed.unknown) deps.violation('unknown_argument', raw.method, key);
    for (const key of parsed.invalid) {
      deps.violation('invalid_argument', raw.method, `${key} = ${JSON.stringify(raw.fields[key])}`);
    }
    const wrong = [...parsed.missing, ...parsed.invalid];
    const first = wrong[0];
    if (first === undefined) return;
    if (first === 'blocks') throw new Refusal('invalid_blocks_format');
    if (SOFT_MISSING.has(raw.method) && MISSING_AS[first]) throw new Refusal(MISSING_AS[first]);
    throw new Refusal('invalid_arguments', {
      response_metadata: {
        messages: [
          ...parsed.missing.map((key) => `[ERROR] missing required field: ${key}`),
          ...parsed.invalid.map((key) => `[ERROR] invalid value [json-pointer:/${key}]`),
        ],
      },
    });
  }

  function scopeHeaders(name: string): Record<string, string> {
    const accepted = deps.methods[name]?.scopes ?? [];
    return {
      'x-oauth-scopes': [...deps.scopes].join(','),
      ...(accepted.length > 0 ? { 'x-accepted-oauth-scopes': accepted.join(',') } : {}),
      'x-slack-req-id': `${deps.calls.length}`.padStart(32, '0'),
    };
  }
}

interface Reply {
  /** null when the caller never gets an answer. */
  status: number | null;
  body: Fields | null;
  text: string;
  headers: Record<string, string>;
}

const NEVER: Reply = { status: null, body: null, text: '', headers: {} };

function toResponse({ status, body, text, headers }: Reply): Response {
  // Nobody reads the answer to a call whose connection is gone.
  return new Response(body === null ? text : JSON.stringify(body), { status: status ?? 503, headers });
}

async function broken(fault: Fault, env: Partial<HttpBindings>, signal: AbortSignal): Promise<Reply> {
  switch (fault.kind) {
    case 'rate_limited': {
      const headers = { 'content-type': JSON_TYPE, 'retry-after': String(fault.retryAfterS) };
      return { status: 429, body: { ok: false, error: 'ratelimited' }, text: '', headers };
    }
    case 'server_error': {
      const headers = { 'content-type': 'text/plain' };
      return { status: fault.status ?? 503, body: null, text: 'upstream connect error', headers };
    }
    case 'error': {
      const body = { ok: false, error: fault.error, ...fault.extra };
      return { status: 200, body, text: '', headers: { 'content-type': JSON_TYPE } };
    }
    case 'hang':
      await new Promise<void>((resolve) => {
        const done = () => resolve();
        if (signal.aborted) done();
        signal.addEventListener('abort', done, { once: true });
        env.outgoing?.once('close', done);
      });
      return NEVER;
    case 'reset':
      env.incoming?.socket.destroy();
      return NEVER;
  }
}
