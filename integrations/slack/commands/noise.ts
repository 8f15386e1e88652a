// /throughline noise [days]
import { noiseDaysText, noiseMessage } from '../views/noise.ts';
import { say } from '../views/replies.ts';
import type { Command } from './command.ts';

const DAYS = 30;
const DAYS_MAX = 90;

/** Shows what the bot said, against the decisions that came of it. */
export const noise: Command = {
  name: 'noise',
  usage: '/throughline noise',
  describe: 'how much I said, and how many decisions came of it; with a number of days, for that time',
  async handle(rest, { verbs }) {
    const days = rest.trim() === '' ? DAYS : Number(/^(\d{1,3})d?$/i.exec(rest.trim())?.[1] ?? Number.NaN);
    if (!(days >= 1 && days <= DAYS_MAX)) return say(noiseDaysText(DAYS_MAX));
    return noiseMessage(await verbs.noise(days));
  },
};
