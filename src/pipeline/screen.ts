// Screen: the chain of a thing as an audience may see it. What they cannot open keeps its place in the chain and loses its words, its author, its time and its link.
import { wordlessUrl } from '#src/domain/action.ts';
import type { LineageKind, Trace, TraceNode } from '#src/domain/lineage.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Insights } from '#src/domain/stores.ts';
import type { Audience } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';

const SAID: ReadonlySet<LineageKind> = new Set(['signal', 'conversation', 'observation']);

/** Takes out of a trace what not everybody in the audience may read. */
export async function screenTrace(
  deps: { audiences: Pick<Audiences, 'conversations' | 'themes' | 'insights'>; insights: Pick<Insights, 'byId'> },
  tx: Tx,
  trace: Trace,
  audience: Audience,
): Promise<Trace> {
  const idsOf = (kind: LineageKind) => trace.nodes.filter((node) => node.kind === kind).map(({ id }) => id);
  const said = trace.nodes.filter(({ kind }) => SAID.has(kind)).map(({ id }) => id);
  const insights = await Promise.all(idsOf('insight').map((id) => deps.insights.byId(tx, id)));
  const open = new Set([
    ...(await deps.audiences.conversations(tx, said, audience)),
    ...(await deps.audiences.themes(tx, idsOf('theme'), audience)),
    ...(await deps.audiences.insights(
      tx,
      insights.filter((insight) => insight !== null),
      audience,
    )),
  ]);
  // A customer is known by what they said where it can be read.
  for (const { from, to } of trace.edges) if (open.has(to) && from.startsWith('cus_')) open.add(from);
  const screened: ReadonlySet<LineageKind> = new Set([...SAID, 'customer', 'theme', 'insight']);
  const isClosed = (node: TraceNode) => screened.has(node.kind) && !open.has(node.id);
  if (!trace.nodes.some(isClosed)) return trace;
  return { ...trace, nodes: trace.nodes.map((node) => (isClosed(node) ? withoutWords(node) : withoutTraces(node))) };
}

function withoutWords({ id, kind }: TraceNode): TraceNode {
  return { id, kind, label: '', at: null, who: null, why: null, url: null, wordsHidden: true };
}

/** What was done because of it says and links nothing either, but for the issue itself. */
function withoutTraces(node: TraceNode): TraceNode {
  if (node.kind === 'outcome') return { ...node, url: wordlessUrl(node.url) };
  if (node.kind !== 'action') return node;
  const url = wordlessUrl(node.url);
  return { ...node, url, label: url ? node.label : node.label.replace(/: .*?(?=, [a-z ]+$|$)/, '') };
}
