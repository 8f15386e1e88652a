// Answer: what people ask of the rows. Reading only; numbers come from the database, words redacted.
import type { CardState } from '#src/domain/card.ts';
import type { Db } from '#src/domain/ports.ts';
import type { Cards, Decisions, Insights, Tracer } from '#src/domain/stores.ts';
import type { InsightRow, Verbs } from '#src/domain/verbs.ts';
import { type Audience, neutralTitle } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';
import { screenTrace } from './screen.ts';
import type { ViewDeps } from './view.ts';
import { viewOf } from './view.ts';

// A list in a message is read to the end when it fits a screen.
const INSIGHTS_LISTED = 20;

export interface AnswerDeps {
  db: Db;
  cards: Cards;
  insights: Insights;
  decisions: Decisions;
  tracer: Tracer;
  view: ViewDeps;
  audiences: Audiences;
  nameOf: (actor: string) => Promise<string>;
  /** The signed lineage page of a thing, or null without a public address. */
  lineageUrl: (id: string) => string | null;
}

/** Makes the verbs that only read. */
export function createAnswering(deps: AnswerDeps): Pick<Verbs, 'cardAt' | 'card' | 'insights' | 'insight' | 'trace'> {
  const { db, cards, insights, tracer, audiences } = deps;
  return {
    async cardAt({ channelId, ts }) {
      const card = await cards.at(db, channelId, ts);
      if (!card) return null;
      const taken = card.proposalId ? await deps.decisions.taken(db, card.proposalId) : null;
      const proposal =
        card.proposalId && card.proposalRevision ? { id: card.proposalId, revision: card.proposalRevision } : null;
      return { cardId: card.id, proposal, decisionId: taken?.id ?? null };
    },

    async card(cardId) {
      const card = await cards.byId(db, cardId);
      return card && viewOf(deps.view, db, card, await audiences.ofChannel(card.channelId));
    },

    async insights(audience) {
      const rows = await insights.list(db, INSIGHTS_LISTED);
      const shown = await audiences.insights(
        db,
        rows.map(({ insight }) => insight),
        audience,
      );
      return rows.map(({ insight, state, permalink }): InsightRow => {
        const wordsHidden = !shown.has(insight.id);
        return {
          insightId: insight.id,
          title: wordsHidden ? neutralTitle(insight) : insight.title,
          wordsHidden,
          customers: insight.reach.customers,
          reports: insight.reach.reports,
          state: state === null || state === 'waiting' ? 'unposted' : (state as CardState),
          permalink,
        };
      });
    },

    async insight(query, audience) {
      const found = await tracer.find(db, query);
      if (!found) return null;
      const themeId =
        found.kind === 'theme'
          ? found.id
          : found.kind === 'insight'
            ? (await insights.byId(db, found.id))?.themeId
            : null;
      const card = themeId ? await cards.current(db, themeId) : null;
      return card && viewOf(deps.view, db, card, audience);
    },

    async trace(query, audience) {
      const found = await tracer.find(db, query);
      if (!found) return { kind: 'unknown', examples: await examplesFor(audience) };
      const trace = await screenTrace(
        { audiences, insights },
        db,
        await tracer.trace(db, found, deps.nameOf),
        audience,
      );
      const why = found.kind === 'signal' ? await tracer.lone(db, found.id) : null;
      const url = deps.lineageUrl(found.id);
      return why ? { kind: 'lone', trace, why, url } : { kind: 'found', trace, url };
    },
  };

  /** Nobody is handed the address of a message that they cannot open. */
  async function examplesFor(audience: Audience): Promise<string[]> {
    const shown: string[] = [];
    for (const example of await tracer.examples(db)) {
      const found = await tracer.find(db, example);
      const isOpen =
        found?.kind !== 'signal' || (await audiences.conversations(db, [found.id], audience)).has(found.id);
      shown.push(isOpen ? example : 'the link of a message');
    }
    return shown;
  }
}
