// What a message may say: text, blocks, attachments and metadata, checked as Slack checks them, for every method that posts.
import { messageProblems, problemLine } from '../block-kit.ts';
import type { Fields, Message } from '../model.ts';
import { blockId, posted } from '../mrkdwn.ts';
import { isFields } from '../schema.ts';
import type { SlackState } from '../state.ts';
import { type Arguments, type MethodContext, Refusal, text } from './method.ts';

// chat.postMessage and chat.postEphemeral cut longer text off, with a warning; chat.update refuses it.
const TEXT_MAX = 40_000;
const UPDATE_TEXT_MAX = 4_000;
const ATTACHMENTS_MAX = 100;

/** What a message says. A field is absent when the call did not give it. */
export type Content = Pick<Message, 'blocks' | 'attachments' | 'metadata'> & { text?: string };

/** Where what Slack would only swallow is noted. */
export type Noting = Pick<MethodContext, 'violation'> & { state?: Pick<SlackState, 'blocksMissing' | 'files'> };

/** Reads and checks the content of a call. `no_text` when there is none. */
export function contentOf(context: Noting, args: Arguments, mode: 'post' | 'update'): Content {
  const blocks = array(args.blocks, 'invalid_blocks_format');
  const attachments = array(args.attachments, 'invalid_attachments');
  const markdown = text(args, 'markdown_text');
  const plain = typeof args.text === 'string' ? args.text : undefined;
  if (markdown !== undefined && (plain !== undefined || blocks)) throw new Refusal('markdown_text_conflict');
  const content: Content = {};
  const said = markdown ?? plain;
  if (said !== undefined) content.text = cut(context, said, mode);
  if (blocks) content.blocks = checkedBlocks(context, blocks, '/blocks');
  if (attachments) content.attachments = checkedAttachments(context, attachments);
  if (args.metadata !== undefined) content.metadata = checkedMetadata(args.metadata);
  const empty = !content.text && !content.blocks?.length && !content.attachments?.length;
  if (empty && !(mode === 'update' && (blocks || attachments) && content.text !== undefined)) {
    throw new Refusal('no_text');
  }
  if (!content.text && content.blocks?.length) {
    context.violation('no_fallback_text', 'blocks without text: notifications and screen readers would say nothing');
  }
  return content;
}

/** Checks blocks as Slack does and gives each a block_id; throws invalid_blocks with Slack's messages. */
export function checkedBlocks(context: Noting, blocks: unknown[], pointer: string): Fields[] {
  const missing = blocks.find((block) => isFields(block) && context.state?.blocksMissing.has(String(block.type)));
  // Nothing that the bot could have known: no violation.
  if (isFields(missing)) throw new Refusal('invalid_blocks', { errors: [`unsupported type: ${missing.type}`] });
  refuseUnreadyFiles(context, blocks, pointer);
  const problems = messageProblems(blocks, pointer);
  if (problems.length > 0) {
    const messages = problems.map(problemLine);
    context.violation('invalid_blocks', messages.join('; '));
    throw new Refusal('invalid_blocks', {
      errors: messages.map((line) => line.replace('[ERROR] ', '')),
      response_metadata: { messages },
    });
  }
  return withIds(blocks.filter(isFields));
}

/** A picture that was uploaded can be shown once Slack has looked through it; one that was never uploaded, never. */
function refuseUnreadyFiles({ state, violation }: Noting, blocks: unknown[], pointer: string): void {
  for (const [index, block] of blocks.entries()) {
    if (!state || !isFields(block) || block.type !== 'image' || !isFields(block.slack_file)) continue;
    const { id } = block.slack_file;
    const file = typeof id === 'string' ? state.files.get(id) : undefined;
    if (file?.complete && file.unready <= 0) continue;
    if (file) file.unready -= 1;
    else violation('invalid_blocks', `there is no file ${String(id)}`);
    const line = `invalid slack file [json-pointer:${pointer}/${index}/slack_file]`;
    throw new Refusal('invalid_blocks', { errors: [line], response_metadata: { messages: [`[ERROR] ${line}`] } });
  }
}

/** Blocks with the ids that Slack gives to those that have none. */
export function withIds(blocks: Fields[]): Fields[] {
  return blocks.map((block, index) =>
    block.block_id === undefined ? { ...block, block_id: blockId(JSON.stringify(block), index) } : block,
  );
}

function checkedAttachments(context: Noting, attachments: unknown[]): Fields[] {
  if (attachments.length > ATTACHMENTS_MAX) throw new Refusal('too_many_attachments');
  return attachments.filter(isFields).map((attachment, index) => {
    const blocks = attachment.blocks;
    const checked = Array.isArray(blocks)
      ? { blocks: checkedBlocks(context, blocks, `/attachments/${index}/blocks`) }
      : {};
    const fallback = attachment.fallback ?? attachment.text ?? '[no preview available]';
    return { id: index + 1, fallback, ...attachment, ...checked };
  });
}

function checkedMetadata(value: unknown): Message['metadata'] {
  if (!isFields(value)) throw new Refusal('invalid_metadata_format');
  const { event_type: type, event_payload: payload } = value;
  if (typeof type !== 'string' || type === '' || !isFields(payload)) throw new Refusal('invalid_metadata_schema');
  return { event_type: type, event_payload: payload };
}

function cut(context: Noting, said: string, mode: 'post' | 'update'): string {
  if (mode === 'update' && [...said].length > UPDATE_TEXT_MAX) throw new Refusal('msg_too_long');
  if (said.length > TEXT_MAX) {
    context.violation('text_truncated', `text of ${said.length} characters was cut at ${TEXT_MAX}`);
    return posted(said.slice(0, TEXT_MAX));
  }
  return posted(said);
}

function array(value: unknown, error: string): unknown[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw new Refusal(error);
  return value;
}
