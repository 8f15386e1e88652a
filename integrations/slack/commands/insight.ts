// /throughline insight [id]
import { oneReader } from '#src/domain/visibility.ts';
import { cardMessage } from '../views/card.ts';
import { insightsMessage, noInsight } from '../views/insights.ts';
import { say } from '../views/replies.ts';
import type { Command } from './command.ts';

/** Lists insights, or shows one as its card. */
export const insight: Command = {
  name: 'insight',
  usage: '/throughline insight',
  describe: 'all insights, posted or not; with an id, that one as a card that you can decide on',
  async handle(rest, { verbs, clock }, ask) {
    const asker = oneReader(await ask.person());
    const query = rest.trim();
    if (query === '') return insightsMessage(await verbs.insights(asker));
    const view = await verbs.insight(query, asker);
    return view ? cardMessage(view, clock.now()) : say(noInsight(query));
  },
};
