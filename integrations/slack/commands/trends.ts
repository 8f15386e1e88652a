// /throughline trends [7d|30d|90d]
import { harmless } from '../text.ts';
import { say } from '../views/replies.ts';
import { trendsMessage } from '../views/trends.ts';
import type { Command } from './command.ts';

const PERIODS: Readonly<Record<string, 7 | 30 | 90>> = {
  '': 7,
  '7': 7,
  '7d': 7,
  week: 7,
  '30': 30,
  '30d': 30,
  month: 30,
  '90': 90,
  '90d': 90,
  quarter: 90,
};

/** Shows what is talked about. */
export const trends: Command = {
  name: 'trends',
  usage: '/throughline trends 30d',
  describe: 'what is talked about: `7d`, `30d` or `90d`, against the time before',
  async handle(rest, { verbs }) {
    const days = PERIODS[rest.trim().toLowerCase()];
    if (!days) return say(`I know the periods \`7d\`, \`30d\` and \`90d\`, not “${harmless(rest.slice(0, 60))}”.`);
    return trendsMessage(await verbs.trends(days));
  },
};
