// Sample: once a week a volunteer gets a few messages that the gate kept out, among some that it let through, and says which are reports.
import { AppError, errorLine } from '#src/domain/errors.ts';
import { lastDue } from '#src/domain/hours.ts';
import { may, type Person } from '#src/domain/policy.ts';
import type { Db, Log, Telemetry, Tx } from '#src/domain/ports.ts';
import { redactConversation } from '#src/domain/redaction.ts';
import {
  allocate,
  CONTROLS,
  type Judgement,
  type JudgeReply,
  type KeptOut,
  type SampleItem,
  type SampleVerbs,
  type SampleView,
} from '#src/domain/sample.ts';
import type { Records, SaidConversation, Signals, Texts } from '#src/domain/stores.ts';
import type { SimpleReply } from '#src/domain/verbs.ts';
import type { Audiences } from './audience.ts';
import type { Next } from './stage.ts';

const MONDAY = 1;
const DUE = { weekday: MONDAY, time: '09:00' } as const;
const LOOK_BACK_MS = 28 * 86_400_000;
// Whoever began to send and has not ended by then is gone.
const SENDING_MAX_MS = 2 * 60_000;
const TEXT_MAX = 400;

type Verdict = KeptOut | 'passed';

/** The samples, as they are stored. */
export interface Samples {
  setVolunteer(tx: Tx, personId: string, on: boolean, at: Date): Promise<boolean>;
  knowChannel(tx: Tx, personId: string, channelId: string): Promise<void>;
  rotation(tx: Tx, week: string): Promise<string[]>;
  get(
    tx: Tx,
    week: string,
  ): Promise<{ personId: string; state: 'planned' | 'sent'; plannedAt: Date; directChannel: string | null } | null>;
  lookedUntil(tx: Tx): Promise<Date | null>;
  sizes(tx: Tx, from: Date, to: Date): Promise<{ containerId: string; verdict: Verdict; size: number }[]>;
  draw(
    tx: Tx,
    input: { week: string; from: Date; to: Date; containers: readonly string[]; verdict: Verdict; limit: number },
  ): Promise<string[]>;
  capturedByHand(tx: Tx, from: Date, to: Date, containers: readonly string[]): Promise<number>;
  plan(
    tx: Tx,
    sample: {
      week: string;
      personId: string;
      from: Date;
      to: Date;
      strata: Record<string, number>;
      items: readonly { conversationId: string; verdict: Verdict }[];
    },
  ): Promise<boolean>;
  sending(tx: Tx, week: string, at: Date, leaseMs: number): Promise<{ before: boolean } | null>;
  sent(tx: Tx, week: string, where: { channelId: string; ts: string | null }): Promise<void>;
  items(
    tx: Tx,
    week: string,
  ): Promise<{ n: number; conversationId: string; verdict: Verdict; judgement: Judgement | null }[]>;
  judge(
    tx: Tx,
    input: { week: string; n: number; judgement: Judgement; at: Date },
  ): Promise<{ conversationId: string; verdict: Verdict } | null>;
}

export interface SampleDeps {
  db: Db;
  samples: Samples;
  signals: Pick<Signals, 'setCaptured'>;
  texts: Texts;
  records: Records;
  audiences: Pick<Audiences, 'ofPerson' | 'places'>;
  personOf: (personId: string) => Promise<Person>;
  /** Whether this person may be written to by ourselves now. */
  reachable: (tx: Tx, personId: string, at: Date) => Promise<boolean>;
  timeZone: (tx: Tx) => Promise<string>;
  /** What people call the place that a conversation is in. */
  placeName: (containerId: string, source: string) => Promise<string>;
  /** Thanks a new volunteer by a direct message; answers where that is. */
  welcome: (personId: string) => Promise<{ channel: string }>;
  /** Sends the sample. `recover`: an earlier try may have got through, and is to be found in `channel`. */
  post: (
    view: SampleView,
    where: { channel: string; since: Date; recover: boolean },
  ) => Promise<{ channel: string; ts: string }>;
  send: (tx: Tx, next: Next[]) => Promise<void>;
  telemetry: Pick<Telemetry, 'count'>;
  log: Log;
  now: () => Date;
}

/** Makes the verbs of a volunteer, and the run by the clock. */
export function createSampling(deps: SampleDeps): { verbs: SampleVerbs; run(): Promise<void> } {
  const { db, samples } = deps;
  return {
    verbs: { judgeSample, volunteer, sample },
    /** Plans the sample of the week and sends it. Safe to repeat, to miss, and to run twice at once. */
    async run() {
      const week = lastDue(deps.now(), DUE, await deps.timeZone(db));
      if (!(await samples.get(db, week))) await plan(week);
      const planned = await samples.get(db, week);
      if (planned?.state === 'planned') await deliver(week, planned);
    },
  };

  async function volunteer({ person, on }: { person: Person; on: boolean }): Promise<SimpleReply> {
    const allowed = may(person, 'see', { kind: 'record' }, deps.now());
    if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
    const changed = await db.transaction('volunteer', async (tx) => {
      const at = deps.now();
      const isNew = await samples.setVolunteer(tx, person.id, on, at);
      if (isNew) await audit(tx, person.id, on ? 'volunteer.joined' : 'volunteer.left', 'person', person.id, {});
      return isNew;
    });
    if (changed && on) {
      try {
        const { channel } = await deps.welcome(person.id);
        await samples.knowChannel(db, person.id, channel);
      } catch (error) {
        // They are one all the same; the first sample will show where to write to them.
        deps.log.warn({ error: errorLine(error) }, 'a new volunteer could not be welcomed');
      }
    }
    return { kind: 'done' };
  }

  async function sample({ week, person }: { week: string; person: Person }): Promise<SampleView | null> {
    const known = await samples.get(db, week);
    return known?.personId === person.id ? viewOf(week, person.id) : null;
  }

  async function judgeSample(input: Parameters<SampleVerbs['judgeSample']>[0]): Promise<JudgeReply> {
    const { week, n, judgement, person } = input;
    const allowed = may(person, 'see', { kind: 'record' }, deps.now());
    if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
    const sample = /^\d{4}-\d{2}-\d{2}$/.test(week) ? await samples.get(db, week) : null;
    if (!sample) return { kind: 'gone' };
    if (sample.personId !== person.id) return { kind: 'not_yours' };
    const judged = await db.transaction('sample.judge', async (tx) => {
      const at = deps.now();
      const item = await samples.judge(tx, { week, n, judgement, at });
      if (!item) return null;
      await audit(tx, person.id, 'sample.judged', 'conversation', item.conversationId, {
        judgement,
        verdict: item.verdict,
      });
      if (judgement === 'report' && item.verdict !== 'passed')
        return { captured: await capture(tx, item, person.id, at) };
      return { captured: false };
    });
    const view = await viewOf(week, person.id);
    if (!judged) return view.items.some((item) => item.n === n) ? { kind: 'already', view } : { kind: 'gone' };
    deps.telemetry.count('samples_judged_total', { judgement });
    return { kind: 'done', view, captured: judged.captured };
  }

  /** What the gate kept out comes in by the word of a person. */
  async function capture(tx: Tx, item: { conversationId: string }, personId: string, at: Date): Promise<boolean> {
    const [said] = await deps.texts.conversations(tx, [item.conversationId]);
    const message = said && firstOfCustomer(said);
    if (!message) return false;
    const { changed } = await deps.signals.setCaptured(tx, message.externalId, personId, at);
    await audit(tx, personId, 'signal.captured', 'signal', message.signalId, { via: 'sample' });
    await deps.send(
      tx,
      changed.map((id): Next => ({ stage: 'observe', id })),
    );
    return true;
  }

  /** Draws for the volunteer who waited longest, from places that they may read; the next one when there is nothing for them. */
  async function plan(week: string): Promise<void> {
    const volunteers = await samples.rotation(db, week);
    if (volunteers.length === 0) return;
    const to = deps.now();
    const earliest = new Date(to.getTime() - LOOK_BACK_MS);
    const until = await samples.lookedUntil(db);
    const from = until && until > earliest ? until : earliest;
    const sizes = await samples.sizes(db, from, to);
    const containers = [...new Set(sizes.map(({ containerId }) => containerId))];
    for (const personId of volunteers) {
      const person = await deps.personOf(personId);
      if (!may(person, 'see', { kind: 'record' }, to).ok || !(await deps.reachable(db, personId, to))) continue;
      const open = await deps.audiences.places(containers, deps.audiences.ofPerson(person));
      const sizeOf = (verdict: Verdict, isOpen = true) =>
        sizes
          .filter((one) => one.verdict === verdict && open.has(one.containerId) === isOpen)
          .reduce((sum, { size }) => sum + size, 0);
      const strata = { noise: sizeOf('noise'), left_out: sizeOf('left_out'), passed: sizeOf('passed') };
      if (strata.noise + strata.left_out === 0) continue;
      const planned = await db.transaction('sample.plan', async (tx) => {
        const readable = [...open];
        const draw = async (verdict: Verdict, limit: number) =>
          (await samples.draw(tx, { week, from, to, containers: readable, verdict, limit })).map((conversationId) => ({
            conversationId,
            verdict,
          }));
        const share = allocate(strata);
        const items = [
          ...(await draw('noise', share.noise)),
          ...(await draw('left_out', share.left_out)),
          ...(await draw('passed', CONTROLS)),
        ];
        // Ids are hashes: by them the three kinds are mixed, and nobody can tell which is which.
        items.sort((a, b) => (a.conversationId < b.conversationId ? -1 : 1));
        return samples.plan(tx, {
          week,
          personId,
          from,
          to,
          strata: {
            ...strata,
            captured: await samples.capturedByHand(tx, from, to, readable),
            closed: sizeOf('noise', false) + sizeOf('left_out', false),
          },
          items,
        });
      });
      if (planned) deps.telemetry.count('samples_planned_total');
      return;
    }
  }

  async function deliver(
    week: string,
    planned: { personId: string; plannedAt: Date; directChannel: string | null },
  ): Promise<void> {
    const at = deps.now();
    const { personId, directChannel } = planned;
    if (!(await deps.reachable(db, personId, at))) return;
    const begun = await db.transaction('sample.sending', (tx) => samples.sending(tx, week, at, SENDING_MAX_MS));
    if (!begun) return;
    // An earlier try may have got through, and it cannot be looked for: rather none than two.
    const countAsSent = async () => {
      deps.log.warn({ week }, 'whether a sample was sent is not known; it counts as sent');
      await samples.sent(db, week, { channelId: personId, ts: null });
    };
    if (begun.before && !directChannel) return countAsSent();
    const view = await viewOf(week, personId);
    const where = { channel: directChannel ?? personId, since: planned.plannedAt, recover: begun.before };
    let posted: Awaited<ReturnType<typeof deps.post>>;
    try {
      posted = await deps.post(view, where);
    } catch (error) {
      if (begun.before && error instanceof AppError && error.code === 'unauthorized') return countAsSent();
      throw error;
    }
    await db.transaction('sample.sent', async (tx) => {
      await samples.sent(tx, week, { channelId: posted.channel, ts: posted.ts });
      await samples.knowChannel(tx, personId, posted.channel);
    });
    deps.telemetry.count('samples_sent_total');
  }

  async function viewOf(week: string, personId: string): Promise<SampleView> {
    const items = await samples.items(db, week);
    const said = await deps.texts.conversations(
      db,
      items.map(({ conversationId }) => conversationId),
    );
    const places = [...new Set(said.map(({ containerId }) => containerId))];
    // Somebody may have left a channel since it was drawn.
    const open = await deps.audiences.places(places, deps.audiences.ofPerson(await deps.personOf(personId)));
    const byId = new Map(said.filter(({ containerId }) => open.has(containerId)).map((one) => [one.id, one]));
    const shown: SampleItem[] = [];
    for (const { n, conversationId, verdict, judgement } of items) {
      const one = byId.get(conversationId);
      shown.push({
        n,
        verdict,
        judgement,
        text: one ? wordsOf(one) : null,
        where: one ? await deps.placeName(one.containerId, one.source) : '',
        permalink: one?.permalink ?? null,
        at: one?.firstAt ?? '',
      });
    }
    return { week, personId, items: shown };
  }

  function audit(
    tx: Tx,
    actor: string,
    verb: string,
    thingKind: string,
    thingId: string,
    detail: Record<string, string>,
  ): Promise<void> {
    return deps.records.audit(tx, [{ actor, verb, thingKind, thingId, detail, at: deps.now().toISOString() }]);
  }
}

function firstOfCustomer(said: SaidConversation) {
  return said.messages.find(({ role }) => role === 'customer') ?? said.messages[0];
}

/** What customers said, redacted, cut to what fits. */
function wordsOf(said: SaidConversation): string | null {
  const known = said.messages.flatMap(({ author }) => (author ? [author] : []));
  const { messages } = redactConversation(said.messages.map(({ signalId, text }) => ({ id: signalId, text, known })));
  const customers = new Set(said.messages.filter(({ role }) => role === 'customer').map(({ signalId }) => signalId));
  const text = messages
    .filter(({ id }) => customers.size === 0 || customers.has(id))
    .map(({ redacted }) => redacted as string)
    .join('\n');
  if (text.trim() === '') return null;
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1).toWellFormed()}…` : text;
}
