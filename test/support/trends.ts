// Answers about trends, made up, for views and pictures.
import { measureOf } from '#src/domain/change.ts';
import { spanOf, type TrendRow, type TrendsQuery, type TrendsView } from '#src/domain/trends.ts';

/** The answer to a query when nobody has said anything. */
export function noTrends(query: TrendsQuery, now: Date): TrendsView {
  const span = spanOf(query, now);
  const before = query.previous ? 0 : null;
  return {
    query,
    span: {
      from: span.from.toISOString(),
      to: span.to.toISOString(),
      before: span.before.toISOString(),
      days: span.days,
      step: span.step,
    },
    reports: measureOf(0, before),
    customers: measureOf(0, before),
    columns: span.edges.slice(1).map((to, index) => ({
      from: span.edges[index]!.toISOString(),
      to: to.toISOString(),
      reports: 0,
      before,
    })),
    themes: [],
    more: 0,
    hidden: 0,
    unmatched: [],
    knownSince: null,
  };
}

/** An answer with these themes; the reports of each column are given, now and before, and every third is of a customer of its own. */
export function trendsOf(
  query: TrendsQuery,
  now: Date,
  themes: readonly (Pick<TrendRow, 'title'> & Partial<TrendRow> & { columns: number[]; before: number[] })[],
): TrendsView {
  const empty = noTrends(query, now);
  const width = empty.columns.length;
  const sized = (values: readonly number[]) => Array.from({ length: width }, (_, at) => values[at] ?? 0);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const rows = themes.map((theme, index): TrendRow => {
    const [columns, before] = [sized(theme.columns), sized(theme.before)];
    return {
      themeId: `thm_${index}`,
      insightId: null,
      wordsHidden: false,
      kind: 'bug',
      area: null,
      permalink: null,
      reports: measureOf(sum(columns), query.previous ? sum(before) : null),
      customers: measureOf(Math.ceil(sum(columns) / 3), query.previous ? Math.ceil(sum(before) / 3) : null),
      ...theme,
      columns,
      before: query.previous ? before : null,
    };
  });
  const add = (side: (row: TrendRow) => readonly number[] | null) =>
    Array.from({ length: width }, (_, at) => rows.reduce((total, row) => total + (side(row)?.[at] ?? 0), 0));
  const [reports, before] = [add((row) => row.columns), add((row) => row.before)];
  return {
    ...empty,
    reports: measureOf(sum(reports), query.previous ? sum(before) : null),
    customers: measureOf(Math.ceil(sum(reports) / 3), query.previous ? Math.ceil(sum(before) / 3) : null),
    columns: empty.columns.map((column, at) => ({
      ...column,
      reports: reports[at]!,
      before: query.previous ? before[at]! : null,
    })),
    themes: rows,
  };
}
