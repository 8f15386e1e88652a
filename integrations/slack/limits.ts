// Slack's limits, in one place: how often, how long, how many. What is too long is cut at a place where no mark, entity or character breaks.
import type { KnownBlock } from '@slack/types';
import type { Message } from './client.ts';

/** How long texts may be. Sources: Slack's Block Kit reference; `text` is 4,000 for chat.update, which is the stricter one. */
export const LENGTH = {
  text: 3_900,
  section: 3_000,
  field: 2_000,
  header: 150,
  context: 2_000,
  button: 75,
  option: 75,
  optionValue: 150,
  modalTitle: 24,
  modalButton: 24,
  label: 2_000,
  hint: 2_000,
  placeholder: 150,
  input: 3_000,
  blockId: 255,
  confirmTitle: 100,
  confirmText: 300,
  richText: 3_000,
} as const;

/** How many parts a surface may have. */
export const COUNT = {
  messageBlocks: 50,
  modalBlocks: 100,
  fields: 10,
  contextElements: 10,
  actionElements: 25,
} as const;

/**
 * How often we write: `everyMs` apart on average, `burst` at once. Posting is about one message a second and channel; the others are Slack's
 * tiers per method and workspace (tier 3: 50 a minute, tier 4: 100 a minute).
 */
export const PACE = {
  post: { everyMs: 1_000, burst: 3 },
  update: { everyMs: 1_200, burst: 20 },
  ephemeral: { everyMs: 600, burst: 30 },
  react: { everyMs: 1_200, burst: 20 },
  publish: { everyMs: 600, burst: 30 },
  status: { everyMs: 600, burst: 30 },
  stream: { everyMs: 3_000, burst: 10 },
} as const;
export type Pace = keyof typeof PACE;

/** Cuts plain words to at most `max` UTF-16 units, with an ellipsis, never inside a character. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, wholeCharacters(text, max - 1)).trimEnd()}…`;
}

/** The same for text with Slack's markup: never inside an entity or a <link|…> either. */
export function clipMarkup(text: string, max: number): string {
  if (text.length <= max) return text;
  let end = wholeCharacters(text, max - 1);
  const head = text.slice(0, end);
  const open = head.lastIndexOf('<');
  const amp = head.lastIndexOf('&');
  if (open > head.lastIndexOf('>')) end = open;
  else if (amp > head.length - 6 && !head.slice(amp).includes(';')) end = Math.min(end, amp);
  return `${text.slice(0, end).trimEnd()}…`;
}

function wholeCharacters(text: string, end: number): number {
  const code = text.charCodeAt(end - 1);
  return Math.max(0, code >= 0xd800 && code <= 0xdbff ? end - 1 : end);
}

/** The last guard before Slack: whatever a view made, the message fits. Views clip with more sense; this one only keeps a message from being refused. */
export function fitted(message: Message): Message {
  const text = clipMarkup(message.text, LENGTH.text);
  if (!message.blocks) return { text };
  return { text, blocks: message.blocks.slice(0, COUNT.messageBlocks).map(fittedBlock) };
}

function fittedBlock(block: KnownBlock): KnownBlock {
  switch (block.type) {
    case 'section':
      return {
        ...block,
        ...(block.text ? { text: { ...block.text, text: cut(block.text, LENGTH.section) } } : {}),
        ...(block.fields
          ? {
              fields: block.fields
                .slice(0, COUNT.fields)
                .map((field) => ({ ...field, text: cut(field, LENGTH.field) })),
            }
          : {}),
      };
    case 'header':
      return { ...block, text: { ...block.text, text: clip(block.text.text, LENGTH.header) } };
    case 'context':
      return { ...block, elements: block.elements.slice(0, COUNT.contextElements) };
    case 'actions':
      return { ...block, elements: block.elements.slice(0, COUNT.actionElements) };
    default:
      return block;
  }
}

function cut(text: { type: string; text: string }, max: number): string {
  return text.type === 'mrkdwn' ? clipMarkup(text.text, max) : clip(text.text, max);
}
