// Capture: a person hands us a message. It goes the same way as every other signal, is never noise, and may be filed at once.
import {
  type CaptureVerbs,
  type ChosenCustomer,
  type CustomerReply,
  draftsOfNote,
  type KnownCustomer,
  namedCustomer,
  noteKey,
} from '#src/domain/capture.ts';
import type { Curations } from '#src/domain/curation.ts';
import { UNKNOWN_CUSTOMER } from '#src/domain/customer.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Telemetry, Tx } from '#src/domain/ports.ts';
import type { CustomerHint, SignalDraft } from '#src/domain/signal.ts';
import type { Cards, Decisions, Proposals, Records, Signals, Texts, Themes } from '#src/domain/stores.ts';
import type { CaptureReply, FileNowReply, MessageRef, SimpleReply, Verbs } from '#src/domain/verbs.ts';
import type { Audiences } from './audience.ts';
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
  curations: Pick<Curations, 'release'>;
  readMessage: (message: MessageRef, capturedBy: string) => Promise<ReadMessage>;
  /** True when the channel is listened to anyway: taking a capture back then leaves the message where it was. */
  isWatched: (channelId: string) => Promise<boolean>;
  /** Looks at a theme because a person asks, whatever the threshold. */
  assessOnRequest: (themeId: string) => Promise<void>;
  /** What people call the issue that a card was filed as, and where it is. */
  issueOf: (cardId: string) => Promise<{ label: string; url: string | null } | null>;
  decide: Verbs['decide'];
  canFile: () => boolean;
  audiences: Pick<Audiences, 'ofPerson' | 'places'>;
  /** A display name; never a mention. */
  nameOf: (personId: string) => Promise<string>;
  telemetry: Pick<Telemetry, 'count'>;
  now: () => Date;
  send: (tx: Tx, next: Next[]) => Promise<void>;
}

/** The external id of a Slack message. */
export function slackExternalId(message: MessageRef): string {
  return `slack:${message.channelId}:${message.ts}`;
}

// A menu of Slack takes a hundred; whoever is not among them is typed.
const CUSTOMERS_LISTED = 100;
const CUSTOMERS_READ = 1_000;

/** The Slack message that a key names; null for a note. */
function messageOf(key: string): MessageRef | null {
  const [, channelId, ts] = /^slack:([A-Z0-9]+):(\d+\.\d+)$/.exec(key) ?? [];
  return channelId && ts ? { channelId, ts } : null;
}

/** Makes the verbs around capturing. */
export function createCapturing(deps: CaptureDeps): CaptureVerbs {
  const { db } = deps;
  return {
    async noteDown({ noteId, note, person }): Promise<CaptureReply> {
      const key = noteKey(noteId);
      const allowed = may(person, 'capture', { kind: 'message', capturedBy: null }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const known = await deps.signals.head(db, key);
      if (known) return { kind: 'captured', key, already: true, canFile: deps.canFile() };
      const chosen = await chosenCustomer(note.customer);
      const name = await deps.nameOf(person.id);
      await db.transaction('capture', async (tx) => {
        const at = deps.now();
        const drafts = draftsOfNote({ key, note, customer: hintOf(chosen), person: { id: person.id, name }, now: at });
        const { changed } = await deps.signals.append(tx, drafts, at);
        if (chosen && 'id' in chosen) await deps.signals.setCustomer(tx, key, chosen, at);
        const head = await deps.signals.head(tx, key);
        await auditOf(tx, person.id, 'signal.captured', head?.signalId ?? key, { via: 'command' });
        await deps.send(
          tx,
          changed.map((id): Next => ({ stage: 'observe', id })),
        );
      });
      deps.telemetry.count('captures_total', { via: 'command' });
      return { kind: 'captured', key, already: false, canFile: deps.canFile() };
    },

    async customers(person): Promise<KnownCustomer[]> {
      if (!may(person, 'see', { kind: 'record' }, deps.now()).ok) return [];
      const rows = await deps.signals.customers(db, CUSTOMERS_READ);
      const places = [...new Set(rows.flatMap(({ containerIds }) => containerIds))];
      const open = await deps.audiences.places(places, deps.audiences.ofPerson(person));
      // Who has only spoken where this person may not read is not theirs to know of.
      return rows
        .filter(({ containerIds }) => containerIds.length === 0 || containerIds.some((id) => open.has(id)))
        .slice(0, CUSTOMERS_LISTED)
        .map(({ id, name }) => ({ id, name }));
    },

    async setCustomer({ key, customer, person }): Promise<CustomerReply> {
      const allowed = may(person, 'capture', { kind: 'message', capturedBy: null }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const known = (await deps.signals.head(db, key))?.conversationId;
      if (!known) return { kind: 'gone' };
      const chosen = await chosenCustomer(customer);
      if (!chosen) return { kind: 'gone' };
      const moved = await db.transaction('capture.customer', async (tx) => {
        const at = deps.now();
        const result = await deps.signals.setCustomer(tx, key, chosen, at);
        if (!result?.changed) return result;
        await auditOf(tx, person.id, 'conversation.customer_set', result.conversationId, {
          customer: result.customerId,
        });
        await deps.send(tx, await recount(tx, result.conversationId, at));
        return result;
      });
      if (!moved) return { kind: 'gone' };
      deps.telemetry.count('customers_set_total');
      return { kind: 'changed', name: await nameOfCustomer(chosen) };
    },

    async takeBack({ key, person }): Promise<SimpleReply> {
      return release(key, messageOf(key), person);
    },

    async uncapture({ message, person }): Promise<SimpleReply> {
      return release(slackExternalId(message), message, person);
    },

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
        // What the gate threw away as noise, or a person did, is looked at again: now a person says that it is none.
        const { changed } = await deps.signals.setCaptured(tx, key, person.id, at);
        await deps.curations.release(tx, changed, person.id, at);
        next.push(...changed.map((id): Next => ({ stage: 'observe', id })));
        const head = await deps.signals.head(tx, key);
        await auditOf(tx, person.id, 'signal.captured', head?.signalId ?? key, { via });
        await deps.send(tx, next);
      });
      deps.telemetry.count('captures_total', { via });
      return { kind: 'captured', key, already, canFile: deps.canFile() };
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

  async function release(
    key: string,
    message: MessageRef | null,
    person: Parameters<CaptureVerbs['takeBack']>[0]['person'],
  ): Promise<SimpleReply> {
    const head = await deps.signals.head(db, key);
    if (!head?.capturedBy) return { kind: 'gone' };
    const allowed = may(person, 'uncapture', { kind: 'message', capturedBy: head.capturedBy }, deps.now());
    if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
    const watched = message !== null && (await deps.isWatched(message.channelId));
    await db.transaction('uncapture', async (tx) => {
      const at = deps.now();
      const uncaptured = await deps.signals.setCaptured(tx, key, null, at);
      const next = uncaptured.changed.map((id): Next => ({ stage: 'observe', id }));
      if (!watched) {
        // We only had it because somebody handed it to us, who now takes it back. A note goes with what was written beside it.
        const drafts = await deps.signals.deletionsFor(tx, 'slack', message ? key : `${key}*`, at.toISOString());
        const { changed, lessened } = await deps.signals.append(tx, drafts, at);
        await deps.themes.leave(tx, lessened, at);
        next.push(...changed.map((id): Next => ({ stage: 'observe', id })));
        next.push(...lessened.flatMap(({ themeId }): Next[] => (themeId ? [{ stage: 'assess', id: themeId }] : [])));
      }
      await auditOf(tx, person.id, 'signal.uncaptured', head.signalId);
      await deps.send(tx, next);
    });
    return { kind: 'done' };
  }

  /** The theme counts its customers again: an event says that it has changed, though nothing has moved. */
  async function recount(tx: Tx, conversationId: string, at: Date): Promise<Next[]> {
    const [said] = await deps.texts.conversations(tx, [conversationId]);
    if (!said?.themeId || !said.observationId) return [];
    await deps.themes.assign(
      tx,
      [
        {
          conversationId,
          observationId: said.observationId,
          themeId: said.themeId,
          opens: false,
          title: '',
          score: null,
          fromThemeId: said.themeId,
        },
      ],
      at,
    );
    return [{ stage: 'assess', id: said.themeId }];
  }

  /** A typed name that we know already is that customer. */
  async function chosenCustomer(chosen: ChosenCustomer | null): Promise<{ id: string } | CustomerHint | null> {
    if (!chosen || 'id' in chosen) return chosen;
    const hint = namedCustomer(chosen.name);
    if (!hint.name) return null;
    const rows = await deps.signals.customers(db, CUSTOMERS_READ);
    const same = rows.find(({ name }) => namedCustomer(name).key === hint.key);
    return same ? { id: same.id } : hint;
  }

  async function nameOfCustomer(chosen: { id: string } | CustomerHint): Promise<string> {
    if (!('id' in chosen)) return chosen.name ?? '';
    return (await deps.signals.customers(db, CUSTOMERS_READ)).find(({ id }) => id === chosen.id)?.name ?? '';
  }

  async function auditOf(
    tx: Tx,
    actor: string,
    verb: string,
    thingId: string,
    detail: Record<string, string> = {},
  ): Promise<void> {
    const thingKind = verb.split('.')[0]!;
    await deps.records.audit(tx, [{ actor, verb, thingKind, thingId, detail, at: deps.now().toISOString() }]);
  }
}

function hintOf(chosen: { id: string } | CustomerHint | null): CustomerHint {
  return chosen === null || 'id' in chosen ? UNKNOWN_CUSTOMER : chosen;
}
