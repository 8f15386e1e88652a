// /throughline help
import { helpMessage } from '../views/help.ts';
import type { Command } from './command.ts';

/** Says what there is. */
export const help: Command = {
  name: 'help',
  usage: '/throughline help',
  describe: 'this list',
  async handle(_rest, deps) {
    return helpMessage({
      commands: deps.commands(),
      settings: await deps.settings(),
      insightsChannel: deps.insightsChannel,
    });
  },
};
