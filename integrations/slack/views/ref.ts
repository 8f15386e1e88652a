// What a button carries: a version and opaque ids, nothing that anybody could read or forge a right from.

const VERSION = 'v1';

/** The value of a button; parts may hold any characters. */
export function toRef(...parts: (string | number)[]): string {
  return [VERSION, ...parts.map((part) => encodeURIComponent(String(part)))].join('|');
}

/** The parts of a value of ours; null when another version of the bot made it, or nobody we know. */
export function fromRef(value: string | null | undefined, length: number): string[] | null {
  const [version, ...parts] = (value ?? '').split('|');
  if (version !== VERSION || parts.length !== length) return null;
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return null;
  }
}

/** What a person saw when they clicked. */
export interface SeenCard {
  cardId: string;
  proposalId: string;
  revision: number;
}

/** Reads the three parts that every deciding button carries. */
export function seenOf(parts: readonly string[] | null): SeenCard | null {
  const [cardId, proposalId, revision] = parts ?? [];
  return cardId && proposalId && /^\d+$/.test(revision ?? '')
    ? { cardId, proposalId, revision: Number(revision) }
    : null;
}
