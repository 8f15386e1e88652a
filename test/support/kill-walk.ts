// Walks a list of places where the bot is killed, and tells what came out differently than without a kill.
import { CHECKPOINT } from './kill-bot.ts';
import type { Place, Run, RunOptions } from './kill-run.ts';
import { runStory } from './kill-run.ts';
import type { End } from './kill-story.ts';

// How many times earlier the last time of a point is looked for.
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
 * Slack, since nothing but our own care keeps it from being sent twice. Where a graph is answered at its gate it moves on by many small commits,
 * each of which may be the last: before every one of them.
 */
export function placesOf(list: readonly Passed[]): Place[] {
  return [...Map.groupBy(list, ({ point }) => point)].flatMap(([point, all]) => {
    const each = all.flatMap(({ step, times }) =>
      Array.from({ length: times }, (_, index) => ({ point, step, occurrence: index + 1 })),
    );
    const ends = each.length > 1 ? [each[0]!, each.at(-1)!] : each;
    if (point === CHECKPOINT)
      return [...new Set([...ends, ...each.filter((spot) => spot.step === 'file')])].map(before);
    return (point === UNREPEATABLE ? each : ends).flatMap((spot): Place[] => [
      before(spot),
      { ...spot, when: 'after' },
    ]);
  });
}

function before(spot: Omit<Place, 'when'>): Place {
  return { ...spot, when: 'before' };
}

/**
 * Walks the places in parallel lanes, each with a world and a database of its own, and answers what was wrong, in words. A run has one kill in
 * each step of the story, so that a walk takes as many runs as the step with the most places has; what goes wrong in one is looked for in
 * each of its places alone.
 */
export async function walk(options: {
  places: readonly Place[];
  lanes: number;
  run: RunOptions;
  /** What there is after a step when nobody is killed. */
  expected: ReadonlyMap<string, End>;
}): Promise<string[]> {
  const { run, expected } = options;
  const rows = rowsOf(options.places);
  const wrong: string[] = [];
  let next = 0;
  const lane = async () => {
    for (let row = rows[next++]; row; row = rows[next++]) {
      const found = await killAt(row, run, expected);
      console.log(`${found.length > 0 ? 'WRONG' : 'fine'}: ${row.map(nameOf).join(', ')}`);
      wrong.push(...found);
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  return wrong;
}

function rowsOf(places: readonly Place[]): Place[][] {
  const bySteps = [...Map.groupBy(places, ({ step }) => step).values()];
  const length = Math.max(0, ...bySteps.map((list) => list.length));
  return Array.from({ length }, (_, row) => bySteps.flatMap((list) => list[row] ?? []));
}

/** One place in words. */
export function nameOf({ when, point, occurrence, step }: Place): string {
  return `${when} ${point} (${occurrence}) in "${step}"`;
}

async function killAt(row: Place[], options: RunOptions, expected: ReadonlyMap<string, End>): Promise<string[]> {
  const { wrong, missed } = await tryRow(row, options, expected);
  const alone: string[] = [];
  for (const place of wrong.length > 0 ? row : missed) alone.push(...(await killOnce(place, options, expected)));
  // What goes wrong together only, or only sometimes, is as wrong.
  return alone.length > 0 ? alone : wrong.map((line) => `${row.map(nameOf).join(', then ')}: ${line}`);
}

/** One place alone. Batches form by chance, so that its last time may come a little earlier in another run. */
async function killOnce(place: Place, options: RunOptions, expected: ReadonlyMap<string, End>): Promise<string[]> {
  for (let fewer = 0; fewer < Math.min(FEWER, place.occurrence); fewer++) {
    const { wrong, missed } = await tryRow([{ ...place, occurrence: place.occurrence - fewer }], options, expected);
    if (wrong.length > 0 || missed.length === 0) return wrong.map((line) => `${nameOf(place)}: ${line}`);
  }
  return [`${nameOf(place)}: it was never passed`];
}

async function tryRow(places: Place[], options: RunOptions, expected: ReadonlyMap<string, End>) {
  try {
    const run = await runStory({ ...options, places });
    return { wrong: [...expected].flatMap(([step, end]) => differences(step, end, run)), missed: run.missed };
  } catch (error) {
    return { wrong: [error instanceof Error ? (error.stack ?? error.message) : String(error)], missed: [] };
  }
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
