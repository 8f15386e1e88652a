// The list of insights: what waits for a decision, and what is not in the channel yet.
import type { InsightRow } from '#src/domain/verbs.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless, linkTo } from '../text.ts';
import { blocksOf, context, count, section } from './blocks.ts';

const ROWS_MAX = 20;

const STATE_WORDS: Record<InsightRow['state'], string> = {
  unposted: 'not posted, waits here',
  waiting: 'not posted, waits here',
  open: 'waits for a decision',
  snoozed: 'set aside',
  approved: 'approved, being filed',
  filed: 'filed',
  failed: 'approved, filing failed so far',
  dismissed: 'dismissed',
  done: 'done',
  undone: 'undone',
  folded: 'goes on in a newer card',
  absorbed: 'merged into another theme',
};

/** The answer to `/throughline insight` without an id. */
export function insightsMessage(rows: readonly InsightRow[]): Message {
  const head =
    rows.length === 0
      ? '*There are no insights yet.* One appears when at least three customers report the same thing within 14 days, or when you capture a message and choose *File now*.'
      : `*${count(rows.length, 'insight')}*`;
  const lines = rows.slice(0, ROWS_MAX).map(rowText);
  const more = rows.length - lines.length;
  const footer = `${more > 0 ? `${count(more, 'more')} not listed · ` : ''}look at one with \`/throughline insight <id>\``;
  return {
    text: [head, ...lines, rows.length > 0 ? footer.replace('<id>', 'id') : '']
      .filter(Boolean)
      .join('\n')
      .replace(/[*`]/g, ''),
    blocks: blocksOf(
      section(head),
      ...lines.map(section),
      rows.length > 0 && context(footer.replace('<id>', '&lt;id&gt;')),
    ),
  };
}

function rowText(row: InsightRow): string {
  const title = row.permalink ? linkTo(row.permalink, clip(row.title, 150)) : harmless(clip(row.title, 150));
  const hidden = row.wordsHidden ? ' (its words come from a place that you cannot open)' : '';
  return `${title}${hidden}\n${count(row.customers, 'customer')}, ${count(row.reports, 'report')} · ${STATE_WORDS[row.state]} · \`${row.insightId}\``;
}

/** No insight by that name. */
export function noInsight(query: string): string {
  return `I know no insight called “${harmless(clip(query, 100))}”. \`/throughline insight\` lists them all.`;
}
