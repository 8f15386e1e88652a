// The short form of a lineage: the steps that people think in. What is left out is bridged, so that nothing looks unconnected.
import type { Lineage, LineageNode } from '../model.ts';

/** Kinds that the machine needs and a reader mostly does not. */
const BETWEEN = new Set(['customer', 'conversation', 'observation']);

/** Leaves out the steps in between; a signal gets its customers' names as who said it. */
export function condense(lineage: Lineage): Lineage {
  const kinds = new Map(lineage.nodes.map((node) => [node.id, node.kind]));
  const left = (id: string) => BETWEEN.has(kinds.get(id) ?? '') && id !== lineage.focus;
  const next = (id: string) => lineage.edges.filter((edge) => edge.from === id);
  const edges = new Map<string, Lineage['edges'][number]>();
  for (const { id } of lineage.nodes) {
    if (left(id)) continue;
    const seen = new Set<string>();
    const ahead = next(id);
    for (let edge = ahead.pop(); edge; edge = ahead.pop()) {
      if (!left(edge.to)) edges.set(`${id} ${edge.to}`, { from: id, to: edge.to, relation: edge.relation });
      else if (!seen.has(edge.to)) {
        seen.add(edge.to);
        ahead.push(...next(edge.to));
      }
    }
  }
  return {
    ...lineage,
    nodes: lineage.nodes
      .filter((node) => !left(node.id))
      .map((node) => (node.kind === 'signal' ? { ...node, who: saidBy(node, lineage) } : node)),
    edges: [...edges.values()],
  };
}

// A signal and its customer meet in the conversation.
function saidBy(signal: LineageNode, { nodes, edges }: Lineage): string | null {
  const conversations = new Set(edges.filter((edge) => edge.from === signal.id).map((edge) => edge.to));
  const customers = nodes.filter(
    (node) => node.kind === 'customer' && edges.some((edge) => edge.from === node.id && conversations.has(edge.to)),
  );
  return customers.map((node) => node.label).join(', ') || signal.who;
}
