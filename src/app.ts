// The composition root: the one file that may import everything. Tests build the same app, with other things behind the ports.
import { hkdfSync } from 'node:crypto';
import { resolve } from 'node:path';
import { z } from 'zod';
import { createAnalyst } from '#agents/analyst/index.ts';
import { createAsk, createLook, createMind } from '#agents/ask/index.ts';
import { createLoop } from '#agents/loop/index.ts';
import { sourceIntents } from '#agents/loop/nodes/plan.ts';
import { createPerception } from '#agents/observe/index.ts';
import { buildThemeGraph } from '#agents/theme/graph.ts';
import { createThemeIndex } from '#agents/theme/index.ts';
import type { Integration } from '#integrations/contract.ts';
import { createSlack, DEFAULT_CAPTURE_EMOJI, DEFAULT_REACTIONS, type Slack } from '#integrations/slack/index.ts';
import { createCharts } from './charts/charts.ts';
import { type Config, hiderOf } from './config.ts';
import { connect, probeDatabase, probes, slackConfig } from './connect.ts';
import type { Analyst } from './domain/analyst.ts';
import { AppError, errorLine } from './domain/errors.ts';
import { type ProducerEvaluation, producerName } from './domain/evaluation.ts';
import { readQuietHours } from './domain/hours.ts';
import { idOf } from './domain/ids.ts';
import type { Person } from './domain/policy.ts';
import type { Clock, Fetch, Log, Tx } from './domain/ports.ts';
import type { Fact } from './domain/signal.ts';
import type { Delivery } from './domain/stores.ts';
import type { Verbs } from './domain/verbs.ts';
import type { Audience } from './domain/visibility.ts';
import { STAFF_ONLY } from './domain/visibility.ts';
import { createAct } from './pipeline/act.ts';
import { createAdministering } from './pipeline/administer.ts';
import { createAnswering } from './pipeline/answer.ts';
import { createAsking } from './pipeline/ask.ts';
import { createAssess } from './pipeline/assess.ts';
import { createAudiences } from './pipeline/audience.ts';
import { type Backfilling, createBackfilling } from './pipeline/backfill.ts';
import { createBrowsing } from './pipeline/browse.ts';
import { createCapturing } from './pipeline/capture.ts';
import { createCurating } from './pipeline/curate.ts';
import { createDecide, createDeciding } from './pipeline/decide.ts';
import { createDigesting } from './pipeline/digest.ts';
import { sourcesOf } from './pipeline/effects.ts';
import { createEvaluating } from './pipeline/evaluate.ts';
import { gatherEvidence } from './pipeline/evidence.ts';
import { createFollow } from './pipeline/follow.ts';
import { createHealth, overhear } from './pipeline/health.ts';
import { createHome } from './pipeline/home.ts';
import { createAccept, createIngest, type Incoming, isAwaited } from './pipeline/ingest.ts';
import { createTelling } from './pipeline/news.ts';
import { createObserve } from './pipeline/observe.ts';
import { openCustomers } from './pipeline/place.ts';
import { createPreferring } from './pipeline/preferences.ts';
import { createQuality } from './pipeline/quality.ts';
import { createQuiet } from './pipeline/quiet.ts';
import { createReadersWatch } from './pipeline/readers.ts';
import { createReconcile } from './pipeline/reconcile.ts';
import { createReminding } from './pipeline/remind.ts';
import { createSampling } from './pipeline/sample.ts';
import { createShow } from './pipeline/show.ts';
import { type Next, STAGE_NAMES } from './pipeline/stage.ts';
import { createTheme, type Placing } from './pipeline/theme.ts';
import { createTick } from './pipeline/tick.ts';
import { createTrending } from './pipeline/trends.ts';
import { filedBy } from './pipeline/view.ts';
import { createWhy } from './pipeline/why.ts';
import { type Chore, startWorker, sweep } from './pipeline/worker.ts';
import { createActions } from './storage/actions.ts';
import { totals, understood } from './storage/answers.ts';
import { createBackfills, createTurn } from './storage/backfill.ts';
import { createCache, purgeExpired } from './storage/cache.ts';
import { createCards } from './storage/cards.ts';
import { openCheckpoints } from './storage/checkpoints.ts';
import { createCurations } from './storage/curation.ts';
import { createCursors } from './storage/cursors.ts';
import { openDb } from './storage/db.ts';
import { createDecisions } from './storage/decisions.ts';
import { createDeliveries } from './storage/deliveries.ts';
import { createDigests } from './storage/digests.ts';
import { type Embedded, findEmbedded, startEmbedded } from './storage/embedded.ts';
import { createEvaluations } from './storage/evaluations.ts';
import { createFigures } from './storage/figures.ts';
import { createHealthRows } from './storage/health.ts';
import { createHomes } from './storage/home.ts';
import { createInsights, createProposals } from './storage/insights.ts';
import { createKeyring, masterKey } from './storage/keys.ts';
import { migrate } from './storage/migrate.ts';
import { createNews } from './storage/news.ts';
import { createObservations } from './storage/observations.ts';
import { createPlaces } from './storage/places.ts';
import { createPreferences } from './storage/preferences.ts';
import { createQuestions } from './storage/questions.ts';
import { createQueue } from './storage/queue.ts';
import { createQuietStore } from './storage/quiet.ts';
import { noteReaction } from './storage/reactions.ts';
import { createRecords } from './storage/records.ts';
import { createSamples } from './storage/samples.ts';
import { claimTeam, createSettings, ensureWorkspace, type SettingRow, type Settings } from './storage/settings.ts';
import { createSignals } from './storage/signals.ts';
import { createTexts } from './storage/texts.ts';
import { createThemes } from './storage/themes.ts';
import { createTracer } from './storage/trace.ts';
import { createTrends } from './storage/trends.ts';
import { createWhys } from './storage/whys.ts';
import { createLog, createMetrics, systemClock, systemFetch } from './system.ts';
import { createRoutes, type Listening, linkSignature, listen } from './web/server.ts';

// The workspace of an installation that has one, which is all of them so far.
const WORKSPACE = 'main';
// Leaves the rest of ten seconds to the database, which is stopped after the work.
const STOP_DRAIN_MS = 6_000;
// A delivery that is older than this and still waits was cut short; younger ones are being handled.
const CUT_SHORT_MS = 30_000;
// Longer than the longest noise report.
const NOISE_KEPT_MS = 100 * 86_400_000;
const SLACK_CACHE_MS = 10 * 60_000;
const LINEAR_CACHE_MS = 60 * 60_000;
const IDLE_LOOK_MS = 25;
const RELAX_EVERY_MS = 10_000;

/** What a test, a command or the sandbox puts in the place of the machine. */
export interface Overrides {
  workspaceId?: string;
  clock?: Clock;
  fetch?: Fetch;
  log?: Log;
  /** Wraps what the app measures with, for example to pull the plug at a point. */
  telemetry?: (inner: ReturnType<typeof createMetrics>) => ReturnType<typeof createMetrics>;
  analyst?: Analyst;
  /** `command` beside a running bot: attaches to its database, serves nothing and listens to nobody. */
  role?: 'bot' | 'command';
  /** Called now and then while nothing is left to do: the moment to give memory back. */
  relax?: () => number;
  /** Reconciliation and other chores by the clock. Default true. */
  chores?: boolean;
}

/** A channel that we listen in. */
export interface WatchedChannel {
  channelId: string;
  name: string;
  createdSec: number;
}

/** The running product. */
export interface App {
  workspaceId: string;
  /** Where it listens; null for a command. */
  url: string | null;
  verbs: Verbs;
  db: Tx;
  /** Stores deliveries as if they had come in, and sends their jobs. */
  accept(deliveries: readonly Incoming[]): Promise<boolean[]>;
  /** Resolves when nothing is left to do right now. Looks every `everyMs`; each look counts all jobs, so who waits long looks seldom. */
  idle(everyMs?: number): Promise<void>;
  /** Looks again for what webhooks missed, now. */
  reconcile(): Promise<void>;
  sweep(): Promise<void>;
  /** Does now what is otherwise done every minute: wakes cards, takes buttons away whose time is over, lets go what was held, sends what is due. */
  tick(): Promise<void>;
  /** Posts the insights that wait, those with the most customers first; answers how many. */
  post(limit: number): Promise<number>;
  /** How much there is of everything, for a command that reports. */
  count(): Promise<{ signals: number; observations: number; themes: number; insights: number }>;
  /** How many messages whose external ids start so have been understood, for a command that waits for them. */
  understood(externalIds: string): Promise<number>;
  /** Where a long command has got to, and the time it goes by. */
  cursor: { get(name: string): Promise<string | null>; set(name: string, value: string): Promise<void>; now(): Date };
  /** The past of channels, for a command that reads it. `channels`: the watched ones that are named, or all of them. */
  backfill: Pick<Backfilling, 'order' | 'run' | 'summary' | 'tick' | 'unsettled'> & {
    channels(names: readonly string[]): Promise<{ found: WatchedChannel[]; problems: string[] }>;
  };
  settings: {
    all(): Promise<SettingRow[]>;
    set(key: string, value: unknown, by: string): Promise<void>;
    unset(key: string): Promise<void>;
  };
  integrations: Integration[];
  stop(): Promise<void>;
}

/** Where the database can be asked without starting one: the given one, or our own while a bot keeps it running; else null. */
export async function runningDatabase(config: Config): Promise<string | null> {
  return config.DATABASE_URL ?? (await findEmbedded(resolve(config.DATA_DIR)));
}

/** Opens the database that the configuration names: the given one, our own that runs already (for a command), or our own. */
async function openStorage(
  config: Config,
  role: 'bot' | 'command',
  log: Log,
): Promise<{ url: string; embedded: Embedded | null }> {
  if (config.DATABASE_URL) return { url: config.DATABASE_URL, embedded: null };
  const dataDir = resolve(config.DATA_DIR);
  const running = role === 'command' ? await findEmbedded(dataDir) : null;
  if (running) return { url: running, embedded: null };
  const embedded = await startEmbedded({ dataDir, log });
  return { url: embedded.url, embedded };
}

/** Opens the settings alone, beside a running bot or without one: nothing is connected, and no work is taken up. */
export async function openSettings(config: Config, log: Log): Promise<App['settings'] & { close(): Promise<void> }> {
  const { db, close } = await openBeside(config, log);
  return { ...settingsOf(db, createSettings(WORKSPACE), systemClock), close };
}

/** Opens what people made of our work, in the same way. */
export async function openEvaluations(
  config: Config,
  log: Log,
): Promise<{ table(): Promise<ProducerEvaluation[]>; close(): Promise<void> }> {
  const { db, close } = await openBeside(config, log);
  return { table: () => createEvaluations(WORKSPACE).table(db), close };
}

async function openBeside(config: Config, log: Log): Promise<{ db: Tx; close(): Promise<void> }> {
  const { url, embedded } = await openStorage(config, 'command', log);
  const db = openDb({ url, log, telemetry: createMetrics(systemClock) });
  const close = async () => {
    await db.close();
    await embedded?.stop();
  };
  try {
    await migrate(db);
    await ensureWorkspace(db, WORKSPACE, systemClock.now());
  } catch (error) {
    await close();
    throw error;
  }
  return { db, close };
}

function settingsOf(db: Tx, settings: Settings, clock: Clock): App['settings'] {
  return {
    all: () => settings.all(db),
    set: (key, value, by) => settings.set(db, key, value, by, clock.now()),
    unset: (key) => settings.unset(db, key),
  };
}

/**
 * Builds and starts the product. Rejects with AppError('bad_config' | 'conflict' | 'unavailable') and a sentence that says what to do;
 * whatever was started by then is stopped again.
 */
export async function buildApp(config: Config, overrides: Overrides = {}): Promise<App> {
  const role = overrides.role ?? 'bot';
  const clock = overrides.clock ?? systemClock;
  const fetch = overrides.fetch ?? systemFetch;
  const log = overrides.log ?? createLog(config.LOG_LEVEL);
  const metrics = overrides.telemetry?.(createMetrics(clock)) ?? createMetrics(clock);
  const { telemetry, answers } = overhear(metrics, clock);
  const workspaceId = overrides.workspaceId ?? WORKSPACE;
  const now = () => clock.now();
  const startedAt = now();
  const closers: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse())
      await close().catch((error) => log.warn({ error: errorLine(error) }, 'could not stop in order'));
  };

  try {
    const { url, embedded } = await openStorage(config, role, log);
    if (embedded) closers.push(() => embedded.stop());
    const opened = openDb({ url, log, telemetry });
    closers.push(() => opened.close());
    let committed = (): void => {};
    const db = {
      ...opened,
      async transaction<T>(name: string, run: (tx: Tx) => Promise<T>): Promise<T> {
        const result = await opened.transaction(name, run);
        committed();
        return result;
      },
    };
    await migrate(db);
    await ensureWorkspace(db, workspaceId, clock.now());
    const master = await masterKey(config.MASTER_KEY, resolve(config.DATA_DIR));
    const linkKey = Buffer.from(hkdfSync('sha256', master, workspaceId, 'lineage-link', 32));

    // --- storage
    const keyring = createKeyring({ workspaceId, master, now: () => clock.now() });
    const records = createRecords(workspaceId);
    const deliveries = createDeliveries(workspaceId, keyring);
    const signals = createSignals(workspaceId, keyring, records);
    const texts = createTexts(workspaceId, keyring);
    const observations = createObservations(workspaceId, keyring, records);
    const themes = createThemes(workspaceId, keyring, records);
    const curations = createCurations(workspaceId, records);
    const insights = createInsights(workspaceId, records);
    const proposals = createProposals(workspaceId, keyring, records);
    const cards = createCards(workspaceId);
    const decisions = createDecisions(workspaceId, keyring, records);
    const actions = createActions(workspaceId, keyring, records);
    const cursors = createCursors(workspaceId);
    const settings = createSettings(workspaceId);
    const preferences = createPreferences(workspaceId);
    const tracer = createTracer(workspaceId, keyring);
    const samples = createSamples(workspaceId);
    const queue = createQueue({ url, workspaceId, log, db });
    const jobs = {
      send: (tx: Tx, next: readonly Next[]) =>
        queue.send(
          tx,
          next.map(({ stage, id, afterMs, behind }) => ({
            queue: stage,
            id,
            ...(afterMs ? { afterMs } : {}),
            ...(behind ? { behind } : {}),
          })),
        ),
    };
    const send = jobs.send;
    const cacheOf = (namespace: string, ttlMs: number) => {
      const cache = createCache<unknown>(db, { workspaceId, namespace, schema: z.unknown(), ttlMs, clock, log });
      return {
        getOrLoad: <T>(key: string, load: () => Promise<T>) => cache.getOrLoad(key, load) as Promise<T>,
        delete: (key: string) => cache.delete(key),
      };
    };

    // --- systems
    const integrations = connect(config, {
      clock,
      log,
      fetch,
      telemetry,
      cache: cacheOf('linear', LINEAR_CACHE_MS),
    });
    const canFile = () => integrations.some((integration) => integration.actions?.['linear.issue']);
    let slack: Slack | null = null;
    let insightsChannel: string | null = null;
    let channelsKnown = false;
    const nameOf = async (actor: string): Promise<string> => {
      if (actor === 'throughline') return 'Throughline';
      if (/^(linear|github|zendesk|slack)$/.test(actor)) return actor[0]!.toUpperCase() + actor.slice(1);
      return slack ? slack.people.displayName(actor) : actor;
    };
    const nobody = (id: string): Person => ({ id, kind: 'unknown', approver: false });
    const personOf = async (id: string): Promise<Person> => (slack ? slack.people.personOf(id) : nobody(id));
    // A public address is needed: a link to loopback in an issue leads everybody else nowhere.
    const publicUrl = config.PUBLIC_URL?.replace(/\/$/, '') ?? null;
    const lineageUrl = (id: string) =>
      publicUrl ? `${publicUrl}/lineage/${id}?sig=${linkSignature(linkKey, id)}` : null;

    // --- thinking
    const analyst =
      overrides.analyst ??
      (await createAnalyst({
        model: config.MODEL ?? null,
        baseUrl: config.MODEL_BASE_URL ?? null,
        apiKey: config.modelApiKey,
        clock,
        log,
        telemetry,
      }));
    const perceive = createPerception({ analyst });
    const newThemeId = (observationId: string) => idOf('theme', workspaceId, observationId);
    let index = createThemeIndex();
    let placeGraph = buildThemeGraph({ index, newThemeId });
    const effects = {
      db,
      texts,
      isInternal: async (channelId: string) => (slack ? slack.people.isInternal(channelId) : false),
      lineageUrl,
    };
    const checkpoints = await openCheckpoints(db);
    const loop = createLoop(
      {
        analyst,
        now,
        cohesion: (themeId) => index.tightness(themeId),
        customersNeeded: () => settings.get(db, 'insight.customers'),
        links: { lineage: lineageUrl },
        team: () => config.LINEAR_TEAM ?? null,
        evidence: async (themeId) => {
          const evidence = await gatherEvidence(db, { themes, texts }, themeId);
          if (!evidence) throw new AppError('not_found', `Nothing is left of the theme ${themeId}.`);
          return evidence;
        },
        sources: async (_proposalId, decisionId) =>
          sourcesOf(effects, (await decisions.payload(db, decisionId))?.conversationIds ?? []),
      },
      checkpoints,
    );

    const placing: Placing = {
      place: async (batch) => (await placeGraph.invoke({ batch })).placed,
      refill(members) {
        index = createThemeIndex();
        placeGraph = buildThemeGraph({ index, newThemeId });
        for (const { observationId, themeId, vector } of members) index.add(observationId, themeId, vector);
      },
    };

    const places = createPlaces(workspaceId);
    const readersOf = async (channelId: string) => (slack ? slack.people.readersOf(channelId) : 'unknown');
    const audiences = createAudiences({ places, readersOf });
    const readers = createReadersWatch({ db, cards, places, cursors, readersOf, telemetry, now, send });

    // --- the flow
    const viewDeps = {
      cards,
      insights,
      proposals,
      decisions,
      actions,
      texts,
      nameOf,
      audiences,
      curations,
      canFile,
      now,
    };
    const thinking = loop;
    const quietRows = createQuietStore(workspaceId);
    const channelRules = async (tx: Tx) => ({
      paused: await settings.get(tx, 'paused'),
      hours: readQuietHours(await settings.get(tx, 'quiet.hours')) ?? null,
      timeZone: await settings.get(tx, 'workspace.time_zone'),
      perDay: await settings.get(tx, 'insights.per_day'),
    });
    const timeZoneOf = async (personId: string) => (await slack?.people.user(personId))?.timeZone ?? null;
    const quiet = createQuiet({
      db,
      rows: quietRows,
      cards,
      records,
      rules: channelRules,
      preferences: preferences.get,
      timeZoneOf,
      insightsChannel: () => insightsChannel,
      channelName: async (id) => (slack ? ((await slack.client.channel(id))?.name ?? null) : null),
      send,
      telemetry,
      now,
    });
    const assess = createAssess(
      {
        db,
        workspaceId,
        themes,
        texts,
        insights,
        proposals,
        cards,
        decisions,
        actions,
        curations,
        records,
        effects,
        thinking,
        planMore: (sources) => sourceIntents(sources, false),
        customersNeeded: () => settings.get(db, 'insight.customers'),
        approvalsNeeded: (tx) => settings.get(tx, 'approvals.needed'),
        insightsChannel: () => insightsChannel,
        quiet,
        now,
      },
      send,
    );
    const decideDeps = {
      db,
      cards,
      insights,
      proposals,
      decisions,
      actions,
      effects,
      audiences,
      records,
      thread: loop,
      workspaceId,
      canFile,
      reopen: (themeId: string) => assess.onRequest(themeId, 'retried'),
      now,
      send,
    };
    const readDelivery = async (delivery: Delivery): Promise<Fact[]> => {
      const payload: unknown = JSON.parse(delivery.payload);
      if (delivery.kind === 'facts') return payload as Fact[];
      if (delivery.source === 'slack') {
        if (!slack) throw new AppError('unavailable', 'Slack is not connected.', { retryable: true });
        return slack.handle({ kind: delivery.kind, payload, interactive: isAwaited(delivery) });
      }
      const integration = integrations.find(({ id }) => id === delivery.source);
      if (!integration?.inbound)
        throw new AppError('unavailable', `${delivery.source} is not connected.`, { retryable: true });
      return integration.inbound.read(payload);
    };
    const theming = createTheme({ db, themes, placing, survivorOf: curations.survivorOf });
    const trending = createTrending({
      db,
      store: createTrends(workspaceId, keyring),
      audiences,
      records,
      telemetry,
      nameOf,
      now,
    });
    const figures = createFigures(workspaceId, keyring);
    const questions = createQuestions(workspaceId, keyring);
    const mind = config.MODEL
      ? await createMind({
          model: config.MODEL,
          baseUrl: config.MODEL_BASE_URL ?? null,
          apiKey: config.modelApiKey,
          telemetry,
        })
      : null;
    const readable = (themeIds: readonly string[], audience: Audience) => audiences.themes(db, themeIds, audience);
    const known = (customerIds: readonly string[], audience: Audience) =>
      openCustomers({ db, figures, audiences }, customerIds, audience);
    const asking = createAsking({
      db,
      workspaceId,
      questions,
      figures,
      insights,
      texts,
      audiences,
      records,
      think: createAsk({ mind, look: createLook({ db, figures, trends: trending, readable, known }), telemetry }),
      rateable: (input) => verbs.rateable(input),
      personOf,
      nameOf,
      surface: { answer: (question, options) => slackNow().answers.answer(question, options) },
      telemetry,
      send,
      now,
    });
    const stages = [
      createIngest({
        db,
        deliveries,
        signals,
        themes,
        actions,
        read: readDelivery,
        // What an earlier process left behind is taken up at once; what this one is handling gets its time.
        cutShortBefore: () => new Date(Math.max(startedAt.getTime(), clock.now().getTime() - CUT_SHORT_MS)),
      }),
      createObserve({
        db,
        workspaceId,
        texts,
        observations,
        perceive,
        async conservative() {
          const rows = await settings.channels(db);
          return new Set(rows.flatMap((row) => (row.capture === 'conservative' ? [`slack:${row.channelId}`] : [])));
        },
      }),
      theming,
      assess,
      createShow({
        db,
        cards,
        curations,
        view: viewDeps,
        audienceOf: audiences.ofChannel,
        now,
        surface: {
          post: (view, where) => slackNow().cards.post(view, where),
          redraw: (cardId, at) => slackNow().cards.redraw(cardId, at),
          postDetails: (view, where) =>
            slackNow().cards.postDetails(view, { ...where, lineageUrl: lineageUrl(view.themeId) }),
          redrawDetails: (view, at) =>
            slackNow().cards.redrawDetails(view, { ...at, lineageUrl: lineageUrl(view.themeId) }),
          permalink: (channel, ts) => slackNow().client.permalink(channel, ts),
        },
      }),
      createDecide(decideDeps),
      createAct({
        db,
        actions,
        decisions,
        cards,
        personOf,
        async mayTell(themeId, channelId) {
          return (await audiences.themes(db, [themeId], await audiences.ofChannel(channelId))).has(themeId);
        },
        now,
        handFor: (kind) =>
          [...integrations, ...(slack ? [slack.integration] : [])].find((integration) => integration.actions?.[kind])
            ?.actions?.[kind] ?? null,
      }),
      createFollow({ db, decisions, actions, cards, proposals, thread: loop, now: () => clock.now() }),
      asking.stage,
    ];
    const tellNews = createTelling({
      db,
      rows: createNews(workspaceId),
      curations,
      cards,
      audiences,
      preferences: preferences.get,
      paused: (tx) => settings.get(tx, 'paused'),
      personOf,
      timeZoneOf,
      timeZone: (tx) => settings.get(tx, 'workspace.time_zone'),
      nameOf,
      send: (personId, view, key) => slackNow().tellNews(personId, view, key),
      telemetry,
      log,
      now,
    });
    const sampling = createSampling({
      db,
      samples,
      signals,
      texts,
      records,
      audiences,
      personOf,
      reachable: quiet.reachable,
      timeZone: (tx) => settings.get(tx, 'workspace.time_zone'),
      async placeName(containerId, source) {
        const row = containerId.startsWith('slack:') ? await settings.channel(db, containerId.slice(6)) : null;
        return row ? `#${row.name}` : source;
      },
      welcome: (personId) => slackNow().samples.welcome(personId),
      post: (view, where) => slackNow().samples.post(view, where),
      send,
      telemetry,
      log,
      now,
    });
    const digesting = createDigesting({
      db,
      rows: createDigests(workspaceId),
      subscribers: preferences.withDigest,
      preferences: preferences.get,
      rules: async (tx) => ({
        cadence: await settings.get(tx, 'digest.channel'),
        time: await settings.get(tx, 'digest.at'),
        timeZone: await settings.get(tx, 'workspace.time_zone'),
      }),
      hushed: quiet.hushed,
      reachable: quiet.reachable,
      insightsChannel: () => insightsChannel,
      personOf,
      timeZoneOf,
      nameOf,
      audiences,
      quality: (tx, from, to) => samples.judged(tx, from, to),
      rateable: (input) => verbs.rateable(input),
      send: (input) => slackNow().voice.digest(input),
      telemetry,
      log,
      now,
    });
    const remind = createReminding({
      db,
      rows: quietRows,
      rules: channelRules,
      afterHours: (tx) => settings.get(tx, 'reminder.after'),
      personOf,
      reachable: quiet.reachable,
      send: (input) => slackNow().voice.remind(input),
      telemetry,
      log,
      now,
    });
    const stageDeps = { db, jobs, clock, log, telemetry };
    const slackNow = (): Slack => {
      if (!slack) throw new AppError('unavailable', 'Slack is not connected.', { retryable: true });
      return slack;
    };

    const accept = createAccept({ db, deliveries, send, now });

    // --- what people can ask
    const deciding = createDeciding(decideDeps);
    const backfilling = createBackfilling({
      db,
      backfills: createBackfills(workspaceId),
      deliveries,
      records,
      audiences,
      past: {
        page: (...args) => slackNow().past.page(...args),
        replies: (...args) => slackNow().past.replies(...args),
      },
      watched: async (channelId) => {
        const row = await settings.channel(db, channelId);
        if (!row || row.mode === 'off') return null;
        return { name: row.name, createdSec: await createdSecOf(slackNow(), channelId) };
      },
      insightsChannel: () => insightsChannel,
      post: quiet.post,
      pace: async () => ({
        perMinute: await settings.get(db, 'backfill.perMinute'),
        limit: await settings.get(db, 'backfill.page'),
      }),
      takeTurn: createTurn({ url, workspaceId, name: 'backfill', log }),
      jobsWaiting: async () => {
        const depth = await queue.depth();
        return Object.values(depth).reduce((sum, one) => sum + one.waiting + one.active, 0);
      },
      tell: (person, ended, summary) => slackNow().tellBackfilled(person, ended, summary),
      send,
      clock,
      log,
      telemetry,
    });
    const listenedTo = async () =>
      (await settings.channels(db)).flatMap(({ channelId, mode }) => (mode === 'off' ? [] : [channelId]));
    const administering = createAdministering({
      db,
      settings,
      records,
      health: createHealth({
        db,
        rows: createHealthRows(workspaceId),
        cursors,
        answers,
        connected: () => [
          ...integrations.map(({ id }) => id),
          ...(slack ? (['slack'] as const) : []),
          ...(config.MODEL ? (['model'] as const) : []),
          'database',
        ],
        checks: () => [
          ...probes(config, { clock, log, fetch, telemetry, cache: cacheOf('slack', SLACK_CACHE_MS) }),
          { system: 'database', probe: () => probeDatabase(db, config.DATABASE_URL === undefined) },
        ],
        hide: hiderOf(config),
        clock,
      }),
      noise: quiet.noise,
      channel: async (channelId) => {
        await slackNow().client.forget('channel', channelId);
        return slackNow().client.channel(channelId);
      },
      join: async (channelId) => (await slackNow().client.join(channelId)) === 'joined',
      unknownPeople: (entries) => slackNow().people.unknownEntries(entries),
      settingsChanged: () => learnInsightsChannel(),
      nameOf,
      telemetry,
      now,
    });
    const verbs: Verbs = {
      ...backfilling.verbs,
      ...deciding,
      ...asking.verbs,
      ...sampling.verbs,
      ...createQuality({ db, rows: samples, now }),
      ...createWhy({
        db,
        whys: createWhys(workspaceId, keyring),
        texts,
        themes,
        cards,
        view: viewDeps,
        audiences,
        look: (message) => slackNow().look(message),
        async watch(channelId) {
          const row = await settings.channel(db, channelId);
          return { mode: row?.mode ?? 'off', capture: row?.capture ?? 'eager', by: row?.origin ?? null };
        },
        async nearest(vector, without, limit) {
          await theming.refresh();
          return index.rank(vector, without, limit);
        },
        customersNeeded: () => settings.get(db, 'insight.customers'),
        nameOf,
        telemetry,
        now,
      }),
      ...createEvaluating({
        db,
        evaluations: createEvaluations(workspaceId),
        records,
        async producerOfCard(tx, cardId) {
          const card = await cards.byId(tx, cardId);
          const insight = card?.insightId ? await insights.byId(tx, card.insightId) : null;
          return insight && producerName(insight.producedBy);
        },
        telemetry,
        now,
      }),
      ...createCapturing({
        db,
        signals,
        texts,
        themes,
        cards,
        proposals,
        decisions,
        curations,
        records,
        readMessage: (message, person) => slackNow().readMessage(message, person),
        isWatched: async (channelId) => ((await settings.channel(db, channelId))?.mode ?? 'off') !== 'off',
        assessOnRequest: (themeId) => assess.onRequest(themeId, 'captured'),
        async issueOf(cardId) {
          const card = await cards.byId(db, cardId);
          return card && filedBy(viewDeps, db, card);
        },
        decide: deciding.decide,
        canFile,
        audiences,
        nameOf,
        telemetry,
        now,
        send,
      }),
      ...createPreferring({ db, preferences, records, now }),
      noise: quiet.noise,
      digest: digesting.digest,
      showNow: quiet.showNow,
      ...createHome({
        db,
        homes: createHomes(workspaceId),
        audiences,
        records,
        listening: async () => (await listenedTo()).length,
        insightsChannel: () => insightsChannel,
        setPaused: (tx, paused, by, at) => settings.set(tx, 'paused', paused, by, at),
        release: quiet.release,
        followed: (person, audience) => verbs.followed({ person, audience }),
        backfills: () => verbs.backfill(),
        trends: trending,
        preferences: (person) => verbs.preferences(person),
        timeZoneOf,
        administration: administering.view,
        nameOf,
        canFile,
        now,
        telemetry,
      }),
      ...administering.verbs,
      ...createCurating({
        db,
        workspaceId,
        curations,
        themes,
        cards,
        proposals,
        decisions,
        actions,
        records,
        places,
        refreshIndex: theming.refresh,
        telemetry,
        log,
        now,
        send,
      }),
      ...createBrowsing({
        db,
        curations,
        themes,
        cards,
        proposals,
        decisions,
        actions,
        texts,
        tracer,
        audiences,
        nameOf,
        customersNeeded: () => settings.get(db, 'insight.customers'),
        near: (vectors) => nearestThemes(vectors.flatMap((vector) => index.assign(vector).neighbours)),
        now,
      }),
      ...trending,
      ...createAnswering({
        db,
        cards,
        insights,
        decisions,
        tracer,
        view: viewDeps,
        audiences,
        nameOf,
        lineageUrl,
      }),
    };

    // --- Slack
    if (config.SLACK_BOT_TOKEN) {
      const charts = createCharts({ log });
      closers.push(() => charts.close());
      slack = createSlack(slackConfig(config, config.SLACK_BOT_TOKEN), {
        draughtsman: charts,
        clock,
        log,
        telemetry,
        fetch,
        cache: cacheOf('slack', SLACK_CACHE_MS),
        verbs,
        async settings() {
          const reactions = await settings.get(db, 'slack.reactions');
          return {
            allowBots: await settings.get(db, 'slack.bots'),
            customerChannels: await settings.get(db, 'customer.channels'),
            captureEmoji: (await settings.get(db, 'capture.emoji')) || DEFAULT_CAPTURE_EMOJI,
            reactions: Object.keys(reactions).length > 0 ? reactions : DEFAULT_REACTIONS,
          };
        },
        listening: listenedTo,
        insightsChannel: () => insightsChannel,
        paused: verbs.paused,
        chosenPeople: async () => ({
          approvers: await settings.get(db, 'approvers'),
          admins: await settings.get(db, 'admins'),
          insightsChannel: (await settings.get(db, 'insights.channel')) || null,
        }),
        async modeOf(channelId) {
          const row = await settings.channel(db, channelId);
          if (row) return row.mode;
          // Until the names in SUPPORT_CHANNELS are known as ids, a message of theirs must wait rather than be lost.
          if (!channelsKnown) throw new AppError('unavailable', 'The channels are not known yet.', { retryable: true });
          // We are in the insights channel to speak, not to listen.
          return channelId === insightsChannel ? 'off' : 'unknown';
        },
        isKnown: async (externalId) => (await signals.head(db, externalId)) !== null,
        channelJoined: (channelId, name) =>
          settings.setChannel(db, { channelId, name, mode: 'observe', origin: 'joined' }, clock.now()),
        async channelLeft(channelId) {
          const row = await settings.channel(db, channelId);
          if (row?.origin === 'joined') await settings.setChannel(db, { ...row, mode: 'off' }, clock.now());
        },
        readersChanged: readers.changed,
        channelRenamed: (channelId, name) => settings.renameChannel(db, channelId, name, clock.now()),
        noteReaction: (reaction) => noteReaction(db, workspaceId, reaction),
        async persist(delivery) {
          const [fresh] = await accept([
            {
              source: 'slack',
              deliveryId: delivery.deliveryId,
              kind: delivery.kind,
              payload: JSON.stringify(delivery.payload),
              ...(delivery.quarantine
                ? { quarantine: `${delivery.quarantine.field} ${delivery.quarantine.message}` }
                : {}),
            },
          ]);
          telemetry.count('deliveries_total', { source: 'slack', outcome: fresh ? 'new' : 'known' });
          return fresh ? 'new' : 'known';
        },
        said: (utterance) => quietRows.said(db, utterance, now()),
        handled: (deliveryId) => deliveries.done(db, [`slack/${deliveryId}`], clock.now(), 'answered'),
      });
      const { home } = slack;
      committed = home.changed;
      closers.push(home.stop);
    }
    const learnInsightsChannel = async (): Promise<void> => {
      // What a person chose outranks the environment.
      const name = (await settings.get(db, 'insights.channel')) || config.INSIGHTS_CHANNEL;
      const found = name && slack ? await slack.client.resolveChannel(name) : null;
      if (name && !found)
        log.warn({ channel: name }, 'the channel for insights is not there, or the bot cannot see it');
      insightsChannel = found?.id ?? null;
    };
    const learnChannels = async (): Promise<void> => {
      if (!slack) return;
      const self = await slack.client.whoAmI();
      await claimTeam(db, workspaceId, self.teamId);
      for (const entry of config.SUPPORT_CHANNELS) {
        const channel = await slack.client.resolveChannel(entry);
        if (channel)
          await settings.setChannel(
            db,
            { channelId: channel.id, name: channel.name, mode: 'suggest', origin: 'environment' },
            clock.now(),
          );
        else log.warn({ channel: entry }, 'a channel of SUPPORT_CHANNELS is not there, or the bot cannot see it');
      }
      await learnInsightsChannel();
      channelsKnown = true;
    };

    // --- by the clock
    const reconcile = createReconcile({ db, deliveries, cursors, send, now });
    const tick = createTick({ db, cards, decisions, curations, records, send, release: quiet.release, now });
    const speak = async () => {
      if (!slack) return;
      await digesting.run();
      await remind();
      await tellNews();
    };
    const chores: Chore[] = [
      { name: 'channels', cron: '*/5 * * * *', run: learnChannels },
      { name: 'clock', cron: '* * * * *', run: tick },
      { name: 'voice', cron: '* * * * *', run: speak },
      ...(slack ? [{ name: 'sample', cron: '*/10 * * * *', run: sampling.run }] : []),
      { name: 'readers', cron: '*/10 * * * *', run: readers.check },
      ...(slack ? [{ name: 'backfill', cron: '* * * * *', run: backfilling.tick }] : []),
      {
        name: 'tidy',
        cron: '17 3 * * *',
        run: async () => {
          await deliveries.expire(db, now());
          await questions.expire(db, now());
          await purgeExpired(db, clock);
          await quietRows.forget(db, new Date(now().getTime() - NOISE_KEPT_MS));
        },
      },
      ...integrations
        .filter((integration) => integration.reconcile)
        .map((integration) => ({
          name: `reconcile.${integration.id}`,
          cron: '*/5 * * * *',
          run: () => reconcile(integration),
        })),
    ];

    await queue.start(STAGE_NAMES);
    closers.push(() => queue.stop(STOP_DRAIN_MS));
    // Tried once before the first message; when Slack is away, the chore learns them later and messages wait.
    await learnChannels().catch((error) => {
      if (error instanceof AppError && (error.code === 'conflict' || error.code === 'unauthorized')) throw error;
      log.warn({ error: errorLine(error) }, 'Slack does not answer yet; messages wait');
    });
    await startWorker({
      stages,
      chores: (overrides.chores ?? role === 'bot') ? chores : [],
      queue,
      deps: stageDeps,
      clock,
      log,
    });

    if (overrides.relax) {
      const { relax } = overrides;
      const rest = setInterval(() => {
        void queue.depth().then(
          (depth) => {
            if (Object.values(depth).every((one) => one.waiting + one.active === 0)) relax();
          },
          (error) => log.debug({ error: errorLine(error) }, 'could not look whether there is work'),
        );
      }, RELAX_EVERY_MS);
      rest.unref();
      closers.push(async () => clearInterval(rest));
    }

    // --- the door
    let listening: Listening | null = null;
    if (role === 'bot') {
      const ready = async () => {
        try {
          await db.query('select 1');
          return { ok: true, checks: { database: 'ok' } };
        } catch (error) {
          return { ok: false, checks: { database: errorLine(error) } };
        }
      };
      const routes = createRoutes({
        clock,
        log,
        telemetry,
        slack: slack && config.SLACK_SIGNING_SECRET ? slack.intake.handle : null,
        webhooks: integrations.flatMap(({ id, inbound }) => (inbound ? [{ id, ...inbound }] : [])),
        accept,
        // Whoever was given the link of a page is one of our own people, and may be any of them.
        trace: (query) => verbs.trace(query, STAFF_ONLY),
        apiToken: config.API_TOKEN ?? null,
        linkKey,
        ready,
        async metrics() {
          const depth = await queue.depth();
          const waiting = Object.values(depth).reduce((sum, one) => sum + one.waiting + one.active, 0);
          const lines = Object.entries(depth).map(
            ([name, one]) => `throughline_queue_jobs{queue="${name}"} ${one.waiting + one.active}`,
          );
          return `${await metrics.text()}# TYPE throughline_queue_waiting gauge\nthroughline_queue_waiting ${waiting}\n# TYPE throughline_queue_jobs gauge\n${lines.join('\n')}\n`;
        },
      });
      listening = await listen(routes, hostFor(config), config.PORT);
      closers.push(() => listening!.close());
      if (slack) closers.push(slack.intake.drain, slack.outbound.stop);
      closers.push(backfilling.drain);
      if (slack?.socket) {
        await slack.socket.start();
        closers.push(() => slack!.socket!.stop());
      }
      log.info({ url: listening.url, ms: clock.now().getTime() - startedAt.getTime() }, 'ready');
    }

    return {
      workspaceId,
      url: listening?.url ?? null,
      verbs,
      db,
      accept,
      settings: settingsOf(db, settings, clock),
      backfill: { ...backfilling, channels: (names) => watchedChannels(slackNow(), settings, db, names) },
      cursor: {
        get: (name) => cursors.get(db, name),
        set: (name, value) => cursors.set(db, name, value, clock.now()),
        now,
      },
      post: quiet.post,
      count: () => totals(db, workspaceId),
      understood: (externalIds) => understood(db, workspaceId, externalIds),
      integrations: [...integrations, ...(slack ? [slack.integration] : [])],
      sweep: () => sweep(stages, stageDeps, log),
      async tick() {
        await tick();
        await speak();
        if (slack) await sampling.run();
      },
      async reconcile() {
        for (const integration of integrations) await reconcile(integration);
      },
      async idle(everyMs = IDLE_LOOK_MS) {
        // Two quiet looks in a row: a batch that just ended may be about to send the next jobs.
        for (let quiet = 0; quiet < 2; ) {
          // A click is acknowledged before it is carried out.
          await slack?.intake.drain();
          await slack?.home.drain();
          const depth = await queue.depth();
          quiet = Object.values(depth).every(({ waiting, active }) => waiting + active === 0) ? quiet + 1 : 0;
          if (quiet < 2) await systemClock.sleep(everyMs);
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Loopback, unless the configuration says that others reach us: then every interface, for a container or a proxy on another host. */
function hostFor(config: Config): string {
  if (!config.PUBLIC_URL) return '127.0.0.1';
  const { hostname } = new URL(config.PUBLIC_URL);
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]' ? '127.0.0.1' : '0.0.0.0';
}

/** When a channel was made, which only a forecast needs: 0 when Slack does not say. */
async function createdSecOf(slack: Slack, channelId: string): Promise<number> {
  const channel = await slack.client.channel(channelId).catch(() => null);
  return channel?.createdSec ?? 0;
}

/** The watched channels of these names or ids, all of them without any; and a sentence for each that is none. */
async function watchedChannels(
  slack: Slack,
  settings: Settings,
  db: Tx,
  names: readonly string[],
): Promise<{ found: WatchedChannel[]; problems: string[] }> {
  const watched = (await settings.channels(db)).filter(({ mode }) => mode !== 'off');
  const problems: string[] = [];
  const wanted = names.flatMap((name) => {
    const row = watched.find((one) => one.channelId === name || one.name === name.replace(/^#/, '').toLowerCase());
    if (!row)
      problems.push(
        `${name} is no channel that Throughline listens in: name it in SUPPORT_CHANNELS, or invite the bot there with /invite @Throughline while it runs.`,
      );
    return row ?? [];
  });
  const found: WatchedChannel[] = [];
  for (const { channelId, name } of names.length > 0 ? wanted : watched)
    found.push({ channelId, name, createdSec: await createdSecOf(slack, channelId) });
  return { found, problems };
}

/** Themes by how like they are, the nearest first. */
function nearestThemes(neighbours: readonly { themeId: string; cosine: number }[]): string[] {
  const sums = new Map<string, number>();
  for (const { themeId, cosine } of neighbours) sums.set(themeId, (sums.get(themeId) ?? 0) + cosine);
  return [...sums].sort(([, a], [, b]) => b - a).map(([themeId]) => themeId);
}
