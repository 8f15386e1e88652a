// assistant.threads.* and the streaming chat.*Stream: what an app shows while somebody waits for its answer.
import type { Channel, Fields, Message } from '../model.ts';
import { isFields } from '../schema.ts';
import { messageShape } from '../shapes.ts';
import { byApp } from '../state.ts';
import { checkedBlocks } from './content.ts';
import { type Arguments, conversation, type Method, type MethodContext, messageIn, Refusal, text } from './method.ts';

const PROMPTS_MAX = 4;
const LOADING_MAX = 10;
const STATUS_LENGTH_MAX = 50;
// One call's text, and all of one streamed message.
const MARKDOWN_MAX = 12_000;

/** The methods of the app's own conversation and of messages that are written bit by bit. */
export const paneMethods: Record<string, Method> = {
  'assistant.threads.setStatus': {
    args: {
      channel_id: 'string!',
      thread_ts: 'ts!',
      status: 'string',
      loading_messages: 'json',
      icon_emoji: 'string',
      icon_url: 'string',
      username: 'string',
    },
    scopes: ['chat:write', 'assistant:write'],
    handle(context, args) {
      const channel = conversation(context, text(args, 'channel_id'));
      const threadTs = text(args, 'thread_ts') ?? '';
      if (!channel.byTs.has(threadTs)) throw new Refusal('invalid_thread_ts');
      if (typeof args.status !== 'string') throw new Refusal('invalid_arguments');
      const loading = Array.isArray(args.loading_messages)
        ? args.loading_messages.filter((one) => typeof one === 'string')
        : [];
      if (loading.length > LOADING_MAX || loading.some((one) => one.length > STATUS_LENGTH_MAX))
        throw new Refusal('invalid_arguments');
      if (args.status.length > STATUS_LENGTH_MAX)
        context.violation('invalid_argument', `a status of more than ${STATUS_LENGTH_MAX} characters is cut`);
      // An empty status takes it away.
      context.state.setStatus(channel, args.status === '' ? null : { threadTs, text: args.status, loading });
      return {};
    },
  },
  'assistant.threads.setSuggestedPrompts': {
    args: { channel_id: 'string!', thread_ts: 'ts', title: 'string', prompts: 'json!' },
    scopes: ['chat:write', 'assistant:write'],
    handle(context, args) {
      const channel = conversation(context, text(args, 'channel_id'));
      if (channel.type !== 'im') throw new Refusal('channel_not_supported');
      const prompts = Array.isArray(args.prompts) ? args.prompts : [];
      const read = prompts.flatMap((one) =>
        isFields(one) && typeof one.title === 'string' && typeof one.message === 'string' && one.title && one.message
          ? [{ title: one.title, message: one.message }]
          : [],
      );
      if (read.length !== prompts.length || read.length === 0) throw new Refusal('invalid_arguments');
      if (read.length > PROMPTS_MAX) throw new Refusal('too_many_prompts');
      context.state.setPrompts(channel, { title: text(args, 'title') ?? null, prompts: read });
      return {};
    },
  },
  'chat.startStream': {
    args: {
      channel: 'string!',
      thread_ts: 'ts!',
      markdown_text: 'string',
      chunks: 'json',
      recipient_user_id: 'string',
      recipient_team_id: 'string',
      task_display_mode: 'string',
      icon_emoji: 'string',
      icon_url: 'string',
      username: 'string',
    },
    scopes: ['chat:write'],
    handle(context, args) {
      const { state } = context;
      const channel = conversation(context, text(args, 'channel'));
      if (!channel.members.has(state.app.botUserId)) throw new Refusal('not_in_channel');
      if (channel.type !== 'im') {
        if (!text(args, 'recipient_user_id')) throw new Refusal('missing_recipient_user_id');
        if (!text(args, 'recipient_team_id')) throw new Refusal('missing_recipient_team_id');
      }
      const mode = text(args, 'task_display_mode');
      if (mode !== undefined && mode !== 'timeline' && mode !== 'plan') throw new Refusal('invalid_arguments');
      const root = channel.byTs.get(text(args, 'thread_ts') ?? '');
      if (!root) throw new Refusal('invalid_thread_ts');
      const added = addition(context, args);
      const message = state.post(channel, {
        ...byApp(state),
        text: added.text,
        ...(added.blocks.length > 0 ? { blocks: added.blocks } : {}),
        thread_ts: root.thread_ts ?? root.ts,
        ...(root.user ? { parent_user_id: root.user } : {}),
        streaming_state: 'in_progress',
      });
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.appendStream': {
    args: { channel: 'string!', ts: 'ts!', markdown_text: 'string', chunks: 'json' },
    scopes: ['chat:write'],
    handle(context, args) {
      const { channel, message } = streaming(context, args);
      const added = addition(context, args);
      if (added.text === '' && added.blocks.length === 0) throw new Refusal('no_text');
      context.state.change(channel, message, grown(message, added));
      return { channel: channel.id, ts: message.ts };
    },
  },
  'chat.stopStream': {
    args: {
      channel: 'string!',
      ts: 'ts!',
      markdown_text: 'string',
      chunks: 'json',
      blocks: 'json',
      metadata: 'json',
      session_status: 'string',
    },
    scopes: ['chat:write'],
    handle(context, args) {
      const { channel, message } = streaming(context, args);
      const added = addition(context, args);
      const blocks = Array.isArray(args.blocks) ? checkedBlocks(context, args.blocks, '/blocks') : [];
      const whole = grown(message, { text: added.text, blocks: [...added.blocks, ...blocks] });
      context.state.change(channel, message, { ...whole, streaming_state: 'completed' });
      const shown = messageShape(message, { allMetadata: true, ownAppId: context.state.app.id });
      return { channel: channel.id, ts: message.ts, message: shown };
    },
  },
};

function streaming(context: MethodContext, args: Arguments): { channel: Channel; message: Message } {
  const channel = conversation(context, text(args, 'channel'));
  const message = messageIn(channel, text(args, 'ts'));
  if (message.app_id !== context.state.app.id) throw new Refusal('message_not_owned_by_app');
  if (message.streaming_state !== 'in_progress') throw new Refusal('message_not_in_streaming_state');
  return { channel, message };
}

/** What one call adds: text, and blocks for tasks and for blocks that are sent as a chunk. */
function addition(context: MethodContext, args: Arguments): { text: string; blocks: Fields[] } {
  const chunks = args.chunks === undefined ? [] : Array.isArray(args.chunks) ? args.chunks : null;
  const markdown = text(args, 'markdown_text');
  if (chunks === null || (markdown !== undefined && chunks.length > 0)) throw new Refusal('invalid_arguments');
  let said = markdown ?? '';
  const blocks: Fields[] = [];
  for (const chunk of chunks) {
    if (!isFields(chunk)) throw new Refusal('invalid_chunks');
    switch (chunk.type) {
      case 'markdown_text':
        if (typeof chunk.text !== 'string') throw new Refusal('invalid_chunks');
        said += chunk.text;
        break;
      case 'task_update': {
        const { type: _, id, ...task } = chunk;
        blocks.push(...checkedBlocks(context, [{ type: 'task_card', task_id: id, ...richTask(task) }], '/chunks'));
        break;
      }
      case 'plan_update':
        if (typeof chunk.title !== 'string') throw new Refusal('invalid_chunks');
        break;
      case 'blocks':
        blocks.push(...checkedBlocks(context, Array.isArray(chunk.blocks) ? chunk.blocks : [], '/chunks'));
        break;
      default:
        throw new Refusal('invalid_chunks');
    }
  }
  if (said.length > MARKDOWN_MAX) throw new Refusal('msg_too_long');
  return { text: said, blocks };
}

// A chunk says details and output as text, the block as rich text.
function richTask(task: Fields): Fields {
  const rich = (value: unknown) =>
    typeof value === 'string'
      ? { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: value }] }] }
      : value;
  return Object.fromEntries(
    Object.entries(task).map(([key, value]) => [key, key === 'details' || key === 'output' ? rich(value) : value]),
  );
}

/** A task that is told again is the same task in another state. */
function grown(message: Message, added: { text: string; blocks: Fields[] }): Partial<Message> {
  const blocks = [...(message.blocks ?? [])];
  for (const block of added.blocks) {
    const known = blocks.findIndex((one) => one.type === 'task_card' && one.task_id === block.task_id);
    if (block.type === 'task_card' && known >= 0) blocks[known] = block;
    else blocks.push(block);
  }
  return { text: message.text + added.text, ...(blocks.length > 0 ? { blocks } : {}) };
}
