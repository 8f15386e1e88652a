// Slack, whole: the integration, the one intake, the front end, the writer and the people. The sole import for others.
import type { Backfill, BackfillSummary } from '#src/domain/backfill.ts';
import type { CardView } from '#src/domain/card.ts';
import type { Draughtsman } from '#src/domain/chart.ts';
import type { NewsView } from '#src/domain/news.ts';
import type { Clock, Fetch, Log, Telemetry } from '#src/domain/ports.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { MessageRef, Verbs } from '#src/domain/verbs.ts';
import type { Looked } from '#src/domain/why.ts';
import type { Integration, Probe } from '../contract.ts';
import { createSlackActions } from './actions.ts';
import { type Answers, createAnswers } from './answers.ts';
import { createSlackApp } from './app.ts';
import { type CachePort, createSlackClient, type SlackClient } from './client.ts';
import { listenToCommands } from './commands/index.ts';
import { createEventReader } from './events.ts';
import { createPast, type Past } from './history.ts';
import { type ChannelMode, createInbound, type InboundSettings, type ReadMessage } from './inbound.ts';
import { listenToAdministration } from './listeners/administration.ts';
import { listenToAnswers } from './listeners/answer.ts';
import { listenToBackfills } from './listeners/backfill.ts';
import { listenToCaptures, openNote } from './listeners/capture.ts';
import { listenToCards, redrawCard } from './listeners/card.ts';
import { listenToFeedback } from './listeners/feedback.ts';
import { createHomeTabs, type HomeTabs, listenToHome } from './listeners/home.ts';
import { createMentions } from './listeners/mention.ts';
import { createPane } from './listeners/pane.ts';
import { createVoice, listenToQuiet, type Voice } from './listeners/quiet.ts';
import { createReactions, type NotedReaction, type ReactionSettings } from './listeners/reactions.ts';
import { createSampleVoice, listenToSamples, type SampleVoice } from './listeners/sample.ts';
import { listenToThemes, openTheme } from './listeners/theme.ts';
import { listenToTrends, showTrends } from './listeners/trends.ts';
import { listenToWhy, openWhy } from './listeners/why.ts';
import { createOutbound, type Outbound, type Posted, type Said } from './outbound.ts';
import { type ChosenPeople, createPeople, type People } from './people.ts';
import { createPictures } from './pictures.ts';
import { probeSlack, probeSocket } from './probe.ts';
import { createSlackIntake, type SlackDelivery, type SlackIntake } from './receiver.ts';
import { createSlackSocket, type SlackSocket } from './socket.ts';
import { backfillEndedMessage } from './views/backfill.ts';
import { cardKey, cardMessage } from './views/card.ts';
import { detailsKey, detailsMessage } from './views/details.ts';
import { pausedNotice } from './views/home.ts';
import { newsMessage } from './views/news.ts';

export type { CachePort, SlackClient } from './client.ts';
export type { ChannelMode, ReadMessage } from './inbound.ts';
export { DEFAULT_CAPTURE_EMOJI, DEFAULT_REACTIONS } from './listeners/reactions.ts';
export type { Outbound } from './outbound.ts';
export type { People } from './people.ts';
export type { SlackDelivery, SlackIntake } from './receiver.ts';

/** What the environment says about Slack. */
export interface SlackConfig {
  botToken: string;
  /** Needed for HTTP. */
  signingSecret: string | null;
  /** With it, events come over Socket Mode. */
  appToken: string | null;
  apiUrl: string;
  supportChannels: readonly string[];
  insightsChannel: string | null;
  staff: readonly string[];
  approvers: readonly string[];
}

/** Settings that a workspace can change while the bot runs. */
export type SlackSettings = InboundSettings & ReactionSettings;

/** What the app hands in: ports, storage and the verbs. */
export interface SlackDeps {
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
  fetch: Fetch;
  cache: CachePort;
  verbs: Verbs;
  draughtsman: Draughtsman;
  settings(): Promise<SlackSettings>;
  /** Where insights go by now. */
  insightsChannel?(): string | null;
  /** Channels that are listened to. */
  listening?(): Promise<string[]>;
  /** Set while nothing is posted that nobody asked for. */
  paused?(): Promise<{ by: string; at: string } | null>;
  /** What people have chosen since about who decides and where. */
  chosenPeople?(): Promise<ChosenPeople>;
  modeOf(channelId: string): Promise<ChannelMode | 'unknown'>;
  /** Whether a message is held already, by its external id. */
  isKnown(externalId: string): Promise<boolean>;
  channelJoined(channelId: string, name: string): Promise<void>;
  channelLeft(channelId: string): Promise<void>;
  /** Who can open a channel may have changed. */
  readersChanged(channelId: string): Promise<void>;
  channelRenamed(channelId: string, name: string): Promise<void>;
  /** Notes a change of a reaction that means something. False when a later change of it is known. */
  noteReaction(reaction: NotedReaction): Promise<boolean>;
  persist(delivery: SlackDelivery): Promise<'new' | 'known'>;
  handled(deliveryId: string): Promise<void>;
  /** Told of everything that people got to see. */
  said?(said: Said): Promise<void>;
}

/** How the pipeline shows insights. A place is where the card's message stands. */
export interface Cards {
  /** Posts the parent message of a card, once. */
  post(view: CardView, where: { channel: string; since: Date; recover: boolean }): Promise<Posted>;
  /** Draws it again from what the verbs say now. */
  redraw(cardId: string, at: { channel: string; ts: string }): Promise<void>;
  /** Posts the details into the card's thread, once; never broadcast. */
  postDetails(
    view: CardView,
    where: { channel: string; cardTs: string; since: Date; recover: boolean; lineageUrl: string | null },
  ): Promise<Posted>;
  /** Draws the details again. */
  redrawDetails(view: CardView, at: { channel: string; ts: string; lineageUrl: string | null }): Promise<void>;
}

/** Just the live check, for the doctor: no intake, no front end. */
export function createSlackProbe(
  config: SlackConfig,
  deps: Pick<SlackDeps, 'clock' | 'log' | 'telemetry' | 'fetch' | 'cache'>,
): () => Promise<Probe> {
  const client = createSlackClient({ ...deps, token: config.botToken, apiUrl: config.apiUrl });
  return () => probeSlack({ client, people: createPeople({ client, config }), config });
}

/** The live check of Socket Mode, for the doctor: whether the app-level token opens a socket. */
export function createSocketProbe(
  config: SlackConfig & { appToken: string },
  deps: Pick<SlackDeps, 'clock' | 'log' | 'telemetry' | 'fetch' | 'cache'>,
): () => Promise<Probe> {
  return () => probeSocket(createSlackClient({ ...deps, token: config.appToken, apiUrl: config.apiUrl }));
}

/** Slack, as the app uses it. */
export interface Slack {
  integration: Integration;
  intake: SlackIntake;
  /** Null without an app token. */
  socket: SlackSocket | null;
  /**
   * A stored delivery, handled by a job: events become facts, interactions that a crash left behind run late. Safe to repeat.
   */
  handle(delivery: { kind: string; payload: unknown; interactive: boolean }): Promise<Fact[]>;
  /** A message that a person hands us, as it stands in Slack now. */
  readMessage(message: MessageRef, capturedBy: string): Promise<ReadMessage>;
  /** A message as it stands in Slack now, for the question why we hold nothing of it. */
  look(message: MessageRef): Promise<Looked>;
  /** How the weekly sample reaches a volunteer. */
  samples: SampleVoice;
  cards: Cards;
  /** Answers to questions, where they were asked. */
  answers: Answers;
  home: HomeTabs;
  /** What was said in a channel before we listened. */
  past: Past;
  /** Tells a person, by direct message, what came of the back-fills that they started. */
  tellBackfilled(userId: string, ended: readonly Backfill[], summary: BackfillSummary | null): Promise<void>;
  /** Tells a person, by direct message, what became of a theme that they follow. */
  tellNews(userId: string, view: NewsView, key: string): Promise<void>;
  /** What is said by ourselves. */
  voice: Voice;
  client: SlackClient;
  outbound: Outbound;
  people: People;
}

/** Puts Slack together. Nothing is called before the first request or `socket.start()`. */
export function createSlack(config: SlackConfig, deps: SlackDeps): Slack {
  const { clock, log, verbs } = deps;
  const client = createSlackClient({ ...deps, token: config.botToken, apiUrl: config.apiUrl });
  const outbound = createOutbound({ client, clock, log, ...(deps.said ? { said: deps.said } : {}) });
  const people = createPeople({ client, config, ...(deps.chosenPeople ? { chosen: deps.chosenPeople } : {}) });
  const inbound = createInbound({
    client,
    people,
    settings: deps.settings,
    modeOf: deps.modeOf,
    channelJoined: deps.channelJoined,
    isKnown: deps.isKnown,
  });
  const app = createSlackApp({
    token: config.botToken,
    apiUrl: config.apiUrl,
    fetch: deps.fetch,
    people,
    outbound,
    async notice() {
      const paused = (await deps.paused?.()) ?? null;
      return paused && pausedNotice(paused);
    },
    log,
  });
  listenToCards(app, { verbs, people, outbound, clock, log });
  listenToCaptures(app, { verbs, inbound, client, outbound, clock });
  listenToFeedback(app, { verbs });
  listenToSamples(app, { verbs, outbound });
  listenToWhy(app, { verbs, inbound, client, outbound });
  listenToBackfills(app, { verbs });
  listenToThemes(app, { verbs, people, outbound });
  listenToQuiet(app, { verbs });
  const answers = createAnswers({ outbound, clock, log });
  listenToAnswers(app, { verbs, outbound, log });
  const pictures = createPictures({ client, draughtsman: deps.draughtsman, clock, log, telemetry: deps.telemetry });
  const trendsDeps = { verbs, pictures, outbound, people, clock };
  listenToTrends(app, trendsDeps);
  listenToCommands(app, {
    verbs,
    showTrends: (text, ask) => showTrends(trendsDeps, text, ask),
    openNote: (ask) => openNote({ verbs, outbound, clock }, ask),
    openWhy: (ask, link) => openWhy({ verbs, outbound }, ask, link),
    openTheme: (ask, query) => openTheme({ verbs, people, outbound }, ask, query),
    clock,
    settings: deps.settings,
    get insightsChannel() {
      return channelLabel(deps.insightsChannel?.() ?? config.insightsChannel);
    },
  });
  const homeDeps = {
    verbs,
    people,
    outbound,
    settings: deps.settings,
    clock,
    log,
    telemetry: deps.telemetry,
    pictures,
  };
  const home = createHomeTabs(homeDeps);
  listenToHome(app, { ...homeDeps, tabs: home });
  listenToAdministration(app, {
    verbs,
    people,
    outbound,
    tabs: home,
    openNote: (ask) => openNote({ verbs, outbound, clock }, ask),
    listening: async () => (await deps.listening?.()) ?? [],
  });
  const readEvent = createEventReader({
    client,
    inbound,
    onReaction: createReactions({
      verbs,
      people,
      client,
      outbound,
      settings: deps.settings,
      clock,
      note: deps.noteReaction,
    }),
    onMention: createMentions({ verbs, people, client, outbound }),
    pane: createPane({ verbs, people, client, outbound, log }),
    homeOpened: home.opened,
    channelJoined: deps.channelJoined,
    channelLeft: deps.channelLeft,
    readersChanged: deps.readersChanged,
    channelRenamed: deps.channelRenamed,
    people,
    log,
  });
  const intake = createSlackIntake({
    signingSecret: config.signingSecret,
    clock,
    log,
    persist: deps.persist,
    handled: deps.handled,
    interact: app.interact,
  });
  const socket = config.appToken
    ? createSlackSocket({ appToken: config.appToken, apiUrl: config.apiUrl, intake, fetch: deps.fetch, clock, log })
    : null;

  return {
    integration: {
      id: 'slack',
      probe: (): Promise<Probe> => probeSlack({ client, people, config }),
      actions: createSlackActions({ client, outbound, clock }),
    },
    intake,
    socket,
    async handle({ payload, interactive }) {
      if (!interactive) return readEvent(payload);
      await app.interact(payload, { ack: async () => false, late: true });
      return [];
    },
    readMessage: inbound.readMessage,
    look: inbound.look,
    samples: createSampleVoice({ outbound, now: () => clock.now() }),
    answers,
    home,
    past: createPast({ client, inbound, people, clock }),
    async tellBackfilled(userId, ended, summary) {
      const message = backfillEndedMessage(ended, summary);
      await outbound.tell({ userId }, message, message, 'now');
    },
    cards: {
      post: (view, { channel, since, recover }) =>
        outbound.postOnce({
          channel,
          key: cardKey(view.cardId),
          message: cardMessage(view, clock.now()),
          since,
          recover,
        }),
      redraw: (cardId, at) => redrawCard({ verbs, outbound, clock }, cardId, at),
      postDetails: (view, { channel, cardTs, since, recover, lineageUrl }) =>
        outbound.postOnce({
          channel,
          threadTs: cardTs,
          key: detailsKey(view.cardId),
          message: detailsMessage(view, lineageUrl),
          since,
          recover,
        }),
      async redrawDetails(view, { channel, ts, lineageUrl }) {
        await outbound.redraw({
          channel,
          ts,
          key: detailsKey(view.cardId),
          load: async () => detailsMessage(view, lineageUrl),
        });
      },
    },
    async tellNews(userId, view, key) {
      const message = newsMessage(view);
      await outbound.postOnce({ channel: userId, key: `news:${key}`, message, since: clock.now(), recover: false });
    },
    voice: createVoice({ outbound, pictures }),
    client,
    outbound,
    people,
  };
}

function channelLabel(nameOrId: string | null): string | null {
  if (!nameOrId) return null;
  return /^[CG][A-Z0-9]{6,}$/.test(nameOrId) ? `<#${nameOrId}>` : `#${nameOrId.replace(/^#/, '')}`;
}
