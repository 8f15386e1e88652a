// Evidence: what a theme stands on, gathered for one look at it. Counts come from the database, words are redacted, offsets lead back.
import type { Reach } from './insight.ts';
import type { ObservationKind, Severity } from './observation.ts';
import type { OffsetMap, RedactedText } from './redaction.ts';

/** One customer's message that may be quoted. */
export interface Excerpt {
  signalId: string;
  conversationId: string;
  customerId: string | null;
  redacted: RedactedText;
  /** From the raw text to `redacted`. */
  map: OffsetMap;
  /** Length of the raw text, in UTF-16 units. */
  rawLength: number;
  /** A display name where the source gives one. */
  author: string | null;
  source: string;
  permalink: string | null;
  /** ISO 8601. */
  at: string;
  /** A person captured it by hand. */
  captured: boolean;
}

/** Everything that thinking about a theme may use. */
export interface Evidence {
  themeId: string;
  /** The theme's title so far, and who gave it. */
  title: string;
  titledBy: string;
  /** A card has shown the title: it stays, so that a card does not change its subject. */
  titleShown: boolean;
  kind: ObservationKind;
  severity: Severity;
  area: string | null;
  reach: Reach;
  /** Reports per day, oldest first, 14 of them. */
  days: number[];
  /** Titles of its observations, the newest first. */
  titles: RedactedText[];
  /** Customers' messages, oldest first, from as many customers as possible. */
  excerpts: Excerpt[];
  conversationIds: string[];
}
