// Worker: binds the stages to their queues, sweeps what no job carries, and runs what happens by the clock.
import type { Clock, Log } from '#src/domain/ports.ts';
import type { Settled, Stage, StageDeps, StageName } from './stage.ts';
import { runStage } from './stage.ts';

// What a sweep takes at a time; the next sweep takes the next.
const SWEEP_LIMIT = 500;

/** The queue, as the worker uses it. */
export interface WorkQueue {
  work(
    queue: string,
    options: { batch: number; concurrency: number },
    handle: (ids: string[]) => Promise<Map<string, Settled>>,
  ): Promise<void>;
  every(name: string, cron: string, run: () => Promise<void>): Promise<void>;
}

/** Something that happens by the clock. */
export interface Chore {
  name: string;
  /** Five fields, UTC. */
  cron: string;
  run(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: a list of stages over different nouns; each is checked where it is made.
export type AnyStage = Stage<any, any>;

/** How many batches of a stage run at once in this process. Effects and thinking wait for others; themes have one writer by design. */
const CONCURRENCY: Partial<Record<StageName, number>> = { ingest: 2, observe: 2, act: 2, answer: 3 };

/** Starts the stages and the chores, and sweeps once for what an earlier process left. */
export async function startWorker(options: {
  stages: readonly AnyStage[];
  chores: readonly Chore[];
  queue: WorkQueue;
  deps: StageDeps;
  clock: Clock;
  log: Log;
}): Promise<void> {
  const { stages, queue, deps, log } = options;
  for (const stage of stages) {
    const inTurn = createTurns();
    await queue.work(stage.name, { batch: stage.batch, concurrency: CONCURRENCY[stage.name] ?? 1 }, (ids) =>
      inTurn(ids, () => runStage(stage, deps, ids)),
    );
  }
  await sweep(stages, deps, log);
  await queue.every('sweep', '* * * * *', () => sweep(stages, deps, log));
  for (const chore of options.chores) {
    await queue.every(chore.name, chore.cron, async () => {
      try {
        await chore.run();
      } catch (error) {
        // A chore runs again by the clock; its failure must not look like a failed job that somebody has to redo.
        log.warn({ chore: chore.name, error: error instanceof Error ? error.message : String(error) }, 'chore failed');
      }
    });
  }
}

/**
 * Lets one batch at a time work on a thing. A sweep, or a job that was put back after a crash, may name what another batch has in its hands:
 * whoever comes second waits, and then finds nothing left to do.
 */
export function createTurns(): <T>(ids: readonly string[], run: () => Promise<T>) => Promise<T> {
  const busy = new Map<string, Promise<void>>();
  return async (ids, run) => {
    for (let other = busyWith(ids); other; other = busyWith(ids)) await other;
    const turn = Promise.withResolvers<void>();
    for (const id of ids) busy.set(id, turn.promise);
    try {
      return await run();
    } finally {
      for (const id of ids) busy.delete(id);
      turn.resolve();
    }
  };

  function busyWith(ids: readonly string[]): Promise<void> | undefined {
    return ids.map((id) => busy.get(id)).find((turn) => turn !== undefined);
  }
}

/** Sends jobs for everything that waits in the database. A job too many finds nothing to do; a job too few would be a loss. */
export async function sweep(stages: readonly AnyStage[], deps: StageDeps, log: Log): Promise<void> {
  for (const stage of stages) {
    const ids = await stage.pending(SWEEP_LIMIT);
    if (ids.length === 0) continue;
    log.debug({ stage: stage.name, items: ids.length }, 'sweep found work');
    await deps.jobs.send(
      deps.db,
      ids.map((id) => ({ stage: stage.name, id })),
    );
  }
}
