// Titles: the sentence of the customers that says most, cleaned of what is not words and cut to one line.
import { withoutCourtesy } from '#src/domain/courtesy.ts';
import { TITLE_LENGTH_MAX } from '#src/domain/observation.ts';
import type { RedactedText } from '#src/domain/redaction.ts';
import { clipRedacted, redactText } from '#src/domain/redaction.ts';
import { KIND_CUES, toCueText, weigh } from './cues.ts';
import { tellingWords } from './noise.ts';

const SENTENCES_MAX = 40;
const WORDS_GOOD = 9;
// People say what they want first; a later sentence has to be clearly better.
const POSITIONS = 3;

/** The most informative sentence of a text as a title; the text itself, cleaned, when it has no sentence that says anything. */
export function titleOf(text: RedactedText): RedactedText {
  const matter = clean(withoutCourtesy(text)) || clean(text);
  const sentences = matter
    .split(/(?<=[.!?…])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => /\p{L}/u.test(sentence))
    .slice(0, SENTENCES_MAX);
  let best = matter;
  let bestScore = -1;
  for (const [at, sentence] of sentences.entries()) {
    const score = informationOf(redactText(sentence)) - Math.min(at, POSITIONS) * 0.6;
    if (score > bestScore) {
      best = sentence;
      bestScore = score;
    }
  }
  const line = oneLine(best);
  const tidy = line.replace(/^[\s\p{P}]+(?=[\p{L}\p{N}[])/u, '').replace(/[\s.,;:!–-]+$/u, '');
  const title = redactText(tidy === '' ? line : tidy.charAt(0).toUpperCase() + tidy.slice(1));
  return title === '' ? redactText('(no words)') : clipRedacted(title, TITLE_LENGTH_MAX);
}

// Words that tell something, up to what one line holds, and whether it says what is wrong, wanted or asked.
function informationOf(sentence: RedactedText): number {
  const telling = new Set(tellingWords(sentence)).size;
  if (telling === 0) return 0;
  const cues = Math.max(0, ...weigh(toCueText(sentence), KIND_CUES).values());
  const overlong = Math.max(0, sentence.length - 2 * TITLE_LENGTH_MAX) / TITLE_LENGTH_MAX;
  return Math.min(telling, WORDS_GOOD) / 3 + Math.min(cues, 4) - overlong;
}

/** Text in one line that every store and every screen can hold: no control characters, no half of a character. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
}

/** Text without code blocks, quotes of others, links, mentions, emoji codes and marks of formatting. */
function clean(text: string): string {
  return text
    .replace(/```[\s\S]*?(?:```|$)|<!--[\s\S]*?(?:-->|$)/g, ' ')
    .replace(/^\s*(?:>|&gt;).*$/gm, '')
    .replace(/!?\[([^\]\n]*)\]\(\S+?\)/g, '$1')
    .replace(/<(?:https?:|mailto:)[^|>\s]*\|([^>]*)>/g, '$1')
    .replace(/<[@#!][^>]*>|<\/?[a-z][^>]{0,80}>|<?https?:\/\/[^\s>]+>?/gi, ' ')
    .replace(/:[a-z0-9_+-]{2,30}:/g, ' ')
    .replace(/^[#\s>*-]+/gm, '')
    .replace(/[*_~`]{1,3}(?=\S)|(?<=\S)[*~`]{1,3}/g, '')
    .replace(/[^\S\n]+/g, ' ')
    .trim();
}
