// Socket Mode: the other way to the bot. One WebSocket carries envelopes out and acknowledgements back.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Fields } from './model.ts';
import { isFields } from './schema.ts';
import type { Answer, Transport } from './transport.ts';

const PATH = '/link/';
// Slack pings a silent connection; the client gives up after 30 s without one.
const PING_MS = 10_000;

/** Accepts the bot's connections and sends over one of them. */
export interface SocketMode extends Transport {
  /** A one-time address for a connection. */
  open(origin: string): string;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  connections(): number;
  /** Asks every connection to go, as Slack does every few hours. */
  disconnect(reason: string): void;
  /** Breaks every connection, as networks do. */
  cut(): void;
}

/** Makes the Socket Mode side of one app. */
export function createSocketMode(deps: {
  appId: () => string;
  nextId: (prefix: string) => string /** Told when a connection comes or goes. */;
  changed: () => void;
}): SocketMode {
  const server = new WebSocketServer({ noServer: true });
  const tickets = new Set<string>();
  const sockets: WebSocket[] = [];
  const waiting = new Map<string, (payload: unknown) => void>();
  let turn = 0;

  return {
    open(origin) {
      const ticket = deps.nextId('K');
      tickets.add(ticket);
      return `${origin.replace(/^http/, 'ws')}${PATH}?ticket=${ticket}&app_id=${deps.appId()}`;
    },
    upgrade(request, socket, head) {
      const url = new URL(request.url ?? '/', 'http://localhost');
      if (url.pathname !== PATH || !tickets.delete(url.searchParams.get('ticket') ?? '')) {
        socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
        return;
      }
      server.handleUpgrade(request, socket, head, accept);
    },
    connections: () => sockets.length,
    send(outgoing, { retryNum, retryReason, timeoutMs }) {
      const open = sockets.filter((one) => one.readyState === WebSocket.OPEN);
      const socket = open[turn++ % Math.max(1, open.length)];
      if (!socket) return Promise.resolve(failed('connection_failed'));
      const envelopeId = deps.nextId('E');
      return new Promise((resolve) => {
        const timer = setTimeout(() => finish(failed('http_timeout')), timeoutMs);
        const lost = () => finish(failed('connection_failed'));
        const finish = (answer: Answer) => {
          clearTimeout(timer);
          socket.off('close', lost);
          waiting.delete(envelopeId);
          resolve(answer);
        };
        socket.once('close', lost);
        waiting.set(envelopeId, (payload) =>
          finish({
            status: 200,
            reason: null,
            body: payload === undefined ? '' : typeof payload === 'string' ? payload : JSON.stringify(payload),
            noRetry: false,
          }),
        );
        const envelope: Fields = {
          envelope_id: envelopeId,
          type: outgoing.kind,
          payload: outgoing.payload,
          accepts_response_payload: outgoing.kind !== 'events_api',
          ...(outgoing.kind === 'events_api' ? { retry_attempt: retryNum, retry_reason: retryReason ?? '' } : {}),
        };
        socket.send(JSON.stringify(envelope));
      });
    },
    disconnect(reason) {
      for (const socket of sockets) {
        socket.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'simulator' } }));
      }
    },
    cut() {
      for (const socket of [...sockets]) socket.terminate();
    },
    async close() {
      for (const socket of [...sockets]) socket.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };

  function accept(socket: WebSocket): void {
    sockets.push(socket);
    const pings = setInterval(() => socket.ping(), PING_MS);
    socket.on('close', () => {
      clearInterval(pings);
      sockets.splice(sockets.indexOf(socket), 1);
      deps.changed();
    });
    // A broken connection also closes; there is nothing more to do about it here.
    socket.on('error', () => socket.terminate());
    socket.on('message', (data) => {
      const message: unknown = JSON.parse(String(data));
      if (isFields(message) && typeof message.envelope_id === 'string') {
        waiting.get(message.envelope_id)?.(message.payload);
      }
    });
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: sockets.length,
        debug_info: { host: 'simulator', build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: deps.appId() },
      }),
    );
    deps.changed();
  }
}

function failed(reason: string): Answer {
  return { status: null, reason, body: '', noRetry: false };
}
