// Trends: counts everything that was asked for, and names only what the audience may read.
import { changeOf, type Measure, measureOf } from '#src/domain/change.ts';
import { nearestWords } from '#src/domain/nearest.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Telemetry, Tx } from '#src/domain/ports.ts';
import type { Records } from '#src/domain/stores.ts';
import {
  type BreakdownBy,
  PERIOD_DAYS_MAX,
  type Span,
  spanOf,
  type TrendRow,
  type TrendsQuery,
  type TrendVerbs,
  type Unmatched,
} from '#src/domain/trends.ts';
import { type Audience, neutralArea, neutralTitle } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';

const NEAR_MAX = 3;
const DAY_MS = 86_400_000;
// A quiet first day does not make a time before that nobody listened to.
const COVERED_MS = DAY_MS;

interface Selection {
  query: TrendsQuery;
  customerIds: string[] | null;
  themeIds: string[] | null;
}

interface Tally {
  reports: number;
  reportsBefore: number;
  customers: number;
  customersBefore: number;
  /** The squares of what each customer's reports changed by, summed. */
  spread: number;
}

/** What the store counts. */
export interface TrendStore {
  count(
    tx: Tx,
    selection: Selection,
    span: Span,
  ): Promise<
    Tally & {
      columns: number[];
      themes: (Tally &
        Pick<TrendRow, 'themeId' | 'kind' | 'area' | 'insightId' | 'permalink'> & {
          title: string;
          columns: number[];
        })[];
      themesAll: number;
    }
  >;
  breakdown(tx: Tx, selection: Selection, span: Span, by: BreakdownBy): Promise<(Tally & { key: string | null })[]>;
  customersNamed(tx: Tx, value: string): Promise<{ id: string; name: string | null }[]>;
  customerNames(tx: Tx): Promise<{ id: string; name: string }[]>;
  conversationsOf(tx: Tx, customerIds: readonly string[]): Promise<{ customerId: string; id: string }[]>;
  themesCalled(tx: Tx, value: string): Promise<{ id: string; byId: boolean }[]>;
  areas(tx: Tx, since: Date): Promise<string[]>;
  oldest(tx: Tx, sources: readonly string[]): Promise<Date | null>;
}

export interface TrendingDeps {
  db: Db;
  store: TrendStore;
  audiences: Pick<Audiences, 'themes' | 'conversations' | 'ofChannel'>;
  records: Pick<Records, 'audit'>;
  telemetry: Pick<Telemetry, 'count'>;
  nameOf: (actor: string) => Promise<string>;
  now: () => Date;
}

/** Makes the verbs of trends. */
export function createTrending(deps: TrendingDeps): TrendVerbs {
  const { db, store, audiences, now } = deps;
  const verbs: TrendVerbs = {
    async trends(query, audience) {
      const at = now();
      const span = spanOf(query, at);
      const { selection, unmatched } = await select(query, audience);
      const [counted, uncovered] = await Promise.all([store.count(db, selection, span), uncoveredSince(query, span)]);
      const mayTitle = await audiences.themes(
        db,
        counted.themes.map(({ themeId }) => themeId),
        audience,
      );
      const width = span.edges.length - 1;
      const halves = (columns: readonly number[]) => ({
        columns: columns.slice(-width),
        before: query.previous ? columns.slice(0, width) : null,
      });
      const all = halves(counted.columns);
      const themes = counted.themes.map((theme): TrendRow => {
        const wordsHidden = !mayTitle.has(theme.themeId);
        return {
          themeId: theme.themeId,
          insightId: wordsHidden ? null : theme.insightId,
          title: wordsHidden ? neutralTitle({ kind: theme.kind ?? '', area: theme.area }) : theme.title,
          wordsHidden,
          kind: theme.kind,
          area: wordsHidden ? neutralArea(theme.area) : theme.area,
          permalink: wordsHidden ? null : theme.permalink,
          ...measures(theme, query, uncovered),
          ...halves(theme.columns),
        };
      });
      if (counted.reports + counted.reportsBefore === 0) unmatched.push(...(await unknownAreas(query, at)));
      return {
        query,
        span: {
          from: span.from.toISOString(),
          to: span.to.toISOString(),
          before: span.before.toISOString(),
          days: span.days,
          step: span.step,
        },
        ...measures(counted, query, uncovered),
        columns: all.columns.map((reports, index) => ({
          from: span.edges[index]!.toISOString(),
          to: span.edges[index + 1]!.toISOString(),
          reports,
          before: all.before?.[index] ?? null,
        })),
        themes,
        more: counted.themesAll - themes.length,
        hidden: themes.filter(({ wordsHidden }) => wordsHidden).length,
        unmatched,
        knownSince: uncovered?.toISOString() ?? null,
      };
    },

    async breakdown(query, by, audience) {
      const { selection } = await select(query, audience);
      const span = spanOf(query, now());
      const uncovered = await uncoveredSince(query, span);
      const rows = await store.breakdown(db, selection, span, by);
      return rows.map((row) => ({ key: row.key, ...measures(row, query, uncovered) }));
    },

    async shareTrends({ query, channelId, person, post }) {
      const allowed = may(person, 'see', { kind: 'record' }, now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const audience = await audiences.ofChannel(channelId);
      if (audience === 'unknown' || !audience.members.has(person.id)) return { kind: 'not_there' };
      const view = await verbs.trends(query, audience);
      const by = await deps.nameOf(person.id);
      const { already } = await post(view, by);
      if (already) return { kind: 'shared', already, view, by };
      await db.transaction('share', (tx) =>
        deps.records.audit(tx, [
          {
            actor: person.id,
            verb: 'trends.shared',
            thingKind: 'channel',
            thingId: channelId,
            detail: { reports: view.reports.now, themes: view.themes.length },
            at: now().toISOString(),
          },
        ]),
      );
      deps.telemetry.count('trends_shared_total');
      return { kind: 'shared', already, view, by };
    },
  };
  return verbs;

  /** Makes ids of the words that name customers and themes. A theme is found by its title only by whoever may read it. */
  async function select(
    query: TrendsQuery,
    audience: Audience,
  ): Promise<{ selection: Selection; unmatched: Unmatched[] }> {
    const { customer, theme } = query.filters;
    const unmatched: Unmatched[] = [];
    const customerIds = new Set<string>();
    for (const value of customer) {
      const found = await store.customersNamed(db, value);
      for (const { id } of found) customerIds.add(id);
      if (found.length === 0) unmatched.push({ filter: 'customer', value, near: await nearCustomers(value, audience) });
    }
    const themeIds = new Set<string>();
    for (const value of theme) {
      const found = await store.themesCalled(db, value);
      const readable = await audiences.themes(
        db,
        found.map(({ id }) => id),
        audience,
      );
      const open = found.filter(({ id, byId }) => byId || readable.has(id));
      for (const { id } of open) themeIds.add(id);
      if (open.length === 0) unmatched.push({ filter: 'theme', value, near: [] });
    }
    return {
      selection: {
        query,
        customerIds: customer.length > 0 ? [...customerIds] : null,
        themeIds: theme.length > 0 ? [...themeIds] : null,
      },
      unmatched,
    };
  }

  /** Names that are near, of customers who wrote where everybody in the audience reads anyway. */
  async function nearCustomers(value: string, audience: Audience): Promise<string[]> {
    const known = await store.customerNames(db);
    const names = nearestWords(
      value,
      known.map(({ name }) => name),
      NEAR_MAX,
    );
    const candidates = known.filter(({ name }) => names.includes(name));
    if (candidates.length === 0) return [];
    const written = await store.conversationsOf(
      db,
      candidates.map(({ id }) => id),
    );
    const open = await audiences.conversations(
      db,
      written.map(({ id }) => id),
      audience,
    );
    const heard = new Set(written.flatMap(({ customerId, id }) => (open.has(id) ? [customerId] : [])));
    return names.filter((name) => candidates.some((one) => one.name === name && heard.has(one.id)));
  }

  /** The oldest report, when it is younger than the time before: what nobody listened to cannot have been less. */
  async function uncoveredSince(query: TrendsQuery, span: Span): Promise<Date | null> {
    if (!query.previous) return null;
    const oldest = await store.oldest(db, query.filters.source);
    return oldest && oldest.getTime() - span.before.getTime() > COVERED_MS ? oldest : null;
  }

  async function unknownAreas(query: TrendsQuery, at: Date): Promise<Unmatched[]> {
    if (query.filters.area.length === 0) return [];
    const known = await store.areas(db, new Date(at.getTime() - PERIOD_DAYS_MAX * DAY_MS));
    const names = known.flatMap((area) => neutralArea(area) ?? []);
    return query.filters.area
      .filter((value) => !known.some((area) => area.toLowerCase() === value.toLowerCase()))
      .map((value) => ({ filter: 'area', value, near: nearestWords(value, names, NEAR_MAX) }));
  }
}

/**
 * Counts beside those before. Reports of one customer come in clumps: what each customer's reports changed by, squared, says how large the clumps
 * are. Customers are compared as if those of both times were different people, which makes the interval wider, never narrower.
 */
function measures(
  tally: Tally,
  { previous }: TrendsQuery,
  uncovered: Date | null,
): { reports: Measure; customers: Measure } {
  if (!previous) return { reports: measureOf(tally.reports, null), customers: measureOf(tally.customers, null) };
  if (uncovered) {
    return {
      reports: { now: tally.reports, before: tally.reportsBefore, change: null },
      customers: { now: tally.customers, before: tally.customersBefore, change: null },
    };
  }
  const { reports, reportsBefore, spread } = tally;
  const clumping = spread / Math.max(1, reports + reportsBefore);
  return {
    reports: { now: reports, before: reportsBefore, change: changeOf(reports, reportsBefore, clumping) },
    customers: measureOf(tally.customers, tally.customersBefore),
  };
}
