// The details of an insight, in the thread of its card: every quote that may be shown, and the way to the whole chain.
import type { CardView } from '#src/domain/card.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless, linkTo, webAddress, when } from '../text.ts';
import { blocksOf, context, hiddenWords, quotesBlock, section, wordsHiddenLine } from './blocks.ts';
import { feedbackBlock } from './feedback.ts';

const QUOTES_MAX = 20;
const QUOTE_MAX = 600;

/** The name under which the details of a card are found again. */
export function detailsKey(cardId: string): string {
  return `details:${cardId}`;
}

/**
 * The thread message under a card. `lineageUrl` is the signed page, when there is a public address; whoever opens it reads what our own people
 * may, so it is not for a channel with outsiders.
 */
export function detailsMessage(view: CardView, lineageUrl: string | null): Message {
  const { insight } = view;
  const lineage =
    webAddress(lineageUrl) && !view.hasOutsiders
      ? `${linkTo(lineageUrl, 'The whole chain')}, from what was said to what became of it`
      : `The whole chain: \`/throughline trace ${insight.id}\``;
  const title = `*The evidence* for ${harmless(clip(insight.title, 200))}`;
  const lines = view.quotes
    .slice(0, QUOTES_MAX)
    .map((quote) => `“${harmless(clip(quote.text, 160))}” (${harmless(clip(quote.who, 60))}, ${when(quote.at)})`);
  return {
    text: [title.replace(/\*/g, ''), ...lines, hiddenWords(view, lines.length), lineage.replace(/`/g, '')]
      .filter(Boolean)
      .join('\n'),
    blocks: blocksOf(
      section(title),
      quotesBlock(view, QUOTES_MAX, QUOTE_MAX),
      view.wordsHidden && section(wordsHiddenLine(insight.id)),
      context(lineage),
      feedbackBlock({ kind: 'card', id: view.cardId }),
    ),
  };
}
