// Many questions, few at a time.

/** Runs `work` on every item, at most `atOnce` at a time, and keeps the order. The first failure ends it, after those under way. */
export async function inTurns<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  let failed = false;
  const lanes = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    while (next < items.length && !failed) {
      const at = next++;
      try {
        results[at] = await work(items[at]!);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  });
  const settled = await Promise.allSettled(lanes);
  const broken = settled.find((lane) => lane.status === 'rejected');
  if (broken) throw broken.reason;
  return results;
}
