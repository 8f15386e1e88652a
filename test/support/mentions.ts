// Whom the bot called: every mention and ping in what it said, anywhere in a simulated workspace. There is to be none but the reminder's.
import type { SlackState } from '#src/sandbox/slack/state.ts';

// Dates are no pings, and channels call nobody.
const CALL = /<@|<!(?!date\^)/;
const CALLING: readonly unknown[] = ['user', 'usergroup', 'broadcast'];

/** What calls somebody in something that we show: its texts of markup, and rich text's own mentions. */
export function callsIn(shown: unknown): string[] {
  if (Array.isArray(shown)) return shown.flatMap(callsIn);
  if (shown === null || typeof shown !== 'object') return [];
  const { type, text } = shown as { type?: unknown; text?: unknown };
  const own =
    (type === 'mrkdwn' && typeof text === 'string' && CALL.test(text)) || CALLING.includes(type)
      ? [JSON.stringify(shown)]
      : [];
  return [...own, ...Object.values(shown).flatMap(callsIn)];
}

/** Every call of the bot that is no reminder. */
export function callsOf(state: SlackState): string[] {
  const messages = [
    ...[...state.channels.values()].flatMap((channel) => channel.messages),
    ...state.ephemerals.map(({ message }) => message),
  ].filter(
    ({ user, subtype, metadata }) =>
      user === state.app.botUserId &&
      // Slack says by itself that somebody was let in.
      !subtype?.endsWith('_join') &&
      !isReminder(metadata?.event_payload.key),
  );
  return [
    ...messages.flatMap(({ text, blocks }) => [...(CALL.test(text) ? [text] : []), ...callsIn(blocks)]),
    ...[...state.views.values()].flatMap(({ view }) => callsIn(view)),
  ];
}

function isReminder(key: unknown): boolean {
  return typeof key === 'string' && key.startsWith('reminder:');
}
