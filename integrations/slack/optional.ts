// Blocks that not every workspace has (yet): tried once, and where Slack refuses them, plain ones stand in until the next day.
import type { ActionsBlock, Button, KnownBlock } from '@slack/types';
import type { Clock } from '#src/domain/ports.ts';
import { refusesBlocks } from './errors.ts';

// Slack brings features to workspaces one after the other: what was refused may be there tomorrow.
const REFUSED_MS = 86_400_000;

/** Sends messages whose blocks may be refused. */
export interface OptionalBlocks {
  send<M extends { blocks: KnownBlock[] }, T>(message: M, run: (message: M) => Promise<T>): Promise<T>;
}

/** Makes the memory of what a workspace refuses. */
export function createOptionalBlocks(clock: Clock): OptionalBlocks {
  const refusedAt = new Map<string, number>();
  const isRefused = (type: string) =>
    clock.now().getTime() - (refusedAt.get(type) ?? Number.NEGATIVE_INFINITY) < REFUSED_MS;
  return {
    async send(message, run) {
      const known = {
        ...message,
        blocks: message.blocks.flatMap((block) => (isRefused(block.type) ? plainly(block) : [block])),
      };
      const types = new Set(known.blocks.filter(isOptional).map((block): string => block.type));
      if (types.size === 0) return run(known);
      try {
        return await run(known);
      } catch (error) {
        if (!refusesBlocks(error)) throw error;
        // Should the plain blocks be refused too, it was not for the sake of these.
        const sent = await run({ ...known, blocks: known.blocks.flatMap(plainly) });
        for (const type of types) refusedAt.set(type, clock.now().getTime());
        return sent;
      }
    },
  };
}

// The chart block is in no release of Slack's types yet.
const OPTIONAL: ReadonlySet<string> = new Set(['context_actions', 'data_visualization']);

function isOptional(block: KnownBlock): boolean {
  return OPTIONAL.has(block.type);
}

/** What stands in the place of a block; nothing where the rest of the message says the same, as it does for a chart. */
function plainly(block: KnownBlock): KnownBlock[] {
  if (!isOptional(block)) return [block];
  return block.type === 'context_actions' ? [standIn(block)] : [];
}

/** Two plain buttons where there are no feedback buttons. Their action ids are of the same family: `<id>:up`, `<id>:down`. */
export function standIn(block: KnownBlock): KnownBlock {
  if (block.type !== 'context_actions') return block;
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
