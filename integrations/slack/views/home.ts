// Home: what concerns one person, on their own tab. Everything here is for their eyes alone.
import type { ActionsBlock, KnownBlock, HomeView as SlackHome } from '@slack/types';
import type { ThemeBrief } from '#src/domain/curation.ts';
import {
  type CaptureRow,
  type HomePage,
  type HomeStep,
  type HomeTrends,
  type HomeView,
  type Listed,
  type StepView,
  TREND_DAYS,
  type WaitingRow,
} from '#src/domain/home.ts';
import { ObservationKind } from '#src/domain/observation.ts';
import type { Refusal } from '#src/domain/policy.ts';
import { SignalSource } from '#src/domain/signal.ts';
import { COUNT, clip, LENGTH } from '../limits.ts';
import type { Picture } from '../pictures.ts';
import { harmless, linkTo, when } from '../text.ts';
import { adminBlocks, menu } from './administration.ts';
import { backfillLine } from './backfill.ts';
import { blocksOf, button, context, count, option, plain, section, sourceName } from './blocks.ts';
import { preferencesBlock } from './preferences.ts';
import { toRef } from './ref.ts';
import { refusalText } from './replies.ts';
import { headline, kindName } from './trends.ts';
import { pictureBlock } from './trends-chart.ts';

/** The buttons and menus of Home. Those of rows carry the row's name behind a colon, since a view knows each name once. */
export const HOME_ACTIONS = {
  file: 'home_file',
  snooze: 'home_snooze',
  page: 'home_page',
  resume: 'home_resume',
  pause: 'home_pause',
  step: 'home_step',
  skip: 'home_skip',
  read: 'home_read_past',
  trends: 'home_trends',
} as const;

const TITLE_MAX = 150;
const DAY_MS = 86_400_000;

export interface HomeContext {
  now: Date;
  captureEmoji: string;
  /** What this person just did, and what came of it. */
  note: string | null;
  /** The chart of the page of trends, once it is drawn. */
  picture: Picture | null;
}

/** The Home tab of one person. */
export function homeTab(view: HomeView, at: HomeContext): SlackHome {
  return { type: 'home', blocks: homeBlocks(view, at).slice(0, COUNT.modalBlocks) };
}

function homeBlocks(view: HomeView, at: HomeContext): KnownBlock[] {
  if (view.role === 'outsider') return outsiderBlocks();
  return blocksOf(
    section(welcome(at.captureEmoji)),
    pages(view),
    at.note?.trim() ? context(at.note) : null,
    ...pausedBlocks(view),
    ...pageBlocks(view, at),
  );
}

function pageBlocks(view: HomeView, { now, picture }: HomeContext): KnownBlock[] {
  if (view.admin) return adminBlocks(view.admin, view.paused ? null : pauseButton());
  if (view.trends) return trendBlocks(view.trends, picture);
  return [
    ...stepBlocks(view),
    ...pastBlocks(view),
    ...waitingBlocks(view, now),
    ...captureBlocks(view.captures),
    ...followBlocks(view.follows),
    ...(view.preferences ? [...part('My preferences'), preferencesBlock(view.preferences, view.timeZone)] : []),
  ];
}

/** Guests and people of other companies: kind, short, and nobody's words. */
function outsiderBlocks(): KnownBlock[] {
  return [
    section(
      '*Hello!* Throughline helps the team here to hear what its customers say. What others said is for members of this workspace only, so there is nothing to show you here. If something troubles you, just write it in your channel: it will be heard.',
    ),
  ];
}

function welcome(captureEmoji: string): string {
  return [
    `*Hand me what customers say*: the shortcut *Send to Throughline* on any message, or the reaction :${captureEmoji}: (\`${captureEmoji}\`).`,
    '*Ask me anything about it*: mention me, or type `/throughline ask`. `/throughline help` lists the rest.',
  ].join('\n');
}

const PAGE_WORDS: Record<HomePage, string> = { mine: 'My page', trends: 'Trends', admin: 'Administration' };

/** The way to the other pages; the one that is open has no button. */
function pages(view: HomeView): ActionsBlock {
  const all: HomePage[] = view.role === 'admin' ? ['mine', 'trends', 'admin'] : ['mine', 'trends'];
  return {
    type: 'actions',
    elements: all
      .filter((page) => page !== view.page)
      .map((page) => button(`${HOME_ACTIONS.page}:${page}`, PAGE_WORDS[page], toRef(page))),
  };
}

function pauseButton(): ActionsBlock {
  return { type: 'actions', elements: [button(HOME_ACTIONS.pause, 'Pause all posts', toRef('pause'))] };
}

function pausedBlocks(view: HomeView): KnownBlock[] {
  if (!view.paused) return [];
  const { by, at } = view.paused;
  const text = `*Throughline is paused*, by ${harmless(clip(by, 80))} since ${when(at)}. It posts nothing by itself until somebody resumes it; it goes on reading, and nothing is lost.`;
  if (view.role !== 'admin') return [section(text)];
  return [{ ...section(text), accessory: button(HOME_ACTIONS.resume, 'Resume', toRef('resume')) }];
}

/** What is said after pausing or resuming, by button or by command. */
export function pauseText(
  reply: { kind: 'done'; already?: boolean } | { kind: 'refused'; refusal: Refusal },
  paused: boolean,
): string {
  if (reply.kind === 'refused') return refusalText(reply.refusal);
  if (paused)
    return `${reply.already ? 'I am paused already' : 'Paused'}: I post nothing by myself, no card, no digest, no reminder. I go on reading, and answer whoever asks.`;
  return reply.already ? 'I am not paused.' : 'Resumed: what was held back comes now, the most important first.';
}

/** What is added to an answer while everything is paused. */
export function pausedNotice(paused: { by: string; at: string }): string {
  return `Throughline is paused, by ${harmless(clip(paused.by, 80))} since ${when(paused.at)}: what you do counts, and new cards, digests and reminders wait until it is resumed.`;
}

/** The way to Home, which only Slack's own clients can go. */
export function homeLink(teamId: string | null, appId: string | null): string {
  const where = 'What waits for your decision, what you captured and your preferences stand on my *Home* tab';
  if (!/^[TE]\w+$/.test(teamId ?? '') || !/^A\w+$/.test(appId ?? ''))
    return `${where}: click on my name, then on *Home*.`;
  return `${where}: <slack://app?team=${teamId}&amp;id=${appId}&amp;tab=home|open it>.`;
}

const STEP_WORDS: Record<HomeStep, { what: string; open: string; done: string; button: string }> = {
  channels: {
    what: 'Choose the channels to listen to',
    open: 'I read what customers write there, and nothing else.',
    done: 'I am listening.',
    button: 'Choose channels',
  },
  insights: {
    what: 'Choose where insights go, and who approves',
    open: 'One message for each thing that several customers say. Nothing is filed without a person.',
    done: 'Insights have a place.',
    button: 'Choose a place',
  },
  try: {
    what: 'Try it',
    open: 'Hand me one message, or let me read the last 30 days of your channels.',
    done: 'I have read reports.',
    button: 'Capture a report',
  },
};

function stepBlocks({ steps }: HomeView): KnownBlock[] {
  if (steps.length === 0) return [];
  const done = steps.filter((step) => step.done).length;
  return [
    { type: 'divider' },
    { type: 'header', text: plain(`Set up Throughline: ${done} of ${steps.length} done`, LENGTH.header) },
    ...steps.flatMap((step, index) => stepRow(step, index + 1)),
  ];
}

function stepRow({ step, done }: StepView, number: number): KnownBlock[] {
  const { what, ...words } = STEP_WORDS[step];
  if (done) return [section(`*${number}. ${what}*\nDone. ${words.done}`)];
  return [
    section(`*${number}. ${what}*\n${words.open}`),
    {
      type: 'actions',
      elements: [
        button(`${HOME_ACTIONS.step}:${step}`, words.button, toRef(step)),
        ...(step === 'try' ? [button(HOME_ACTIONS.read, 'Read the last 30 days', toRef('30'))] : []),
        button(`${HOME_ACTIONS.skip}:${step}`, 'Skip', toRef(step)),
      ],
    },
  ];
}

function pastBlocks({ backfills }: HomeView): KnownBlock[] {
  if (backfills.length === 0) return [];
  return [...part('Reading the past'), ...backfills.map((backfill) => section(backfillLine(backfill)))];
}

function waitingBlocks({ waiting, mayDecide, canFile }: HomeView, now: Date): KnownBlock[] {
  if (!mayDecide) return [];
  const number = waiting.rows.length + waiting.more;
  if (number === 0) return [...part('Waits for your decision'), section('Nothing waits. New insights show up here.')];
  return [
    ...part(`Waits for your decision: ${number}`),
    ...waiting.rows.flatMap((row) => waitingRow(row, canFile, now)),
    ...more(waiting.more, 'more waits', 'more wait', '`/throughline insight` lists the newest.'),
  ];
}

function waitingRow(row: WaitingRow, canFile: boolean, now: Date): KnownBlock[] {
  const title = linkTo(row.permalink, clip(row.title, TITLE_MAX));
  const about = `${count(row.customers, 'customer')}, ${count(row.reports, 'report')} · waits ${age(row.since, now)}${row.permalink ? '' : ' · not posted in a channel'}`;
  if (row.wordsHidden)
    return [section(`*${title}*\n${about}\nSome of it was said where you cannot read, so it is decided on its card.`)];
  const value = toRef(row.cardId, row.proposalId, row.revision);
  return [
    section(`*${title}*\n${about}${canFile ? '' : ' · it can be filed once Linear is connected'}`),
    {
      type: 'actions',
      elements: [
        ...(canFile ? [button(`${HOME_ACTIONS.file}:${row.cardId}`, 'File', value)] : []),
        button(`${HOME_ACTIONS.snooze}:${row.cardId}`, 'Not now', value),
      ],
    },
  ];
}

/** How long something has waited: coarse, so that it is not another text every minute. */
export function age(since: string, now: Date): string {
  const hours = Math.floor((now.getTime() - Date.parse(since)) / (DAY_MS / 24));
  if (hours < 1) return 'less than an hour';
  return hours < 48 ? `for ${count(hours, 'hour')}` : `for ${count(Math.floor(hours / 24), 'day')}`;
}

function captureBlocks(captures: Listed<CaptureRow>): KnownBlock[] {
  if (captures.rows.length === 0)
    return [...part('What you captured'), section('Nothing yet. What you hand me is followed from here to its end.')];
  return [
    ...part('What you captured'),
    ...captures.rows.map((row) =>
      section(`${linkTo(row.permalink, 'Your message')} of ${when(row.at, 'day')}: ${became(row)}`),
    ),
    ...more(
      captures.more,
      'older one',
      'older ones',
      '`/throughline trace` with a message’s link follows any of them.',
    ),
  ];
}

const CARD_WORDS: Record<NonNullable<CaptureRow['card']>['state'], string> = {
  waiting: 'an insight that waits for a decision',
  open: 'an insight that waits for a decision',
  snoozed: 'set aside for now',
  approved: 'approved, being filed',
  filed: 'filed',
  failed: 'approved; filing has not worked yet',
  dismissed: 'dismissed',
  done: 'done',
  undone: 'taken back',
  folded: 'an insight of before',
  absorbed: 'merged into another theme',
};

function became({ became: what, title, card, issue }: CaptureRow): string {
  switch (what) {
    case 'reading':
      return 'I am reading it.';
    case 'noise':
      return 'small talk, as far as I can tell.';
    case 'alone':
      return 'read; it resembles nothing else so far.';
    case 'deleted':
      return 'deleted where it was written, and so here.';
    case 'theme': {
      const theme =
        title === null ? 'a theme with words that you cannot open' : `“${harmless(clip(title, TITLE_MAX))}”`;
      const stands = card ? linkTo(card.permalink, CARD_WORDS[card.state]) : 'too few customers for an insight so far';
      const filed = issue ? ` as ${linkTo(issue.url, clip(issue.label, 60))}` : '';
      return `${theme} · ${stands}${filed}`;
    }
  }
}

function followBlocks(follows: Listed<ThemeBrief>): KnownBlock[] {
  if (follows.rows.length === 0) return [];
  return [
    ...part('Themes I follow'),
    ...follows.rows.map((theme) => section(followed(theme))),
    ...more(follows.more, 'more theme', 'more themes', '`/throughline theme` shows any of them.'),
  ];
}

function followed({ title, reports, customers, cardState, permalink, issue, muted, noise }: ThemeBrief): string {
  const name = title === null ? 'A theme with words that you cannot open' : linkTo(permalink, clip(title, TITLE_MAX));
  const facts = [
    `${count(reports, 'report')} from ${count(customers, 'customer')}`,
    issue ? `filed as ${linkTo(issue.url, clip(issue.label, 60))}` : cardState ? CARD_WORDS[cardState] : null,
    muted && 'muted',
    noise && 'marked as noise',
  ];
  return `${name}\n${facts.filter(Boolean).join(' · ')}`;
}

const ALL = 'all';
const THEMES_SHOWN = 8;

function trendBlocks({ choice, view, areas }: HomeTrends, picture: Picture | null): KnownBlock[] {
  const choose = (name: string, all: string, options: ReturnType<typeof option>[], chosen: string | null) =>
    menu(`${HOME_ACTIONS.trends}:${name}`, all, [option(all, ALL), ...options], chosen ?? ALL);
  const rows = view.themes.slice(0, THEMES_SHOWN);
  return [
    ...part('Trends'),
    {
      type: 'actions',
      elements: [
        menu(
          `${HOME_ACTIONS.trends}:days`,
          'Period',
          TREND_DAYS.map((days) => option(`The last ${days} days`, String(days))),
          String(choice.days),
        ),
        choose(
          'area',
          'All areas',
          areas.map((area) => option(area, area)),
          choice.area,
        ),
        choose(
          'source',
          'All sources',
          SignalSource.options.map((source) => option(sourceName(source), source)),
          choice.source,
        ),
        choose(
          'kind',
          'All kinds',
          ObservationKind.options.map((kind) => option(kindName(kind), kind)),
          choice.kind,
        ),
      ],
    },
    section(headline(view)),
    ...(picture ? [pictureBlock(picture)] : []),
    ...rows.map((row, index) => {
      const title = clip(row.title, TITLE_MAX);
      return section(
        `*${index + 1}.* ${linkTo(row.permalink, title)}\n${count(row.reports.now, 'report')} from ${count(row.customers.now, 'customer')}${row.reports.before === null ? '' : `, ${row.reports.before} before`}`,
      );
    }),
    ...more(view.themes.length - rows.length + view.more, 'more theme', 'more themes', ''),
    context('`/throughline trends` takes more filters, and can be shared.'),
  ];
}

/** What a menu over the trends was set to; null is everything. */
export function chosenTrend(value: string | null): string | null {
  return value === null || value === ALL ? null : value;
}

function part(title: string): KnownBlock[] {
  return [{ type: 'divider' }, { type: 'header', text: plain(title, LENGTH.header) }];
}

function more(number: number, one: string, many: string, where: string): KnownBlock[] {
  return number > 0 ? [context(`${count(number, one, many)}. ${where}`.trim())] : [];
}
