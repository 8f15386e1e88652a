// Blocks that not every workspace has (yet): tried once, and where Slack refuses them, plain ones stand in until the next day.
import type { ActionsBlock, Button, ContextActionsBlock, KnownBlock } from '@slack/types';
import { WebAPIPlatformError } from '@slack/web-api';
import type { Clock } from '#src/domain/ports.ts';

// Slack brings features to workspaces one after the other: what was refused may be there tomorrow.
const REFUSED_MS = 86_400_000;
const REFUSALS: ReadonlySet<string> = new Set(['invalid_blocks', 'invalid_blocks_format']);

/** Sends messages whose blocks may be refused. */
export interface OptionalBlocks {
  send<M extends { blocks: KnownBlock[] }, T>(message: M, run: (message: M) => Promise<T>): Promise<T>;
}

/** Makes the memory of what a workspace refuses. */
export function createOptionalBlocks(clock: Clock): OptionalBlocks {
  let refusedAt: number | null = null;
  const isRefused = () => refusedAt !== null && clock.now().getTime() - refusedAt < REFUSED_MS;
  return {
    async send(message, run) {
      if (!message.blocks.some(isOptional)) return run(message);
      const plain = { ...message, blocks: message.blocks.map(standIn) };
      if (isRefused()) return run(plain);
      try {
        return await run(message);
      } catch (error) {
        if (!(error instanceof WebAPIPlatformError) || !REFUSALS.has(error.data.error)) throw error;
        // Should the plain blocks be refused too, it was not for the sake of these.
        const sent = await run(plain);
        refusedAt = clock.now().getTime();
        return sent;
      }
    },
  };
}

function isOptional(block: KnownBlock): block is ContextActionsBlock {
  return block.type === 'context_actions';
}

/** Two plain buttons where there are no feedback buttons. Their action ids are of the same family: `<id>:up`, `<id>:down`. */
export function standIn(block: KnownBlock): KnownBlock {
  if (!isOptional(block)) return block;
  const elements = block.elements.flatMap((element): Button[] => {
    if (element.type !== 'feedback_buttons') return [];
    const { action_id: id = 'feedback', positive_button: up, negative_button: down } = element;
    return (
      [
        ['up', up],
        ['down', down],
      ] as const
    ).map(([side, { text, value, accessibility_label: label }]) => ({
      type: 'button',
      action_id: `${id}:${side}`,
      text,
      value,
      ...(label ? { accessibility_label: label } : {}),
    }));
  });
  const actions: ActionsBlock = { type: 'actions', elements };
  return block.block_id ? { ...actions, block_id: block.block_id } : actions;
}
