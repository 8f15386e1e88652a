// Backfill: a channel's past -> deliveries, by the same intake as everything else. Page by page, resumable after any of them, behind what is live.
import { createHash } from 'node:crypto';
import {
  type Backfill,
  type BackfillSummary,
  type BackfillVerbs,
  type BackfillView,
  estimateOf,
  sinceOf,
  startingPlace,
  tsOf,
} from '#src/domain/backfill.ts';
import { ExternalError, errorLine } from '#src/domain/errors.ts';
import { may } from '#src/domain/policy.ts';
import type { Clock, Db, Log, Telemetry, Tx } from '#src/domain/ports.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { Backfills, Deliveries, Records } from '#src/domain/stores.ts';
import type { Audience } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';
import type { Next } from './stage.ts';

// While this many jobs wait, nothing more is read: what people write now is understood within moments, whatever the size of the past.
const JOBS_WAITING_MAX = 300;
const JOBS_LOOK_MS = 250;
// Slack names the time with every "too many requests"; where it does not, half a minute is its usual one.
const RATE_LIMITED_MS = 30_000;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 60_000;
// About four minutes of a Slack that does not answer.
const TRIES = 9;
// An unfinished reading that nobody touched for longer begins anew: nobody knows what was missed meanwhile.
const STALE_MS = 24 * 60 * 60_000;
const LARGEST = 3;
// Slack repeats an event for six minutes. Whoever reads a message that young first, its event or we, it is no old news.
const LIVE_MS = 10 * 60_000;

/** What Slack shows of a page of the past. */
interface PastPage {
  facts: Fact[];
  oldest: string | null;
  threads: string[];
  cursor: string | null;
  more: boolean;
  slow: boolean;
}

interface Pace {
  perMinute: number;
  limit: number;
  slow: boolean;
  signal: AbortSignal;
}

export interface BackfillDeps {
  db: Db;
  backfills: Backfills;
  deliveries: Deliveries;
  records: Records;
  audiences: Audiences;
  past: {
    page(channelId: string, window: { after: string; before: string }, pace: Pace): Promise<PastPage>;
    replies(
      channelId: string,
      threadTs: string,
      window: { before: string; cursor: string | null },
      pace: Pace,
    ): Promise<PastPage>;
  };
  /** A watched channel; null when we do not listen there. */
  watched: (channelId: string) => Promise<{ name: string; createdSec: number } | null>;
  insightsChannel: () => string | null;
  pace: () => Promise<{ perMinute: number; limit: number }>;
  /** One reader at a time; null while another one reads. */
  takeTurn: () => Promise<{ release(): Promise<void> } | null>;
  jobsWaiting: () => Promise<number>;
  /** Posts up to so many of these cards, as far as the day and the hour bear it; answers how many speak now, the others are held. */
  post: (limit: number, cardIds: readonly string[]) => Promise<number>;
  /** Tells the person who started them what came of back-fills. */
  tell: (person: string, ended: readonly Backfill[], summary: BackfillSummary | null) => Promise<void>;
  send: (tx: Tx, next: Next[]) => Promise<void>;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
}

/** What whoever waits is told while it goes on. */
export interface BackfillWatch {
  signal: AbortSignal;
  onStep?: (backfill: BackfillView) => void;
  onWait?: (wait: { why: 'rate_limited' | 'unavailable'; ms: number }) => void;
}

/** The back-fills of one workspace. */
export interface Backfilling {
  verbs: BackfillVerbs;
  /** Puts channels down to be read, or read on. */
  order(input: { channelId: string; name: string; createdSec: number; days: number; by: string }): Promise<{
    backfill: BackfillView;
    resumed: boolean;
  }>;
  /** Reads these channels to their end; `busy` while another process reads. Those that Slack refuses are noted, the others go on. */
  run(channelIds: readonly string[], watch: BackfillWatch): Promise<BackfillView[] | 'busy'>;
  /** How much of what was read has not gone through the flow yet. */
  unsettled(channelIds: readonly string[]): Promise<number>;
  summary(channelIds: readonly string[], audience: Audience): Promise<BackfillSummary>;
  /** Reads on what people asked for at Home, unless that is under way, and tells them what came of what has ended. */
  tick(): Promise<void>;
  /** Stops reading after the request that is under way. */
  drain(): Promise<void>;
}

/** Makes the back-fills of one workspace. */
export function createBackfilling(deps: BackfillDeps): Backfilling {
  const { db, backfills, clock, log } = deps;
  const stopping = new AbortController();
  let reading: Promise<void> | null = null;

  const backfilling: Backfilling = {
    verbs: {
      async startBackfill({ channelId, days, person }) {
        const allowed = may(person, 'administer', { kind: 'record' }, clock.now());
        if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
        const channel = await deps.watched(channelId);
        if (!channel) return { kind: 'not_watched' };
        const put = await place({ channelId, ...channel, days, by: person.id, via: 'home' });
        if ('already' in put)
          return { kind: 'already', by: put.already.startedBy, backfill: await viewed(put.already) };
        wake();
        return { kind: 'started', backfill: await viewed(put.backfill), resumed: put.resumed };
      },

      async stopBackfill({ channelId, person }) {
        const allowed = may(person, 'administer', { kind: 'record' }, clock.now());
        if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
        return db.transaction('backfill.stop', async (tx) => {
          const row = await backfills.get(tx, channelId);
          if (!row || (row.state !== 'reading' && row.state !== 'waiting')) return { kind: 'gone' };
          await backfills.put(tx, { ...row, state: 'stopped', updatedAt: clock.now().toISOString() });
          await audit(tx, person.id, 'backfill.stopped', row);
          return { kind: 'done' };
        });
      },

      async backfill() {
        const rows = await backfills.all(db);
        const { perMinute } = await deps.pace();
        return rows.map((row) => ({ ...row, estimate: estimateOf(row, perMinute) }));
      },

      async showBackfilled({ channelIds, person, limit }) {
        const allowed = may(person, 'administer', { kind: 'record' }, clock.now());
        if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
        if (!deps.insightsChannel()) return { kind: 'no_channel' };
        const waiting = (await backfills.found(db, channelIds)).flatMap(({ waitingCardId }) => waitingCardId ?? []);
        const posted = await deps.post(limit, waiting);
        const held = Math.min(limit, waiting.length) - posted;
        return { kind: 'posted', posted, held, waiting: waiting.length - posted - held };
      },
    },

    async order(input) {
      const put = await place({ ...input, via: 'command' });
      const row = 'already' in put ? put.already : put.backfill;
      return { backfill: await viewed(row), resumed: 'already' in put || put.resumed };
    },

    async run(channelIds, watch) {
      const ended = await inTurn(async () => {
        for (const channelId of channelIds) {
          if (watch.signal.aborted) break;
          await readChannel(channelId, watch);
        }
      });
      if (!ended) return 'busy';
      const rows = await backfilling.verbs.backfill();
      return rows.filter((row) => channelIds.includes(row.channelId));
    },

    unsettled: (channelIds) => backfills.unsettled(db, channelIds),
    summary: summarize,

    async tick() {
      wake();
      await tellEnded();
    },

    async drain() {
      stopping.abort();
      await reading;
    },
  };
  return backfilling;

  async function viewed(row: Backfill): Promise<BackfillView> {
    return { ...row, estimate: estimateOf(row, (await deps.pace()).perMinute) };
  }

  /** Puts a channel down: anew, or where an earlier reading of it was cut short. */
  function place(input: {
    channelId: string;
    name: string;
    createdSec: number;
    days: number;
    by: string;
    via: Backfill['via'];
  }): Promise<{ backfill: Backfill; resumed: boolean } | { already: Backfill }> {
    const { channelId, name, by, via } = input;
    return db.transaction('backfill.start', async (tx) => {
      const now = clock.now();
      const at = now.toISOString();
      const before = await backfills.get(tx, channelId);
      const open = before?.state === 'waiting' || before?.state === 'reading';
      if (before && open && before.via === 'home') return { already: before };
      const resumed =
        before !== null && before.state !== 'done' && now.getTime() - Date.parse(before.updatedAt) < STALE_MS;
      const since = sinceOf(input.days, now);
      const likelyStart = new Date(Math.max(since.getTime(), input.createdSec * 1000)).toISOString();
      const fresh = {
        until: at,
        place: startingPlace(now, likelyStart),
        messages: 0,
        threads: 0,
        requests: 0,
        slow: false,
        startedAt: at,
      };
      const rest = resumed ? before : fresh;
      // Further back than before: what seemed to be the end may be none.
      const end = rest.place.end && before !== null && since.getTime() >= Date.parse(before.since);
      const backfill: Backfill = {
        ...rest,
        channelId,
        name,
        state: 'waiting',
        via,
        since: since.toISOString(),
        place: { ...rest.place, likelyStart, end },
        problem: null,
        startedBy: by,
        updatedAt: at,
        toldAt: null,
      };
      await backfills.put(tx, backfill);
      await audit(tx, by, resumed ? 'backfill.resumed' : 'backfill.started', backfill);
      return { backfill, resumed };
    });
  }

  function wake(): void {
    if (reading || stopping.signal.aborted) return;
    reading = readHome()
      .catch((error) => log.warn({ error: errorLine(error) }, 'the back-fill stopped; it is tried again in a minute'))
      .finally(() => {
        reading = null;
      });
  }

  async function readHome(): Promise<void> {
    const passed = new Set<string>();
    const next = async () =>
      (await backfills.all(db)).find(
        (row) =>
          row.via === 'home' && !passed.has(row.channelId) && (row.state === 'waiting' || row.state === 'reading'),
      );
    if (!(await next())) return;
    await inTurn(async () => {
      for (let row = await next(); row && !stopping.signal.aborted; row = await next()) {
        passed.add(row.channelId);
        await readChannel(row.channelId, { signal: stopping.signal });
      }
    });
  }

  async function inTurn(run: () => Promise<void>): Promise<boolean> {
    const turn = await deps.takeTurn();
    if (!turn) return false;
    try {
      await run();
      return true;
    } finally {
      await turn.release();
    }
  }

  /** Reads one channel until its end, until somebody stops it, or until Slack refuses. Throws when Slack stays away. */
  async function readChannel(channelId: string, watch: BackfillWatch): Promise<void> {
    let row = await begin(channelId);
    for (let tries = 1; row?.state === 'reading' && !watch.signal.aborted; ) {
      await clearRoad(watch.signal);
      try {
        const { perMinute, limit } = await deps.pace();
        const page = await ask(row, { perMinute, limit, slow: row.slow, signal: watch.signal });
        row = await commit(row, page);
        tries = 1;
        if (row) watch.onStep?.({ ...row, estimate: estimateOf(row, perMinute) });
      } catch (error) {
        if (!(error instanceof ExternalError)) throw error;
        if (!error.retryable) return fail(channelId, error);
        const limited = error.code === 'rate_limited';
        if (!limited && ++tries > TRIES) throw error;
        const ms =
          error.retryAfterMs ?? (limited ? RATE_LIMITED_MS : Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (tries - 2)));
        watch.onWait?.({ why: limited ? 'rate_limited' : 'unavailable', ms });
        await clock.sleep(ms, watch.signal);
      }
    }
    if (row?.state === 'reading') await rest(channelId);
  }

  function begin(channelId: string): Promise<Backfill | null> {
    return db.transaction('backfill.begin', async (tx) => {
      const row = await backfills.get(tx, channelId);
      if (!row || (row.state !== 'waiting' && row.state !== 'reading')) return null;
      const begun: Backfill = { ...row, state: 'reading' };
      await backfills.put(tx, begun);
      return begun;
    });
  }

  /** Whoever interrupts a command stops it; what Home asked for only waits for the next start. */
  async function rest(channelId: string): Promise<void> {
    await db.transaction('backfill.rest', async (tx) => {
      const row = await backfills.get(tx, channelId);
      if (row?.state === 'reading')
        await backfills.put(tx, { ...row, state: row.via === 'home' ? 'waiting' : 'stopped' });
    });
  }

  async function fail(channelId: string, error: ExternalError): Promise<void> {
    await db.transaction('backfill.failed', async (tx) => {
      const row = await backfills.get(tx, channelId);
      if (!row) return;
      const failed: Backfill = {
        ...row,
        state: 'failed',
        problem: error.message,
        updatedAt: clock.now().toISOString(),
      };
      await backfills.put(tx, failed);
      await audit(tx, 'throughline', 'backfill.failed', failed, { code: error.code });
    });
  }

  /** What is live goes first: as long as much waits, nothing is added. */
  async function clearRoad(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && (await deps.jobsWaiting()) > JOBS_WAITING_MAX) await clock.sleep(JOBS_LOOK_MS, signal);
  }

  function ask(row: Backfill, pace: Pace): Promise<PastPage> {
    const { place, channelId } = row;
    const until = tsOf(new Date(row.until));
    const [thread] = place.threads;
    return thread === undefined
      ? deps.past.page(channelId, { after: tsOf(new Date(row.since)), before: place.before }, pace)
      : deps.past.replies(channelId, thread, { before: until, cursor: place.replies }, pace);
  }

  /** The page and the place behind it become durable together. Null when the reading was stopped meanwhile. */
  async function commit(row: Backfill, page: PastPage): Promise<Backfill | null> {
    const place = placeAfter(row, page);
    const isDone = place.end && place.threads.length === 0;
    const signals = page.facts.filter((fact) => fact.kind === 'signal').length;
    const next: Backfill = {
      ...row,
      place,
      state: isDone ? 'done' : 'reading',
      messages: row.messages + signals,
      threads: row.threads + page.threads.length,
      requests: row.requests + 1,
      slow: page.slow,
      updatedAt: clock.now().toISOString(),
    };
    const moved = await db.transaction('backfill', async (tx) => {
      if (!(await backfills.advance(tx, next, row.requests))) return false;
      if (page.facts.length > 0) {
        const payload = JSON.stringify(page.facts.map((fact) => asNews(fact, row.until)));
        // Named by what it says: the same page read twice is one delivery.
        const deliveryId = `backfill:${createHash('sha256').update(payload).digest('hex').slice(0, 32)}`;
        const [fresh] = await deps.deliveries.store(tx, [
          { source: 'slack', deliveryId, kind: 'facts', payload, receivedAt: next.updatedAt },
        ]);
        if (fresh) await deps.send(tx, [{ stage: 'ingest', id: `slack/${deliveryId}`, behind: true }]);
      }
      if (isDone) await audit(tx, 'throughline', 'backfill.done', next, { messages: next.messages });
      return true;
    });
    if (!moved) return null;
    deps.telemetry.count('backfill_messages_total', {}, signals);
    deps.telemetry.count('backfill_requests_total');
    return next;
  }

  async function summarize(channelIds: readonly string[], audience: Audience): Promise<BackfillSummary> {
    const found = await backfills.found(db, channelIds);
    const waiting = found.filter(({ waitingCardId }) => waitingCardId !== null);
    const largest = waiting.slice(0, LARGEST);
    const open = await deps.audiences.themes(
      db,
      largest.map(({ themeId }) => themeId),
      audience,
    );
    const messages = (await backfills.all(db)).filter((row) => channelIds.includes(row.channelId));
    return {
      messages: messages.reduce((sum, row) => sum + row.messages, 0),
      themes: found.length,
      waiting: waiting.length,
      largest: largest.flatMap(({ themeId, insightId, title, customers, reports }) =>
        insightId !== null && open.has(themeId) ? [{ insightId, title, customers, reports }] : [],
      ),
      hidden: largest.filter(({ themeId }) => !open.has(themeId)).length,
    };
  }

  /** Once what was read has been understood, whoever asked for it hears what it came to. */
  async function tellEnded(): Promise<void> {
    const rows = (await backfills.all(db)).filter((row) => row.via === 'home');
    const underWay = new Set(
      rows.flatMap((row) => (row.state === 'waiting' || row.state === 'reading' ? row.startedBy : [])),
    );
    const untold = rows.filter(
      (row) => row.toldAt === null && (row.state === 'done' || row.state === 'failed') && !underWay.has(row.startedBy),
    );
    for (const [person, ended] of Map.groupBy(untold, (row) => row.startedBy)) {
      const channelIds = ended.flatMap((row) => (row.state === 'done' ? row.channelId : []));
      if ((await backfills.unsettled(db, channelIds)) > 0) continue;
      const audience = deps.audiences.ofPerson({ id: person, kind: 'member', approver: false });
      await deps.tell(person, ended, channelIds.length > 0 ? await summarize(channelIds, audience) : null);
      const toldAt = clock.now().toISOString();
      await db.transaction('backfill.told', async (tx) => {
        for (const { channelId } of ended) {
          const row = await backfills.get(tx, channelId);
          if (row) await backfills.put(tx, { ...row, toldAt });
        }
      });
    }
  }

  function audit(
    tx: Tx,
    actor: string,
    verb: string,
    row: Backfill,
    detail: Record<string, string | number> = {},
  ): Promise<void> {
    return deps.records.audit(tx, [
      {
        actor,
        verb,
        thingKind: 'channel',
        thingId: row.channelId,
        detail: { since: row.since, ...detail },
        at: clock.now().toISOString(),
      },
    ]);
  }
}

function asNews(fact: Fact, until: string): Fact {
  if (fact.kind !== 'signal' || Date.parse(fact.signal.occurredAt) < Date.parse(until) - LIVE_MS) return fact;
  return { ...fact, signal: { ...fact.signal, historical: false } };
}

/** Where a reading stands after a page of its channel, or of the first thread that is left. */
function placeAfter({ place }: Backfill, page: PastPage): Backfill['place'] {
  if (place.threads.length === 0) {
    return {
      ...place,
      before: page.oldest ?? place.before,
      pageFrom: place.before,
      pageThreads: page.threads.length,
      threads: page.threads,
      replies: null,
      end: !page.more || page.oldest === null,
    };
  }
  // More without a place to go on from: Slack forgot where we were, and the thread begins anew.
  const goesOn = page.more && (page.cursor !== null || place.replies !== null);
  return { ...place, threads: goesOn ? place.threads : place.threads.slice(1), replies: goesOn ? page.cursor : null };
}
