// Tick: what time itself changes on cards. A snoozed card wakes up, the Undo button goes when its time is over, a held one may speak.
import type { Curations } from '#src/domain/curation.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import { AWAKE, type Cards, type Decisions, type Records, stateAwake } from '#src/domain/stores.ts';
import type { Next } from './stage.ts';

// Woken in one go; the next tick takes the next.
const WAKE_MAX = 100;

export interface TickDeps {
  db: Db;
  cards: Cards;
  decisions: Decisions;
  curations: Pick<Curations, 'muteDue' | 'setMute' | 'note'>;
  records: Records;
  send: (tx: Tx, next: Next[]) => Promise<void>;
  /** Lets cards speak that were held back. */
  release: () => Promise<void>;
  now: () => Date;
}

/** Makes the tick, to be run every minute. Safe to repeat, and to miss. */
export function createTick(deps: TickDeps): () => Promise<void> {
  const { db, cards, decisions } = deps;
  return async () => {
    await db.transaction('tick', async (tx) => {
      const at = deps.now();
      const due = await cards.due(tx, at, WAKE_MAX);
      for (const id of due) {
        const card = await cards.lock(tx, id);
        if (card) await cards.change(tx, id, { ...AWAKE, state: stateAwake(card) });
      }
      await deps.records.audit(
        tx,
        due.map((id) => ({
          actor: 'throughline',
          verb: 'card.woken',
          thingKind: 'card',
          thingId: id,
          at: at.toISOString(),
        })),
      );
      const heard = await deps.curations.muteDue(tx, at, WAKE_MAX);
      for (const id of heard) await unmute(tx, id, at);
      const ended = [...(await decisions.undoEnded(tx, at)), ...(await cards.undoEnded(tx, at))];
      for (const id of ended) await cards.change(tx, id, {});
      await deps.send(
        tx,
        [...due, ...ended].map((id): Next => ({ stage: 'show', id })),
      );
    });
    await deps.release();
  };

  /** What came meanwhile is looked at now. */
  async function unmute(tx: Tx, themeId: string, at: Date): Promise<void> {
    await endMute(deps, tx, themeId, at);
    const card = await cards.current(tx, themeId);
    if (card) await cards.change(tx, card.id, {});
    await deps.send(tx, [{ stage: 'assess', id: themeId }, ...(card ? [{ stage: 'show', id: card.id } as Next] : [])]);
  }
}

/** Ends a mute by itself: its date or its release came, or there are as many reports as it was to wait for. */
export async function endMute(
  deps: { curations: Pick<Curations, 'setMute' | 'note'>; records: Pick<Records, 'audit'> },
  tx: Tx,
  themeId: string,
  at: Date,
): Promise<void> {
  await deps.curations.setMute(tx, themeId, null);
  await deps.curations.note(tx, { themeIds: [themeId], verb: 'unmuted', editId: null, actor: 'throughline', at });
  await deps.records.audit(tx, [
    { actor: 'throughline', verb: 'theme.mute_ended', thingKind: 'theme', thingId: themeId, at: at.toISOString() },
  ]);
}
