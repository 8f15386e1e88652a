// A Zendesk account on this machine: REST API, event webhooks and the people behind them, for the sandbox and for tests. Loopback only.
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type ServerType } from '@hono/node-server';
import type { Clock } from '#src/domain/ports.ts';
import { type Call, createApi } from './api.ts';
import { createExport } from './export.ts';
import { createFaults, type Faults } from './faults.ts';
import { createHuman, type Human } from './human.ts';
import { createTokens } from './oauth.ts';
import { createStore, type ZendeskSeed, type ZendeskState } from './state.ts';
import { createTicketEndpoints } from './tickets.ts';
import { createWebhooks, type Delivery, type Webhooks } from './webhooks.ts';

const ALL_SCOPES = [
  'read',
  'write',
  'tickets:read',
  'tickets:write',
  'users:read',
  'users:write',
  'organizations:read',
  'organizations:write',
];

export interface ZendeskSimulatorOptions {
  clock: Clock;
  clientId: string;
  clientSecret: string;
  webhookSecret: string;
  seed?: ZendeskSeed;
  /** What the OAuth client may be given; everything when absent. */
  scopes?: string[];
  /** Tickets that the export repeats at the start of every later page; 1 when absent. */
  exportOverlap?: number;
  /** How long a receiver of webhooks may take; Zendesk's own 12 s when absent. */
  webhookTimeoutMs?: number;
  /** 0 when absent: any free port. */
  port?: number;
}

/** Something that a page or a test may want to show or wait for. */
export type ZendeskEvent = { kind: 'ticket'; ticketId: string } | { kind: 'delivery'; delivery: Delivery };

export interface ZendeskSimulator {
  /** Its address, without a slash at the end; known once it has started. */
  readonly url: string;
  start(): Promise<string>;
  close(): Promise<void>;
  /** Back to the seed; the webhook stays connected. */
  reset(): void;
  state: ZendeskState;
  human: Human;
  faults: Faults;
  /** Every request so far. */
  calls: Call[];
  /** Requests that nothing here answers to; a test expects none. */
  unknownCalls(): Call[];
  /** Makes every token that was handed out invalid. */
  revokeTokens(): void;
  /** Tells of changes until the returned function is called. */
  subscribe(listener: (event: ZendeskEvent) => void): () => void;
  connect: Webhooks['connect'];
  route: Webhooks['route'];
  release: Webhooks['release'];
  redeliver: Webhooks['redeliver'];
  idle: Webhooks['idle'];
  deliveries: Delivery[];
}

/** Makes a simulated account. Nothing listens until `start`. */
export function createZendeskSimulator(options: ZendeskSimulatorOptions): ZendeskSimulator {
  const { clock } = options;
  const store = createStore(clock, options.seed);
  const faults = createFaults();
  const calls: Call[] = [];
  const listeners = new Set<(event: ZendeskEvent) => void>();
  const tell = (event: ZendeskEvent) => {
    for (const listener of listeners) listener(event);
  };
  const webhooks = createWebhooks({
    clock,
    store,
    secret: options.webhookSecret,
    onChange: (delivery) => tell({ kind: 'delivery', delivery }),
    ...(options.webhookTimeoutMs === undefined ? {} : { timeoutMs: options.webhookTimeoutMs }),
  });
  const human = createHuman({ store, webhooks, onChange: (ticket) => tell({ kind: 'ticket', ticketId: ticket.id }) });
  let server: ServerType | null = null;
  let url = '';
  let closing = new AbortController();
  const baseUrl = () => url;
  const tokens = createTokens(
    { clientId: options.clientId, clientSecret: options.clientSecret, scopes: options.scopes ?? ALL_SCOPES },
    clock,
  );
  const tickets = createTicketEndpoints({ store, human, baseUrl });
  const exported = createExport({ clock, store, overlap: options.exportOverlap ?? 1, baseUrl });
  const app = createApi({
    store,
    faults,
    tokens,
    tickets,
    exported: exported.page,
    calls,
    baseUrl,
    closing: () => closing.signal,
  });

  return {
    get url() {
      return url;
    },
    async start() {
      closing = new AbortController();
      const started = createAdaptorServer({ fetch: app.fetch });
      server = started;
      await new Promise<void>((resolve, reject) => {
        started.once('error', reject);
        started.listen(options.port ?? 0, '127.0.0.1', resolve);
      });
      url = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
      return url;
    },
    async close() {
      closing.abort();
      await webhooks.close();
      const running = server;
      server = null;
      if (!running) return;
      const closed = new Promise<void>((resolve) => running.close(() => resolve()));
      if ('closeAllConnections' in running) running.closeAllConnections();
      await closed;
    },
    reset() {
      store.reset();
      tokens.revoke();
      tickets.reset();
      exported.reset();
      webhooks.reset();
      faults.clear();
      calls.length = 0;
    },
    state: store.state,
    human,
    faults,
    calls,
    unknownCalls: () => calls.filter((call) => call.operation === null),
    revokeTokens: tokens.revoke,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    connect: webhooks.connect,
    route: webhooks.route,
    release: webhooks.release,
    redeliver: webhooks.redeliver,
    idle: webhooks.idle,
    deliveries: webhooks.deliveries,
  };
}
