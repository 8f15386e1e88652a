import { expect, it } from 'vitest';
import { type DateOrder, timeOf } from '#src/ops/import-dates.ts';

const NOW = new Date('2026-11-22T12:00:00Z');
const read = (text: string, order: DateOrder | null = null) => {
  const answer = timeOf(text, NOW, order);
  return 'at' in answer ? answer.at : answer.problem;
};

it.each([
  ['2026-03-04T05:06:07.890Z', '2026-03-04T05:06:07.890Z'],
  ['2026-03-04T05:06:07+02:00', '2026-03-04T03:06:07.000Z'],
  ['2026-03-04 05:06', '2026-03-04T05:06:00.000Z'],
  ['2026-03-04 05:06:07 UTC', '2026-03-04T05:06:07.000Z'],
  ['2026-03-04', '2026-03-04T00:00:00.000Z'],
  ['20260304', '2026-03-04T00:00:00.000Z'],
  ['2026/03/04 5:06', '2026-03-04T05:06:00.000Z'],
  ['4.3.2026 17:06', '2026-03-04T17:06:00.000Z'],
  ['22/11/2025', '2025-11-22T00:00:00.000Z'],
  ['11/22/2025 5:06 PM', '2025-11-22T17:06:00.000Z'],
  ['3/3/2026 12:30 am', '2026-03-03T00:30:00.000Z'],
  ['Wed, 04 Mar 2026 05:06:07 -0500', '2026-03-04T10:06:07.000Z'],
  ['Tue Oct 31 22:10:47 +0000 2017', '2017-10-31T22:10:47.000Z'],
  ['Mar 4, 2026', '2026-03-04T00:00:00.000Z'],
  ['1772600767', '2026-03-04T05:06:07.000Z'],
  ['1772600767890', '2026-03-04T05:06:07.890Z'],
])('reads %s', (text, at) => {
  expect(read(text)).toBe(at);
});

it('does not guess which of two days is meant, and believes who says it', () => {
  expect(read('03/04/2026')).toContain('could be two days');
  expect(read('03/04/2026', 'dmy')).toBe('2026-04-03T00:00:00.000Z');
  expect(read('03/04/2026', 'mdy')).toBe('2026-03-04T00:00:00.000Z');
});

it.each([
  'yesterday',
  'ticket 5',
  'May be 12',
  '2026',
  '12',
  '2026-02-30',
  '2026-13-01',
  '31.4.2026',
  '2026-03-04 25:00',
])('refuses "%s", which is no time', (text) => {
  expect(read(text)).toBe(`"${text}" is no time: write it like 2026-11-22T09:30:00Z`);
});

it('refuses a time that lies in the future or before anybody had customers', () => {
  expect(read('2027-01-01')).toContain('is in the future');
  expect(read('1899-12-30')).toContain('is before 1990');
  expect(read('2026-11-23')).toBe('2026-11-23T00:00:00.000Z');
});
