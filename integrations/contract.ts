// The shape that every integration has. The app dispatches by capability and never by name: a new system is a folder and one line in app.ts.
import type { Action, ActionReceipt } from '#src/domain/action.ts';
import type { Fact } from '#src/domain/signal.ts';

/** A request as it came in: header names in lower case, the body as the exact bytes that were signed. */
export interface RawRequest {
  headers: Record<string, string | undefined>;
  body: string;
}

/** Whether a request is really from the system it claims; `reason` is for the log and the 401, and says nothing a forger could use. */
export type Verdict =
  | { ok: true }
  | { ok: false; reason: 'missing_signature' | 'bad_signature' | 'stale' | 'from_the_future' };

/** What a delivery is, read without trusting it: enough to store it once. */
export type Identified = { ok: true; deliveryId: string; kind: string } | { ok: false; field: string; message: string };

/** Webhooks of one system. Persist first (identify), understand later (read). */
export interface Inbound {
  /** For example `/webhooks/zendesk`. */
  path: string;
  verify(request: RawRequest, now: Date): Verdict;
  /** The delivery's own id and kind; a problem names the field, and the payload goes to quarantine. `headers` because Linear's id is one. */
  identify(request: RawRequest): Identified;
  /** Turns a stored delivery into facts. May ask the system by API: events are hints, the API is the truth. Safe to repeat. */
  read(payload: unknown): Promise<Fact[]>;
}

/** Carries out and takes back one kind of action. All of it is safe to repeat with the same action. */
export interface ActionHandler {
  perform(action: Action): Promise<ActionReceipt>;
  /** What an earlier try left in the world although nobody noted its answer; null when there is nothing of it to take back. */
  find(action: Action): Promise<ActionReceipt | null>;
  /** Takes the effect back. `undone: false` says what stays and why. */
  compensate(action: Action, receipt: ActionReceipt): Promise<{ undone: boolean; note: string }>;
}

/** The answer of a live check of one connection, for `npm run doctor`. */
export interface Probe {
  ok: boolean;
  /** Who we are there, or what failed. */
  detail: string;
  /** What to do when it failed. */
  fix?: string;
  /** It works, but something that it could do is switched off. */
  off?: { what: string; detail: string; fix: string };
}

/** One system that Throughline works with. */
export interface Integration {
  id: 'slack' | 'zendesk' | 'linear' | 'github';
  probe(): Promise<Probe>;
  inbound?: Inbound;
  actions?: Partial<Record<Action['kind'], ActionHandler>>;
  /** Finds what webhooks missed. Runs on a schedule and at start; `cursor` is what the last run returned, null the first time. */
  reconcile?: (cursor: string | null) => Promise<{ facts: Fact[]; cursor: string; more: boolean }>;
}
