// Digest: plans one message per target and period by the target's own calendar, gathers what happened since the last one, and sends it once.
import { type ActionReceipt, wordlessUrl } from '#src/domain/action.ts';
import {
  DIGEST_ROWS,
  type DigestLine,
  type DigestPart,
  type DigestVerbs,
  type DigestView,
  isNews,
  type ReadingQuality,
} from '#src/domain/digest.ts';
import { errorLine } from '#src/domain/errors.ts';
import type { EvaluationVerbs } from '#src/domain/evaluation.ts';
import { lastDue } from '#src/domain/hours.ts';
import { DAY_MS, type Insight, trendOf } from '#src/domain/insight.ts';
import { may, type Person } from '#src/domain/policy.ts';
import type { Db, Log, Telemetry, Tx } from '#src/domain/ports.ts';
import type { Preferences } from '#src/domain/preference.ts';
import { byImportance, type Held } from '#src/domain/quiet.ts';
import { type Audience, neutralTitle } from '#src/domain/visibility.ts';

// Weekly digests come on this day.
const MONDAY = 1;
// Whoever began to send and has not ended by then is gone.
const SENDING_MAX_MS = 2 * 60_000;
const NOW_DAYS = 7;
// Counted by rules alone; a change of what a digest tells is a new version.
const MADE_BY = 'digest 1';

interface Name {
  targetId: string;
  cadence: 'daily' | 'weekly';
  period: string;
}

interface FoundCard {
  cardId: string;
  themeId: string;
  permalink: string | null;
  insight: Insight;
}

/** What a digest asks of storage. */
export interface DigestRows {
  plan(tx: Tx, name: Name, at: Date): Promise<void>;
  planned(tx: Tx): Promise<(Name & { plannedAt: Date; from: Date })[]>;
  sending(tx: Tx, name: Name, at: Date, leaseMs: number): Promise<false | { before: Date | null }>;
  settled(
    tx: Tx,
    name: Name,
    state: 'posted' | 'empty',
    where: { channelId: string; ts: string | null } | null,
  ): Promise<void>;
  facts(
    tx: Tx,
    from: Date,
    to: Date,
  ): Promise<{
    reports: number;
    before: number;
    customers: number;
    days: number[];
    fresh: FoundCard[];
    waiting: (FoundCard & { since: Date })[];
    held: (FoundCard & { why: Held; since: Date })[];
    reported: (FoundCard & { lastWeek: number; weekBefore: number; firstAt: Date })[];
    decided: (FoundCard & {
      what: 'approved' | 'dismissed' | 'undone' | 'completed';
      by: string | null;
      at: Date;
      issue: ActionReceipt | null;
    })[];
  }>;
}

export interface DigestDeps {
  db: Db;
  rows: DigestRows;
  /** Everybody who wants a digest for themselves. */
  subscribers: (tx: Tx) => Promise<{ personId: string; preferences: Preferences }[]>;
  preferences: (tx: Tx, personId: string) => Promise<Preferences>;
  rules: (tx: Tx) => Promise<{ cadence: 'off' | 'daily' | 'weekly'; time: string; timeZone: string }>;
  /** Why nothing may be said in channels now. */
  hushed: (tx: Tx, at: Date) => Promise<'paused' | 'quiet' | null>;
  /** Whether this person may be written to by ourselves now. */
  reachable: (tx: Tx, personId: string, at: Date) => Promise<boolean>;
  insightsChannel: () => string | null;
  personOf: (personId: string) => Promise<Person>;
  /** Slack's time zone of a person; null when nobody knows. */
  timeZoneOf: (personId: string) => Promise<string | null>;
  nameOf: (actor: string) => Promise<string>;
  audiences: {
    ofPerson(person: Person): Audience;
    ofChannel(channelId: string): Promise<Audience>;
    insights(tx: Tx, insights: readonly Insight[], audience: Audience): Promise<Set<string>>;
  };
  /** How well we read, when people have judged it. */
  quality: (tx: Tx, from: Date, to: Date) => Promise<ReadingQuality | null>;
  rateable: EvaluationVerbs['rateable'];
  /** Sends it. `recover` says that an earlier try may have got through. */
  send(input: {
    key: string;
    to: { kind: 'channel' | 'person'; id: string };
    view: DigestView;
    since: Date;
    recover: boolean;
  }): Promise<{ channel: string; ts: string | null }>;
  telemetry: Pick<Telemetry, 'count'>;
  log: Log;
  now: () => Date;
}

export interface Digesting extends DigestVerbs {
  /** Plans what has become due, and sends what may be sent now. Safe to repeat, to miss, and to run twice at once. */
  run(): Promise<void>;
}

/** Makes it for one workspace. */
export function createDigesting(deps: DigestDeps): Digesting {
  const { db, rows } = deps;
  return {
    async run() {
      await planDue();
      for (const planned of await rows.planned(db)) {
        try {
          await sendOne(planned);
        } catch (error) {
          // It waits for the next minute; the others do not wait for it.
          deps.log.warn({ target: planned.targetId, error: errorLine(error) }, 'a digest could not be sent yet');
        }
      }
    },
    async digest(person) {
      const to = deps.now();
      const from = new Date(to.getTime() - NOW_DAYS * DAY_MS);
      return gather('now', from, to, deps.audiences.ofPerson(person));
    },
  };

  async function planDue(): Promise<void> {
    const at = deps.now();
    const { cadence, time, timeZone } = await deps.rules(db);
    const channel = deps.insightsChannel();
    const targets: { targetId: string; cadence: Preferences['digest']; timeZone: string }[] = [];
    if (channel) targets.push({ targetId: channel, cadence, timeZone });
    for (const { personId, preferences } of await deps.subscribers(db)) {
      const own = preferences.timeZone ?? (await deps.timeZoneOf(personId)) ?? timeZone;
      targets.push({ targetId: personId, cadence: preferences.digest, timeZone: own });
    }
    for (const target of targets) {
      if (target.cadence === 'off') continue;
      const period = lastDue(at, { weekday: target.cadence === 'weekly' ? MONDAY : null, time }, target.timeZone);
      await rows.plan(db, { targetId: target.targetId, cadence: target.cadence, period }, at);
    }
  }

  async function sendOne(planned: Name & { plannedAt: Date; from: Date }): Promise<void> {
    const at = deps.now();
    const { targetId, cadence } = planned;
    const isChannel = targetId === deps.insightsChannel();
    const audience = isChannel ? await channelAudience(targetId, cadence, at) : await personAudience(targetId, at);
    if (audience === 'later') return;
    if (audience === 'never') return rows.settled(db, planned, 'empty', null);
    const begun = await db.transaction('digest.sending', (tx) => rows.sending(tx, planned, at, SENDING_MAX_MS));
    if (!begun) return;
    const view = await gather(cadence, planned.from, at, audience);
    const recover = begun.before !== null;
    const key = `digest:${targetId}:${cadence}:${planned.period}`;
    // What is no news now may have been sent before: then it must be found, not forgotten.
    if (!isNews(view) && !recover) {
      await db.transaction('digest.empty', (tx) => rows.settled(tx, planned, 'empty', null));
      deps.telemetry.count('digests_total', { result: 'nothing_new' });
      return;
    }
    await deps.rateable({ thing: { kind: 'digest', id: key }, producedBy: MADE_BY, askedBy: null });
    const sent = await deps.send({
      key,
      to: { kind: isChannel ? 'channel' : 'person', id: targetId },
      view,
      since: planned.plannedAt,
      recover,
    });
    await db.transaction('digest.sent', (tx) =>
      rows.settled(tx, planned, 'posted', { channelId: sent.channel, ts: sent.ts }),
    );
    deps.telemetry.count('digests_total', { result: 'sent' });
  }

  async function channelAudience(channelId: string, cadence: string, at: Date): Promise<Audience | 'later' | 'never'> {
    if ((await deps.rules(db)).cadence !== cadence) return 'never';
    return (await deps.hushed(db, at)) ? 'later' : deps.audiences.ofChannel(channelId);
  }

  /** Somebody may have left, or changed their mind, since it was planned. */
  async function personAudience(personId: string, at: Date): Promise<Audience | 'later' | 'never'> {
    const preferences = await deps.preferences(db, personId);
    const person = await deps.personOf(personId);
    if (preferences.digest === 'off' || !may(person, 'see', { kind: 'record' }, at).ok) return 'never';
    return (await deps.reachable(db, personId, at)) ? deps.audiences.ofPerson(person) : 'later';
  }

  async function gather(cadence: DigestView['cadence'], from: Date, to: Date, audience: Audience): Promise<DigestView> {
    const facts = await rows.facts(db, from, to);
    // Each card is told of once, by the newest thing that happened to it.
    const settled = new Map(facts.decided.map((one) => [one.cardId, one]));
    const fresh = facts.fresh.filter(({ cardId }) => !settled.has(cardId));
    const told = new Set(fresh.map(({ cardId }) => cardId));
    const rising = facts.reported.filter(({ lastWeek, weekBefore, firstAt }) => {
      const days = [0, 0, 0, 0, 0, 0, weekBefore, 0, 0, 0, 0, 0, 0, lastWeek];
      return trendOf(days, (to.getTime() - firstAt.getTime()) / DAY_MS).word === 'rising';
    });
    rising.sort((a, b) => b.lastWeek - b.weekBefore - (a.lastWeek - a.weekBefore));
    const everything = [fresh, rising, facts.waiting, facts.held, [...settled.values()]].flat();
    const open = await deps.audiences.insights(
      db,
      everything.map(({ insight }) => insight),
      audience,
    );
    const line = ({ cardId, themeId, permalink, insight }: FoundCard): DigestLine => {
      const wordsHidden = !open.has(insight.id);
      return {
        cardId,
        themeId,
        title: wordsHidden ? neutralTitle(insight) : insight.title,
        wordsHidden,
        customers: insight.reach.customers,
        reports: insight.reach.reports,
        permalink,
      };
    };
    const waiting = facts.waiting.filter(({ cardId }) => !told.has(cardId));
    const held = facts.held.sort((a, b) => byImportance(a.insight, b.insight));
    const decided = await Promise.all(
      [...settled.values()].map(async (one) => ({
        ...line(one),
        what: one.what === 'approved' && one.issue ? ('filed' as const) : one.what,
        by: one.by === null ? null : await deps.nameOf(one.by),
        at: one.at.toISOString(),
        issue: one.issue && { label: one.issue.label, url: wordlessUrl(one.issue.url) },
      })),
    );
    return {
      cadence,
      from: from.toISOString(),
      to: to.toISOString(),
      reports: facts.reports,
      before: facts.before,
      customers: facts.customers,
      fresh: partOf(fresh.map(line)),
      rising: partOf(rising.map((one) => ({ ...line(one), lastWeek: one.lastWeek, weekBefore: one.weekBefore }))),
      waiting: partOf(waiting.map((one) => ({ ...line(one), since: one.since.toISOString() }))),
      held: partOf(held.map((one) => ({ ...line(one), why: one.why, since: one.since.toISOString() }))),
      decided: partOf(decided),
      quality: await deps.quality(db, from, to),
      days: facts.days,
    };
  }
}

function partOf<T>(all: readonly T[]): DigestPart<T> {
  return { lines: all.slice(0, DIGEST_ROWS), more: Math.max(0, all.length - DIGEST_ROWS) };
}
