// The nearest index: which of the observations seen lately are most like a new one, and which theme that speaks for. In memory, one per workspace.
import type { ObservationId, ThemeId } from '#src/domain/ids.ts';
import type { DocumentFrequencies, SparseVector } from '#src/domain/vector.ts';
import { BLOCK_SHARE, countWeight, decodeVector, isWordFeature, joinBlocks, rarityOf } from '#src/domain/vector.ts';
import type { Background } from './background.ts';
import { backgroundFrequencies } from './background.ts';

/** An observation that is like the one asked about. */
export interface Neighbour {
  observationId: ObservationId;
  themeId: ThemeId;
  /** 0 to 1. */
  cosine: number;
}

/** Where a vector belongs: a theme, or null for a new one. */
export interface Assignment {
  themeId: ThemeId | null;
  /** The cosine with the middle of the most likely theme, 0 to 1, also when it was too little. */
  score: number;
  /** The observations that are most like it, the nearest first. */
  neighbours: Neighbour[];
}

/** A theme that a vector was measured against. */
export interface Ranked {
  themeId: ThemeId;
  /** The cosine with the theme's middle, 0 to 1. */
  score: number;
  /** What it has to be above for the theme to take the vector. */
  needed: number;
}

/** The observations of one workspace that a new one is compared with. Equal histories give equal answers. */
export interface ThemeIndex {
  readonly size: number;
  /** Takes in an observation, or its newer vector and theme. The oldest one leaves when the window is full. */
  add(observationId: ObservationId, themeId: ThemeId, vector: Uint8Array): void;
  /** Follows a person's correction: this observation speaks for another theme from now on. False when it is not in the window. */
  move(observationId: ObservationId, themeId: ThemeId): boolean;
  /** Forgets an observation. False when it is not in the window. */
  remove(observationId: ObservationId): boolean;
  /** Forgets everything. */
  clear(): void;
  assign(vector: Uint8Array): Assignment;
  /** How near the nearest themes are, the nearest first, for people who ask why. `without` is the observation that is asked about. */
  rank(vector: Uint8Array, without: ObservationId | null, limit: number): Ranked[];
  /** How alike the reports of a theme are: their mean cosine, 0 to 1; 1 for a single report, 0 for a theme it does not know. */
  tightness(themeId: ThemeId): number;
}

export interface ThemeIndexOptions {
  windowSize?: number;
  neighbours?: number;
  background?: Background;
}

const WINDOW_SIZE = 10_000;
const NEIGHBOURS = 10;
// A theme takes a vector whose cosine with its middle is above this. The middle of many is smoother than a single text and is like everything
// a little, so that large themes ask for more: from 0.24 for a single observation towards 0.34. Measured, one setting for every set.
const THRESHOLD_ALONE = 0.24;
const THRESHOLD_RISE = 0.1;
// Of the themes that would take it, the nearest middle wins; where neighbours crowd in one, they count this much.
const NEIGHBOURHOOD_SHARE = 0.05;
// How rare things are moves slowly: it is taken again when the window has changed by this share.
const REFRESH_SHARE = 0.1;
// The share of its weight that a generic feature loses in an empty workspace. "The map is broken" and "the printer is broken" share most of
// their words and not their matter. It fades as the workspace grows, since there the same words tell intents apart.
const GENERIC_DISCOUNT = 0.7;
// Enough to know how alike the members of a theme are to each other; the newest speak for what it is now.
const SAMPLE_SIZE = 40;

/** Who has a feature, and how much it counts until the next refresh. */
interface Posting {
  feature: number;
  isWord: boolean;
  rarity: number;
  /** slot * 256 + count, one per observation that has it. */
  holders: number[];
}

interface Entry {
  slot: number;
  observationId: ObservationId;
  themeId: ThemeId;
  postings: Posting[];
  counts: Uint8Array;
  norms: { words: number; chars: number };
}

interface Group {
  members: Set<Entry>;
  /** The mean cosine of two members; null while unknown. With it, the cosine with the middle needs no middle. */
  tightness: number | null;
  /** Taken before the last refresh. */
  stale: boolean;
}

interface Comparison {
  nearest: Neighbour[];
  /** Per theme, the sum of the cosines with its members. */
  sums: Map<ThemeId, number>;
}

/** Starts an empty index. Feed it the newest observations of the workspace, the oldest first. */
export function createThemeIndex(options: ThemeIndexOptions = {}): ThemeIndex {
  const windowSize = options.windowSize ?? WINDOW_SIZE;
  const neighbourCount = options.neighbours ?? NEIGHBOURS;
  const background = options.background ?? backgroundFrequencies();

  // Insertion order is age order: the first entry is the one that leaves.
  const entries = new Map<ObservationId, Entry>();
  const groups = new Map<ThemeId, Group>();
  const postings = new Map<number, Posting>();
  const freeSlots: number[] = [];
  let slots = 0;
  const wordSums = new Float64Array(windowSize + 1);
  const charSums = new Float64Array(windowSize + 1);
  let changes = 0;
  // What the last question found out about every theme: the answer is usually added next, and need not be worked out again.
  let asked: { vector: Uint8Array; sums: Map<ThemeId, number> } | null = null;

  const documents: DocumentFrequencies = {
    get total() {
      return background.total + entries.size;
    },
    of: (feature) => background.of(feature) + (postings.get(feature)?.holders.length ?? 0),
  };

  /** How much a feature counts now. Generic ones count for less until the workspace knows by itself how common things are in it. */
  function rarityNow(feature: number): number {
    const rarity = rarityOf(documents, feature);
    if (!background.isGeneric(feature)) return rarity;
    return rarity * (1 - GENERIC_DISCOUNT * (background.total / documents.total) ** 2);
  }

  function add(observationId: ObservationId, themeId: ThemeId, bytes: Uint8Array): void {
    const known = asked?.vector === bytes ? asked.sums.get(themeId) : undefined;
    remove(observationId);
    if (entries.size >= windowSize) remove(entries.keys().next().value!);
    const vector = decodeVector(bytes);
    const slot = freeSlots.pop() ?? slots++;
    const held = Array.from(vector.features, (feature, at) => {
      let posting = postings.get(feature);
      if (!posting) {
        posting = { feature, isWord: isWordFeature(feature), rarity: rarityNow(feature), holders: [] };
        postings.set(feature, posting);
      }
      posting.holders.push(slot * 256 + vector.counts[at]!);
      return posting;
    });
    const entry: Entry = {
      slot,
      observationId,
      themeId,
      postings: held,
      counts: vector.counts,
      norms: normsOf(held, vector.counts),
    };
    entries.set(observationId, entry);
    join(entry, known ?? null);
    asked = null;
    changes++;
  }

  function remove(observationId: ObservationId): boolean {
    const entry = entries.get(observationId);
    if (!entry) return false;
    for (const [at, posting] of entry.postings.entries()) {
      if (posting.holders.length === 1) postings.delete(posting.feature);
      else posting.holders.splice(posting.holders.indexOf(entry.slot * 256 + entry.counts[at]!), 1);
    }
    entries.delete(observationId);
    freeSlots.push(entry.slot);
    leave(entry);
    asked = null;
    changes++;
    return true;
  }

  /** `cosines` is the sum of the newcomer's cosines with the members, when it is known. */
  function join(entry: Entry, cosines: number | null): void {
    const group = groups.get(entry.themeId) ?? { members: new Set<Entry>(), tightness: 1, stale: false };
    groups.set(entry.themeId, group);
    const size = group.members.size;
    if (size > 0) {
      const pairs = (size * (size - 1)) / 2;
      group.tightness =
        cosines === null || group.tightness === null ? null : (pairs * group.tightness + cosines) / (pairs + size);
    }
    group.members.add(entry);
  }

  /** The rest of a theme is taken to be as tight as the whole was, until that is taken again. */
  function leave(entry: Entry): void {
    const group = groups.get(entry.themeId)!;
    group.members.delete(entry);
    if (group.members.size === 0) groups.delete(entry.themeId);
    if (group.members.size === 1) group.tightness = 1;
  }

  function refreshWhenDue(): void {
    if (changes < entries.size * REFRESH_SHARE) return;
    changes = 0;
    for (const posting of postings.values()) posting.rarity = rarityNow(posting.feature);
    for (const entry of entries.values()) entry.norms = normsOf(entry.postings, entry.counts);
    for (const group of groups.values()) group.stale = group.members.size > 1;
  }

  function takeTightness(group: Group): number {
    const sample = [...group.members].slice(-SAMPLE_SIZE);
    group.tightness = sample.length > 1 ? meanCosine(sample) : 1;
    group.stale = false;
    return group.tightness;
  }

  function compare(vector: SparseVector): Comparison {
    let words = 0;
    let chars = 0;
    for (let at = 0; at < vector.features.length; at++) {
      const feature = vector.features[at]!;
      const posting = postings.get(feature);
      const rarity = posting?.rarity ?? rarityNow(feature);
      const weight = COUNT_WEIGHTS[vector.counts[at]!]! * rarity;
      const isWord = isWordFeature(feature);
      if (isWord) words += weight * weight;
      else chars += weight * weight;
      if (posting) addUp(isWord ? wordSums : charSums, posting.holders, weight * rarity);
    }
    const norms = { words: Math.sqrt(words), chars: Math.sqrt(chars) };
    const nearest: Neighbour[] = [];
    const sums = new Map<ThemeId, number>();
    for (const { slot, themeId, observationId, norms: theirs } of entries.values()) {
      const cosine = joinBlocks(wordSums[slot]!, charSums[slot]!, norms, theirs);
      if (cosine === 0) continue;
      sums.set(themeId, (sums.get(themeId) ?? 0) + cosine);
      if (nearest.length === neighbourCount && cosine <= nearest.at(-1)!.cosine) continue;
      let at = nearest.length;
      while (at > 0 && nearest[at - 1]!.cosine < cosine) at--;
      nearest.splice(at, 0, { observationId, themeId, cosine });
      if (nearest.length > neighbourCount) nearest.pop();
    }
    wordSums.fill(0, 0, slots);
    charSums.fill(0, 0, slots);
    return { nearest, sums };
  }

  function assign(bytes: Uint8Array): Assignment {
    refreshWhenDue();
    const { nearest, sums } = compare(decodeVector(bytes));
    asked = { vector: bytes, sums };
    const crowd = new Map<ThemeId, number>();
    for (const { themeId, cosine } of nearest) crowd.set(themeId, (crowd.get(themeId) ?? 0) + cosine);
    const likely = [...crowd].map(([themeId, cosines]) => {
      const group = groups.get(themeId)!;
      const size = group.members.size;
      const tightness = group.tightness ?? takeTightness(group);
      const score = Math.min(1, sums.get(themeId)! / Math.sqrt(size + size * (size - 1) * tightness));
      const takes = score > thresholdOf(size);
      return { themeId, score, takes, strength: score + NEIGHBOURHOOD_SHARE * cosines };
    });
    // Of equal ones the theme of the nearer neighbour: the sort keeps the order of the crowd.
    const [chosen] = likely.filter(({ takes }) => takes).sort((a, b) => b.strength - a.strength);
    // One theme a question is brought up to date, so that no question has to wait for all of them.
    const group = chosen && groups.get(chosen.themeId);
    if (group?.stale) takeTightness(group);
    return {
      themeId: chosen?.themeId ?? null,
      score: chosen?.score ?? Math.max(0, ...likely.map(({ score }) => score)),
      neighbours: nearest,
    };
  }

  function rank(bytes: Uint8Array, without: ObservationId | null, limit: number): Ranked[] {
    const { sums } = compare(decodeVector(bytes));
    const self = without === null ? undefined : entries.get(without);
    if (self) {
      // It is like itself: what it would be measured against is the theme without it.
      const left = sums.get(self.themeId)! - 1;
      if (groups.get(self.themeId)!.members.size === 1 || left <= 0) sums.delete(self.themeId);
      else sums.set(self.themeId, left);
    }
    return [...sums]
      .map(([themeId, sum]): Ranked => {
        const group = groups.get(themeId)!;
        const size = group.members.size - (self?.themeId === themeId ? 1 : 0);
        const tightness = group.tightness ?? takeTightness(group);
        const score = Math.min(1, sum / Math.sqrt(size + size * (size - 1) * tightness));
        return { themeId, score, needed: thresholdOf(size) };
      })
      .sort((a, b) => b.score - a.score || (a.themeId < b.themeId ? -1 : 1))
      .slice(0, limit);
  }

  return {
    get size() {
      return entries.size;
    },
    rank,
    add,
    move(observationId, themeId) {
      const entry = entries.get(observationId);
      if (!entry) return false;
      leave(entry);
      entry.themeId = themeId;
      join(entry, null);
      asked = null;
      return true;
    },
    remove,
    clear() {
      entries.clear();
      groups.clear();
      postings.clear();
      freeSlots.length = 0;
      slots = 0;
      changes = 0;
      asked = null;
    },
    assign,
    tightness(themeId) {
      const group = groups.get(themeId);
      return group ? (group.tightness ?? takeTightness(group)) : 0;
    },
  };
}

/** Above this a theme of that many reports takes another. */
function thresholdOf(size: number): number {
  return THRESHOLD_ALONE + THRESHOLD_RISE * (1 - 1 / Math.sqrt(size));
}

const COUNT_WEIGHTS = Float64Array.from({ length: 256 }, (_, count) => (count === 0 ? 0 : countWeight(count)));

// The innermost loop: one addition for everybody who has the feature.
function addUp(sums: Float64Array, holders: readonly number[], weight: number): void {
  for (let at = 0; at < holders.length; at++) {
    const holder = holders[at]!;
    sums[holder >>> 8]! += weight * COUNT_WEIGHTS[holder & 255]!;
  }
}

function normsOf(postings: readonly Posting[], counts: Uint8Array): { words: number; chars: number } {
  let words = 0;
  let chars = 0;
  for (let at = 0; at < postings.length; at++) {
    const { rarity, isWord } = postings[at]!;
    const weight = COUNT_WEIGHTS[counts[at]!]! * rarity;
    if (isWord) words += weight * weight;
    else chars += weight * weight;
  }
  return { words: Math.sqrt(words), chars: Math.sqrt(chars) };
}

/** The mean cosine of every two of these entries, from the length of their sum. */
function meanCosine(entries: readonly Entry[]): number {
  const sum = new Map<Posting, number>();
  for (const { postings, counts, norms } of entries) {
    for (let at = 0; at < postings.length; at++) {
      const posting = postings[at]!;
      const norm = posting.isWord ? norms.words : norms.chars;
      sum.set(posting, (sum.get(posting) ?? 0) + (COUNT_WEIGHTS[counts[at]!]! * posting.rarity) / norm);
    }
  }
  let square = 0;
  for (const weight of sum.values()) square += BLOCK_SHARE * weight * weight;
  return (square - entries.length) / (entries.length * (entries.length - 1));
}
