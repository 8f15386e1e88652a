// What a command waits for after it has taken messages in: until they have gone through the flow.
import type { App } from '../app.ts';
import type { Progress } from './progress.ts';

/** How often it is worth looking: each look counts. */
export const LOOK_MS = 500;

/**
 * Waits until the messages whose external ids start so, `total` of them, have gone through the flow, which `settled` tells; false when
 * somebody does not want to wait.
 */
export async function waitUntilUnderstood(
  app: Pick<App, 'understood'>,
  messages: { externalIds: readonly string[]; total: number; settled: Promise<void> },
  progress: Progress,
  signal: AbortSignal,
): Promise<boolean> {
  progress.begin('Understanding', messages.total);
  let weighing = false;
  let done = false;
  const settled = messages.settled.then(() => {
    done = true;
  });
  // Whoever is interrupted does not wait for it any more, and it ends with the database.
  settled.catch(() => undefined);
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  while (!done && !signal.aborted) {
    await Promise.race([settled, stopped, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
    let understood = 0;
    for (const externalIds of messages.externalIds) understood += await app.understood(externalIds);
    progress.at(understood);
    if (understood < messages.total || weighing || done) continue;
    // What the messages come to is thought about theme by theme, and nobody knows beforehand how many there are.
    weighing = true;
    progress.end(true);
    progress.begin('Weighing the themes', null);
  }
  progress.end(done);
  return done;
}
