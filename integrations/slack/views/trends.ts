// Trends: what is talked about, how much more or less than before, in numbers first.
import type { TrendRow, TrendsView } from '#src/domain/verbs.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless, linkTo, when } from '../text.ts';
import { blocksOf, context, count, section, sparkline } from './blocks.ts';

const ROWS_MAX = 15;

/** The answer to `/throughline trends`. */
export function trendsMessage(view: TrendsView): Message {
  const head =
    view.reports === 0
      ? `*No reports in the last ${view.days} days.* As soon as somebody writes in a channel that I watch, it shows here.`
      : `*${count(view.reports, 'report')} from ${count(view.customers, 'customer')} in the last ${view.days} days*, ${change(view.reports, view.before)}.`;
  const rows = view.themes.slice(0, ROWS_MAX).map((row, index) => rowText(row, index + 1));
  const more = view.more + Math.max(0, view.themes.length - ROWS_MAX);
  const footer = [
    `${when(view.from, 'day')} to ${when(view.to, 'day')}, against the ${view.days} days before`,
    more > 0 && `${count(more, 'more theme')} not listed`,
    'other periods: `/throughline trends 7d`, `30d`, `90d`',
  ]
    .filter(Boolean)
    .join(' · ');
  return {
    text: [head, ...rows, footer].join('\n').replace(/[*`]/g, ''),
    blocks: blocksOf(section(head), ...rows.map(section), context(footer)),
  };
}

function rowText(row: TrendRow, rank: number): string {
  const title = row.permalink ? linkTo(row.permalink, clip(row.title, 120)) : harmless(clip(row.title, 120));
  const bars = row.days.length > 1 ? `\n\`${sparkline(row.days.slice(-30))}\` ${daysWords(row.days)}` : '';
  return `*${rank}.* ${title}: ${count(row.reports, 'report')}, ${count(row.customers, 'customer')}, ${change(row.reports, row.before)}${bars}`;
}

// The bars again as numbers, for whoever cannot see them.
function daysWords(days: readonly number[]): string {
  const top = Math.max(...days);
  return `${days.slice(-7).join(' ')} over the last ${Math.min(7, days.length)} steps, at most ${top}`;
}

// A percentage of small numbers says more than is known; below 5 we only name both.
function change(now: number, before: number): string {
  if (before === now) return `as many as before (${before})`;
  const word = now > before ? 'up' : 'down';
  if (before < 5) return `${word} from ${before}`;
  return `${word} ${Math.round((Math.abs(now - before) / before) * 100)} % from ${before}`;
}
