// The receipt of a capture, for the one who captured, and the question before a reaction approves.
import type { MessageRef } from '#src/domain/verbs.ts';
import type { Message } from '../client.ts';
import { escapeMarkup, harmless } from '../text.ts';
import { blocksOf, button, section } from './blocks.ts';
import { type SeenCard, toRef } from './ref.ts';

export const CAPTURE_ACTIONS = { file: 'capture_file', undo: 'capture_undo' } as const;
export const CONFIRM_ACTIONS = { approve: 'confirm_approve' } as const;

/** What the person who captured a message sees. */
export function captureReceipt(input: {
  key: string;
  message: MessageRef;
  already: boolean;
  canFile: boolean;
  /** Set when the answer comes as a direct message, because the channel would not take it. */
  elsewhere?: string | null;
}): Message {
  const where = input.elsewhere
    ? ` I tell you here because I am not in ${escapeMarkup(input.elsewhere)}; \`/invite @Throughline\` lets me follow the thread there.`
    : '';
  const head = input.already
    ? 'This message was captured before; it counts once.'
    : 'Captured. I read it like any report, and you find it with `/throughline trace` and its link.';
  const next = input.canFile
    ? ' *File now* approves it for Linear at once, however few customers report it.'
    : ' It can be filed once Linear is connected.';
  const text = `${head}${next}${where}`;
  return {
    text,
    blocks: blocksOf(section(text), {
      type: 'actions',
      elements: [
        ...(input.canFile ? [button(CAPTURE_ACTIONS.file, 'File now', toRef(input.key))] : []),
        button(CAPTURE_ACTIONS.undo, 'Undo', toRef(input.message.channelId, input.message.ts)),
      ],
    }),
  };
}

/** Asks before a check mark files something. */
export function confirmApproval(seen: SeenCard, title: string): Message {
  const text = `You reacted with a check mark. File “${harmless(title)}” in Linear? Ignore this if you only meant to agree.`;
  return {
    text,
    blocks: blocksOf(section(text), {
      type: 'actions',
      elements: [
        button(
          CONFIRM_ACTIONS.approve,
          'File in Linear',
          toRef(seen.cardId, seen.proposalId, seen.revision),
          'primary',
        ),
      ],
    }),
  };
}
