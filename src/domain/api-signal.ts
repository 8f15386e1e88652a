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

/** One signal, or up to 500. */
export const ApiBatch = z.union([ApiSignal.transform((one) => [one]), z.array(ApiSignal).min(1).max(BATCH_MAX)]);

/** Turns a batch into facts. `source` names the way in; `historical` is for old data, which opens no cards by itself. */
export function toFacts(
  batch: readonly ApiSignal[],
  now: Date,
  options: { source: 'api' | 'import'; historical: boolean } = { source: 'api', historical: false },
): Extract<Fact, { kind: 'signal' }>[] {
  return batch.map((signal) => {
    const { source, historical } = options;
    const at = new Date(signal.at ?? now).toISOString();
    const id = signal.id ?? createHash('sha256').update(JSON.stringify(signal)).digest('hex').slice(0, 24);
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
