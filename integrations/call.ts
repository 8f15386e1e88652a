// The one way out of the process: every call to another system passes here, for its time limit, its retries, its breaker and its log line.
import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { ExternalError } from '#src/domain/errors.ts';
import type { Clock, Log, Telemetry } from '#src/domain/ports.ts';

// A person may be waiting behind a click, so a call is given up soon; jobs try again later with what the system asked for.
const TIMEOUT_MS = 10_000;
// Two quick repeats bridge a lost connection; anything longer is the queue's business, which survives a restart.
const QUICK_RETRIES = 2;
const QUICK_RETRY_MS = 250;
// A wait that the other system asks for is obeyed in place up to here, beyond it the job is put back.
const PATIENCE_MS = 2_000;
const BREAKER_FAILURES = 8;
const BREAKER_HALF_OPEN_MS = 15_000;

export interface CallOptions {
  /** False when a repeat could double the effect and the caller has no way to recognize it. Default true. */
  safeToRepeat?: boolean;
  timeoutMs?: number;
}

/** Runs one operation against one system. */
export type Caller = <T>(
  operation: string,
  run: (signal: AbortSignal) => Promise<T>,
  options?: CallOptions,
) => Promise<T>;

export interface CallerDeps {
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
  /** Turns what that system's SDK throws into an ExternalError; anything it does not know is retryable with unknown effect. */
  toExternalError: (error: unknown, operation: string) => ExternalError;
}

/**
 * Makes the caller of one system. Throws ExternalError only: with `retryAfterMs` when the system said when to come back,
 * with `effectUnknown` when a time-out or a broken answer leaves open whether the effect happened.
 */
export function createCaller(system: string, deps: CallerDeps): Caller {
  const { clock, log, telemetry } = deps;
  // Only failures of the system count against it: a refusal (bad token, unknown channel) is an answer.
  const breaker = circuitBreaker(
    handleWhen((error) => error instanceof ExternalError && error.retryable && error.code !== 'rate_limited'),
    { halfOpenAfter: BREAKER_HALF_OPEN_MS, breaker: new ConsecutiveBreaker(BREAKER_FAILURES) },
  );

  return async (operation, run, options = {}) => {
    const attempts = options.safeToRepeat === false ? 1 : 1 + QUICK_RETRIES;
    for (let attempt = 1; ; attempt++) {
      const started = clock.now().getTime();
      try {
        const result = await breaker.execute(() =>
          telemetry.around(`${system}.${operation}`, () => once(operation, run, options.timeoutMs ?? TIMEOUT_MS)),
        );
        telemetry.count('external_calls_total', { system, operation, outcome: 'ok' });
        return result;
      } catch (thrown) {
        const error = toError(thrown, operation);
        telemetry.count('external_calls_total', { system, operation, outcome: error.code });
        const waitMs = error.retryAfterMs ?? QUICK_RETRY_MS * 2 ** (attempt - 1);
        const again =
          error.retryable && attempt < attempts && waitMs <= PATIENCE_MS && breaker.state !== CircuitState.Open;
        log.warn(
          {
            system,
            operation,
            attempt,
            code: error.code,
            status: error.status,
            ms: clock.now().getTime() - started,
            again,
          },
          'external call failed',
        );
        if (!again) throw error;
        await clock.sleep(waitMs);
      }
    }
  };

  async function once<T>(operation: string, run: (signal: AbortSignal) => Promise<T>, timeoutMs: number): Promise<T> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new DOMException('timed out', 'TimeoutError')), timeoutMs);
    try {
      return await run(controller.signal);
    } catch (error) {
      throw mapped(error, operation, controller.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  function mapped(error: unknown, operation: string, signal: AbortSignal): ExternalError {
    if (error instanceof ExternalError) return error;
    if (signal.aborted) {
      return new ExternalError('timeout', `${system} did not answer in time.`, {
        system,
        operation,
        retryable: true,
        effectUnknown: true,
        cause: error,
      });
    }
    return deps.toExternalError(error, operation);
  }

  function toError(thrown: unknown, operation: string): ExternalError {
    if (thrown instanceof BrokenCircuitError) {
      return new ExternalError(
        'unavailable',
        `${system} has failed repeatedly; trying again in ${BREAKER_HALF_OPEN_MS / 1000} s.`,
        {
          system,
          operation,
          retryable: true,
          retryAfterMs: BREAKER_HALF_OPEN_MS,
        },
      );
    }
    return thrown instanceof ExternalError ? thrown : deps.toExternalError(thrown, operation);
  }
}
