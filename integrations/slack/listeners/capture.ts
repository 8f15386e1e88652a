// Capturing by hand: the shortcut, a mention in a thread, the note in a window; the receipt, and the buttons on it.
import type { Person } from '#src/domain/policy.ts';
import type { Clock } from '#src/domain/ports.ts';
import type { CaptureReply, MessageRef, Verbs } from '#src/domain/verbs.ts';
import type { Ask, SlackApp, ViewAnswer } from '../app.ts';
import type { Message, SlackClient } from '../client.ts';
import type { Inbound } from '../inbound.ts';
import type { Outbound } from '../outbound.ts';
import {
  CAPTURE_ACTIONS,
  type CaptureValues,
  CUSTOMER_MISSING,
  CUSTOMER_MODAL,
  captureReceipt,
  customerChanged,
  customerModal,
  MENTION_NEEDS_THREAD,
  NOTE_MODAL,
  noteModal,
  readCustomer,
  readNote,
  TAKEN_BACK,
} from '../views/capture.ts';
import { noteModal as messageModal } from '../views/edit.ts';
import { fromRef } from '../views/ref.ts';
import {
  CLICK_AGAIN,
  captureProblem,
  fileNowText,
  NOTHING_CHANGED,
  OLD_MESSAGE,
  OPEN_AGAIN,
  refusalText,
  say,
  simpleText,
} from '../views/replies.ts';

/** The message shortcut; manifest.yml names the same. */
export const CAPTURE_SHORTCUT = 'send_to_throughline';

export interface CaptureDeps {
  verbs: Pick<Verbs, 'capture' | 'takeBack' | 'fileNow' | 'customers' | 'setCustomer' | 'noteDown'>;
  inbound: Pick<Inbound, 'offer'>;
  client: Pick<SlackClient, 'channel'>;
  outbound: Pick<Outbound, 'openView' | 'tell'>;
  clock: Clock;
}

/** Hangs up the listeners of capturing. */
export function listenToCaptures(app: SlackApp, deps: CaptureDeps): void {
  const { verbs, inbound, client, outbound } = deps;

  app.onShortcut(CAPTURE_SHORTCUT, async (ask) => {
    const { channel, message } = ask.interaction;
    if (!channel || !message) return ask.reply(OLD_MESSAGE);
    inbound.offer(channel.id, message);
    const ref: MessageRef = { channelId: channel.id, ts: message.ts };
    const reply = await verbs.capture({ message: ref, person: await ask.person(), via: 'shortcut' });
    const name = (await client.channel(channel.id))?.name ?? channel.name ?? null;
    const { here, byDm } = captureAnswer(reply, name);
    await ask.reply(here, byDm);
  });

  app.onAction(CAPTURE_ACTIONS.file, async (ask) => {
    const key = keyOf(ask);
    if (!key) return ask.reply(OLD_MESSAGE);
    await ask.reply(fileNowText(await verbs.fileNow({ key, person: await ask.person() })));
  });

  app.onAction(CAPTURE_ACTIONS.undo, async (ask) => {
    const key = keyOf(ask);
    if (!key) return ask.reply(OLD_MESSAGE);
    const reply = await verbs.takeBack({ key, person: await ask.person() });
    await ask.reply(simpleText(reply) ?? TAKEN_BACK);
  });

  app.onAction(CAPTURE_ACTIONS.customer, async (ask) => {
    const key = keyOf(ask);
    const trigger = ask.interaction.trigger_id;
    if (!key) return ask.reply(OLD_MESSAGE);
    if (ask.late || !trigger) return ask.reply(CLICK_AGAIN);
    const customers = await verbs.customers(await ask.person());
    const view = customerModal(key, ask.where.channel ?? null, customers);
    if ((await outbound.openView(trigger, view)) === 'expired') await ask.reply(CLICK_AGAIN);
  });

  app.onView(CUSTOMER_MODAL, async (ask): Promise<ViewAnswer> => {
    const { metadata, values } = formOf(ask);
    const [key, channel] = fromRef(metadata, 2) ?? [];
    if (!key) return { response_action: 'update', view: messageModal(OPEN_AGAIN, OLD_MESSAGE) };
    const read = readCustomer(values);
    if (!read.ok) return { response_action: 'errors', errors: read.errors };
    if (!read.value) return { response_action: 'errors', errors: CUSTOMER_MISSING };
    const reply = await verbs.setCustomer({ key, customer: read.value, person: await ask.person() });
    if (reply.kind !== 'changed') {
      const text = reply.kind === 'refused' ? refusalText(reply.refusal) : OLD_MESSAGE;
      return { response_action: 'update', view: messageModal(NOTHING_CHANGED, text) };
    }
    await outbound.tell({ userId: ask.userId, channel: channel || null }, say(customerChanged(reply.name)));
    return undefined;
  });

  app.onView(NOTE_MODAL, async (ask): Promise<ViewAnswer> => {
    const { metadata, values, id } = formOf(ask);
    const [channel] = fromRef(metadata, 1) ?? [];
    if (channel === undefined || !id) return { response_action: 'update', view: messageModal(OPEN_AGAIN, OLD_MESSAGE) };
    const read = readNote(values, today(deps.clock));
    if (!read.ok) return { response_action: 'errors', errors: read.errors };
    // The window names the note: sent twice, it is one.
    const reply = await verbs.noteDown({ noteId: id, note: read.value, person: await ask.person() });
    if (reply.kind !== 'captured')
      return { response_action: 'update', view: messageModal('Not captured', captureProblem(reply, null)) };
    const { here } = captureAnswer(reply, null);
    await outbound.tell({ userId: ask.userId, channel: channel || null }, here);
    return undefined;
  });
}

/** Opens the window for a note. Answers what to say instead when it could not be opened. */
export async function openNote(
  deps: Pick<CaptureDeps, 'verbs' | 'outbound' | 'clock'>,
  ask: Ask,
): Promise<Message | null> {
  const trigger = ask.interaction.trigger_id;
  if (ask.late || !trigger) return say(CLICK_AGAIN);
  const customers = await deps.verbs.customers(await ask.person());
  const view = noteModal(ask.where.channel ?? null, customers, today(deps.clock));
  return (await deps.outbound.openView(trigger, view)) === 'expired' ? say(CLICK_AGAIN) : null;
}

/**
 * `@Throughline capture` in a thread: captures the message that the thread hangs on, and tells the one who asked, nobody else. Answers what
 * it did, in words for the log.
 */
export async function captureByMention(
  deps: { verbs: Pick<Verbs, 'capture'>; client: CaptureDeps['client']; outbound: Pick<Outbound, 'tell'> },
  event: { channelId: string; ts: string; threadTs: string | null; person: Person },
): Promise<string> {
  const { channelId, ts, threadTs, person } = event;
  const where = { userId: person.id, channel: channelId, threadTs };
  if (!threadTs || threadTs === ts) {
    await deps.outbound.tell(where, say(MENTION_NEEDS_THREAD));
    return 'a mention outside of a thread';
  }
  const reply = await deps.verbs.capture({ message: { channelId, ts: threadTs }, person, via: 'mention' });
  const name = (await deps.client.channel(channelId))?.name ?? null;
  const { here, byDm } = captureAnswer(reply, name);
  await deps.outbound.tell(where, here, byDm);
  return `capture: ${reply.kind}`;
}

/** The words after a capture: in the channel, and as a direct message where the channel does not take them. */
export function captureAnswer(reply: CaptureReply, channelName: string | null): { here: Message; byDm: Message } {
  if (reply.kind !== 'captured') {
    const problem = say(captureProblem(reply, channelName));
    return { here: problem, byDm: problem };
  }
  const { key, already, canFile } = reply;
  return {
    here: captureReceipt({ key, already, canFile }),
    byDm: captureReceipt({ key, already, canFile, elsewhere: channelName ? `#${channelName}` : 'that channel' }),
  };
}

/** What a button of a receipt is about. Receipts of earlier versions name the message in two parts. */
function keyOf(ask: Ask): string | null {
  const [key] = fromRef(ask.value, 1) ?? [];
  const [channelId, ts] = fromRef(ask.value, 2) ?? [];
  return key ?? (channelId && ts ? `slack:${channelId}:${ts}` : null);
}

function formOf(ask: Ask): { metadata: string | null; values: CaptureValues; id: string | null } {
  const view = ask.interaction.view as
    | { id?: string; private_metadata?: string; state?: { values?: CaptureValues } }
    | undefined;
  return { metadata: view?.private_metadata ?? null, values: view?.state?.values ?? {}, id: view?.id ?? null };
}

function today(clock: Clock): string {
  return clock.now().toISOString().slice(0, 10);
}
