// Slack on this machine, as far as a bot can tell: a server with the Web API, a workspace behind it, and people who act in it.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { AppError } from '#src/domain/errors.ts';
import type { Clock } from '#src/domain/ports.ts';
import { createCapabilities } from './capabilities.ts';
import type { SlackChange } from './changes.ts';
import { ACK_TIMEOUT_MS, createCourier, type Delivery, RETRY_DELAYS_MS, shuffle } from './delivery.ts';
import { envelope, eventsOf } from './events.ts';
import { createFaults, type Faults } from './faults.ts';
import { type ApiCall, createHttp } from './http.ts';
import { createHuman, type Human } from './human.ts';
import { createInteractions } from './interactions.ts';
import { methodTable } from './methods/table.ts';
import { SlackSeed } from './model.ts';
import { DEFAULT_SEED } from './seed.ts';
import { createSocketMode } from './socket-mode.ts';
import { createSlackState, type SlackState, type Violation } from './state.ts';
import { type Answer, createHttpTransport, type Transport } from './transport.ts';
import { createViews } from './views.ts';

/** The scopes that the app has unless a test says otherwise: everything Throughline may ask for. */
export const ALL_SCOPES = [
  'app_mentions:read',
  'assistant:write',
  'channels:history',
  'channels:join',
  'channels:manage',
  'channels:read',
  'chat:write',
  'chat:write.customize',
  'chat:write.public',
  'commands',
  'files:read',
  'files:write',
  'groups:history',
  'groups:read',
  'groups:write',
  'im:history',
  'im:read',
  'im:write',
  'metadata.message:read',
  'reactions:read',
  'reactions:write',
  'team:read',
  'usergroups:read',
  'users:read',
  'users:read.email',
];

export interface SlackSimulatorOptions {
  clock: Clock;
  /** The clock that signatures are dated by, when the bot compares them with the machine's time and `clock` is elsewhere. */
  signingClock?: Clock;
  seed?: SlackSeed;
  signingSecret: string;
  botToken: string;
  appToken?: string;
  /** Bot scopes; default ALL_SCOPES. */
  scopes?: readonly string[];
  /** Record arguments that Slack does not know as violations; default true. Slack ignores them, a bot should not send them. */
  strict?: boolean;
  /** 0 chooses a free port. */
  port?: number;
}

/** How the bot is reached over HTTP. */
export interface Connection {
  /** For events, interactions and commands alike. */
  eventsUrl: string;
  /** The bot_events of the manifest; default all. */
  botEvents?: readonly string[];
  /** The commands of the manifest; default any. */
  commands?: readonly string[];
  retryDelaysMs?: readonly number[];
  ackTimeoutMs?: number;
  /** Ask the bot for the challenge first, as Slack does when the URL is saved. Default false. */
  verify?: boolean;
}

/** The simulator and everything a test or a page can do with it. */
export interface SlackSimulator {
  /** The base for SLACK_API_URL, ends in `/api/`. */
  readonly url: string;
  readonly port: number;
  /** All routes, to be mounted in another server if wanted. */
  readonly app: ReturnType<typeof createHttp>;
  readonly state: SlackState;
  readonly human: Human;
  readonly faults: Faults;
  /** Every call of the Web API, in order. */
  readonly calls: ApiCall[];
  /** Everything that was sent to the bot, in order of its cause. */
  readonly deliveries: Delivery[];
  /** The names of all methods that are simulated. */
  readonly methods: readonly string[];
  connect(connection: Connection): Promise<void>;
  /** Settings of Socket Mode and of HTTP alike; the connection itself is made by the bot. */
  subscribeTo(settings: Pick<Connection, 'botEvents' | 'commands' | 'retryDelaysMs'>): void;
  disconnect(): Promise<void>;
  /** How many Socket Mode connections are open. */
  connections(): number;
  redeliver(delivery: Delivery, options?: { freshSignature?: boolean }): Promise<Answer>;
  /** Sends everything recorded so far again, `times` over, one after another in one shuffled order: same ids, fresh signatures. */
  redeliverAll(options: { times: number; seed: number }): Promise<Answer[]>;
  /** Resolves when nothing is queued, in flight or waiting for a retry. Held deliveries do not count. */
  idle(): Promise<void>;
  /** Waits until `look` finds something, looking again after every change, call and delivery; throws after `limitMs` and names `what`. */
  until<T>(what: string, look: () => T, limitMs?: number): Promise<NonNullable<T>>;
  subscribe(listener: (change: SlackChange) => void): () => void;
  start(): Promise<void>;
  close(): Promise<void>;
  /** Back to the seed; the connection to the bot stays. */
  reset(): void;
}

/** Makes a Slack workspace with one installed app. Call `start()` before anything that needs its address. */
export function createSlackSimulator(options: SlackSimulatorOptions): SlackSimulator {
  const { clock } = options;
  const state = createSlackState({ clock, seed: SlackSeed.parse(options.seed ?? DEFAULT_SEED) });
  const scopes = new Set(options.scopes ?? ALL_SCOPES);
  const calls: ApiCall[] = [];
  let server: Server | null = null;
  let port = 0;
  let http: Transport | null = null;
  // Once the bot has asked for a socket, events wait for its connection instead of being nobody's.
  let socketMode = false;
  let botEvents: readonly string[] | null = null;
  let commands: readonly string[] | null = null;

  const watchers = new Set<() => void>();
  const lookAgain = (): void => {
    for (const look of watchers) look();
  };
  const origin = (): string => {
    if (port === 0) throw new AppError('bug', 'The Slack simulator has no address before start().');
    return `http://127.0.0.1:${port}`;
  };
  const violation = (kind: Violation['kind'], method: string, detail: string): void => {
    if (kind === 'unknown_argument' && options.strict === false) return;
    state.violations.push({ kind, method, detail });
  };
  const sockets = createSocketMode({ appId: () => state.app.id, nextId: state.nextId, changed: lookAgain });
  const courier = createCourier({
    clock,
    signingClock: options.signingClock ?? clock,
    signingSecret: options.signingSecret,
    transport: () => http ?? (socketMode ? sockets : null),
    settled: lookAgain,
  });
  const capabilities = createCapabilities({ clock, state, origin });
  const views = createViews({ state, violation });
  const interactions = createInteractions({ state, capabilities, courier });
  const human = createHuman({
    state,
    interactions,
    capabilities,
    views,
    origin,
    commands: () => commands,
    violation,
  });
  const faults = createFaults({
    clock,
    courier,
    disconnectSockets: (reason) => sockets.disconnect(reason),
    cutSockets: sockets.cut,
  });
  const methods = methodTable(views);
  const app = createHttp({
    clock,
    state,
    capabilities,
    faults,
    methods,
    scopes,
    appScopes: ['connections:write'],
    botToken: options.botToken,
    appToken: options.appToken,
    calls,
    origin,
    openSocket: () => {
      socketMode = true;
      return sockets.open(origin());
    },
    violation,
    answered: lookAgain,
  });
  state.subscribe(sendEvents);
  state.subscribe(lookAgain);

  return {
    get url() {
      return `${origin()}/api/`;
    },
    get port() {
      return port;
    },
    app,
    state,
    human,
    faults,
    calls,
    deliveries: courier.deliveries,
    methods: Object.keys(methods),

    async connect(connection) {
      await http?.close();
      http = createHttpTransport(connection.eventsUrl);
      botEvents = connection.botEvents ?? null;
      commands = connection.commands ?? null;
      courier.retryDelaysMs = [...(connection.retryDelaysMs ?? RETRY_DELAYS_MS)];
      courier.ackTimeoutMs = connection.ackTimeoutMs ?? ACK_TIMEOUT_MS;
      if (connection.verify) await challenge(connection.eventsUrl);
    },
    subscribeTo(settings) {
      if (settings.retryDelaysMs) courier.retryDelaysMs = [...settings.retryDelaysMs];
      botEvents = settings.botEvents ?? null;
      commands = settings.commands ?? null;
    },
    async disconnect() {
      await http?.close();
      http = null;
      socketMode = false;
    },
    connections: sockets.connections,
    redeliver: courier.redeliver,
    async redeliverAll({ times, seed }) {
      const again = Array.from({ length: times }, () => courier.deliveries).flat();
      shuffle(again, seed);
      const answers: Answer[] = [];
      for (const delivery of again) answers.push(await courier.redeliver(delivery));
      return answers;
    },
    idle: courier.idle,
    until(what, look, limitMs = 10_000) {
      const found = look();
      if (found) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const stop = () => {
          clearTimeout(timer);
          watchers.delete(again);
        };
        const timer = setTimeout(() => {
          stop();
          reject(new AppError('timeout', `Waited ${limitMs} ms in vain in the simulated Slack: ${what}.`));
        }, limitMs);
        const again = () => {
          try {
            const now = look();
            if (!now) return;
            stop();
            resolve(now);
          } catch (error) {
            stop();
            reject(error);
          }
        };
        watchers.add(again);
      });
    },
    subscribe: state.subscribe,

    start() {
      const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
      const listening = createServer(listener);
      server = listening;
      listening.on('upgrade', sockets.upgrade);
      return new Promise((resolve, reject) => {
        listening.once('error', reject);
        listening.listen(options.port ?? 0, '127.0.0.1', () => {
          port = (listening.address() as AddressInfo).port;
          resolve();
        });
      });
    },
    async close() {
      await http?.close();
      await sockets.close();
      await courier.stop();
      const closing = server;
      if (!closing) return;
      server = null;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
        closing.closeAllConnections();
      });
    },
    reset() {
      courier.reset();
      capabilities.reset();
      faults.clear();
      calls.length = 0;
      state.reset();
    },
  };

  function sendEvents(change: SlackChange): void {
    if (!http && !socketMode) return;
    for (const event of eventsOf(change, state, state.nextMoment)) {
      const wanted = botEvents === null || botEvents.includes(event.subscription);
      const granted = event.scope === null || scopes.has(event.scope);
      const seen = !event.member || (event.channel?.members.has(state.app.botUserId) ?? true);
      if (!wanted || !granted || !seen || !state.installed) continue;
      const id = state.nextId('Ev');
      const payload = envelope(event, id, state);
      courier.enqueue({
        id,
        kind: 'events_api',
        type: event.event.type,
        lane: event.channel?.id ?? 'workspace',
        channel: event.channel?.id ?? null,
        payload,
        contentType: 'application/json',
        body: JSON.stringify(payload),
      });
    }
  }

  async function challenge(eventsUrl: string): Promise<void> {
    const payload = { token: 'simulated-verification-token', challenge: state.nextId('ch'), type: 'url_verification' };
    const answer = await courier.interact({
      id: payload.challenge,
      kind: 'events_api',
      type: 'url_verification',
      lane: 'workspace',
      channel: null,
      payload,
      contentType: 'application/json',
      body: JSON.stringify(payload),
    });
    if (answer.reason !== null || !answer.body.includes(payload.challenge)) {
      throw new AppError('bad_config', `${eventsUrl} did not answer the challenge: ${answer.reason ?? answer.body}`);
    }
  }
}
