// Chance that can be repeated: the same seed gives the same world on every machine, which is what makes a sandbox testable.

/** A source of chance, and the few ways in which the world uses it. */
export interface Random {
  /** A number from 0 up to, never reaching, 1. */
  next(): number;
  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of these; throws on an empty list, because a silent undefined would turn up as "undefined" in somebody's message. */
  pick<T>(items: readonly T[]): T;
  /** One of these, where an item of weight 2 is twice as likely as one of weight 1. */
  weighted<T>(items: readonly (readonly [item: T, weight: number])[]): T;
  /** The same items in another order. */
  shuffle<T>(items: readonly T[]): T[];
  /** An independent source, so that a new event in one place does not change everything that comes after it elsewhere. */
  fork(label: string): Random;
}

/** A Random for a seed. Mulberry32: 32 bits of state, no visible pattern at this size, and small enough to read. */
export function createRandom(seed: string | number): Random {
  let state = hash(String(seed));
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  const random: Random = {
    next,
    int,
    chance: (probability) => next() < probability,
    pick(items) {
      if (items.length === 0) throw new RangeError('Cannot pick from nothing.');
      return items[int(0, items.length - 1)]!;
    },
    weighted(items) {
      const total = items.reduce((sum, [, weight]) => sum + weight, 0);
      let left = next() * total;
      for (const [item, weight] of items) {
        left -= weight;
        if (left < 0) return item;
      }
      return items.at(-1)![0];
    },
    shuffle(items) {
      const out = [...items];
      for (let last = out.length - 1; last > 0; last--) {
        const other = int(0, last);
        [out[last], out[other]] = [out[other]!, out[last]!];
      }
      return out;
    },
    fork: (label) => createRandom(`${seed}/${label}`),
  };
  return random;
}

// FNV-1a: spreads seeds that differ in one letter over the whole state.
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}
