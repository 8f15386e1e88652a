// What one person wants: nothing half set, and nobody written to while they sleep.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changed, isQuiet, notQuietBefore, type Preferences, STANDARD } from '#src/domain/preference.ts';

it('changes what is named and leaves the rest', () => {
  const before: Preferences = { digest: 'daily', quietFrom: '19:00', quietTo: '08:00', timeZone: 'Europe/Lisbon' };
  expect(changed(before, { digest: 'off' })).toEqual({ ok: true, preferences: { ...before, digest: 'off' } });
  expect(changed(before, {})).toEqual({ ok: true, preferences: before });
});

it.each([
  [{ quietFrom: '19:00' }, ['quietTo']],
  [{ quietTo: '19:00' }, ['quietFrom']],
  [{ quietFrom: '25:00', quietTo: '08:00' }, ['quietFrom']],
  [{ timeZone: 'Mars/Base' }, ['timeZone']],
  [{ digest: 'hourly' as 'daily' }, ['digest']],
])('refuses %j', (change, fields) => {
  expect(changed(STANDARD, change)).toEqual({ ok: false, fields });
});

it('goes by the person’s own time zone before Slack’s', () => {
  const night: Preferences = { digest: 'daily', quietFrom: '22:00', quietTo: '07:00', timeZone: null };
  const at = new Date('2026-07-01T21:30:00Z');
  expect(isQuiet(at, night, 'UTC')).toBe(false);
  expect(isQuiet(at, night, 'Europe/Lisbon')).toBe(true);
  expect(isQuiet(at, { ...night, timeZone: 'UTC' }, 'Europe/Lisbon')).toBe(false);
  expect(notQuietBefore(at, night, 'Europe/Lisbon')).toEqual(new Date('2026-07-02T06:00:00Z'));
});

it('writes to whoever has no quiet hours at any time', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }), (at) => {
      expect(isQuiet(at, STANDARD, 'UTC')).toBe(false);
      expect(notQuietBefore(at, STANDARD, 'UTC')).toEqual(at);
    }),
  );
});
