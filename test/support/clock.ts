// A time that the test sets: two worlds that play the same scene at the same times hold the same ids.
import type { Clock } from '#src/domain/ports.ts';
import { systemClock } from '#src/system.ts';

/** A clock that stands still between steps; what sleeps, sleeps for real. */
export interface SetClock extends Clock {
  set(at: Date): void;
  advance(ms: number): void;
}

/** Makes one. */
export function setClock(start: string): SetClock {
  let nowMs = Date.parse(start);
  return {
    now: () => new Date(nowMs),
    sleep: systemClock.sleep,
    set(at) {
      nowMs = at.getTime();
    },
    advance(ms) {
      nowMs += ms;
    },
  };
}
