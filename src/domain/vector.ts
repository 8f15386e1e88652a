// Vectors: a text as hashed counts of its words and of the characters in them. Stored as bytes; weighed only when compared, by how rare things are then.
import { withoutCourtesy } from './courtesy.ts';
import type { RedactedText } from './redaction.ts';
import { sliceRedacted } from './redaction.ts';

/** Changes whenever the same text would give other bytes: vectors of different versions are never compared. */
export const VECTOR_VERSION = 'lexical/1';

/** Feature numbers in ascending order, and how often each occurs. */
export interface SparseVector {
  features: Uint32Array;
  counts: Uint8Array;
}

/** How many of the texts seen so far hold a feature. */
export interface DocumentFrequencies {
  total: number;
  of(feature: number): number;
}

// The gist of a report is in its beginning; a pasted log would drown it, and costs bytes in every comparison.
const TEXT_LENGTH_MAX = 4_000;
const GRAM_LENGTHS = [3, 4, 5] as const;
// A workspace has some 100,000 features, so with 4 million numbers about one in forty shares its own.
const HASH_BITS = 22;
const COUNT_MAX = 255;
const FORMAT = 1;
/** Blocks weigh the same, and their cosines add up to at most 1: the recipe's factor sqrt(.5), squared. */
export const BLOCK_SHARE = 0.5;
/** Tempers how much a rare feature counts. Measured on public sets of support questions: better than 0.5 and 1. */
const RARITY_POWER = 0.75;
/** How much a pair of words counts beside a single word. Few people choose the same two words in a row: at 1, short reports of one matter drift apart. */
const PAIR_SHARE = 0.5;
// The kind of a feature is in its two lowest bits.
const WORD_KIND = 0;
const CHARS_KIND = 1;
const PAIR_KIND = 2;

/** Whether a feature is in the block of words (single ones and pairs); else it is in the block of characters. */
export function isWordFeature(feature: number): boolean {
  return (feature & CHARS_KIND) === 0;
}

/** Counts the features of a text, courtesy aside. Placeholders count as their kind: two reports with different e-mail addresses have the same word there. */
export function embedText(text: RedactedText): SparseVector {
  const counts = new Map<number, number>();
  const count = (feature: number) => counts.set(feature, (counts.get(feature) ?? 0) + 1);
  let before: string | null = null;
  for (const word of wordsOf(withoutCourtesy(sliceRedacted(text, 0, TEXT_LENGTH_MAX)))) {
    const stem = stemOf(word);
    count(featureOf(stem, WORD_KIND));
    if (before !== null) count(featureOf(`${before} ${stem}`, PAIR_KIND));
    before = stem;
    const padded = ` ${word} `;
    for (const length of GRAM_LENGTHS) {
      if (padded.length <= length) {
        count(featureOf(padded, CHARS_KIND));
        break;
      }
      for (let at = 0; at + length <= padded.length; at++) count(featureOf(padded.slice(at, at + length), CHARS_KIND));
    }
  }
  const features = Uint32Array.from(counts.keys()).sort();
  return {
    features,
    counts: Uint8Array.from(features, (feature) => Math.min(counts.get(feature)!, COUNT_MAX)),
  };
}

const WORD = /[\p{L}\p{N}_]+/gu;
// Scripts without blanks: pairs of characters stand for words.
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;

/** The words of a text in lower case, without accents and apostrophes (people write "cant" and "nao" as often). Stop words stay: they carry intent. */
export function wordsOf(text: RedactedText): string[] {
  const plain = text
    .replace(/\[([a-z_]+)_\d+\]/g, ' $1 ')
    .replace(/https?:\/\/\S+/g, ' url ')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\p{M}'’`´]/gu, '');
  return (plain.match(WORD) ?? []).flatMap((word) => {
    if (word.length < 3 || !UNSPACED.test(word)) return [word];
    return Array.from({ length: word.length - 1 }, (_, at) => word.slice(at, at + 2));
  });
}

/** A word without its commonest endings. Light on purpose, and the same for every language: short texts are told apart too badly for more. */
export function stemOf(word: string): string {
  let stem = word;
  if (stem.length > 4 && stem.endsWith('ies')) stem = `${stem.slice(0, -3)}y`;
  else if (stem.length > 4 && /(?:ss|sh|ch|x|z)es$/.test(stem)) stem = stem.slice(0, -2);
  else if (stem.length > 3 && /[^sui]s$/.test(stem)) stem = stem.slice(0, -1);
  const cut = stem.length > 5 && stem.endsWith('ing') ? 3 : stem.length > 4 && stem.endsWith('ed') ? 2 : 0;
  if (cut > 0 && /[aeiouy]/.test(stem.slice(0, -cut))) {
    stem = stem.slice(0, -cut);
    if (/([bdfgmnprt])\1$/.test(stem)) stem = stem.slice(0, -1);
  }
  return stem.length > 4 && stem.endsWith('e') ? stem.slice(0, -1) : stem;
}

function featureOf(text: string, kind: number): number {
  return hashOf(text) * 4 + kind;
}

// FNV-1a with the last mixing step of MurmurHash3: without it, short strings leave the high bits poor.
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) >>> (32 - HASH_BITS);
}

/** The bytes of a vector: format, then each feature as its distance from the one before, doubled, odd when a count above one follows. */
export function encodeVector({ features, counts }: SparseVector): Buffer {
  const bytes: number[] = [FORMAT];
  let before = 0;
  for (let at = 0; at < features.length; at++) {
    const many = counts[at]! > 1;
    pushVarint(bytes, (features[at]! - before) * 2 + (many ? 1 : 0));
    if (many) bytes.push(counts[at]!);
    before = features[at]!;
  }
  return Buffer.from(bytes);
}

function pushVarint(bytes: number[], value: number): void {
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
}

/** Reads what `encodeVector` wrote. Throws a RangeError on bytes of another format, or cut ones. */
export function decodeVector(bytes: Uint8Array): SparseVector {
  if (bytes[0] !== FORMAT) throw new RangeError(`These bytes are no vector of ${VECTOR_VERSION}.`);
  const features: number[] = [];
  const counts: number[] = [];
  let feature = 0;
  for (let at = 1; at < bytes.length; ) {
    let value = 0;
    let factor = 1;
    let byte: number | undefined;
    do {
      byte = bytes[at++];
      if (byte === undefined) throw new RangeError('These bytes end in the middle of a vector.');
      value += (byte & 0x7f) * factor;
      factor *= 0x80;
    } while (byte >= 0x80);
    const count = value % 2 === 1 ? bytes[at++] : 1;
    if (count === undefined) throw new RangeError('These bytes end in the middle of a vector.');
    feature += Math.floor(value / 2);
    features.push(feature);
    counts.push(count);
  }
  return { features: Uint32Array.from(features), counts: Uint8Array.from(counts) };
}

/** How much a feature counts by its rarity: about 1 when every text has it. */
export function rarityOf(documents: DocumentFrequencies, feature: number): number {
  const share = (feature & 3) === PAIR_KIND ? PAIR_SHARE : 1;
  return share * (Math.log((1 + documents.total) / (1 + documents.of(feature))) + 1) ** RARITY_POWER;
}

/** How much a count counts: the second mention says less than the first. */
export function countWeight(count: number): number {
  return 1 + Math.log(count);
}

/** The lengths of both blocks under these document frequencies. */
export function blockNorms(vector: SparseVector, documents: DocumentFrequencies): { words: number; chars: number } {
  let words = 0;
  let chars = 0;
  for (let at = 0; at < vector.features.length; at++) {
    const feature = vector.features[at]!;
    const weight = countWeight(vector.counts[at]!) * rarityOf(documents, feature);
    if (isWordFeature(feature)) words += weight * weight;
    else chars += weight * weight;
  }
  return { words: Math.sqrt(words), chars: Math.sqrt(chars) };
}

/** How alike two texts are, 0 to 1: the mean of the cosines of their words and of their characters. An empty text is like nothing. */
export function cosine(a: SparseVector, b: SparseVector, documents: DocumentFrequencies): number {
  const normsA = blockNorms(a, documents);
  const normsB = blockNorms(b, documents);
  let words = 0;
  let chars = 0;
  for (let i = 0, j = 0; i < a.features.length && j < b.features.length; ) {
    const feature = a.features[i]!;
    const other = b.features[j]!;
    if (feature === other) {
      const product = countWeight(a.counts[i]!) * countWeight(b.counts[j]!) * rarityOf(documents, feature) ** 2;
      if (isWordFeature(feature)) words += product;
      else chars += product;
    }
    if (feature <= other) i++;
    if (other <= feature) j++;
  }
  return joinBlocks(words, chars, normsA, normsB);
}

/** The cosine of two vectors from the products of their blocks and the blocks' lengths. */
export function joinBlocks(
  words: number,
  chars: number,
  a: { words: number; chars: number },
  b: { words: number; chars: number },
): number {
  const shareOf = (product: number, lengths: number) => (lengths > 0 ? (BLOCK_SHARE * product) / lengths : 0);
  return Math.min(1, shareOf(words, a.words * b.words) + shareOf(chars, a.chars * b.chars));
}
