// What a sub-command is made of.

import type { Clock } from '#src/domain/ports.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { Message } from '../client.ts';
import type { ReactionSettings } from '../listeners/reactions.ts';

/** The one slash command; manifest.yml names the same. */
export const SLASH = '/throughline';

export interface CommandDeps {
  verbs: Pick<Verbs, 'trends' | 'insights' | 'insight' | 'trace'>;
  clock: Clock;
  settings(): Promise<ReactionSettings>;
  /** The name of the insights channel, for people. */
  insightsChannel: string | null;
  /** All sub-commands, for the help. */
  commands(): readonly Command[];
}

/** One sub-command. `handle` gets the words after its name, as typed. Its answer is for the asker only. */
export interface Command {
  name: string;
  usage: string;
  describe: string;
  handle(rest: string, deps: CommandDeps): Promise<Message>;
}
