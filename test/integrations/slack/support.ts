// A workspace for the tests of the Slack integration: the simulator, the integration on top of it by the vendor's SDK, a web server between them,
// an inbox in memory, and verbs that say what a test tells them to say.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ChannelMode, SlackConfig } from '#integrations/slack/index.ts';
import {
  createSlack,
  DEFAULT_CAPTURE_EMOJI,
  DEFAULT_REACTIONS,
  type Slack,
  type SlackSettings,
} from '#integrations/slack/index.ts';
import type { SlackDelivery } from '#integrations/slack/receiver.ts';
import type { CardView } from '#src/domain/card.ts';
import { AppError } from '#src/domain/errors.ts';
import type { Clock, Log, LogFields } from '#src/domain/ports.ts';
import type { Fact, SignalDraft } from '#src/domain/signal.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { SlackSeed } from '#src/sandbox/slack/model.ts';
import { createSlackSimulator, type SlackSimulator, type SlackSimulatorOptions } from '#src/sandbox/slack/simulator.ts';
import { quietTelemetry } from '#test/support/quiet.ts';

export const SIGNING_SECRET = 'a-signing-secret-of-the-tests';
export const BOT_TOKEN = 'xoxb-simulated-bot';
export const APP_TOKEN = 'xapp-simulated-app';

/** Ana decides and Ben helps; Gil is a guest, Eva works for a customer, pager is another bot. The bot is where its work is. */
export const SEED: SlackSeed = {
  team: { name: 'Acme', domain: 'acme' },
  app: { name: 'Throughline' },
  users: [
    { name: 'ana', real_name: 'Ana Costa', is_admin: true },
    { name: 'ben', real_name: 'Ben Olsen' },
    { name: 'cleo', real_name: 'Cleo Customer' },
    { name: 'gil', real_name: 'Gil Guest', is_ultra_restricted: true },
    { name: 'eva', real_name: 'Eva Stern', is_stranger: true, team_id: 'T0GLOBEX001' },
    { name: 'pager', real_name: 'Pager', is_bot: true },
  ],
  usergroups: [
    { handle: 'deciders', users: ['ana'] },
    { handle: 'support-team', users: ['ben'] },
  ],
  channels: [
    { name: 'general', is_general: true },
    { name: 'support', members: ['ana', 'ben', 'cleo', 'gil', 'pager', 'throughline'] },
    { name: 'shared', is_ext_shared: true, members: ['ana', 'eva', 'throughline'] },
    { name: 'team', members: ['ana', 'ben', 'throughline'] },
    { name: 'insights', members: ['ana', 'ben', 'gil', 'throughline'] },
    { name: 'elsewhere', members: ['ana', 'cleo'] },
  ],
};

export const machineClock: Clock = {
  now: () => new Date(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

/** A clock that stands still; sleeping moves it, so that nothing waits. */
export function handClock(start = '2026-03-02T09:00:00Z'): Clock & { advance(ms: number): void; slept: number[] } {
  let at = Date.parse(start);
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(at),
    async sleep(ms) {
      slept.push(ms);
      at += ms;
    },
    advance(ms) {
      at += ms;
    },
  };
}

/** Everything in memory, nothing expires. */
export function memoryCache() {
  const held = new Map<string, Promise<unknown>>();
  return {
    held,
    getOrLoad<T>(key: string, load: () => Promise<T>): Promise<T> {
      const known = held.get(key);
      if (known) return known as Promise<T>;
      const loading = load();
      held.set(key, loading);
      loading.catch(() => held.delete(key));
      return loading;
    },
    async delete(key: string) {
      held.delete(key);
    },
  };
}

export interface Asked {
  verb: keyof Verbs;
  input: unknown;
}

/** Verbs that answer what a test scripted, and remember what they were asked. An unscripted question fails the test. */
export function scriptedVerbs(answers: Partial<Verbs>): Verbs & { asked: Asked[]; script(more: Partial<Verbs>): void } {
  const asked: Asked[] = [];
  let script = answers;
  const own = {
    asked,
    script(more: Partial<Verbs>) {
      script = { ...script, ...more };
    },
  };
  return new Proxy(own, {
    get(target, name) {
      if (name in target) return target[name as keyof typeof target];
      return async (input: unknown) => {
        asked.push({ verb: name as keyof Verbs, input });
        const answer = script[name as keyof Verbs] as ((input: unknown) => unknown) | undefined;
        if (!answer) throw new AppError('bug', `No answer is scripted for ${String(name)}.`);
        return answer(input);
      };
    },
  }) as unknown as Verbs & typeof own;
}

export interface WorkspaceOptions {
  simulator?: Partial<SlackSimulatorOptions>;
  config?: Partial<SlackConfig>;
  verbs?: Partial<Verbs>;
  settings?: Partial<SlackSettings>;
  /** By channel name; unnamed ones are off. */
  modes?: Record<string, ChannelMode>;
  known?: (externalId: string) => boolean;
  /** Runs in place of the inbox. */
  persist?: (delivery: SlackDelivery) => Promise<'new' | 'known'>;
  over?: 'http' | 'socket';
  clock?: Clock;
}

/** A running workspace. */
export interface Workspace {
  sim: SlackSimulator;
  slack: Slack;
  verbs: ReturnType<typeof scriptedVerbs>;
  inbox: Map<string, SlackDelivery & { handled: boolean }>;
  /** What events became, in order. */
  facts: Fact[];
  signals(): SignalDraft[];
  /** What the callbacks about channels were told. */
  channelNews: string[];
  /** Every line of the log. */
  logged: string[];
  url: string;
  id(name: string): string;
  channel(name: string): string;
  /** Waits until Slack has delivered everything and the bot has worked it off. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Starts one; close it in the end. */
export async function startWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const clock = options.clock ?? machineClock;
  const sim = createSlackSimulator({
    clock,
    seed: SEED,
    signingSecret: SIGNING_SECRET,
    botToken: BOT_TOKEN,
    appToken: APP_TOKEN,
    ...options.simulator,
  });
  await sim.start();
  const verbs = scriptedVerbs(options.verbs ?? {});
  const inbox: Workspace['inbox'] = new Map();
  const facts: Fact[] = [];
  const logged: string[] = [];
  const line = (fields: LogFields, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const log: Log = { debug: line, info: line, warn: line, error: line, child: () => log };
  const channelNews: string[] = [];
  // One after the other, so that a test can read the facts in the order of the events.
  let jobs: Promise<void> = Promise.resolve();
  const modes: Record<string, ChannelMode> = options.modes ?? {
    support: 'suggest',
    shared: 'observe',
    team: 'suggest',
  };
  const channelId = (name: string) => sim.state.channel(name).id;
  const modesById = new Map(Object.entries(modes).map(([name, mode]) => [channelId(name), mode]));
  const slack: Slack = createSlack(
    {
      botToken: BOT_TOKEN,
      signingSecret: SIGNING_SECRET,
      appToken: options.over === 'socket' ? APP_TOKEN : null,
      apiUrl: sim.url,
      supportChannels: ['support'],
      insightsChannel: 'insights',
      staff: ['support-team'],
      approvers: ['deciders'],
      ...options.config,
    },
    {
      clock,
      log,
      telemetry: quietTelemetry,
      fetch: globalThis.fetch,
      cache: memoryCache(),
      draughtsman: { draw: async () => ({ png: Buffer.from('a picture'), width: 1, height: 1 }) },
      verbs,
      settings: async () => ({
        allowBots: false,
        customerChannels: {},
        captureEmoji: DEFAULT_CAPTURE_EMOJI,
        reactions: DEFAULT_REACTIONS,
        ...options.settings,
      }),
      modeOf: async (id) => modesById.get(id) ?? 'unknown',
      isKnown: async (externalId) => options.known?.(externalId) ?? false,
      noteReaction: async () => true,
      channelJoined: async (_id, name) => void channelNews.push(`joined ${name}`),
      channelLeft: async (id) => void channelNews.push(`left ${id}`),
      readersChanged: async () => {},
      channelRenamed: async (_id, name) => void channelNews.push(`renamed ${name}`),
      persist: options.persist ?? persist,
      async handled(deliveryId) {
        const delivery = inbox.get(deliveryId);
        if (delivery) delivery.handled = true;
      },
    },
  );
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      void slack.intake.handle({ headers, body: Buffer.concat(chunks).toString('utf8') }).then((answer) => {
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`;
  if (options.over === 'socket') await slack.socket?.start();
  else await sim.connect({ eventsUrl: url, retryDelaysMs: [] });

  return {
    sim,
    slack,
    verbs,
    inbox,
    facts,
    signals: () => facts.flatMap((fact) => (fact.kind === 'signal' ? [fact.signal] : [])),
    channelNews,
    logged,
    url,
    id: (name) => sim.state.user(name).id,
    channel: channelId,
    async settled() {
      await sim.idle();
      await slack.intake.drain();
      await jobs;
    },
    async close() {
      await slack.socket?.stop();
      await sim.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function persist(delivery: SlackDelivery): Promise<'new' | 'known'> {
    if (inbox.has(delivery.deliveryId)) return 'known';
    const stored = { ...delivery, handled: false };
    inbox.set(delivery.deliveryId, stored);
    if (!delivery.interactive && !delivery.quarantine) {
      jobs = jobs.then(async () => {
        facts.push(...(await slack.handle(delivery)));
        stored.handled = true;
      });
    }
    return 'new';
  }
}

/** A card that waits for a decision. */
export function openCard(change: Partial<CardView> = {}): CardView {
  return {
    cardId: 'crd_0123456789abcdef01234567',
    themeId: 'thm_0123456789abcdef01234567',
    state: 'open',
    insight: {
      id: 'ins_0123456789abcdef01234567',
      title: 'CSV export stops at 1,000 rows',
      claim: 'The CSV export stops after 1,000 rows and says nothing.',
      kind: 'bug',
      severity: 'high',
      area: 'export',
      reach: {
        reports: 5,
        people: 4,
        customers: 3,
        customersInWindow: 3,
        sources: { slack: 3, zendesk: 2 },
        since: '2026-02-20T08:00:00.000Z',
        newest: '2026-03-01T16:30:00.000Z',
      },
      trend: { days: [0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1], lastWeek: 4, weekBefore: 1, word: 'rising' },
      confidence: { value: 0.78, word: 'high', because: '3 customers report it in similar words' },
      whyThis: 'Three paying customers cannot hand their data to their accountants.',
      whyNow: 'Four of the five reports came in the last week.',
      producedBy: { analyst: 'builtin', version: '1', prompt: null, model: null },
    },
    quotes: [
      {
        text: 'the export just stops at 1000 rows, no error',
        who: 'Cleo Customer',
        source: 'Slack',
        permalink: 'https://acme.slack.com/archives/C1/p1',
        at: '2026-03-01T16:30:00.000Z',
      },
    ],
    hiddenQuotes: 0,
    goneQuotes: 0,
    wordsHidden: false,
    hasOutsiders: false,
    proposal: {
      id: 'pro_0123456789abcdef01234567',
      revision: 2,
      title: 'CSV export stops at 1,000 rows',
      priority: 2,
      labels: ['bug', 'export'],
      team: 'ENG',
    },
    canFile: true,
    approvals: null,
    decision: null,
    issue: null,
    issueState: null,
    notes: [],
    claimedBy: null,
    snoozedUntil: null,
    snoozedReports: null,
    continuesAt: null,
    cameBackBecause: null,
    ...change,
  };
}

/** The decision on that card. */
export function decisionOf(change: Partial<NonNullable<CardView['decision']>> = {}): NonNullable<CardView['decision']> {
  return {
    id: 'dec_0123456789abcdef01234567',
    verb: 'approved',
    by: 'Ana Costa',
    at: '2026-03-02T09:00:00.000Z',
    via: 'button',
    reason: null,
    undoUntil: '2099-03-02T09:15:00.000Z',
    undoneBy: null,
    ...change,
  };
}
