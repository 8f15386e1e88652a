// /throughline why <link>
import type { Command } from './command.ts';
import { pasted } from './trace.ts';

/** Opens the window that says what became of a message. */
export const why: Command = {
  name: 'why',
  usage: '/throughline why https://…',
  describe: 'what I made of a message: the verdict and what produced it, its theme, the nearest others',
  handle: (rest, deps, ask) => deps.openWhy(ask, pasted(rest)),
};
