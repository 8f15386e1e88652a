// What is said about the past of a channel, over hostile and very long text: it fits Slack, is complete in plain words, and nothing from outside acts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitted } from '#integrations/slack/limits.ts';
import {
  backfillEndedMessage,
  backfillLine,
  showBackfilledText,
  startBackfillText,
} from '#integrations/slack/views/backfill.ts';
import { type Backfill, type BackfillView, daysIn, estimateOf, startingPlace, tsOf } from '#src/domain/backfill.ts';
import { messageProblems, problemLine } from '#src/sandbox/slack/block-kit.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '<!channel> <@U0000001>',
    '*bold* `code`',
    '<https://evil.example|bank>',
    '&lt;!here&gt;',
    '',
    ' \n ',
  ),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map((seed) => seed.repeat(Math.ceil(4_000 / seed.length))),
);
const number = fc.nat({ max: 1_000_000 });
const iso = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());

const backfill: fc.Arbitrary<BackfillView> = fc.record({
  channelId: fc.constantFrom('C0000000001', 'C0000000002'),
  name: hostile,
  state: fc.constantFrom('waiting', 'reading', 'stopped', 'failed', 'done'),
  via: fc.constantFrom('command', 'home'),
  since: iso,
  until: iso,
  place: iso.map((at) => startingPlace(new Date(at), at)),
  messages: number,
  threads: number,
  requests: number,
  slow: fc.boolean(),
  problem: fc.option(hostile),
  startedBy: fc.constant('U0000001'),
  startedAt: iso,
  updatedAt: iso,
  toldAt: fc.constant(null),
  estimate: fc.record({
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    messages: fc.option(number),
    remainingMs: fc.option(fc.nat({ max: 1e9 })),
  }),
});
const summary = fc.record({
  messages: number,
  themes: number,
  waiting: number,
  largest: fc.array(
    fc.record({ insightId: fc.constant('ins_1'), title: hostile, customers: number, reports: number }),
    {
      maxLength: 3,
    },
  ),
  hidden: fc.nat({ max: 3 }),
});

const ACTS = /<[!@#]|<https?:\/\/evil/;

describe('over anything', () => {
  it('the message at the end fits Slack, and its plain text says all of it', () => {
    fc.assert(
      fc.property(fc.array(backfill, { minLength: 1, maxLength: 40 }), fc.option(summary), (ended, found) => {
        const message = fitted(backfillEndedMessage(ended, found));
        expect(messageProblems(message.blocks ?? []).map(problemLine)).toEqual([]);
        expect(message.text).not.toMatch(ACTS);
        expect(message.text.trim()).not.toBe('');
        if (found && found.themes > 0 && ended.length < 3) expect(message.text).toContain('I found');
      }),
      { numRuns: 60 },
    );
  });

  it('no line lets anything from outside act', () => {
    fc.assert(
      fc.property(backfill, hostile, (one, name) => {
        const lines = [
          backfillLine(one),
          startBackfillText({ kind: 'started', backfill: one, resumed: one.slow }, () => name),
          startBackfillText({ kind: 'already', by: 'U1', backfill: one }, () => name),
        ];
        for (const line of lines) {
          expect(line).not.toMatch(ACTS);
          expect(line.length).toBeLessThan(12_000);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('in plain words', () => {
  const at = '2026-03-02T09:00:00.000Z';
  const since = '2026-01-01T09:00:00.000Z';
  const one: Backfill = {
    channelId: 'C0000000001',
    name: 'support',
    state: 'reading',
    via: 'home',
    since,
    until: at,
    place: { ...startingPlace(new Date(at), since), before: tsOf(new Date('2026-01-31T09:00:00Z')) },
    messages: 500,
    threads: 0,
    requests: 5,
    slow: false,
    problem: null,
    startedBy: 'U0000001',
    startedAt: at,
    updatedAt: at,
    toldAt: null,
  };
  const seen = (change: Partial<Backfill>): BackfillView => {
    const row = { ...one, ...change };
    return { ...row, estimate: estimateOf(row, 40) };
  };

  it.each([
    [{ state: 'waiting' }, '*#support*: the messages since Jan 1, 2026 wait to be read.'],
    [{}, '*#support*: 500 of about 1,000 messages since Jan 1, 2026 read, 50%, about a minute left.'],
    [
      { slow: true },
      /50%, about 5 min left\. Slack answers this app only once a minute with 15 messages, .* manifest\.yml is not slowed down\./,
    ],
    [{ state: 'stopped' }, '*#support*: stopped at 50%, 500 messages read. Start it again and it goes on from there.'],
    [
      { state: 'failed', problem: 'Slack refused: invite the bot to the channel with /invite @Throughline.' },
      /^\*#support\*: not read\. Slack refused: invite the bot/,
    ],
    [{ state: 'done', messages: 1 }, '*#support*: 1 message since Jan 1, 2026 read.'],
  ] as [Partial<Backfill>, string | RegExp][])('says where it stands: %j', (change, words) => {
    if (typeof words === 'string') expect(backfillLine(seen(change))).toBe(words);
    else expect(backfillLine(seen(change))).toMatch(words);
  });

  it('says what becomes of those that are shown', () => {
    expect(showBackfilledText({ kind: 'posted', posted: 2, held: 1, waiting: 4 })).toBe(
      '2 insights on the way to the insights channel. 1 insight comes later: the channel has had its share for today, or is in its quiet hours. 4 more wait in `/throughline insight`.',
    );
    expect(showBackfilledText({ kind: 'posted', posted: 0, held: 0, waiting: 0 })).toMatch(/Nothing of it waits/);
    expect(showBackfilledText({ kind: 'no_channel' })).toContain('INSIGHTS_CHANNEL');
    expect(showBackfilledText({ kind: 'refused', refusal: 'not_admin' })).toContain('Only admins');
  });
});

describe('the forecast', () => {
  it('never promises the end before it is there, and never turns back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat({ max: 8 })), { minLength: 1, maxLength: 12 }),
        (days, pages) => {
          const until = new Date('2026-03-02T09:00:00Z');
          const since = new Date(until.getTime() - days * 86_400_000).toISOString();
          const span = days * 86_400;
          const total = pages.reduce((sum, [length]) => sum + length, 0);
          let place = startingPlace(until, since);
          let [requests, messages, last, read] = [0, 0, 0, 0];
          for (const [length, threads] of pages) {
            read += length;
            const before = (until.getTime() / 1000 - (read / total) * span).toFixed(6);
            place = { ...place, pageFrom: place.before, before, pageThreads: threads, threads: [] };
            for (let left = threads; left >= 0; left--) {
              const threadsLeft = Array.from({ length: left }, (_, n) => String(n));
              messages += 10;
              requests += 1;
              const row = { state: 'reading', since, until: until.toISOString(), slow: false } as Backfill;
              const { share, remainingMs } = estimateOf(
                { ...row, messages, requests, place: { ...place, threads: threadsLeft } },
                40,
              );
              expect(share).toBeLessThan(1);
              expect(share).toBeGreaterThanOrEqual(last - 1e-9);
              expect(remainingMs === null || remainingMs >= 0).toBe(true);
              last = share;
            }
          }
        },
      ),
    );
  });

  it.each([
    ['90d', 90],
    ['12w', 84],
    ['3m', 90],
    ['1y', 365],
    ['7', 7],
    [' 90D ', 90],
    ['0d', null],
    ['-3d', null],
    ['90 days', null],
    ['11y', null],
    ['', null],
  ])('understands %j as days', (text, days) => {
    expect(daysIn(text)).toBe(days);
  });
});
