// /throughline trends [when] [filters]
import { readTrends } from '#src/domain/trends-text.ts';
import { oneReader } from '#src/domain/visibility.ts';
import { say } from '../views/replies.ts';
import { trendsMessage, trendsProblem } from '../views/trends.ts';
import type { Command } from './command.ts';

/** Shows what is talked about. */
export const trends: Command = {
  name: 'trends',
  usage: '/throughline trends 30d area:billing kind:bug',
  describe:
    'what is talked about, against the time before: `7d`, `last month`, `since 2026-10-01`; by `area:`, `source:`, `customer:`, `kind:`, `theme:`',
  async handle(rest, { verbs, clock }, ask) {
    const reading = readTrends(rest, clock.now());
    if (reading.kind === 'problem') return say(trendsProblem(reading.problem, reading.retry));
    return trendsMessage(await verbs.trends(reading.query, oneReader(await ask.person())));
  },
};
