// Trends: reports counted by time, theme and customer, in one query over one index. Numbers come from here and from nowhere else.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { ObservationKind } from '#src/domain/observation.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { BreakdownBy, Span, TrendsQuery } from '#src/domain/trends.ts';
import type { Keyring } from './keys.ts';

// A message shows few themes, and says how many more there are.
const THEMES_LISTED = 8;
const KEYS_LISTED = 30;
// Opening a name takes some ten microseconds; those of organizations come first.
const NAMES_MAX = 10_000;
const MATCHES_MAX = 50;

/** A query whose words have become ids. Null means any. */
export interface Selection {
  query: TrendsQuery;
  customerIds: string[] | null;
  themeIds: string[] | null;
}

/** How many reports and customers, now and before. `spread` sums the squares of what each customer's reports changed by. */
export interface Tally {
  reports: number;
  reportsBefore: number;
  customers: number;
  customersBefore: number;
  spread: number;
}

export interface CountedTheme extends Tally {
  themeId: string;
  title: string;
  kind: ObservationKind | null;
  area: string | null;
  insightId: string | null;
  permalink: string | null;
  /** Reports per column: first those of the time before, then those of the span. */
  columns: number[];
}

export interface Counted extends Tally {
  columns: number[];
  themes: CountedTheme[];
  /** Themes with reports in the span, listed or not. */
  themesAll: number;
}

/** Opens the counts of one workspace. */
export function createTrends(workspaceId: WorkspaceId, keyring: Keyring) {
  return {
    /** Counts everything that an answer shows. */
    async count(tx: Tx, selection: Selection, span: Span): Promise<Counted> {
      const edges = edgesOf(selection.query, span);
      const columnsBefore = selection.query.previous ? span.edges.length - 1 : 0;
      const columns = span.edges.length - 1 + columnsBefore;
      const chosen = chosenBy(selection, [workspaceId, edges[0], span.to, span.from]);
      const edgesAt = chosen.values.push(edges.slice(0, -1).map((at) => at.toISOString()));
      const [row] = await tx.query<{ total: TallyRow; themes_all: number; columns: Columns; top: ThemeRow[] | null }>(
        `with ${SIDE(chosen.filter)}, place as materialized (
           select c.theme_id, width_bucket(c.first_at, $${edgesAt}::timestamptz[]) as at, count(*)::int as n from conversation c where c.workspace_id = $1 and ${chosen.filter} group by 1, 2
         ), per_theme as (
           select theme_id, ${TALLY} from side group by 1
         ), top as (
           select * from per_theme where reports > 0 order by customers desc, reports desc, theme_id limit ${THEMES_LISTED}
         )
         select (select to_jsonb(x) from (select ${TALLY} from (select sum(now)::int as now, sum(before)::int as before from side group by customer_id) person) x) as total,
           (select count(*) from per_theme where reports > 0)::int as themes_all,
           (select jsonb_object_agg(at, n) from (select at, sum(n) as n from place group by 1) x) as columns,
           (select jsonb_agg(to_jsonb(top) || jsonb_build_object('title', t.title,
               'insight_id', (select i.id from insight i where i.workspace_id = $1 and i.theme_id = t.id order by i.created_at desc limit 1),
               'permalink', (select k.permalink from card k where k.workspace_id = $1 and k.theme_id = t.id order by k.generation desc limit 1),
               'columns', (select jsonb_object_agg(at, n) from place where place.theme_id = t.id),
               'kind', said.kind, 'area', said.area) order by top.customers desc, top.reports desc, top.theme_id)
             from top join theme t on t.workspace_id = $1 and t.id = top.theme_id
             cross join lateral (select mode() within group (order by c.kind) as kind, mode() within group (order by c.area) as area
               from conversation c where c.workspace_id = $1 and ${chosen.filter} and c.theme_id = t.id) said) as top`,
        chosen.values,
      );
      return {
        ...tallyOf(row!.total),
        columns: listOf(row!.columns, columns),
        themes: (row!.top ?? []).map((theme) => ({
          ...tallyOf(theme),
          themeId: theme.theme_id,
          title: theme.title,
          kind: theme.kind,
          area: theme.area,
          insightId: theme.insight_id,
          permalink: theme.permalink,
          columns: listOf(theme.columns, columns),
        })),
        themesAll: row!.themes_all,
      };
    },

    /** The same reports by kind, area or source, the most reports first. */
    async breakdown(
      tx: Tx,
      selection: Selection,
      span: Span,
      by: BreakdownBy,
    ): Promise<(Tally & { key: string | null })[]> {
      const chosen = chosenBy(selection, [workspaceId, edgesOf(selection.query, span)[0], span.to, span.from]);
      const rows = await tx.query<TallyRow & { key: string | null }>(
        `with side as (
           select ${KEY[by]} as key, c.customer_id, ${NOW_AND_BEFORE} from conversation c where c.workspace_id = $1 and ${chosen.filter} group by 1, 2
         )
         select key, ${TALLY} from side group by 1 order by reports desc, reports_before desc, key limit ${KEYS_LISTED}`,
        chosen.values,
      );
      return rows.map((row) => ({ key: row.key, ...tallyOf(row) }));
    },

    /** The customers that a word names: one of our ids, or part of a name. */
    async customersNamed(tx: Tx, value: string): Promise<{ id: string; name: string | null }[]> {
      if (/^cus_[0-9a-f]{24}$/.test(value)) return [{ id: value, name: null }];
      const wanted = fold(value);
      if (wanted === '') return [];
      const found = (await names(tx)).filter(({ name }) => fold(name).includes(wanted));
      // A whole name is meant alone, however many longer ones hold it.
      const whole = found.filter(({ name }) => fold(name) === wanted);
      return (whole.length > 0 ? whole : found).slice(0, MATCHES_MAX);
    },

    customerNames: names,

    /** Where a customer's live reports came in, to know who may be told the name. */
    async conversationsOf(tx: Tx, customerIds: readonly string[]): Promise<{ customerId: string; id: string }[]> {
      const rows = await tx.query<{ customer_id: string; id: string }>(
        `select customer_id, id from unnest($2::text[]) as t (wanted) cross join lateral (
           select c.customer_id, c.id from conversation c where c.workspace_id = $1 and c.customer_id = wanted and c.state = 'live' limit 20) x`,
        [workspaceId, customerIds],
      );
      return rows.map((row) => ({ customerId: row.customer_id, id: row.id }));
    },

    /** The themes that a word names: an id of a theme or of an insight, or part of a title. */
    async themesCalled(tx: Tx, value: string): Promise<{ id: string; byId: boolean }[]> {
      const rows = await tx.query<{ id: string; by_id: boolean }>(
        `select t.id, t.title !~~* $3 as by_id from theme t where t.workspace_id = $1 and t.status = 'active'
           and (t.id = $2 or t.title ~~* $3 or t.id in (select i.theme_id from insight i where i.workspace_id = $1 and i.id = $2)) limit ${MATCHES_MAX}`,
        [workspaceId, value, `%${value.replace(/[\\%_]/g, '\\$&')}%`],
      );
      return rows.map((row) => ({ id: row.id, byId: row.by_id }));
    },

    /** When the oldest report of these sources began; of any source when none is named. */
    async oldest(tx: Tx, sources: readonly string[]): Promise<Date | null> {
      const [row] = await tx.query<{ at: Date | null }>(
        `select min(c.first_at) as at from conversation c where c.workspace_id = $1 and c.state = 'live' and c.theme_id is not null
           and ($2::text[] = '{}' or c.source = any($2))`,
        [workspaceId, sources],
      );
      return row?.at ?? null;
    },

    /** Every area with reports since then, the most reports first. */
    async areas(tx: Tx, since: Date): Promise<string[]> {
      const rows = await tx.query<{ area: string }>(
        `select c.area from conversation c where c.workspace_id = $1 and c.state = 'live' and c.theme_id is not null and c.first_at >= $2 and c.area is not null
         group by 1 order by count(*) desc limit 200`,
        [workspaceId, since],
      );
      return rows.map((row) => row.area);
    },
  };

  async function names(tx: Tx): Promise<{ id: string; name: string }[]> {
    const rows = await tx.query<{ id: string; sealed: Buffer }>(
      `select id, sealed from customer where workspace_id = $1 and sealed is not null
       order by kind in ('organization', 'slack_team', 'channel', 'named') desc, created_at desc, id limit $2`,
      [workspaceId, NAMES_MAX],
    );
    const opened = await keyring.open(
      tx,
      rows.map((row) => ({ subjectId: row.id, keyId: 'k1', sealed: row.sealed })),
    );
    return rows.flatMap(({ id }, at) => (opened[at] ? [{ id, name: opened[at] }] : []));
  }
}

// --- SQL, in pieces that are the same in both questions

const NOW_AND_BEFORE =
  'count(*) filter (where c.first_at >= $4)::int as now, count(*) filter (where c.first_at < $4)::int as before';
const TALLY = `coalesce(sum(now), 0)::int as reports, coalesce(sum(before), 0)::int as reports_before,
  count(*) filter (where now > 0)::int as customers, count(*) filter (where before > 0)::int as customers_before,
  coalesce(sum((now - before)::bigint * (now - before)), 0)::float8 as spread`;
// What is longer than a name, or not shaped like one, might be a customer's words: it counts as without an area.
const KEY: Record<BreakdownBy, string> = {
  kind: 'c.kind',
  source: 'c.source',
  area: `case when length(c.area) <= 24 and c.area ~ '^[[:alnum:]]+([ /&-][[:alnum:]]+)?$' then c.area end`,
};

/** One row for each customer of each theme. */
function SIDE(filter: string): string {
  return `side as materialized (select c.theme_id, c.customer_id, ${NOW_AND_BEFORE} from conversation c where c.workspace_id = $1 and ${filter} group by 1, 2)`;
}

// What people have called noise is no trend; who names the theme gets it.
const HEARD = ` and c.theme_id not in (select id from theme where workspace_id = $1 and noise_by is not null)`;

/** The reports of a selection: $1 workspace, $2 from, $3 to, $4 where before ends and now begins. */
function chosenBy(
  { query: { filters }, customerIds, themeIds }: Selection,
  start: readonly unknown[],
): { filter: string; values: unknown[] } {
  const values = [...start];
  const any = (column: string, list: readonly string[] | null) =>
    list === null ? '' : ` and ${column} = any($${values.push(list)}::text[])`;
  const unless = (list: readonly string[]) => (list.length > 0 ? list : null);
  const area = unless(filters.area.map((value) => value.toLowerCase()));
  return {
    filter: `c.state = 'live' and c.theme_id is not null and c.first_at >= $2 and c.first_at < $3${any('c.source', unless(filters.source))}${any('c.kind', unless(filters.kind))}${any('lower(c.area)', area)}${any('c.customer_id', customerIds)}${any('c.theme_id', themeIds)}${themeIds === null ? HEARD : ''}`,
    values,
  };
}

/** The edges of all columns: those of the time before, shifted by its length, then those of the span. */
function edgesOf({ previous }: TrendsQuery, { edges, from, before }: Span): Date[] {
  if (!previous) return edges;
  const shift = from.getTime() - before.getTime();
  return [...edges.slice(0, -1).map((at) => new Date(at.getTime() - shift)), ...edges];
}

// --- rows

interface TallyRow {
  reports: number;
  reports_before: number;
  customers: number;
  customers_before: number;
  spread: number;
}
type Columns = Record<string, number> | null;
interface ThemeRow extends TallyRow {
  theme_id: string;
  title: string;
  kind: ObservationKind | null;
  area: string | null;
  insight_id: string | null;
  permalink: string | null;
  columns: Columns;
}

function tallyOf(row: TallyRow): Tally {
  return {
    reports: row.reports,
    reportsBefore: row.reports_before,
    customers: row.customers,
    customersBefore: row.customers_before,
    spread: row.spread,
  };
}

function listOf(columns: Columns, length: number): number[] {
  return Array.from({ length }, (_, at) => columns?.[at + 1] ?? 0);
}

function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
