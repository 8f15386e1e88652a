// Audience: whose words may be shown to whom. Every surface asks here before it shows what customers said; numbers need no permission.
import type { Insight } from '#src/domain/insight.ts';
import type { Person } from '#src/domain/policy.ts';
import type { Tx } from '#src/domain/ports.ts';
import { type Audience, mayRead, oneReader, type Readers, STAFF_ONLY, UNKNOWN_SOURCE } from '#src/domain/visibility.ts';

/** Where conversations were written, as the store knows it: `slack:C…`, or a container of another source. */
export interface Places {
  /** Of conversations, and of signals and observations that are part of one. */
  containersOf(tx: Tx, ids: readonly string[]): Promise<{ id: string; containerId: string }[]>;
  /** Channels of Slack that cards stand in or that reports come from: all of them, or the named one when it is such a channel. */
  channels(tx: Tx, only: string | null): Promise<string[]>;
  /** Every place that live reports of these themes come from. */
  containersOfThemes(tx: Tx, themeIds: readonly string[]): Promise<{ id: string; containerId: string }[]>;
}

export interface AudienceDeps {
  places: Pick<Places, 'containersOf' | 'containersOfThemes'>;
  /** Who can open a channel of Slack. */
  readersOf: (channelId: string) => Promise<Audience>;
}

/** Who reads, and what they may read. */
export interface Audiences {
  ofPerson(person: Person): Audience;
  ofChannel(channelId: string): Promise<Audience>;
  /** Those of these places that everybody in the audience can open. */
  places(containerIds: readonly string[], audience: Audience): Promise<Set<string>>;
  /** Those of these conversations (or signals, or observations) whose words everybody in the audience may read anyway. */
  conversations(tx: Tx, ids: readonly string[], audience: Audience): Promise<Set<string>>;
  /** Those of these themes whose words (title, claim, proposal) may be shown: every report of them may be read. */
  themes(tx: Tx, ids: readonly string[], audience: Audience): Promise<Set<string>>;
  /** Those of these insights whose words may be shown: their theme's may, and every report that they quote may be read. */
  insights(tx: Tx, insights: readonly Quoting[], audience: Audience): Promise<Set<string>>;
}

type Quoting = Pick<Insight, 'id' | 'themeId' | 'evidence'>;

/** Makes the answers for one workspace. */
export function createAudiences(deps: AudienceDeps): Audiences {
  const audiences: Audiences = {
    ofPerson: (person) => oneReader(person),
    ofChannel: (channelId) => deps.readersOf(channelId),
    async places(containerIds, audience) {
      const open = await openPlaces(
        containerIds.map((containerId) => ({ id: containerId, containerId })),
        audience,
      );
      return new Set(open.flatMap(({ id, isOpen }) => (isOpen ? [id] : [])));
    },
    async conversations(tx, ids, audience) {
      const open = await openPlaces(await deps.places.containersOf(tx, ids), audience);
      return new Set(open.flatMap(({ id, isOpen }) => (isOpen ? [id] : [])));
    },
    async themes(tx, ids, audience) {
      const rows = await openPlaces(await deps.places.containersOfThemes(tx, ids), audience);
      const closed = new Set(rows.flatMap(({ id, isOpen }) => (isOpen ? [] : [id])));
      // Where nothing is left of what was said, nobody can tell any more who could read it.
      const known = new Set(rows.map(({ id }) => id));
      return new Set(ids.filter((id) => known.has(id) && !closed.has(id)));
    },
    async insights(tx, insights, audience) {
      const quoted = insights.flatMap(({ evidence }) => evidence.map(({ conversationId }) => conversationId));
      const [themes, open] = await Promise.all([
        audiences.themes(tx, [...new Set(insights.map(({ themeId }) => themeId))], audience),
        audiences.conversations(tx, [...new Set(quoted)], audience),
      ]);
      const shown = insights.filter(
        ({ themeId, evidence }) =>
          themes.has(themeId) && evidence.every(({ conversationId }) => open.has(conversationId)),
      );
      return new Set(shown.map(({ id }) => id));
    },
  };
  return audiences;

  async function openPlaces(
    rows: readonly { id: string; containerId: string }[],
    audience: Audience,
  ): Promise<{ id: string; isOpen: boolean }[]> {
    const containers = [...new Set(rows.map(({ containerId }) => containerId))];
    const isOpen = new Map<string, boolean>();
    for (const container of containers) isOpen.set(container, mayRead(await readersOfSource(container), audience));
    return rows.map(({ id, containerId }) => ({ id, isOpen: isOpen.get(containerId) ?? false }));
  }

  async function readersOfSource(containerId: string): Promise<Readers> {
    if (!containerId.startsWith('slack:')) return STAFF_ONLY;
    const readers = await deps.readersOf(containerId.slice('slack:'.length));
    return readers === 'unknown' ? UNKNOWN_SOURCE : readers;
  }
}
