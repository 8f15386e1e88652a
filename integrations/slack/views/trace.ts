// The chain through one thing, both ways: who said what, what it became, who decided, what was done.
import { LINEAGE_KINDS, type LineageKind, type TraceNode } from '#src/domain/lineage.ts';
import type { TraceReply } from '#src/domain/verbs.ts';
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import { harmless, linkTo, when } from '../text.ts';
import { blocksOf, context, count, section } from './blocks.ts';

const NODES_PER_KIND = 6;

const KIND_WORDS: Record<LineageKind, [one: string, many: string]> = {
  customer: ['Customer', 'Customers'],
  signal: ['Said', 'Said'],
  conversation: ['Conversation', 'Conversations'],
  observation: ['Understood as', 'Understood as'],
  theme: ['Theme', 'Themes'],
  insight: ['Insight', 'Insights'],
  proposal: ['Proposed', 'Proposed'],
  decision: ['Decided', 'Decided'],
  action: ['Done', 'Done'],
  outcome: ['What came of it', 'What came of it'],
};

const LONE_WORDS = {
  not_observed_yet: 'I have this message and have not read it yet. Try again in a few seconds.',
  noise:
    'I have this message, and took it for small talk, or its channel leaves such messages to people: it belongs to no theme. Capture it if that is wrong; `/throughline why` with its link says more.',
  no_theme: 'I have this message; it resembles nothing else so far, so it has no theme yet.',
} as const;

/** The answer to a trace of nothing. */
export const TRACE_WHAT =
  'Tell me what to trace: an insight (`ins_…`), an issue (`ENG-12`), a link to a message, or a ticket (`ticket 1`, `zendesk:1`, `#1`).';

/** The answer to `/throughline trace`. */
export function traceMessage(reply: TraceReply, query: string): Message {
  if (reply.kind === 'unknown') {
    const text = `I found nothing called “${harmless(clip(query, 150))}”. Things that can be traced: ${reply.examples.map((example) => `\`${harmless(clip(example, 100))}\``).join(', ')}.`;
    return { text: text.replace(/`/g, ''), blocks: blocksOf(section(text)) };
  }
  const { trace } = reply;
  const lead = reply.kind === 'lone' ? LONE_WORDS[reply.why] : '*The chain*, from what was said to what became of it';
  const groups = LINEAGE_KINDS.flatMap((kind) => {
    const nodes = trace.nodes.filter((node) => node.kind === kind);
    return nodes.length > 0 ? [groupText(kind, nodes, trace.focus)] : [];
  });
  const hidden = trace.hidden > 0 ? `${count(trace.hidden, 'more')} left out` : null;
  const page = reply.url ? linkTo(reply.url, 'all of it, on one page') : null;
  const footer = [hidden, page].filter(Boolean).join(' · ');
  return {
    text: [lead, ...groups, footer].filter(Boolean).join('\n').replace(/[*`]/g, ''),
    blocks: blocksOf(section(lead), ...groups.map(section), footer !== '' && context(footer)),
  };
}

function groupText(kind: LineageKind, nodes: readonly TraceNode[], focus: string): string {
  const shown = nodes.slice(0, NODES_PER_KIND);
  const [one, many] = KIND_WORDS[kind];
  const rest = nodes.length - shown.length;
  const lines = shown.map((node) => nodeText(node, node.id === focus));
  if (rest > 0) lines.push(`and ${rest} more`);
  return `*${nodes.length === 1 ? one : many}*\n${lines.join('\n')}`;
}

function nodeText(node: TraceNode, isFocus: boolean): string {
  if (node.wordsHidden) return `• hidden: you cannot open where it comes from${isFocus ? ' ← what you asked for' : ''}`;
  const label = linkTo(node.url, clip(node.label, 200));
  const about = [
    node.who && harmless(clip(node.who, 80)),
    node.at && when(node.at),
    node.why && harmless(clip(node.why, 160)),
  ].filter(Boolean);
  return `• ${label}${about.length > 0 ? ` (${about.join(', ')})` : ''}${isFocus ? ' ← what you asked for' : ''}`;
}
