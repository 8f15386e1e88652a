// Quality: what the judgements say of the gate, and what each source let us hear. Numbers only.
import type { Person } from '#src/domain/policy.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import { gapsOf, type QualityVerbs, qualityOf, type SourceCoverage } from '#src/domain/quality.ts';

// A quarter: long enough for a hundred judgements, short enough to speak of the gate as it is.
const WEEKS = 12;
const WEEK_MS = 7 * 86_400_000;
const COVERAGE_MS = 4 * WEEK_MS;

/** What is stored about samples and deliveries. */
export interface QualityRows {
  strata(
    tx: Tx,
    since: Date,
  ): Promise<{ week: string; verdict: string; size: number; judged: number; reports: number }[]>;
  coverage(
    tx: Tx,
    from: Date,
  ): Promise<{
    counts: { source: string; hour: number; n: number; quarantined: number }[];
    limited: Map<string, number>;
    deletions: Map<string, number>;
    found: Map<string, number>;
  }>;
  count(tx: Tx): Promise<number>;
  isVolunteer(tx: Tx, personId: string): Promise<boolean>;
}

/** Makes the verbs. They change nothing. */
export function createQuality(deps: { db: Db; rows: QualityRows; now: () => Date }): QualityVerbs {
  const { db, rows } = deps;
  return {
    volunteers: (person: Person) => rows.isVolunteer(db, person.id),
    async quality() {
      const to = deps.now();
      const from = new Date(to.getTime() - WEEKS * WEEK_MS);
      const strata = await rows.strata(db, from);
      const of = (...verdicts: string[]) => strata.filter(({ verdict }) => verdicts.includes(verdict));
      const sum = (list: readonly { size: number }[]) => list.reduce((total, { size }) => total + size, 0);
      const kept = of('noise', 'left_out');
      const captured = sum(of('captured'));
      return {
        from: from.toISOString(),
        to: to.toISOString(),
        weeks: new Set(strata.map(({ week }) => week)).size,
        ...qualityOf({ kept, passed: of('passed'), captured }),
        passed: sum(of('passed')),
        kept: sum(kept),
        captured,
        unseen: sum(of('closed')),
        coverage: await coverage(to),
        volunteers: await rows.count(db),
      };
    },
  };

  async function coverage(to: Date): Promise<SourceCoverage[]> {
    const { counts, limited, deletions, found } = await rows.coverage(db, new Date(to.getTime() - COVERAGE_MS));
    const sources = new Set([...counts.map(({ source }) => source), ...limited.keys()]);
    return [...sources].sort().map((source): SourceCoverage => {
      const own = counts.filter((row) => row.source === source);
      return {
        source,
        deliveries: own.reduce((total, { n }) => total + n, 0),
        gaps: gapsOf(new Map(own.map(({ hour, n }) => [hour, n])), to),
        foundByAsking: found.get(source) ?? 0,
        limitedHours: limited.get(source) ?? 0,
        deletions: deletions.get(source) ?? 0,
        quarantined: own.reduce((total, { quarantined }) => total + quarantined, 0),
      };
    });
  }
}
