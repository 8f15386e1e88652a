// Evidence: gathers what a theme stands on, for thinking about it and for showing it. Counts from the database, words redacted.
import type { Evidence, Excerpt } from '#src/domain/evidence.ts';
import type { Tx } from '#src/domain/ports.ts';
import { redactConversation, redactText } from '#src/domain/redaction.ts';
import type { SaidConversation, Texts, ThemeFacts, Themes } from '#src/domain/stores.ts';

// Words are read from this many conversations at most; the counts cover all of them.
const CONVERSATIONS_READ = 30;
const TITLES = 20;

/** Gathers the evidence of a theme; null when no report of it is left. */
export async function gatherEvidence(
  tx: Tx,
  stores: { themes: Themes; texts: Texts },
  themeId: string,
): Promise<Evidence | null> {
  const [facts] = await stores.themes.facts(tx, [themeId]);
  if (!facts) return null;
  return evidenceOf(tx, stores, facts);
}

/** The same, for facts that are known already. */
export async function evidenceOf(
  tx: Tx,
  stores: { themes: Themes; texts: Texts },
  facts: ThemeFacts,
): Promise<Evidence> {
  const said = await stores.texts.conversations(tx, sample(facts.conversationIds));
  const titles = await stores.themes.titles(tx, facts.themeId, TITLES);
  const { conversationIds, reach, days, kind, severity, area, title, titledBy, titleShown, themeId } = facts;
  const excerpts = said
    .sort((a, b) => (a.firstAt < b.firstAt ? -1 : 1))
    .flatMap((conversation) => excerptsOf(conversation));
  return {
    themeId,
    title,
    titledBy,
    titleShown,
    kind,
    severity,
    area,
    reach,
    days,
    titles: titles.map(redactText),
    excerpts,
    conversationIds,
  };
}

/** The first and the newest conversations: how it began, and how it is now. */
function sample(ids: readonly string[]): string[] {
  if (ids.length <= CONVERSATIONS_READ) return [...ids];
  const half = CONVERSATIONS_READ / 2;
  return [...ids.slice(0, half), ...ids.slice(-half)];
}

/** Whether every quoted message still stands as it was quoted: an edit or a deletion makes it another one, or none. */
export async function quotesStand(
  tx: Tx,
  texts: Texts,
  quotes: readonly { signalId: string; conversationId: string }[],
): Promise<boolean> {
  const said = await texts.conversations(tx, [...new Set(quotes.map((quote) => quote.conversationId))]);
  const standing = new Set(said.flatMap(({ messages }) => messages.map((message) => message.signalId)));
  return quotes.every((quote) => standing.has(quote.signalId));
}

/** A conversation's messages that may be quoted: a customer's own words, never those of staff. */
export function excerptsOf(conversation: SaidConversation): Excerpt[] {
  const known = conversation.messages.flatMap((message) => (message.author ? [message.author] : []));
  const { messages } = redactConversation(
    conversation.messages.map((message) => ({ id: message.signalId, text: message.text, known })),
  );
  const redacted = new Map(messages.map((message) => [message.id, message]));
  return conversation.messages.flatMap((message): Excerpt[] => {
    const shown = redacted.get(message.signalId);
    if (message.role !== 'customer' || !shown) return [];
    return [
      {
        signalId: message.signalId,
        conversationId: conversation.id,
        customerId: conversation.customerId,
        redacted: shown.redacted,
        map: shown.map,
        rawLength: message.text.length,
        author: message.author,
        source: conversation.source,
        permalink: message.permalink ?? conversation.permalink,
        at: message.occurredAt,
        captured: conversation.capturedBy !== null,
      },
    ];
  });
}
