// Lineage: the edges from what was said to what became of it, and the chain they form, both ways.

/** The nodes of the chain, in the order of the flow. */
export const LINEAGE_KINDS = [
  'customer',
  'signal',
  'conversation',
  'observation',
  'theme',
  'insight',
  'proposal',
  'decision',
  'action',
  'outcome',
] as const;
export type LineageKind = (typeof LINEAGE_KINDS)[number];

/** One edge: `from` led to `to`. */
export interface LineageEdge {
  fromKind: LineageKind;
  fromId: string;
  toKind: LineageKind;
  toId: string;
  relation: string;
  /** ISO 8601. */
  at: string;
  /** A person's id, or `throughline`. */
  actor: string;
  why: string | null;
}

/** A node as people see it. Labels are redacted words, ids and codes. */
export interface TraceNode {
  id: string;
  kind: LineageKind;
  label: string;
  at: string | null;
  who: string | null;
  why: string | null;
  url: string | null;
  /** Set where whoever looks cannot open where it was said: only what kind of thing it is remains. */
  wordsHidden?: boolean;
}

/** The chain through one thing, both directions. `hidden` counts nodes that were left out of a long list. */
export interface Trace {
  focus: string;
  nodes: TraceNode[];
  edges: { from: string; to: string; relation: string }[];
  hidden: number;
}
