// The watch over who reads what: cards are drawn again when it matters who came, and when no event told of it.
import { expect, it } from 'vitest';
import type { Db } from '#src/domain/ports.ts';
import type { Audience } from '#src/domain/visibility.ts';
import { createReadersWatch } from '#src/pipeline/readers.ts';
import { quietTelemetry } from '#test/support/quiet.ts';

/** Two channels with cards, a third without, and what was drawn again. */
function watching() {
  const channels = new Map<string, Audience>();
  const open = (channelId: string, members: string[], outsiders: string[] = [], everyMember = false) =>
    channels.set(channelId, { everyMember, members: new Set(members), outsiders: new Set(outsiders) });
  const kept = new Map<string, string>();
  const drawn: string[] = [];
  const watch = createReadersWatch({
    db: { transaction: async (_name: string, run: (tx: unknown) => unknown) => run({}) } as unknown as Db,
    cards: { redrawFor: async (_tx, channelId) => [`card in ${channelId}`] },
    places: { channels: async (_tx, only) => ['C1', 'C2'].filter((id) => only === null || id === only) },
    cursors: {
      get: async (_tx, name) => kept.get(name) ?? null,
      set: async (_tx, name, value) => void kept.set(name, value),
    },
    readersOf: async (channelId) => channels.get(channelId) ?? 'unknown',
    telemetry: quietTelemetry,
    now: () => new Date(0),
    send: async (_tx, next) => void drawn.push(...next.map(({ id }) => id)),
  });
  const since = () => drawn.splice(0);
  open('C1', ['mia'], [], true);
  open('C2', ['mia']);
  return { watch, open, channels, since };
}

it('draws the cards of a channel again when a guest comes and when they go, and not for one member more of a public one', async () => {
  const { watch, open, since } = watching();
  await watch.check();
  since();
  open('C1', ['mia', 'max'], [], true);
  await watch.changed('C1');
  expect(since()).toEqual([]);
  open('C1', ['mia', 'max'], ['gus'], true);
  await watch.changed('C1');
  expect(since()).toEqual(['card in C1']);
  await watch.changed('C1');
  expect(since()).toEqual([]);
  open('C1', ['mia', 'max'], [], true);
  await watch.changed('C1');
  expect(since()).toEqual(['card in C1']);
});

it('finds by itself what no event told, and what can be looked into no longer', async () => {
  const { watch, open, channels, since } = watching();
  await watch.check();
  since();
  open('C2', ['mia', 'max']);
  await watch.check();
  expect(since()).toEqual(['card in C2']);
  channels.delete('C1');
  await watch.check();
  expect(since()).toEqual(['card in C1']);
  await watch.check();
  expect(since()).toEqual([]);
});

it('asks nothing about a channel that no card stands in and no report comes from', async () => {
  const { watch, since } = watching();
  await watch.changed('C3');
  expect(since()).toEqual([]);
});
