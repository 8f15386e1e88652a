// The errors of the product. A code is a closed set, so that a caller can decide; a message says what to do next.

export type ErrorCode =
  | 'bad_config'
  | 'bad_request'
  | 'unauthorized'
  | 'not_found'
  | 'conflict'
  | 'unavailable'
  | 'rate_limited'
  | 'timeout'
  | 'refused'
  | 'bad_answer'
  | 'bug';

/** An error that somebody can act on. `retryable` says whether the same call may succeed later without a change by a person. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  constructor(code: ErrorCode, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** A failure of another system. `retryAfterMs` is what that system asked for; `effectUnknown` is true when the call may have worked. */
export class ExternalError extends AppError {
  readonly system: string;
  readonly operation: string;
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  readonly effectUnknown: boolean;
  constructor(
    code: ErrorCode,
    message: string,
    options: {
      system: string;
      operation: string;
      status?: number | null;
      retryable?: boolean;
      retryAfterMs?: number | null;
      effectUnknown?: boolean;
      cause?: unknown;
    },
  ) {
    super(code, message, { retryable: options.retryable ?? false, cause: options.cause });
    this.name = 'ExternalError';
    this.system = options.system;
    this.operation = options.operation;
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.effectUnknown = options.effectUnknown ?? false;
  }
}

/** One line about any thrown value, without stack and without payload: fit for a log, a receipt and a support engineer. */
export function errorLine(error: unknown): string {
  if (error instanceof AppError) return `${error.code}: ${error.message}`;
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return String(error);
}
