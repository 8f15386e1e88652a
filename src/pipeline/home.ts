// Home: everything that concerns one person, gathered for their eyes alone; and what admins change from there, at once and on the record.

import type { AdminView } from '#src/domain/admin.ts';
import type { BackfillView } from '#src/domain/backfill.ts';
import type { ThemeBrief } from '#src/domain/curation.ts';
import type {
  CaptureRow,
  HomePage,
  HomeReply,
  Homes,
  HomeTrends,
  HomeVerbs,
  HomeView,
  Listed,
  SetupFacts,
  StoredCapture,
  StoredWaiting,
  WaitingRow,
} from '#src/domain/home.ts';
import { stepsOf, TrendChoice } from '#src/domain/home.ts';
import type { Person, Refusal } from '#src/domain/policy.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Telemetry, Tx } from '#src/domain/ports.ts';
import type { Preferences } from '#src/domain/preference.ts';
import type { Records } from '#src/domain/stores.ts';
import type { TrendVerbs } from '#src/domain/trends.ts';
import { trendsQuery } from '#src/domain/trends.ts';
import type { Audience } from '#src/domain/visibility.ts';
import { neutralArea, neutralTitle } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';

// A view holds a hundred blocks; what does not fit is counted.
const WAITING_SHOWN = 12;
const CAPTURES_SHOWN = 8;
const FOLLOWS_SHOWN = 8;
const BACKFILLS_SHOWN = 5;
// As many as a menu holds, beside the word for all of them.
const AREAS_LISTED = 99;
// What has been read is told for this long after its end.
const BACKFILL_TOLD_MS = 60 * 60_000;
// Somebody who looked at it within this time may still have it before their eyes.
const OPEN_MS = 30 * 60_000;
const OPEN_MAX = 50;
// Whether anything was read at all matters to the first steps, not how much.
const REPORTS_COUNTED = 100;

export interface HomeDeps {
  db: Db;
  homes: Homes;
  audiences: Pick<Audiences, 'ofPerson' | 'insights' | 'themes'>;
  records: Pick<Records, 'audit'>;
  /** How many channels are listened to. */
  listening: () => Promise<number>;
  insightsChannel: () => string | null;
  setPaused: (tx: Tx, paused: boolean, by: string, at: Date) => Promise<void>;
  /** Lets cards speak that were held back. */
  release: () => Promise<void>;
  followed: (person: Person, audience: Audience) => Promise<ThemeBrief[]>;
  backfills: () => Promise<BackfillView[]>;
  trends: TrendVerbs;
  preferences: (person: Person) => Promise<Preferences>;
  /** Slack's time zone of a person. */
  timeZoneOf: (personId: string) => Promise<string | null>;
  /** The page for admins. */
  administration: () => Promise<AdminView>;
  nameOf: (actor: string) => Promise<string>;
  canFile: () => boolean;
  now: () => Date;
  telemetry: Telemetry;
}

const NOTHING = { rows: [], more: 0 };

/** Makes the verbs of Home. */
export function createHome(deps: HomeDeps): HomeVerbs {
  const { db, homes, audiences } = deps;

  return {
    async home(person) {
      const paused = await pausedBy();
      const role = roleOf(person, deps.now());
      if (role === 'outsider') return { ...emptyView(paused), role };
      const audience = audiences.ofPerson(person);
      const isAdmin = role === 'admin';
      const row = await homes.row(db, person.id);
      const page = row.page === 'admin' && !isAdmin ? 'mine' : row.page;
      const common = { ...emptyView(paused), role, page, mayDecide: person.approver, canFile: deps.canFile() };
      if (page === 'admin') return { ...common, admin: await deps.administration() };
      if (page === 'trends') return { ...common, trends: await trendsOf(row.trends, audience) };
      const [waiting, captures, follows, setup, backfills, preferences, timeZone] = await Promise.all([
        person.approver ? waitingFor(person, audience) : NOTHING,
        capturesOf(person, audience),
        followsOf(person, audience),
        isAdmin ? setupFacts() : common.setup,
        isAdmin ? activeBackfills() : [],
        deps.preferences(person),
        deps.timeZoneOf(person.id),
      ]);
      return {
        ...common,
        steps: isAdmin ? stepsOf(setup, row.skipped) : [],
        setup,
        waiting,
        captures,
        follows,
        backfills,
        preferences,
        timeZone,
      };
    },

    homeOpened: (personId) => homes.opened(db, personId, deps.now()),
    homesOpen: () => homes.openSince(db, new Date(deps.now().getTime() - OPEN_MS), OPEN_MAX),
    homeShown: (personId, hash) => homes.shown(db, personId, hash),

    async turnHome({ person, page }) {
      const refusal: Refusal | null = page === 'admin' ? refusalOf(person) : null;
      if (refusal) return { kind: 'refused', refusal };
      await homes.turn(db, person.id, page, deps.now());
      return { kind: 'done' };
    },

    async chooseTrends({ person, change }) {
      const allowed = may(person, 'see', { kind: 'record' }, deps.now());
      if (!allowed.ok) return { kind: 'refused', refusal: allowed.refusal };
      const { trends } = await homes.row(db, person.id);
      await homes.chooseTrends(db, person.id, TrendChoice.parse({ ...trends, ...change }), deps.now());
      return { kind: 'done' };
    },

    async skipStep({ person, step }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      await homes.skip(db, person.id, step, deps.now());
      return { kind: 'done' };
    },

    async pause({ person, paused }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      const reply = await db.transaction('pause', async (tx): Promise<HomeReply & { already?: boolean }> => {
        const at = deps.now();
        if (((await homes.paused(tx)) !== null) === paused) return { kind: 'done', already: true };
        await deps.setPaused(tx, paused, person.id, at);
        await deps.records.audit(tx, [
          {
            actor: person.id,
            verb: paused ? 'workspace.paused' : 'workspace.resumed',
            thingKind: 'workspace',
            thingId: 'settings',
            at: at.toISOString(),
          },
        ]);
        deps.telemetry.count('home_changes_total', { what: paused ? 'pause' : 'resume' });
        return { kind: 'done' };
      });
      // What was held back is shown now; nobody waits for the next minute.
      if (!paused) await deps.release();
      return reply;
    },

    paused: pausedBy,
  };

  async function pausedBy(): Promise<{ by: string; at: string } | null> {
    const paused = await homes.paused(db);
    return paused && { by: await deps.nameOf(paused.by), at: paused.at };
  }

  function refusalOf(person: Person): Refusal | null {
    const allowed = may(person, 'administer', { kind: 'record' }, deps.now());
    return allowed.ok ? null : allowed.refusal;
  }

  async function setupFacts(): Promise<SetupFacts> {
    const [channels, reports] = await Promise.all([deps.listening(), homes.reports(db, REPORTS_COUNTED)]);
    return { channels, insightsChannel: deps.insightsChannel(), reports };
  }

  async function followsOf(person: Person, audience: Audience): Promise<Listed<ThemeBrief>> {
    const rows = await deps.followed(person, audience);
    return { rows: rows.slice(0, FOLLOWS_SHOWN), more: Math.max(0, rows.length - FOLLOWS_SHOWN) };
  }

  async function activeBackfills(): Promise<BackfillView[]> {
    const since = new Date(deps.now().getTime() - BACKFILL_TOLD_MS).toISOString();
    const all = await deps.backfills();
    return all.filter(({ state, updatedAt }) => isActive(state) || updatedAt >= since).slice(0, BACKFILLS_SHOWN);
  }

  async function trendsOf(choice: TrendChoice, audience: Audience): Promise<HomeTrends> {
    const one = <T>(value: T | null): T[] => (value === null ? [] : [value]);
    const filters = { source: one(choice.source), kind: one(choice.kind) };
    const [view, areas] = await Promise.all([
      deps.trends.trends(trendsQuery(choice.days, { ...filters, area: one(choice.area) }), audience),
      deps.trends.breakdown(trendsQuery(choice.days, filters), 'area', audience),
    ]);
    const names = areas.flatMap(({ key }) => neutralArea(key) ?? []);
    // What is chosen stays in the menu, also when nothing is reported about it just now.
    const listed = [...new Set([...one(choice.area), ...names])];
    return { choice, view, areas: listed.slice(0, AREAS_LISTED) };
  }

  async function waitingFor(person: Person, audience: Audience): Promise<Listed<WaitingRow>> {
    const { rows, more } = await homes.waiting(db, person.id, WAITING_SHOWN);
    const shown = await audiences.insights(
      db,
      rows.map(({ insight }) => insight),
      audience,
    );
    return { rows: rows.map((row) => waitingRow(row, shown.has(row.insight.id))), more };
  }

  async function capturesOf(person: Person, audience: Audience): Promise<Listed<CaptureRow>> {
    const { rows, more } = await homes.captures(db, person.id, CAPTURES_SHOWN);
    const shown = await audiences.themes(db, [...new Set(rows.flatMap(({ themeId }) => themeId ?? []))], audience);
    return { rows: rows.map((row) => captureRow(row, row.themeId !== null && shown.has(row.themeId))), more };
  }
}

/** Who somebody is to Home: it shows nobody's words to people who may not see records at all. */
function roleOf(person: Person, now: Date): HomeView['role'] {
  if (!may(person, 'see', { kind: 'record' }, now).ok) return 'outsider';
  return may(person, 'administer', { kind: 'record' }, now).ok ? 'admin' : 'member';
}

function isActive(state: BackfillView['state']): boolean {
  return state === 'waiting' || state === 'reading';
}

function emptyView(paused: HomeView['paused']): HomeView {
  return {
    role: 'outsider',
    page: 'mine' satisfies HomePage,
    paused,
    steps: [],
    setup: { channels: 0, insightsChannel: null, reports: 0 },
    mayDecide: false,
    canFile: false,
    waiting: NOTHING,
    captures: NOTHING,
    follows: NOTHING,
    backfills: [],
    preferences: null,
    timeZone: null,
    trends: null,
    admin: null,
  };
}

function waitingRow({ insight, ...row }: StoredWaiting, isReadable: boolean): WaitingRow {
  return { ...row, title: isReadable ? row.title : neutralTitle(insight), wordsHidden: !isReadable };
}

function captureRow({ themeId: _, ...row }: StoredCapture, isReadable: boolean): CaptureRow {
  return { ...row, title: isReadable ? row.title : null };
}
