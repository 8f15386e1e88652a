// Card: how a theme stands in Slack. A view is data in, so that every surface can be drawn, tested and photographed without a database.

import type { ActionReceipt } from './action.ts';
import type { Mute } from './curation.ts';
import type { DismissReason } from './decision.ts';
import type { WorkspaceId } from './ids.ts';
import { idOf } from './ids.ts';
import type { Insight } from './insight.ts';

export const CARD_STATES = [
  'waiting',
  'open',
  'snoozed',
  'approved',
  'filed',
  'failed',
  'dismissed',
  'done',
  'undone',
  'folded',
  'absorbed',
] as const;
export type CardState = (typeof CARD_STATES)[number];

/** A quote as it is shown: redacted, never raw. */
export interface ShownQuote {
  text: string;
  /** A display name, or a role when the name is not ours to show. */
  who: string;
  source: string;
  permalink: string | null;
  /** ISO 8601. */
  at: string;
}

/** Everything a card says. Times are ISO 8601; people are display names, never mentions. */
export interface CardView {
  cardId: string;
  themeId: string;
  state: CardState;
  insight: Pick<
    Insight,
    | 'id'
    | 'title'
    | 'claim'
    | 'kind'
    | 'severity'
    | 'area'
    | 'reach'
    | 'trend'
    | 'confidence'
    | 'whyThis'
    | 'whyNow'
    | 'producedBy'
  >;
  quotes: ShownQuote[];
  /** Quotes of conversations that not everybody who reads this can open. */
  hiddenQuotes: number;
  /** Quotes that were edited or deleted where they were written. */
  goneQuotes: number;
  /** The title, the claim and the proposal are in neutral words, because some who read this could not open where they come from. */
  wordsHidden: boolean;
  /** Guests or people of other companies read this. */
  hasOutsiders: boolean;
  proposal: {
    id: string;
    revision: number;
    title: string;
    priority: number;
    labels: string[];
    team: string | null;
  } | null;
  /** False when Linear is not connected: the card then says what is missing instead of showing a dead button. */
  canFile: boolean;
  /** Who has approved so far, where one approval is not enough and it is not decided yet. */
  approvals: { by: string[]; needed: number } | null;
  decision: {
    id: string;
    /** What was decided; it stays what it was when it is undone. */
    verb: 'approved' | 'dismissed' | 'set aside';
    by: string;
    at: string;
    via: string;
    reason: DismissReason | null;
    undoUntil: string | null;
    undoneBy: string | null;
  } | null;
  issue: ActionReceipt | null;
  /** The issue's own state, when it has moved since it was filed. */
  issueState: string | null;
  /** Why filing failed and what happens next, or what an undo could not take back. */
  notes: string[];
  claimedBy: string | null;
  snoozedUntil: string | null;
  snoozedReports: number | null;
  /** Where the subject goes on: the newer card of a regression, or the theme it was merged into. */
  continuesAt: string | null;
  /** Set while people want to hear nothing of the theme; `by` is a name. */
  mute?: Mute | null;
  /** Set on a card that came back: why there is a new one. */
  cameBackBecause: string | null;
}

/** The id of a theme's n-th card. */
export function cardIdOf(workspaceId: WorkspaceId, themeId: string, generation: number): string {
  return idOf('card', workspaceId, themeId, generation);
}
