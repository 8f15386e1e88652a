import { expect, it } from 'vitest';
import { AREAS, COMPANIES, companyOf, membersOf, PEOPLE, person, ROOMS } from '#src/sandbox/world/cast.ts';
import { say } from '#src/sandbox/world/phrases.ts';
import { createRandom } from '#src/sandbox/world/random.ts';
import { CHATTER, ME_TOO, NEWCOMER_TOPIC, REGRESSION_TOPIC, STAFF_CHATTER, TOPICS } from '#src/sandbox/world/topics.ts';
import { companyOfEvent, createOpening, createWorld, worldDays, ZENDESK } from '#src/sandbox/world/world.ts';

const FROM = new Date('2026-03-02T00:00:00Z');
const world = createWorld({ seed: 7, from: FROM, days: 21 });

it('tells the same story for the same seed, and another for another', () => {
  expect(createWorld({ seed: 7, from: FROM, days: 21 })).toEqual(world);
  expect(createWorld({ seed: 8, from: FROM, days: 21 })).not.toEqual(world);
});

it('keeps the days that were told when more days are asked for', () => {
  const short = new Set(createWorld({ seed: 7, from: FROM, days: 5 }).map((event) => JSON.stringify(event)));
  expect(world.filter((event) => short.has(JSON.stringify(event)))).toHaveLength(short.size);
});

it('runs forward in time, and answers nothing that has not been said', () => {
  const said = new Set<string>();
  for (const [index, event] of world.entries()) {
    expect(event.at.getTime()).toBeGreaterThanOrEqual(world[index - 1]?.at.getTime() ?? 0);
    if (event.thread !== null) expect(said).toContain(event.thread);
    expect(said).not.toContain(event.id);
    said.add(event.id);
  }
});

it('lets people write only where they can', () => {
  for (const event of world) {
    if (event.where === ZENDESK) {
      expect(event.thread === null).toBe(event.subject !== null);
      continue;
    }
    const room = ROOMS.find((one) => one.name === event.where)!;
    expect(membersOf(room).map((one) => one.key)).toContain(event.who);
  }
});

it('holds everything that support hears: languages, noise, wishes, questions, praise, duplicates and me-toos', () => {
  const count = (keep: (event: (typeof world)[number]) => boolean) => world.filter(keep).length;
  for (const language of ['en', 'de', 'fr', 'es', 'pt'])
    expect(count((one) => one.truth.language === language)).toBeGreaterThan(3);
  for (const kind of ['problem', 'wish', 'question', 'praise', 'noise', 'answer'] as const)
    expect(count((one) => one.truth.kind === kind)).toBeGreaterThan(5);
  const texts = world.filter((one) => one.truth.kind === 'problem').map((one) => `${one.who} ${one.text}`);
  expect(new Set(texts).size).toBeLessThan(texts.length);
  expect(new Set(world.map((one) => one.where)).size).toBeGreaterThanOrEqual(5);
});

it('has no word of the regression before its day, and several customers with it on that day and the next', () => {
  const day = (event: { at: Date }) => Math.floor((event.at.getTime() - FROM.getTime()) / 86_400_000);
  const late = createWorld({ seed: 3, from: FROM, days: 14, regressionDay: 9 }).filter(
    (one) => one.truth.topic === REGRESSION_TOPIC,
  );
  // A writer in Sydney is half a day ahead: their morning of day 9 is still day 8 in UTC.
  expect(Math.min(...late.map(day))).toBeGreaterThanOrEqual(8);
  const reporters = late.filter((one) => one.truth.kind === 'problem' && day(one) <= 10).map(companyOfEvent);
  expect(new Set(reporters).size).toBeGreaterThanOrEqual(3);
});

it('plants personal data for the redaction to find, all of it from the ranges that exist for that', () => {
  const all = world.map((event) => event.text).join('\n');
  expect(all).toMatch(/@\w+\.example\b/);
  expect(all).toMatch(/\+\d\d \d/);
  for (const address of all.matchAll(/\S+@([\w.-]+\w)/g)) expect(address[1]).toMatch(/\.example$/);
});

it('can say every line it knows, in the voice of everybody', () => {
  const random = createRandom('every line');
  const lines = [
    ...TOPICS.flatMap((topic) => [...Object.values(topic.say).flat(), ...topic.answers]),
    ...Object.values(CHATTER).flat(),
    ...STAFF_CHATTER,
    ...ME_TOO,
  ];
  for (const line of lines) for (const who of PEOPLE) expect(say(line, who, random)).not.toMatch(/[{}[\]|]|undefined/);
});

it('leaves a newcomer one report short of a first insight, and no other', () => {
  const now = new Date('2026-11-20T09:30:00Z');
  for (const seed of [1, 2, 3, 'any']) {
    const opening = createOpening({ seed, now });
    expect(opening.every((event) => event.at < now)).toBe(true);
    const reporters = new Map<string, Set<string | null>>();
    for (const event of opening) {
      if (event.truth.topic === null || event.truth.kind === 'answer') continue;
      const known = reporters.get(event.truth.topic) ?? new Set();
      reporters.set(event.truth.topic, known.add(companyOfEvent(event)));
    }
    expect(reporters.get(NEWCOMER_TOPIC)).toEqual(new Set(['pebblecroft', 'copperhatch']));
    reporters.delete(NEWCOMER_TOPIC);
    for (const companies of reporters.values()) expect(companies.size).toBe(1);
    expect(new Set(opening.map((event) => event.where))).toContain(ZENDESK);
  }
});

it('goes on for as long as anybody listens', () => {
  const days = worldDays({ seed: 1, from: FROM });
  for (let day = 0; day < 400; day++) expect(days.next().value?.day).toBe(day);
});

it('has a cast that hangs together', () => {
  expect(new Set(PEOPLE.map((one) => one.key)).size).toBe(PEOPLE.length);
  expect(new Set(COMPANIES.map((one) => one.key)).size).toBe(COMPANIES.length);
  for (const one of PEOPLE) expect(companyOf(one) !== null).toBe(one.role === 'customer');
  for (const company of COMPANIES) expect(PEOPLE.some((one) => one.company === company.key)).toBe(true);
  expect(new Set(TOPICS.map((one) => one.area)).size).toBe(Object.keys(AREAS).length);
  expect(person('maya').through).toBe('guest');
});
