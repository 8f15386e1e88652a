// Theme: Observation -> Theme. One writer per workspace: under its lock the index catches up with the history, then places the batch.
import type { Db, Tx } from '#src/domain/ports.ts';
import type { Assignment, Themes, ToAssign } from '#src/domain/stores.ts';
import type { Stage } from './stage.ts';
import { oneByOne } from './stage.ts';

// Older observations cannot attract new ones; ten thousand fill about 100 MB and answer within two milliseconds.
const WINDOW = 10_000;

/** An observation that needs a place; it stays in `themeId` when its conversation has one, so that a card does not change its subject. */
export interface ToPlace {
  observationId: string;
  themeId: string | null;
  vector: Uint8Array;
  /** The earlier observation of the same conversation that this one replaces. */
  replaces: string | null;
}

/** Where an observation went. `score` is null where nothing had to be compared. */
export interface Placed {
  observationId: string;
  themeId: string;
  opens: boolean;
  score: number | null;
}

/** The theme graph over its index in memory. */
export interface Placing {
  place(batch: readonly ToPlace[]): Promise<Placed[]>;
  /** Begins anew from the newest members, oldest first. */
  refill(members: readonly { observationId: string; themeId: string; vector: Uint8Array }[]): void;
}

export interface ThemeDeps {
  db: Db;
  themes: Themes;
  placing: Placing;
  /** Which theme goes on where a person merged this one into another; itself when nobody did. */
  survivorOf: (tx: Tx, themeId: string) => Promise<string>;
}

/** The stage, and a way to make the index true at once after people have moved reports. */
export type Theming = Stage<ToAssign, ToAssign> & { refresh(): Promise<void> };

/** Makes the stage. Its ids are conversations. */
export function createTheme(deps: ThemeDeps): Theming {
  const { themes, placing } = deps;
  // The last event that the index contains; -1 when it has to be filled anew.
  let indexedSeq = -1;

  return {
    name: 'theme',
    takes: 'Observation',
    makes: 'Theme',
    batch: 50,
    async load(ids) {
      const waiting = await themes.toAssign(deps.db, ids);
      return new Map(waiting.map((item) => [item.conversationId, item]));
    },
    work: oneByOne(async (item) => item),
    async write(tx, results, at) {
      const ids = results.map(({ id }) => id);
      await themes.lock(tx, ids);
      await catchUp(tx);
      // Looked at again under the lock: another worker may have placed some of them meanwhile.
      const waiting = await themes.toAssign(tx, ids);
      // Whatever happens to this transaction, the index is only trusted again after it has caught up.
      const trusted = indexedSeq;
      indexedSeq = -1;
      const assignments = await survived(tx, await place(waiting));
      // What left its theme, or went where that was merged, is elsewhere in the index.
      const strayed = assignments.some(({ redirected, themeId }) => redirected || themeId === null);
      await themes.assign(tx, assignments, at);
      const seq = await themes.seq(tx);
      indexedSeq = trusted === -1 || strayed ? -1 : seq;
      const touched = assignments.flatMap((item) => [item.themeId, item.fromThemeId]).filter((id) => id !== null);
      return [...new Set(touched)].map((id) => ({ stage: 'assess', id }));
    },
    async failed() {
      indexedSeq = -1;
      return [];
    },
    pending: (limit) => themes.pending(deps.db, limit),
    refresh: () =>
      deps.db.transaction('theme.index', async (tx) => {
        await themes.lock(tx, []);
        await catchUp(tx);
      }),
  };

  async function catchUp(tx: Tx): Promise<void> {
    const seq = await themes.seq(tx);
    if (seq === indexedSeq) return;
    const { members } = await themes.members(tx, WINDOW);
    placing.refill(members);
    indexedSeq = seq;
  }

  /** The same words may open a theme that was merged away since: they go where it went. */
  async function survived(
    tx: Tx,
    assignments: readonly Assignment[],
  ): Promise<(Assignment & { redirected: boolean })[]> {
    const out: (Assignment & { redirected: boolean })[] = [];
    for (const item of assignments) {
      const themeId = item.opens && item.themeId ? await deps.survivorOf(tx, item.themeId) : item.themeId;
      const redirected = themeId !== item.themeId;
      out.push({ ...item, themeId, opens: item.opens && !redirected, redirected });
    }
    return out;
  }

  /** Where each observation goes. Noise has no place; what has become noise leaves its theme, unless a person has put it there. */
  async function place(waiting: readonly ToAssign[]): Promise<Assignment[]> {
    const toPlace = waiting.flatMap(
      ({ observationId, themeId, vector, previousId, isNoise, captured, placedBy }): ToPlace[] =>
        vector === null || (isNoise && !captured && placedBy === null)
          ? []
          : [{ observationId, themeId, vector, replaces: previousId }],
    );
    const placed = new Map((await placing.place(toPlace)).map((item) => [item.observationId, item]));
    return waiting.flatMap((item): Assignment[] => {
      const { conversationId, observationId, title } = item;
      const found = placed.get(observationId);
      const base = { conversationId, observationId, title, fromThemeId: item.themeId };
      if (found)
        return [{ ...base, themeId: found.themeId, opens: found.opens, score: found.opens ? null : found.score }];
      const stays = item.placedBy !== null ? item.themeId : null;
      return item.themeId === null ? [] : [{ ...base, themeId: stays, opens: false, score: null }];
    });
  }
}
