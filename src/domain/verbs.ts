// What people can ask of Throughline, from whatever front end: the questions, and every answer they can get. Slack puts the words to it.
import type { AdminVerbs } from './admin.ts';
import type { AskVerbs } from './ask.ts';
import type { BackfillVerbs } from './backfill.ts';
import type { CaptureVerbs } from './capture.ts';
import type { CardView } from './card.ts';
import type { CurationVerbs } from './curation.ts';
import type { DismissReason } from './decision.ts';
import type { DigestVerbs } from './digest.ts';
import type { EvaluationVerbs, VotedBy } from './evaluation.ts';
import type { HomeVerbs } from './home.ts';
import type { Trace } from './lineage.ts';
import type { Person, Refusal } from './policy.ts';
import type { PreferenceVerbs } from './preference.ts';
import type { QualityVerbs } from './quality.ts';
import type { QuietVerbs } from './quiet.ts';
import type { SampleVerbs } from './sample.ts';
import type { TrendVerbs } from './trends.ts';
import type { Audience } from './visibility.ts';
import type { WhyVerbs } from './why.ts';

/** How a person said it. */
export type Via = 'button' | 'modal' | 'reaction' | 'capture' | 'command' | 'home';

/** What a person may change before filing. */
export interface ProposalEdit {
  title: string;
  /** Markdown. */
  description: string;
  /** Linear's scale, 0 to 4. */
  priority: number;
  labels: string[];
}

/** The answer to a click that decides. Exactly one click gets `done`; all others learn why not. */
export type DecideReply =
  | { kind: 'done'; decisionId: string; cardId: string }
  /** Approved by this person, but more approvals are needed. */
  | { kind: 'counted'; approvals: number; needed: number }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'already'; by: string; at: string; verb: 'approved' | 'dismissed' | 'undone' }
  /** What would be done has changed since it was shown; nothing was done and the card now shows the new revision. */
  | { kind: 'changed' }
  /** The card is gone, folded or of an older version of the bot. */
  | { kind: 'gone' }
  | { kind: 'needs_setup'; missing: string };

export type UndoReply =
  | { kind: 'undoing'; decisionId: string }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'already'; by: string; at: string }
  | { kind: 'gone' };

export type SimpleReply = { kind: 'done' } | { kind: 'refused'; refusal: Refusal } | { kind: 'gone' };

/** A message that a person hands us. */
export interface MessageRef {
  channelId: string;
  ts: string;
}

export type CaptureReply =
  /** `key` names the captured message for `fileNow` and `uncapture`. */
  | { kind: 'captured'; key: string; already: boolean; canFile: boolean }
  | { kind: 'refused'; refusal: Refusal }
  /** We are not in that channel, or the message is gone. */
  | { kind: 'unreachable'; why: 'not_in_channel' | 'message_not_found' | 'empty' };

export type FileNowReply =
  /** The card that now stands for the captured message; the approval is already counted. */
  | { kind: 'filing'; cardId: string | null; decisionId: string }
  | { kind: 'counted'; approvals: number; needed: number }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'already'; cardId: string; label: string | null; url: string | null }
  | { kind: 'not_ready' }
  | { kind: 'needs_setup'; missing: string }
  | { kind: 'gone' };

/** What the edit modal is filled with. */
export interface EditForm {
  proposalId: string;
  revision: number;
  edit: ProposalEdit;
  /** Quotes inside the description, which came from outside. */
  team: string | null;
  reports: number;
}

/** One line of the list that `/throughline insight` shows: what waits and has no card yet, and what has one. */
export interface InsightRow {
  insightId: string;
  /** Neutral when `wordsHidden`: whoever asks cannot open where its words come from. */
  title: string;
  wordsHidden: boolean;
  customers: number;
  reports: number;
  state: CardView['state'] | 'unposted';
  permalink: string | null;
}

export type TraceReply =
  | { kind: 'found'; trace: Trace /** The lineage page, signed. */; url: string | null }
  /** A message we know that has no theme yet, or was thrown away as noise, with the reason. */
  | { kind: 'lone'; trace: Trace; why: 'not_observed_yet' | 'noise' | 'no_theme'; url: string | null }
  | { kind: 'unknown' /** Things that can be traced, to learn from. */; examples: string[] };

/**
 * Everything a front end can ask. Rights are checked inside, at the moment of asking. Each verb that changes something answers what became
 * of it and is safe to repeat; `at` in answers is ISO 8601 and people are ids.
 */
export interface Verbs
  extends AskVerbs,
    CurationVerbs,
    CaptureVerbs,
    WhyVerbs,
    SampleVerbs,
    QualityVerbs,
    EvaluationVerbs,
    HomeVerbs,
    PreferenceVerbs,
    AdminVerbs,
    BackfillVerbs,
    QuietVerbs,
    TrendVerbs,
    DigestVerbs {
  decide(input: {
    cardId: string;
    /** What the person saw. */
    proposalId: string;
    revision: number;
    verb: 'approve' | 'dismiss' | 'snooze';
    reason?: DismissReason;
    edit?: ProposalEdit;
    person: Person;
    via: Via;
  }): Promise<DecideReply>;
  undo(input: { decisionId: string; person: Person; via: Via }): Promise<UndoReply>;
  claim(input: { cardId: string; person: Person; release?: boolean }): Promise<SimpleReply>;
  /** +1 or -1 on a card; 0 takes the vote of that way (`by`) back. */
  judge(input: { cardId: string; person: Person; vote: 1 | -1 | 0; by?: VotedBy }): Promise<SimpleReply>;
  /** The card that a message in the insights channel is, with what it shows now. */
  cardAt(
    message: MessageRef,
  ): Promise<{ cardId: string; proposal: { id: string; revision: number } | null; decisionId: string | null } | null>;
  /** What a card shows to those who read its channel. */
  card(cardId: string): Promise<CardView | null>;
  editForm(input: {
    cardId: string;
    proposalId: string;
    revision: number;
    person: Person;
  }): Promise<EditForm | DecideReply>;
  insights(audience: Audience): Promise<InsightRow[]>;
  insight(query: string, audience: Audience): Promise<CardView | null>;
  trace(query: string, audience: Audience): Promise<TraceReply>;
}
