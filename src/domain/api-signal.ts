// The body of POST /api/v1/signals: any other source, by the same way as Slack and Zendesk. Strict, since it is ours.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Fact } from './signal.ts';

// A batch is stored in one transaction.
const BATCH_MAX = 500;
const TEXT_MAX = 40_000;

const when = z.iso.datetime({ offset: true, error: 'must be a time like 2026-11-22T09:30:00Z' });

const Common = {
  /** Your own id: the same id and time again changes nothing. Without one, equal content is the same signal. */
  id: z.string().min(1).max(200).optional(),
  at: when.optional(),
  thread: z.string().min(1).max(200).optional(),
  url: z.url({ protocol: /^https?$/, error: 'must be a whole address' }).optional(),
  author: z
    .strictObject({
      id: z.string().min(1).max(200),
      name: z.string().max(200).optional(),
      staff: z.boolean().optional(),
    })
    .optional(),
  customer: z.strictObject({ id: z.string().min(1).max(200), name: z.string().max(200).optional() }).optional(),
};

/** One signal: exactly one of text, metric and event. */
export const ApiSignal = z.union([
  z.strictObject({
    ...Common,
    text: z
      .string()
      .trim()
      .min(1, { error: 'must not be empty' })
      .max(TEXT_MAX, { error: `must have at most ${TEXT_MAX} characters` }),
  }),
  z.strictObject({
    ...Common,
    metric: z.strictObject({
      name: z.string().min(1).max(200),
      value: z.number(),
      unit: z.string().max(40).optional(),
      labels: z.record(z.string(), z.string()).optional(),
    }),
  }),
  z.strictObject({
    ...Common,
    event: z.strictObject({ name: z.string().min(1).max(200), labels: z.record(z.string(), z.string()).optional() }),
  }),
]);
export type ApiSignal = z.infer<typeof ApiSignal>;

const VARIANTS = { text: ApiSignal.options[0], metric: ApiSignal.options[1], event: ApiSignal.options[2] } as const;

/** What a body holds: one signal or up to 500; or the first thing that is wrong with it, by the name of its field. */
export function readBatch(
  body: unknown,
): { ok: true; signals: ApiSignal[] } | { ok: false; field: string; message: string } {
  if (!Array.isArray(body)) {
    const read = readOne(body);
    return read.ok ? { ok: true, signals: [read.signal] } : read;
  }
  if (body.length === 0 || body.length > BATCH_MAX)
    return { ok: false, field: 'body', message: `must hold at least 1 and at most ${BATCH_MAX} signals` };
  const signals: ApiSignal[] = [];
  for (const [index, item] of body.entries()) {
    const read = readOne(item);
    if (!read.ok) return { ...read, field: read.field === 'body' ? String(index) : `${index}.${read.field}` };
    signals.push(read.signal);
  }
  return { ok: true, signals };
}

/** A union answers "invalid input" for whatever is wrong: we look at what it wants to be, and then at its fields. */
function readOne(item: unknown): { ok: true; signal: ApiSignal } | { ok: false; field: string; message: string } {
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return { ok: false, field: 'body', message: 'must be an object, or a list of them' };
  const kinds = (Object.keys(VARIANTS) as (keyof typeof VARIANTS)[]).filter((kind) => kind in item);
  if (kinds.length !== 1)
    return { ok: false, field: 'body', message: 'must have exactly one of text, metric and event' };
  const parsed = VARIANTS[kinds[0]!].safeParse(item);
  if (parsed.success) return { ok: true, signal: parsed.data };
  const issue = parsed.error.issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return { ok: false, field: [...path, issue.keys[0]!].join('.'), message: 'is not known' };
  const given = issue.path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    item,
  );
  const message = given === undefined ? 'is missing' : issue.message.replace(/^Invalid input: expected /, 'must be: ');
  return { ok: false, field: path.join('.'), message };
}

/**
 * The name of a signal's delivery: whoever repeats a call whose answer was lost repeats this. With a time it is the revision of that time,
 * without one the content decides.
 */
export function deliveryIdOf(signal: ApiSignal, externalId: string): string {
  return `${externalId}@${signal.at ? new Date(signal.at).toISOString() : digestOf(signal)}`;
}

/** Turns a batch into facts. `source` names the way in; `historical` is for old data, which opens no cards by itself. */
export function toFacts(
  batch: readonly ApiSignal[],
  now: Date,
  options: { source: 'api' | 'import'; historical: boolean } = { source: 'api', historical: false },
): Extract<Fact, { kind: 'signal' }>[] {
  return batch.map((signal) => {
    const { source, historical } = options;
    const at = new Date(signal.at ?? now).toISOString();
    const id = signal.id ?? digestOf(signal);
    const text = 'text' in signal ? signal.text : null;
    const measure =
      'metric' in signal
        ? {
            name: signal.metric.name,
            value: signal.metric.value,
            unit: signal.metric.unit ?? null,
            labels: signal.metric.labels ?? {},
          }
        : 'event' in signal
          ? { name: signal.event.name, value: null, unit: null, labels: signal.event.labels ?? {} }
          : null;
    const customer = signal.customer
      ? {
          kind: 'organization' as const,
          key: `${source}:customer:${signal.customer.id}`,
          name: signal.customer.name ?? null,
        }
      : signal.author
        ? { kind: 'author' as const, key: `${source}:author:${signal.author.id}`, name: signal.author.name ?? null }
        : null;
    return {
      kind: 'signal',
      signal: {
        source,
        externalId: `${source}:${id}`,
        change: 'created',
        occurredAt: at,
        changedAt: at,
        modality: 'text' in signal ? 'text' : 'metric' in signal ? 'metric' : 'event',
        text,
        measure,
        author: {
          id: signal.author ? `${source}:${signal.author.id}` : null,
          name: signal.author?.name ?? null,
          role: signal.author?.staff ? 'staff' : 'customer',
        },
        container: { id: source, name: null },
        threadId: signal.thread ? `${source}:thread:${signal.thread}` : null,
        permalink: signal.url ?? null,
        customer,
        reliability: 'asserted',
        capturedBy: null,
        historical,
      },
    };
  });
}

function digestOf(signal: ApiSignal): string {
  return createHash('sha256').update(JSON.stringify(signal)).digest('hex').slice(0, 24);
}
