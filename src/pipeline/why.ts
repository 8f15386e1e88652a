// Why: what became of one message, put together at the moment of asking, for the one who asks.
import { may, type Person } from '#src/domain/policy.ts';
import type { Db, Telemetry } from '#src/domain/ports.ts';
import { joinRedacted, redactConversation } from '#src/domain/redaction.ts';
import type { Cards, SaidConversation, Texts, Themes } from '#src/domain/stores.ts';
import { embedText, encodeVector } from '#src/domain/vector.ts';
import type { MessageRef } from '#src/domain/verbs.ts';
import {
  type CardWhy,
  type HeldMessage,
  type Looked,
  type MessageWhy,
  type Watch,
  type WhyReply,
  type Whys,
  type WhyVerbs,
  whyNotHeld,
} from '#src/domain/why.ts';
import type { Audiences } from './audience.ts';
import { slackExternalId } from './capture.ts';
import type { ViewDeps } from './view.ts';
import { viewOf } from './view.ts';

// Enough to see what it nearly became.
const NEAREST = 5;

export interface WhyDeps {
  db: Db;
  whys: Whys;
  texts: Texts;
  themes: Pick<Themes, 'facts'>;
  cards: Pick<Cards, 'at' | 'byId' | 'current'>;
  view: ViewDeps;
  audiences: Pick<Audiences, 'ofPerson' | 'places' | 'themes'>;
  /** The message as Slack shows it now. */
  look: (message: MessageRef) => Promise<Looked>;
  watch: (channelId: string) => Promise<Watch>;
  /** The nearest themes now. */
  nearest: (
    vector: Buffer,
    without: string | null,
    limit: number,
  ) => Promise<{ themeId: string; score: number; needed: number }[]>;
  customersNeeded: () => Promise<number>;
  nameOf: (personId: string) => Promise<string>;
  telemetry: Pick<Telemetry, 'count'>;
  now: () => Date;
}

/** Makes the verb. It changes nothing. */
export function createWhy(deps: WhyDeps): WhyVerbs {
  const { db } = deps;
  return {
    async why(input): Promise<WhyReply> {
      const reply = await whyOf(input);
      deps.telemetry.count('whys_total', { kind: reply.kind });
      return reply;
    },
  };

  async function whyOf({ message, person, seen }: Parameters<WhyVerbs['why']>[0]): Promise<WhyReply> {
    const allowed = may(person, 'see', { kind: 'record' }, deps.now());
    if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
    const container = `slack:${message.channelId}`;
    if (!seen && !(await deps.audiences.places([container], deps.audiences.ofPerson(person))).has(container))
      return { kind: 'closed' };
    const card = await deps.cards.at(db, message.channelId, message.ts);
    if (card) return cardWhy(card.id, person);
    const watch = await deps.watch(message.channelId);
    const key = slackExternalId(message);
    const held = await deps.whys.message(db, key);
    if (held)
      return {
        kind: 'message',
        why: await messageWhy(held, { message, key, watch, person }),
        canCapture: canCapture(held),
      };
    const looked = await deps.look(message);
    if (looked.ours) {
      const cardId = /^(?:card|details):(.+)$/.exec(looked.ours.key ?? '')?.[1];
      return cardId ? cardWhy(cardId, person) : { kind: 'ours' };
    }
    const heardSince = await deps.whys.heardSince(db, container);
    const because = whyNotHeld({ looked, watch, heardSince, now: deps.now() });
    return { kind: 'not_held', because, watch, message, canCapture: because !== 'empty' && because !== 'not_found' };
  }

  async function cardWhy(cardId: string, person: Person): Promise<WhyReply> {
    const card = await deps.cards.byId(db, cardId);
    const view = card && (await viewOf(deps.view, db, card, deps.audiences.ofPerson(person)));
    if (!card || !view) return { kind: 'ours' };
    const insight = await deps.view.insights.byId(db, view.insight.id);
    const why: CardWhy = {
      card: view,
      broughtBy: insight?.broughtBy ?? 'reach',
      customersNeeded: await deps.customersNeeded(),
      postedAt: card.postedAt,
      permalink: card.permalink,
    };
    return { kind: 'card', why };
  }

  async function messageWhy(
    held: HeldMessage,
    about: { message: MessageRef; key: string; watch: Watch; person: Person },
  ): Promise<MessageWhy> {
    const { observation } = held;
    const said = held.conversation ? (await deps.texts.conversations(db, [held.conversation.id]))[0] : undefined;
    const redacted = said ? redactedOf(said) : new Map<string, RedactedOf>();
    const near = await nearestTo(held, redacted);
    const open = await deps.audiences.themes(
      db,
      [...near.map(({ themeId }) => themeId), ...(held.themeId ? [held.themeId] : [])],
      deps.audiences.ofPerson(about.person),
    );
    const facts = await deps.themes.facts(db, [...open]);
    const titleOf = (themeId: string) => facts.find((one) => one.themeId === themeId)?.title ?? null;
    const readable = near.filter(({ themeId }) => open.has(themeId));
    const card = held.themeId ? await deps.cards.current(db, held.themeId) : null;
    const view = card && (await viewOf(deps.view, db, card, deps.audiences.ofPerson(about.person)));
    return {
      message: about.message,
      key: about.key,
      watch: about.watch,
      role: held.role,
      deleted: held.deleted,
      historical: held.historical,
      capturedBy: held.capturedBy === null ? null : await deps.nameOf(held.capturedBy),
      calledNoiseBy: held.calledNoiseBy === null ? null : await deps.nameOf(held.calledNoiseBy),
      redacted: redacted.get(held.signalId)?.text ?? null,
      conversation: held.conversation,
      observation: observation && {
        id: observation.id,
        kind: observation.kind,
        severity: observation.severity,
        area: observation.area,
        language: observation.language,
        confidence: observation.confidence,
        isNoise: observation.isNoise,
        gate: observation.gate ?? null,
        title: held.title,
        producedBy: observation.producedBy,
      },
      theme:
        held.themeId === null
          ? null
          : {
              themeId: held.themeId,
              title: open.has(held.themeId) ? titleOf(held.themeId) : null,
              score: held.placed?.score ?? null,
              at: held.placed?.at ?? '',
              by: held.placed && held.placed.by !== 'throughline' ? await deps.nameOf(held.placed.by) : null,
            },
      nearest: readable.map((one) => ({ ...one, title: titleOf(one.themeId) })),
      nearestHidden: near.length - readable.length,
      card: card && { cardId: card.id, state: card.state, permalink: card.permalink },
      issue: view?.issue ? { label: view.issue.label, url: view.issue.url, state: view.issueState } : null,
    };
  }

  /** What was thrown away has no vector: it is measured now, as it would have been. */
  async function nearestTo(held: HeldMessage, redacted: ReadonlyMap<string, RedactedOf>) {
    const customers = [...redacted.values()].filter(({ role }) => role === 'customer');
    const deciding = customers.length > 0 ? customers : [...redacted.values()];
    const words = joinRedacted(
      deciding.map(({ text }) => text),
      '\n',
    );
    const vector = held.vector ?? (words.trim() === '' ? null : encodeVector(embedText(words)));
    return vector ? deps.nearest(vector, held.observation?.id ?? null, NEAREST) : [];
  }
}

type RedactedOf = {
  role: MessageWhy['role'];
  text: ReturnType<typeof redactConversation>['messages'][number]['redacted'];
};

function redactedOf(said: SaidConversation): Map<string, RedactedOf> {
  const known = said.messages.flatMap(({ author }) => (author ? [author] : []));
  const { messages } = redactConversation(said.messages.map(({ signalId, text }) => ({ id: signalId, text, known })));
  const roles = new Map(said.messages.map(({ signalId, role }) => [signalId, role]));
  return new Map(messages.map(({ id, redacted }) => [id, { role: roles.get(id)!, text: redacted }]));
}

/** A person may hand us what is there and was not captured yet. */
function canCapture(held: HeldMessage): boolean {
  return held.capturedBy === null && !held.deleted;
}
