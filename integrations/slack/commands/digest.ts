// /throughline digest
import { digestMessage } from '../views/digest.ts';
import type { Command } from './command.ts';

/** Shows what a digest of the last seven days would say, now and to the asker only. */
export const digest: Command = {
  name: 'digest',
  usage: '/throughline digest',
  describe: 'what is new, rising, waiting and decided, of the last seven days',
  async handle(_rest, { verbs }, ask) {
    return digestMessage(await verbs.digest(await ask.person()));
  },
};
