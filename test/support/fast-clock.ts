// A clock for tests of days: it runs like the machine's, can be set forward, and makes nobody wait.
import type { Clock } from '#src/domain/ports.ts';
import { systemClock } from '#src/system.ts';

export const MINUTE_MS = 60_000;
export const DAY_MS = 86_400_000;
// Whoever waits for another try gets it soon; not at once, so that a loop of tries leaves room for the answer.
const NAP_MS = 5;

/** A running clock that a test sets forward. */
export interface FastClock extends Clock {
  advance(ms: number): void;
  /** The time so many milliseconds ago, for what was written in the past. */
  ago(ms: number): Date;
}

/** Makes one; it starts at the machine's time. */
export function fastClock(): FastClock {
  let aheadMs = 0;
  const now = () => new Date(systemClock.now().getTime() + aheadMs);
  return {
    now,
    sleep: (ms, signal) => systemClock.sleep(Math.min(ms, NAP_MS), signal),
    advance(ms) {
      aheadMs += ms;
    },
    ago: (ms) => new Date(now().getTime() - ms),
  };
}

/** A clock that jumps over every sleep: an hour of waiting its turn is an hour for everybody, and takes no time. */
export function leapClock(): FastClock {
  const clock = fastClock();
  return {
    ...clock,
    async sleep(ms, signal) {
      if (!signal?.aborted) clock.advance(ms);
      await systemClock.sleep(0);
    },
  };
}
