// The page's own server: files, one state to read, one place to act, one stream that says "something changed". Loopback only.
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { errorLine } from '#src/domain/errors.ts';
import { loadAssets } from './assets.ts';
import { type Lineage, PageAct, type PageAnswer, type PageState } from './model.ts';

// Many changes come in bursts (a history that is played, a click and its consequences); the page need not redraw for each.
const BURST_MS = 60;
// Keeps proxies and laptops that fell asleep from taking a silent stream for a dead one.
const HEARTBEAT_MS = 15_000;
// A busy port is usually a second sandbox or another tool; ten more are enough to find a free one.
const PORTS_TRIED = 10;

// Nothing but our own files may run. Pictures may come from the bot, which is on another port of this machine, and from https.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: https: http://127.0.0.1:* http://localhost:*",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What stands behind the page. */
export interface PageDeps {
  /** Everything that this person sees; an unknown or absent person means the first one. */
  look(as: string | null): PageState;
  act(act: PageAct): Promise<PageAnswer>;
  /** A picture or file that somebody uploaded,; null when there is none. */
  file(id: string): { body: Uint8Array; type: string } | null;
  /** The bot's lineage of an id, a permalink or an issue; a sentence when there is none. */
  lineage(id: string): Promise<Lineage | string>;
  /** Calls the listener after every change until the returned function is called. */
  subscribe(listener: () => void): () => void;
  /** Says which sandbox this is, to another one that was started on the same folder. */
  id: string;
}

export interface PageServer {
  url: string;
  close(): Promise<void>;
}

/** Serves the page on 127.0.0.1, on the port that was asked for or the next free one after it; 0 takes any. */
export async function startPageServer(deps: PageDeps, port: number): Promise<PageServer> {
  const assets = await loadAssets();
  const closing = new AbortController();
  const app = new Hono();

  app.use(async (context, next) => {
    // A page of another site may neither read nor act here, whatever name it found for 127.0.0.1.
    const origin = context.req.header('origin');
    if (origin !== undefined && new URL(context.req.url).host !== hostOf(origin))
      return context.text('Not from there.', 403);
    await next();
    context.header('content-security-policy', POLICY);
    context.header('x-content-type-options', 'nosniff');
    context.header('referrer-policy', 'no-referrer');
    context.header('cache-control', 'no-store');
  });
  app.get('/api/id', (context) => context.text(deps.id));
  app.get('/api/state', (context) => context.json(deps.look(context.req.query('as') || null)));
  app.post('/api/act', async (context) => {
    const act = PageAct.safeParse(await context.req.json().catch(() => null));
    if (!act.success) {
      const [problem] = act.error.issues;
      return context.json(
        refusal(`${problem?.path.join('.') || 'The request'}: ${problem?.message ?? 'cannot be read'}`),
        400,
      );
    }
    try {
      return context.json(await deps.act(act.data));
    } catch (error) {
      return context.json(refusal(errorLine(error)));
    }
  });
  app.get('/api/lineage', async (context) => {
    const found = await deps.lineage(context.req.query('id') ?? '');
    return typeof found === 'string' ? context.json({ error: found }, 404) : context.json(found);
  });
  app.get('/files/:id', (context) => {
    const file = deps.file(context.req.param('id'));
    if (!file) return context.text('There is no such file.', 404);
    // A picture is shown; anything else could be a page, and is only ever handed over.
    const shown = /^image\/(png|jpeg|gif)$/.test(file.type);
    context.header('content-type', shown ? file.type : 'application/octet-stream');
    if (!shown) context.header('content-disposition', 'attachment');
    return context.body(file.body as Uint8Array<ArrayBuffer>);
  });
  app.get('/api/live', (context) =>
    streamSSE(context, async (stream) => {
      let wake: () => void = () => {};
      let changed = false;
      const stop = deps.subscribe(() => {
        changed = true;
        wake();
      });
      const wait = (ms: number) =>
        new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      const end = () => wake();
      closing.signal.addEventListener('abort', end);
      stream.onAbort(end);
      while (!closing.signal.aborted && !stream.aborted) {
        if (!changed) await wait(HEARTBEAT_MS);
        if (closing.signal.aborted || stream.aborted) break;
        if (changed) await stream.sleep(BURST_MS);
        await stream.writeSSE({ event: changed ? 'change' : 'alive', data: '' });
        changed = false;
      }
      closing.signal.removeEventListener('abort', end);
      stop();
    }),
  );
  app.get('*', (context) => {
    const asset = assets.get(context.req.path);
    if (!asset) return context.text('There is nothing here.', 404);
    return context.body(asset.body, 200, { 'content-type': asset.type });
  });

  const server = await listen(app, port);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      closing.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}

async function listen(app: Hono, port: number): Promise<ServerType> {
  for (let tried = 0; ; tried++) {
    const server = createAdaptorServer({ fetch: app.fetch });
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port === 0 ? 0 : port + tried, '127.0.0.1', resolve);
      });
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tried >= PORTS_TRIED) throw error;
    }
  }
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

function refusal(error: string): PageAnswer {
  return { ok: false, error, errors: {} };
}
