// Show: Insight -> Card. Makes Slack show what the card's row says: posts once, edits in place, keeps the details in the thread.
import type { CardState, CardView } from '#src/domain/card.ts';
import type { Curations } from '#src/domain/curation.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import { payloadHashOf } from '#src/domain/proposal.ts';
import type { Card, Cards } from '#src/domain/stores.ts';
import type { Audience } from '#src/domain/visibility.ts';
import type { Stage } from './stage.ts';
import { oneByOne } from './stage.ts';
import type { ViewDeps } from './view.ts';
import { viewOf } from './view.ts';

/** Where cards are shown. `recover` says that an earlier try may have posted already: look before posting. */
export interface Surface {
  post(view: CardView, where: { channel: string; since: Date; recover: boolean }): Promise<{ ts: string }>;
  /** Draws the message from what the card's row says at that moment. A message that a person deleted stays deleted. */
  redraw(cardId: string, at: { channel: string; ts: string }): Promise<void>;
  postDetails(
    view: CardView,
    where: { channel: string; cardTs: string; since: Date; recover: boolean },
  ): Promise<{ ts: string }>;
  redrawDetails(view: CardView, at: { channel: string; ts: string }): Promise<void>;
  permalink(channel: string, ts: string): Promise<string | null>;
}

export interface ShowDeps {
  db: Db;
  cards: Cards;
  curations: Pick<Curations, 'absorbedInto'>;
  view: ViewDeps;
  /** Who reads a channel. */
  audienceOf: (channelId: string) => Promise<Audience>;
  surface: Surface;
  now: () => Date;
}

// A card that was decided from the list before it was ever posted is no news for the channel, unless it was filed.
const WORTH_POSTING: ReadonlySet<CardState> = new Set(['open', 'approved', 'filed', 'failed', 'done']);

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
        if (card.ts === null && !WORTH_POSTING.has(card.state)) {
          await db.transaction('show.skip', (tx) => cards.drawn(tx, id, { drawn: card.redraw }));
          continue;
        }
        const view = await viewOf(deps.view, db, card, await deps.audienceOf(card.channelId));
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
      const channel = card.channelId;
      const hash = hashOf(view);
      const shown: Shown = { drawn: card.redraw, shownHash: hash, detailsHash: hash };
      const recover = card.postingSince !== null;
      const since = recover ? new Date(card.postingSince!) : deps.now();
      let ts = card.ts;
      if (ts === null) {
        ts = (await surface.post(view, { channel, since, recover })).ts;
        Object.assign(shown, {
          ts,
          permalink: await surface.permalink(channel, ts),
          postedAt: deps.now().toISOString(),
          reportsWhenPosted: view.insight.reach.reports,
        });
        // A message that was found again may show an older state.
        if (recover) await surface.redraw(card.id, { channel, ts });
      } else if (card.shownHash !== hash) await surface.redraw(card.id, { channel, ts });
      if (card.detailsTs === null) {
        shown.detailsTs = (
          await surface.postDetails(view, { channel, cardTs: ts, since, recover: recover || card.ts !== null })
        ).ts;
      } else if (card.detailsHash !== hash) await surface.redrawDetails(view, { channel, ts: card.detailsTs });
      return shown;
    }),
    async write(tx: Tx, results) {
      for (const { id, result } of results) await cards.drawn(tx, id, result);
      const again = [];
      for (const { id, item, result } of results) {
        const card = await cards.byId(tx, id);
        if (card && card.redraw > item.card.redraw) again.push({ stage: 'show' as const, id });
        if (!card || !result.ts) continue;
        // Only now is there something that the card before, and those of themes merged into this one, can point to.
        for (const pointing of await pointingTo(tx, card)) {
          await cards.change(tx, pointing.id, {});
          again.push({ stage: 'show' as const, id: pointing.id });
        }
      }
      return again;
    },
    pending: (limit) => cards.pending(db, limit),
  };

  async function pointingTo(tx: Tx, card: Card): Promise<Card[]> {
    const older = (await cards.all(tx, card.themeId)).filter((one) => one.generation === card.generation - 1);
    for (const themeId of await deps.curations.absorbedInto(tx, card.themeId))
      older.push(...(await cards.all(tx, themeId)).filter((one) => one.state === 'absorbed'));
    return older.filter((one) => one.ts !== null);
  }
}

/** Equal views look equal. */
function hashOf(view: CardView): string {
  return payloadHashOf(view).slice(0, 32);
}
