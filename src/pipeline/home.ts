// Home: everything that concerns one person, gathered for their eyes alone; and what admins change from there, at once and on the record.

import type {
  CaptureRow,
  HomePage,
  HomeReply,
  Homes,
  HomeVerbs,
  HomeView,
  Listed,
  SetupFacts,
  StoredCapture,
  StoredWaiting,
  WaitingRow,
} from '#src/domain/home.ts';
import { stepsOf } from '#src/domain/home.ts';
import type { Person, Refusal } from '#src/domain/policy.ts';
import { may } from '#src/domain/policy.ts';
import type { Db, Telemetry, Tx } from '#src/domain/ports.ts';
import type { Records } from '#src/domain/stores.ts';
import type { Audience } from '#src/domain/visibility.ts';
import { neutralTitle } from '#src/domain/visibility.ts';
import type { Audiences } from './audience.ts';
import type { Next } from './stage.ts';

// A view holds a hundred blocks; what does not fit is counted.
const WAITING_SHOWN = 12;
const CAPTURES_SHOWN = 8;
// Somebody who looked at it within this time may still have it before their eyes.
const OPEN_MS = 30 * 60_000;
const OPEN_MAX = 50;
// Whether anything was read at all matters to the first steps, not how much.
const REPORTS_COUNTED = 100;
// Cards that were held back by a pause and are shown when it ends; the sweep takes the rest.
const RESUME_MAX = 500;

export interface HomeDeps {
  db: Db;
  homes: Homes;
  audiences: Pick<Audiences, 'ofPerson' | 'insights' | 'themes'>;
  records: Pick<Records, 'audit'>;
  /** How many channels are listened to. */
  listening: () => Promise<number>;
  insightsChannel: () => string | null;
  setPaused: (tx: Tx, paused: boolean, by: string, at: Date) => Promise<void>;
  /** Cards that Slack does not show as they are. */
  undrawn: (tx: Tx, limit: number) => Promise<string[]>;
  nameOf: (actor: string) => Promise<string>;
  canFile: () => boolean;
  now: () => Date;
  send: (tx: Tx, next: Next[]) => Promise<void>;
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
      const [waiting, captures, setup] = await Promise.all([
        person.approver ? waitingFor(person, audience) : NOTHING,
        capturesOf(person, audience),
        isAdmin ? setupFacts() : emptyView(null).setup,
      ]);
      return {
        role,
        page: isAdmin ? row.page : 'mine',
        paused,
        steps: isAdmin ? stepsOf(setup, row.skipped) : [],
        setup,
        mayDecide: person.approver,
        canFile: deps.canFile(),
        waiting,
        captures,
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

    async skipStep({ person, step }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      await homes.skip(db, person.id, step, deps.now());
      return { kind: 'done' };
    },

    async pause({ person, paused }) {
      const refusal = refusalOf(person);
      if (refusal) return { kind: 'refused', refusal };
      return db.transaction('pause', async (tx): Promise<HomeReply & { already?: boolean }> => {
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
        // What was held back is shown now; nobody waits for the next sweep.
        if (!paused)
          await deps.send(
            tx,
            (await deps.undrawn(tx, RESUME_MAX)).map((id): Next => ({ stage: 'show', id })),
          );
        return { kind: 'done' };
      });
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
  };
}

function waitingRow({ insight, ...row }: StoredWaiting, isReadable: boolean): WaitingRow {
  return { ...row, title: isReadable ? row.title : neutralTitle(insight), wordsHidden: !isReadable };
}

function captureRow({ themeId: _, ...row }: StoredCapture, isReadable: boolean): CaptureRow {
  return { ...row, title: isReadable ? row.title : null };
}
