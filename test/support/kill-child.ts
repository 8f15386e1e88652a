// A process that runs the real app and ends itself, as `kill -9` would, at one point of what it does. Started by kill-bot.ts with fork().
import { buildApp } from '#src/app.ts';
import type { Telemetry } from '#src/domain/ports.ts';
import type { Answer, Kill, Order } from './kill-bot.ts';
import { configOf } from './rig.ts';

const seen: string[] = [];
const counts = new Map<string, number>();
let kill: Kill | null = null;
let stop: () => Promise<void> = async () => {};

/** Ends this process between two instructions: no handler runs, nothing is flushed, no connection is closed in order. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is on its way; nothing of ours may run until it is here.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

const around: Telemetry['around'] = async (point, run) => {
  const occurrence = 1 + (counts.get(point) ?? 0);
  counts.set(point, occurrence);
  seen.push(point);
  const mine = kill?.point === point && kill.occurrence === occurrence ? kill : null;
  if (mine?.when === 'before') die();
  try {
    return await run();
  } finally {
    if (mine) die();
  }
};

const obey: { [K in Order['kind']]: (order: Extract<Order, { kind: K }>) => Promise<Answer> } = {
  async arm(order) {
    kill = order.kill;
    counts.clear();
    return { kind: 'armed', seen: seen.splice(0) };
  },
  async start({ env }) {
    const app = await buildApp(configOf(env), {
      telemetry: (inner) => ({ ...inner, around: (point, run) => around(point, () => inner.around(point, run)) }),
    });
    stop = () => app.stop();
    return { kind: 'started' };
  },
  async stop() {
    await stop();
    return { kind: 'stopped' };
  },
};

const answer = (message: Answer) => process.send?.(message);
process.on('message', (order: Order) => {
  const run = obey[order.kind] as (order: Order) => Promise<Answer>;
  run(order).then(answer, (error: Error) => answer({ kind: 'failed', message: error.stack ?? error.message }));
});
// Whoever started us is gone: nobody is left to tell.
process.on('disconnect', () => process.exit());
answer({ kind: 'warm' });
