// Quiet: holds back what nobody asked for, and lets it go when its time has come. Everything that the bot says by itself asks here first.
import type { Insight } from '#src/domain/insight.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Telemetry, Tx } from '#src/domain/ports.ts';
import { isQuiet, type Preferences } from '#src/domain/preference.ts';
import {
  byImportance,
  type ChannelNoise,
  type ChannelRules,
  type Held,
  isHushed,
  type MayPost,
  mayPost,
  type QuietVerbs,
} from '#src/domain/quiet.ts';
import type { Cards, Records } from '#src/domain/stores.ts';
import type { Next } from './stage.ts';

// A day of a wall clock has at most 25 hours, and there is a zone on each side.
const DAY_AND_MORE_MS = 30 * 3_600_000;
// Looked at in one go; the next tick takes the next.
const RELEASE_MAX = 200;

/** A card that waits, with what it would say. */
interface Waiting {
  id: string;
  channelId: string;
  held: Held | null;
  insight: Insight;
}

/** What quiet asks of storage. */
export interface QuietRows {
  lockChannel(tx: Tx, channelId: string): Promise<void>;
  spoken(tx: Tx, channelId: string, since: Date): Promise<Date[]>;
  hold(tx: Tx, cardId: string, held: Held | null): Promise<void>;
  grant(tx: Tx, cardId: string, at: Date): Promise<void>;
  takeHeld(tx: Tx, limit: number): Promise<Waiting[]>;
  takeWaiting(tx: Tx): Promise<Waiting[]>;
  countHeld(tx: Tx): Promise<number>;
  noise(tx: Tx, from: Date, to: Date): Promise<Omit<ChannelNoise, 'name'>[]>;
  decisions(tx: Tx, from: Date, to: Date): Promise<{ decisions: number; posted: number; decided: number }>;
}

export interface QuietDeps {
  db: Db;
  rows: QuietRows;
  cards: Cards;
  records: Pick<Records, 'audit'>;
  /** What is set for channels now. */
  rules: (tx: Tx) => Promise<ChannelRules>;
  preferences: (tx: Tx, personId: string) => Promise<Preferences>;
  /** Slack's time zone of a person; null when nobody knows. */
  timeZoneOf: (personId: string) => Promise<string | null>;
  insightsChannel: () => string | null;
  channelName: (channelId: string) => Promise<string | null>;
  send: (tx: Tx, next: Next[]) => Promise<void>;
  telemetry: Pick<Telemetry, 'count'>;
  now: () => Date;
}

export interface Quiet extends QuietVerbs {
  /** Whether a card may get a message of its own now. Call it in the transaction that opens the card: the day's posts are counted under a lock. */
  mayPost(tx: Tx, channelId: string, insight: Insight, at: Date): Promise<MayPost>;
  /** Notes on the card's row what `mayPost` said, so that it counts; null when the card has nothing to say by itself. */
  note(tx: Tx, cardId: string, verdict: MayPost | null, at: Date): Promise<void>;
  /** Why nothing may be said in channels by ourselves now; null when it may. */
  hushed(tx: Tx, at: Date): Promise<'paused' | 'quiet' | null>;
  /** Whether a person may be written to by ourselves now: not while we are paused, and not in their quiet hours. */
  reachable(tx: Tx, personId: string, at: Date): Promise<boolean>;
  /** Opens what was held and may speak now, the most important first. */
  release(): Promise<void>;
  /**
   * The same for insights that wait as old data, up to `limit`, or those `among` them that somebody means; what may not speak now is held like
   * the rest. Answers how many speak now.
   */
  post(limit: number, among?: readonly string[]): Promise<number>;
}

/** Makes it for one workspace. */
export function createQuiet(deps: QuietDeps): Quiet {
  const { db, rows, cards } = deps;
  const quiet: Quiet = {
    async mayPost(tx, channelId, insight, at) {
      const rules = await deps.rules(tx);
      await rows.lockChannel(tx, channelId);
      const spoken = await rows.spoken(tx, channelId, new Date(at.getTime() - DAY_AND_MORE_MS));
      return mayPost(insight, rules, spoken, at);
    },

    async note(tx, cardId, verdict, at) {
      if (verdict?.ok) return rows.grant(tx, cardId, at);
      await rows.hold(tx, cardId, verdict?.held ?? null);
      if (verdict) deps.telemetry.count('cards_held_total', { why: verdict.held });
    },

    hushed: async (tx, at) => isHushed(await deps.rules(tx), at),

    async reachable(tx, personId, at) {
      const { paused, timeZone } = await deps.rules(tx);
      const preferences = await deps.preferences(tx, personId);
      return !paused && !isQuiet(at, preferences, (await deps.timeZoneOf(personId)) ?? timeZone);
    },

    release: () =>
      db.transaction('quiet.release', async (tx) => {
        const at = deps.now();
        await speak(tx, await rows.takeHeld(tx, RELEASE_MAX), at);
      }),

    post: (limit, among) =>
      db.transaction('post', async (tx) => {
        const waiting = deps.insightsChannel() ? await rows.takeWaiting(tx) : [];
        const meant = among ? waiting.filter(({ id }) => among.includes(id)) : waiting;
        const wanted = meant.sort((a, b) => byImportance(a.insight, b.insight)).slice(0, limit);
        return speak(tx, wanted, deps.now());
      }),

    showNow: ({ cardId, person }) =>
      db.transaction('quiet.show', async (tx) => {
        const at = deps.now();
        const card = await cards.lock(tx, cardId);
        if (!card) return { kind: 'gone' };
        // Whoever may say that they look at a card may ask the channel to.
        const thing = { kind: 'card', open: true, decidedBy: null, undoUntil: null } as const;
        const allowed = may(person, 'claim', thing, at);
        if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
        if (card.state !== 'waiting') return { kind: 'already', permalink: card.permalink, state: card.state };
        const channelId = card.channelId || deps.insightsChannel();
        if (!channelId) return { kind: 'no_channel' };
        await rows.lockChannel(tx, channelId);
        await rows.grant(tx, cardId, at);
        await cards.change(tx, cardId, { state: 'open', channelId });
        await deps.records.audit(tx, [
          { actor: person.id, verb: 'card.shown', thingKind: 'card', thingId: cardId, at: at.toISOString() },
        ]);
        await deps.send(tx, [{ stage: 'show', id: cardId }]);
        return { kind: 'posting', channelId };
      }),

    async noise(days) {
      const to = deps.now();
      const from = new Date(to.getTime() - days * 24 * 3_600_000);
      const said = await rows.noise(db, from, to);
      const channels = await Promise.all(
        said.map(async (one) => ({ ...one, name: await deps.channelName(one.channelId!) })),
      );
      const sum = (pick: (one: ChannelNoise) => number) => channels.reduce((total, one) => total + pick(one), 0);
      return {
        days,
        from: from.toISOString(),
        to: to.toISOString(),
        channels,
        total: {
          channelId: null,
          name: null,
          parents: sum((one) => one.parents),
          cards: sum((one) => one.cards),
          replies: sum((one) => one.replies),
          updates: sum((one) => one.updates),
          ephemerals: sum((one) => one.ephemerals),
          dms: sum((one) => one.dms),
        },
        ...(await rows.decisions(db, from, to)),
        held: await rows.countHeld(db),
      };
    },
  };
  return quiet;

  /** Lets those of the cards speak that may, the most important first, and notes why the others may not. */
  async function speak(tx: Tx, waiting: Waiting[], at: Date): Promise<number> {
    const insightsChannel = deps.insightsChannel();
    const next: Next[] = [];
    for (const card of waiting.sort((a, b) => byImportance(a.insight, b.insight))) {
      const channelId = card.channelId || insightsChannel;
      if (!channelId) continue;
      const verdict = await quiet.mayPost(tx, channelId, card.insight, at);
      if (verdict.ok) {
        await rows.grant(tx, card.id, at);
        await cards.change(tx, card.id, { state: 'open', channelId });
        next.push({ stage: 'show', id: card.id });
      } else await rows.hold(tx, card.id, verdict.held);
    }
    await deps.records.audit(
      tx,
      next.map(({ id }) => ({
        actor: 'throughline',
        verb: 'card.shown',
        thingKind: 'card',
        thingId: id,
        at: at.toISOString(),
      })),
    );
    await deps.send(tx, next);
    return next.length;
  }
}
