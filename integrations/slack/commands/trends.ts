// /throughline trends [when] [filters]
import type { Command } from './command.ts';

/** Shows what is talked about. */
export const trends: Command = {
  name: 'trends',
  usage: '/throughline trends 30d area:billing kind:bug',
  describe:
    'what is talked about, against the time before, as numbers and as a picture: `7d`, `last month`, `since 2026-10-01`; by `area:`, `source:`, `customer:`, `kind:`, `theme:`',
  async handle(rest, { showTrends }, ask) {
    await showTrends(rest, ask);
    return null;
  },
};
