import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createErrorMap } from '#integrations/linear/errors.ts';
import { createTestClock } from './rig.ts';

const clock = createTestClock();
const NOW = clock.now().getTime();
const map = createErrorMap(clock);

/** What the SDK throws after an answer. */
function thrown(
  status: number,
  options: { code?: string; message?: string; said?: string; headers?: Record<string, string> } = {},
) {
  const { code, message = 'Something', said, headers = {} } = options;
  const errors = code
    ? [{ message, extensions: { code, ...(said ? { userPresentableMessage: said } : {}) } }]
    : undefined;
  const request = { query: 'mutation', variables: { input: { description: 'My card is 4242' } } };
  return {
    message: `x: ${JSON.stringify(request)}`,
    raw: { request, response: { status, errors, headers: new Headers(headers) } },
  };
}

describe('what Linear answers, whatever its HTTP status', () => {
  test.each([
    [200, 'INPUT_ERROR', 'conflict on insert of Issue', { code: 'conflict', retryable: false }],
    [400, 'INPUT_ERROR', 'conflict on insert of Issue', { code: 'conflict', retryable: false }],
    [200, 'INPUT_ERROR', 'Entity not found: Issue', { code: 'not_found', retryable: false }],
    [400, 'INPUT_ERROR', 'Entity not found: Issue', { code: 'not_found', retryable: false }],
    [200, 'INPUT_ERROR', 'Argument Validation Error', { code: 'bad_request', retryable: false }],
    [401, 'AUTHENTICATION_ERROR', '', { code: 'unauthorized', retryable: false }],
    [200, 'AUTHENTICATION_ERROR', '', { code: 'unauthorized', retryable: false }],
    [400, 'FORBIDDEN', 'Invalid scope: `write` required', { code: 'unauthorized', retryable: false }],
    [200, 'FEATURE_NOT_ACCESSIBLE', '', { code: 'refused', retryable: false }],
    [400, 'USAGE_LIMIT_EXCEEDED', '', { code: 'refused', retryable: false }],
    [400, 'RATELIMITED', '', { code: 'rate_limited', retryable: true }],
    [400, 'GRAPHQL_VALIDATION_FAILED', 'Cannot query field "x"', { code: 'bug', retryable: false }],
    [400, 'BAD_USER_INPUT', '', { code: 'bug', retryable: false }],
    [200, 'LOCK_TIMEOUT', '', { code: 'unavailable', retryable: true, effectUnknown: true }],
    [500, 'INTERNAL_SERVER_ERROR', '', { code: 'unavailable', retryable: true, effectUnknown: true }],
    [502, undefined, '', { code: 'unavailable', retryable: true, effectUnknown: true }],
    [200, undefined, '', { code: 'unavailable', retryable: true, effectUnknown: true }],
    [429, undefined, '', { code: 'rate_limited', retryable: true }],
    [403, undefined, '', { code: 'unauthorized', retryable: false }],
  ])('%i %s %s', (status, code, message, expected) => {
    const error = map(thrown(status, { ...(code ? { code } : {}), message }), 'createIssue');
    expect(error).toMatchObject({ ...expected, system: 'linear', operation: 'createIssue', status });
  });

  test('a lost connection leaves open what happened', () => {
    expect(map(new TypeError('fetch failed'), 'createIssue')).toMatchObject({
      code: 'unavailable',
      retryable: true,
      effectUnknown: true,
    });
  });

  test('an answer of another shape names the field', () => {
    const { error } = z.object({ issue: z.object({ id: z.string() }) }).safeParse({ issue: {} });
    expect(map(error, 'readIssue')).toMatchObject({ code: 'bad_answer', message: expect.stringContaining('issue.id') });
  });

  test.each([
    ['createIssue', 'issues:create'],
    ['attach', 'issues:create'],
    ['createLabel', 'write'],
    ['trashIssue', 'write'],
    ['deleteAttachment', 'write'],
    ['readIssue', 'read'],
  ])('%s refused: it needs %s', (operation, scope) => {
    expect(map(thrown(400, { code: 'FORBIDDEN' }), operation).message).toContain(`${operation} needs ${scope}`);
  });
});

describe('when to come back', () => {
  test.each([
    [
      'what Retry-After says',
      { 'retry-after': '7', 'x-ratelimit-requests-reset': String(NOW + 90_000), 'x-ratelimit-requests-remaining': '0' },
      7_000,
    ],
    [
      'when the requests come back',
      { 'x-ratelimit-requests-reset': String(NOW + 90_000), 'x-ratelimit-requests-remaining': '0' },
      90_000,
    ],
    [
      'when the budget that is used up comes back, not another',
      {
        'x-ratelimit-requests-reset': String(NOW + 900_000),
        'x-ratelimit-requests-remaining': '80',
        'x-ratelimit-complexity-reset': String(NOW + 30_000),
        'x-ratelimit-complexity-remaining': '0',
      },
      30_000,
    ],
    [
      'a moment that is past already',
      { 'x-ratelimit-requests-reset': String(NOW - 5), 'x-ratelimit-requests-remaining': '0' },
      0,
    ],
    ['a minute when Linear says nothing', {}, 60_000],
    ['a minute when Linear says nonsense', { 'retry-after': 'soon' }, 60_000],
  ])('%s', (_name, headers, retryAfterMs) => {
    expect(map(thrown(400, { code: 'RATELIMITED', headers }), 'createIssue').retryAfterMs).toBe(retryAfterMs);
  });
});

test('no error carries the request, which holds what customers said', () => {
  for (const [status, code] of [
    [400, 'BAD_USER_INPUT'],
    [502, undefined],
    [200, 'INPUT_ERROR'],
  ] as const) {
    const error = map(
      thrown(
        status,
        code ? { code, message: code === 'BAD_USER_INPUT' ? 'got { description: "My card is 4242" }' : 'x' } : {},
      ),
      'createIssue',
    );
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('4242');
  }
});
