// Quiet: what the bot says by itself, digests and reminders, and the button that posts what was held back.
import type { DigestView } from '#src/domain/digest.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { SlackApp } from '../app.ts';
import type { Outbound, Posted } from '../outbound.ts';
import type { Picture, Pictures } from '../pictures.ts';
import { DIGEST_ACTIONS, digestChart, digestMessage, showNowText } from '../views/digest.ts';
import { fromRef } from '../views/ref.ts';
import { reminderKey, reminderMessage } from '../views/reminder.ts';
import { OLD_MESSAGE } from '../views/replies.ts';

/** What is said to people who did not ask just now. Each is said once per key. */
export interface Voice {
  digest(input: {
    key: string;
    to: { kind: 'channel' | 'person'; id: string };
    view: DigestView;
    since: Date;
    recover: boolean;
  }): Promise<{ channel: string; ts: string | null }>;
  remind(input: {
    cardId: string;
    channel: string;
    cardTs: string;
    ownerId: string;
    hours: number;
    since: Date;
    recover: boolean;
  }): Promise<Posted>;
}

/** Hangs up the listener of Show now. */
export function listenToQuiet(app: SlackApp, deps: { verbs: Pick<Verbs, 'showNow'> }): void {
  app.onAction(DIGEST_ACTIONS.show, async (ask) => {
    const [cardId] = fromRef(ask.value, 1) ?? [];
    if (!cardId) return ask.reply(OLD_MESSAGE);
    await ask.reply(showNowText(await deps.verbs.showNow({ cardId, person: await ask.person() })));
  });
}

/** Makes the voice of one workspace. */
export function createVoice(deps: {
  outbound: Pick<Outbound, 'postOnce'>;
  pictures: Pick<Pictures, 'make' | 'whenReady'>;
}): Voice {
  const { outbound, pictures } = deps;
  return {
    async digest({ key, to, view, since, recover }) {
      // We may not read direct messages, so that an earlier try cannot be looked for. It counts as sent: a digest can be asked for at any time,
      // and a second one would be noise.
      if (to.kind === 'person' && recover) return { channel: to.id, ts: null };
      const post = (picture: Picture | null) =>
        outbound.postOnce({
          channel: to.id,
          key,
          message: digestMessage(view, { picture, ratedAs: key }),
          since,
          recover,
        });
      const drawing = recover ? null : digestChart(view);
      const picture = drawing && (await pictures.make(drawing.chart, drawing.alt));
      return (picture && (await pictures.whenReady(() => post(picture)))) ?? post(null);
    },
    remind: ({ cardId, channel, cardTs, ownerId, hours, since, recover }) =>
      outbound.postOnce({
        channel,
        threadTs: cardTs,
        key: reminderKey(cardId),
        message: reminderMessage({ ownerId, hours }),
        since,
        recover,
      }),
  };
}
