// Capturing a message by hand: the shortcut, its receipt, and the two buttons on it.
import type { CaptureReply, MessageRef, Verbs } from '#src/domain/verbs.ts';
import type { SlackApp } from '../app.ts';
import type { Message, SlackClient } from '../client.ts';
import type { Inbound } from '../inbound.ts';
import { CAPTURE_ACTIONS, captureReceipt } from '../views/capture.ts';
import { fromRef } from '../views/ref.ts';
import { captureProblem, fileNowText, OLD_MESSAGE, say, simpleText } from '../views/replies.ts';

/** The message shortcut; manifest.yml names the same. */
export const CAPTURE_SHORTCUT = 'send_to_throughline';

export interface CaptureDeps {
  verbs: Verbs;
  inbound: Pick<Inbound, 'offer'>;
  client: Pick<SlackClient, 'channel'>;
}

/** Hangs up the listeners of capturing. */
export function listenToCaptures(app: SlackApp, deps: CaptureDeps): void {
  const { verbs, inbound, client } = deps;

  app.onShortcut(CAPTURE_SHORTCUT, async (ask) => {
    const { channel, message } = ask.interaction;
    if (!channel || !message) return ask.reply(OLD_MESSAGE);
    inbound.offer(channel.id, message);
    const ref: MessageRef = { channelId: channel.id, ts: message.ts };
    const reply = await verbs.capture({ message: ref, person: await ask.person(), via: 'shortcut' });
    const name = (await client.channel(channel.id))?.name ?? channel.name ?? null;
    const { here, byDm } = captureAnswer(reply, ref, name);
    await ask.reply(here, byDm);
  });

  app.onAction(CAPTURE_ACTIONS.file, async (ask) => {
    const [key] = fromRef(ask.value, 1) ?? [];
    if (!key) return ask.reply(OLD_MESSAGE);
    await ask.reply(fileNowText(await verbs.fileNow({ key, person: await ask.person() })));
  });

  app.onAction(CAPTURE_ACTIONS.undo, async (ask) => {
    const [channelId, ts] = fromRef(ask.value, 2) ?? [];
    if (!channelId || !ts) return ask.reply(OLD_MESSAGE);
    const reply = await verbs.uncapture({ message: { channelId, ts }, person: await ask.person() });
    await ask.reply(simpleText(reply) ?? 'Taken back. The message is no longer captured.');
  });
}

/** The words after a capture: in the channel, and as a direct message where the channel does not take them. */
export function captureAnswer(
  reply: CaptureReply,
  message: MessageRef,
  channelName: string | null,
): { here: Message; byDm: Message } {
  if (reply.kind !== 'captured') {
    const problem = say(captureProblem(reply, channelName));
    return { here: problem, byDm: problem };
  }
  const { key, already, canFile } = reply;
  return {
    here: captureReceipt({ key, message, already, canFile }),
    byDm: captureReceipt({
      key,
      message,
      already,
      canFile,
      elsewhere: channelName ? `#${channelName}` : 'that channel',
    }),
  };
}
