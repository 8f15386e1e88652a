// Reactions: the emoji that captures a message, and the ones that decide about a card, under the same rights as the buttons.
import type { CardView } from '#src/domain/card.ts';
import { UNDO_MS } from '#src/domain/decision.ts';
import type { Clock } from '#src/domain/ports.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { Message, SlackClient } from '../client.ts';
import { externalIdOf } from '../inbound.ts';
import { clip } from '../limits.ts';
import type { Outbound } from '../outbound.ts';
import type { People } from '../people.ts';
import { isoOfTs } from '../text.ts';
import { confirmApproval } from '../views/capture.ts';
import { decidedAlready, decideText, NOTHING_TO_DECIDE, say, simpleText, undoText } from '../views/replies.ts';
import type { WireReactionEvent } from '../wire.ts';
import { captureAnswer } from './capture.ts';
import { redrawCard } from './card.ts';

/** What a reaction on a card means. */
export type ReactionVerb = 'approve' | 'dismiss' | 'snooze' | 'claim' | 'agree' | 'disagree';

/** The table unless a setting says otherwise. */
export const DEFAULT_REACTIONS: Readonly<Record<string, ReactionVerb>> = {
  white_check_mark: 'approve',
  x: 'dismiss',
  no_bell: 'snooze',
  eyes: 'claim',
  '+1': 'agree',
  '-1': 'disagree',
};
export const DEFAULT_CAPTURE_EMOJI = 'memo';
const OVERTAKEN = 'a reaction that was changed again since';

export interface ReactionSettings {
  captureEmoji: string;
  reactions: Readonly<Record<string, ReactionVerb>>;
}

export interface ReactionDeps {
  verbs: Verbs;
  people: People;
  client: Pick<SlackClient, 'whoAmI' | 'channel' | 'message'>;
  outbound: Outbound;
  settings(): Promise<ReactionSettings>;
  clock: Clock;
  /** Notes that it was set or taken away, by the time at the source. False when a later change of it is known: events come in any order. */
  note(reaction: NotedReaction): Promise<boolean>;
}

/** One change of one person's emoji on one message. `at` is ISO 8601. */
export interface NotedReaction {
  channelId: string;
  ts: string;
  personId: string;
  emoji: string;
  meaning: ReactionVerb | 'capture';
  /** The card, or the message. */
  thingId: string;
  added: boolean;
  at: string;
}

/** Makes the handler of reactions; it answers what it did, in words for the log. */
export function createReactions(deps: ReactionDeps): (event: WireReactionEvent) => Promise<string> {
  const { verbs, people, client, outbound } = deps;

  return async (event) => {
    const { channel, ts, type } = event.item;
    if (type !== 'message' || !channel || !ts) return 'a reaction to something that is no message';
    if (event.user === (await client.whoAmI()).userId) return 'our own reaction';
    const { captureEmoji, reactions } = await deps.settings();
    const emoji = event.reaction.replace(/::skin-tone-\d$/, '');
    const added = event.type === 'reaction_added';
    const verb = reactions[emoji];
    const at = event.event_ts ? isoOfTs(event.event_ts) : deps.clock.now().toISOString();
    const isCurrent = (meaning: NotedReaction['meaning'], thingId: string) =>
      deps.note({ channelId: channel, ts, personId: event.user, emoji, meaning, thingId, added, at });
    if (verb) {
      const card = await verbs.cardAt({ channelId: channel, ts });
      if (card) {
        return inOrder(
          added,
          () => isCurrent(verb, card.cardId),
          () => onCard(event, card, verb, { channel, ts }),
          () => offCard(event, card, verb, { channel, ts }),
        );
      }
    }
    if (emoji !== captureEmoji) return 'a reaction that means nothing to us';
    return inOrder(
      added,
      () => isCurrent('capture', externalIdOf(channel, ts)),
      () => capture(event.user, channel, ts),
      () => uncapture(event.user, channel, ts),
    );
  };

  /** Does what the newest change asks for, though the older one comes later, or is still being handled beside us. */
  async function inOrder(
    added: boolean,
    isCurrent: () => Promise<boolean>,
    on: () => Promise<string>,
    off: () => Promise<string>,
  ): Promise<string> {
    if (!(await isCurrent())) return OVERTAKEN;
    const done = await (added ? on() : off());
    if (await isCurrent()) return done;
    return `${done}, then ${await (added ? off() : on())}`;
  }

  async function onCard(
    event: WireReactionEvent,
    card: NonNullable<Awaited<ReturnType<Verbs['cardAt']>>>,
    verb: ReactionVerb,
    at: { channel: string; ts: string },
  ): Promise<string> {
    const person = await people.personOf(event.user);
    const { cardId, proposal } = card;
    const tell = (message: Message | string) =>
      outbound.tell({ userId: event.user, channel: at.channel }, typeof message === 'string' ? say(message) : message);
    if (verb === 'claim' || verb === 'agree' || verb === 'disagree') {
      const reply =
        verb === 'claim'
          ? await verbs.claim({ cardId, person })
          : await verbs.judge({ cardId, person, vote: verb === 'agree' ? 1 : -1, by: verb });
      const text = simpleText(reply);
      if (text) await tell(text);
      else if (verb === 'claim') await redrawCard(deps, cardId, at);
      return `${verb}: ${reply.kind}`;
    }
    if (!proposal) {
      const view = await verbs.card(cardId);
      await tell(view?.decision ? decidedAlready(view.decision.by) : NOTHING_TO_DECIDE);
      return `${verb}: nothing to decide`;
    }
    const seen = { cardId, proposalId: proposal.id, revision: proposal.revision };
    if (verb === 'approve') {
      const view = await verbs.card(cardId);
      const title = view?.proposal?.title ?? view?.insight.title ?? 'this';
      await tell(confirmApproval(seen, clip(title, 255)));
      return 'approve: asked to confirm';
    }
    const reply = await verbs.decide({ ...seen, verb, person, via: 'reaction' });
    await redrawCard(deps, cardId, at);
    if (reply.kind !== 'done') {
      const name = 'by' in reply ? await people.displayName(reply.by) : '';
      const text = decideText(reply, { verb }, () => name);
      if (text) await tell(text);
    }
    return `${verb}: ${reply.kind}`;
  }

  /** Taking a reaction away takes back what it did, for a while, and only what this person's reaction did. */
  async function offCard(
    event: WireReactionEvent,
    card: NonNullable<Awaited<ReturnType<Verbs['cardAt']>>>,
    verb: ReactionVerb,
    at: { channel: string; ts: string },
  ): Promise<string> {
    const person = await people.personOf(event.user);
    const { cardId } = card;
    if (verb === 'claim') {
      const reply = await verbs.claim({ cardId, person, release: true });
      await redrawCard(deps, cardId, at);
      return `release: ${reply.kind}`;
    }
    if (verb === 'agree' || verb === 'disagree') {
      return `vote taken back: ${(await verbs.judge({ cardId, person, vote: 0, by: verb })).kind}`;
    }
    const view = await verbs.card(cardId);
    const decision = view?.decision;
    if (!view || decision?.via !== 'reaction') return 'took away a reaction that decided nothing';
    const isTheirs = decision.by === event.user || decision.by === (await people.displayName(event.user));
    if (!isTheirs || decidedBy(view) !== verb) return 'took away a reaction that decided nothing';
    const removedAt = event.event_ts ? Date.parse(isoOfTs(event.event_ts)) : deps.clock.now().getTime();
    if (removedAt - Date.parse(decision.at) > UNDO_MS) return 'took a reaction away too late';
    const reply = await verbs.undo({ decisionId: decision.id, person, via: 'reaction' });
    await redrawCard(deps, cardId, at);
    if (reply.kind !== 'undoing') {
      const name = reply.kind === 'already' ? await people.displayName(reply.by) : '';
      const text = undoText(reply, () => name);
      await outbound.tell({ userId: event.user, channel: at.channel }, say(text));
    }
    return `undo: ${reply.kind}`;
  }

  async function capture(userId: string, channelId: string, ts: string): Promise<string> {
    const message = { channelId, ts };
    const reply = await verbs.capture({ message, person: await people.personOf(userId), via: 'reaction' });
    const name = (await client.channel(channelId))?.name ?? null;
    const { here, byDm } = captureAnswer(reply, name);
    const found = await client.message(channelId, ts);
    const threadTs = found.ok && found.message.thread_ts !== ts ? (found.message.thread_ts ?? null) : null;
    await outbound.tell({ userId, channel: channelId, threadTs }, here, byDm);
    return `capture: ${reply.kind}`;
  }

  async function uncapture(userId: string, channelId: string, ts: string): Promise<string> {
    const reply = await verbs.uncapture({ message: { channelId, ts }, person: await people.personOf(userId) });
    // Taking away an emoji that had captured nothing is nobody's business.
    if (reply.kind === 'refused' && reply.refusal !== 'not_yours') {
      await outbound.tell({ userId, channel: channelId }, say(simpleText(reply) ?? ''));
    }
    return `uncapture: ${reply.kind}`;
  }
}

function decidedBy(view: CardView): ReactionVerb {
  if (view.state === 'dismissed') return 'dismiss';
  return view.state === 'snoozed' ? 'snooze' : 'approve';
}
