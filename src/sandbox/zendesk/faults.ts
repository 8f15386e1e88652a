// What goes wrong on request: each fault waits for the calls that it is meant for, and an unused one can be seen.

/** The calls that the simulator knows, named as our client names them. */
export const OPERATIONS = [
  'oauth.token',
  'users.me',
  'users.show_many',
  'organizations.show_many',
  'tickets.show',
  'tickets.create',
  'tickets.update',
  'comments.list',
  'tickets.export',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What happens instead of the ordinary answer. */
export type FaultKind =
  /** 429 in Zendesk's form. Without `retryAfterSec` the header is absent. */
  | { kind: 'rate_limited'; retryAfterSec?: number }
  /** A bare status, without effect. */
  | { kind: 'status'; status: number }
  /** The call has its effect, and the answer is a 502. */
  | { kind: 'lost_answer' }
  /** No answer at all, until the caller gives up; `effect` says whether the call was carried out. */
  | { kind: 'silence'; effect: boolean }
  /** The connection breaks. */
  | { kind: 'cut'; effect: boolean };

export interface Fault {
  /** Absent: whatever call comes next. */
  operation?: Operation;
  /** How many calls it meets; 1 when absent. */
  times?: number;
  answer: FaultKind;
}

export interface Faults {
  add(fault: Fault): void;
  clear(): void;
  /** Faults that no call has met yet, or not often enough. */
  unused(): Fault[];
  take(operation: Operation): FaultKind | null;
}

/** Makes an empty list of faults. */
export function createFaults(): Faults {
  let waiting: { fault: Fault; left: number }[] = [];
  return {
    add: (fault) => void waiting.push({ fault, left: fault.times ?? 1 }),
    clear() {
      waiting = [];
    },
    unused: () => waiting.map((entry) => ({ ...entry.fault, times: entry.left })),
    take(operation) {
      const entry = waiting.find(({ fault }) => fault.operation === undefined || fault.operation === operation);
      if (!entry) return null;
      entry.left -= 1;
      if (entry.left === 0) waiting = waiting.filter((other) => other !== entry);
      return entry.fault.answer;
    },
  };
}
