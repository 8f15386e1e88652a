// The Home tab: drawn when a person opens it, after each of their clicks, and when something on it changes while they look.

import { createHash } from 'node:crypto';
import type { HomeView as SlackHome } from '@slack/types';
import { ExternalError, errorLine } from '#src/domain/errors.ts';
import type { HomeTrends } from '#src/domain/home.ts';
import { HOME_PAGES, HOME_STEPS, type HomeStep, type TrendChoice } from '#src/domain/home.ts';
import { may } from '#src/domain/policy.ts';
import type { Clock, Log, Telemetry } from '#src/domain/ports.ts';
import type { TrendsView } from '#src/domain/trends.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import type { Ask, SlackApp, ViewAnswer } from '../app.ts';
import type { Outbound } from '../outbound.ts';
import type { People } from '../people.ts';
import type { Picture, Pictures } from '../pictures.ts';
import { noteModal } from '../views/edit.ts';
import { readForm } from '../views/form.ts';
import { chosenTrend, HOME_ACTIONS, homeTab, pauseText } from '../views/home.ts';
import {
  PREFERENCES_ACTION,
  PREFERENCES_MODAL,
  PREFERENCES_SAVED,
  preferenceErrors,
  preferencesModal,
  readPreferences,
} from '../views/preferences.ts';
import { fromRef, seenOf } from '../views/ref.ts';
import { CLICK_AGAIN, decideText, NOTHING_CHANGED, OLD_MESSAGE, refusalText } from '../views/replies.ts';
import { altText, chartOf } from '../views/trends-chart.ts';

// Changes come in bursts: one report moves a theme, its insight and its card. What they make of Home is drawn once.
const GATHER_MS = 3_000;
// Drawing takes the database's time: it gets at most this part of it.
const REST_FACTOR = 10;
// How long a person still sees what came of their click.
const NOTE_MS = 60_000;
// Ids only; whoever has not looked for longest gets a new one.
const CHARTS_KEPT = 500;

export interface HomeDeps {
  verbs: Verbs;
  people: Pick<People, 'personOf' | 'displayName' | 'user'>;
  outbound: Pick<Outbound, 'publishHome' | 'openView'>;
  settings(): Promise<{ captureEmoji: string }>;
  clock: Clock;
  log: Log;
  telemetry: Telemetry;
  pictures: Pictures;
}

/** The Home tabs of a workspace. */
export interface HomeTabs {
  /** A person opened theirs. */
  opened(personId: string): Promise<void>;
  /** Draws a person's Home, with what came of their click. */
  draw(personId: string, note?: string): Promise<void>;
  /** Something changed that may stand on somebody's Home; whoever has it open is shown soon. */
  changed(): void;
  /** Draws at once what would be drawn soon. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** Makes the Home tabs. Nothing is drawn before somebody opens one. */
export function createHomeTabs(deps: HomeDeps): HomeTabs {
  const { verbs, people, outbound, clock, log } = deps;
  const notes = new Map<string, { text: string; until: number }>();
  const lanes = new Map<string, Promise<void>>();
  // The chart that each person's page of trends shows, by what it shows; null while it is drawn, or when there is none to be had.
  const charts = new Map<string, { key: string; picture: Picture | null }>();
  const drawing = new Set<Promise<void>>();
  let round: { done: Promise<void>; hurry: AbortController } | null = null;
  let isDirty = false;
  let stopped = false;

  const tabs: HomeTabs = {
    async opened(personId) {
      await verbs.homeOpened(personId);
      notes.delete(personId);
      await unlessRefused(personId, () => inTurn(personId, () => publish(personId, null)));
    },
    async draw(personId, note) {
      if (note) notes.set(personId, { text: note, until: clock.now().getTime() + NOTE_MS });
      else notes.delete(personId);
      try {
        await unlessRefused(personId, () => inTurn(personId, () => publish(personId, null)));
      } catch (error) {
        // The click has been counted by now: that Slack would not draw the page at once must not read as if it had not.
        if (!(error instanceof ExternalError)) throw error;
        log.warn({ person: personId, error: errorLine(error) }, 'a Home is drawn later');
        tabs.changed();
      }
    },
    changed() {
      isDirty = true;
      if (stopped || round) return;
      const hurry = new AbortController();
      round = { hurry, done: rounds(hurry.signal) };
    },
    async drain() {
      while (round) {
        round.hurry.abort();
        await round.done;
      }
      await Promise.all(drawing);
    },
    async stop() {
      stopped = true;
      await tabs.drain();
    },
  };
  return tabs;

  /** Draws what has changed, again and again while more changes; the time between is long where drawing takes long. */
  async function rounds(signal: AbortSignal): Promise<void> {
    for (let waitMs = GATHER_MS; isDirty && !stopped; ) {
      await clock.sleep(waitMs, signal);
      const began = clock.now().getTime();
      isDirty = false;
      try {
        if (!stopped) await redraw();
      } catch (error) {
        log.warn({ error: errorLine(error) }, 'the open Homes are drawn with the next change');
      }
      waitMs = Math.max(GATHER_MS, (clock.now().getTime() - began) * REST_FACTOR);
    }
    round = null;
  }

  async function redraw(): Promise<void> {
    for (const { personId, shown } of await verbs.homesOpen()) {
      try {
        await inTurn(personId, () => publish(personId, shown));
      } catch (error) {
        log.warn({ person: personId, error: errorLine(error) }, 'a Home could not be drawn again');
      }
    }
  }

  /** Publishes what is true now, unless it is `shown` already. */
  async function publish(personId: string, shown: string | null): Promise<void> {
    const now = clock.now();
    const kept = notes.get(personId);
    if (kept && kept.until <= now.getTime()) notes.delete(personId);
    const [view, { captureEmoji }] = await Promise.all([
      people.personOf(personId).then((person) => verbs.home(person)),
      deps.settings(),
    ]);
    const chart = view.trends ? charts.get(personId) : undefined;
    const key = view.trends ? chartKey(view.trends) : null;
    const picture = chart && chart.key === key ? chart.picture : null;
    const at = { now, captureEmoji, note: notes.get(personId)?.text ?? null };
    const tab = homeTab(view, { ...at, picture });
    const hash = hashOf(tab);
    if (hash === shown) return;
    await show(personId, tab, picture && homeTab(view, { ...at, picture: null }));
    if (view.trends && key !== null && chart?.key !== key) drawChart(personId, key, view.trends.view);
    deps.telemetry.count('home_published_total', { because: shown === null ? 'person' : 'change' });
    await verbs.homeShown(personId, hash);
  }

  /** Publishes a tab; one with a picture again while Slack looks through it, and in the end `without`. */
  async function show(personId: string, tab: SlackHome, without: SlackHome | null): Promise<void> {
    if (!without) return outbound.publishHome(personId, tab);
    const send = async () => {
      await outbound.publishHome(personId, tab);
      return true;
    };
    if (!(await deps.pictures.whenReady(send))) await outbound.publishHome(personId, without);
  }

  /** The numbers stand there at once; their picture joins them when it is drawn. */
  function drawChart(personId: string, key: string, view: TrendsView): void {
    charts.delete(personId);
    charts.set(personId, { key, picture: null });
    if (charts.size > CHARTS_KEPT) charts.delete(charts.keys().next().value!);
    if (view.reports.now + (view.reports.before ?? 0) === 0) return;
    const work = (async () => {
      try {
        const locale = (await people.user(personId))?.locale ?? null;
        const picture = await deps.pictures.make(chartOf(view, locale), altText(view, locale));
        if (!picture || charts.get(personId)?.key !== key) return;
        charts.set(personId, { key, picture });
        await unlessRefused(personId, () => inTurn(personId, () => publish(personId, null)));
      } catch (error) {
        log.warn({ person: personId, error: errorLine(error) }, 'a Home goes without its chart');
      }
    })().finally(() => drawing.delete(work));
    drawing.add(work);
  }

  /** Where the app has no Home tab, or the person is gone, there is nothing to draw, now or later. */
  async function unlessRefused(personId: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!(error instanceof ExternalError) || error.retryable) throw error;
      log.warn({ person: personId, error: errorLine(error) }, 'Slack does not take a Home for this person');
    }
  }

  /** One drawing of a person's Home at a time, so that the last one drawn is the last one shown. */
  async function inTurn(personId: string, run: () => Promise<void>): Promise<void> {
    const before = lanes.get(personId) ?? Promise.resolve();
    const turn = before.then(run, run);
    lanes.set(personId, turn);
    try {
      await turn;
    } finally {
      if (lanes.get(personId) === turn) lanes.delete(personId);
    }
  }
}

/** What a chart shows, without the moment at which it was asked for. */
function chartKey({ choice, view }: HomeTrends): string {
  const themes = view.themes.map(({ themeId, title, reports, columns }) => [themeId, title, reports, columns]);
  return JSON.stringify([choice, view.columns.map(({ reports, before }) => [reports, before]), themes]);
}

/** Hangs up the listeners of Home. */
export function listenToHome(app: SlackApp, deps: HomeDeps & { tabs: HomeTabs }): void {
  const { verbs, people, tabs } = deps;

  const decide = (verb: 'approve' | 'snooze') => async (ask: Ask) => {
    const seen = seenOf(fromRef(ask.value, 3));
    if (!seen) return tabs.draw(ask.userId, OLD_MESSAGE);
    const reply = await verbs.decide({ ...seen, verb, person: await ask.person(), via: 'home' });
    const name = 'by' in reply ? await people.displayName(reply.by) : '';
    await tabs.draw(ask.userId, decideText(reply, { verb }, () => name) ?? undefined);
  };
  app.onActions(HOME_ACTIONS.file, decide('approve'));
  app.onActions(HOME_ACTIONS.snooze, decide('snooze'));

  app.onActions(HOME_ACTIONS.page, async (ask) => {
    const [wanted] = fromRef(ask.value, 1) ?? [];
    const page = HOME_PAGES.find((one) => one === wanted) ?? 'mine';
    const reply = await verbs.turnHome({ person: await ask.person(), page });
    await tabs.draw(ask.userId, reply.kind === 'refused' ? refusalText(reply.refusal) : undefined);
  });

  app.onActions(HOME_ACTIONS.trends, async (ask) => {
    const menu = ask.interaction.actions?.[0]?.action_id.split(':')[1];
    const value = menu === 'days' ? Number(ask.value) : chosenTrend(ask.value);
    // What a menu cannot hold is read as everything.
    const change = { [menu ?? '']: value } as Partial<TrendChoice>;
    const reply = await verbs.chooseTrends({ person: await ask.person(), change });
    await tabs.draw(ask.userId, reply.kind === 'refused' ? refusalText(reply.refusal) : undefined);
  });

  app.onAction(PREFERENCES_ACTION, async (ask) => {
    const trigger = ask.interaction.trigger_id;
    const person = await ask.person();
    const allowed = may(person, 'see', { kind: 'record' }, deps.clock.now());
    if (!allowed.ok) return ask.reply(refusalText(allowed.refusal));
    const [preferences, user] = await Promise.all([verbs.preferences(person), people.user(person.id)]);
    const view = preferencesModal(preferences, user?.timeZone ?? null);
    if (ask.late || !trigger || (await deps.outbound.openView(trigger, view)) === 'expired')
      await ask.reply(CLICK_AGAIN);
  });

  app.onView(PREFERENCES_MODAL, async (ask): Promise<ViewAnswer> => {
    const wanted = readPreferences(readForm(ask.interaction.view));
    const reply = await verbs.setPreferences(await ask.person(), wanted);
    if (reply.kind === 'invalid') return { response_action: 'errors', errors: preferenceErrors(reply.fields) };
    if (reply.kind === 'refused')
      return { response_action: 'update', view: noteModal(NOTHING_CHANGED, refusalText(reply.refusal)) };
    await tabs.draw(ask.userId, PREFERENCES_SAVED);
    return undefined;
  });

  const pause = (paused: boolean) => async (ask: Ask) => {
    const reply = await verbs.pause({ person: await ask.person(), paused });
    await tabs.draw(ask.userId, pauseText(reply, paused));
  };
  app.onAction(HOME_ACTIONS.pause, pause(true));
  app.onAction(HOME_ACTIONS.resume, pause(false));

  app.onActions(HOME_ACTIONS.skip, async (ask) => {
    const [step] = fromRef(ask.value, 1) ?? [];
    if (!isStep(step)) return tabs.draw(ask.userId, OLD_MESSAGE);
    const reply = await verbs.skipStep({ person: await ask.person(), step });
    await tabs.draw(ask.userId, reply.kind === 'refused' ? refusalText(reply.refusal) : 'Skipped.');
  });
}

function isStep(step: string | undefined): step is HomeStep {
  return HOME_STEPS.includes(step as HomeStep);
}

function hashOf(tab: SlackHome): string {
  return createHash('sha256').update(JSON.stringify(tab)).digest('hex').slice(0, 32);
}
