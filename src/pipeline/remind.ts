// Remind: the owner of a channel is told once of a card that nobody decided on in time. The only time that we call anybody by a mention.
import { errorLine } from '#src/domain/errors.ts';
import { wakingMs } from '#src/domain/hours.ts';
import { may, type Person } from '#src/domain/policy.ts';
import type { Db, Log, Telemetry, Tx } from '#src/domain/ports.ts';
import { type ChannelRules, isHushed } from '#src/domain/quiet.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
// Whoever becomes the owner of a channel in which much waits is not told of everything at once; the oldest come first.
const PER_DAY = 3;
const LOOK_MAX = 50;
// Whoever began to remind and has not ended by then is gone.
const SENDING_MAX_MS = 2 * 60_000;

/** A card that nobody has decided on. */
interface Unanswered {
  id: string;
  channelId: string;
  ts: string;
  ownerId: string;
  waitsSince: Date;
}

export interface RemindDeps {
  db: Db;
  rows: {
    unanswered(tx: Tx, postedBefore: Date, limit: number): Promise<Unanswered[]>;
    countReminded(tx: Tx, channelId: string, since: Date): Promise<number>;
    reminding(tx: Tx, cardId: string, at: Date, leaseMs: number): Promise<false | { before: Date | null }>;
    reminded(tx: Tx, cardId: string, at: Date): Promise<void>;
  };
  rules: (tx: Tx) => Promise<ChannelRules>;
  /** Hours after which a reminder is due; 0 for never. */
  afterHours: (tx: Tx) => Promise<number>;
  personOf: (personId: string) => Promise<Person>;
  /** Whether this person may be written to by ourselves now. */
  reachable: (tx: Tx, personId: string, at: Date) => Promise<boolean>;
  send(input: {
    cardId: string;
    channel: string;
    cardTs: string;
    ownerId: string;
    hours: number;
    since: Date;
    recover: boolean;
  }): Promise<unknown>;
  telemetry: Pick<Telemetry, 'count'>;
  log: Log;
  now: () => Date;
}

/** Makes the chore. Safe to repeat, to miss, and to run twice at once. */
export function createReminding(deps: RemindDeps): () => Promise<void> {
  const { db, rows } = deps;
  return async () => {
    const at = deps.now();
    const hours = await deps.afterHours(db);
    const rules = await deps.rules(db);
    if (hours === 0 || isHushed(rules, at)) return;
    const needed = hours * HOUR_MS;
    for (const card of await rows.unanswered(db, new Date(at.getTime() - needed), LOOK_MAX)) {
      if (wakingMs(card.waitsSince, at, rules.hours, rules.timeZone, needed) < needed) continue;
      try {
        await remind(card, hours, at);
      } catch (error) {
        deps.log.warn({ card: card.id, error: errorLine(error) }, 'a reminder could not be sent yet');
      }
    }
  };

  async function remind(card: Unanswered, hours: number, at: Date): Promise<void> {
    const owner = await deps.personOf(card.ownerId);
    // Somebody who left, or became a guest, is nobody's owner any more.
    if (!may(owner, 'see', { kind: 'record' }, at).ok) return;
    if (!(await deps.reachable(db, card.ownerId, at))) return;
    if ((await rows.countReminded(db, card.channelId, new Date(at.getTime() - DAY_MS))) >= PER_DAY) return;
    const begun = await db.transaction('reminder.sending', (tx) => rows.reminding(tx, card.id, at, SENDING_MAX_MS));
    if (!begun) return;
    await deps.send({
      cardId: card.id,
      channel: card.channelId,
      cardTs: card.ts,
      ownerId: card.ownerId,
      hours,
      since: card.waitsSince,
      recover: begun.before !== null,
    });
    await db.transaction('reminder.sent', (tx) => rows.reminded(tx, card.id, deps.now()));
    deps.telemetry.count('reminders_total');
  }
}
