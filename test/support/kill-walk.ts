// Walks a list of places where the bot is killed, and tells what came out differently than without a kill.
import { CHECKPOINT } from './kill-bot.ts';
import type { Place, Run, RunOptions } from './kill-run.ts';
import { runStory } from './kill-run.ts';
import type { End } from './kill-story.ts';

// Batches form by chance, so that a point may be passed a few times fewer in another run.
const FEWER = 4;

/** A point, the step of the story in which it was passed, and how often. */
export interface Passed {
  point: string;
  step: string;
  times: number;
}

/** Every point that a run passed, in order of its first time in each step. */
export function listOf(run: Run): Passed[] {
  return [...run.passed].flatMap(([step, points]) =>
    [...Map.groupBy(points, (point) => point)].map(([point, all]) => ({ point, step, times: all.length })),
  );
}

/** Points without a key that would make a repetition harmless: every time counts. */
const UNREPEATABLE = 'slack.chat.postMessage';

/**
 * Where to kill: each point of the list at its first time and, where there are several, at its last one, before and after. Every message to
 * Slack, since nothing but our own care keeps it from being sent twice. Where a graph is answered at its gate it moves on by many small writes,
 * each of which may be the last: before every one of them.
 */
export function placesOf(list: readonly Passed[]): Place[] {
  return [...Map.groupBy(list, ({ point }) => point)].flatMap(([point, all]) => {
    const each = all.flatMap(({ step, times }) =>
      Array.from({ length: times }, (_, index) => ({ point, step, occurrence: index + 1 })),
    );
    const ends = each.length > 1 ? [each[0]!, each.at(-1)!] : each;
    const around = point === UNREPEATABLE ? each : ends;
    const before = point === CHECKPOINT ? each.filter((spot) => spot.step === 'file') : [];
    return [
      ...around.flatMap((spot): Place[] => [
        { ...spot, when: 'before' },
        { ...spot, when: 'after' },
      ]),
      ...before.map((spot): Place => ({ ...spot, when: 'before' })),
    ];
  });
}

/** Walks the places in parallel lanes, each with a world, a database and a bot of its own; answers what was wrong, in words. */
export async function walk(options: {
  places: readonly Place[];
  lanes: number;
  run: RunOptions;
  /** What there is after a step when nobody is killed. */
  expected: ReadonlyMap<string, End>;
}): Promise<string[]> {
  const { places, run, expected } = options;
  const wrong: string[] = [];
  let next = 0;
  const lane = async () => {
    for (let place = places[next++]; place; place = places[next++]) {
      const found = await killAt(place, run, expected);
      wrong.push(...found.map((line) => `${nameOf(place!)}: ${line}`));
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  return wrong;
}

/** One place in words. */
export function nameOf({ when, point, occurrence, step }: Place): string {
  return `${when} ${point} (${occurrence}) in "${step}"`;
}

async function killAt(place: Place, options: RunOptions, expected: ReadonlyMap<string, End>): Promise<string[]> {
  for (let fewer = 0; fewer < Math.min(FEWER, place.occurrence); fewer++) {
    let run: Run;
    try {
      run = await runStory({ ...options, place: { ...place, occurrence: place.occurrence - fewer } });
    } catch (error) {
      return [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    }
    const wrong = [...expected].flatMap(([step, end]) => differences(step, end, run));
    if (run.killed || wrong.length > 0) return wrong;
  }
  return ['it was never passed'];
}

function differences(step: string, end: End, run: Run): string[] {
  const found = run.ends.get(step);
  if (!found) return [];
  const wrong = Object.entries(end).flatMap(([what, value]) => {
    const [is, should] = [JSON.stringify(found[what]), JSON.stringify(value)];
    return is === should ? [] : [`after "${step}", ${what}: ${is} instead of ${should}`];
  });
  return wrong.length > 0 ? [...wrong, `the person was told: ${run.told.join(' | ') || 'nothing'}`] : [];
}
