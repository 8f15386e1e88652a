// Trends as pictures: what is drawn, what Slack draws itself, and the same in words for whoever sees neither.
import type { ImageBlock, KnownBlock } from '@slack/types';
import type { Chart } from '#src/domain/chart.ts';
import type { TrendsView } from '#src/domain/trends.ts';
import { clip } from '../limits.ts';
import type { Picture } from '../pictures.ts';
import { oneLine, utc } from '../text.ts';
import { count } from './blocks.ts';
import { changeWords, daysWords, filterWords, spanWords } from './trends.ts';

// Slack's limits for its own charts, the stricter ones of those that it has published.
const NATIVE = { title: 50, categories: 20, label: 20 } as const;
const ALT_MAX = 1_900;
const PANELS_MAX = 6;
const DEFAULT_LOCALE = 'en-GB';

/** What the picture of an answer shows. `locale` is how the reader writes numbers. */
export function chartOf(view: TrendsView, locale: string | null): Chart {
  const { query, span, reports, customers, columns, themes } = view;
  const number = numbersIn(locale);
  const unit = unitOf(view);
  const panels = themes.slice(0, PANELS_MAX);
  const top = Math.max(0, ...panels.flatMap((row) => [...row.columns, ...(row.before ?? [])]));
  const change = changeWords(reports);
  return {
    title: `${count(reports.now, 'report', 'reports', number)} from ${count(customers.now, 'customer', 'customers', number)} ${spanWords(view)}`,
    subtitle: [
      [view.knownSince === null ? change : `first report known: ${utc(view.knownSince, 'day')}`, ...filterWords(query)]
        .filter(Boolean)
        .join(' · ') || `${utc(span.from, 'day')} to ${utc(span.to)}`,
      legend(view),
    ],
    unit,
    labels: columnNames(view),
    now: columns.map((column) => column.reports),
    before: query.previous ? columns.map(({ before }) => before ?? 0) : null,
    beforeName: `${daysWords(span.days)} before`,
    panelsTitle: `Top themes, all on the same scale (0 to ${number(top)} ${unit})`,
    panels: panels.map((row, index) => ({
      title: `${index + 1}. ${row.title}`,
      note:
        row.reports.before === null
          ? count(row.reports.now, 'report', 'reports', number)
          : `${count(row.reports.now, 'report', 'reports', number)}, ${number(row.reports.before)} before`,
      now: row.columns,
      before: row.before,
    })),
    locale: known(locale),
  };
}

/** What the picture shows, in words and numbers, for whoever cannot see it. */
export function altText(view: TrendsView, locale: string | null): string {
  const number = numbersIn(locale);
  const { columns, reports, query, themes } = view;
  const names = columnNames(view);
  const most = columns.reduce((best, column, at) => (column.reports > columns[best]!.reports ? at : best), 0);
  const least = columns.reduce((best, column, at) => (column.reports < columns[best]!.reports ? at : best), 0);
  const range =
    columns.length > 1
      ? ` between ${number(columns[least]!.reports)} (${names[least]}) and ${number(columns[most]!.reports)} (${names[most]})`
      : '';
  return clip(
    oneLine(
      [
        `Bar chart of ${unitOf(view)}, ${utc(view.span.from, 'day')} to ${utc(view.span.to, 'day')}: ${number(reports.now)} in all,${range || ' in one bar'}.`,
        query.previous &&
          `As a dashed line the ${daysWords(view.span.days)} before: ${number(reports.before ?? 0)} in all.`,
        themes.length > 0 &&
          `Small charts of the top themes on one scale: ${themes
            .slice(0, PANELS_MAX)
            .map(
              (row, index) =>
                `${index + 1}. ${clip(row.title, 90)}, ${number(row.reports.now)}${row.reports.before === null ? '' : ` (was ${number(row.reports.before)})`}`,
            )
            .join('; ')}.`,
      ]
        .filter(Boolean)
        .join(' '),
    ),
    ALT_MAX,
  );
}

/** A picture that lies in Slack, as a block. */
export function pictureBlock({ fileId, alt }: Picture): ImageBlock {
  return { type: 'image', slack_file: { id: fileId }, alt_text: alt };
}

/** The chart that Slack draws itself, where it can. The table beside it says the same, and more. */
export function nativeChart(view: TrendsView): KnownBlock | null {
  const { columns, query } = view;
  if (columns.length < 2 || view.reports.now + (view.reports.before ?? 0) === 0) return null;
  const step = Math.ceil(columns.length / NATIVE.categories);
  const names = columnNames(view);
  const groups: { label: string; now: number; before: number }[] = [];
  for (let end = columns.length; end > 0; end -= step) {
    const part = columns.slice(Math.max(0, end - step), end);
    groups.unshift({
      label: clip(names[end - 1]!, NATIVE.label),
      now: part.reduce((sum, column) => sum + column.reports, 0),
      before: part.reduce((sum, column) => sum + (column.before ?? 0), 0),
    });
  }
  const series = (name: string, value: (group: (typeof groups)[number]) => number) => ({
    name: clip(name, NATIVE.label),
    data: groups.map((group) => ({ label: group.label, value: value(group) })),
  });
  const chart = {
    type: 'data_visualization',
    title: clip(`Reports, ${daysWords(view.span.days)}`, NATIVE.title),
    chart: {
      type: 'bar',
      series: [series('Now', ({ now }) => now), ...(query.previous ? [series('Before', ({ before }) => before)] : [])],
      axis_config: { categories: groups.map(({ label }) => label), x_label: 'Day (UTC)', y_label: 'Reports' },
    },
  };
  // Slack documents this block and has not put it into its types yet.
  return chart as unknown as KnownBlock;
}

function legend(view: TrendsView): string {
  const { query, span, columns } = view;
  const rolling = 'days' in query.period;
  const step = span.step === 1 ? (rolling ? '24 hours' : 'a day') : span.step === 7 ? 'a week' : '4 weeks';
  const odd = rolling ? columns[0] : columns.at(-1);
  const length = odd ? (Date.parse(odd.to) - Date.parse(odd.from)) / 86_400_000 : span.step;
  const exception =
    Math.abs(length - span.step) > 0.01
      ? `, the ${rolling ? 'first' : 'last'} for ${length < 1 ? 'a part of a day' : daysWords(Math.round(length * 10) / 10)}`
      : '';
  const bars = `Each bar stands for ${step}${exception}, by its ${rolling ? 'end' : 'beginning'} (UTC).`;
  return query.previous ? `${bars} Dashed line: the ${daysWords(span.days)} before.` : bars;
}

function unitOf({ query, span }: TrendsView): string {
  if (span.step === 1) return 'days' in query.period ? 'reports per 24 hours' : 'reports per day';
  return span.step === 7 ? 'reports per week' : 'reports per 4 weeks';
}

/** `22 Nov`: months by name, since half of the world reads 11/12 the other way round. */
function columnNames({ columns, query }: TrendsView): string[] {
  const day = new Intl.DateTimeFormat(DEFAULT_LOCALE, { day: 'numeric', month: 'short', timeZone: 'UTC' });
  return columns.map(({ from, to }) =>
    day.format(new Date('days' in query.period ? Date.parse(to) - 1 : Date.parse(from))),
  );
}

function numbersIn(locale: string | null): (value: number) => string {
  const format = new Intl.NumberFormat(known(locale));
  return (value) => format.format(value);
}

function known(locale: string | null): string {
  try {
    return Intl.NumberFormat.supportedLocalesOf(locale ?? DEFAULT_LOCALE)[0] ?? DEFAULT_LOCALE;
  } catch {
    return DEFAULT_LOCALE;
  }
}
