// Who may read what: for any places and any people, nobody learns through a message what they could not open themselves.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Audience,
  hasOutsiders,
  mayRead,
  neutralArea,
  neutralTitle,
  oneReader,
  type Readers,
  STAFF_ONLY,
  UNKNOWN_SOURCE,
} from '#src/domain/visibility.ts';

const MEMBERS = ['mia', 'max', 'moe', 'ida'];
// What every member can open, somebody who is hired tomorrow opens too; no list of members has them yet.
const TOMORROW = 'hired tomorrow';
// Whoever a company on the other side of a shared channel lets in some day is an outsider by the name of that channel.
const OUTSIDERS = ['gus', 'gil', 'eve of Globex', 'shared:C1', 'shared:C2'];

const people = (of: readonly string[]) => fc.subarray([...of]).map((some): ReadonlySet<string> => new Set(some));
const none = fc.constant<ReadonlySet<string>>(new Set());
/** Public and private channels, direct messages, channels shared with another company, tickets, and places that we cannot look into. */
const place: fc.Arbitrary<Readers> = fc.oneof(
  fc.record({ everyMember: fc.constant(true), members: people(MEMBERS), outsiders: people(OUTSIDERS) }),
  fc.record({ everyMember: fc.constant(false), members: people(MEMBERS), outsiders: people(OUTSIDERS) }),
  fc.record({ everyMember: fc.constant(false), members: people(MEMBERS), outsiders: none }),
  fc.constantFrom(STAFF_ONLY, UNKNOWN_SOURCE),
);
const somebody = fc.oneof(
  fc.constantFrom(...MEMBERS).map((id) => oneReader({ id, kind: 'member' })),
  fc
    .tuple(fc.constantFrom(...OUTSIDERS), fc.constantFrom('guest', 'external', 'unknown', 'bot'))
    .map(([id, kind]) => oneReader({ id, kind: kind as 'guest' })),
);
const audience: fc.Arbitrary<Audience> = fc.oneof(
  place.filter((one) => one !== UNKNOWN_SOURCE),
  somebody,
  fc.constant('unknown' as const),
);

/** The rule said another way: person by person. */
const opens = (where: Readers, person: string) =>
  person === TOMORROW || MEMBERS.includes(person)
    ? where.everyMember || where.members.has(person)
    : where.outsiders.has(person);
const everybody = [...MEMBERS, TOMORROW, ...OUTSIDERS];

describe('what may be shown where', () => {
  it('is shown when each who would read it can open it themselves, and only then', () => {
    fc.assert(
      fc.property(place, audience, (source, target) => {
        const allowed =
          target !== 'unknown' && everybody.filter((one) => opens(target, one)).every((one) => opens(source, one));
        expect(mayRead(source, target)).toBe(allowed);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never becomes more by one more reader', () => {
    fc.assert(
      fc.property(place, audience, fc.constantFrom(...everybody), (source, target, newcomer) => {
        if (target === 'unknown') return;
        const side = !OUTSIDERS.includes(newcomer) ? 'members' : 'outsiders';
        const more = { ...target, [side]: new Set([...target[side], newcomer]) };
        if (mayRead(source, more)) expect(mayRead(source, target)).toBe(true);
        if (mayRead(source, { ...target, everyMember: true })) expect(mayRead(source, target)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('never becomes less when more people can open the source', () => {
    fc.assert(
      fc.property(place, audience, people(MEMBERS), people(OUTSIDERS), (source, target, members, outsiders) => {
        if (!mayRead(source, target)) return;
        const wider = {
          everyMember: source.everyMember,
          members: new Set([...source.members, ...members]),
          outsiders: new Set([...source.outsiders, ...outsiders]),
        };
        expect(mayRead(wider, target)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('can always be read where it was said, unless we cannot look there', () => {
    fc.assert(
      fc.property(place, (where) => {
        expect(mayRead(where, where)).toBe(true);
      }),
    );
    expect(mayRead(STAFF_ONLY, 'unknown')).toBe(false);
    expect(mayRead(UNKNOWN_SOURCE, STAFF_ONLY)).toBe(false);
  });

  it('shows a guest nothing of a ticket, and a member all of it', () => {
    expect(mayRead(STAFF_ONLY, oneReader({ id: 'gus', kind: 'guest' }))).toBe(false);
    expect(mayRead(STAFF_ONLY, oneReader({ id: 'mia', kind: 'member' }))).toBe(true);
  });

  it('knows where outsiders read along', () => {
    expect(hasOutsiders('unknown')).toBe(true);
    expect(hasOutsiders(STAFF_ONLY)).toBe(false);
    expect(hasOutsiders({ ...STAFF_ONLY, outsiders: new Set(['gus']) })).toBe(true);
  });
});

describe('what stands in the place of a title', () => {
  it('is made of the kind and the area', () => {
    expect(neutralTitle({ kind: 'bug', area: 'billing' })).toBe('A bug in billing');
    expect(neutralTitle({ kind: 'feature_request', area: null })).toBe('A feature request');
    expect(neutralTitle({ kind: 'constructor', area: 'sign-in' })).toBe('A matter in sign-in');
  });

  it('takes no sentence for an area, whoever wrote it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (area) => {
        const shown = neutralArea(area);
        if (shown !== null) expect(shown.split(/[ /&-]/).length).toBeLessThanOrEqual(2);
        expect(neutralTitle({ kind: 'bug', area }).length).toBeLessThanOrEqual(40);
      }),
    );
    expect(neutralArea('the merger of Globex')).toBeNull();
    expect(neutralArea('x'.repeat(25))).toBeNull();
    expect(neutralArea('user management')).toBe('user management');
  });
});
