// /throughline theme <id or words>

import type { Command } from './command.ts';
import { pasted } from './trace.ts';

/** Opens the window of a theme, or lists themes. */
export const theme: Command = {
  name: 'theme',
  usage: '/throughline theme csv export',
  describe: 'a theme by words, an insight, an issue or a message link: see its reports, sort them, merge, mute, follow',
  handle: (rest, { openTheme }, ask) => openTheme(ask, pasted(rest)),
};
