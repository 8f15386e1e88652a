// The live trickle: while it is on, the world goes on, one message every few seconds, until somebody switches it off.
import type { Clock } from '#src/domain/ports.ts';
import type { Player } from './play.ts';
import { createRandom } from './random.ts';
import { worldDays } from './world.ts';

// Fast enough to see something happen, slow enough to read along.
const PAUSE_MS = { least: 3_000, most: 9_000 };
// A bad release belongs to the show: it starts after about forty messages.
const REGRESSION_DAY = 2;

export interface Chatter {
  readonly on: boolean;
  set(on: boolean): void;
}

/** Makes the trickle, switched off. */
export function startChatter(deps: { clock: Clock; player: Player; seed: string | number; onChange(): void }): Chatter {
  const { clock, player } = deps;
  const random = createRandom(deps.seed).fork('chatter');
  const days = worldDays({ seed: `${deps.seed} live`, from: clock.now(), regressionDay: REGRESSION_DAY });
  let today: ReturnType<typeof nextDay> = [];
  let running: AbortController | null = null;

  return {
    get on() {
      return running !== null;
    },
    set(on) {
      if (on === (running !== null)) return;
      running?.abort();
      running = on ? new AbortController() : null;
      if (running) void run(running.signal);
      deps.onChange();
    },
  };

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (today.length === 0) today = nextDay();
      const event = today.shift();
      if (event) player.play(event, 'now');
      await clock.sleep(random.int(PAUSE_MS.least, PAUSE_MS.most), signal);
    }
  }

  function nextDay() {
    return [...(days.next().value ?? [])];
  }
}
