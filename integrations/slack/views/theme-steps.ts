// What the window of a theme turns into for one gesture: what is asked, what would move, and how it is read back. Every step has its way back.
import type { InputBlock, KnownBlock, ModalView, Option } from '@slack/types';
import type { Consequence, Gesture, Preview, ReportRow, ThemeBrief, ThemeView } from '#src/domain/curation.ts';
import { clip, LENGTH } from '../limits.ts';
import { harmless } from '../text.ts';
import {
  blocksOf,
  button,
  context,
  count,
  input,
  line,
  moment,
  option,
  plain,
  quoted,
  rich,
  sourceName,
  words,
} from './blocks.ts';
import { fromRef, toRef } from './ref.ts';
import { HIDDEN, reportSource, THEME_ACTIONS, type ThemeOrigin, themeName } from './theme.ts';

export const THEME_STEPS = {
  rename: 'theme_rename_modal',
  merge: 'theme_merge_modal',
  sort: 'theme_sort_modal',
  confirm: 'theme_confirm_modal',
  mute: 'theme_mute_modal',
} as const;

/** In place of a theme, in the menu of the sorting step. */
export const TO_NEW = 'new';
export const TO_NOISE = 'noise';

const TITLE_MAX = 120;
// Slack takes ten boxes to a block.
const BOXES = 10;
const TARGETS = 90;
const QUOTE_MAX = 200;

/** Asks for another name. */
export function renameStep(view: ThemeView, origin: ThemeOrigin): ModalView {
  return step(THEME_STEPS.rename, 'Rename', 'Rename', origin, [
    input('title', 'What people call it', {
      type: 'plain_text_input',
      action_id: 'title',
      max_length: TITLE_MAX,
      ...(view.title ? { initial_value: clip(view.title, TITLE_MAX) } : {}),
    }),
    context(
      'Cards and proposals take the name from now on; what was filed stays as it was filed. The machine keeps a name that a person gave.',
    ),
  ]);
}

/** Asks for the other theme. `searched` is what was typed to find it. */
export function mergeStep(
  view: ThemeView,
  origin: ThemeOrigin,
  targets: readonly ThemeBrief[],
  searched: string,
): ModalView {
  return step(THEME_STEPS.merge, 'Merge', targets.length > 0 ? 'Preview' : null, origin, [
    rich(line(words('“'), words(themeName(view), { bold: true }), words('” and which other theme are one matter?'))),
    targets.length > 0
      ? input(
          `target_${keyOf(searched)}`,
          searched === '' ? 'The other theme, the nearest first' : 'The other theme',
          targetMenu(targets.map(targetOption)),
        )
      : null,
    ...searchBlocks(searched, targets.length),
  ]);
}

/** Asks which reports, and where they belong. */
export function sortStep(
  view: ThemeView,
  origin: ThemeOrigin,
  targets: readonly ThemeBrief[],
  searched: string,
): ModalView {
  const pages = pagesOf(view.items);
  const fixed = [
    ...(view.can.reshape ? [option('A theme of their own (split off)', TO_NEW)] : []),
    option('Nowhere: this is noise, not a report', TO_NOISE),
  ];
  return step(THEME_STEPS.sort, 'Sort reports', 'Preview', origin, [
    rich(line(words('Reports of “'), words(themeName(view), { bold: true }), words('”, the newest first'))),
    ...pages.map((rows, page) =>
      input(
        `reports_${page}`,
        page === 0 ? 'Which of them' : `Which of them, part ${page + 1}`,
        { type: 'checkboxes', action_id: 'reports', options: rows.map(reportOption) },
        true,
      ),
    ),
    view.more > 0 ? context(`${count(view.more, 'older report')} cannot be chosen here.`) : null,
    input(`target_${keyOf(searched)}`, 'Where do they belong', targetMenu([...fixed, ...targets.map(targetOption)])),
    ...searchBlocks(searched, targets.length),
  ]);
}

/** Shows what would happen, and asks once. Splitting asks for a name here. */
export function confirmStep(preview: Preview, gesture: Gesture, origin: ThemeOrigin): ModalView {
  const verb = SUBMIT[gesture.kind];
  return step(
    THEME_STEPS.confirm,
    'Before it happens',
    verb,
    origin,
    [
      rich(...headline(preview)),
      ...preview.consequences.map((one) => context(`• ${consequenceWords(one)}`)),
      ...quoteBlocks(preview),
      gesture.kind === 'split'
        ? input(
            'title',
            'A name for the new theme',
            { type: 'plain_text_input', action_id: 'title', max_length: TITLE_MAX },
            true,
            'Leave it empty to name it after its newest report.',
          )
        : null,
      context('It happens at once, and *Undo* takes it back. What a person has placed, the machine leaves there.'),
    ],
    toRef(origin.themeId, origin.channel ?? '', ...gestureParts(gesture)),
  );
}

/** Asks until when. */
export function muteStep(view: ThemeView, origin: ThemeOrigin): ModalView {
  return step(THEME_STEPS.mute, 'Mute', 'Mute', origin, [
    rich(
      line(
        words('“'),
        words(themeName(view), { bold: true }),
        words('” posts no new card and stands in no digest until the first of these:'),
      ),
    ),
    input('until', 'A day', { type: 'datepicker', action_id: 'until' }, true),
    input(
      'count',
      'So many more reports',
      { type: 'number_input', action_id: 'count', is_decimal_allowed: false, min_value: '1', max_value: '9999' },
      true,
    ),
    input(
      'release',
      'A release',
      { type: 'checkboxes', action_id: 'release', options: [option('The next release', 'release')] },
      true,
      'An event named “release”, sent to the API by whatever releases your product.',
    ),
  ]);
}

const SUBMIT: Record<Gesture['kind'], string> = {
  merge: 'Merge',
  split: 'Split off',
  move: 'Move',
  noise: 'Mark as noise',
  noise_theme: 'Mark as noise',
};

function headline({ gesture, from, to, reports, customers }: Preview) {
  const n = `${count(reports, 'report')} from ${count(customers, 'customer')}`;
  const one = reports === 1;
  const name = (theme: ThemeBrief) => words(themeName(theme), { bold: true });
  switch (gesture) {
    case 'merge':
      return [
        line(
          words(`${n} ${one ? 'moves' : 'move'} from “`),
          name(from),
          words('” to “'),
          name(to ?? from),
          words('”.'),
        ),
      ];
    case 'move':
      return [
        line(
          words(`${n} ${one ? 'moves' : 'move'} from “`),
          name(from),
          words('” to “'),
          name(to ?? from),
          words('”.'),
        ),
      ];
    case 'split':
      return [
        line(
          words(`${n} ${one ? 'leaves' : 'leave'} “`),
          name(from),
          words(`” for a theme of ${one ? 'its' : 'their'} own.`),
        ),
      ];
    case 'noise':
      return [
        line(
          words(`${n} ${one ? 'leaves' : 'leave'} “`),
          name(from),
          words(`” and ${one ? 'stays out, since it is no report' : 'stay out, since they are no reports'}.`),
        ),
      ];
    case 'noise_theme':
      return [line(words('“'), name(from), words(`” with its ${n} is noise.`))];
  }
}

/** What a gesture brings with it. */
export function consequenceWords(one: Consequence): string {
  switch (one.kind) {
    case 'swapped':
      return `The other one goes on, since ${one.label ? harmless(one.label) : 'an issue'} was filed from it.`;
    case 'proposal_ends':
      return one.of === 'absorbed'
        ? 'What was proposed for it expires; the theme that goes on has its own proposal.'
        : 'What was proposed for it expires.';
    case 'card_points':
      return 'Its card closes and points to the one that goes on.';
    case 'card_closes':
      return 'Its card closes.';
    case 'card_updates':
      return 'Its card goes on with the reports that stay.';
    case 'both_issues_stay':
      return `Both issues stay: ${harmless(one.absorbed)} keeps the reports it has, later ones go to ${harmless(one.survivor)}.`;
    case 'issue_stays':
      return `${harmless(one.label)} stays as it was filed, with the links it has.`;
    case 'joins_issue':
      return `The reports are linked to ${harmless(one.label)}.`;
    case 'no_card_yet':
      return `No card yet: it would have ${count(one.customers, 'customer')} of ${one.needed} within 14 days.`;
    case 'empties':
      return 'No report is left there, so that its card closes.';
    case 'silent':
      return 'Later reports like these gather there in silence.';
  }
}

function quoteBlocks({ quotes, hiddenQuotes }: Preview): KnownBlock[] {
  return blocksOf(
    quotes.length > 0
      ? rich(
          ...quotes.flatMap((quote) => [
            quoted(words(quote.text, undefined, QUOTE_MAX)),
            line(words(`${quote.who}, ${sourceName(quote.source)} · `, undefined, 200), moment(quote.at), words('\n')),
          ]),
        )
      : null,
    hiddenQuotes > 0 ? context(`${count(hiddenQuotes, 'more')} not shown here.`) : null,
  );
}

function searchBlocks(searched: string, found: number): KnownBlock[] {
  return [
    input(
      'search',
      'Find another theme',
      {
        type: 'plain_text_input',
        action_id: 'search',
        max_length: 200,
        placeholder: plain('Words of its title', LENGTH.placeholder),
        ...(searched === '' ? {} : { initial_value: clip(searched, 200) }),
      },
      true,
    ),
    {
      type: 'actions',
      elements: [
        button(THEME_ACTIONS.search, 'Search', toRef('search')),
        button(THEME_ACTIONS.back, 'Back', toRef('back')),
      ],
    },
    ...(found === 0
      ? [context(searched === '' ? 'There is no other theme yet.' : 'No theme that you may read has these words.')]
      : []),
  ];
}

function targetMenu(options: Option[]): InputBlock['element'] {
  return {
    type: 'static_select',
    action_id: 'target',
    placeholder: plain('Choose', LENGTH.placeholder),
    options: options.slice(0, TARGETS) as ReturnType<typeof option>[],
  };
}

function targetOption(theme: ThemeBrief): Option {
  return option(`${clip(themeName(theme), 55)} (${theme.reports})`, theme.themeId);
}

function reportOption(row: ReportRow): Option {
  const when = row.at.slice(0, 10);
  return {
    ...option(clip((row.words ?? HIDDEN).replace(/\s+/g, ' '), LENGTH.option), row.conversationId),
    description: plain(
      `${reportSource(row)}, ${when}${row.placedBy ? `, put here by ${row.placedBy}` : ''}`,
      LENGTH.option,
    ),
  };
}

function pagesOf(rows: readonly ReportRow[]): ReportRow[][] {
  return Array.from({ length: Math.ceil(rows.length / BOXES) }, (_, page) =>
    rows.slice(page * BOXES, (page + 1) * BOXES),
  );
}

/** A menu whose choices have changed is another menu: nothing chosen in the one before is sent along. */
function keyOf(searched: string): string {
  return searched === '' ? 'near' : encodeURIComponent(searched.toWellFormed()).slice(0, 100);
}

function step(
  callback: string,
  title: string,
  submit: string | null,
  origin: ThemeOrigin,
  blocks: (KnownBlock | null)[],
  metadata = toRef(origin.themeId, origin.channel ?? ''),
): ModalView {
  const hasBack = blocks.some(
    (block) => block?.type === 'actions' && JSON.stringify(block.elements).includes(THEME_ACTIONS.back),
  );
  return {
    type: 'modal',
    callback_id: callback,
    private_metadata: metadata,
    title: plain(title, LENGTH.modalTitle),
    // A window with fields must have a way to send them.
    ...(submit || blocks.some((block) => block?.type === 'input')
      ? { submit: plain(submit ?? 'Done', LENGTH.modalButton) }
      : {}),
    close: plain('Cancel', LENGTH.modalButton),
    blocks: blocksOf(
      ...blocks,
      hasBack ? null : { type: 'actions', elements: [button(THEME_ACTIONS.back, 'Back', toRef('back'))] },
    ),
  };
}

// --- reading back

/** What a person entered, by block and action. */
export type StepValues = Record<
  string,
  Record<
    string,
    {
      value?: string | null;
      selected_option?: { value: string } | null;
      selected_options?: { value: string }[] | null;
      selected_date?: string | null;
    }
  >
>;

/** The theme and the channel that a window carries along. */
export function originOf(metadata: string | undefined): ThemeOrigin | null {
  const parts = fromRef(metadata, 2) ?? fromRef(metadata, 5);
  return parts?.[0] ? { themeId: parts[0], channel: parts[1] || null } : null;
}

/** What is to be done, as the confirming window carries it: ids only. */
export function gestureOf(metadata: string | undefined): Gesture | null {
  const [themeId, , kind, toId, list] = fromRef(metadata, 5) ?? [];
  if (!themeId) return null;
  const conversationIds = list ? list.split(',') : [];
  switch (kind) {
    case 'merge':
      return { kind, themeId, intoId: toId ?? '' };
    case 'move':
      return { kind, themeId, conversationIds, toId: toId ?? '' };
    case 'split':
    case 'noise':
      return { kind, themeId, conversationIds };
    case 'noise_theme':
      return { kind, themeId };
    default:
      return null;
  }
}

function gestureParts(gesture: Gesture): string[] {
  const toId = gesture.kind === 'merge' ? gesture.intoId : gesture.kind === 'move' ? gesture.toId : '';
  return [gesture.kind, toId, 'conversationIds' in gesture ? gesture.conversationIds.join(',') : ''];
}

/** The chosen theme, and the name of the field it was chosen in. */
export function readTarget(values: StepValues): { blockId: string | null; target: string | null } {
  const found = Object.entries(values).find(([blockId]) => blockId.startsWith('target_'));
  return { blockId: found?.[0] ?? null, target: found?.[1].target?.selected_option?.value ?? null };
}

/** The chosen reports. */
export function readReports(values: StepValues): string[] {
  return Object.entries(values).flatMap(([blockId, block]) =>
    blockId.startsWith('reports_') ? (block.reports?.selected_options ?? []).map(({ value }) => value) : [],
  );
}

/** What a gesture of sorting is, from what was chosen. */
export function sortingOf(themeId: string, conversationIds: string[], target: string): Gesture {
  if (target === TO_NEW) return { kind: 'split', themeId, conversationIds };
  if (target === TO_NOISE) return { kind: 'noise', themeId, conversationIds };
  return { kind: 'move', themeId, conversationIds, toId: target };
}

export type MuteEntry = { until: string | null; moreReports: number | null; atRelease: boolean };

/** Until when a theme is muted. A day begins at midnight UTC, which is near enough for silence. */
export function readMute(values: StepValues): MuteEntry {
  const date = values.until?.until?.selected_date ?? null;
  const typed = values.count?.count?.value ?? '';
  return {
    until: date ? `${date}T00:00:00.000Z` : null,
    moreReports: typed === '' ? null : Number(typed),
    atRelease: (values.release?.release?.selected_options ?? []).length > 0,
  };
}
