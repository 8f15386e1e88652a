// The theme: one window with what belongs to it, what people may do with it, and what they have done; lists of themes, and receipts.
import type { KnownBlock, ModalView } from '@slack/types';
import type {
  CurateProblem,
  EditKind,
  EditRow,
  Mute,
  ReportRow,
  ThemeBrief,
  ThemeView,
  UndoEditReply,
} from '#src/domain/curation.ts';
import type { Message } from '../client.ts';
import { clip, LENGTH } from '../limits.ts';
import { harmless, linkTo, when } from '../text.ts';
import {
  blocksOf,
  button,
  context,
  count,
  line,
  link,
  moment,
  plain,
  quoted,
  rich,
  section,
  sourceName,
  words,
} from './blocks.ts';
import { toRef } from './ref.ts';
import { refusalText } from './replies.ts';

export const THEME_MODAL = 'theme_modal';

export const THEME_ACTIONS = {
  /** On a card and in a list: opens the window. */
  open: 'theme_open',
  back: 'theme_back',
  rename: 'theme_rename',
  merge: 'theme_merge',
  sort: 'theme_sort',
  noise: 'theme_noise',
  mute: 'theme_mute',
  unmute: 'theme_unmute',
  follow: 'theme_follow',
  search: 'theme_search',
  /** On a receipt. */
  undo: 'theme_undo',
  /** In the history: one button per line, named `theme_undo_line:<edit>`. */
  undoLine: 'theme_undo_line',
} as const;

const REPORTS_SHOWN = 8;
const WORDS_SHOWN = 160;
const TITLE_SHOWN = 150;
const EDITS_SHOWN = 8;
const LISTED = 10;

/** Where a window came from, so that what follows finds its way: the theme, and the channel to answer in. */
export interface ThemeOrigin {
  themeId: string;
  channel: string | null;
}

/** Where there is no theme at all. */
export const NO_THEME = 'There is no theme yet: nobody has reported anything.';
export const LIST_TITLES = {
  followed: '*Themes*, those you follow first',
  newest: '*The newest themes*',
  many: '*Which of these?*',
} as const;
/** What following and not following comes to. */
export const FOLLOWING = 'You follow it: I write to you when it is decided, filed, done or back.';
export const NOT_FOLLOWING = 'You do not follow it any more.';

/** What a theme is called; where its words may not be read, that is said instead. */
export function themeName(theme: { title: string | null }): string {
  return theme.title === null ? 'a theme whose words you cannot read here' : clip(theme.title, TITLE_SHOWN) || '–';
}

/** The button on a card. */
export function themeButton(themeId: string) {
  return button(THEME_ACTIONS.open, 'Theme…', toRef(themeId));
}

/** The window. `said` tells on top what has just happened. */
export function themeModal(view: ThemeView, origin: ThemeOrigin, said: string | null = null): ModalView {
  const ref = toRef(view.themeId);
  return {
    type: 'modal',
    callback_id: THEME_MODAL,
    private_metadata: toRef(origin.themeId, origin.channel ?? ''),
    title: plain('Theme', LENGTH.modalTitle),
    close: plain('Close', LENGTH.modalButton),
    blocks: blocksOf(
      said ? section(said) : null,
      rich(line(words(themeName(view), { bold: true }))),
      context(numbersOf(view), ...standingOf(view)),
      ...buttonsOf(view, ref),
      ...reportBlocks(view),
      ...historyBlocks(view),
    ),
  };
}

function numbersOf(view: ThemeView): string {
  const { reports, customers, since, newest, severity, kind } = view;
  return [
    kind && harmless(kind.replaceAll('_', ' ')),
    severity && `${severity} severity`,
    `${count(reports, 'report')} from ${count(customers, 'customer')}`,
    since && `since ${when(since, 'day')}`,
    newest && `newest ${when(newest)}`,
    view.followers > 0 && `${count(view.followers, 'person follows', 'people follow')} it`,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** What stands about it: its issue, its card, its silence. */
function standingOf(view: ThemeView): string[] {
  const lines: string[] = [];
  if (view.absorbedBy) lines.push(`Merged into “${harmless(themeName(view.absorbedBy))}”. It is sorted there.`);
  if (view.issue) lines.push(`Filed as ${linkTo(view.issue.url, clip(view.issue.label, 60))}.`);
  else if (view.permalink && !view.absorbedBy) lines.push(`${linkTo(view.permalink, 'Its card')}.`);
  if (view.noiseBy)
    lines.push(`Marked as noise by ${harmless(view.noiseBy)}: it takes no card and stands in no digest.`);
  if (view.mute) lines.push(`${muteWords(view.mute)}.`);
  if (view.namedBy) lines.push(`Named by ${harmless(view.namedBy)}.`);
  return lines;
}

/** Until when nothing is heard of a theme; `by` is a name. */
export function muteWords(mute: Mute): string {
  const until = [
    mute.until && `until ${when(mute.until, 'day')}`,
    mute.reports !== null && `until there are ${count(mute.reports, 'report')}`,
    mute.atRelease && 'until the next release',
  ].filter(Boolean);
  return `Muted by ${harmless(mute.by)} ${until.join(' or ')}`;
}

function buttonsOf(view: ThemeView, ref: string): KnownBlock[] {
  const { can } = view;
  const follow = button(
    THEME_ACTIONS.follow,
    view.following ? 'Unfollow' : 'Follow',
    toRef(view.themeId, view.following ? 'off' : 'on'),
  );
  const elements = [
    ...(can.sort ? [button(THEME_ACTIONS.rename, 'Rename…', ref)] : []),
    ...(can.sort && view.reports > 0 ? [button(THEME_ACTIONS.sort, 'Sort reports…', ref)] : []),
    ...(can.reshape ? [button(THEME_ACTIONS.merge, 'Merge…', ref)] : []),
    follow,
    ...(can.reshape
      ? [view.mute ? button(THEME_ACTIONS.unmute, 'Unmute', ref) : button(THEME_ACTIONS.mute, 'Mute…', ref)]
      : []),
    ...(can.reshape && !view.noiseBy ? [button(THEME_ACTIONS.noise, 'Mark as noise…', ref)] : []),
  ];
  const notes =
    can.sort && !can.reshape
      ? [context('Merging, splitting, muting and marking the whole theme as noise are for approvers.')]
      : [];
  return [{ type: 'actions', elements }, ...notes];
}

function reportBlocks(view: ThemeView): KnownBlock[] {
  const shown = view.items.slice(0, REPORTS_SHOWN);
  if (shown.length === 0) return [context('No report belongs to it now.')];
  const more = view.items.length - shown.length + view.more;
  return blocksOf(
    { type: 'divider' },
    rich(
      ...shown.flatMap((row) => [
        quoted(words(row.words ?? HIDDEN, undefined, WORDS_SHOWN)),
        line(
          words(`${reportSource(row)} · `, undefined, 200),
          moment(row.at),
          ...(row.permalink && URL.canParse(row.permalink) ? [words(' · '), link(row.permalink, 'open')] : []),
          ...(row.placedBy ? [words(` · put here by ${clip(row.placedBy, 60)}`, { italic: true })] : []),
          words('\n'),
        ),
      ]),
    ),
    more > 0 ? context(`${count(more, 'more report')} ${more === 1 ? 'is' : 'are'} not listed here.`) : null,
  );
}

/** Said in place of words that the reader may not read. */
export const HIDDEN = 'Written where you cannot read along.';

/** Who and where, for one report. */
export function reportSource(row: Pick<ReportRow, 'who' | 'source'>): string {
  return row.who ? `${row.who}, ${sourceName(row.source)}` : sourceName(row.source);
}

function historyBlocks(view: ThemeView): KnownBlock[] {
  const shown = view.history.slice(0, EDITS_SHOWN);
  if (shown.length === 0) return [];
  return blocksOf(
    { type: 'divider' },
    section('*What people have changed*'),
    ...shown.map((edit): KnownBlock => {
      const text = `${editWords(edit)}${edit.undoneBy ? `\nTaken back by ${harmless(edit.undoneBy)} ${when(edit.undoneAt ?? '')}.` : ''}`;
      return edit.undoneBy
        ? context(text)
        : { ...section(text), accessory: button(`${THEME_ACTIONS.undoLine}:${edit.id}`, 'Undo', toRef(edit.id)) };
    }),
    view.history.length > shown.length ? context('Older changes are in the trace and the audit.') : null,
  );
}

/** One line of the history. */
export function editWords(edit: EditRow): string {
  const who = `*${harmless(clip(edit.by, 80))}*`;
  const other = edit.other ? `“${harmless(themeName(edit.other))}”` : 'another theme';
  const n = count(edit.reports, 'report');
  const what = {
    renamed: edit.titleAfter ? `renamed it to “${harmless(clip(edit.titleAfter, TITLE_SHOWN))}”` : 'renamed it',
    merged: edit.incoming ? `merged ${other} into it (${n})` : `merged it into ${other} (${n})`,
    split: edit.incoming ? `split it off ${other} (${n})` : `split ${n} off to ${other}`,
    moved: edit.incoming ? `moved ${n} here from ${other}` : `moved ${n} to ${other}`,
    noise: `marked ${n} as noise`,
    noise_theme: `marked the theme as noise (${n})`,
    muted: 'muted it',
    unmuted: 'unmuted it',
  }[edit.kind];
  return `${who} ${what}, ${when(edit.at)}.`;
}

/** A list of themes, each with the way to its window. */
export function themesMessage(heading: string, themes: readonly ThemeBrief[]): Message {
  const shown = themes.slice(0, LISTED);
  const more = themes.length - shown.length;
  const tail = more > 0 ? `${count(more, 'more')} that I do not list: give me more of its words.` : null;
  return {
    text: [heading, ...shown.map((theme) => `• ${harmless(themeName(theme))}: ${briefWords(theme)}`), tail]
      .filter(Boolean)
      .join('\n'),
    blocks: blocksOf(
      section(heading),
      ...shown.flatMap((theme): KnownBlock[] => [
        rich(line(words(themeName(theme), { bold: true }))),
        { ...section(briefWords(theme)), accessory: themeButton(theme.themeId) },
      ]),
      tail ? context(tail) : null,
    ),
  };
}

function briefWords(theme: ThemeBrief): string {
  return [
    `${count(theme.reports, 'report')} from ${count(theme.customers, 'customer')}`,
    theme.issue && `filed as ${linkTo(theme.issue.url, clip(theme.issue.label, 60))}`,
    theme.noise && 'marked as noise',
    theme.muted && 'muted',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Said where nothing was found. */
export function noTheme(query: string): string {
  return `I know no theme by “${harmless(clip(query, 120))}”, or none that you may read. Give me words of its title, the id of an insight, an issue or the link to a message; \`/throughline theme\` alone lists the newest.`;
}

const DONE_WORDS: Record<EditKind, (reports: string) => string> = {
  renamed: () => 'Renamed. The machine keeps this name from now on.',
  merged: (n) => `Merged: ${n} moved.`,
  split: (n) => `Split off: ${n} in another theme.`,
  moved: (n) => `Moved: ${n}.`,
  noise: (n) => `Marked as noise: ${n}. What is marked so stays out.`,
  noise_theme: () => 'Marked as noise. It goes on gathering what is like it, takes no card and stands in no digest.',
  muted: () => 'Muted. It posts no new card and stands in no digest until then.',
  unmuted: () => 'Unmuted.',
};

/** What a gesture came to, in a sentence. */
export function doneText(kind: EditKind, reports: number): string {
  return DONE_WORDS[kind](count(reports, 'report'));
}

/** What the person keeps who did it: only they see it. */
export function editReceipt(kind: EditKind, reports: number, title: string | null, editId: string): Message {
  const text = `${doneText(kind, reports)}${title ? ` Theme: “${harmless(clip(title, TITLE_SHOWN))}”.` : ''}`;
  return {
    text: `${text} Undo is in the theme’s history.`,
    blocks: [section(text), { type: 'actions', elements: [button(THEME_ACTIONS.undo, 'Undo', toRef(editId))] }],
  };
}

const BECAUSE: Record<EditKind, string> = {
  renamed: 'renamed it again',
  merged: 'merged one of these themes into another',
  split: 'split some of the same reports off',
  moved: 'moved some of the same reports on',
  noise: 'marked some of the same reports as noise',
  noise_theme: 'marked the theme as noise',
  muted: 'muted it again',
  unmuted: 'unmuted it',
};

/** What became of an undo. */
export function undoneText(reply: UndoEditReply, nameOf: (id: string) => string): string {
  switch (reply.kind) {
    case 'done':
      return reply.reports > 0 ? `Taken back: ${count(reply.reports, 'report')} put where they were.` : 'Taken back.';
    case 'refused':
      return refusalText(reply.refusal);
    case 'gone':
      return 'That change is not known any more, so nothing was taken back.';
    case 'already':
      return `${harmless(nameOf(reply.by))} took this back ${when(reply.at)}.`;
    case 'blocked':
      return `This cannot be taken back by itself any more: ${harmless(nameOf(reply.by))} has since ${BECAUSE[reply.because]} (${when(reply.at)}). Take that back first, or move the reports by hand. Nothing was changed.`;
    case 'filed':
      return `This cannot be taken back any more: ${harmless(reply.label)} was filed from the theme that would end. You can merge the two themes instead. Nothing was changed.`;
  }
}

/** Why a gesture did nothing. */
export function problemText(problem: CurateProblem, nameOf: (id: string) => string): string {
  switch (problem.kind) {
    case 'refused':
      return refusalText(problem.refusal);
    case 'gone':
      return 'Somebody has merged or emptied one of these themes meanwhile, so nothing was changed. `/throughline theme` lists the current ones.';
    case 'already':
      return `${harmless(nameOf(problem.by))} did this already, ${when(problem.at)}. Your click changed nothing.`;
    case 'filing':
      return 'Its approval is being carried out at this moment, so nothing was changed. Please try again in a minute.';
    case 'invalid':
      return invalidText(problem);
  }
}

/** What is wrong with a field. */
export function invalidText({ field, why }: Extract<CurateProblem, { kind: 'invalid' }>): string {
  if (field === 'title') return why === 'too_long' ? 'Please keep it to 120 characters.' : 'A theme needs a name.';
  if (field === 'target') return 'That is the same theme. Choose another one.';
  if (field === 'reports')
    return why === 'all'
      ? 'That is every report of it. To give it another name, rename it.'
      : 'Choose at least one report.';
  if (field === 'until')
    return why === 'past'
      ? 'That day is over. Choose a later one.'
      : 'Say until when: a day, a number of reports, or the next release.';
  return 'A whole number, from 1.';
}
