// /throughline quality
import { qualityMessage } from '../views/quality.ts';
import type { Command } from './command.ts';

/** Tells how much is heard and missed, and where nothing could be heard. */
export const quality: Command = {
  name: 'quality',
  usage: '/throughline quality',
  describe: 'how many reports I hear and miss, with honest intervals, and gaps in what each source sends',
  async handle(_rest, { verbs }) {
    return qualityMessage(await verbs.quality());
  },
};
