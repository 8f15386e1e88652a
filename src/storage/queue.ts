// The queue: pg-boss in our database. Jobs are sent in the transaction that makes them necessary, and carry an id and nothing else.

import pg from 'pg';
import type { Job, JobResult } from 'pg-boss';
import { PgBoss } from 'pg-boss';
import type { Log, Tx } from '#src/domain/ports.ts';

// After a time-out or a crash, a try that nobody finished is given to another worker. Stages finish in seconds; models may take a minute.
const EXPIRE_S = 300;
// A system may be away for a day; the last tries are minutes apart, and the sweep finds what is left.
const RETRIES = 40;
const RETRY_DELAY_S = 1;
const RETRY_DELAY_MAX_S = 300;
const KEEP_DONE_S = 3_600;
// NOTIFY wakes workers at once; polling only finds what a lost notification missed.
const POLL_S = 1;
const POOL_MAX = 3;
// Jobs have priority 0; those of a higher one are taken first.
const BEHIND = -1;
// A database notices within milliseconds that a killed process has hung up; three looks bridge that.
const ALONE_LOOKS = 3;
const ALONE_LOOK_MS = 100;

export interface QueueItem {
  queue: string;
  id: string;
  afterMs?: number;
  /** Taken when nothing else waits. */
  behind?: boolean;
}

/** What a handler answers for each id of its batch. */
export type QueueAnswer = Map<
  string,
  { kind: 'done' } | { kind: 'again'; afterMs: number | null } | { kind: 'failed'; error: string }
>;

export interface Queue {
  /** Begins; what a process that was killed had begun is put back, when no other process works on these queues. */
  start(queues: readonly string[]): Promise<void>;
  send(tx: Tx, items: readonly QueueItem[]): Promise<void>;
  work(
    queue: string,
    options: { batch: number; concurrency: number },
    handle: (ids: string[]) => Promise<QueueAnswer>,
  ): Promise<void>;
  /** Runs `run` at once and then on a schedule, in one process at a time. */
  every(name: string, cron: string, run: () => Promise<void>): Promise<void>;
  /** Ready, waiting and failed jobs per queue, for health and metrics. */
  depth(): Promise<Record<string, { waiting: number; active: number }>>;
  /** Lets running batches finish, up to `drainMs`. */
  stop(drainMs: number): Promise<void>;
}

/** Opens the queue of one workspace; its schema is shared, its queue names carry the workspace. */
export function createQueue(options: { url: string; workspaceId: string; log: Log; db: Tx }): Queue {
  const { log } = options;
  const boss = new PgBoss({
    connectionString: options.url,
    schema: 'queue',
    application_name: 'throughline-queue',
    max: POOL_MAX,
    useListenNotify: true,
    supervise: true,
  });
  boss.on('error', (error: Error) => log.warn({ error: error.message }, 'queue error'));
  boss.on('warning', (warning: { message?: string }) =>
    log.debug({ warning: warning.message ?? 'unknown' }, 'queue warning'),
  );
  const named = (queue: string) => `${options.workspaceId}.${queue}`;
  const made = new Set<string>();
  // Every process holds this lock, shared, as long as it lives: whoever gets it alone is the only one.
  const presence = new pg.Client({ connectionString: options.url, application_name: 'throughline-presence' });
  presence.on('error', (error) => log.warn({ error: error.message }, 'lost the lock that says we are here'));
  const lock = `hashtextextended('queue/${options.workspaceId}', 0)`;

  const make = async (queue: string) => {
    if (made.has(queue)) return;
    await boss.createQueue(named(queue), {
      notify: true,
      retryLimit: RETRIES,
      retryDelay: RETRY_DELAY_S,
      retryBackoff: true,
      retryDelayMax: RETRY_DELAY_MAX_S,
      expireInSeconds: EXPIRE_S,
      deleteAfterSeconds: KEEP_DONE_S,
    });
    made.add(queue);
  };

  /** What was active when its process was killed would otherwise wait for its time-out, minutes from now. */
  const takeOver = async () => {
    await presence.connect();
    if (await isAlone()) {
      const left = await presence.query(
        `update queue.job set state = 'retry', start_after = now() where state = 'active' and starts_with(name, $1)`,
        [named('')],
      );
      if (left.rowCount) log.info({ jobs: left.rowCount }, 'took over what an earlier process had begun');
      await presence.query(`select pg_advisory_lock_shared(${lock}), pg_advisory_unlock(${lock})`);
    } else await presence.query(`select pg_advisory_lock_shared(${lock})`);
  };

  const isAlone = async () => {
    for (let look = 1; look <= ALONE_LOOKS; look++) {
      const { rows } = await presence.query<{ alone: boolean }>(`select pg_try_advisory_lock(${lock}) as alone`);
      if (rows[0]?.alone) return true;
      if (look < ALONE_LOOKS) await new Promise((resolve) => setTimeout(resolve, ALONE_LOOK_MS));
    }
    return false;
  };

  return {
    async start(queues) {
      await boss.start();
      for (const queue of queues) await make(queue);
      await takeOver();
    },

    async send(tx, items) {
      const db = {
        executeSql: async (text: string, values?: unknown[]) => ({ rows: await tx.query(text, values ?? []) }),
      };
      for (const [queue, group] of Map.groupBy(items, (item) => item.queue)) {
        // The same id twice in one transaction is one job; later ones may come while it waits, and find nothing left to do.
        const unique = [...new Map(group.map((item) => [item.id, item])).values()];
        await boss.insert(
          named(queue),
          unique.map((item) => ({
            data: { id: item.id },
            ...(item.afterMs ? { startAfter: Math.ceil(item.afterMs / 1000) } : {}),
            ...(item.behind ? { priority: BEHIND } : {}),
          })),
          { db },
        );
      }
    },

    async work(queue, { batch, concurrency }, handle) {
      await boss.work(
        named(queue),
        {
          batchSize: batch,
          localConcurrency: concurrency,
          pollingIntervalSeconds: POLL_S,
          notifyPollingIntervalSeconds: 2,
          perJobResults: true,
          burstWhenBatchFull: true,
        },
        async (jobs: Job<{ id: string }>[]): Promise<JobResult[]> => {
          const answers = await handle([...new Set(jobs.map((job) => job.data.id))]);
          const later: QueueItem[] = [];
          const results = jobs.map((job): JobResult => {
            const answer = answers.get(job.data.id) ?? { kind: 'done' };
            if (answer.kind === 'done') return { id: job.id, status: 'completed' };
            if (answer.kind === 'failed') return { id: job.id, status: 'deadletter', output: { error: answer.error } };
            if (answer.afterMs === null) return { id: job.id, status: 'failed' };
            later.push({ queue, id: job.data.id, afterMs: answer.afterMs });
            return { id: job.id, status: 'completed' };
          });
          if (later.length > 0) await this.send(options.db, later);
          return results;
        },
      );
    },

    async every(name, cron, run) {
      await boss.createQueue(named(name), {
        policy: 'singleton',
        retryLimit: 0,
        expireInSeconds: EXPIRE_S,
        deleteAfterSeconds: KEEP_DONE_S,
        notify: true,
      });
      await boss.work(named(name), { pollingIntervalSeconds: POLL_S, notifyPollingIntervalSeconds: 2 }, async () =>
        run(),
      );
      await boss.schedule(named(name), cron);
      await boss.send(named(name), {});
    },

    async depth() {
      const rows = await options.db.query<{ name: string; waiting: string; active: string }>(
        `select name, count(*) filter (where state in ('created', 'retry') and start_after <= now()) as waiting, count(*) filter (where state = 'active') as active
         from queue.job where name = any($1) group by name`,
        [[...made].map(named)],
      );
      return Object.fromEntries(
        rows.map((row) => [
          row.name.slice(options.workspaceId.length + 1),
          { waiting: Number(row.waiting), active: Number(row.active) },
        ]),
      );
    },

    async stop(drainMs) {
      await boss.stop({ graceful: drainMs > 0, timeout: Math.max(1, drainMs) });
      await presence.end();
    },
  };
}
