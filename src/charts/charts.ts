// Charts: data in, picture out. The process that draws is started for the first chart, and ended when nobody has wanted one for a while.
import { type ChildProcess, spawn } from 'node:child_process';
import { execPath } from 'node:process';
import type { Chart, Draughtsman, Picture } from '#src/domain/chart.ts';
import { AppError } from '#src/domain/errors.ts';
import type { Log } from '#src/domain/ports.ts';
import type { Delivered, Order } from './render.ts';

// The libraries take some 90 MB, and half a second to load: worth keeping while somebody looks at trends, not overnight.
const IDLE_MS = 60_000;
// A chart takes a tenth of a second; what takes this long will not come.
const PATIENCE_MS = 10_000;
const HEAP_MAX_MB = 160;

/** The draughtsman, and the way to let go of its process. */
export interface Charts extends Draughtsman {
  close(): Promise<void>;
}

interface Waiting {
  resolve: (picture: Picture) => void;
  reject: (error: unknown) => void;
  patience: NodeJS.Timeout;
}

/** Makes the draughtsman. Nothing is loaded before the first chart. */
export function createCharts({ log, idleMs = IDLE_MS }: { log: Log; idleMs?: number }): Charts {
  let process: ChildProcess | null = null;
  let rest: NodeJS.Timeout | null = null;
  let orders = 0;
  const waiting = new Map<number, Waiting>();

  return {
    draw(chart: Chart) {
      const drawing = process ?? start();
      if (rest) clearTimeout(rest);
      const id = ++orders;
      return new Promise<Picture>((resolve, reject) => {
        const patience = setTimeout(() => {
          end(drawing, new AppError('timeout', 'The chart took too long.', { retryable: true }));
        }, PATIENCE_MS);
        waiting.set(id, { resolve, reject, patience });
        drawing.channel?.ref();
        drawing.send({ id, chart } satisfies Order);
      });
    },
    async close() {
      if (rest) clearTimeout(rest);
      const drawing = process;
      if (!drawing) return;
      const gone = new Promise((resolve) => drawing.once('exit', resolve));
      drawing.ref();
      end(drawing, new AppError('unavailable', 'The bot stops.'));
      await gone;
    },
  };

  /**
   * A process and not a thread: what a thread has taken, the process keeps (70 MB, measured); and a library in another language that falls over
   * what somebody wrote takes nothing with it. It gets no environment, since it needs no secrets, and ends by itself when we are gone.
   */
  function start(): ChildProcess {
    const module = JSON.stringify(new URL('./render.ts', import.meta.url).href);
    const drawing = spawn(
      execPath,
      [
        `--max-old-space-size=${HEAP_MAX_MB}`,
        '--input-type=module',
        '--eval',
        `import { serve } from ${module}; serve();`,
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], serialization: 'advanced', env: {} },
    );
    drawing.on('message', (delivered: Delivered) => deliver(drawing, delivered));
    drawing.on('error', (error) =>
      end(drawing, new AppError('unavailable', 'No chart can be drawn.', { cause: error })),
    );
    drawing.on('exit', (code) => {
      if (process === drawing) log.warn({ code }, 'the process that draws charts ended');
      end(drawing, new AppError('unavailable', 'The chart could not be drawn.'));
    });
    process = drawing;
    return drawing;
  }

  function deliver(drawing: ChildProcess, delivered: Delivered): void {
    const order = waiting.get(delivered.id);
    if (!order) return;
    waiting.delete(delivered.id);
    clearTimeout(order.patience);
    if ('error' in delivered) {
      order.reject(new AppError('unavailable', `The chart could not be drawn: ${delivered.error}.`));
    } else {
      order.resolve({ png: Buffer.from(delivered.png), width: delivered.width, height: delivered.height });
    }
    if (waiting.size > 0 || process !== drawing) return;
    // A process with nothing to do keeps nobody from ending.
    drawing.unref();
    drawing.channel?.unref();
    rest = setTimeout(() => end(drawing, null), idleMs);
    rest.unref();
  }

  /** Ends a process, once; whoever still waits for it is told why. */
  function end(drawing: ChildProcess, why: AppError | null): void {
    if (process !== drawing) return;
    process = null;
    for (const [id, order] of waiting) {
      waiting.delete(id);
      clearTimeout(order.patience);
      order.reject(why ?? new AppError('unavailable', 'The chart could not be drawn.'));
    }
    drawing.kill('SIGKILL');
  }
}
