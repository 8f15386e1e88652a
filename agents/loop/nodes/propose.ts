// Propose: says what would be done about the insight: the issue as it would be filed, with its evidence and the way back to it.
import type { Evidence } from '#src/domain/evidence.ts';
import type { InsightDraft } from '#src/domain/insight.ts';
import { onLine, quoteForMarkdown } from '#src/domain/neutral.ts';
import { type ProposalPayload, priorityOf } from '#src/domain/proposal.ts';
import { toRedactedSpan } from '#src/domain/redaction.ts';
import type { LoopState, LoopUpdate } from '../state.ts';

// Linear's own limit is 255; a title longer than this is cut in every list.
const TITLE_LENGTH_MAX = 120;
const QUOTE_LENGTH_MAX = 300;
// The description stays readable, whatever the number of reports: the lineage page has them all.
const SOURCES_MAX = 20;

/** Links that belong into what we file; injected, since only the app knows its own address. */
export interface Links {
  /** The signed lineage page of a thing, or null when no public address is configured. */
  lineage(id: string): string | null;
}

/** Makes the node. */
export function createPropose(deps: { links: Links; team: () => string | null }) {
  return async function propose(state: LoopState): Promise<LoopUpdate> {
    const { insight, evidence } = state;
    if (!insight || !evidence) return {};
    const proposal: ProposalPayload = {
      kind: 'linear.issue',
      title: onLine(insight.title, TITLE_LENGTH_MAX),
      description: describe(insight, evidence, state.proposalId, deps.links),
      labels: ['customer feedback', ...labelOf(insight.kind)],
      priority: priorityOf(insight.severity),
      team: deps.team(),
      conversationIds: evidence.conversationIds,
    };
    return { proposal };
  };
}

function labelOf(kind: string): string[] {
  if (kind === 'bug' || kind === 'incident') return ['Bug'];
  if (kind === 'feature_request') return ['Feature'];
  return [];
}

function describe(insight: InsightDraft, evidence: Evidence, proposalId: string, links: Links): string {
  const { reach } = insight;
  const day = (iso: string) => iso.slice(0, 10);
  const excerpts = new Map(evidence.excerpts.map((excerpt) => [excerpt.signalId, excerpt]));
  const quotes = insight.evidence.flatMap((quote) => {
    const excerpt = excerpts.get(quote.signalId);
    if (!excerpt) return [];
    const span = toRedactedSpan(excerpt.map, quote.start, quote.end);
    const words = quoteForMarkdown(excerpt.redacted.slice(span.start, span.end), QUOTE_LENGTH_MAX);
    const source = excerpt.permalink
      ? `[${sourceName(excerpt.source)}](${excerpt.permalink})`
      : sourceName(excerpt.source);
    return [`> ${words}\n> — ${day(excerpt.at)}, ${source}`];
  });
  const seen = new Set<string>();
  const sources = evidence.excerpts.flatMap((excerpt) => {
    if (!excerpt.permalink || seen.has(excerpt.conversationId)) return [];
    seen.add(excerpt.conversationId);
    return [`- [${sourceName(excerpt.source)}, ${day(excerpt.at)}](${excerpt.permalink})`];
  });
  const lineage = links.lineage(proposalId);
  return [
    quoteForMarkdown(insight.claim, 600),
    '',
    '**What customers say**',
    '',
    quotes.join('\n\n'),
    '',
    '**Who**',
    '',
    `- ${count(reach.customers, 'customer')}, ${count(reach.people, 'person', 'people')}, ${count(reach.reports, 'report')}`,
    `- ${Object.entries(reach.sources)
      .map(([source, n]) => `${sourceName(source)}: ${n}`)
      .join(', ')}`,
    `- first report ${day(reach.since)}, newest ${day(reach.newest)}`,
    '',
    '**Where it was said**',
    '',
    ...sources.slice(0, SOURCES_MAX),
    ...(sources.length > SOURCES_MAX ? [`- and ${sources.length - SOURCES_MAX} more`] : []),
    '',
    lineage ? `[The whole way from the first message to this issue](${lineage})` : '',
    `Filed by Throughline from ${proposalId}.`,
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function sourceName(source: string): string {
  return { slack: 'Slack', zendesk: 'Zendesk', api: 'API', import: 'Import' }[source] ?? source;
}

function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}
