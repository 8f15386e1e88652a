// What the pipeline asks of storage, noun by noun. Storage fulfils it; the pipeline never learns how. `tx` is the open transaction or the database.
import type { ActionKind, ActionPayload, ActionReceipt, ActionState } from './action.ts';
import type { Backfill } from './backfill.ts';
import type { CardState } from './card.ts';
import type { DecisionStatus } from './decision.ts';
import type { Insight, Reach } from './insight.ts';
import type { LineageEdge, LineageKind, Trace } from './lineage.ts';
import type { Observation, ObservationKind, Severity } from './observation.ts';
import type { Outcome } from './outcome.ts';
import type { Tx } from './ports.ts';
import type { Proposal, ProposalPayload } from './proposal.ts';
import type { AuthorRole, CustomerHint, OutcomeState, SignalDraft, SignalSource } from './signal.ts';

/** One line of the audit: who did what to which thing. `detail` holds codes, ids and counts, never text. */
export interface AuditEntry {
  actor: string;
  verb: string;
  thingKind: string;
  thingId: string;
  detail?: Record<string, string | number | boolean | null>;
  at: string;
}

export interface Records {
  link(tx: Tx, edges: readonly LineageEdge[]): Promise<void>;
  unlink(tx: Tx, edges: readonly Pick<LineageEdge, 'fromId' | 'toId' | 'relation'>[]): Promise<void>;
  audit(tx: Tx, entries: readonly AuditEntry[]): Promise<void>;
}

/** One thing that came in. `payload` is JSON text as it arrived. */
export interface Delivery {
  source: string;
  deliveryId: string;
  kind: string;
  payload: string;
  receivedAt: string;
}

export interface Deliveries {
  /** Stores each once; answers which were new. A `quarantine` reason stores it out of the flow, for a person to look at. */
  store(
    tx: Tx,
    deliveries: readonly (Delivery & { quarantine?: string; traceparent?: string | null })[],
  ): Promise<boolean[]>;
  /** The deliveries of these keys that still wait, in order of arrival. */
  waiting(tx: Tx, keys: readonly string[]): Promise<Delivery[]>;
  /** Handled. With a reason why nothing more will come of them, their payloads are forgotten at once. */
  done(tx: Tx, keys: readonly string[], at: Date, reason?: string | null): Promise<void>;
  quarantine(tx: Tx, key: string, reason: string, at: Date): Promise<void>;
  /** Keys of the oldest waiting deliveries, for a sweep that finds what no job carries. */
  pending(tx: Tx, limit: number, receivedBefore: Date): Promise<string[]>;
  /** Forgets the payloads of handled deliveries that brought these messages in, since their source has deleted them. */
  forget(tx: Tx, source: string, externalIds: readonly string[]): Promise<void>;
  /** Forgets payloads that are past their time; the ids stay. Answers how many. */
  expire(tx: Tx, now: Date): Promise<number>;
}

/** What an append changed: the new signals, and the conversations that are no longer what they were. */
export interface Appended extends Regrouped {
  signalIds: string[];
}

export interface Signals {
  /**
   * Appends what is new of the drafts, moves the heads, and regroups the conversations around them. Drafts that are in the log already
   * change nothing at all. Call it inside one transaction with everything that follows from it.
   */
  append(tx: Tx, drafts: readonly SignalDraft[], receivedAt: Date): Promise<Appended>;
  /** Turns "these are gone at the source" into deletions of every message that we know; a `*` at the end stands for all that start so. */
  deletionsFor(tx: Tx, source: string, externalId: string, at: string): Promise<SignalDraft[]>;
  /** The newest revision of one message, or null. */
  head(tx: Tx, externalId: string): Promise<SignalHead | null>;
  /** Marks or unmarks a message as captured by a person. Its conversation is another one by that, and is observed again. */
  setCaptured(tx: Tx, externalId: string, personId: string | null, at: Date): Promise<Regrouped>;
  /** Customers by name, those who said something lately first, with the places that they spoke in. */
  customers(tx: Tx, limit: number): Promise<{ id: string; name: string; containerIds: string[] }[]>;
  /** A person says whose words a message and its conversation are. Null when there is no such message, or no such customer. */
  setCustomer(
    tx: Tx,
    externalId: string,
    customer: { id: string } | CustomerHint,
    at: Date,
  ): Promise<{ conversationId: string; customerId: string; changed: boolean } | null>;
}

export interface SignalHead {
  signalId: string;
  conversationId: string | null;
  capturedBy: string | null;
  containerId: string;
  deleted: boolean;
}

/** Conversations whose content is new, and ones that lost content, with the theme they were in. */
export interface Regrouped {
  changed: string[];
  /** Those that lost something of what they said. They leave their theme, and what is left of them is placed anew. */
  lessened: { conversationId: string; themeId: string | null }[];
}

/** One message as it stands now, raw. */
export interface SaidMessage {
  signalId: string;
  externalId: string;
  text: string;
  /** Display name of the author as the source gave it. */
  author: string | null;
  authorId: string | null;
  role: AuthorRole;
  permalink: string | null;
  occurredAt: string;
}

/** A conversation with everything in it that can be read. */
export interface SaidConversation {
  id: string;
  revision: string;
  source: SignalSource;
  containerId: string;
  rootExternalId: string;
  customerId: string | null;
  themeId: string | null;
  observationId: string | null;
  permalink: string | null;
  capturedBy: string | null;
  historical: boolean;
  firstAt: string;
  lastAt: string;
  messages: SaidMessage[];
}

export interface Texts {
  /** The live ones of these conversations, their messages in order; erased texts are left out. */
  conversations(tx: Tx, ids: readonly string[]): Promise<SaidConversation[]>;
}

/** An observation on its way into the store. */
export interface NewObservation {
  observation: Observation;
  /** The subject whose words it is made of. */
  customerId: string | null;
  vector: Buffer | null;
  vectorVersion: string | null;
}

export interface Observations {
  /**
   * Stores those whose conversation still has the revision that was observed, and makes each its conversation's current observation.
   * Answers the conversations for which that happened; the others have moved on and are observed again.
   */
  save(tx: Tx, items: readonly NewObservation[], at: Date): Promise<string[]>;
  /** Live conversations that no observation stands for. */
  pending(tx: Tx, limit: number): Promise<string[]>;
}

/** A conversation whose current observation waits for a theme, or has one that must be looked at again. */
export interface ToAssign {
  conversationId: string;
  observationId: string;
  /** The observation of the same conversation that was placed before. */
  previousId: string | null;
  themeId: string | null;
  /** The person who put it where it is; the machine leaves it there. */
  placedBy: string | null;
  isNoise: boolean;
  captured: boolean;
  title: string;
  vector: Buffer | null;
  vectorVersion: string | null;
}

/** Where a conversation goes. `themeId` null takes it out of its theme. */
export interface Assignment {
  conversationId: string;
  observationId: string;
  themeId: string | null;
  opens: boolean;
  /** The name of a theme that this opens. */
  title: string;
  score: number | null;
  fromThemeId: string | null;
}

/** A theme as the database counts it. */
export interface ThemeFacts {
  themeId: string;
  title: string;
  titledBy: string;
  /** An insight has carried the title already. */
  titleShown: boolean;
  kind: ObservationKind;
  severity: Severity;
  area: string | null;
  reach: Reach;
  /** Reports per day, oldest first, 14 of them, the last one the day of the newest report. */
  days: number[];
  /** False when every report is old data or comes from a channel that is only observed: such a theme opens no card by itself. */
  speaksUp: boolean;
  /** Somebody captured one of its messages. */
  captured: boolean;
  conversationIds: string[];
  /** When each of them began, ISO 8601, in the same order: oldest first. */
  times: string[];
  /** The newest event that these counts contain. */
  seq: number;
}

export interface Themes {
  /** One writer per workspace, and nobody regroups these conversations meanwhile: held until the transaction ends. */
  lock(tx: Tx, conversationIds: readonly string[]): Promise<void>;
  toAssign(tx: Tx, conversationIds: readonly string[]): Promise<ToAssign[]>;
  assign(tx: Tx, assignments: readonly Assignment[], at: Date): Promise<void>;
  /** Conversations with a fresh observation and no theme decision yet. */
  pending(tx: Tx, limit: number): Promise<string[]>;
  /** The newest members with their vectors, oldest first, to fill an index; and how far the history has been read. */
  members(
    tx: Tx,
    limit: number,
  ): Promise<{ members: { observationId: string; themeId: string; vector: Buffer }[]; seq: number }>;
  /** The newest event's number. */
  seq(tx: Tx): Promise<number>;
  facts(tx: Tx, themeIds: readonly string[]): Promise<ThemeFacts[]>;
  /** Whether all of these conversations still belong to the theme. */
  hold(tx: Tx, themeId: string, conversationIds: readonly string[]): Promise<boolean>;
  /** Titles (redacted) of the newest observations of a theme. */
  titles(tx: Tx, themeId: string, limit: number): Promise<string[]>;
  /** Themes with events that no assessment has seen. */
  unassessed(tx: Tx, limit: number): Promise<string[]>;
  /** Notes up to which event a theme has been assessed. */
  assessed(tx: Tx, themeId: string, seq: number): Promise<void>;
  setTitle(tx: Tx, themeId: string, title: string): Promise<void>;
  /** Takes reports out of their theme when their conversation lost something, and forgets what was derived from what was deleted. */
  leave(tx: Tx, conversations: readonly { conversationId: string; themeId: string | null }[], at: Date): Promise<void>;
}

export interface Insights {
  /** Stores a snapshot; the same snapshot again changes nothing. */
  save(tx: Tx, insight: Insight): Promise<void>;
  byId(tx: Tx, id: string): Promise<Insight | null>;
  latest(tx: Tx, themeId: string): Promise<Insight | null>;
  /** The newest insight of each theme, newest first, with its card's state. */
  list(tx: Tx, limit: number): Promise<{ insight: Insight; state: string | null; permalink: string | null }[]>;
}

export interface Proposals {
  /** Stores a revision as the open one; an older open revision is superseded, with its pending decision. Writes the pending decision row. */
  open(tx: Tx, proposal: Omit<Proposal, 'status'>): Promise<void>;
  get(tx: Tx, id: string, revision: number): Promise<Proposal | null>;
  /** The newest revision of a theme's newest proposal, whatever its status. */
  latest(tx: Tx, themeId: string): Promise<Proposal | null>;
  /** How many proposals a theme has had: the next one's ordinal. */
  count(tx: Tx, themeId: string): Promise<number>;
  setStatus(tx: Tx, id: string, status: Proposal['status']): Promise<void>;
  /** Puts a revision that had expired on the table again. */
  reopen(tx: Tx, id: string, revision: number): Promise<void>;
  /** Where the proposal's graph waits. */
  thread(tx: Tx, proposalId: string): Promise<{ gate: string; interruptId: string } | null>;
  setThread(tx: Tx, proposalId: string, wait: { gate: string; interruptId: string } | null, at: Date): Promise<void>;
}

/** A card as it is stored. Times are ISO 8601. */
export interface Card {
  id: string;
  themeId: string;
  /** 1 for a theme's first card; a regression or a doubling on an old card makes the next. */
  generation: number;
  channelId: string;
  ts: string | null;
  permalink: string | null;
  state: CardState;
  insightId: string | null;
  proposalId: string | null;
  proposalRevision: number | null;
  /** Counts the changes of what should be shown; `drawn` is the change that Slack shows. */
  redraw: number;
  drawn: number;
  shownHash: string | null;
  detailsTs: string | null;
  detailsHash: string | null;
  postingSince: string | null;
  postedAt: string | null;
  reportsWhenPosted: number;
  claimedBy: string | null;
  snoozedUntil: string | null;
  snoozedReports: number | null;
  snoozedBy: string | null;
  snoozedAt: string | null;
  snoozedVia: string | null;
  /** Until when setting it aside can be taken back; null once the card shows that it cannot. */
  snoozeUndoUntil: string | null;
  createdAt: string;
}

/** What a card is when it is set aside no longer: one that was never posted waits in the list again. */
export function stateAwake(card: Pick<Card, 'ts'>): CardState {
  return card.ts === null ? 'waiting' : 'open';
}

/** What a card forgets when it is set aside no longer. */
export const AWAKE = {
  snoozedUntil: null,
  snoozedReports: null,
  snoozedBy: null,
  snoozedAt: null,
  snoozedVia: null,
  snoozeUndoUntil: null,
} as const satisfies Partial<Card>;

export interface Cards {
  byId(tx: Tx, id: string): Promise<Card | null>;
  /** Locks the row until the transaction ends: whoever changes a card's state takes turns. */
  lock(tx: Tx, id: string): Promise<Card | null>;
  at(tx: Tx, channelId: string, ts: string): Promise<Card | null>;
  /** The theme's newest card. */
  current(tx: Tx, themeId: string): Promise<Card | null>;
  all(tx: Tx, themeId: string): Promise<Card[]>;
  create(
    tx: Tx,
    card: Pick<
      Card,
      'themeId' | 'generation' | 'channelId' | 'state' | 'insightId' | 'proposalId' | 'proposalRevision' | 'createdAt'
    >,
  ): Promise<Card>;
  /** Changes what should be shown, and asks for it to be drawn. With no fields it only asks. */
  change(
    tx: Tx,
    id: string,
    fields: Partial<
      Pick<
        Card,
        'channelId' | 'state' | 'insightId' | 'proposalId' | 'proposalRevision' | 'claimedBy' | keyof typeof AWAKE
      >
    >,
  ): Promise<void>;
  /** Notes what Slack shows now. */
  drawn(
    tx: Tx,
    id: string,
    fields: Partial<
      Pick<
        Card,
        | 'drawn'
        | 'ts'
        | 'permalink'
        | 'shownHash'
        | 'detailsTs'
        | 'detailsHash'
        | 'postingSince'
        | 'postedAt'
        | 'reportsWhenPosted'
      >
    >,
  ): Promise<void>;
  /** Asks for every posted card to be drawn again that stands in this channel or speaks of what was said in it; newest first. */
  redrawFor(tx: Tx, channelId: string): Promise<string[]>;
  /** Cards that were never posted, those of the insights with the most customers first. */
  waiting(tx: Tx, limit: number): Promise<string[]>;
  /** Snoozed cards whose time has come. */
  due(tx: Tx, now: Date, limit: number): Promise<string[]>;
  /** Snoozed cards that can be taken back no longer and still offer it; answers each once. */
  undoEnded(tx: Tx, now: Date): Promise<string[]>;
  /** Cards that Slack does not show as they are. */
  pending(tx: Tx, limit: number): Promise<string[]>;
}

/** A decision as it is stored. */
export interface DecisionRow {
  id: string;
  proposalId: string;
  proposalRevision: number;
  themeId: string;
  cardId: string | null;
  status: DecisionStatus;
  decidedBy: string | null;
  decidedAt: string | null;
  via: string | null;
  reason: string | null;
  undoUntil: string | null;
  undoneBy: string | null;
  undoneAt: string | null;
  payloadHash: string | null;
}

export interface Decisions {
  byId(tx: Tx, id: string): Promise<DecisionRow | null>;
  of(tx: Tx, proposalId: string, revision: number): Promise<DecisionRow | null>;
  /** The newest decision of a proposal that somebody took. */
  taken(tx: Tx, proposalId: string): Promise<DecisionRow | null>;
  /** The newest decision that somebody took on a card, about whichever proposal it showed then. */
  lastOn(tx: Tx, cardId: string): Promise<DecisionRow | null>;
  /** Counts this person's approval and approves when that completes the number needed. Answers the row after it, and the approvals so far. */
  approve(
    tx: Tx,
    input: {
      id: string;
      cardId: string;
      person: string;
      via: string;
      needed: number;
      payload: ProposalPayload;
      payloadHash: string;
      edited: boolean;
      /** How far what is filed is from what was proposed: 0 the same, 1 nothing of it left. */
      editDistance: number;
      at: Date;
    },
  ): Promise<{ won: boolean; approvals: number; row: DecisionRow }>;
  /** Who has approved it so far, first come first. */
  approvers(tx: Tx, id: string): Promise<string[]>;
  dismiss(
    tx: Tx,
    input: { id: string; cardId: string; person: string; via: string; reason: string | null; at: Date },
  ): Promise<{ won: boolean; row: DecisionRow }>;
  undo(tx: Tx, input: { id: string; person: string; at: Date }): Promise<boolean>;
  /** Cards of decisions whose time for undoing has ended and that still offer it; answers each once. */
  undoEnded(tx: Tx, now: Date): Promise<string[]>;
  /** What is executed. */
  payload(tx: Tx, id: string): Promise<ProposalPayload | null>;
  /** Decided ones whose consequences are not written yet: the graph still waits at the gate. */
  pending(tx: Tx, limit: number): Promise<string[]>;
  /** Those whose effects have all come to rest, and whose graph or, when undone after `undoneSince`, whose card does not know yet. */
  unfollowed(tx: Tx, limit: number, undoneSince: Date): Promise<string[]>;
}

/** An action as it is stored, its payload opened. */
export interface ActionRow {
  id: string;
  decisionId: string;
  ordinal: number;
  kind: ActionKind;
  idempotencyKey: string;
  state: ActionState;
  payload: ActionPayload;
  payloadHash: string;
  receipt: ActionReceipt | null;
  attempts: number;
  note: string | null;
}

export interface Actions {
  /** Plans effects of a decision, numbered from `from`. Those that exist already are left as they are. Answers their ids. */
  plan(tx: Tx, decisionId: string, from: number, payloads: readonly ActionPayload[], at: Date): Promise<string[]>;
  byId(tx: Tx, id: string): Promise<ActionRow | null>;
  of(tx: Tx, decisionId: string): Promise<ActionRow[]>;
  /** Moves an action on and writes its lineage and audit. Answers false when it was no longer in one of the `from` states. */
  settle(
    tx: Tx,
    input: {
      id: string;
      from: readonly ActionState[];
      to: ActionState;
      receipt?: ActionReceipt | null;
      note?: string | null;
      at: Date;
    },
  ): Promise<boolean>;
  /** Notes that a planned effect is about to be carried out: from here on it may be in the world. */
  begin(tx: Tx, id: string, at: Date): Promise<void>;
  /** Counts a failed try, with the reason that people may see. */
  tried(tx: Tx, id: string, note: string, at: Date): Promise<void>;
  /** Actions that have something left to do: not carried out yet, or undone and not taken back. */
  pending(tx: Tx, limit: number): Promise<string[]>;
  /** The action that made a thing in another system. */
  byExternal(
    tx: Tx,
    kind: ActionKind,
    externalId: string,
  ): Promise<{ actionId: string; decisionId: string; themeId: string } | null>;
  recordOutcome(
    tx: Tx,
    input: {
      actionId: string;
      themeId: string;
      source: string;
      externalId: string;
      state: OutcomeState;
      note: string | null;
      permalink: string | null;
      occurredAt: string;
      receivedAt: string;
    },
  ): Promise<boolean>;
  /** The newest outcome of each action of a decision. */
  outcomes(tx: Tx, decisionId: string): Promise<Outcome[]>;
}

/** The name of a delivery in a job. Sources hold no slash. */
export function deliveryKey(delivery: Pick<Delivery, 'source' | 'deliveryId'>): string {
  return `${delivery.source}/${delivery.deliveryId}`;
}

export interface Tracer {
  /** Finds what a query names: one of our ids, ENG-12, a permalink, zendesk:1, #1, ticket 1. Null when we know no such thing. */
  find(tx: Tx, query: string): Promise<{ id: string; kind: LineageKind } | null>;
  /** The chain. Labels are redacted words, ids and codes. */
  trace(tx: Tx, focus: { id: string; kind: LineageKind }, nameOf: (actor: string) => Promise<string>): Promise<Trace>;
  /** Things that can be traced, to learn from. */
  examples(tx: Tx): Promise<string[]>;
  /** For a message without a theme: why it has none. */
  lone(tx: Tx, signalId: string): Promise<'not_observed_yet' | 'noise' | 'no_theme' | null>;
}

/** How far a reconciliation or an import has come. */
export interface Cursors {
  get(tx: Tx, name: string): Promise<string | null>;
  set(tx: Tx, name: string, value: string, at: Date): Promise<void>;
}

/** A theme that a back-fill found, with the card that waits for it. */
export interface FoundTheme {
  themeId: string;
  insightId: string | null;
  waitingCardId: string | null;
  title: string;
  customers: number;
  reports: number;
}

/** Where the reading of each channel's past stands. */
export interface Backfills {
  all(tx: Tx): Promise<Backfill[]>;
  /** Locks the row until the transaction ends. */
  get(tx: Tx, channelId: string): Promise<Backfill | null>;
  put(tx: Tx, backfill: Backfill): Promise<void>;
  /** Moves a reading on from the step that was `seen`. False when it was stopped, or somebody else has moved it. */
  advance(tx: Tx, backfill: Backfill, seen: number): Promise<boolean>;
  /** How much of what was read has not gone through the flow yet: deliveries, conversations, themes. */
  unsettled(tx: Tx, channelIds: readonly string[]): Promise<number>;
  /** Themes with old reports from these channels, those with the most customers first. */
  found(tx: Tx, channelIds: readonly string[]): Promise<FoundTheme[]>;
}
