// Capture: a person hands us a message. It goes the same way as every other signal, is never noise, and may be filed at once.
import { may } from '#src/domain/policy.ts';
import type { Db, Tx } from '#src/domain/ports.ts';
import type { SignalDraft } from '#src/domain/signal.ts';
import type { Cards, Decisions, Proposals, Records, Signals, Texts, Themes } from '#src/domain/stores.ts';
import type { CaptureReply, FileNowReply, MessageRef, SimpleReply, Verbs } from '#src/domain/verbs.ts';
import { NEEDS_LINEAR } from './decide.ts';
import type { Next } from './stage.ts';

/** What reading a message at its source came to. */
export type ReadMessage =
  | { kind: 'signal'; signal: SignalDraft }
  | { kind: 'unreachable'; why: 'not_in_channel' | 'message_not_found' | 'empty' };

export interface CaptureDeps {
  db: Db;
  signals: Signals;
  texts: Texts;
  themes: Themes;
  cards: Cards;
  proposals: Proposals;
  decisions: Decisions;
  records: Records;
  readMessage: (message: MessageRef, capturedBy: string) => Promise<ReadMessage>;
  /** True when the channel is listened to anyway: taking a capture back then leaves the message where it was. */
  isWatched: (channelId: string) => Promise<boolean>;
  /** Looks at a theme because a person asks, whatever the threshold. */
  assessOnRequest: (themeId: string) => Promise<void>;
  /** What people call the issue that a card was filed as, and where it is. */
  issueOf: (cardId: string) => Promise<{ label: string; url: string | null } | null>;
  decide: Verbs['decide'];
  canFile: () => boolean;
  now: () => Date;
  send: (tx: Tx, next: Next[]) => Promise<void>;
}

/** The external id of a Slack message. */
export function slackExternalId(message: MessageRef): string {
  return `slack:${message.channelId}:${message.ts}`;
}

/** Makes the verbs around capturing. */
export function createCapturing(deps: CaptureDeps): Pick<Verbs, 'capture' | 'uncapture' | 'fileNow'> {
  const { db } = deps;
  return {
    async capture({ message, person, via }): Promise<CaptureReply> {
      const key = slackExternalId(message);
      const allowed = may(person, 'capture', { kind: 'message', capturedBy: null }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const known = await deps.signals.head(db, key);
      const already = known?.capturedBy != null;
      if (already) return { kind: 'captured', key, already, canFile: deps.canFile() };
      const read = known && !known.deleted ? null : await deps.readMessage(message, person.id);
      if (read?.kind === 'unreachable') return read;
      await db.transaction('capture', async (tx) => {
        const at = deps.now();
        const next: Next[] = [];
        if (read) {
          // Handed to us, taken back and handed to us again: a revision of its own, since the one before was destroyed.
          const again = known ? { change: 'edited' as const, changedAt: at.toISOString() } : {};
          const signal = { ...read.signal, ...again, capturedBy: person.id };
          const { changed } = await deps.signals.append(tx, [signal], at);
          next.push(...changed.map((id): Next => ({ stage: 'observe', id })));
        }
        // What the gate threw away as noise is looked at again: a person says that it is none.
        const { changed } = await deps.signals.setCaptured(tx, key, person.id, at);
        next.push(...changed.map((id): Next => ({ stage: 'observe', id })));
        const head = await deps.signals.head(tx, key);
        await deps.records.audit(tx, [
          {
            actor: person.id,
            verb: 'signal.captured',
            thingKind: 'signal',
            thingId: head?.signalId ?? key,
            detail: { via },
            at: at.toISOString(),
          },
        ]);
        await deps.send(tx, next);
      });
      return { kind: 'captured', key, already, canFile: deps.canFile() };
    },

    async uncapture({ message, person }): Promise<SimpleReply> {
      const key = slackExternalId(message);
      const head = await deps.signals.head(db, key);
      if (!head?.capturedBy) return { kind: 'gone' };
      const allowed = may(person, 'uncapture', { kind: 'message', capturedBy: head.capturedBy }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const watched = await deps.isWatched(message.channelId);
      await db.transaction('uncapture', async (tx) => {
        const at = deps.now();
        const uncaptured = await deps.signals.setCaptured(tx, key, null, at);
        const next = uncaptured.changed.map((id): Next => ({ stage: 'observe', id }));
        if (!watched) {
          // We only had it because somebody handed it to us, who now takes it back.
          const drafts = await deps.signals.deletionsFor(tx, 'slack', key, at.toISOString());
          const { changed, lessened } = await deps.signals.append(tx, drafts, at);
          await deps.themes.leave(tx, lessened, at);
          next.push(...changed.map((id): Next => ({ stage: 'observe', id })));
          next.push(...lessened.flatMap(({ themeId }): Next[] => (themeId ? [{ stage: 'assess', id: themeId }] : [])));
        }
        await deps.records.audit(tx, [
          {
            actor: person.id,
            verb: 'signal.uncaptured',
            thingKind: 'signal',
            thingId: head.signalId,
            at: at.toISOString(),
          },
        ]);
        await deps.send(tx, next);
      });
      return { kind: 'done' };
    },

    async fileNow({ key, person }): Promise<FileNowReply> {
      const head = await deps.signals.head(db, key);
      if (!head || head.deleted || !head.conversationId) return { kind: 'gone' };
      if (!deps.canFile()) return { kind: 'needs_setup', missing: NEEDS_LINEAR };
      const [said] = await deps.texts.conversations(db, [head.conversationId]);
      if (!said) return { kind: 'gone' };
      if (!said.themeId) return { kind: 'not_ready' };
      let card = await deps.cards.current(db, said.themeId);
      if (!card || ['dismissed', 'undone', 'folded'].includes(card.state)) {
        const right = may(
          person,
          'approve',
          { kind: 'card', open: true, decidedBy: null, undoUntil: null },
          deps.now(),
        );
        if (!right.ok) return { kind: 'refused', refusal: right.refusal };
        await deps.assessOnRequest(said.themeId);
        card = await deps.cards.current(db, said.themeId);
      }
      if (!card?.proposalId || !card.proposalRevision) return { kind: 'not_ready' };
      const reply = await deps.decide({
        cardId: card.id,
        proposalId: card.proposalId,
        revision: card.proposalRevision,
        verb: 'approve',
        person,
        via: 'capture',
      });
      if (reply.kind === 'done') return { kind: 'filing', cardId: reply.cardId, decisionId: reply.decisionId };
      if (reply.kind === 'refused' || reply.kind === 'needs_setup' || reply.kind === 'gone' || reply.kind === 'counted')
        return reply;
      if (reply.kind === 'already') {
        const issue = await deps.issueOf(card.id);
        return { kind: 'already', cardId: card.id, label: issue?.label ?? null, url: issue?.url ?? card.permalink };
      }
      return { kind: 'not_ready' };
    },
  };
}
