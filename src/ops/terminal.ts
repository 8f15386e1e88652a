// What a command knows of where it runs: handed in, so that a test can be the terminal.
import { environment } from '../config.ts';

/** Where a command writes: a person's terminal, or a pipe. */
export type Out = NodeJS.WriteStream | { write(text: string): unknown; isTTY?: false; columns?: number };

export interface Terminal {
  out: Out;
  err: Out;
  env: Readonly<Record<string, string | undefined>>;
}

/** The terminal that this process was started in. */
export function ownTerminal(): Terminal {
  return { out: process.stdout, err: process.stderr, env: environment() };
}

/** Aborted when this process is asked to end. The second time means now. */
export function stopOnSignals(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(130);
      stop.abort();
    });
  }
  return stop.signal;
}
