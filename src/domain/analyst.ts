// The Analyst: the port behind which rules or a model read what customers wrote. It takes redacted text only; the compiler sees to it.
import type { ConversationId, ThemeId } from './ids.ts';
import type { ObservationDraft, ObservationKind, ProducedBy, Severity } from './observation.ts';
import type { RedactedText } from './redaction.ts';
import { joinRedacted } from './redaction.ts';
import type { AuthorRole } from './signal.ts';

/** A message as an analyst sees it. */
export interface AnalystMessage {
  role: AuthorRole;
  text: RedactedText;
}

/** One revision of a conversation, its messages in the order in which they were written. */
export interface AnalystConversation {
  conversationId: ConversationId;
  conversationRevision: string;
  messages: readonly AnalystMessage[];
}

/** What an analyst gets to know of a theme when it is to put it into words. */
export interface ThemeBrief {
  themeId: ThemeId;
  kind: ObservationKind;
  severity: Severity;
  /** Titles of its observations, the newest first. */
  titles: readonly RedactedText[];
  /** What customers wrote, in their words. */
  excerpts: readonly RedactedText[];
  counts: { reports: number; customers: number };
}

/** A theme in words. */
export interface ThemeDescription {
  /** At most TITLE_LENGTH_MAX characters. */
  title: RedactedText;
  /** One sentence that says what customers tell us. It holds no number: numbers are counted where the card is made. */
  claim: RedactedText;
  producedBy: ProducedBy;
}

/**
 * Reads conversations. `observe` answers with one draft per conversation, in order. An analyst that cannot answer throws an AppError:
 * `refused` and `bad_answer` for what a model did, ExternalError for what kept it from answering. It has no effects and no tools.
 */
export interface Analyst {
  readonly name: string;
  readonly version: string;
  observe(batch: readonly AnalystConversation[]): Promise<ObservationDraft[]>;
  describe(theme: ThemeBrief): Promise<ThemeDescription>;
}

/**
 * The words that decide: those of customers. Where no customer spoke (a staff post that counts as a report), those of everybody.
 * Whatever else was said is context.
 */
export function decidingText(messages: readonly AnalystMessage[]): RedactedText {
  const customers = messages.filter((message) => message.role === 'customer');
  const deciding = customers.length > 0 ? customers : messages;
  return joinRedacted(
    deciding.map((message) => message.text),
    '\n',
  );
}
