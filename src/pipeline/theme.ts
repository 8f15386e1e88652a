// Theme: Observation -> Theme. One writer per workspace: under its lock the index catches up with the history, then places the batch.
import type { WorkspaceId } from '#src/domain/ids.ts';
import { idOf } from '#src/domain/ids.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import type { Assignment, Themes, ToAssign } from '#src/domain/stores.ts';
import type { Stage } from './stage.ts';
import { oneByOne } from './stage.ts';

// Older observations cannot attract new ones; ten thousand fill about 100 MB and answer within two milliseconds.
const WINDOW = 10_000;

/** The nearest-neighbour index of one workspace, in memory. */
export interface ThemeIndex {
  /** The theme whose reports are nearest, or null when none is near enough. */
  assign(vector: Buffer): { themeId: string | null; score: number };
  add(observationId: string, themeId: string, vector: Buffer): void;
  clear(): void;
}

export interface ThemeDeps {
  db: Db;
  workspaceId: WorkspaceId;
  themes: Themes;
  index: ThemeIndex;
}

/** Makes the stage. Its ids are conversations. */
export function createTheme(deps: ThemeDeps): Stage<ToAssign, ToAssign> {
  const { themes, index } = deps;
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
      await themes.lock(tx);
      await catchUp(tx);
      // Looked at again under the lock: another worker may have placed some of them meanwhile.
      const waiting = await themes.toAssign(
        tx,
        results.map(({ id }) => id),
      );
      // Whatever happens to this transaction, the index is only trusted again after it has caught up.
      const trusted = indexedSeq;
      indexedSeq = -1;
      const assignments = waiting.flatMap((item) => place(item));
      await themes.assign(tx, assignments, at);
      const seq = await themes.seq(tx);
      indexedSeq = trusted === -1 ? -1 : seq;
      const touched = assignments.flatMap((item) => [item.themeId, item.fromThemeId]).filter((id) => id !== null);
      return [...new Set(touched)].map((id) => ({ stage: 'assess', id }));
    },
    async failed() {
      indexedSeq = -1;
      return [];
    },
    pending: (limit) => themes.pending(deps.db, limit),
  };

  async function catchUp(tx: Tx): Promise<void> {
    const seq = await themes.seq(tx);
    if (seq === indexedSeq) return;
    const { members } = await themes.members(tx, WINDOW);
    index.clear();
    for (const member of members) index.add(member.observationId, member.themeId, member.vector);
    indexedSeq = seq;
  }

  /** Where an observation goes. One that has a theme keeps it as its conversation grows, so that a card does not change its subject. */
  function place(item: ToAssign): Assignment[] {
    const base = {
      conversationId: item.conversationId,
      observationId: item.observationId,
      title: item.title,
      fromThemeId: item.themeId,
    };
    const noise = (item.isNoise && !item.captured) || item.vector === null;
    if (noise) return item.themeId === null ? [] : [{ ...base, themeId: null, opens: false, score: null }];
    if (item.themeId !== null) {
      index.add(item.observationId, item.themeId, item.vector!);
      return [{ ...base, themeId: item.themeId, opens: false, score: null }];
    }
    const near = index.assign(item.vector!);
    const themeId = near.themeId ?? idOf('theme', deps.workspaceId, item.conversationId);
    index.add(item.observationId, themeId, item.vector!);
    return [{ ...base, themeId, opens: near.themeId === null, score: near.themeId === null ? null : near.score }];
  }
}
