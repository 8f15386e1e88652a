// News: what the followers of a theme are told, once each: decided, filed, done, back. Never to the one who brought it about.
import type { DismissReason } from './decision.ts';
import type { Tx } from './ports.ts';

/** Something decisive that happened to a theme. */
export interface Change {
  /** Names it for ever. */
  id: string;
  themeId: string;
  kind: 'approved' | 'dismissed' | 'filed' | 'done' | 'back';
  /** Who brought it about; null when nobody here did. */
  by: string | null;
  at: string;
  reason: DismissReason | null;
  decisionId: string | null;
  issue: { label: string; url: string | null } | null;
}

/** Somebody who follows a theme, since when. */
export interface Follower {
  personId: string;
  themeId: string;
  since: string;
}

/** What one person is told about one theme, in one message. */
export interface NewsView {
  themeId: string;
  /** Null where the follower may not read the words. */
  title: string | null;
  permalink: string | null;
  /** People are names. */
  changes: (Omit<Change, 'by'> & { by: string | null })[];
}

// Filing takes seconds: an approval and its issue are one piece of news.
const FILING_MS = 2 * 60_000;

/** What a follower is to be told now of these changes, the oldest first; `told` are those they know. */
export function newsFor(
  changes: readonly Change[],
  follower: Pick<Follower, 'personId' | 'since'>,
  told: ReadonlySet<string>,
  now: Date,
): Change[] {
  const filed = new Set(
    changes.flatMap(({ kind, decisionId }) => (kind === 'filed' && decisionId ? [decisionId] : [])),
  );
  return changes
    .filter((change) => !told.has(change.id) && change.at > follower.since && change.by !== follower.personId)
    .filter(
      ({ kind, decisionId, at }) =>
        kind !== 'approved' || (!filed.has(decisionId ?? '') && now.getTime() - Date.parse(at) >= FILING_MS),
    )
    .sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** What is stored about followers and what they know. */
export interface NewsRows {
  followers(tx: Tx): Promise<Follower[]>;
  /** What happened to these themes since, decisive things only. */
  changes(tx: Tx, themeIds: readonly string[], since: Date): Promise<Change[]>;
  told(tx: Tx, personId: string, changeIds: readonly string[]): Promise<Set<string>>;
  /** Notes that a person is being told; answers those of them that nobody had noted. */
  claim(tx: Tx, personId: string, themeId: string, changeIds: readonly string[], at: Date): Promise<string[]>;
  /** Takes that back, when it was not told after all. */
  unclaim(tx: Tx, personId: string, changeIds: readonly string[]): Promise<void>;
}
