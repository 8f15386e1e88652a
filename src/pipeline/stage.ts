// The one deep helper of the flow: load a batch, work outside any transaction, then one short transaction with everything that follows.
import { AppError, ExternalError, errorLine } from '#src/domain/errors.ts';
import type { Clock, Db, Log, Telemetry, Tx } from '#src/domain/ports.ts';

/** The arrows of the flow, which are also the names of the queues. */
export const STAGE_NAMES = [
  'ingest',
  'observe',
  'theme',
  'assess',
  'show',
  'decide',
  'act',
  'follow',
  'answer',
] as const;
export type StageName = (typeof STAGE_NAMES)[number];

/** A job to come: ids only. */
export interface Next {
  stage: StageName;
  id: string;
  /** Not before this many milliseconds have passed. */
  afterMs?: number;
  /** Old data: everything that people wait for goes first. */
  behind?: boolean;
}

/** Where jobs go. Inside the transaction that changes the state, so that neither exists without the other. */
export interface Jobs {
  send(tx: Tx, next: readonly Next[]): Promise<void>;
}

/**
 * One arrow of the flow. Whatever it does is safe to repeat: `load` leaves out what needs nothing any more, `write` looks again under
 * the row's lock. `work` runs outside any transaction and answers each item alone, so that a bad one fails alone.
 */
export interface Stage<Loaded, Result> {
  name: StageName;
  takes: string;
  makes: string;
  batch: number;
  load(ids: readonly string[]): Promise<Map<string, Loaded>>;
  work(items: ReadonlyMap<string, Loaded>): Promise<Map<string, Result | Error>>;
  write(tx: Tx, results: readonly Done<Loaded, Result>[], at: Date): Promise<Next[]>;
  /** After a failed try: tells people, and closes what will never succeed. `final` is false while it is tried again. */
  failed?(tx: Tx, id: string, item: Loaded, error: Error, final: boolean, at: Date): Promise<Next[]>;
  /** What waits in the database although no job may carry it. Swept at start and every minute. */
  pending(limit: number): Promise<string[]>;
}

export interface Done<Loaded, Result> {
  id: string;
  item: Loaded;
  result: Result;
}

/** What became of each id: done, to be tried again (after a time, when the other side said when), or given up. */
export type Settled = { kind: 'done' } | { kind: 'again'; afterMs: number | null } | { kind: 'failed'; error: string };

export interface StageDeps {
  db: Db;
  jobs: Jobs;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
}

/** Makes `work` of a function for one item; they run one after the other, since most of them wait for one other system. */
export function oneByOne<Loaded, Result>(
  run: (item: Loaded, id: string) => Promise<Result>,
): Stage<Loaded, Result>['work'] {
  return async (items) => {
    const results = new Map<string, Result | Error>();
    for (const [id, item] of items) {
      try {
        results.set(id, await run(item, id));
      } catch (error) {
        results.set(id, error instanceof Error ? error : new Error(String(error)));
      }
    }
    return results;
  };
}

/** Runs a stage over a batch of ids. Never throws for a single item; throws AppError('unavailable') when the database is away. */
export async function runStage<Loaded, Result>(
  stage: Stage<Loaded, Result>,
  deps: StageDeps,
  ids: readonly string[],
): Promise<Map<string, Settled>> {
  const { db, clock, log, telemetry } = deps;
  const started = clock.now().getTime();
  const settled = new Map<string, Settled>(ids.map((id) => [id, { kind: 'done' }]));
  const loaded = await stage.load(ids);
  if (loaded.size === 0) return settled;

  const worked = await stage.work(loaded);
  const done: Done<Loaded, Result>[] = [];
  for (const [id, item] of loaded) {
    const result = worked.get(id);
    if (result instanceof Error) settled.set(id, await failure(id, item, result));
    else if (result === undefined)
      settled.set(id, await failure(id, item, new AppError('bug', `${stage.name} did not answer for ${id}`)));
    else done.push({ id, item, result });
  }
  await writeAll(done);
  telemetry.count('stage_items_total', { stage: stage.name }, loaded.size);
  telemetry.observe('stage_seconds', (clock.now().getTime() - started) / 1000, { stage: stage.name });
  log.debug({ stage: stage.name, items: loaded.size, ms: clock.now().getTime() - started }, 'stage ran');
  return settled;

  async function writeAll(items: Done<Loaded, Result>[]): Promise<void> {
    if (items.length === 0) return;
    try {
      await commit(items);
    } catch (error) {
      if (error instanceof AppError && error.code === 'unavailable') throw error;
      if (items.length === 1) {
        const [only] = items;
        settled.set(only!.id, await failure(only!.id, only!.item, error as Error));
        return;
      }
      // One of them is bad: each alone, so that only that one fails.
      for (const item of items) await writeAll([item]);
    }
  }

  async function commit(items: Done<Loaded, Result>[]): Promise<void> {
    await db.transaction(stage.name, async (tx) => {
      const next = await stage.write(tx, items, clock.now());
      await deps.jobs.send(tx, next);
    });
  }

  async function failure(id: string, item: Loaded, error: Error): Promise<Settled> {
    const retryable = !(error instanceof AppError) || error.retryable;
    const afterMs = error instanceof ExternalError ? error.retryAfterMs : null;
    telemetry.count('stage_failures_total', { stage: stage.name, retryable: String(retryable) });
    log[retryable ? 'warn' : 'error']({ stage: stage.name, id, error: errorLine(error), retryable }, 'stage failed');
    if (stage.failed) {
      const tell = stage.failed.bind(stage);
      await db.transaction(`${stage.name}.failed`, async (tx) => {
        await deps.jobs.send(tx, await tell(tx, id, item, error, !retryable, clock.now()));
      });
    }
    return retryable ? { kind: 'again', afterMs } : { kind: 'failed', error: errorLine(error) };
  }
}
