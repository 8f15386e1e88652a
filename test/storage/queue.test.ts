import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDb } from '#src/storage/db.ts';
import { createQueue, type Queue } from '#src/storage/queue.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

let database: TestDatabase;
let db: ReturnType<typeof openDb>;
const queues: Queue[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry });
});
afterEach(async () => {
  // A queue whose connections were cut has nothing left to stop.
  await Promise.all(queues.splice(0).map((queue) => queue.stop(0).catch(() => {})));
  await db.close();
  await database.drop();
});

/** A process as its queue sees it; `begun` are the ids it was given, which it never finishes when `stuck`. */
async function startProcess(stuck: boolean) {
  const queue = createQueue({ url: database.url, workspaceId: 'main', log: quietLog, db });
  queues.push(queue);
  const begun: string[] = [];
  await queue.start(['act']);
  await queue.work('act', { batch: 1, concurrency: 1 }, async (ids) => {
    begun.push(...ids);
    if (stuck) await new Promise(() => {});
    return new Map();
  });
  return { queue, begun };
}

it('gives what a killed process had begun to the next one at once, and leaves it to one that lives', async () => {
  const first = await startProcess(true);
  await first.queue.send(db, [{ queue: 'act', id: 'an-effect' }]);
  await expect.poll(() => first.begun, { timeout: 10_000 }).toEqual(['an-effect']);

  const beside = await startProcess(false);
  await beside.queue.send(db, [{ queue: 'act', id: 'another' }]);
  await expect.poll(() => beside.begun, { timeout: 10_000 }).toEqual(['another']);

  // What a kill does, as the database sees it: the connections end.
  await beside.queue.stop(0);
  const admin = new pg.Client(database.url);
  await admin.connect();
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'throughline-%'`,
  );
  await admin.end();

  const next = await startProcess(false);
  await expect.poll(() => next.begun, { timeout: 10_000 }).toEqual(['an-effect']);
});

it('takes what people wait for before old data, whichever was sent first', async () => {
  const queue = createQueue({ url: database.url, workspaceId: 'main', log: quietLog, db });
  queues.push(queue);
  await queue.start(['observe']);
  await queue.send(db, [
    { queue: 'observe', id: 'old-1', behind: true },
    { queue: 'observe', id: 'old-2', behind: true },
  ]);
  await queue.send(db, [{ queue: 'observe', id: 'new' }]);
  const begun: string[] = [];
  await queue.work('observe', { batch: 1, concurrency: 1 }, async (ids) => {
    begun.push(...ids);
    return new Map();
  });
  await expect.poll(() => begun, { timeout: 15_000 }).toEqual(['new', 'old-1', 'old-2']);
});
