// Topics: which themes the words of an asker mean. Words without their endings against titles, so that "exporting CSVs" finds "CSV export fails".
/** Something that has a name. */
export interface Named {
  id: string;
  name: string;
}

// Endings that do not change what a word is about. Longest first; what is left must still be a word.
const ENDINGS = ['ings', 'ing', 'ers', 'ies', 'ied', 'es', 'ed', 'er', 's', 'e', 'y'];
const STEM_MIN = 3;
const NEAR_MAX = 3;
// Of several matches, those that hold at least this share of what the best one holds.
const SHARE_OF_BEST = 0.99;
const SMALL = new Set(
  'a an the of for to in on at by with from and or is are be not no our my we us it its this that'.split(' '),
);

/** What all of the words name, best first; and, when nothing does, names that share a word or nearly one. */
export function match(words: string, named: readonly Named[], limit: number): { found: string[]; near: string[] } {
  const wanted = stemsOf(words);
  if (wanted.length === 0) return { found: [], near: [] };
  const scored = named
    .map(({ id, name }) => {
      const held = stemsOf(name);
      const hits = wanted.filter((stem) => held.some((other) => alike(stem, other))).length;
      return { id, name, share: hits / wanted.length };
    })
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share);
  const best = scored[0]?.share ?? 0;
  if (best >= 1 || (best >= 0.66 && wanted.length >= 3)) {
    return {
      found: scored
        .filter(({ share }) => share >= best * SHARE_OF_BEST)
        .slice(0, limit)
        .map(({ id }) => id),
      near: [],
    };
  }
  const names = scored.slice(0, NEAR_MAX).map(({ name }) => name);
  return { found: [], near: [...new Set(names)] };
}

/** The stems of the words that carry meaning. */
export function stemsOf(text: string): string[] {
  const words = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu);
  return [...new Set((words ?? []).filter((word) => !SMALL.has(word)).map(stemOf))];
}

function stemOf(word: string): string {
  if (/\d/.test(word)) return word;
  const ending = ENDINGS.find((one) => word.endsWith(one) && word.length - one.length >= STEM_MIN);
  return ending ? word.slice(0, -ending.length) : word;
}

/** Equal, or one slip of the finger apart in a longer word. */
function alike(a: string, b: string): boolean {
  if (a === b) return true;
  if (Math.min(a.length, b.length) < 5 || Math.abs(a.length - b.length) > 1) return false;
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  const rest = (x: string, y: string) => x === y;
  return (
    rest(a.slice(at + 1), b.slice(at + 1)) ||
    rest(a.slice(at), b.slice(at + 1)) ||
    rest(a.slice(at + 1), b.slice(at)) ||
    (a[at] === b[at + 1] && a[at + 1] === b[at] && rest(a.slice(at + 2), b.slice(at + 2)))
  );
}
