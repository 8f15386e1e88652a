// Linear's filters and pages, over plain values.
import { inputError, invalidArgument } from './errors.ts';

// Linear answers 50 when a page names no size, and refuses more than 250.
const PAGE_SIZE = 50;
const PAGE_SIZE_MAX = 250;

/** The arguments that every list of Linear's takes. */
export interface PageArgs {
  after?: string | null;
  before?: string | null;
  first?: number | null;
  last?: number | null;
  orderBy?: 'createdAt' | 'updatedAt' | null;
  includeArchived?: boolean | null;
  filter?: Filter | null;
}

export interface Filter {
  [field: string]: unknown;
}

interface Listed {
  id: string;
  createdAt: string;
  updatedAt?: string;
  archivedAt?: string | null;
}

type Comparison = (value: unknown, wanted: never) => boolean;

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const time = (value: unknown) => {
  const ms = Date.parse(text(value));
  if (Number.isNaN(ms)) throw invalidArgument(`"${String(value)}" is not a date.`);
  return ms;
};

const COMPARISONS: Record<string, Comparison> = {
  eq: (value, wanted) => same(value, wanted),
  neq: (value, wanted) => !same(value, wanted),
  in: (value, wanted: unknown[]) => wanted.some((one) => same(value, one)),
  nin: (value, wanted: unknown[]) => !wanted.some((one) => same(value, one)),
  eqIgnoreCase: (value, wanted: string) => text(value).toLowerCase() === wanted.toLowerCase(),
  neqIgnoreCase: (value, wanted: string) => text(value).toLowerCase() !== wanted.toLowerCase(),
  contains: (value, wanted: string) => text(value).includes(wanted),
  containsIgnoreCase: (value, wanted: string) => text(value).toLowerCase().includes(wanted.toLowerCase()),
  startsWith: (value, wanted: string) => text(value).startsWith(wanted),
  endsWith: (value, wanted: string) => text(value).endsWith(wanted),
  gt: (value, wanted) => value != null && time(value) > time(wanted),
  gte: (value, wanted) => value != null && time(value) >= time(wanted),
  lt: (value, wanted) => value != null && time(value) < time(wanted),
  lte: (value, wanted) => value != null && time(value) <= time(wanted),
  null: (value, wanted: boolean) => (value == null) === wanted,
};

/** Whether a value passes a filter: comparisons at the leaves, and for several fields at once, `or` where it is written. */
export function passes(value: unknown, filter: Filter): boolean {
  return Object.entries(filter).every(([field, wanted]) => {
    if (wanted === null || wanted === undefined) return true;
    if (field === 'and') return (wanted as Filter[]).every((one) => passes(value, one));
    if (field === 'or') return (wanted as Filter[]).some((one) => passes(value, one));
    const compare = COMPARISONS[field];
    if (compare) return compare(value, wanted as never);
    return passes((value as Record<string, unknown> | null | undefined)?.[field], wanted as Filter);
  });
}

/** One page of a list, newest first as Linear gives it, with the cursors that lead on. */
export function page<T extends Listed, V>(
  list: Iterable<T>,
  args: PageArgs,
  filterable: (one: T) => unknown,
  view: (one: T) => V,
) {
  const size = args.first ?? args.last ?? PAGE_SIZE;
  if (size < 1 || size > PAGE_SIZE_MAX) throw invalidArgument(`first must not be greater than ${PAGE_SIZE_MAX}.`);
  const order = (one: T) => (args.orderBy === 'updatedAt' ? (one.updatedAt ?? one.createdAt) : one.createdAt);
  const all = [...list]
    .filter((one) => args.includeArchived || !one.archivedAt)
    .filter((one) => !args.filter || passes(filterable(one), args.filter))
    .sort((a, b) => order(b).localeCompare(order(a)) || a.id.localeCompare(b.id));
  const start = args.after ? positionOf(all, args.after) + 1 : 0;
  const end = args.before ? positionOf(all, args.before) : all.length;
  const within = all.slice(start, end);
  const fromEnd = args.first == null && args.last != null;
  const shown = fromEnd ? within.slice(-size) : within.slice(0, size);
  const nodes = shown.map(view);
  return {
    nodes,
    edges: nodes.map((node, index) => ({ node, cursor: shown[index]!.id })),
    pageInfo: {
      startCursor: shown[0]?.id ?? null,
      endCursor: shown.at(-1)?.id ?? null,
      hasNextPage: fromEnd ? end < all.length : within.length > shown.length || end < all.length,
      hasPreviousPage: fromEnd ? within.length > shown.length || start > 0 : start > 0,
    },
  };
}

function positionOf(list: readonly Listed[], cursor: string): number {
  const found = list.findIndex((one) => one.id === cursor);
  if (found < 0) throw inputError('Invalid cursor', `The cursor ${cursor} names nothing in this list.`);
  return found;
}

function same(value: unknown, wanted: unknown): boolean {
  // A time may be written in more than one way; ids and names are compared as they stand.
  const both = [value, wanted].map((one) =>
    typeof one === 'string' && /^\d{4}-\d\d-\d\dT/.test(one) ? time(one) : one,
  );
  return both[0] === both[1];
}
