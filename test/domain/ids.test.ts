// Ids: computed from what a thing is, so that a second arrival finds the first.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { idOf, kindOfId, uuidFromKey } from '#src/domain/ids.ts';
import { laterRevision, signalIdOf } from '#src/domain/signal.ts';

// What ids are made of: other systems' ids, times and addresses.
const part = fc.oneof(fc.stringMatching(/^[\w:./-]{0,12}$/), fc.nat());
const parts = fc.array(part, { maxLength: 4 });

it('gives equal parts one id, and different parts different ids', () => {
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same = JSON.stringify(a.map(String)) === JSON.stringify(b.map(String));
      expect(idOf('theme', 'acme', ...a) === idOf('theme', 'acme', ...b)).toBe(same);
    }),
  );
  expect(idOf('signal', 'acme', 'a', 'bc')).not.toBe(idOf('signal', 'acme', 'ab', 'c'));
});

it('never gives two workspaces, or two kinds, the same id', () => {
  fc.assert(
    fc.property(parts, (all) => {
      expect(idOf('signal', 'acme', ...all)).not.toBe(idOf('signal', 'globex', ...all));
      expect(idOf('signal', 'acme', ...all).slice(4)).not.toBe(idOf('conversation', 'acme', ...all).slice(4));
    }),
  );
});

it('keeps its ids from release to release: stored rows point to them', () => {
  expect(idOf('signal', 'acme', 'slack', 'C1:1741600812.004200')).toBe('sig_692aac92c202c0682efa019a');
  expect(uuidFromKey('linear:dec_e81f3b6c0a274d95b81c4f60:0')).toBe('81cc2302-af68-4834-9a09-a3ceef0d423f');
});

it('tells what an id names, and takes no other text for one', () => {
  expect(kindOfId(idOf('insight', 'acme', 'x'))).toBe('insight');
  for (const text of ['', 'ENG-12', 'ins_', 'xyz_0123456789abcdef01234567', `${idOf('insight', 'acme', 'x')}0`]) {
    expect(kindOfId(text)).toBeNull();
  }
});

it('shapes a key as the UUID that Linear accepts from a client', () => {
  fc.assert(
    fc.property(fc.string(), (key) => {
      expect(uuidFromKey(key)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(uuidFromKey(key)).toBe(uuidFromKey(key));
    }),
  );
});

it('finds the same signal again when a message is delivered twice, and another one when it was edited', () => {
  const draft = {
    source: 'slack',
    externalId: 'C1:1',
    change: 'created',
    changedAt: '2025-03-10T10:00:12.004Z',
  } as const;
  expect(signalIdOf('acme', { ...draft })).toBe(signalIdOf('acme', draft));
  const edit = { ...draft, change: 'edited', changedAt: '2025-03-10T10:01:00.000Z' } as const;
  expect(signalIdOf('acme', edit)).not.toBe(signalIdOf('acme', draft));
});

it('agrees on the latest revision of a message in whatever order its revisions come, and a deletion is the last', () => {
  const revision = fc.record({
    change: fc.constantFrom('created' as const, 'edited' as const, 'deleted' as const),
    changedAt: fc.constantFrom('2025-03-10T10:00:00Z', '2025-03-10T10:00:01Z', '2025-03-10T10:00:02Z'),
  });
  const latest = (all: Parameters<typeof laterRevision>[0][]) => all.reduce((a, b) => laterRevision(a, b));
  fc.assert(
    fc.property(
      fc
        .array(revision, { minLength: 1, maxLength: 6 })
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        expect(latest(shuffled)).toEqual(latest(all));
        if (all.some(({ change }) => change === 'deleted')) expect(latest(all).change).toBe('deleted');
      },
    ),
  );
});
