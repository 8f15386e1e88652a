// What a command waits for after it has taken messages in: until they have gone through the flow.
import type { App } from '../app.ts';
import type { Progress } from './progress.ts';

const LOOK_MS = 500;

/** Waits until the messages whose external ids start so, `total` of them, have gone through the flow; false when somebody does not want to wait. */
export async function waitUntilUnderstood(
  app: Pick<App, 'idle' | 'understood'>,
  messages: { externalIds: readonly string[]; total: number },
  progress: Progress,
  signal: AbortSignal,
): Promise<boolean> {
  progress.begin('Understanding', messages.total);
  let weighing = false;
  let done = false;
  const idle = app.idle(LOOK_MS).then(() => {
    done = true;
  });
  // Whoever is interrupted does not wait for it any more, and it ends with the database.
  idle.catch(() => undefined);
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  while (!done && !signal.aborted) {
    await Promise.race([idle, stopped, new Promise((resolve) => setTimeout(resolve, LOOK_MS))]);
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
