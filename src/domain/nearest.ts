// Nearest: which of the known words was meant by one that is not known.

// Longer than any word we know; beyond it nothing is near.
const LENGTH_MAX = 40;

/** The known words near enough to be meant, the nearest first. A word that begins with what was typed counts as near. */
export function nearestWords(typed: string, known: readonly string[], most = 1): string[] {
  const wanted = typed.toLowerCase();
  return known
    .flatMap((word) => {
      const lower = word.toLowerCase();
      const distance = wanted.length >= 2 && lower.startsWith(wanted) ? 0 : editDistance(wanted, lower);
      return distance <= Math.max(1, Math.floor(word.length / 3)) ? [{ word, distance }] : [];
    })
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ word }) => word);
}

/** How many letters must change, with two swapped neighbours as one change. */
function editDistance(a: string, b: string): number {
  if (a.length > LENGTH_MAX) return a.length;
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let least = Math.min(
        rows[i - 1]![j]! + 1,
        row[j - 1]! + 1,
        rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, rows[i - 2]![j - 2]! + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
