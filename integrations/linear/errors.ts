// What the SDK throws, as errors that our code can decide on. Reads the answer itself, because Linear answers the same refusal with different statuses.
import { z } from 'zod';
import type { ErrorCode } from '#src/domain/errors.ts';
import { ExternalError } from '#src/domain/errors.ts';
import type { Clock } from '#src/domain/ports.ts';

// When Linear names no time to come back at. Its budgets refill all the time, so a minute is enough for a few calls.
const RETRY_AFTER_MS = 60_000;

/** The least that each of our verbs needs; what a refusal names. */
const NEEDS: Record<string, string> = {
  createIssue: 'issues:create',
  attach: 'issues:create',
  createLabel: 'write',
  trashIssue: 'write',
  deleteAttachment: 'write',
};

const NEW_KEY = 'Make a key under Settings, Security & access, Personal API keys, and set LINEAR_API_KEY.';

/** What the SDK's errors carry. `headers` is a Headers object. */
const Thrown = z.looseObject({
  raw: z.looseObject({
    response: z.looseObject({
      status: z.number(),
      headers: z.instanceof(Headers).optional(),
      errors: z
        .array(
          z.looseObject({
            message: z.string(),
            extensions: z
              .looseObject({
                code: z.string().optional(),
                type: z.string().optional(),
                userPresentableMessage: z.string().optional(),
              })
              .optional(),
          }),
        )
        .optional(),
    }),
  }),
});

/** Makes the function that `createCaller` asks for. The thrown error is not kept as cause: it holds the request, and so customers' words. */
export function createErrorMap(clock: Clock): (error: unknown, operation: string) => ExternalError {
  return (error, operation) => {
    const make = (
      code: ErrorCode,
      message: string,
      more: { status?: number; retryable?: boolean; retryAfterMs?: number; effectUnknown?: boolean } = {},
    ) => new ExternalError(code, message, { system: 'linear', operation, ...more });

    if (error instanceof z.ZodError) {
      const fields = error.issues.map((issue) => issue.path.join('.')).join(', ');
      return make('bad_answer', `Linear answered ${operation} in a shape we do not know (${fields}).`, {
        effectUnknown: true,
      });
    }
    const thrown = Thrown.safeParse(error);
    if (!thrown.success) {
      return make('unavailable', `Linear could not be reached (${operation}).`, {
        retryable: true,
        effectUnknown: true,
      });
    }
    const { status, headers, errors = [] } = thrown.data.raw.response;
    const first = errors[0];
    const said = first?.extensions?.userPresentableMessage ?? first?.message ?? '';
    const code = first?.extensions?.code ?? '';

    if (code === 'RATELIMITED' || status === 429) {
      const retryAfterMs = retryAfter(headers, clock.now().getTime());
      return make('rate_limited', 'Linear asks us to slow down.', { status, retryable: true, retryAfterMs });
    }
    if (code === 'AUTHENTICATION_ERROR' || status === 401) {
      return make('unauthorized', `Linear does not accept the token. ${NEW_KEY}`, { status });
    }
    if (code === 'FORBIDDEN' || status === 403) {
      const needs = NEEDS[operation] ?? 'read';
      return make('unauthorized', `Linear refused the token: ${operation} needs ${needs}. ${NEW_KEY}`, { status });
    }
    if (code === 'INPUT_ERROR' && first) {
      if (/^conflict on insert/i.test(first.message)) return make('conflict', `Linear: ${said}`, { status });
      if (/^entity not found/i.test(first.message)) return make('not_found', `Linear: ${said}`, { status });
      return make('bad_request', `Linear does not accept ${operation}: ${said}`, { status });
    }
    if (/^(FEATURE_NOT_ACCESSIBLE|USAGE_LIMIT_EXCEEDED)$/.test(code)) {
      return make('refused', `Linear refused ${operation}: ${said}`, { status });
    }
    if (code === 'GRAPHQL_VALIDATION_FAILED') {
      return make('bug', `Linear's schema does not have what ${operation} asks for: ${said}`, { status });
    }
    // Anything about the variables may quote them, and they are customers' words: only the code is told.
    if (status >= 400 && status < 500)
      return make('bug', `Linear rejected ${operation} (${code || status}).`, { status });
    return make('unavailable', `Linear failed with ${code || status} (${operation}).`, {
      status,
      retryable: true,
      effectUnknown: true,
    });
  };
}

/** How long to stay away: what Linear asks for, else until the budget that is used up comes back. */
function retryAfter(headers: Headers | undefined, nowMs: number): number {
  const number = (name: string) => {
    const value = headers?.get(name);
    return value === null || value === undefined || value.trim() === '' ? Number.NaN : Number(value);
  };
  const seconds = number('retry-after');
  if (seconds >= 0) return Math.ceil(seconds * 1_000);
  const resets = ['requests', 'complexity', 'endpoint-requests']
    .filter((budget) => number(`x-ratelimit-${budget}-remaining`) <= 0)
    .map((budget) => number(`x-ratelimit-${budget}-reset`) - nowMs)
    .filter((ms) => Number.isFinite(ms));
  return resets.length > 0 ? Math.max(0, ...resets) : RETRY_AFTER_MS;
}
