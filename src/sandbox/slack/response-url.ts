// Answers through a response_url: five times within half an hour, to everyone or to the one who asked, in place of the original or beside it.
import type { Capabilities, ResponseUrl } from './capabilities.ts';
import { type Content, contentOf } from './methods/content.ts';
import { Refusal } from './methods/method.ts';
import type { Fields, Message } from './model.ts';
import { isFields } from './schema.ts';
import { byApp, type SlackState, type Violation } from './state.ts';

const FIELDS = new Set([
  'text',
  'blocks',
  'attachments',
  'metadata',
  'response_type',
  'replace_original',
  'delete_original',
  'thread_ts',
  'mrkdwn',
  'unfurl_links',
  'unfurl_media',
  'as_user',
  'username',
  'icon_emoji',
  'icon_url',
  'link_names',
  'parse',
]);

export interface ResponseUrlDeps {
  state: SlackState;
  capabilities: Capabilities;
  violation: (kind: Violation['kind'], method: string, detail: string) => void;
}

/** Carries out one post to a response_url and says what Slack would answer. */
export function answerThroughUrl(
  deps: ResponseUrlDeps,
  path: string,
  body: unknown,
): { status: 200 | 400 | 404; text: string } {
  const url = deps.capabilities.spendResponseUrl(path);
  if (typeof url === 'string') return { status: 404, text: url };
  if (!isFields(body)) return { status: 400, text: 'invalid_payload' };
  for (const key of Object.keys(body)) {
    if (!FIELDS.has(key)) deps.violation('unknown_argument', 'response_url', key);
  }
  try {
    say(deps, url, body);
    return { status: 200, text: 'ok' };
  } catch (error) {
    if (error instanceof Refusal) return { status: 400, text: error.error };
    throw error;
  }
}

/** Says something in answer to an interaction: what the body of an acknowledgement and a response_url have in common. */
export function say(
  deps: ResponseUrlDeps,
  url: Omit<ResponseUrl, 'path' | 'usesLeft' | 'expiresAt'>,
  body: Fields,
): Message | null {
  const { state } = deps;
  const channel = state.channel(url.channel);
  const source = url.source;
  const ephemeral = source?.ephemeral
    ? state.ephemerals.find((one) => one.channel === url.channel && one.message.ts === source.ts && !one.deleted)
    : undefined;
  const original = source && !source.ephemeral ? channel.byTs.get(source.ts) : undefined;
  if (body.delete_original === true) {
    if (ephemeral) state.changeEphemeral(ephemeral, 'delete');
    else if (original) state.remove(channel, original);
    return null;
  }
  const content = contentOf(
    { state, violation: (kind, detail) => deps.violation(kind, 'response_url', detail) },
    body,
    'post',
  );
  if (body.replace_original === true && source) {
    const patch = replacing(content);
    if (ephemeral) state.changeEphemeral(ephemeral, patch);
    else if (original)
      state.change(channel, original, { ...patch, edited: { user: state.app.botId, ts: state.nextMoment() } });
    else throw new Refusal('message_not_found');
    return null;
  }
  // An answer goes to the channel even when the click was in a thread, unless it names the thread.
  const thread = typeof body.thread_ts === 'string' ? body.thread_ts : null;
  const draft = { ...byApp(state), text: '', ...content, ...(thread ? { thread_ts: thread } : {}) };
  if (body.response_type === 'in_channel') return state.post(channel, draft);
  return state.postEphemeral(channel, url.user, draft).message;
}

// What replaces a message replaces all of it.
function replacing(content: Content): Partial<Message> {
  return {
    text: content.text ?? '',
    blocks: content.blocks?.length ? content.blocks : undefined,
    attachments: content.attachments?.length ? content.attachments : undefined,
  };
}
