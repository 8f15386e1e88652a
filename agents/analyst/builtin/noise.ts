// Noise: messages that tell nothing about a product. A wrong "noise" loses a report, a wrong "report" costs a glance, so that doubt counts as a report.
import { isCourtesy, withoutCourtesy } from '#src/domain/courtesy.ts';
import type { RedactedText } from '#src/domain/redaction.ts';
import { wordsOf } from '#src/domain/vector.ts';
import type { Cue } from './cues.ts';
import { KIND_CUES, toCueText, weigh } from './cues.ts';
import { ALL_SMALL_WORDS } from './language.ts';

// "I need my PIN" has one word that tells something and is a report; "undecided" is not.
const WORDS_MIN = 3;
const CHATTER =
  /(?<![a-z])(?:lol|haha+|hehe+|rofl|brb|lunch|coffee|birthday|congrat\w*|weekend|good night|see (?:you|ya)|talk (?:later|soon)|on my way|be right back|running late|out of (?:the )?office|automatic reply|auto-?reply|abwesenheitsnotiz|mittagessen|kaffee|feierabend|schones wochenende|bon week-?end|joyeux anniversaire|feliz cumpleanos|feliz aniversario)(?![a-z])/;
const WORDS_FEW = 8;

/** Why a text is noise, or null when it is not; with how sure that is. */
export interface NoiseVerdict {
  isNoise: boolean;
  reason: 'empty' | 'courtesy' | 'chatter' | 'too_few_words' | null;
  confidence: number;
}

/** The words of a text that say what it is about: no small words, no courtesy, no numbers, no placeholders. */
export function tellingWords(text: RedactedText): string[] {
  const bare = text.replace(/\[[a-z_]+_\d+\]/g, ' ').replace(/<[@#!][^>]*>|:[a-z0-9_+-]+:/g, ' ') as RedactedText;
  return wordsOf(bare).filter(
    (word) =>
      word !== 'url' && word.length > 1 && /\p{L}/u.test(word) && !ALL_SMALL_WORDS.has(word) && !isCourtesy(word),
  );
}

/** Judges the words that decide about a conversation. */
export function judgeNoise(text: RedactedText): NoiseVerdict {
  if (!/[\p{L}\p{N}]/u.test(text)) return { isNoise: true, reason: 'empty', confidence: 1 };
  if (isCourtesy(text.replace(/<[@#!][^>]*>|:[a-z0-9_+-]+:/g, ' ')))
    return { isNoise: true, reason: 'courtesy', confidence: 0.95 };
  const matter = withoutCourtesy(text);
  const telling = new Set(tellingWords(matter));
  const cueText = toCueText(matter);
  const speaks = [...weigh(cueText, PRODUCT_CUES).values()].some((weight) => weight >= 1.2);
  if (speaks && telling.size > 0) return { isNoise: false, reason: null, confidence: 0.9 };
  if (telling.size <= WORDS_FEW && CHATTER.test(cueText)) return { isNoise: true, reason: 'chatter', confidence: 0.8 };
  if (telling.size === 0 || wordsOf(matter).length < WORDS_MIN) {
    return { isNoise: true, reason: 'too_few_words', confidence: telling.size === 0 ? 0.8 : 0.6 };
  }
  return { isNoise: false, reason: null, confidence: Math.min(0.9, 0.4 + telling.size / 10) };
}

// Praise is kind and may be about anything, a lunch included.
const PRODUCT_CUES = KIND_CUES.filter((cue: Cue<string>) => cue.for !== 'praise');
