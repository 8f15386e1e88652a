// What Slack's refusals and failures mean, and what to do about each.
import {
  LogLevel,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
} from '@slack/web-api';
import { z } from 'zod';
import { ExternalError } from '#src/domain/errors.ts';
import type { Log } from '#src/domain/ports.ts';

const INVITE = 'invite the bot to the channel with /invite @Throughline';
const REINSTALL = 'reinstall the app in your workspace and set SLACK_BOT_TOKEN to the new bot token';
const ADVICE: Record<string, { code: ExternalError['code']; advice: string }> = {
  not_in_channel: { code: 'refused', advice: INVITE },
  channel_not_found: { code: 'not_found', advice: `there is no such channel, or it is private: ${INVITE}` },
  is_archived: { code: 'refused', advice: 'the channel is archived; unarchive it or choose another one' },
  restricted_action: {
    code: 'refused',
    advice: 'a workspace setting forbids posting there; ask an admin to allow the app',
  },
  invalid_auth: { code: 'unauthorized', advice: REINSTALL },
  not_authed: { code: 'unauthorized', advice: REINSTALL },
  account_inactive: { code: 'unauthorized', advice: REINSTALL },
  token_revoked: { code: 'unauthorized', advice: REINSTALL },
  token_expired: { code: 'unauthorized', advice: REINSTALL },
  message_not_found: { code: 'not_found', advice: 'the message is gone' },
  thread_not_found: { code: 'not_found', advice: 'the thread is gone' },
  user_not_in_channel: { code: 'refused', advice: 'that person is not in the channel' },
};
const SLACK_IS_ILL = new Set([
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

/** Turns what Slack's SDK throws into our error, with what to do about it. */
export function toExternalError(error: unknown, operation: string): ExternalError {
  const about = { system: 'slack', operation, cause: error };
  if (error instanceof WebAPIRateLimitedError) return rateLimited(error.retryAfter * 1000);
  if (error instanceof WebAPIHTTPError) {
    if (error.statusCode === 429) return rateLimited(1000);
    const ill = error.statusCode >= 500;
    return new ExternalError(
      ill ? 'unavailable' : 'refused',
      ill
        ? `Slack answered ${error.statusCode}; trying again.`
        : `Slack refused the request with status ${error.statusCode}.`,
      { ...about, status: error.statusCode, retryable: ill, effectUnknown: ill },
    );
  }
  if (error instanceof WebAPIRequestError) {
    // A time limit of ours arrives as a failed request too; in both cases the effect may have happened.
    const late = /abort|timeout/i.test(`${error.original.name} ${error.original.message}`);
    return new ExternalError(
      late ? 'timeout' : 'unavailable',
      late ? 'Slack did not answer in time.' : 'Slack cannot be reached.',
      {
        ...about,
        retryable: true,
        effectUnknown: true,
      },
    );
  }
  if (error instanceof WebAPIPlatformError) return refusal(error);
  if (error instanceof z.ZodError) {
    return new ExternalError('bad_answer', `Slack answered ${operation} in a form that we do not know.`, about);
  }
  return new ExternalError(
    'unavailable',
    `The call to Slack failed: ${error instanceof Error ? error.message : String(error)}.`,
    {
      ...about,
      retryable: true,
      effectUnknown: true,
    },
  );

  function rateLimited(retryAfterMs: number): ExternalError {
    return new ExternalError('rate_limited', 'Slack asks us to slow down.', {
      ...about,
      status: 429,
      retryable: true,
      retryAfterMs,
    });
  }

  function refusal(thrown: WebAPIPlatformError): ExternalError {
    const slackCode = thrown.data.error;
    if (slackCode === 'ratelimited' || slackCode === 'rate_limited') return rateLimited(1000);
    if (SLACK_IS_ILL.has(slackCode)) {
      return new ExternalError('unavailable', `Slack has a problem of its own (${slackCode}); trying again.`, {
        ...about,
        retryable: true,
        effectUnknown: true,
      });
    }
    if (slackCode === 'missing_scope') {
      const needed = (thrown.data as { needed?: string }).needed ?? 'another scope';
      return new ExternalError(
        'unauthorized',
        `Slack refused ${operation}: the bot token lacks ${needed}. Add it under OAuth & Permissions (manifest.yml lists all) and reinstall the app.`,
        about,
      );
    }
    const known = ADVICE[slackCode];
    if (known) return new ExternalError(known.code, `Slack refused: ${known.advice}.`, about);
    const details = thrown.data.response_metadata?.messages?.join(' ') ?? '';
    return new ExternalError('refused', `Slack refused ${operation}: ${slackCode}. ${details}`.trim(), about);
  }
}

/** Whether Slack refused the blocks of a message: one of them is unknown in that workspace, or names a file that is not ready. */
export function refusesBlocks(error: unknown): boolean {
  const refusal = error instanceof ExternalError ? error.cause : error;
  if (refusal instanceof WebAPIPlatformError) return /^invalid_blocks(_format)?$/.test(refusal.data.error);
  return refusal instanceof WebAPIHTTPError && /invalid_blocks/.test(String(refusal.body ?? ''));
}

/** Slack's SDK logs through ours; its debug lines hold whole payloads, so they stay off. */
export function toSlackLogger(log: Log) {
  const line =
    (level: 'info' | 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[level]({ from: 'slack-sdk' }, parts.map(String).join(' ').slice(0, 500));
  return {
    debug() {},
    info() {},
    warn: line('warn'),
    error: line('error'),
    setLevel() {},
    getLevel: () => LogLevel.WARN,
    setName() {},
  };
}
