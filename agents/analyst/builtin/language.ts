// Which language a text is in. Reports are short, and statistics over letters guess wildly there, so that small words vote first.
import { detectAll } from 'tinyld';
import type { RedactedText } from '#src/domain/redaction.ts';
import { wordsOf } from '#src/domain/vector.ts';

// Small words that a language uses all the time, without accents and apostrophes. A word that two languages share votes for both.
const SMALL_WORDS: Record<string, string> = {
  en: 'the a an is are was were be been i you we they he she it my your our their this that these those and or but not of to in on for with from at by as if when what how why where who can could will would should do does did have has had im ive id dont doesnt didnt cant wont isnt arent there here please any some no yes about after since just only more than',
  de: 'der die das den dem des ein eine einen einem einer ich du wir ihr sie er es mein meine unser unsere euer ist sind war waren sein wird werden wurde nicht kein keine und oder aber von zu im in auf fur mit aus bei nach seit wenn was wie warum wo wer kann konnen konnte haben hat hatte habe auch noch nur mehr als bitte mich mir uns beim zum zur vom am um immer wieder',
  fr: 'le la les un une des du de je tu nous vous ils elle il mon ma mes notre nos votre vos est sont etait etre ete ne pas plus et ou mais dans sur pour avec sans par chez depuis quand que qui quoi comment pourquoi peut peux pouvez avoir ai avez avons ont au aux ce cet cette ces se sa son ses cest jai nai lors tres aussi impossible toujours',
  es: 'el la los las un una unos del de yo tu nosotros ustedes ellos mi mis nuestro nuestra su sus es son esta estan estamos fue ser no y o pero en por para con sin desde cuando que como donde quien porque puedo puede podemos pueden he ha han hemos tengo tiene tenemos al lo se me nos muy ya tambien hay este esto eso cada siempre mas',
  pt: 'o a os as um uma uns do da dos das de eu voce nos eles meu minha meus nosso nossa seu sua e sao foi ser esta estao estou nao ou mas em no na nos nas por para com sem desde quando que como onde quem porque posso pode podem podemos tenho tem temos ao se me muito ja tambem isso este essa cada sempre mais consigo consegue',
  it: 'il lo la gli le un una uno del della dei di io tu noi voi loro mio mia nostro vostro e sono era essere non o ma in per con senza da quando che come dove chi perche posso puo possiamo ho ha hanno abbiamo al alla nel nella si mi ci molto gia anche questo questa sempre piu',
  nl: 'de het een ik jij wij jullie zij hij mijn onze jouw is zijn was waren niet geen en of maar van naar in op voor met uit bij sinds als wat hoe waarom waar wie kan kunnen heeft hebben heb had ook nog meer dan dit dat deze die wordt worden er om te aan',
};
const VOTERS = Object.entries(SMALL_WORDS).map(([language, words]) => [language, new Set(words.split(' '))] as const);
/** Every small word of every language that votes: what is left of a text without them says what it is about. */
export const ALL_SMALL_WORDS: ReadonlySet<string> = new Set(Object.values(SMALL_WORDS).join(' ').split(' '));

const VOTES_SURE = 5;
// Below this, letters alone are a guess.
const LETTERS_MIN = 30;
const SAMPLE_LENGTH = 600;

/** The language as ISO 639-1 with the confidence in it, or null when the text is too short or too mixed to tell. */
export function detectLanguage(text: RedactedText): { language: string | null; confidence: number } {
  const words = wordsOf(text).slice(0, 120);
  const votes = VOTERS.map(([language, small]) => ({
    language,
    count: words.filter((word) => small.has(word)).length,
  }));
  const [first, second] = votes.sort((a, b) => b.count - a.count);
  if (first!.count > 0 && first!.count > second!.count) {
    const share = first!.count / (first!.count + second!.count);
    return { language: first!.language, confidence: Math.min(1, share * Math.min(1, 0.5 + first!.count / VOTES_SURE)) };
  }
  const sample = text.slice(0, SAMPLE_LENGTH).replace(/\[[a-z_]+_\d+\]|https?:\S+/g, ' ');
  if (
    (sample.match(/\p{L}/gu)?.length ?? 0) < LETTERS_MIN &&
    /^\p{Script=Latin}*$/u.test(sample.replace(/\P{L}/gu, ''))
  ) {
    return { language: null, confidence: 0 };
  }
  // Some of its languages have no two-letter name; those are rarer than its mistakes.
  const best = detectAll(sample).find(({ lang }) => lang.length === 2);
  return best ? { language: best.lang, confidence: Math.min(0.8, best.accuracy) } : { language: null, confidence: 0 };
}
