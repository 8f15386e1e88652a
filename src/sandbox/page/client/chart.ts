// The chart block: Slack draws it natively; here it is bars beside their numbers, which say the same.
import type { PageBlock } from '../model.ts';
import { h } from './dom.ts';
import { textOf } from './elements.ts';

interface Row {
  label: string;
  value: number;
}

/** Draws a data_visualization block as one table of bars per series. */
export function drawChart(block: PageBlock): HTMLElement {
  const chart = (block.chart ?? {}) as PageBlock;
  const groups = seriesOf(chart);
  const most = Math.max(1, ...groups.flatMap((group) => group.rows.map((row) => row.value)));
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', null, textOf(block.title)),
    ...groups.map((group) =>
      h(
        'table',
        { 'aria-label': group.name || textOf(block.title) },
        group.name ? h('caption', null, group.name) : null,
        h(
          'tbody',
          null,
          ...group.rows.map((row) =>
            h(
              'tr',
              null,
              h('th', { scope: 'row' }, row.label),
              h('td', { class: 'chart-bar' }, h('span', { style: `width:${Math.round((100 * row.value) / most)}%` })),
              h('td', null, String(row.value)),
            ),
          ),
        ),
      ),
    ),
  );
}

function seriesOf(chart: PageBlock): { name: string; rows: Row[] }[] {
  const rowsOf = (list: unknown): Row[] =>
    (Array.isArray(list) ? (list as PageBlock[]) : []).map((one) => ({
      label: textOf(one.label),
      value: Number(one.value) || 0,
    }));
  if (Array.isArray(chart.segments)) return [{ name: '', rows: rowsOf(chart.segments) }];
  const series = Array.isArray(chart.series) ? (chart.series as PageBlock[]) : [];
  return series.map((one) => ({ name: textOf(one.name), rows: rowsOf(one.data) }));
}
