// Curation: what people do to themes by hand. The rules here are pure: where a report belongs is replayed from events, and an edit can be
// taken back while nothing later builds on it.
import type { CardState, ShownQuote } from './card.ts';
import type { Person, Refusal } from './policy.ts';
import type { Tx } from './ports.ts';
import type { Audience } from './visibility.ts';

/** What one gesture of a person did. `noise` is about reports, `noise_theme` about the theme with all that it will gather. */
export const EDIT_KINDS = ['renamed', 'merged', 'split', 'moved', 'noise', 'noise_theme', 'muted', 'unmuted'] as const;
export type EditKind = (typeof EDIT_KINDS)[number];

/** How a person said it. */
export type EditVia = 'modal' | 'button' | 'command';

/** What is true of a theme until a person says otherwise. */
export interface ThemeStanding {
  themeId: string;
  title: string;
  /** `machine`, or a person's id. */
  titledBy: string;
  absorbedBy: string | null;
  noiseBy: string | null;
  noiseAt: string | null;
  mute: Mute | null;
}

/** Silence that ends by itself: with the first of its conditions that is met. */
export interface Mute {
  by: string;
  at: string;
  /** ISO 8601. */
  until: string | null;
  /** How many reports the theme must have. */
  reports: number | null;
  /** With the next event named `release`. */
  atRelease: boolean;
}

/** One gesture as it is stored. */
export interface ThemeEdit {
  id: string;
  seq: number;
  kind: EditKind;
  /** Merged: the absorbed one. Split, moved, noise: where the reports were. */
  themeId: string;
  /** Merged: the survivor. Split: the new one. Moved: where they are now. */
  otherThemeId: string | null;
  reports: number;
  by: string;
  via: EditVia;
  at: string;
  titleBefore: string | null;
  titleAfter: string | null;
  body: EditBody;
  undoneBy: string | null;
  undoneAt: string | null;
}

/** What taking an edit back needs besides the events: ids and codes. */
export interface EditBody {
  titledBy?: string;
  /** Cards that the edit took off the table. */
  cards?: { id: string; state: CardState; proposalId: string | null; revision: number | null }[];
  mute?: Mute | null;
}

/** One event of the history, as far as placing depends on it. */
export interface PlacingEvent {
  verb: string;
  conversationId: string | null;
  /** For `returned` and `removed`, where it went is told by `themeId` and the verb. */
  themeId: string;
  placedBy: string | null;
}

/** Where a conversation is, and the person who put it there; `placedBy` null means that the machine may change its mind. */
export interface Placement {
  themeId: string | null;
  placedBy: string | null;
}

/** Replays the history: the placement of every conversation, from nothing but the events in their order. */
export function replay(events: Iterable<PlacingEvent>): Map<string, Placement> {
  const placed = new Map<string, Placement>();
  for (const { verb, conversationId, themeId, placedBy } of events) {
    if (conversationId === null) continue;
    const before = placed.get(conversationId) ?? { themeId: null, placedBy: null };
    switch (verb) {
      case 'opened':
      case 'assigned':
        placed.set(conversationId, { themeId, placedBy: before.placedBy });
        break;
      case 'removed':
        placed.set(conversationId, { themeId: null, placedBy: null });
        break;
      case 'noise':
        placed.set(conversationId, { themeId: null, placedBy });
        break;
      case 'moved':
      case 'split':
      case 'merged':
        placed.set(conversationId, { themeId, placedBy });
        break;
      case 'returned':
      case 'released':
        placed.set(conversationId, { themeId: themeId === '' ? null : themeId, placedBy });
        break;
    }
  }
  return placed;
}

/** A theme in a merge, as far as the choice depends on it. */
export interface MergeSide {
  themeId: string;
  /** Filed, or approved and on its way. */
  hasIssue: boolean;
  /** An approval is being carried out right now. */
  filing: boolean;
}

/**
 * Which of two themes goes on. A theme has at most one live issue and the absorbed one's card ends, so the one with an issue survives;
 * where that does not tell, the one the person chose as the target.
 */
export function survivorOf(
  from: MergeSide,
  into: MergeSide,
): { survivor: string; absorbed: string; swapped: boolean; filing: boolean } {
  const swapped = from.hasIssue && !into.hasIssue;
  const [survivor, absorbed] = swapped ? [from, into] : [into, from];
  return { survivor: survivor.themeId, absorbed: absorbed.themeId, swapped, filing: absorbed.filing };
}

/** An edit that came after another one and still stands, as far as undoing depends on it. */
export type LaterEdit = Pick<ThemeEdit, 'id' | 'kind' | 'themeId' | 'otherThemeId' | 'by' | 'at'> & {
  /** It moved at least one of the same reports. */
  sharesReports: boolean;
};

/** The first of the later edits that builds on this one; null when it can be taken back. `later` is in the order of time. */
export function blockedBy(
  edit: Pick<ThemeEdit, 'kind' | 'themeId' | 'otherThemeId'>,
  later: readonly LaterEdit[],
): LaterEdit | null {
  return later.find((one) => buildsOn(edit, one)) ?? null;
}

function buildsOn(edit: Pick<ThemeEdit, 'kind' | 'themeId' | 'otherThemeId'>, later: LaterEdit): boolean {
  const absorbs = (themeId: string | null) => later.kind === 'merged' && later.themeId === themeId;
  switch (edit.kind) {
    case 'renamed':
      return (later.kind === 'renamed' && later.themeId === edit.themeId) || absorbs(edit.themeId);
    case 'muted':
    case 'unmuted':
      return (
        ((later.kind === 'muted' || later.kind === 'unmuted') && later.themeId === edit.themeId) ||
        absorbs(edit.themeId)
      );
    case 'noise_theme':
      return absorbs(edit.themeId);
    // The absorbed theme comes back with its reports, which nobody may have put elsewhere meanwhile.
    case 'merged':
      return later.sharesReports;
    case 'moved':
    case 'noise':
      return later.sharesReports || absorbs(edit.themeId);
    // The new theme ends: what people have put into it, or done with it, would have nowhere to stay.
    case 'split':
      return (
        later.sharesReports ||
        absorbs(edit.themeId) ||
        absorbs(edit.otherThemeId) ||
        later.otherThemeId === edit.otherThemeId ||
        (later.themeId === edit.otherThemeId && ['split', 'moved', 'noise', 'noise_theme'].includes(later.kind))
      );
  }
}

/** Whether a mute is over: by its date, or because there are as many reports as it was to wait for. A release ends it where it is noticed. */
export function muteEnded(mute: Mute, now: Date, reports: number | null): 'date' | 'reports' | null {
  if (mute.until !== null && Date.parse(mute.until) <= now.getTime()) return 'date';
  if (mute.reports !== null && reports !== null && reports >= mute.reports) return 'reports';
  return null;
}

/** Which gestures change a theme for everybody, and so need an approver; the others move single reports or a name. */
export const WHOLE: ReadonlySet<EditKind> = new Set(['merged', 'split', 'noise_theme', 'muted', 'unmuted']);

export const TITLE_LENGTH_MAX = 120;

/** A theme's name as a person typed it: one line, not empty. */
export function titleOf(typed: string): string | null {
  const title = typed.replace(/\s+/g, ' ').trim();
  return title === '' || title.length > TITLE_LENGTH_MAX ? null : title;
}

/** One theme in a list. `title` is null where the reader may not read the words. */
export interface ThemeBrief {
  themeId: string;
  title: string | null;
  reports: number;
  customers: number;
  cardState: CardState | null;
  permalink: string | null;
  issue: { label: string; url: string | null } | null;
  noise: boolean;
  muted: boolean;
}

/** One report of a theme as the modal lists it. */
export interface ReportRow {
  conversationId: string;
  /** Redacted; null where the reader may not read it. */
  words: string | null;
  who: string | null;
  source: string;
  at: string;
  permalink: string | null;
  /** The name of the person who put it here. */
  placedBy: string | null;
}

/** One line of the history. */
export interface EditRow {
  id: string;
  kind: EditKind;
  by: string;
  at: string;
  reports: number;
  /** The theme on the other side, seen from the one that is looked at; its title is null where it may not be read. */
  other: { themeId: string; title: string | null } | null;
  /** Whether the looked-at theme is the one that `other` came into. */
  incoming: boolean;
  titleBefore: string | null;
  titleAfter: string | null;
  undoneBy: string | null;
  undoneAt: string | null;
}

/** Everything that the modal of a theme says. People are names; times are ISO 8601. */
export interface ThemeView extends ThemeBrief {
  namedBy: string | null;
  kind: string | null;
  severity: string | null;
  since: string | null;
  newest: string | null;
  absorbedBy: { themeId: string; title: string | null } | null;
  noiseBy: string | null;
  mute: (Omit<Mute, 'by'> & { by: string }) | null;
  following: boolean;
  followers: number;
  /** The newest first. */
  items: ReportRow[];
  /** Reports beyond those in `items`. */
  more: number;
  history: EditRow[];
  /** What this person may do. */
  can: { sort: boolean; reshape: boolean };
}

/** What a person is asked about before it happens. */
export type Gesture =
  | { kind: 'merge'; themeId: string; intoId: string }
  | { kind: 'split'; themeId: string; conversationIds: string[] }
  | { kind: 'move'; themeId: string; conversationIds: string[]; toId: string }
  | { kind: 'noise'; themeId: string; conversationIds: string[] }
  | { kind: 'noise_theme'; themeId: string };

/** One thing that a gesture brings with it, for the preview to put into words. */
export type Consequence =
  | { kind: 'swapped'; label: string }
  | { kind: 'proposal_ends'; of: 'absorbed' | 'theme' }
  | { kind: 'card_points' }
  | { kind: 'card_closes' }
  | { kind: 'card_updates' }
  | { kind: 'both_issues_stay'; absorbed: string; survivor: string }
  | { kind: 'issue_stays'; label: string }
  | { kind: 'joins_issue'; label: string }
  | { kind: 'no_card_yet'; customers: number; needed: number }
  | { kind: 'empties' }
  | { kind: 'silent' };

/** What would move, and what comes with it. */
export interface Preview {
  gesture: Gesture['kind'];
  /** Where the reports are, and where they go; null for a new theme and for noise. */
  from: ThemeBrief;
  to: ThemeBrief | null;
  reports: number;
  customers: number;
  quotes: ShownQuote[];
  hiddenQuotes: number;
  consequences: Consequence[];
}

export type PreviewReply = { kind: 'preview'; preview: Preview } | CurateProblem;

/** Why a gesture did nothing. */
export type CurateProblem =
  | { kind: 'refused'; refusal: Refusal }
  /** The theme, or every report that was meant, is not there any more. */
  | { kind: 'gone' }
  /** Somebody did it already: a second click, or another person. `by` is an id. */
  | { kind: 'already'; by: string; at: string }
  | {
      kind: 'invalid';
      field: 'title' | 'target' | 'reports' | 'until' | 'count';
      why: 'empty' | 'too_long' | 'same' | 'past' | 'all';
    }
  /** Its approval is being carried out at this moment. */
  | { kind: 'filing' };

/** What a gesture came to. `editId` is the receipt that takes it back; `themeId` is where things are now. */
export type CurateReply = { kind: 'done'; editId: string; themeId: string; reports: number } | CurateProblem;

export type UndoEditReply =
  | { kind: 'done'; themeId: string; reports: number }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'gone' }
  | { kind: 'already'; by: string; at: string }
  /** A later edit builds on it. `by` is an id. */
  | { kind: 'blocked'; because: EditKind; by: string; at: string }
  /** An issue was filed from the theme that would end. */
  | { kind: 'filed'; label: string };

export type ThemeReply =
  | { kind: 'found'; view: ThemeView }
  | { kind: 'several'; themes: ThemeBrief[] }
  | { kind: 'none' }
  | { kind: 'refused'; refusal: Refusal };

export interface MuteUntil {
  /** ISO 8601. */
  until: string | null;
  /** So many reports more than now. */
  moreReports: number | null;
  atRelease: boolean;
}

/** What people do to themes. Each gesture is one transaction, safe to repeat, and taken back by its receipt. */
export interface CurationVerbs {
  /** By any id that leads to a theme, or by words of its title. */
  theme(input: { query: string; person: Person; audience: Audience }): Promise<ThemeReply>;
  /** Themes that the words may mean, the likeliest first; without words those nearest to `near`, or the newest. */
  themes(input: { words: string; near: string | null; person: Person; audience: Audience }): Promise<ThemeBrief[]>;
  previewEdit(input: { gesture: Gesture; person: Person; audience: Audience }): Promise<PreviewReply>;
  rename(input: { themeId: string; title: string; person: Person; via: EditVia }): Promise<CurateReply>;
  merge(input: { themeId: string; intoId: string; person: Person; via: EditVia }): Promise<CurateReply>;
  /** `title` null lets the machine name the new theme after its first report. */
  split(input: {
    themeId: string;
    conversationIds: readonly string[];
    title: string | null;
    person: Person;
    via: EditVia;
  }): Promise<CurateReply>;
  move(input: {
    themeId: string;
    conversationIds: readonly string[];
    toId: string;
    person: Person;
    via: EditVia;
  }): Promise<CurateReply>;
  /** Reports, or with null the theme as a whole. */
  markNoise(input: {
    themeId: string;
    conversationIds: readonly string[] | null;
    person: Person;
    via: EditVia;
  }): Promise<CurateReply>;
  mute(input: { themeId: string; until: MuteUntil; person: Person; via: EditVia }): Promise<CurateReply>;
  unmute(input: { themeId: string; person: Person; via: EditVia }): Promise<CurateReply>;
  undoEdit(input: { editId: string; person: Person; via: EditVia }): Promise<UndoEditReply>;
  follow(input: {
    themeId: string;
    person: Person;
    on: boolean;
  }): Promise<'following' | 'not_following' | CurateProblem>;
  followed(input: { person: Person; audience: Audience }): Promise<ThemeBrief[]>;
}

/** A conversation on its way from one theme to another. */
export interface Moving {
  conversationId: string;
  fromThemeId: string | null;
  placedBefore: string | null;
  themeId: string | null;
  placedBy: string | null;
}

/** A member of a theme, as far as moving depends on it. */
export interface Member {
  conversationId: string;
  customerId: string | null;
  placedBy: string | null;
  firstAt: string;
}

/** A theme as the database finds it by words. */
export interface ThemeSummary {
  themeId: string;
  title: string;
  reports: number;
  customers: number;
  cardState: CardState | null;
  permalink: string | null;
  noise: boolean;
  muted: boolean;
}

/** What is stored about people's gestures; the pipeline asks, storage answers. Call what writes under the themes' lock. */
export interface Curations {
  standing(tx: Tx, themeIds: readonly string[]): Promise<Map<string, ThemeStanding>>;
  /** Which theme goes on where this one was absorbed, however often; itself when it was not. */
  survivorOf(tx: Tx, themeId: string): Promise<string>;
  /** Themes that were absorbed into this one, directly or by way of others. */
  absorbedInto(tx: Tx, themeId: string): Promise<string[]>;
  /** The theme that an id of any kind leads to. */
  themeOf(tx: Tx, id: string): Promise<string | null>;
  members(tx: Tx, themeId: string): Promise<Member[]>;
  found(tx: Tx, themeIds: readonly string[]): Promise<ThemeSummary[]>;
  search(tx: Tx, words: string, limit: number): Promise<string[]>;
  newest(tx: Tx, limit: number): Promise<string[]>;
  /** Vectors of the newest reports of a theme. */
  vectors(tx: Tx, themeId: string, limit: number): Promise<Buffer[]>;
  /** Every conversation that was ever in a theme. */
  everIn(tx: Tx, themeId: string): Promise<string[]>;
  lockThemes(tx: Tx, themeIds: readonly string[]): Promise<void>;

  record(tx: Tx, edit: Omit<ThemeEdit, 'seq' | 'undoneBy' | 'undoneAt'>): Promise<void>;
  edit(tx: Tx, id: string): Promise<ThemeEdit | null>;
  /** The newest first. */
  edits(tx: Tx, themeId: string, limit: number): Promise<ThemeEdit[]>;
  /** Edits after this one that still stand and share a report or a theme with it, in the order of time. */
  later(tx: Tx, edit: ThemeEdit): Promise<LaterEdit[]>;
  /** The newest standing edit that moved one of these conversations. */
  lastOf(tx: Tx, conversationIds: readonly string[]): Promise<ThemeEdit | null>;
  setUndone(tx: Tx, editId: string, person: string, at: Date): Promise<boolean>;
  /** The reports that an edit moved and that still are where it put them. */
  movedBy(tx: Tx, edit: ThemeEdit): Promise<Moving[]>;

  /** Writes the events, the places and the lineage. */
  place(
    tx: Tx,
    input: {
      verb: 'moved' | 'split' | 'merged' | 'noise' | 'returned' | 'released';
      moving: readonly Moving[];
      editId: string | null;
      actor: string;
      why: string;
      at: Date;
    },
  ): Promise<void>;
  /** An event about a theme as a whole, so that its next look knows that something changed. */
  note(
    tx: Tx,
    input: {
      themeIds: readonly string[];
      verb: 'moved' | 'split' | 'merged' | 'noise' | 'renamed' | 'returned' | 'muted' | 'unmuted';
      editId: string | null;
      actor: string;
      at: Date;
    },
  ): Promise<void>;
  open(tx: Tx, theme: { id: string; title: string; titledBy: string }, at: Date): Promise<void>;
  setAbsorbed(tx: Tx, themeId: string, by: string | null, input: { actor: string; at: Date }): Promise<void>;
  setNoise(tx: Tx, themeId: string, by: string | null, at: Date): Promise<void>;
  setTitle(tx: Tx, themeId: string, title: string, titledBy: string): Promise<void>;
  setMute(tx: Tx, themeId: string, mute: Mute | null): Promise<void>;
  /** Muted themes whose time has come, by date or because there was a release since. */
  muteDue(tx: Tx, now: Date, limit: number): Promise<string[]>;
  /** Themes that post no card and stand in no digest now: muted ones and noise. */
  silent(tx: Tx): Promise<Set<string>>;
  /** Lets the machine place these again, where a person had called them noise. */
  release(tx: Tx, conversationIds: readonly string[], actor: string, at: Date): Promise<void>;

  setFollowing(tx: Tx, themeId: string, personId: string, on: boolean, at: Date): Promise<boolean>;
  followers(tx: Tx, themeId: string): Promise<string[]>;
  followedBy(tx: Tx, personId: string): Promise<string[]>;
}
