// Digest, reminder and noise report: sound for Slack whatever was said, complete in plain words, and calling nobody but the one who must act.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '#integrations/slack/client.ts';
import { fitted } from '#integrations/slack/limits.ts';
import { digestMessage, showNowText } from '#integrations/slack/views/digest.ts';
import { noiseMessage } from '#integrations/slack/views/noise.ts';
import { reminderMessage } from '#integrations/slack/views/reminder.ts';
import { say } from '#integrations/slack/views/replies.ts';
import { DIGEST_ROWS, type DigestLine, type DigestView } from '#src/domain/digest.ts';
import type { ChannelNoise, NoiseReport } from '#src/domain/quiet.ts';
import { messageProblems, problemLine } from '#src/sandbox/slack/block-kit.ts';
import { callsIn } from '#test/support/mentions.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '<!channel> <!here> <@U0000001> <#C0000001|x>',
    '*bold* _it_ ~no~ `code`',
    '<https://evil.example|https://bank.example> https://evil.example',
    ':tada: @channel #general',
    '\u202Eesrever\u202C \uD800',
    '',
    '  \n\t ',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).map((seed) => seed.repeat(300)),
);
const iso = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const url = fc.option(fc.oneof(fc.webUrl(), fc.constantFrom('javascript:alert(1)', 'not a url')));
const number = fc.nat({ max: 1_000_000 });
const line: fc.Arbitrary<DigestLine> = fc.record({
  cardId: fc.uuid(),
  themeId: fc.uuid(),
  title: hostile,
  wordsHidden: fc.boolean(),
  customers: number,
  reports: number,
  permalink: url,
});
const part = <T extends object>(more: fc.Arbitrary<T>) =>
  fc.record({
    lines: fc.array(
      fc.tuple(line, more).map(([one, rest]) => ({ ...one, ...rest })),
      { maxLength: DIGEST_ROWS },
    ),
    more: fc.constantFrom(0, 1, 40),
  });
const share = fc.option(fc.record({ right: number, of: number }));
const digest: fc.Arbitrary<DigestView> = fc.record({
  cadence: fc.constantFrom('daily' as const, 'weekly' as const, 'now' as const),
  from: iso,
  to: iso,
  reports: number,
  before: number,
  customers: number,
  fresh: part(fc.constant({})),
  rising: part(fc.record({ lastWeek: number, weekBefore: number })),
  waiting: part(fc.record({ since: iso })),
  held: part(fc.record({ since: iso, why: fc.constantFrom('budget' as const, 'quiet' as const, 'paused' as const) })),
  decided: part(
    fc.record({
      what: fc.constantFrom(
        'filed' as const,
        'approved' as const,
        'dismissed' as const,
        'undone' as const,
        'completed' as const,
      ),
      by: fc.option(hostile),
      at: iso,
      issue: fc.option(fc.record({ label: hostile, url })),
    }),
  ),
  quality: fc.option(fc.record({ precision: share, recall: share })),
  days: fc.array(number, { minLength: 14, maxLength: 14 }),
});
const said: fc.Arbitrary<ChannelNoise> = fc.record({
  channelId: fc.constant('C0000001'),
  name: fc.option(hostile),
  parents: number,
  cards: number,
  replies: number,
  updates: number,
  ephemerals: number,
  dms: fc.constantFrom(0, 3),
});
const noise: fc.Arbitrary<NoiseReport> = fc.record({
  days: fc.integer({ min: 1, max: 90 }),
  from: iso,
  to: iso,
  channels: fc.array(said, { maxLength: 40 }),
  total: said,
  decisions: number,
  posted: number,
  decided: number,
  held: number,
});

function sound(message: Message): void {
  expect(messageProblems(message.blocks ?? []).map(problemLine)).toEqual([]);
  expect(message.text.trim()).not.toBe('');
  expect(message.text.length).toBeLessThanOrEqual(4_000);
  expect(messageProblems(fitted(message).blocks ?? []).map(problemLine)).toEqual([]);
  expect(callsIn(message.blocks)).toEqual([]);
  for (const [, target] of message.text.matchAll(/<([^>|]*)/g)) expect(target).toMatch(/^(!date\^|https?:\/\/)/);
}

describe('the digest', () => {
  it('fits Slack and calls nobody, whatever was said', () => {
    fc.assert(
      fc.property(digest, (view) => sound(digestMessage(view))),
      { numRuns: 150 },
    );
  });

  it('has a picture only with words for it, and says its numbers without', () => {
    fc.assert(
      fc.property(digest, hostile, (view, alt) => {
        const message = digestMessage(view, {
          picture: { fileId: 'F012AB3CD', alt: alt.trim() || 'Reports per day' },
          ratedAs: 'digest:C0000001:weekly:2026-10-05',
        });
        sound(message);
        expect(message.text).toContain(view.days.join(' '));
      }),
      { numRuns: 50 },
    );
  });

  it('offers one tap for each card that was held back, and no other button', () => {
    fc.assert(
      fc.property(digest, (view) => {
        const taps = (digestMessage(view).blocks ?? []).flatMap((block) =>
          block.type === 'section' && block.accessory ? [block.accessory] : [],
        );
        expect(taps).toHaveLength(view.held.lines.length);
        expect(taps.every((tap) => tap.type === 'button' && tap.style === undefined)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('says so when there is nothing to say', () => {
    const none = { lines: [], more: 0 };
    const empty: DigestView = {
      cadence: 'now',
      from: '2026-10-01T00:00:00Z',
      to: '2026-10-08T00:00:00Z',
      reports: 0,
      before: 0,
      customers: 0,
      fresh: none,
      rising: none,
      waiting: none,
      held: none,
      decided: none,
      quality: null,
      days: Array.from({ length: 14 }, () => 0),
    };
    expect(digestMessage(empty).text).toMatch(/Nothing new, nothing waits, nothing was decided/);
  });
});

it('reports noise within Slack’s limits, whatever channels are called', () => {
  fc.assert(
    fc.property(noise, (report) => sound(noiseMessage(report))),
    { numRuns: 100 },
  );
});

it('answers every outcome of Show now in words', () => {
  for (const reply of [
    { kind: 'posting', channelId: 'C0000001' },
    { kind: 'already', permalink: null, state: 'open' },
    { kind: 'refused', refusal: 'guest' },
    { kind: 'no_channel' },
    { kind: 'gone' },
  ] as const)
    expect(messageProblems(say(showNowText(reply)).blocks ?? [])).toEqual([]);
});

describe('mentions', () => {
  it('are the reminder’s alone: one, of the one who must act', () => {
    const { text, blocks } = reminderMessage({ ownerId: 'U012AB3CD', hours: 48 });
    expect(text.match(/<@[^>]*>/g)).toEqual(['<@U012AB3CD>']);
    expect(text).toContain('2 days');
    expect(callsIn(blocks)).toHaveLength(1);
    expect(messageProblems(blocks ?? [])).toEqual([]);
  });

  it('are written by no other surface', () => {
    const folder = new URL('../../../integrations/slack/views/', import.meta.url);
    const calling = readdirSync(folder).filter((name) => {
      const code = readFileSync(new URL(name, folder), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
      return /<@|<!(?!date\^)|type: '(user|usergroup|broadcast)'/.test(code);
    });
    expect(calling).toEqual(['reminder.ts']);
  });
});
