// Clicks on a card: each asks the verbs, draws the card again at once, and tells the one who clicked what only they need to know.
import { DISMISS_REASONS, type DismissReason } from '#src/domain/decision.ts';
import { ExternalError, errorLine } from '#src/domain/errors.ts';
import type { Clock, Log } from '#src/domain/ports.ts';
import type { DecideReply, Verbs, Via } from '#src/domain/verbs.ts';
import type { Ask, SlackApp, ViewAnswer } from '../app.ts';
import type { Outbound } from '../outbound.ts';
import type { People } from '../people.ts';
import { CONFIRM_ACTIONS } from '../views/capture.ts';
import { CARD_ACTIONS, cardKey, cardMessage } from '../views/card.ts';
import { EDIT_MODAL, editModal, type FormValues, noteModal, readEdit } from '../views/edit.ts';
import { fromRef, type SeenCard, seenOf } from '../views/ref.ts';
import { CLICK_AGAIN, decideText, OLD_MESSAGE, OPEN_AGAIN, undoText } from '../views/replies.ts';

export interface CardDeps {
  verbs: Verbs;
  people: Pick<People, 'displayName'>;
  outbound: Outbound;
  clock: Clock;
  log: Log;
}

/** Draws a card's message again from what is true now. */
export async function redrawCard(
  deps: Pick<CardDeps, 'verbs' | 'outbound' | 'clock'>,
  cardId: string,
  at: { channel: string; ts: string },
): Promise<void> {
  await deps.outbound.redraw({
    ...at,
    key: cardKey(cardId),
    load: async () => {
      const view = await deps.verbs.card(cardId);
      return view ? cardMessage(view, deps.clock.now()) : null;
    },
  });
}

/** Hangs up the listeners of the card. */
export function listenToCards(app: SlackApp, deps: CardDeps): void {
  const { verbs, people, outbound } = deps;

  app.onAction(CARD_ACTIONS.file, async (ask) => {
    const seen = seenOf(fromRef(ask.value, 3));
    if (!seen) return ask.reply(OLD_MESSAGE);
    await decide(ask, seen, { verb: 'approve', via: 'button' });
  });

  app.onAction(CARD_ACTIONS.snooze, async (ask) => {
    const seen = seenOf(fromRef(ask.value, 3));
    if (!seen) return ask.reply(OLD_MESSAGE);
    await decide(ask, seen, { verb: 'snooze', via: 'button' });
  });

  app.onAction(CARD_ACTIONS.dismiss, async (ask) => {
    const parts = fromRef(ask.value, 4);
    const seen = seenOf(parts);
    const reason = parts?.[3];
    if (!seen || !isReason(reason)) return ask.reply(OLD_MESSAGE);
    await decide(ask, seen, { verb: 'dismiss', via: 'button', reason });
  });

  app.onAction(CONFIRM_ACTIONS.approve, async (ask) => {
    const seen = seenOf(fromRef(ask.value, 3));
    if (!seen) return ask.reply(OLD_MESSAGE);
    await decide(ask, seen, { verb: 'approve', via: 'reaction' });
  });

  app.onAction(CARD_ACTIONS.undo, async (ask) => {
    const [cardId, decisionId] = fromRef(ask.value, 2) ?? [];
    if (!cardId || !decisionId) return ask.reply(OLD_MESSAGE);
    const reply = await verbs.undo({ decisionId, person: await ask.person(), via: 'button' });
    await Promise.all([ask.reply(undoText(reply, await namesIn(reply))), redrawAt(ask, cardId)]);
  });

  app.onAction(CARD_ACTIONS.edit, async (ask) => {
    const seen = seenOf(fromRef(ask.value, 3));
    if (!seen) return ask.reply(OLD_MESSAGE);
    const trigger = ask.interaction.trigger_id;
    if (ask.late || !trigger) return ask.reply(CLICK_AGAIN);
    const form = await verbs.editForm({ ...seen, person: await ask.person() });
    if ('kind' in form) {
      const text = decideText(form, { verb: 'approve' }, await namesIn(form)) ?? OLD_MESSAGE;
      await Promise.all([ask.reply(text), redrawAt(ask, seen.cardId)]);
      return;
    }
    const at = messageOf(ask);
    const view = editModal(form, { cardId: seen.cardId, channel: at?.channel ?? null, ts: at?.ts ?? null });
    if ((await outbound.openView(trigger, view)) === 'expired') await ask.reply(CLICK_AGAIN);
  });

  app.onView(EDIT_MODAL, async (ask): Promise<ViewAnswer> => {
    const view = ask.interaction.view as { private_metadata?: string; state?: { values?: FormValues } } | undefined;
    const parts = fromRef(view?.private_metadata, 6);
    const seen = seenOf(parts);
    if (!parts || !seen) return { response_action: 'update', view: noteModal(OPEN_AGAIN, OLD_MESSAGE) };
    const read = readEdit(view?.state?.values ?? {}, Number(parts[5]));
    if (!read.ok) return { response_action: 'errors', errors: read.errors };
    const person = await ask.person();
    const reply = await verbs.decide({ ...seen, verb: 'approve', edit: read.edit, person, via: 'modal' });
    const [, , , channel, ts] = parts;
    if (channel && ts) await redrawCard(deps, seen.cardId, { channel, ts });
    if (reply.kind === 'done') return undefined;
    const text = decideText(reply, { verb: 'approve' }, await namesIn(reply)) ?? '';
    return { response_action: 'update', view: noteModal('Not filed', text) };
  });

  async function decide(
    ask: Ask,
    seen: SeenCard,
    how: { verb: 'approve' | 'dismiss' | 'snooze'; via: Via; reason?: DismissReason },
  ): Promise<void> {
    const reply = await verbs.decide({ ...seen, ...how, person: await ask.person() });
    // Whoever's click worked sees it on the card; everybody else is told why theirs did not, and need not wait until the card is drawn.
    const isSeen = reply.kind === 'done' && messageOf(ask) !== null;
    const text = isSeen
      ? null
      : decideText(reply, { verb: how.verb, reason: how.reason ?? null }, await namesIn(reply));
    await Promise.all([text === null ? null : ask.reply(text), redrawAt(ask, seen.cardId)]);
  }

  /** The click has been counted by now: that Slack would not draw the card at once must not read as if it had not. */
  async function redrawAt(ask: Ask, cardId: string): Promise<void> {
    const at = messageOf(ask);
    if (!at) return;
    try {
      await redrawCard(deps, cardId, at);
    } catch (error) {
      if (!(error instanceof ExternalError)) throw error;
      deps.log.warn({ card: cardId, error: errorLine(error) }, 'the card is drawn later');
    }
  }

  async function namesIn(reply: DecideReply | { kind: string; by?: string }): Promise<(id: string) => string> {
    const id = 'by' in reply && reply.by ? reply.by : null;
    const name = id ? await people.displayName(id) : 'somebody';
    return () => name;
  }
}

/** The message that was clicked on, when it is one that everybody sees. */
function messageOf(ask: Ask): { channel: string; ts: string } | null {
  const { container, channel, message } = ask.interaction;
  if (container?.is_ephemeral || container?.type === 'view') return null;
  const ts = container?.message_ts ?? message?.ts;
  const channelId = container?.channel_id ?? channel?.id;
  return ts && channelId ? { channel: channelId, ts } : null;
}

function isReason(reason: string | undefined): reason is DismissReason {
  return reason !== undefined && Object.hasOwn(DISMISS_REASONS, reason);
}
