// /throughline capture
import type { Command } from './command.ts';

/** Opens the window in which a person writes down what a customer said elsewhere. */
export const capture: Command = {
  name: 'capture',
  usage: '/throughline capture',
  describe: 'write down what a customer said elsewhere: on a call, in a meeting, in a review',
  handle: (_rest, deps, ask) => deps.openNote(ask),
};
