// Days and hours on somebody's clock: over midnight, in every zone, and on the days when the clocks are changed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isQuietAt,
  isTimeZone,
  lastDue,
  localOf,
  notQuietFrom,
  type QuietHours,
  readQuietHours,
  wakingMs,
} from '#src/domain/hours.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
// A half hour, a quarter, no daylight saving, both hemispheres, a change at midnight, a day that never was.
const ZONES = [
  'UTC',
  'Europe/Lisbon',
  'America/New_York',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/Santiago',
  'Africa/Cairo',
  'Pacific/Apia',
];
const zone = fc.constantFrom(...ZONES);
const time = fc
  .integer({ min: 0, max: 1439 })
  .map((minute) => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`);
const hours: fc.Arbitrary<QuietHours> = fc.record({ from: time, to: time, weekends: fc.boolean() });
const anyMoment = fc
  .integer({ min: Date.UTC(2011, 11, 28) / MINUTE_MS, max: Date.UTC(2030, 0, 1) / MINUTE_MS })
  .map((minutes) => new Date(minutes * MINUTE_MS));
// Hours around a change of clocks, so that the properties meet them.
const changes = [
  '2026-03-29T01:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-03-08T07:00:00Z',
  '2026-11-01T06:00:00Z',
  '2026-09-06T04:00:00Z',
  '2026-04-05T03:00:00Z',
  '2026-04-23T22:00:00Z',
  '2011-12-30T10:00:00Z',
].map((iso) => Date.parse(iso));
const nearChange = fc
  .tuple(fc.constantFrom(...changes), fc.integer({ min: -26 * 60, max: 26 * 60 }))
  .map(([at, minutes]) => new Date(at + minutes * MINUTE_MS));
const moment = fc.oneof(anyMoment, nearChange);

describe('quiet hours', () => {
  it('are what the clock on the wall says, over midnight too', () => {
    fc.assert(
      fc.property(moment, hours, zone, (at, quiet, timeZone) => {
        const shown = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' }).format(at);
        const day = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short' }).format(at);
        const within =
          quiet.from <= quiet.to ? quiet.from <= shown && shown < quiet.to : quiet.from <= shown || shown < quiet.to;
        expect(isQuietAt(at, quiet, timeZone)).toBe(within || (quiet.weekends && ['Sat', 'Sun'].includes(day)));
      }),
    );
  });

  it('end at the first minute that is not quiet, wherever and whenever', () => {
    fc.assert(
      fc.property(moment, hours, zone, (at, quiet, timeZone) => {
        const end = notQuietFrom(at, quiet, timeZone);
        if (!isQuietAt(at, quiet, timeZone)) {
          expect(end).toEqual(at);
          return;
        }
        expect(isQuietAt(end, quiet, timeZone)).toBe(false);
        // Every minute before it is quiet: none is skipped.
        for (let time = at.getTime(); time < end.getTime(); time += MINUTE_MS)
          if (!isQuietAt(new Date(time), quiet, timeZone)) expect.fail(`loud at ${new Date(time).toISOString()}`);
      }),
      { numRuns: 60 },
    );
  });

  it('are not counted while somebody waits', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 0, max: 3 * 1440 }), hours, zone, (from, minutes, quiet, timeZone) => {
        const to = new Date(from.getTime() + minutes * MINUTE_MS);
        let loud = 0;
        for (let time = from.getTime(); time < to.getTime(); time += MINUTE_MS)
          if (!isQuietAt(new Date(time), quiet, timeZone)) loud += MINUTE_MS;
        expect(wakingMs(from, to, quiet, timeZone, Number.POSITIVE_INFINITY)).toBe(loud);
        expect(wakingMs(from, to, quiet, timeZone, HOUR_MS) >= HOUR_MS).toBe(loud >= HOUR_MS);
      }),
      { numRuns: 30 },
    );
  });

  it('are none where there are none', () => {
    const at = new Date('2026-10-05T23:00:00Z');
    expect(isQuietAt(at, null, 'UTC')).toBe(false);
    expect(isQuietAt(at, { from: '23:00', to: '23:00', weekends: false }, 'UTC')).toBe(false);
    expect(wakingMs(at, new Date(at.getTime() + 60), null, 'UTC', 1)).toBe(60);
  });

  it.each([
    ['off', null],
    ['19:00-08:00', { from: '19:00', to: '08:00', weekends: false }],
    [' 19:00 - 08:00 Weekends ', { from: '19:00', to: '08:00', weekends: true }],
    ['weekends', { from: '00:00', to: '00:00', weekends: true }],
    ['9-17', undefined],
    ['19:00-24:00', undefined],
    ['19:00', undefined],
    ['19:00-08:00 holidays', undefined],
  ])('are read from “%s”', (text, read) => {
    expect(readQuietHours(text)).toEqual(read);
  });
});

describe('a digest', () => {
  it('is due on the newest day whose hour has come', () => {
    fc.assert(
      fc.property(moment, time, zone, fc.constantFrom(null, 0, 1, 5), (at, hour, timeZone, weekday) => {
        const due = lastDue(at, { weekday, time: hour }, timeZone);
        const { date } = localOf(at, timeZone);
        expect(due <= date).toBe(true);
        if (weekday !== null) expect(new Date(`${due}T00:00:00Z`).getUTCDay()).toBe(weekday);
        // Nothing newer is due: a week, or a day, has not passed.
        const age = (Date.parse(date) - Date.parse(due)) / (24 * HOUR_MS);
        expect(age).toBeLessThanOrEqual(weekday === null ? 1 : 7);
      }),
    );
  });

  it.each([
    ['2026-10-05T08:59:00Z', null, '2026-10-04'],
    ['2026-10-05T09:00:00Z', null, '2026-10-05'],
    // A Monday, before nine and after.
    ['2026-10-05T08:59:00Z', 1, '2026-09-28'],
    ['2026-10-05T09:00:00Z', 1, '2026-10-05'],
    ['2026-10-11T23:00:00Z', 1, '2026-10-05'],
  ])('at %s, weekday %s, is that of %s', (at, weekday, due) => {
    expect(lastDue(new Date(at), { weekday, time: '09:00' }, 'UTC')).toBe(due);
  });
});

it('knows time zones by their names', () => {
  expect(['Europe/Lisbon', 'UTC', 'America/New_York'].every(isTimeZone)).toBe(true);
  expect(['', 'Mars/Base', 'Lisbon'].some(isTimeZone)).toBe(false);
});
