// News: tells the followers of a theme what became of it. Each change once to each, when they may be written to, and never to who did it.
import type { Curations } from '#src/domain/curation.ts';
import { ExternalError, errorLine } from '#src/domain/errors.ts';
import { type Change, type Follower, type NewsRows, type NewsView, newsFor } from '#src/domain/news.ts';
import type { Person } from '#src/domain/policy.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Log, Telemetry, Tx } from '#src/domain/ports.ts';
import { isQuiet, type Preferences } from '#src/domain/preference.ts';
import type { Cards } from '#src/domain/stores.ts';
import type { Audiences } from './audience.ts';

// What is older than this when it could first be said (a long pause) is no news any more.
const NEWS_MS = 7 * 86_400_000;

export interface NewsDeps {
  db: Db;
  rows: NewsRows;
  curations: Pick<Curations, 'survivorOf' | 'absorbedInto' | 'found'>;
  cards: Pick<Cards, 'current'>;
  audiences: Pick<Audiences, 'ofPerson' | 'themes'>;
  preferences: (tx: Tx, personId: string) => Promise<Preferences>;
  paused: (tx: Tx) => Promise<boolean>;
  personOf: (personId: string) => Promise<Person>;
  /** Slack's time zone of a person; null when nobody knows. */
  timeZoneOf: (personId: string) => Promise<string | null>;
  /** The workspace's time zone, for whoever has none. */
  timeZone: (tx: Tx) => Promise<string>;
  nameOf: (actor: string) => Promise<string>;
  /** Sends a direct message. */
  send(personId: string, view: NewsView, key: string): Promise<void>;
  telemetry: Pick<Telemetry, 'count'>;
  log: Log;
  now: () => Date;
}

/** Makes the telling, to be run every minute. Safe to repeat, to miss, and to run twice at once. */
export function createTelling(deps: NewsDeps): () => Promise<void> {
  const { db, rows } = deps;
  return async () => {
    const now = deps.now();
    const followers = await rows.followers(db);
    if (followers.length === 0 || (await deps.paused(db))) return;
    const families = await familiesOf(followers);
    const all = await rows.changes(db, [...families.keys()], new Date(now.getTime() - NEWS_MS));
    if (all.length === 0) return;
    // By the theme that goes on: what was merged in is followed with it, and told once.
    const bySurvivor = Map.groupBy(all, (change) => families.get(change.themeId)!);
    const seen = new Set<string>();
    for (const follower of followers) {
      const survivor = families.get(follower.themeId)!;
      const once = `${follower.personId} ${survivor}`;
      const changes = bySurvivor.get(survivor);
      if (!changes || seen.has(once)) continue;
      seen.add(once);
      try {
        await tell(follower, survivor, changes, now);
      } catch (error) {
        // They are told in the next minute; the others do not wait for it.
        deps.log.warn({ theme: survivor, error: errorLine(error) }, 'a follower could not be told yet');
      }
    }
  };

  /** Every theme that leads to one that is followed, with the one that goes on. */
  async function familiesOf(followers: readonly Follower[]): Promise<Map<string, string>> {
    const families = new Map<string, string>();
    for (const themeId of new Set(followers.map((follower) => follower.themeId))) {
      if (families.has(themeId)) continue;
      const survivor = await deps.curations.survivorOf(db, themeId);
      for (const id of [survivor, ...(await deps.curations.absorbedInto(db, survivor))]) families.set(id, survivor);
    }
    return families;
  }

  async function tell(follower: Follower, survivor: string, changes: readonly Change[], now: Date): Promise<void> {
    const { personId } = follower;
    const told = await rows.told(
      db,
      personId,
      changes.map(({ id }) => id),
    );
    const news = newsFor(changes, follower, told, now);
    if (news.length === 0) return;
    const person = await deps.personOf(personId);
    if (!may(person, 'see', { kind: 'record' }, now).ok) return;
    const zone = (await deps.timeZoneOf(personId)) ?? (await deps.timeZone(db));
    if (isQuiet(now, await deps.preferences(db, personId), zone)) return;
    const view = await viewOf(person, survivor, news);
    if (!view) return;
    // Noted first: a direct message cannot be looked for afterwards, and twice would be noise. The approval behind an issue is told with it.
    const also = changes.filter(
      ({ kind, decisionId }) =>
        kind === 'approved' && news.some((one) => one.kind === 'filed' && one.decisionId === decisionId),
    );
    const ids = [...news, ...also].map(({ id }) => id);
    const mine = await db.transaction('news.claim', (tx) => rows.claim(tx, personId, survivor, ids, now));
    if (!news.some(({ id }) => mine.includes(id))) return;
    try {
      await deps.send(personId, view, news[0]!.id);
      deps.telemetry.count('theme_news_total', { outcome: 'told' });
    } catch (error) {
      const lost = error instanceof ExternalError && !error.effectUnknown;
      if (lost) await db.transaction('news.unclaim', (tx) => rows.unclaim(tx, personId, mine));
      deps.telemetry.count('theme_news_total', { outcome: lost ? 'failed' : 'unknown' });
      throw error;
    }
  }

  async function viewOf(person: Person, themeId: string, news: readonly Change[]): Promise<NewsView | null> {
    const [theme] = await deps.curations.found(db, [themeId]);
    if (!theme) return null;
    const readable = await deps.audiences.themes(db, [themeId], deps.audiences.ofPerson(person));
    const changes: NewsView['changes'] = [];
    for (const change of news) {
      // The address of an issue holds words of its title.
      const issue = change.issue && { ...change.issue, url: readable.has(themeId) ? change.issue.url : null };
      changes.push({ ...change, issue, by: change.by && (await deps.nameOf(change.by)) });
    }
    return {
      themeId,
      title: readable.has(themeId) ? theme.title : null,
      permalink: (await deps.cards.current(db, themeId))?.permalink ?? null,
      changes,
    };
  }
}
