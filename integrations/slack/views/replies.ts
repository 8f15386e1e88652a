// Every answer to a click, a reaction, a shortcut or a command, in one place: kind, exact, short. `by` is a name for people, never a mention.

import { DISMISS_REASONS, type DismissReason } from '#src/domain/decision.ts';
import { AppError, ExternalError } from '#src/domain/errors.ts';
import type { Refusal } from '#src/domain/policy.ts';
import type { CaptureReply, DecideReply, FileNowReply, SimpleReply, UndoReply } from '#src/domain/verbs.ts';
import type { Message } from '../client.ts';
import { clipMarkup, LENGTH } from '../limits.ts';
import { escapeMarkup, harmless, linkTo, when } from '../text.ts';
import { section } from './blocks.ts';

/** Titles of windows that end something, in two or three words. */
export const OPEN_AGAIN = 'Please open it again';
export const NOTHING_CHANGED = 'Nothing was changed';
export const DID_NOT_WORK = 'That did not work';
export const ALMOST_DONE = 'Almost done';

/** The answer to a reaction that would decide, where nothing waits. */
export const NOTHING_TO_DECIDE = 'There is nothing to decide on this card right now.';

/** The answer to a reaction that comes after somebody's decision. */
export function decidedAlready(by: string): string {
  return `${by} has decided this already; the card shows how.`;
}

const REFUSALS: Record<Refusal, string> = {
  bot: 'Bots cannot do this; a person has to.',
  external: 'Only members of this workspace can do this. Nothing was changed.',
  guest: 'Guests can read along, but only full members can do this. Nothing was changed.',
  not_approver:
    'You are not one of the approvers, so nothing was changed. Whoever runs Throughline can add you to `APPROVERS`; with that unset, every full member of the insights channel may decide.',
  decided: 'This has been decided already. The card shows how.',
  too_late: 'Undo works for 15 minutes, and they have passed. You can still close or change the issue in Linear.',
  words_hidden:
    'Some of what this quotes was written where you cannot read, so I cannot show you its text to edit. *File in Linear* files it as it is.',
  not_yours: 'Somebody else captured this message, so only they can take it back.',
  not_admin:
    'Only admins of Throughline can change this, so nothing was changed. They are named in the setting `admins`; while that is empty, every approver is one, and admins of the Slack workspace always are.',
};

/** The answer to a guest or somebody external who asks what customers say. */
export const SEE_REFUSED =
  'What customers say is for full members of this workspace only, since it is other people’s words.';

/** Why something was not done. */
export function refusalText(refusal: Refusal): string {
  return REFUSALS[refusal];
}

/** The answer to a deciding click; null when the card itself says it all. */
export function decideText(
  reply: DecideReply,
  asked: { verb: 'approve' | 'dismiss' | 'snooze'; reason?: DismissReason | null },
  nameOf: (id: string) => string,
): string | null {
  switch (reply.kind) {
    case 'done':
      if (asked.verb === 'approve')
        return 'Approved, and filing now. The card shows the result, with *Undo* for 15 minutes.';
      if (asked.verb === 'snooze') return 'Set aside for 7 days, or until there are twice as many reports.';
      return `Dismissed${asked.reason ? ` (${DISMISS_REASONS[asked.reason].toLowerCase()})` : ''}. It stays quiet until something new comes up.`;
    case 'counted':
      return countedText(reply);
    case 'refused':
      return refusalText(reply.refusal);
    case 'already':
      return `${harmless(nameOf(reply.by))} ${reply.verb === 'undone' ? 'took this back' : `${reply.verb} this`} ${when(reply.at)}. Your click changed nothing.`;
    case 'changed':
      return 'What would be filed has changed since you saw it, so nothing was done. The card now shows the new version; please look again and decide.';
    case 'gone':
      return OLD_MESSAGE;
    case 'needs_setup':
      return `*Needs setup:* ${harmless(reply.missing)} Nothing was filed. \`npm run doctor\` says what to do.`;
  }
}

/** For buttons of an older version of the bot, and cards that are no more. */
export const OLD_MESSAGE =
  'This message is from an older version of the card, so the button did nothing. `/throughline insight` lists the current ones.';

/** For clicks that arrive too late to open a window. */
export const CLICK_AGAIN =
  'That took a moment too long for Slack to open the window. Nothing was changed; please click again.';

/** The answer to Undo; null when the card says it all. */
export function undoText(reply: UndoReply, nameOf: (id: string) => string): string {
  switch (reply.kind) {
    case 'undoing':
      return 'Taking it back now. The card will say what could not be undone, if anything.';
    case 'refused':
      return refusalText(reply.refusal);
    case 'already':
      return `${harmless(nameOf(reply.by))} undid this ${when(reply.at)}.`;
    case 'gone':
      return OLD_MESSAGE;
  }
}

/** The answer to claiming and judging; null when there is nothing to say. */
export function simpleText(reply: SimpleReply): string | null {
  if (reply.kind === 'refused') return refusalText(reply.refusal);
  return reply.kind === 'gone' ? OLD_MESSAGE : null;
}

/** Why a message could not be captured. */
export function captureProblem(reply: Exclude<CaptureReply, { kind: 'captured' }>, channelName: string | null): string {
  if (reply.kind === 'refused') return refusalText(reply.refusal);
  switch (reply.why) {
    case 'not_in_channel':
      return `I am not in ${channelName ? `#${escapeMarkup(channelName)}` : 'that channel'}, so I cannot read the message. Invite me with \`/invite @Throughline\` and send it again.`;
    case 'message_not_found':
      return 'I could not find that message any more; it may have been deleted. Nothing was captured.';
    case 'empty':
      return 'That message has no text that I could use. Nothing was captured.';
  }
}

function countedText({ approvals, needed }: { approvals: number; needed: number }): string {
  return `Your approval counts: ${approvals} of ${needed}. Nothing is filed before the last one.`;
}

/** The answer to File now. */
export function fileNowText(reply: FileNowReply): string {
  switch (reply.kind) {
    case 'filing':
      return 'Approved, and filing now. The card in the insights channel shows the result, with *Undo* for 15 minutes.';
    case 'counted':
      return countedText(reply);
    case 'refused':
      return refusalText(reply.refusal);
    case 'already':
      return `This is already part of ${reply.label ? linkTo(reply.url, reply.label) : 'an insight that was decided'}; your message was added as evidence. Nothing new was filed.`;
    case 'not_ready':
      return 'I am still reading that message. Give me a few seconds and click again; nothing was filed yet.';
    case 'needs_setup':
      return `*Needs setup:* ${harmless(reply.missing)} Nothing was filed.`;
    case 'gone':
      return 'That message is gone, so nothing was filed.';
  }
}

/** What a person is told when something broke: what failed, what was not done, what to do, and the name to ask with. */
export function toReply(error: unknown, reference: string): Message {
  return { text: `${whatHappened(error)} Reference: \`${reference}\`.` };
}

function whatHappened(error: unknown): string {
  if (error instanceof ExternalError && error.system !== 'slack') {
    const system = harmless(error.system);
    return error.retryable
      ? `I could not reach ${system} just now, so this was not done. Please try again in a minute.`
      : `${harmless(error.message)} Nothing was changed.`;
  }
  if (error instanceof AppError) {
    if (error.code === 'unavailable' || error.code === 'timeout' || error.code === 'rate_limited') {
      return 'I could not get to it just now, and nothing was changed. Please try again in a minute.';
    }
    if (error.code !== 'bug') return `That did not work: ${harmless(error.message)}`;
  }
  return 'Something went wrong on my side, and I do not know yet what. Please try again; if it happens again, tell whoever runs Throughline.';
}

/** A plain answer. */
export function say(text: string): Message {
  return { text: clipMarkup(text, LENGTH.text), blocks: [section(text)] };
}
