// Quiet: what the bot says by itself, digests and reminders, and the button that posts what was held back.
import type { DigestView } from '#src/domain/digest.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { SlackApp } from '../app.ts';
import type { SlackClient } from '../client.ts';
import type { Outbound, Posted } from '../outbound.ts';
import { DIGEST_ACTIONS, digestMessage, showNowText } from '../views/digest.ts';
import { fromRef } from '../views/ref.ts';
import { reminderKey, reminderMessage } from '../views/reminder.ts';
import { OLD_MESSAGE } from '../views/replies.ts';

// Looking for a direct message of ours needs both: to learn its channel, and to read it.
const DIRECT_SCOPES = ['im:write', 'im:history'];

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
  client: Pick<SlackClient, 'whoAmI' | 'directChannel'>;
  outbound: Pick<Outbound, 'postOnce'>;
}): Voice {
  const { client, outbound } = deps;
  return {
    async digest({ key, to, view, since, recover }) {
      const message = digestMessage(view);
      if (to.kind === 'channel' || !recover) return outbound.postOnce({ channel: to.id, key, message, since, recover });
      const { scopes } = await client.whoAmI();
      // Where we cannot look, it counts as sent: it can be asked for at any time, and twice would be noise.
      if (!DIRECT_SCOPES.every((scope) => scopes.includes(scope))) return { channel: to.id, ts: null };
      return outbound.postOnce({ channel: await client.directChannel(to.id), key, message, since, recover });
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
