// Ask: a question in words, what may be looked up for it, and its answer. An answer holds numbers that were counted and ids; words are put in when it is shown.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { CardState, ShownQuote } from './card.ts';
import type { Measure } from './change.ts';
import type { WorkspaceId } from './ids.ts';
import { ObservationKind, type ProducedBy } from './observation.ts';
import type { Person, Refusal } from './policy.ts';
import type { Tx } from './ports.ts';
import { type OutcomeState, SignalSource } from './signal.ts';
import type { Audience } from './visibility.ts';

/** Where a question was asked: in the app's own conversation, by a mention in a channel, by the slash command. */
export type AskSurface = 'pane' | 'mention' | 'command';

export const DAYS_DEFAULT = 30;
export const DAYS_MAX = 365;

/** What a look-up is about. Everything left out means all of it; without a time, the last 30 days. */
export const AskFilter = z.strictObject({
  /** Words of the asker for a subject ("csv export"); compared with what the audience may read. */
  about: z.string().trim().min(1).max(80).optional(),
  theme: z
    .string()
    .regex(/^thm_[0-9a-f]{24}$/)
    .optional(),
  area: z.string().trim().min(1).max(60).optional(),
  source: SignalSource.optional(),
  kinds: z.array(ObservationKind).min(1).max(6).optional(),
  /** The name of a customer, as the asker gave it. */
  customer: z.string().trim().min(1).max(80).optional(),
  days: z.number().int().min(1).max(DAYS_MAX).optional(),
  /** Days before now at which the time ends. */
  daysAgo: z.number().int().min(0).max(DAYS_MAX).optional(),
  since: z.enum(['release']).optional(),
});
export type AskFilter = z.infer<typeof AskFilter>;

export const ASK_DIMENSIONS = ['area', 'source', 'kind', 'customer'] as const;
export type AskDimension = (typeof ASK_DIMENSIONS)[number];

/** The look-ups there are. They read and change nothing. */
export const AskCall = z.discriminatedUnion('tool', [
  z.strictObject({ tool: z.literal('count'), filter: AskFilter }),
  z.strictObject({ tool: z.literal('themes'), filter: AskFilter, order: z.enum(['customers', 'growth']) }),
  z.strictObject({ tool: z.literal('newest'), filter: AskFilter }),
  z.strictObject({ tool: z.literal('breakdown'), filter: AskFilter, by: z.enum(ASK_DIMENSIONS) }),
  z.strictObject({ tool: z.literal('trend'), filter: AskFilter }),
  z.strictObject({ tool: z.literal('fate'), filter: AskFilter }),
  z.strictObject({ tool: z.literal('waiting') }),
]);
export type AskCall = z.infer<typeof AskCall>;

/** The time that was looked at, ISO 8601; `to` is excluded. */
export interface AskSpan {
  from: string;
  to: string;
  days: number;
}

/** Counted by the database, against the same length of time before. */
export interface Counted {
  reports: Measure;
  customers: Measure;
}

export interface ThemeCounted extends Counted {
  themeId: string;
}

/** What became of a theme. */
export interface ThemeFate {
  themeId: string;
  reports: number;
  customers: number;
  since: string;
  newest: string;
  card: CardState | null;
  decision: { status: 'approved' | 'dismissed' | 'undone'; by: string; at: string } | null;
  /** `ENG-12`. */
  issue: { label: string; url: string | null } | null;
  /** What became of the issue, in a word of ours. */
  outcome: OutcomeState | null;
  /** Who asked for it, those with the newest reports first. */
  customerIds: string[];
}

/** Why a look-up found nothing to look at. */
export type AskMiss = 'no_release' | 'unknown_customer' | 'unknown_topic' | 'unknown_area';

/** What a look-up found: numbers, ids and fields of ours. `hidden` counts themes that not everybody in the audience may read. */
export type Found =
  | { tool: 'count'; filter: AskFilter; span: AskSpan; counted: Counted }
  | {
      tool: 'themes';
      filter: AskFilter;
      span: AskSpan;
      order: 'customers' | 'growth';
      counted: Counted;
      rows: ThemeCounted[];
      hidden: number;
      more: number;
    }
  | { tool: 'newest'; filter: AskFilter; span: AskSpan; rows: ThemeFate[]; hidden: number }
  | {
      tool: 'breakdown';
      filter: AskFilter;
      span: AskSpan;
      by: AskDimension;
      counted: Counted;
      rows: { key: string | null; reports: number; before: number | null }[];
    }
  | { tool: 'trend'; filter: AskFilter; span: AskSpan; counted: Counted; columns: number[]; columnDays: number }
  | { tool: 'fate'; filter: AskFilter; rows: ThemeFate[]; hidden: number }
  | { tool: 'waiting'; rows: ThemeFate[]; hidden: number }
  | { tool: 'nothing'; call: AskCall['tool']; filter: AskFilter; miss: AskMiss; near: string[] };

/** One part of an answer. */
export type AnswerPart =
  | Found
  | { tool: 'compare'; sides: Extract<Found, { tool: 'count' }>[] }
  /** A model's sentence; `{thm_…}` in it stands for that theme's title. */
  | { tool: 'said'; text: string; restsOn: string[]; counted: { filter: AskFilter; span: AskSpan }[] }
  | { tool: 'note'; note: 'no_tiers' | 'guessed'; words: string };

export type AskOutcome = 'answered' | 'not_understood' | 'greeted' | 'failed';

/** An answer before words are put in. */
export interface AnswerDraft {
  outcome: AskOutcome;
  parts: AnswerPart[];
  producedBy: ProducedBy;
  /** Why a model's answer was not taken, as a code; null when none was asked or its answer stands. */
  fellBack: string | null;
}

/** What the answering does right now, told to whoever waits. */
export type AskStep = 'reading' | 'thinking' | 'counting' | 'writing' | 'checking';

/** A theme as an answer shows it. */
export interface ShownTheme {
  themeId: string;
  title: string;
  /** The theme's card, or a message that everybody in the audience can open. */
  url: string | null;
}

/** One part of an answer with the words that this audience may read. `themes` and `customers` are by id; what is missing may not be shown. */
export interface ShownAnswer {
  answerId: string;
  outcome: AskOutcome;
  question: string | null;
  parts: AnswerPart[];
  themes: Record<string, ShownTheme>;
  customers: Record<string, string>;
  /** Display names of people of ours. */
  people: Record<string, string>;
  quotes: Record<string, ShownQuote>;
  /** Quotes that exist and that this audience may not read. */
  hiddenQuotes: number;
  producedBy: ProducedBy;
  fellBack: string | null;
  askedBy: string;
  at: string;
}

export type AskReply = { kind: 'answered'; answer: ShownAnswer } | { kind: 'refused'; refusal: Refusal };
export type ShareReply =
  | { kind: 'shared'; answer: ShownAnswer; by: string }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'gone' };

/** A question that makes sense now. */
export type Suggestion =
  | { kind: 'complaints'; days: number }
  | { kind: 'new' }
  | { kind: 'waiting' }
  | { kind: 'area'; area: string }
  | { kind: 'capabilities' };

/** What people can ask in words. */
export interface AskVerbs {
  /** Takes in a question that a job answers where it was asked. The same key again changes nothing. */
  takeQuestion(input: {
    key: string;
    person: Person;
    surface: 'pane' | 'mention';
    text: string;
    channelId: string;
    threadTs: string;
  }): Promise<{ kind: 'taken' | 'known' } | { kind: 'refused'; refusal: Refusal }>;
  /** Answers now, for this person only. The same key again answers again and is stored once. */
  ask(input: {
    key: string;
    person: Person;
    text: string;
    channelId: string | null;
    say?: (step: AskStep) => void;
  }): Promise<AskReply>;
  /** An answer again, with the words that everybody in a channel may read. Only the asker may share it. */
  shareAnswer(input: { answerId: string; person: Person; channelId: string }): Promise<ShareReply>;
  /** An answer again, as the asker may read it. */
  ownAnswer(input: { answerId: string; person: Person }): Promise<AskReply | { kind: 'gone' }>;
  /** At most four, the most useful first. */
  suggestions(person: Person): Promise<Suggestion[]>;
}

/** The id of the answer to what was asked under `key`. */
export function answerIdOf(workspace: WorkspaceId, key: string): string {
  return `ans_${createHash('sha256').update(`answer\u001f${workspace}\u001f${key}`).digest('hex').slice(0, 24)}`;
}

/** What the look-ups ask of storage, beyond trends. */
export interface Figures {
  /** Names of active themes, the newest first. */
  topics(tx: Tx): Promise<{ themeId: string; title: string }[]>;
  areas(tx: Tx): Promise<string[]>;
  /** Customers whose name we know; all of them, or those of these ids. */
  customers(tx: Tx, ids?: readonly string[]): Promise<{ id: string; name: string }[]>;
  /** The customers with the most reports in a time. */
  byCustomer(tx: Tx, from: Date, to: Date, limit: number): Promise<{ customerId: string; reports: number }[]>;
  fates(tx: Tx, themeIds: readonly string[]): Promise<ThemeFate[]>;
  /** Themes first reported in a time, those with the most customers first. */
  newThemes(tx: Tx, from: Date, to: Date, limit: number): Promise<string[]>;
  /** Themes whose insight waits for a decision, those with the most customers first. */
  waiting(tx: Tx, limit: number): Promise<string[]>;
  /** When the newest release was told to us; null when nobody tells us of releases. */
  released(tx: Tx): Promise<Date | null>;
  /** Conversations of these customers, the newest first: whose names may be shown depends on where they were written. */
  saidBy(tx: Tx, customerIds: readonly string[]): Promise<{ customerId: string; conversationId: string }[]>;
  /** The newest reports of each of these themes. */
  newestReports(
    tx: Tx,
    themeIds: readonly string[],
    each: number,
  ): Promise<{ themeId: string; conversationId: string }[]>;
  /** Titles and the addresses of cards. */
  shown(tx: Tx, themeIds: readonly string[]): Promise<ShownTheme[]>;
}

/** A question as it is stored, with its answer once there is one. */
export interface Question {
  id: string;
  asker: string;
  surface: AskSurface;
  /** Null when the question's words have expired. */
  text: string | null;
  channelId: string | null;
  threadTs: string | null;
  state: 'asked' | 'answered' | 'failed';
  draft: AnswerDraft | null;
  /** The message that answers it. */
  ts: string | null;
  askedAt: string;
  answeredAt: string | null;
}

export interface Questions {
  /** Stores a question once; false when it is known. */
  ask(
    tx: Tx,
    question: Pick<Question, 'id' | 'asker' | 'surface' | 'channelId' | 'threadTs'> & { text: string },
    at: Date,
  ): Promise<boolean>;
  byId(tx: Tx, id: string): Promise<Question | null>;
  /** Notes the answer. A question of the slash command needs no more; others wait until it is shown. */
  answered(tx: Tx, id: string, draft: AnswerDraft, at: Date): Promise<void>;
  /** Notes the message in which the answer is being written, before it is complete. */
  shown(tx: Tx, id: string, ts: string): Promise<void>;
  /** The answer stands where it was asked. */
  shownWhole(tx: Tx, id: string): Promise<void>;
  failed(tx: Tx, id: string): Promise<void>;
  /** Questions that nobody has answered where they were asked. */
  pending(tx: Tx, limit: number): Promise<string[]>;
  /** Forgets the words of old questions and answers; the rows stay, so that votes on them keep their meaning. */
  expire(tx: Tx, now: Date): Promise<number>;
}

/** Who reads the answer, for the look-ups: what these may not read is not looked at either. */
export interface AskedFor {
  audience: Audience;
  now: Date;
}

/** Every id that a part of an answer rests on. */
export function restsOn(parts: readonly AnswerPart[]): string[] {
  const ids = parts.flatMap((part): string[] => {
    switch (part.tool) {
      case 'themes':
      case 'newest':
      case 'waiting':
      case 'fate':
        return part.rows.map(({ themeId }) => themeId);
      case 'said':
        return part.restsOn;
      case 'count':
      case 'trend':
      case 'breakdown':
        return part.filter.theme ? [part.filter.theme] : [];
      default:
        return [];
    }
  });
  return [...new Set(ids)];
}
