// The believable support world: a list of what people wrote, when, where and under what. Nothing here knows a simulator; see play.ts.
import {
  companyOf,
  type Language,
  membersOf,
  PEOPLE,
  type Person,
  person,
  ROOMS,
  type Room,
  SUPPORT_ROOMS,
} from './cast.ts';
import { say } from './phrases.ts';
import { createRandom, type Random } from './random.ts';
import {
  CHATTER,
  type Kind,
  ME_TOO,
  NEWCOMER_TOPIC,
  REGRESSION_TOPIC,
  STAFF_CHATTER,
  TOPICS,
  type Topic,
  topic,
} from './topics.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Where help is asked for by e-mail; every other `where` is a room's name. */
export const ZENDESK = 'zendesk';

/** One thing that somebody wrote. */
export interface WorldEvent {
  /** Unique within its world. */
  id: string;
  at: Date;
  /** A room's name, or ZENDESK. */
  where: string;
  /** Key of a person of the cast. */
  who: string;
  text: string;
  /** Subject of a new ticket; null in rooms and for comments. */
  subject: string | null;
  /** Id of the event that this one answers: a thread's first message, or the ticket. */
  thread: string | null;
  /** What the author meant, for evaluations; nothing in the product may read it. */
  truth: { kind: Kind; topic: string | null; language: Language };
}

export interface WorldOptions {
  /** The same seed gives the same world. */
  seed: string | number;
  /** First day, at midnight UTC. */
  from: Date;
  days: number;
  /** How many conversations begin on a weekday; weekends have a quarter. Default 14. */
  perDay?: number;
  /** Day, counted from 0, on which the regression is released; never by default in a world shorter than that. Default 9. */
  regressionDay?: number;
}

/** Every event of `days` days, in order of time. */
export function createWorld(options: WorldOptions): WorldEvent[] {
  const events: WorldEvent[] = [];
  for (const today of worldDays(options)) {
    events.push(...today);
    if (today.day === options.days - 1) break;
  }
  return inOrder(events);
}

/** The same world without an end, one day at a time: what a live trickle draws from. */
export function* worldDays(options: Omit<WorldOptions, 'days'>): Generator<WorldEvent[] & { day: number }> {
  const { perDay = 14, regressionDay = 9 } = options;
  const root = createRandom(options.seed);
  // A skewed choice, as in life: a few topics are on everybody's lips, most come up now and then.
  const popularity = root
    .fork('popularity')
    .shuffle(TOPICS.filter((one) => one.key !== REGRESSION_TOPIC))
    .map((one, rank) => [one, 1 / (rank + 1.5)] as const);

  for (let day = 0; ; day++) {
    const random = root.fork(`day ${day}`);
    const midnight = new Date(options.from.getTime() + day * DAY_MS);
    const weekend = [0, 6].includes(midnight.getUTCDay());
    const storyteller = createStoryteller(random, `d${day}`);
    const events: WorldEvent[] = [];
    for (let count = Math.round(perDay * (weekend ? 0.25 : 1)); count > 0; count--) {
      const roll = random.next();
      if (roll < 0.14) events.push(...storyteller.chatter(midnight));
      else if (roll < 0.2) events.push(...storyteller.staffChatter(midnight));
      else events.push(...storyteller.conversation(random.weighted(popularity), midnight));
    }
    // A bad release is loud at once and stays so until somebody acts.
    if (day >= regressionDay) {
      for (let count = random.int(2, weekend ? 3 : 6); count > 0; count--)
        events.push(...storyteller.conversation(topic(REGRESSION_TOPIC), midnight));
    }
    yield Object.assign(inOrder(events), { day });
  }
}

/**
 * What a newcomer finds: a few quiet days with one report here and there, and two customers (one in Slack, one by e-mail) with the same
 * problem, so that one more makes an insight. No other topic is brought up by a second customer, so the first insight is the newcomer's own.
 */
export function createOpening(options: { seed: string | number; now: Date }): WorldEvent[] {
  const random = createRandom(options.seed).fork('opening');
  const storyteller = createStoryteller(random, 'o');
  const daysAgo = (days: number) => new Date(Math.floor(options.now.getTime() / DAY_MS) * DAY_MS - days * DAY_MS);
  const others = random
    .shuffle(TOPICS.filter((one) => one.area !== topic(NEWCOMER_TOPIC).area && one.key !== REGRESSION_TOPIC))
    .slice(0, 12);
  const events: WorldEvent[] = [];
  others.forEach((one, index) => {
    events.push(...storyteller.conversation(one, daysAgo(1 + (index % 4)), { alone: true }));
  });
  for (const days of [4, 3, 2, 2, 1]) {
    events.push(...storyteller.chatter(daysAgo(days)));
    events.push(...storyteller.staffChatter(daysAgo(days)));
  }
  const [first, second] = topic(NEWCOMER_TOPIC).say.en;
  events.push(
    ...storyteller.conversation(topic(NEWCOMER_TOPIC), daysAgo(2), {
      alone: true,
      who: person('siobhan'),
      where: 'support',
      template: first!,
      answered: true,
    }),
    ...storyteller.conversation(topic(NEWCOMER_TOPIC), daysAgo(1), {
      alone: true,
      who: person('greta'),
      template: second!,
      answered: false,
    }),
  );
  return inOrder(events).filter((event) => event.at < options.now);
}

interface ConversationOptions {
  /** Nobody chimes in and nobody posts it twice. */
  alone?: boolean;
  who?: Person;
  where?: string;
  template?: string;
  /** Whether staff answer; by chance when left out. */
  answered?: boolean;
}

/** Makes the events of one stretch of time. Ids are unique under its prefix. */
function createStoryteller(random: Random, prefix: string) {
  let count = 0;
  const customers = PEOPLE.filter((one) => one.role === 'customer');
  const supporters = PEOPLE.filter((one) => one.role === 'support');
  const event = (fields: Omit<WorldEvent, 'id'>): WorldEvent => ({ ...fields, id: `${prefix}-${++count}` });

  function conversation(about: Topic, midnight: Date, options: ConversationOptions = {}): WorldEvent[] {
    const who = options.who ?? random.pick(customers);
    const wordings = about.say[who.language] ?? about.say.en;
    const language: Language = about.say[who.language] ? who.language : 'en';
    const where = options.where ?? homeOf(who, about);
    const first = event({
      at: duringWork(who, midnight),
      where,
      who: who.key,
      text: say(options.template ?? random.pick(wordings), who, random),
      subject: where === ZENDESK ? about.title : null,
      thread: null,
      truth: { kind: about.kind, topic: about.key, language },
    });
    const events = [first];
    const reply = (from: Person, template: string, afterMin: number, truth: WorldEvent['truth']) => {
      // Staff call the one they answer by name: {first} is the asker there, the writer everywhere else.
      const voice = from.role === 'customer' ? from : { ...from, name: who.name };
      const at = new Date(events.at(-1)!.at.getTime() + afterMin * MINUTE_MS);
      events.push(
        event({ at, where, who: from.key, text: say(template, voice, random), subject: null, thread: first.id, truth }),
      );
    };
    if (!options.alone && about.kind === 'problem' && where !== ZENDESK && random.chance(0.18)) {
      const other = random.pick(
        membersOf(roomNamed(where)).filter((one) => one.role === 'customer' && one.key !== who.key),
      );
      reply(other, random.pick(ME_TOO), random.int(8, 90), { kind: 'problem', topic: about.key, language: 'en' });
    }
    if (options.answered ?? random.chance(0.75)) {
      const answer = random.pick(about.answers);
      reply(random.pick(supporters), answer, random.int(4, 50), { kind: 'answer', topic: about.key, language: 'en' });
      if (random.chance(0.5))
        reply(who, random.pick(['Thanks, {first} here will try.', 'Thank you!', 'ok, thanks']), random.int(2, 30), {
          kind: 'noise',
          topic: null,
          language: 'en',
        });
    }
    // People who are in a hurry ask twice: the same words in another place, a little later.
    if (!options.alone && about.kind !== 'praise' && random.chance(0.08)) {
      if (where !== ZENDESK) {
        const at = new Date(first.at.getTime() + random.int(3, 25) * MINUTE_MS);
        events.push(event({ ...first, at, where: ZENDESK, subject: about.title }));
      }
    }
    return events;
  }

  function chatter(midnight: Date): WorldEvent[] {
    const who = random.pick(customers.filter((one) => one.through !== 'email'));
    const lines = CHATTER[who.language] ?? CHATTER.en;
    const room = random.pick(roomsOf(who));
    return [
      event({
        at: duringWork(who, midnight),
        where: room.name,
        who: who.key,
        text: say(random.pick(lines), who, random),
        subject: null,
        thread: null,
        truth: { kind: 'noise', topic: null, language: who.language },
      }),
    ];
  }

  function staffChatter(midnight: Date): WorldEvent[] {
    const who = random.pick(PEOPLE.filter((one) => one.through === 'member'));
    return [
      event({
        at: duringWork(who, midnight),
        where: 'general',
        who: who.key,
        text: say(random.pick(STAFF_CHATTER), who, random),
        subject: null,
        thread: null,
        truth: { kind: 'noise', topic: null, language: 'en' },
      }),
    ];
  }

  // Money matters go to the billing room, e-mail writers to Zendesk, everybody else mostly to their room and now and then to an e-mail.
  function homeOf(who: Person, about: Topic): string {
    if (who.through === 'email' || random.chance(0.12)) return ZENDESK;
    const rooms = roomsOf(who).map((room) => room.name);
    if (about.area === 'billing' && rooms.includes('help-billing')) return 'help-billing';
    return rooms.includes('support') ? 'support' : rooms[0]!;
  }

  // Eight to six on the writer's own clock, busiest before noon; a rough offset is enough to spread the world around the day.
  function duringWork(who: Person, midnight: Date): Date {
    const hours = 8 + ((random.next() + random.next()) / 2) * 10 - utcOffsetHours(who.timeZone, midnight);
    const at = midnight.getTime() + hours * HOUR_MS;
    return new Date(Math.round(at / 1000) * 1000);
  }

  return { conversation, chatter, staffChatter };
}

function roomsOf(who: Person): Room[] {
  return ROOMS.filter(
    (room) => (SUPPORT_ROOMS as readonly string[]).includes(room.name) && membersOf(room).includes(who),
  );
}

function roomNamed(name: string): Room {
  const room = ROOMS.find((one) => one.name === name);
  if (!room) throw new Error(`There is no room called ${name}.`);
  return room;
}

function utcOffsetHours(timeZone: string, at: Date): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' }).formatToParts(at);
  const offset = /GMT([+-])(\d\d):(\d\d)/.exec(parts.find((part) => part.type === 'timeZoneName')?.value ?? '');
  if (!offset) return 0;
  return (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) + Number(offset[3]) / 60);
}

// Replies never come before what they answer: they are made later than it, and equal times keep the order in which they were made.
function inOrder(events: WorldEvent[]): WorldEvent[] {
  return [...events].sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** Which company an event counts for, by the cast; null for staff. */
export function companyOfEvent(event: WorldEvent): string | null {
  return companyOf(person(event.who))?.key ?? null;
}
