// Critic: holds the draft against the evidence. What is not carried is not shown, and the missing part is named.
import { reachSuffices } from '#src/domain/insight.ts';
import type { LoopState, LoopUpdate } from '../state.ts';

/** Makes the node. `customersNeeded` is the workspace's threshold, read each time: people may change it while we run. */
export function createCritic(deps: { customersNeeded: () => Promise<number> }) {
  return async function critic(state: LoopState): Promise<LoopUpdate> {
    const { evidence, insight } = state;
    const missing: string[] = [];
    if (!evidence || !insight) return { missing: ['the evidence'] };

    const excerpts = new Map(evidence.excerpts.map((excerpt) => [excerpt.signalId, excerpt]));
    if (insight.evidence.length === 0) missing.push('a quote from a customer');
    for (const quote of insight.evidence) {
      const excerpt = excerpts.get(quote.signalId);
      const inside = excerpt && quote.start >= 0 && quote.end > quote.start && quote.end <= excerpt.rawLength;
      if (!inside) missing.push('a quote that stands in its message word for word');
    }
    if (insight.claim.trim() === '') missing.push('a claim');
    // Numbers are counted by the database; a number that an analyst wrote into the claim is one that nobody counted.
    if (numbersIn(insight.claim).some((number) => !saidByCustomers(number, state)))
      missing.push('a claim without numbers of its own');
    if (state.broughtBy === 'reach' && !state.shownBefore) {
      const needed = await deps.customersNeeded();
      const short = needed - insight.reach.customersInWindow;
      if (!reachSuffices(insight.reach, needed))
        missing.push(`${short} more ${short === 1 ? 'customer' : 'customers'}`);
    }
    return { missing: [...new Set(missing)] };
  };
}

function numbersIn(text: string): string[] {
  return text.match(/\d+(?:[.,]\d+)*/g) ?? [];
}

/** A number is fine when customers wrote it themselves ("error 500", "version 4.46"). */
function saidByCustomers(number: string, state: LoopState): boolean {
  return (
    (state.evidence?.excerpts ?? []).some((excerpt) => excerpt.redacted.includes(number)) ||
    (state.evidence?.titles ?? []).some((title) => title.includes(number))
  );
}
