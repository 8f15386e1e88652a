// Home, its windows and what is said after them: within Slack's limits whatever was said, and nothing from outside acts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitted } from '#integrations/slack/limits.ts';
import { readForm } from '#integrations/slack/views/form.ts';
import { age, homeLink, homeTab, pausedNotice, pauseText } from '#integrations/slack/views/home.ts';
import { preferenceErrors, preferencesModal, readPreferences } from '#integrations/slack/views/preferences.ts';
import { ownSettingsMessage, settingsMessage } from '#integrations/slack/views/settings.ts';
import {
  channelsModal,
  handlesIn,
  insightsModal,
  insightsText,
  listenText,
  settingModal,
} from '#integrations/slack/views/setup.ts';
import {
  type AdminView,
  CAPTURE_MODES,
  CHANNEL_MODES,
  type SettingLine,
  SYSTEMS,
  type SystemHealth,
} from '#src/domain/admin.ts';
import { CARD_STATES } from '#src/domain/card.ts';
import { HOME_STEPS, type HomeView, TREND_DAYS, type TrendChoice } from '#src/domain/home.ts';
import { ObservationKind } from '#src/domain/observation.ts';
import type { Preferences } from '#src/domain/preference.ts';
import { SignalSource } from '#src/domain/signal.ts';
import { trendsQuery } from '#src/domain/trends.ts';
import { messageProblems, problemLine, viewProblems } from '#src/sandbox/slack/block-kit.ts';
import { callsIn } from '#test/support/mentions.ts';
import { noTrends, trendsOf } from '#test/support/trends.ts';

const NOW = new Date('2026-03-02T09:05:00Z');

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
const channelId = fc.nat({ max: 99_999 }).map((n) => `C${String(n).padStart(8, '0')}`);
const userId = fc.nat({ max: 99_999 }).map((n) => `U${String(n).padStart(8, '0')}`);
const listOf = <T>(rows: fc.Arbitrary<T[]>) => fc.record({ rows, more: number });

const preferences: fc.Arbitrary<Preferences> = fc.record({
  digest: fc.constantFrom('off' as const, 'daily' as const, 'weekly' as const),
  quietFrom: fc.option(fc.constantFrom('19:00', '23:59')),
  quietTo: fc.option(fc.constantFrom('08:00', '00:00')),
  timeZone: fc.option(fc.constantFrom('Europe/Lisbon', 'America/Argentina/ComodRivadavia')),
});

const waiting = fc.record({
  cardId: fc.uuid(),
  proposalId: fc.uuid(),
  revision: number,
  title: hostile,
  wordsHidden: fc.boolean(),
  customers: number,
  reports: number,
  since: iso,
  permalink: url,
});

const health: fc.Arbitrary<SystemHealth[]> = fc.tuple(
  ...SYSTEMS.map((system) =>
    fc.record({
      system: fc.constant(system),
      connected: fc.boolean(),
      heardAt: fc.option(iso),
      answeredAt: fc.option(iso),
      failedAt: fc.option(iso),
      checked: fc.option(fc.record({ at: iso, ok: fc.boolean(), detail: hostile, fix: fc.option(hostile) })),
    }),
  ),
);

const setting: fc.Arbitrary<SettingLine> = fc.record({
  key: fc.uuid(),
  value: hostile,
  setBy: fc.option(hostile),
  help: fc.constant('What it is for.'),
  may: fc.constant('true or false'),
});

const noise = fc
  .record({ parents: number, cards: number, replies: number, updates: number, ephemerals: number, dms: number })
  .map((counts) => ({
    days: 7,
    from: NOW.toISOString(),
    to: NOW.toISOString(),
    channels: [],
    total: { channelId: null, name: null, ...counts },
    decisions: counts.dms,
    posted: counts.cards,
    decided: 1,
    held: counts.replies,
  }));

const admin: fc.Arbitrary<AdminView> = fc.record({
  channels: listOf(
    fc.uniqueArray(
      fc.record({
        channelId,
        name: hostile,
        mode: fc.constantFrom(...CHANNEL_MODES),
        capture: fc.constantFrom(...CAPTURE_MODES),
        ownerId: fc.option(userId),
      }),
      { maxLength: 15, selector: (row) => row.channelId },
    ),
  ),
  health,
  noise,
  settings: fc.array(setting, { minLength: 1, maxLength: 120 }),
});

const choice: fc.Arbitrary<TrendChoice> = fc.record({
  days: fc.constantFrom(...TREND_DAYS),
  area: fc.option(fc.constantFrom('billing', 'x'.repeat(80))),
  source: fc.option(fc.constantFrom(...SignalSource.options)),
  kind: fc.option(fc.constantFrom(...ObservationKind.options)),
});
const trends = fc.record({
  choice,
  areas: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,24}$/), { maxLength: 99 }),
  view: fc.array(fc.record({ title: hostile, permalink: url }), { maxLength: 12 }).map((rows) =>
    trendsOf(
      trendsQuery(30),
      NOW,
      rows.map(({ title, permalink }) => ({ title, permalink, columns: [1, 2], before: [1] })),
    ),
  ),
});

const view: fc.Arbitrary<HomeView> = fc.record({
  role: fc.constantFrom('outsider' as const, 'member' as const, 'admin' as const),
  page: fc.constantFrom('mine' as const, 'trends' as const, 'admin' as const),
  paused: fc.option(fc.record({ by: hostile, at: iso })),
  steps: fc.subarray([...HOME_STEPS]).map((steps) => steps.map((step) => ({ step, done: step === 'channels' }))),
  setup: fc.constant({ channels: 0, insightsChannel: null, reports: 0 }),
  mayDecide: fc.boolean(),
  canFile: fc.boolean(),
  waiting: listOf(fc.uniqueArray(waiting, { maxLength: 12, selector: (row) => row.cardId })),
  captures: listOf(
    fc.array(
      fc.record({
        permalink: url,
        at: iso,
        became: fc.constantFrom('reading', 'noise', 'alone', 'theme', 'deleted'),
        title: fc.option(hostile),
        card: fc.option(fc.record({ state: fc.constantFrom(...CARD_STATES), permalink: url })),
        issue: fc.option(fc.record({ label: hostile, url })),
      }),
      { maxLength: 8 },
    ),
  ),
  follows: listOf(
    fc.array(
      fc.record({
        themeId: fc.uuid(),
        title: fc.option(hostile),
        reports: number,
        customers: number,
        cardState: fc.option(fc.constantFrom(...CARD_STATES)),
        permalink: url,
        issue: fc.option(fc.record({ label: hostile, url })),
        noise: fc.boolean(),
        muted: fc.boolean(),
      }),
      { maxLength: 8 },
    ),
  ),
  backfills: fc.constant([]),
  preferences: fc.option(preferences),
  timeZone: fc.option(fc.constant('Europe/Lisbon')),
  trends: fc.option(trends),
  admin: fc.option(admin),
});

describe('Home', () => {
  it('fits Slack on every page, whatever stands on it, and calls nobody', () => {
    fc.assert(
      fc.property(view, fc.option(hostile), (home, note) => {
        const picture =
          note === null ? null : { fileId: 'F0AB12CD3', title: note, alt: note.slice(0, 1_000) || 'A chart' };
        const tab = homeTab(home, { now: NOW, captureEmoji: 'memo', note, picture });
        expect(viewProblems(tab, ['home']).map(problemLine)).toEqual([]);
        expect(callsIn(homeTab(home, { now: NOW, captureEmoji: 'memo', note: null, picture: null }))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('is never fuller than a view may be: what is counted out stands in the numbers', () => {
    const full = fc.sample(view, { numRuns: 1, seed: 7 })[0]!;
    const rows = fc.sample(waiting, { numRuns: 12, seed: 7 });
    const tab = homeTab(
      { ...full, role: 'admin', trends: null, admin: null, mayDecide: true, waiting: { rows, more: 188 } },
      { now: NOW, captureEmoji: 'memo', note: 'Saved.', picture: null },
    );
    expect(JSON.stringify(tab)).toContain('Waits for your decision: 200');
    expect(JSON.stringify(tab)).toContain('188 more wait.');
    expect(JSON.stringify(tab)).toContain('My preferences');
  });

  it('shows guests and strangers nothing but a kind word', () => {
    fc.assert(
      fc.property(view, (home) => {
        const tab = homeTab(
          { ...home, role: 'outsider' },
          { now: NOW, captureEmoji: 'memo', note: null, picture: null },
        );
        expect(tab.blocks).toHaveLength(1);
        expect(JSON.stringify(tab)).toContain('*Hello!*');
      }),
      { numRuns: 20 },
    );
  });

  it('offers no button for what was said where its reader cannot look', () => {
    const [row] = fc.sample(waiting, { numRuns: 1, seed: 3 });
    const base = fc.sample(view, { numRuns: 1, seed: 3 })[0]!;
    const shown = (wordsHidden: boolean) =>
      JSON.stringify(
        homeTab(
          {
            ...base,
            role: 'member',
            page: 'mine',
            trends: null,
            admin: null,
            mayDecide: true,
            canFile: true,
            waiting: { rows: [{ ...row!, wordsHidden }], more: 0 },
          },
          { now: NOW, captureEmoji: 'memo', note: null, picture: null },
        ),
      );
    expect(shown(true)).not.toContain('home_file');
    expect(shown(false)).toContain('home_file');
  });

  it('tells ages coarsely, so that a Home is not another one every minute', () => {
    const ago = (minutes: number) => age(new Date(NOW.getTime() - minutes * 60_000).toISOString(), NOW);
    expect([ago(5), ago(60), ago(47 * 60), ago(48 * 60), ago(9 * 24 * 60)]).toEqual([
      'less than an hour',
      'for 1 hour',
      'for 47 hours',
      'for 2 days',
      'for 9 days',
    ]);
  });

  it('is the same page for admins within a minute: connections are heard every moment', () => {
    const base = fc.sample(view, { numRuns: 1, seed: 11 })[0]!;
    const page = fc.sample(admin, { numRuns: 1, seed: 11 })[0]!;
    const at = (heardAt: string) =>
      homeTab(
        {
          ...base,
          role: 'admin',
          admin: { ...page, health: page.health.map((one) => ({ ...one, connected: true, heardAt })) },
        },
        { now: NOW, captureEmoji: 'memo', note: null, picture: null },
      );
    expect(at('2026-03-02T09:05:59.100Z')).toEqual(at('2026-03-02T09:05:01.000Z'));
    expect(at('2026-03-02T09:06:00.000Z')).not.toEqual(at('2026-03-02T09:05:59.000Z'));
  });

  it('says without trends what to expect', () => {
    const base = fc.sample(view, { numRuns: 1, seed: 5 })[0]!;
    const nothing = { choice: { days: 7, area: null, source: null, kind: null } as TrendChoice, areas: [] };
    const tab = homeTab(
      { ...base, role: 'member', admin: null, trends: { ...nothing, view: noTrends(trendsQuery(7), NOW) } },
      { now: NOW, captureEmoji: 'memo', note: null, picture: null },
    );
    expect(viewProblems(tab, ['home'])).toEqual([]);
    expect(JSON.stringify(tab)).toContain('No reports');
  });
});

describe('the windows', () => {
  it('fit Slack', () => {
    const modal = (one: unknown) => expect(viewProblems(one, ['modal']).map(problemLine)).toEqual([]);
    modal(channelsModal());
    fc.assert(
      fc.property(
        fc.option(channelId),
        fc.array(fc.oneof(userId, fc.stringMatching(/^[a-z]{1,30}$/)), { maxLength: 100 }),
        preferences,
        fc.option(hostile),
        (channel, approvers, wanted, zone) => {
          modal(insightsModal({ channelId: channel, approvers }));
          modal(preferencesModal(wanted, zone));
        },
      ),
      { numRuns: 60 },
    );
    fc.assert(
      fc.property(setting, (one) => {
        modal(settingModal(one));
      }),
    );
  });

  it('give back what was filled in', () => {
    const values = (entries: Record<string, object>) => ({
      private_metadata: 'v1|x',
      state: { values: Object.fromEntries(Object.entries(entries).map(([name, held]) => [name, { [name]: held }])) },
    });
    const form = readForm(
      values({
        digest: { selected_option: { value: 'weekly' } },
        quiet: { selected_options: [{ value: 'quiet' }] },
        quiet_from: { selected_time: '20:00' },
        quiet_to: { selected_time: '07:00' },
        time_zone: { value: ' Asia/Tokyo ' },
      }),
    );
    expect(readPreferences(form)).toEqual({
      digest: 'weekly',
      quietFrom: '20:00',
      quietTo: '07:00',
      timeZone: 'Asia/Tokyo',
    });
    for (const broken of [null, {}, { state: 3 }, { state: { values: { digest: 4 } } }])
      expect(readPreferences(readForm(broken))).toEqual({
        digest: 'off',
        quietFrom: null,
        quietTo: null,
        timeZone: null,
      });
    expect(handlesIn('@pms, it-team  it-team,')).toEqual(['pms', 'it-team']);
    expect(Object.keys(preferenceErrors(['timeZone', 'quietFrom']))).toEqual(['time_zone', 'quiet_from']);
  });
});

describe('what is said after a click', () => {
  const said = (text: string) => ({ type: 'mrkdwn', text });

  it('fits Slack and calls nobody', () => {
    fc.assert(
      fc.property(fc.array(setting, { minLength: 1, maxLength: 120 }), hostile, iso, (settings, name, at) => {
        for (const message of [settingsMessage(settings), ownSettingsMessage('Only admins can.')]) {
          expect(message.text.trim()).not.toBe('');
          expect(messageProblems(fitted(message).blocks ?? []).map(problemLine)).toEqual([]);
          expect(callsIn([message, said(message.text)])).toEqual([]);
        }
        expect(callsIn(said(pausedNotice({ by: name, at })))).toEqual([]);
        const listening = [{ channelId: 'C1', name }];
        expect(callsIn(said(listenText({ kind: 'done', listening, uninvited: [] }, 'suggest')))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('says what to do where we may not enter', () => {
    const reply = { kind: 'done' as const, listening: [], uninvited: ['C0000001'] };
    expect(listenText(reply, 'suggest')).toContain('/invite @Throughline');
    expect(listenText(reply, 'off')).toBe('Nothing was changed.');
    expect(insightsText('C0000001', true)).toContain('/invite @Throughline');
    expect(pauseText({ kind: 'done', already: true }, false)).toBe('I am not paused.');
    expect(homeLink('T1', null)).not.toContain('slack://');
    expect(homeLink('T1>', 'A1')).not.toContain('slack://');
  });
});
