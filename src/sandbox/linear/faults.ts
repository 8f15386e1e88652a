// What goes wrong on demand: the failures that a client of Linear must survive, each as it looks from outside.

/**
 * `server_error` fails before anything happened; `lost_answer` after everything did; `silence` never answers and does nothing,
 * `silence_after_commit` never answers and did it; `rate_limited` refuses in Linear's own form.
 */
export type FaultKind = 'server_error' | 'lost_answer' | 'silence' | 'silence_after_commit' | 'rate_limited';

export interface Fault {
  kind: FaultKind;
  /** How many calls it hits. Default 1. */
  times?: number;
  /** Only calls of this root field, for example `issueCreate`. Default any. */
  operation?: string;
  /** Status of `server_error` and `lost_answer`. Default 503 and 502. */
  status?: number;
  /** For `rate_limited`: when the budget comes back. Default 1000. */
  retryAfterMs?: number;
}

/** Holds the faults that are still to come, and gives each call its own. */
export function createFaults() {
  let pending: (Fault & { left: number })[] = [];
  return {
    /** Lets the next calls that fit fail. Faults queue up in the order in which they were asked for. */
    next(fault: Fault): void {
      pending.push({ ...fault, left: fault.times ?? 1 });
    },
    /** Takes the fault for a call of these root fields, or null. */
    take(operations: readonly string[]): Fault | null {
      const found = pending.find((one) => one.operation === undefined || operations.includes(one.operation));
      if (!found) return null;
      found.left -= 1;
      if (found.left <= 0) pending = pending.filter((one) => one !== found);
      return found;
    },
    /** Faults that were asked for and have not come: a test that leaves some did not test what it meant to. */
    pending: (): readonly Fault[] => pending,
    clear(): void {
      pending = [];
    },
  };
}
