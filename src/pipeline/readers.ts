// Readers: who can open a channel changes, and what stands in Slack must follow at once: what a newcomer may not read is taken away.
import { createHash } from 'node:crypto';
import type { Db, Telemetry, Tx } from '#src/domain/ports.ts';
import type { Cards, Cursors } from '#src/domain/stores.ts';
import type { Audience } from '#src/domain/visibility.ts';
import type { Places } from './audience.ts';
import type { Next } from './stage.ts';

export interface ReadersDeps {
  db: Db;
  cards: Pick<Cards, 'redrawFor'>;
  places: Pick<Places, 'channels'>;
  cursors: Cursors;
  readersOf: (channelId: string) => Promise<Audience>;
  telemetry: Telemetry;
  now: () => Date;
  send: (tx: Tx, next: Next[]) => Promise<void>;
}

/** Watches over the channels that cards stand in or that reports come from. */
export interface ReadersWatch {
  /** Somebody came or left, or the channel became another kind: its cards, and those that quote it, are drawn again when that matters. */
  changed(channelId: string): Promise<void>;
  /** The same for all channels: for what no event told us. */
  check(): Promise<void>;
}

/** Makes the watch of one workspace. */
export function createReadersWatch(deps: ReadersDeps): ReadersWatch {
  const { db } = deps;
  return {
    async changed(channelId) {
      const known = await deps.places.channels(db, channelId);
      if (known.length > 0) await look(channelId);
    },
    async check() {
      for (const channelId of await deps.places.channels(db, null)) await look(channelId);
    },
  };

  async function look(channelId: string): Promise<void> {
    const name = `readers:${channelId}`;
    const now = fingerprint(await deps.readersOf(channelId));
    if ((await deps.cursors.get(db, name)) === now) return;
    await db.transaction('readers', async (tx) => {
      const ids = await deps.cards.redrawFor(tx, channelId);
      await deps.send(
        tx,
        ids.map((id): Next => ({ stage: 'show', id })),
      );
      await deps.cursors.set(tx, name, now, deps.now());
    });
    deps.telemetry.count('readers_changed_total', {});
  }
}

/** Equal for readers who make no difference: one more full member where every one can read anyway makes none. */
function fingerprint(readers: Audience): string {
  if (readers === 'unknown') return readers;
  const { everyMember, members, outsiders } = readers;
  const told = [everyMember, everyMember ? [] : [...members].sort(), [...outsiders].sort()];
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 32);
}
