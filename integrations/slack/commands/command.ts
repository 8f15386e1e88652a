// What a sub-command is made of.

import type { Clock } from '#src/domain/ports.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { Ask } from '../app.ts';
import type { Message } from '../client.ts';
import type { ReactionSettings } from '../listeners/reactions.ts';

/** The one slash command; manifest.yml names the same. */
export const SLASH = '/throughline';

export interface CommandDeps {
  verbs: Pick<
    Verbs,
    | 'ask'
    | 'insights'
    | 'insight'
    | 'trace'
    | 'digest'
    | 'noise'
    | 'pause'
    | 'settings'
    | 'quality'
    | 'volunteers'
    | 'volunteer'
  >;
  /** Answers about trends, with a picture where there is one. */
  showTrends(text: string, ask: Ask): Promise<void>;
  /** Opens the window for a note; answers what to say instead when it cannot. */
  openNote(ask: Ask): Promise<Message | null>;
  /** The same for what became of the message that a link leads to. */
  openWhy(ask: Ask, link: string): Promise<Message | null>;
  /** The same for a theme by id or words; without any, the themes that there are. */
  openTheme(ask: Ask, query: string): Promise<Message | null>;
  clock: Clock;
  settings(): Promise<ReactionSettings>;
  /** The name of the insights channel, for people. */
  insightsChannel: string | null;
  /** All sub-commands, for the help. */
  commands(): readonly Command[];
}

/** One sub-command. `handle` gets the words after its name, as typed; its answer is for the asker only, null where a window opened instead. What takes longer is sent by `ask.reply` when it is there. */
export interface Command {
  name: string;
  usage: string;
  describe: string;
  handle(rest: string, deps: CommandDeps, ask: Ask): Promise<Message | null>;
}
