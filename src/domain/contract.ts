// Versioned data contracts. A stored row keeps the version it was written in; reading lifts it, step by step, to the newest.
import { z } from 'zod';
import { AppError } from './errors.ts';

/** A record that carries the version of the contract it was written in. */
export interface Versioned {
  v: number;
}

type Upcaster = (old: Record<string, unknown>) => Record<string, unknown>;

/** One noun's contract: its newest schema, and the way up from every version ever stored. */
export interface Contract<T extends Versioned> {
  name: string;
  version: number;
  schema: z.ZodType<T>;
  /** Reads a stored row of any version. Unknown fields survive, so that an older reader hands on what a newer writer knew. */
  read(row: unknown): T;
  /** Checks what is about to be stored. */
  write(value: T): T;
}

/**
 * Declares a contract. `upcasters[n]` turns a row of version n into one of version n + 1; there must be one for every older version.
 *
 * Throws AppError('bug') at once when a step is missing, and AppError('bad_answer') from `read` when a row fits no version.
 */
export function defineContract<T extends Versioned>(
  name: string,
  version: number,
  schema: z.ZodType<T>,
  upcasters: Record<number, Upcaster> = {},
): Contract<T> {
  for (let from = 1; from < version; from++) {
    if (!upcasters[from]) throw new AppError('bug', `The contract ${name} has no upcaster from version ${from}.`);
  }
  return {
    name,
    version,
    schema,
    read(row) {
      const found = z.looseObject({ v: z.number().int().positive() }).safeParse(row);
      if (!found.success) throw new AppError('bad_answer', `A stored ${name} has no version.`);
      let record: Record<string, unknown> = found.data;
      // A row of a newer version than ours is refused by the schema: it may mean something that we do not know.
      for (let from = found.data.v; from < version; from++) record = { ...upcasters[from]!(record), v: from + 1 };
      const parsed = schema.safeParse(record);
      if (!parsed.success) {
        throw new AppError(
          'bad_answer',
          `A stored ${name} does not fit its contract: ${z.prettifyError(parsed.error)}`,
        );
      }
      return parsed.data;
    },
    write(value) {
      return schema.parse(value);
    },
  };
}

/** Where a record came from, and how it may be used. Every one of the seven contracts carries it. */
export const Provenance = z.looseObject({
  /** The system that told us: slack, zendesk, api, import; `throughline` for what we made ourselves. */
  source: z.string().min(1),
  /** The record's id in that system. */
  externalId: z.string().min(1),
  /** Where a person can open it, when there is such a place. */
  permalink: z.string().nullable(),
  /** When it happened there, ISO 8601. */
  occurredAt: z.string(),
  /** When we learned of it, ISO 8601. */
  receivedAt: z.string(),
});
export type Provenance = z.infer<typeof Provenance>;

/** How a record is governed. Defaults are chosen at ingest; a policy may tighten them later. */
export const Governance = z.looseObject({
  /** How far the record is to be believed: signed by the source, asserted by a client of ours, or derived by us. */
  reliability: z.enum(['signed', 'asserted', 'derived']),
  /** received minus occurred, in milliseconds; never negative. */
  latencyMs: z.number().int().nonnegative(),
  /** What it may contain: text of a customer, pseudonyms only, or nothing personal. */
  privacyClass: z.enum(['customer_text', 'pseudonymous', 'none']),
  /** The region where it must stay, or `any`. */
  residency: z.string(),
  /** Days until it must be gone; null means as long as the workspace lives. */
  retentionDays: z.number().int().positive().nullable(),
});
export type Governance = z.infer<typeof Governance>;
