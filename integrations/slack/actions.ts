// What an approval writes into Slack's source threads: a reply where a person captured or staff spoke, else a reaction. Both safe to repeat, both with the way back.
import type { Action, ActionPayload, ActionReceipt } from '#src/domain/action.ts';
import { AppError } from '#src/domain/errors.ts';
import type { Clock } from '#src/domain/ports.ts';
import type { ActionHandler } from '../contract.ts';
import type { SlackClient } from './client.ts';
import type { Outbound } from './outbound.ts';
import { escapeMarkup, linkTo, permalinkOf } from './text.ts';
import { say } from './views/replies.ts';

// An approval can be undone for 15 minutes, and a queue may try for hours; a reply of ours is not older than this when its action runs again.
const LOOK_BACK_MS = 14 * 86_400_000;

type PayloadOf<K extends ActionPayload['kind']> = Extract<ActionPayload, { kind: K }>;

/** Makes the handlers of Slack's two kinds of action. */
export function createSlackActions(deps: {
  client: SlackClient;
  outbound: Outbound;
  clock: Clock;
}): Record<'slack.reply' | 'slack.react', ActionHandler> {
  const { client, outbound, clock } = deps;

  return {
    'slack.reply': {
      async perform(action) {
        const { channel, threadTs, text } = payloadOf(action, 'slack.reply');
        const link = action.issue ? ` ${linkTo(action.issue.url, action.issue.label)}` : '';
        const posted = await outbound.postOnce({
          channel,
          threadTs,
          key: action.idempotencyKey,
          message: say(`${escapeMarkup(text)}${link}`),
          since: lookBack(),
          // An action has no memory of its earlier tries; one question to Slack is cheaper than a second reply.
          recover: true,
        });
        return receiptOf(posted.channel, posted.ts, threadTs, 'a reply in the thread', posted.found);
      },
      async find(action) {
        const { channel, threadTs } = payloadOf(action, 'slack.reply');
        const ts = await client.findByMetadata({ channel, threadTs, key: action.idempotencyKey, since: lookBack() });
        return ts === null ? null : receiptOf(channel, ts, threadTs, 'a reply in the thread', true);
      },
      async compensate(_action, receipt) {
        const { channel, ts } = placeOf(receipt);
        const gone = (await outbound.remove(channel, ts)) === 'gone';
        return {
          undone: true,
          note: gone ? 'The reply in the Slack thread was gone already.' : 'The reply in the Slack thread was deleted.',
        };
      },
    },
    'slack.react': {
      async perform(action) {
        const { channel, ts, emoji } = payloadOf(action, 'slack.react');
        const done = await outbound.react(channel, ts, emoji);
        return receiptOf(channel, ts, null, `:${emoji}:`, done === 'there_already');
      },
      async find(action) {
        // Taking away a reaction that is not there does no harm, so that nobody needs to ask.
        const { channel, ts, emoji } = payloadOf(action, 'slack.react');
        return receiptOf(channel, ts, null, `:${emoji}:`, true);
      },
      async compensate(action, receipt) {
        const { emoji } = payloadOf(action, 'slack.react');
        const { channel, ts } = placeOf(receipt);
        await outbound.unreact(channel, ts, emoji);
        return { undone: true, note: 'The reaction in Slack was taken away.' };
      },
    },
  };

  function lookBack(): Date {
    return new Date(clock.now().getTime() - LOOK_BACK_MS);
  }

  async function receiptOf(
    channel: string,
    ts: string,
    threadTs: string | null,
    label: string,
    found: boolean,
  ): Promise<ActionReceipt> {
    const { workspaceUrl } = await client.whoAmI();
    const url = workspaceUrl ? permalinkOf(workspaceUrl, channel, ts, threadTs) : null;
    return { system: 'slack', externalId: `${channel}:${ts}`, label, url, found };
  }
}

function payloadOf<K extends ActionPayload['kind']>(action: Action, kind: K): PayloadOf<K> {
  if (action.payload.kind !== kind)
    throw new AppError('bug', `An action ${action.payload.kind} came to the handler of ${kind}.`);
  return action.payload as PayloadOf<K>;
}

function placeOf(receipt: ActionReceipt): { channel: string; ts: string } {
  const [channel, ts] = receipt.externalId.split(':');
  if (!channel || !ts) throw new AppError('bug', 'A receipt from Slack names no message.');
  return { channel, ts };
}
