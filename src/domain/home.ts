// Home: everything that concerns one person in one place, as data. Drawing it needs no database, and whose words it may show was asked before.
import { z } from 'zod';
import type { AdminView } from './admin.ts';
import type { BackfillView } from './backfill.ts';
import type { CardState } from './card.ts';
import type { ThemeBrief } from './curation.ts';
import type { Quote } from './insight.ts';
import { ObservationKind } from './observation.ts';
import type { Person, Refusal } from './policy.ts';
import type { Tx } from './ports.ts';
import type { Preferences } from './preference.ts';
import { SignalSource } from './signal.ts';
import type { TrendsView } from './trends.ts';

/** A part of a list, and how many entries it leaves out. */
export interface Listed<T> {
  rows: T[];
  more: number;
}

/** A card that this person may decide on. */
export interface WaitingRow {
  cardId: string;
  proposalId: string;
  /** What is shown here is what a click decides about. */
  revision: number;
  title: string;
  /** Somebody's words are in it that this person cannot open: the title is a neutral one, and it is not decided here. */
  wordsHidden: boolean;
  customers: number;
  reports: number;
  /** Since when it waits, ISO 8601. */
  since: string;
  /** The card's message; null while it was never posted. */
  permalink: string | null;
}

/** A message that this person handed us, and what became of it. */
export interface CaptureRow {
  permalink: string | null;
  /** When it was written, ISO 8601. */
  at: string;
  became: 'reading' | 'noise' | 'alone' | 'theme' | 'deleted';
  /** The theme it belongs to; null when there is none, or none that this person may read. */
  title: string | null;
  card: { state: CardState; permalink: string | null } | null;
  issue: { label: string; url: string | null } | null;
}

/** What sets Throughline up. Each step does something real, and is done when that is so, whoever did it. */
export const HOME_STEPS = ['channels', 'insights', 'try'] as const;
export type HomeStep = (typeof HOME_STEPS)[number];

/** What the steps are judged by. */
export interface SetupFacts {
  /** Channels that are listened to. */
  channels: number;
  /** Where insights go; null while that is nowhere. */
  insightsChannel: string | null;
  /** Reports that have been read. */
  reports: number;
}

export interface StepView {
  step: HomeStep;
  done: boolean;
}

/** Which page of their Home a person looks at. */
export const HOME_PAGES = ['mine', 'trends', 'admin'] as const;
export type HomePage = (typeof HOME_PAGES)[number];

export const TREND_DAYS = [7, 30, 90] as const;

/** What the menus over the trends are set to; null is everything. What cannot be read is as if it had not been chosen. */
export const TrendChoice = z.object({
  days: z.union(TREND_DAYS.map((days) => z.literal(days))).catch(30),
  area: z.string().trim().min(1).max(80).nullable().catch(null),
  source: SignalSource.nullable().catch(null),
  kind: ObservationKind.nullable().catch(null),
});
export type TrendChoice = z.infer<typeof TrendChoice>;

/** The page of trends. */
export interface HomeTrends {
  choice: TrendChoice;
  view: TrendsView;
  /** Areas that there are reports about in this time, the largest first. */
  areas: string[];
}

/** What Home shows to one person. */
export interface HomeView {
  /** Outsiders are guests, people of other companies and strangers: they see nobody's words. */
  role: 'outsider' | 'member' | 'admin';
  page: HomePage;
  /** Set while nothing is posted by itself. */
  paused: { by: string; at: string } | null;
  /** For admins, while something is left to set up. */
  steps: StepView[];
  setup: SetupFacts;
  mayDecide: boolean;
  canFile: boolean;
  waiting: Listed<WaitingRow>;
  captures: Listed<CaptureRow>;
  follows: Listed<ThemeBrief>;
  /** The past of channels that is being read, for admins. */
  backfills: BackfillView[];
  /** Null for outsiders, who get nothing that could be quiet. */
  preferences: Preferences | null;
  /** Slack's time zone of this person. */
  timeZone: string | null;
  /** Null unless it is the page that is looked at. */
  trends: HomeTrends | null;
  /** Null unless it is the page that an admin looks at. */
  admin: AdminView | null;
}

/** A person who looked at their Home lately, and what it shows. */
export interface OpenHome {
  personId: string;
  shown: string | null;
}

export type HomeReply = { kind: 'done' } | { kind: 'refused'; refusal: Refusal };

/** What can be asked about Home, and from it. */
export interface HomeVerbs {
  home(person: Person): Promise<HomeView>;
  /** Notes that this person looks at their Home, from its first page. */
  homeOpened(personId: string): Promise<void>;
  /** Who has looked at it lately: they are shown what changes. */
  homesOpen(): Promise<OpenHome[]>;
  /** Notes what this person's Home shows by now. */
  homeShown(personId: string, hash: string): Promise<void>;
  turnHome(input: { person: Person; page: HomePage }): Promise<HomeReply>;
  /** Sets one of the menus over the trends. */
  chooseTrends(input: { person: Person; change: Partial<TrendChoice> }): Promise<HomeReply>;
  /** Takes a step off this person's Home. */
  skipStep(input: { person: Person; step: HomeStep }): Promise<HomeReply>;
  /** Stops or goes on posting by itself. Reading goes on either way. */
  pause(input: { person: Person; paused: boolean }): Promise<HomeReply & { already?: boolean }>;
  /** Since when, and by whom; null when it is not paused. */
  paused(): Promise<{ by: string; at: string } | null>;
}

/** A person's Home as it is stored. */
export interface HomeRow {
  shown: string | null;
  page: HomePage;
  skipped: HomeStep[];
  trends: TrendChoice;
}

/** A waiting card with what its words are made of. */
export interface StoredWaiting extends Omit<WaitingRow, 'wordsHidden'> {
  insight: { id: string; themeId: string; kind: string; area: string | null; evidence: Quote[] };
}
export type StoredCapture = CaptureRow & { themeId: string | null };

/** What Home asks of storage. */
export interface Homes {
  row(tx: Tx, personId: string): Promise<HomeRow>;
  opened(tx: Tx, personId: string, at: Date): Promise<void>;
  openSince(tx: Tx, since: Date, limit: number): Promise<OpenHome[]>;
  shown(tx: Tx, personId: string, hash: string): Promise<void>;
  turn(tx: Tx, personId: string, page: HomePage, at: Date): Promise<void>;
  chooseTrends(tx: Tx, personId: string, choice: TrendChoice, at: Date): Promise<void>;
  skip(tx: Tx, personId: string, step: HomeStep, at: Date): Promise<void>;
  /** Cards that wait for a decision which this person has not approved yet, the longest waiting first. */
  waiting(tx: Tx, personId: string, limit: number): Promise<Listed<StoredWaiting>>;
  /** What this person captured, the newest first. */
  captures(tx: Tx, personId: string, limit: number): Promise<Listed<StoredCapture>>;
  /** Reports that have been read, counted up to `most`. */
  reports(tx: Tx, most: number): Promise<number>;
  paused(tx: Tx): Promise<{ by: string; at: string } | null>;
}

/** What is left to set up: nothing of it that is done everywhere, or that this person does not want to see. */
export function stepsOf(facts: SetupFacts, skipped: readonly HomeStep[]): StepView[] {
  const done: Record<HomeStep, boolean> = {
    channels: facts.channels > 0,
    insights: facts.insightsChannel !== null,
    try: facts.reports > 0,
  };
  const open = HOME_STEPS.filter((step) => !done[step] && !skipped.includes(step));
  if (open.length === 0) return [];
  return HOME_STEPS.filter((step) => done[step] || !skipped.includes(step)).map((step) => ({ step, done: done[step] }));
}
