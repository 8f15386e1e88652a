// "Why this, Throughline?": the message shortcut and the command open a window; from there a message can still be captured.
import type { Verbs } from '#src/domain/verbs.ts';
import { messageOfLink } from '#src/domain/why.ts';
import type { Ask, SlackApp } from '../app.ts';
import type { Message, SlackClient } from '../client.ts';
import type { Inbound } from '../inbound.ts';
import type { Outbound } from '../outbound.ts';
import { CAPTURED, NOT_CAPTURED } from '../views/capture.ts';
import { fromRef } from '../views/ref.ts';
import { CLICK_AGAIN, captureProblem, OLD_MESSAGE, say } from '../views/replies.ts';
import { WHY_ACTIONS, WHY_NEEDS_LINK, whyModal } from '../views/why.ts';

/** The message shortcut; manifest.yml names the same. */
export const WHY_SHORTCUT = 'why_this';

export interface WhyDeps {
  verbs: Pick<Verbs, 'why' | 'capture'>;
  inbound: Pick<Inbound, 'offer'>;
  client: Pick<SlackClient, 'channel'>;
  outbound: Pick<Outbound, 'openView' | 'updateView'>;
}

/** Hangs up the listeners. */
export function listenToWhy(app: SlackApp, deps: WhyDeps): void {
  const { verbs, inbound, outbound } = deps;

  app.onShortcut(WHY_SHORTCUT, async (ask) => {
    const { channel, message, trigger_id: trigger } = ask.interaction;
    if (!channel || !message) return ask.reply(OLD_MESSAGE);
    if (ask.late || !trigger) return ask.reply(CLICK_AGAIN);
    inbound.offer(channel.id, message);
    const ref = { channelId: channel.id, ts: message.ts };
    const reply = await verbs.why({ message: ref, person: await ask.person(), seen: true });
    if ((await outbound.openView(trigger, whyModal(reply))) === 'expired') await ask.reply(CLICK_AGAIN);
  });

  app.onAction(WHY_ACTIONS.capture, async (ask) => {
    const [channelId, ts] = fromRef(ask.value, 2) ?? [];
    const { view } = ask.interaction;
    if (!channelId || !ts) return ask.reply(OLD_MESSAGE);
    const person = await ask.person();
    const message = { channelId, ts };
    const captured = await verbs.capture({ message, person, via: 'why' });
    const name = (await deps.client.channel(channelId))?.name ?? null;
    const words = captured.kind === 'captured' ? CAPTURED : `${NOT_CAPTURED} ${captureProblem(captured, name)}`;
    // It is read by a job: what the window shows under the words may be a moment old.
    const reply = await verbs.why({ message, person, seen: true });
    const shown = view?.id ? await outbound.updateView(view.id, view.hash ?? null, whyModal(reply, words)) : 'gone';
    if (shown === 'gone') await ask.reply(words);
  });
}

/** Opens the window for a link. Answers what to say instead when it could not be opened. */
export async function openWhy(
  deps: Pick<WhyDeps, 'verbs' | 'outbound'>,
  ask: Ask,
  link: string,
): Promise<Message | null> {
  const message = messageOfLink(link);
  if (!message) return say(WHY_NEEDS_LINK);
  const trigger = ask.interaction.trigger_id;
  if (ask.late || !trigger) return say(CLICK_AGAIN);
  const reply = await deps.verbs.why({ message, person: await ask.person(), seen: false });
  return (await deps.outbound.openView(trigger, whyModal(reply))) === 'expired' ? say(CLICK_AGAIN) : null;
}
