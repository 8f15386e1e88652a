// The window of a theme, its steps, lists and receipts, over hostile and very long text: they fit Slack, and nothing from outside acts.
import type { ModalView } from '@slack/types';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '#integrations/slack/client.ts';
import { fitted } from '#integrations/slack/limits.ts';
import { newsMessage } from '#integrations/slack/views/news.ts';
import {
  editReceipt,
  noTheme,
  problemText,
  THEME_ACTIONS,
  themeModal,
  themesMessage,
  undoneText,
} from '#integrations/slack/views/theme.ts';
import {
  confirmStep,
  gestureOf,
  mergeStep,
  muteStep,
  originOf,
  readMute,
  readReports,
  readTarget,
  renameStep,
  sortStep,
} from '#integrations/slack/views/theme-steps.ts';
import { CARD_STATES } from '#src/domain/card.ts';
import {
  type Consequence,
  EDIT_KINDS,
  type EditRow,
  type Gesture,
  type Preview,
  type ThemeBrief,
  type ThemeView,
} from '#src/domain/curation.ts';
import type { NewsView } from '#src/domain/news.ts';
import { messageProblems, problemLine, viewProblems } from '#src/sandbox/slack/block-kit.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '<!channel> <!here> <@U0000001> <#C0000001|x> <!subteam^S1|@all>',
    '*bold* _it_ ~no~ `code` ```block``` > quote',
    '<https://evil.example|https://bank.example> https://evil.example',
    '\u202Eesrever\u202C \u0000\u0007 \uD800 a\uDC00',
    '',
    '   \n\n\t ',
  ),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .map((seed) => seed.repeat(Math.ceil(4_000 / seed.length))),
);
const iso = fc
  .date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString());
const url = fc.constantFrom(
  'https://acme.slack.com/archives/C1/p1',
  'javascript:alert(1)',
  'not a url',
  'https://x.example/|a>b<c',
);
const id = (prefix: string) =>
  fc.integer({ min: 0, max: 1e9 }).map((n) => `${prefix}_${n.toString(16).padStart(24, '0')}`);
const number = fc.nat({ max: 1_000_000 });

const brief: fc.Arbitrary<ThemeBrief> = fc.record({
  themeId: id('thm'),
  title: fc.option(hostile),
  reports: number,
  customers: number,
  cardState: fc.option(fc.constantFrom(...CARD_STATES)),
  permalink: fc.option(url),
  issue: fc.option(fc.record({ label: hostile, url: fc.option(url) })),
  noise: fc.boolean(),
  muted: fc.boolean(),
});

const edit: fc.Arbitrary<EditRow> = fc.record({
  id: id('edt'),
  kind: fc.constantFrom(...EDIT_KINDS),
  by: hostile,
  at: iso,
  reports: number,
  other: fc.option(fc.record({ themeId: id('thm'), title: fc.option(hostile) })),
  incoming: fc.boolean(),
  titleBefore: fc.option(hostile),
  titleAfter: fc.option(hostile),
  undoneBy: fc.option(hostile),
  undoneAt: fc.option(iso),
});

const view: fc.Arbitrary<ThemeView> = fc
  .tuple(
    brief,
    fc.record({
      namedBy: fc.option(hostile),
      kind: fc.option(hostile),
      severity: fc.option(fc.constantFrom('low', 'high')),
      since: fc.option(iso),
      newest: fc.option(iso),
      absorbedBy: fc.option(fc.record({ themeId: id('thm'), title: fc.option(hostile) })),
      noiseBy: fc.option(hostile),
      mute: fc.option(
        fc.record({ by: hostile, at: iso, until: fc.option(iso), reports: fc.option(number), atRelease: fc.boolean() }),
      ),
      following: fc.boolean(),
      followers: number,
      items: fc.uniqueArray(
        fc.record({
          conversationId: id('con'),
          words: fc.option(hostile),
          who: fc.option(hostile),
          source: hostile,
          at: iso,
          permalink: fc.option(url),
          placedBy: fc.option(hostile),
        }),
        { maxLength: 30, selector: (row) => row.conversationId },
      ),
      more: number,
      history: fc.uniqueArray(edit, { maxLength: 12, selector: (row) => row.id }),
      can: fc.record({ sort: fc.boolean(), reshape: fc.boolean() }),
    }),
  )
  .map(([one, more]) => ({ ...one, ...more }));

const consequence: fc.Arbitrary<Consequence> = fc.oneof(
  hostile.map((label): Consequence => ({ kind: 'swapped', label })),
  hostile.map((label): Consequence => ({ kind: 'issue_stays', label })),
  hostile.map((label): Consequence => ({ kind: 'joins_issue', label })),
  fc
    .tuple(hostile, hostile)
    .map(([absorbed, survivor]): Consequence => ({ kind: 'both_issues_stay', absorbed, survivor })),
  number.map((needed): Consequence => ({ kind: 'no_card_yet', customers: 1, needed })),
  fc.constantFrom<Consequence>(
    { kind: 'card_points' },
    { kind: 'card_closes' },
    { kind: 'card_updates' },
    { kind: 'empties' },
    { kind: 'silent' },
    { kind: 'proposal_ends', of: 'absorbed' },
    { kind: 'proposal_ends', of: 'theme' },
  ),
);

const gesture: fc.Arbitrary<Gesture> = fc
  .tuple(
    fc.constantFrom('merge', 'split', 'move', 'noise', 'noise_theme'),
    id('thm'),
    id('thm'),
    fc.array(id('con'), { minLength: 1, maxLength: 30 }),
  )
  .map(([kind, themeId, toId, conversationIds]): Gesture => {
    if (kind === 'merge') return { kind, themeId, intoId: toId };
    if (kind === 'move') return { kind, themeId, conversationIds, toId };
    if (kind === 'noise_theme') return { kind, themeId };
    return { kind: kind as 'split' | 'noise', themeId, conversationIds };
  });

const preview: fc.Arbitrary<Preview> = fc.record({
  gesture: fc.constantFrom('merge', 'split', 'move', 'noise', 'noise_theme'),
  from: brief,
  to: fc.option(brief),
  reports: number,
  customers: number,
  quotes: fc.array(fc.record({ text: hostile, who: hostile, source: hostile, permalink: fc.option(url), at: iso }), {
    maxLength: 3,
  }),
  hiddenQuotes: number,
  consequences: fc.array(consequence, { maxLength: 5 }),
});

const ORIGIN = { themeId: 'thm_000000000000000000000001', channel: 'C0INSIGHTS' };

/** Texts that Slack reads as markup. */
function markupOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(markupOf);
  if (typeof value !== 'object' || value === null) return [];
  const { type, text, ...rest } = value as { type?: string; text?: unknown };
  return [...(type === 'mrkdwn' ? [String(text)] : markupOf(text)), ...Object.values(rest).flatMap(markupOf)];
}

function harmlessMarkup(texts: readonly string[]): void {
  for (const markup of texts) {
    expect(markup).not.toMatch(/<!(channel|here|everyone|subteam)|<@|<#/);
    for (const [, target] of markup.matchAll(/<([^>|]*)/g)) expect(target).toMatch(/^(!date\^|https?:\/\/)/);
  }
}

function soundView(modal: ModalView): void {
  expect(viewProblems(modal, ['modal']).map(problemLine)).toEqual([]);
  harmlessMarkup(markupOf(modal.blocks));
  const primary = JSON.stringify(modal.blocks).match(/"style":"primary"/g) ?? [];
  expect(primary.length).toBeLessThanOrEqual(1);
}

function soundMessage(message: Message): void {
  expect(messageProblems(message.blocks ?? []).map(problemLine)).toEqual([]);
  expect(message.text.trim()).not.toBe('');
  expect(fitted(message).text.length).toBeLessThanOrEqual(4_000);
  harmlessMarkup([message.text, ...markupOf(message.blocks)]);
}

describe('the window of a theme', () => {
  it('fits Slack and does nothing by itself, whatever customers and people wrote', () => {
    fc.assert(
      fc.property(view, fc.option(fc.constant('Merged: 3 reports moved.')), (one, said) =>
        soundView(themeModal(one, ORIGIN, said)),
      ),
      { numRuns: 60 },
    );
  });

  it('turns into steps that fit as well', () => {
    fc.assert(
      fc.property(
        view,
        fc.uniqueArray(brief, { maxLength: 20, selector: (one) => one.themeId }),
        hostile,
        (one, targets, searched) => {
          soundView(renameStep(one, ORIGIN));
          soundView(mergeStep(one, ORIGIN, targets, searched));
          soundView(sortStep(one, ORIGIN, targets, searched));
          soundView(muteStep(one, ORIGIN));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('asks before it happens, and carries along by ids what is to happen', () => {
    fc.assert(
      fc.property(preview, gesture, (shown, wanted) => {
        const modal = confirmStep({ ...shown, gesture: wanted.kind }, wanted, { ...ORIGIN, themeId: wanted.themeId });
        soundView(modal);
        expect(gestureOf(modal.private_metadata)).toEqual(wanted);
        expect(originOf(modal.private_metadata)).toEqual({ ...ORIGIN, themeId: wanted.themeId });
        expect(modal.private_metadata!.length).toBeLessThanOrEqual(3_000);
      }),
      { numRuns: 60 },
    );
  });

  it('offers only what this person may do, and no Undo for what was taken back', () => {
    fc.assert(
      fc.property(view, (one) => {
        const shown = JSON.stringify(themeModal(one, ORIGIN).blocks);
        for (const action of [THEME_ACTIONS.merge, THEME_ACTIONS.noise, THEME_ACTIONS.mute])
          if (!one.can.reshape) expect(shown).not.toContain(`"${action}"`);
        if (!one.can.sort) expect(shown).not.toContain(`"${THEME_ACTIONS.rename}"`);
        for (const { id: editId, undoneBy } of one.history)
          if (undoneBy) expect(shown).not.toContain(`${THEME_ACTIONS.undoLine}:${editId}`);
      }),
      { numRuns: 40 },
    );
  });
});

describe('lists, receipts and answers about themes', () => {
  it('fit Slack, in blocks and in plain text', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(brief, { maxLength: 30, selector: (one) => one.themeId }),
        hostile,
        (themes, words) => {
          soundMessage(themesMessage('*Which of these?*', themes));
          harmlessMarkup([noTheme(words)]);
          for (const kind of EDIT_KINDS) soundMessage(editReceipt(kind, 3, words, 'edt_000000000000000000000001'));
          for (const because of EDIT_KINDS)
            harmlessMarkup([
              undoneText({ kind: 'blocked', because, by: 'U1', at: '2026-03-02T09:00:00Z' }, () => words),
            ]);
          harmlessMarkup([
            undoneText({ kind: 'filed', label: words }, () => words),
            undoneText({ kind: 'already', by: 'U1', at: words }, () => words),
            problemText({ kind: 'already', by: 'U1', at: words }, () => words),
          ]);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('news for followers', () => {
  it('fit Slack, call nobody, and tell no words where they are hidden', () => {
    const change = fc.record({
      id: hostile,
      themeId: id('thm'),
      kind: fc.constantFrom('approved', 'dismissed', 'filed', 'done', 'back'),
      by: fc.option(hostile),
      at: iso,
      reason: fc.option(fc.constantFrom('wont_do', 'duplicate')),
      decisionId: fc.option(id('dec')),
      issue: fc.option(fc.record({ label: hostile, url: fc.option(url) })),
    });
    const news = fc.record({
      themeId: id('thm'),
      title: fc.option(hostile),
      permalink: fc.option(url),
      changes: fc.array(change, { minLength: 1, maxLength: 6 }),
    });
    fc.assert(
      fc.property(news, (view) => {
        soundMessage(newsMessage(view as NewsView));
        if (view.title === null) expect(newsMessage(view as NewsView).text).toContain('A theme that you follow');
      }),
      { numRuns: 60 },
    );
  });
});

describe('what was entered', () => {
  it('is read back: boxes of all pages, the menu of whichever search, the three ends of a mute', () => {
    expect(
      readReports({
        reports_0: { reports: { selected_options: [{ value: 'a' }] } },
        reports_1: { reports: { selected_options: [{ value: 'b' }, { value: 'c' }] } },
        search: { search: { value: 'x' } },
      }),
    ).toEqual(['a', 'b', 'c']);
    expect(readTarget({ target_near: { target: { selected_option: { value: 'thm_1' } } } })).toEqual({
      blockId: 'target_near',
      target: 'thm_1',
    });
    expect(readTarget({})).toEqual({ blockId: null, target: null });
    expect(readMute({})).toEqual({ until: null, moreReports: null, atRelease: false });
    expect(
      readMute({
        until: { until: { selected_date: '2026-03-05' } },
        count: { count: { value: '4' } },
        release: { release: { selected_options: [{ value: 'release' }] } },
      }),
    ).toEqual({ until: '2026-03-05T00:00:00.000Z', moreReports: 4, atRelease: true });
  });
});
