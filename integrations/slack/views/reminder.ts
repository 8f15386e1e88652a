// The reminder: the only message of ours that mentions anybody, the one person who must act, once per card.
import type { Message } from '../client.ts';
import { count, section } from './blocks.ts';

/** The name under which a reminder is found again. */
export function reminderKey(cardId: string): string {
  return `reminder:${cardId}`;
}

/** Stands in the card's thread. */
export function reminderMessage({ ownerId, hours }: { ownerId: string; hours: number }): Message {
  const long = hours >= 48 && hours % 24 === 0 ? count(hours / 24, 'day') : count(hours, 'hour');
  const text = `<@${ownerId}> nobody has decided on this for ${long}, quiet hours not counted. File it, set it aside or dismiss it on the card above; I will not remind you of it again.`;
  return { text, blocks: [section(text)] };
}
