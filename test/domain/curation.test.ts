// The rules of sorting themes by hand: who survives a merge, what can be taken back, when silence ends, and what the history adds up to.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blockedBy,
  EDIT_KINDS,
  type LaterEdit,
  type Mute,
  muteEnded,
  replay,
  survivorOf,
  titleOf,
  WHOLE,
} from '#src/domain/curation.ts';
import { may, type Person } from '#src/domain/policy.ts';

const AT = new Date('2026-03-02T09:00:00Z');

describe('a merge', () => {
  const side = (themeId: string, hasIssue: boolean, filing = false) => ({ themeId, hasIssue, filing });

  it('goes on in the chosen target, unless only the other one was filed', () => {
    expect(survivorOf(side('a', false), side('b', false))).toMatchObject({ survivor: 'b', swapped: false });
    expect(survivorOf(side('a', false), side('b', true))).toMatchObject({ survivor: 'b', swapped: false });
    expect(survivorOf(side('a', true), side('b', true))).toMatchObject({ survivor: 'b', swapped: false });
    expect(survivorOf(side('a', true), side('b', false))).toMatchObject({
      survivor: 'a',
      absorbed: 'b',
      swapped: true,
    });
  });

  it('waits while the absorbed one is being filed', () => {
    expect(survivorOf(side('a', true, true), side('b', true)).filing).toBe(true);
    expect(survivorOf(side('a', true, true), side('b', false)).filing).toBe(false);
  });
});

describe('taking back', () => {
  const later = (change: Partial<LaterEdit>): LaterEdit => ({
    id: 'later',
    kind: 'moved',
    themeId: 'x',
    otherThemeId: 'y',
    by: 'U1',
    at: AT.toISOString(),
    sharesReports: false,
    ...change,
  });
  const moved = { kind: 'moved', themeId: 'a', otherThemeId: 'b' } as const;

  it('is possible while nothing later builds on it', () => {
    expect(blockedBy(moved, [])).toBeNull();
    expect(blockedBy(moved, [later({ themeId: 'a', otherThemeId: 'c' })])).toBeNull();
  });

  it.each([
    ['the same reports went on', moved, later({ sharesReports: true })],
    ['there is nowhere to go back to', moved, later({ kind: 'merged', themeId: 'a', otherThemeId: 'c' })],
    [
      'it was named again',
      { kind: 'renamed', themeId: 'a', otherThemeId: null },
      later({ kind: 'renamed', themeId: 'a', otherThemeId: null }),
    ],
    [
      'it was unmuted',
      { kind: 'muted', themeId: 'a', otherThemeId: null },
      later({ kind: 'unmuted', themeId: 'a', otherThemeId: null }),
    ],
    [
      'somebody put reports into the new theme',
      { kind: 'split', themeId: 'a', otherThemeId: 'n' },
      later({ themeId: 'c', otherThemeId: 'n' }),
    ],
    [
      'the new theme was merged on',
      { kind: 'split', themeId: 'a', otherThemeId: 'n' },
      later({ kind: 'merged', themeId: 'n', otherThemeId: 'c' }),
    ],
    [
      'some merged reports went on',
      { kind: 'merged', themeId: 'a', otherThemeId: 'b' },
      later({ kind: 'split', themeId: 'b', otherThemeId: 'n', sharesReports: true }),
    ],
  ] as const)('is refused when %s, and names the one to take back first', (_why, edit, blocking) => {
    const harmless = later({ id: 'first', themeId: 'elsewhere', otherThemeId: null, kind: 'renamed' });
    expect(blockedBy(edit, [harmless, blocking])).toBe(blocking);
  });
});

describe('a mute', () => {
  const mute = (change: Partial<Mute>): Mute => ({
    by: 'U1',
    at: AT.toISOString(),
    until: null,
    reports: null,
    atRelease: false,
    ...change,
  });

  it('ends with the first of its conditions, and not before', () => {
    const day = mute({ until: '2026-03-05T00:00:00.000Z', reports: 10 });
    expect(muteEnded(day, AT, 9)).toBeNull();
    expect(muteEnded(day, new Date('2026-03-05T00:00:00Z'), 9)).toBe('date');
    expect(muteEnded(day, AT, 10)).toBe('reports');
    expect(muteEnded(mute({ atRelease: true }), new Date('2036-01-01T00:00:00Z'), 1_000)).toBeNull();
  });

  it('does not end by reports where there are none to count', () => {
    expect(muteEnded(mute({ reports: 1 }), AT, null)).toBeNull();
  });
});

describe('the rights', () => {
  const person = (kind: Person['kind'], approver = false): Person => ({ id: 'U1', kind, approver });
  const ask = (who: Person, whole: boolean, madeBy: string | null = null) =>
    may(who, 'curate', { kind: 'theme', whole, madeBy }, AT);

  it('let every full member sort reports and names, approvers reshape themes, and nobody from outside anything', () => {
    expect(ask(person('member'), false)).toEqual({ ok: true });
    expect(ask(person('member'), true)).toEqual({ ok: false, refusal: 'not_approver' });
    expect(ask(person('member', true), true)).toEqual({ ok: true });
    for (const kind of ['guest', 'external', 'bot', 'unknown'] as const)
      expect(ask(person(kind, true), false).ok).toBe(false);
  });

  it('let people take back what they did themselves, whatever it was', () => {
    expect(ask(person('member'), true, 'U1')).toEqual({ ok: true });
    expect(ask(person('member'), true, 'U2').ok).toBe(false);
  });

  it('call reshaping what changes a theme for everybody', () => {
    expect(EDIT_KINDS.filter((kind) => !WHOLE.has(kind))).toEqual(['renamed', 'moved', 'noise']);
  });
});

describe('a name', () => {
  it('is one line of at most 120 characters', () => {
    expect(titleOf('  CSV \n export\tfails ')).toBe('CSV export fails');
    expect(titleOf(' \n ')).toBeNull();
    expect(titleOf('x'.repeat(121))).toBeNull();
  });
});

describe('the history', () => {
  const verb = fc.constantFrom(
    'opened',
    'assigned',
    'removed',
    'moved',
    'split',
    'merged',
    'noise',
    'returned',
    'released',
  );
  const event = fc.record({
    verb,
    conversationId: fc.option(fc.constantFrom('c1', 'c2', 'c3')),
    themeId: fc.constantFrom('t1', 't2', ''),
    placedBy: fc.option(fc.constantFrom('U1', 'U2')),
  });

  it('places each conversation once, whatever happened, and by its own events alone', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const all = replay(events);
        for (const id of ['c1', 'c2', 'c3']) {
          const own = replay(events.filter(({ conversationId }) => conversationId === id));
          expect(all.get(id)).toEqual(own.get(id));
        }
      }),
    );
  });

  it('never lets the machine take a report from where a person put it by assigning it anew', () => {
    fc.assert(
      fc.property(fc.constantFrom('moved', 'split'), fc.constantFrom('t1', 't2'), (how, themeId) => {
        const placed = replay([
          { verb: 'assigned', conversationId: 'c', themeId: 't0', placedBy: null },
          { verb: how, conversationId: 'c', themeId, placedBy: 'U1' },
          { verb: 'assigned', conversationId: 'c', themeId, placedBy: null },
        ]);
        expect(placed.get('c')).toEqual({ themeId, placedBy: 'U1' });
      }),
    );
  });
});
