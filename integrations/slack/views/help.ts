// The help: what there is, with real examples, from the tables that the code itself uses.
import type { Message } from '../client.ts';
import { clip } from '../limits.ts';
import type { ReactionSettings, ReactionVerb } from '../listeners/reactions.ts';
import { harmless } from '../text.ts';
import { blocksOf, context, section } from './blocks.ts';

const REACTION_WORDS: Record<ReactionVerb, string> = {
  approve: 'asks you to confirm, then files the card',
  dismiss: 'dismisses it',
  snooze: 'sets it aside',
  claim: 'says that you are looking at it',
  agree: 'says that the card is good',
  disagree: 'says that it is not',
};

/** What the help is made of. */
export interface HelpInput {
  commands: readonly { usage: string; describe: string }[];
  settings: ReactionSettings;
  insightsChannel: string | null;
}

/** The whole help, for one person. */
export function helpMessage({ commands, settings, insightsChannel }: HelpInput): Message {
  const where = insightsChannel ? ` in ${insightsChannel}` : '';
  const intro = `I read what customers say, find what several of them say alike, and propose an issue${where}. A person decides; I file it and keep the links both ways.`;
  const commandLines = commands.map(({ usage, describe }) => `\`${usage}\`  ${describe}`).join('\n');
  const capture = [
    `React with :${settings.captureEmoji}: (\`${settings.captureEmoji}\`) to a message, or use the message shortcut *Send to Throughline*.`,
    'You get a receipt that only you see, with *File now*, *Change customer* and *Undo*. Taking the emoji away takes the capture back.',
    'The message shortcut *Why this, Throughline?* says of any message what I made of it, and why.',
  ].join('\n');
  const reactions = Object.entries(settings.reactions)
    .map(([emoji, verb]) => `:${emoji}: (\`${emoji}\`) ${REACTION_WORDS[verb]}`)
    .join('\n');
  const footer =
    'Reactions work under the same rights as the buttons. Taking one away within 15 minutes takes back what it did. Quotes are exact and stand without personal data; numbers are counted, never guessed.';
  const parts: [string, string][] = [
    ['Ask', commandLines],
    ['Capture a message', capture],
    ['React to a card', reactions || 'Reactions are switched off.'],
  ];
  return {
    text: [intro, ...parts.map(([title, body]) => `${title}\n${body}`), footer].join('\n\n'),
    blocks: blocksOf(section(intro), ...parts.map(([title, body]) => section(`*${title}*\n${body}`)), context(footer)),
  };
}

/** The answer to a command that there is none of; `meant` is what was probably typed for, with its words. */
export function unknownCommand(typed: string, meant: string | null): string {
  const hint = meant
    ? `Did you mean \`/throughline ${harmless(clip(meant, 100))}\`?`
    : '`/throughline help` lists what I know.';
  return `I do not know “${harmless(clip(typed, 60))}”. ${hint}`;
}
