// A process that runs the real app and ends itself, as `kill -9` would, at one point of what it does. Started by kill-bot.ts.
import pg from 'pg';
import { buildApp } from '#src/app.ts';
import { readConfig } from '#src/config.ts';
import type { Answer, Kill, Order } from './kill-bot.ts';
import { CHECKPOINT, STATEMENT } from './kill-bot.ts';

const WRITES_CHECKPOINT = /^\s*(insert into|delete from)\s+"?checkpoints"?\./i;

const seen: string[] = [];
const counts = new Map<string, number>();
let kill: Kill | null = null;
let every = false;
let stop: () => Promise<void> = async () => {};

/** Ends this process between two instructions: no handler runs, nothing is flushed, no connection is closed in order. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing of ours may run until it is here.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Notes that a point is passed; dies when it is the one. Answers whether to die after it. */
function pass(point: string): boolean {
  const occurrence = 1 + (counts.get(point) ?? 0);
  counts.set(point, occurrence);
  seen.push(point);
  const mine = kill?.point === point && kill.occurrence === occurrence;
  if (mine && kill?.when === 'before') die();
  return mine;
}

async function around<T>(point: string, run: () => Promise<T>): Promise<T> {
  const last = pass(point);
  try {
    return await run();
  } finally {
    if (last) die();
  }
}

/** Makes points of what libraries write by themselves: the commits of the graphs' checkpoints, and on demand every statement. */
function watchStatements(): void {
  const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const { query } = prototype;
  const writing = new WeakSet<object>();
  prototype.query = function (this: object, ...args: unknown[]) {
    const text = typeof args[0] === 'string' ? args[0] : ((args[0] as { text?: string } | undefined)?.text ?? '');
    if (every) pass(STATEMENT);
    if (WRITES_CHECKPOINT.test(text)) writing.add(this);
    if (text === 'COMMIT' && writing.delete(this)) pass(CHECKPOINT);
    return query.apply(this, args);
  };
}

async function obey(order: Order): Promise<Answer> {
  if (order.kind === 'arm') {
    kill = order.kill;
    counts.clear();
    return { kind: 'armed', seen: seen.splice(0) };
  }
  if (order.kind === 'start') {
    every = order.statements;
    watchStatements();
    const read = readConfig(order.env);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const app = await buildApp(read.config, {
      telemetry: (inner) => ({ ...inner, around: (point, run) => around(point, () => inner.around(point, run)) }),
    });
    stop = () => app.stop();
    return { kind: 'started' };
  }
  await stop();
  return { kind: 'stopped' };
}

const answer = (message: Answer) => process.send?.(message);
process.on('message', (order: Order) => {
  obey(order).then(answer, (error: Error) => answer({ kind: 'failed', message: error.stack ?? error.message }));
});
// Whoever started us is gone: nobody is left to tell.
process.on('disconnect', () => process.exit());
answer({ kind: 'warm' });
