// How a chart looks: Vega-Lite's description of it. Bars are now, a dashed line is before: no meaning by colour alone.
import type { TopLevelSpec } from 'vega-lite';
import type { Chart, ChartSeries } from '#src/domain/chart.ts';
import { fitted, printable } from './letters.ts';

export const FONT = 'Inter';
/** Wide enough for a message on a desktop; Slack scales it down on a phone. */
const WIDTH = 540;
const HEIGHT = 190;
// Two beside each other leave room for a title of some fifty letters.
const PANELS_PER_ROW = 2;
const PANEL_GAP = 30;
const PANEL_WIDTH = Math.floor((WIDTH - (PANELS_PER_ROW - 1) * PANEL_GAP) / PANELS_PER_ROW);
const PANEL_HEIGHT = 46;
const PANELS_MAX = 6;
const LABEL_WIDTH = 64;
// Labels that stand beside each other without touching.
const LABELS_MAX = 8;

// All text has a contrast of at least 7 on white, all marks of at least 3; the picture brings its own background, for dark and light.
const COLOR = { paper: '#ffffff', ink: '#1d1c1d', soft: '#505050', now: '#3f86c4', before: '#2b2b2b', line: '#e6e6e6' };

/** The description of a chart. Text in it is data: it is drawn as it is, clipped, and can do nothing. */
export function specOf(chart: Chart): TopLevelSpec {
  const panels = chart.panels.slice(0, PANELS_MAX);
  const top = Math.max(1, ...panels.flatMap(({ now, before }) => [...now, ...(before ?? [])]));
  const rows = Array.from({ length: Math.ceil(panels.length / PANELS_PER_ROW) }, (_, row) =>
    panels.slice(row * PANELS_PER_ROW, (row + 1) * PANELS_PER_ROW),
  );
  return {
    background: COLOR.paper,
    padding: { left: 20, right: 20, top: 18, bottom: 18 },
    title: {
      text: fitted(chart.title, WIDTH + 40, 17),
      subtitle: chart.subtitle.map((text) => fitted(text, WIDTH + 40, 12)),
      anchor: 'start',
      frame: 'bounds',
      offset: 16,
      fontSize: 17,
      fontWeight: 600,
      color: COLOR.ink,
      subtitleColor: COLOR.soft,
      subtitleFontSize: 12,
      subtitleLineHeight: 17,
      subtitlePadding: 6,
    },
    spacing: 26,
    vconcat: [
      large(chart),
      ...(rows.length > 0
        ? [
            {
              title: {
                text: fitted(chart.panelsTitle, WIDTH, 13),
                anchor: 'start' as const,
                frame: 'group' as const,
                fontSize: 13,
                fontWeight: 600 as const,
                color: COLOR.ink,
                offset: 12,
              },
              spacing: 20,
              vconcat: rows.map((row) => ({
                spacing: PANEL_GAP,
                bounds: 'flush' as const,
                hconcat: row.map((panel) => ({
                  width: PANEL_WIDTH,
                  height: PANEL_HEIGHT,
                  view: { stroke: null },
                  layer: [
                    ...marks(panel, { top, axis: false }),
                    words(fitted(panel.title, PANEL_WIDTH, 12), { y: -22, color: COLOR.ink, weight: 600 }),
                    words(fitted(panel.note, PANEL_WIDTH, 11), { y: -7, color: COLOR.soft, weight: 400 }),
                  ],
                })),
              })),
            },
          ]
        : []),
    ],
    config: {
      font: FONT,
      locale: { number: { decimal: '.', thousands: separator(chart.locale), grouping: [3], currency: ['', ''] } },
      view: { stroke: null },
      axis: {
        labelColor: COLOR.soft,
        titleColor: COLOR.soft,
        gridColor: COLOR.line,
        domainColor: '#a0a0a0',
        tickColor: '#a0a0a0',
        labelFontSize: 11,
        titleFontSize: 11,
        titleFontWeight: 400,
        titlePadding: 8,
      },
    },
  } as TopLevelSpec;
}

function large(chart: Chart) {
  const top = Math.max(1, ...chart.now, ...(chart.before ?? []));
  const last = chart.now.length - 1;
  const every = Math.max(1, Math.ceil(chart.now.length / LABELS_MAX));
  // Counted from the end: the newest column always has its name.
  const labelled = chart.now.flatMap((_, at) => ((last - at) % every === 0 ? [at] : []));
  return {
    width: WIDTH,
    height: HEIGHT,
    layer: [
      ...marks(chart, { top, axis: true, unit: chart.unit, labels: chart.labels, labelled }),
      ...(chart.before
        ? [
            {
              data: { values: [{ at: last, n: chart.before[last] ?? 0, words: inTwoLines(chart.beforeName) }] },
              mark: { type: 'text', align: 'left', dx: 14, color: COLOR.before, fontSize: 11, lineHeight: 13 },
              encoding: { x: place(), y: amount(top), text: { field: 'words' } },
            },
          ]
        : []),
    ],
  };
}

interface Look {
  top: number;
  axis: boolean;
  unit?: string;
  labels?: readonly string[];
  labelled?: readonly number[];
}

/** Bars for now, and a dashed line with a light edge for before, so that it can be seen on bars too. */
function marks({ now, before }: ChartSeries, look: Look) {
  const values = (list: readonly number[]) => list.map((n, at) => ({ at, n }));
  const x = look.axis
    ? {
        ...place(),
        axis: {
          title: null,
          grid: false,
          labelAngle: 0,
          values: [...(look.labelled ?? [])],
          labelExpr: `${JSON.stringify((look.labels ?? []).map((label) => printable(label)))}[datum.value]`,
          labelOverlap: true,
        },
      }
    : { ...place(), axis: { title: null, labels: false, ticks: false, grid: false } };
  const y = look.axis
    ? {
        ...amount(look.top),
        axis: { title: look.unit ? fitted(look.unit, HEIGHT, 11) : null, tickMinStep: 1, tickCount: 5, domain: false },
      }
    : { ...amount(look.top), axis: null };
  const line = (color: string, width: number, dash: number[]) => ({
    data: { values: values(before ?? []) },
    mark: { type: 'line', color, strokeWidth: width, strokeDash: dash, strokeJoin: 'round' },
    encoding: { x, y },
  });
  const [width, dash] = look.axis ? [2, [5, 4]] : [1.4, [3, 3]];
  return [
    {
      data: { values: values(now) },
      mark: { type: 'bar', color: COLOR.now, width: { band: 0.74 } },
      encoding: { x, y },
    },
    ...(before ? [line(COLOR.paper, width + 2.5, []), line(COLOR.before, width, dash)] : []),
  ];
}

/** What stands at the end of the line, narrow: its last word on a line of its own. */
function inTwoLines(text: string): string[] {
  const parts = printable(text).split(' ');
  return [parts.slice(0, -1).join(' '), parts.at(-1) ?? ''].map((part) => fitted(part, LABEL_WIDTH, 11));
}

function words(text: string, { y, color, weight }: { y: number; color: string; weight: number }) {
  return {
    data: { values: [{ words: text }] },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'bottom',
      x: 0,
      y,
      color,
      fontSize: weight > 500 ? 12 : 11,
      fontWeight: weight,
    },
    encoding: { text: { field: 'words' } },
  };
}

function place() {
  return { field: 'at', type: 'ordinal' as const, scale: { paddingOuter: 0.1 } };
}

function amount(top: number) {
  return {
    field: 'n',
    type: 'quantitative' as const,
    scale: { domain: [0, top], nice: top > 4, zero: true },
    stack: null,
  };
}

function separator(locale: string): string {
  const parts = new Intl.NumberFormat(locale, { useGrouping: 'always' }).formatToParts(10_000);
  return parts.find(({ type }) => type === 'group')?.value ?? '';
}
