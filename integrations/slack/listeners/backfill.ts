// The end of a back-fill: the button that shows the largest of what it found.
import type { Verbs } from '#src/domain/verbs.ts';
import type { SlackApp } from '../app.ts';
import { BACKFILL_ACTIONS, BACKFILL_SHOWN, showBackfilledText } from '../views/backfill.ts';
import { fromRef } from '../views/ref.ts';
import { OLD_MESSAGE } from '../views/replies.ts';

/** Hangs up the listeners of back-fills. */
export function listenToBackfills(app: SlackApp, deps: { verbs: Pick<Verbs, 'showBackfilled'> }): void {
  app.onAction(BACKFILL_ACTIONS.show, async (ask) => {
    const [ids] = fromRef(ask.value, 1) ?? [];
    if (!ids) return ask.reply(OLD_MESSAGE);
    const reply = await deps.verbs.showBackfilled({
      channelIds: ids.split(','),
      person: await ask.person(),
      limit: BACKFILL_SHOWN,
    });
    await ask.reply(showBackfilledText(reply));
  });
}
