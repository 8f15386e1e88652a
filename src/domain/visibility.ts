// Visibility: who may read where a customer's words come from, against who will read where they would be shown. The one rule for every surface.

/** The people who can open a place in Slack, or who will read what is shown there. Outsiders are guests and people of other companies. */
export interface Readers {
  /** Every full member of the workspace can open it. */
  everyMember: boolean;
  /** Full members who can, where not every one can. */
  members: ReadonlySet<string>;
  outsiders: ReadonlySet<string>;
}

/** Who will read a message. What cannot be found out counts as everybody. */
export type Audience = Readers | 'unknown';

const NOBODY: ReadonlySet<string> = new Set();

/** Tickets, imports and what comes over the API: our own people's, nobody else's. */
export const STAFF_ONLY: Readers = { everyMember: true, members: NOBODY, outsiders: NOBODY };

/** A place that we cannot look into (any more): as a source nobody may read it. */
export const UNKNOWN_SOURCE: Readers = { everyMember: false, members: NOBODY, outsiders: NOBODY };

/** The one full member, guest or stranger who asks. */
export function oneReader(person: { id: string; kind: 'member' | 'guest' | 'external' | 'bot' | 'unknown' }): Readers {
  const only = new Set([person.id]);
  return person.kind === 'member'
    ? { everyMember: false, members: only, outsiders: NOBODY }
    : { everyMember: false, members: NOBODY, outsiders: only };
}

/** Whether guests or people of other companies are among the readers, or may be. */
export function hasOutsiders(audience: Audience): boolean {
  return audience === 'unknown' || audience.outsiders.size > 0;
}

/** Whether everybody who will read `audience` can open `source` anyway. Nothing is shown to anybody by showing it there. */
export function mayRead(source: Readers, audience: Audience): boolean {
  if (audience === 'unknown') return false;
  if (audience.everyMember && !source.everyMember) return false;
  if (!source.everyMember && !isWithin(audience.members, source.members)) return false;
  return isWithin(audience.outsiders, source.outsiders);
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  bug: 'A bug',
  incident: 'An incident',
  feature_request: 'A feature request',
  question: 'A question',
  praise: 'Praise',
  complaint: 'A complaint',
};
// A model may name an area in its own words; what is longer could be a customer's.
const AREA_SHAPE = /^[\p{L}\p{N}]+(?:[ /&-][\p{L}\p{N}]+)?$/u;
const AREA_MAX = 24;

/** An area that is a name and says nothing else. */
export function neutralArea(area: string | null): string | null {
  return area !== null && area.length <= AREA_MAX && AREA_SHAPE.test(area) ? area : null;
}

/** What stands in the place of a title that may not be shown: `A bug in billing`. */
export function neutralTitle({ kind, area }: { kind: string; area: string | null }): string {
  const name = Object.hasOwn(KIND_NAMES, kind) ? KIND_NAMES[kind]! : 'A matter';
  const where = neutralArea(area);
  return where ? `${name} in ${where}` : name;
}

function isWithin(some: ReadonlySet<string>, all: ReadonlySet<string>): boolean {
  for (const one of some) if (!all.has(one)) return false;
  return true;
}
