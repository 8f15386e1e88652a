// The bot as a process that can be killed: started ahead of time, told when to begin, and asked what it did.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

// Reading and stripping 900 files takes a second; what is kept here is written whenever a process stops in order, which the first one does.
const COMPILED = join(import.meta.dirname, '../../node_modules/.cache/throughline-tests');

/** Where a process ends itself: before or after the n-th occurrence of a point, counted from when it was armed. */
export interface Kill {
  point: string;
  occurrence: number;
  when: 'before' | 'after';
}

/** The point that each commit of a graph's checkpoint is. */
export const CHECKPOINT = 'checkpoint';
/** The point that each statement to the database is, when statements are watched. */
export const STATEMENT = 'statement';

export type Order =
  | { kind: 'arm'; kill: Kill | null }
  | { kind: 'start'; env: Record<string, string>; statements: boolean }
  | { kind: 'stop' };

export type Answer =
  | { kind: 'warm' }
  /** What it passed since it was armed last, in order. */
  | { kind: 'armed'; seen: string[] }
  | { kind: 'started' }
  | { kind: 'stopped' }
  | { kind: 'failed'; message: string };

/** A bot in a process of its own. */
export interface Bot {
  /** Starts the app; `dead` when the process ended on the way. `statements` makes each statement to the database a point too. */
  start(env: Record<string, string>, statements: boolean): Promise<'started' | 'dead'>;
  /** Sets or takes away the trap and answers what was passed since the last time; `dead` when the process has ended. */
  arm(kill: Kill | null): Promise<string[] | 'dead'>;
  /** Resolves when the process has ended, with the signal that ended it. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** Stops in order. */
  stop(): Promise<void>;
}

/** Starts the process, which loads everything and then waits for its order. */
export function spawnBot(): Bot {
  const child = fork(join(import.meta.dirname, 'kill-child.ts'), {
    execPath: process.execPath,
    execArgv: [],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  const warm = answerOf(child, ended);

  async function ask(order: Order): Promise<Answer | 'dead'> {
    if ((await warm) === 'dead' || !child.connected) return 'dead';
    const answer = answerOf(child, ended);
    // A process that ends while we write to it is an answer too; `ended` tells.
    child.send(order, () => {});
    const said = await answer;
    if (said !== 'dead' && said.kind === 'failed') throw new Error(`The bot failed: ${said.message}`);
    return said;
  }

  return {
    ended,
    async start(env, statements) {
      return (await ask({ kind: 'start', env, statements })) === 'dead' ? 'dead' : 'started';
    },
    async arm(kill) {
      const said = await ask({ kind: 'arm', kill });
      return said !== 'dead' && said.kind === 'armed' ? said.seen : 'dead';
    },
    async stop() {
      await ask({ kind: 'stop' });
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

function answerOf(child: ChildProcess, ended: Promise<unknown>): Promise<Answer | 'dead'> {
  return new Promise((resolve) => {
    const listen = (message: unknown) => resolve(message as Answer);
    child.once('message', listen);
    void ended.then(() => {
      child.off('message', listen);
      resolve('dead');
    });
  });
}
