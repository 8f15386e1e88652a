// Show: Insight -> Card. Makes Slack show what the card's row says: posts once, edits in place, keeps the details in the thread.
import type { CardView } from '#src/domain/card.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import type { Card, Cards } from '#src/domain/stores.ts';
import type { Stage } from './stage.ts';
import { oneByOne } from './stage.ts';
import type { ViewDeps } from './view.ts';
import { viewOf } from './view.ts';

/** Where cards are shown. `key` finds a message again whose answer was lost; `since` says that one may already be there. */
export interface Surface {
  /** The message and its details as they would be sent, each with a hash that is equal for equal content. */
  draw(view: CardView): { parent: unknown; parentHash: string; details: unknown; detailsHash: string };
  post(input: {
    channelId: string;
    threadTs: string | null;
    key: string;
    message: unknown;
    since: string | null;
  }): Promise<{ ts: string; permalink: string | null }>;
  /** `gone` when a person deleted the message: what people remove stays removed. */
  update(input: { channelId: string; ts: string; message: unknown }): Promise<'updated' | 'gone'>;
}

export interface ShowDeps {
  db: Db;
  cards: Cards;
  view: ViewDeps;
  surface: Surface;
  now: () => Date;
}

interface ToShow {
  card: Card;
  view: CardView;
}

type Shown = Parameters<Cards['drawn']>[2];

/** Makes the stage. Its ids are cards. */
export function createShow(deps: ShowDeps): Stage<ToShow, Shown> {
  const { db, cards, surface } = deps;
  return {
    name: 'show',
    takes: 'Insight',
    makes: 'Card',
    batch: 10,
    async load(ids) {
      const loaded = new Map<string, ToShow>();
      for (const id of ids) {
        const card = await cards.byId(db, id);
        if (!card || card.state === 'waiting' || card.channelId === '' || card.drawn >= card.redraw) continue;
        const view = await viewOf(deps.view, db, card);
        if (!view) continue;
        // Written down before the post: after a crash in between, the next try looks for the message before it posts another.
        if (card.ts === null && card.postingSince === null) {
          await db.transaction('show.intent', (tx) => cards.drawn(tx, id, { postingSince: deps.now().toISOString() }));
        }
        loaded.set(id, { card, view });
      }
      return loaded;
    },
    work: oneByOne(async ({ card, view }) => {
      const drawing = surface.draw(view);
      const shown: Shown = { drawn: card.redraw, shownHash: drawing.parentHash, detailsHash: drawing.detailsHash };
      const { channelId } = card;
      let ts = card.ts;
      if (ts === null) {
        const posted = await surface.post({
          channelId,
          threadTs: null,
          key: card.id,
          message: drawing.parent,
          since: card.postingSince,
        });
        ts = posted.ts;
        Object.assign(shown, {
          ts,
          permalink: posted.permalink,
          postedAt: deps.now().toISOString(),
          reportsWhenPosted: view.insight.reach.reports,
        });
        // A message that was found again may show an older state.
        if (card.postingSince !== null) await surface.update({ channelId, ts, message: drawing.parent });
      } else if (card.shownHash !== drawing.parentHash) {
        const result = await surface.update({ channelId, ts, message: drawing.parent });
        if (result === 'gone') return shown;
      }
      const detailsKey = `${card.id}:details`;
      if (card.detailsTs === null) {
        const posted = await surface.post({
          channelId,
          threadTs: ts,
          key: detailsKey,
          message: drawing.details,
          since: card.postingSince,
        });
        Object.assign(shown, { detailsTs: posted.ts });
      } else if (card.detailsHash !== drawing.detailsHash) {
        await surface.update({ channelId, ts: card.detailsTs, message: drawing.details });
      }
      return shown;
    }),
    async write(tx: Tx, results) {
      for (const { id, result } of results) await cards.drawn(tx, id, result);
      const again = [];
      for (const { id, item } of results) {
        const card = await cards.byId(tx, id);
        if (card && card.redraw > item.card.redraw) again.push({ stage: 'show' as const, id });
      }
      return again;
    },
    pending: (limit) => cards.pending(db, limit),
  };
}
