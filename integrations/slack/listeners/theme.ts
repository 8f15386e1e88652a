// The window of a theme: opened from a card, a list or the command; each button turns it into a step, each step asks the verbs and turns it back.
import type { ModalView } from '@slack/types';
import type { CurateProblem, CurateReply, EditKind, Gesture, ThemeView } from '#src/domain/curation.ts';
import type { Person } from '#src/domain/policy.ts';
import type { Verbs } from '#src/domain/verbs.ts';
import { oneReader } from '#src/domain/visibility.ts';
import type { Ask, SlackApp, ViewAnswer } from '../app.ts';
import type { Message } from '../client.ts';
import type { Outbound } from '../outbound.ts';
import type { People } from '../people.ts';
import { noteModal } from '../views/edit.ts';
import { fromRef } from '../views/ref.ts';
import { CLICK_AGAIN, OLD_MESSAGE, OPEN_AGAIN, refusalText, say } from '../views/replies.ts';
import {
  doneText,
  editReceipt,
  FOLLOWING,
  invalidText,
  LIST_TITLES,
  NO_THEME,
  NOT_FOLLOWING,
  noTheme,
  problemText,
  THEME_ACTIONS,
  type ThemeOrigin,
  themeModal,
  themesMessage,
  undoneText,
} from '../views/theme.ts';
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
  type StepValues,
  sortingOf,
  sortStep,
  THEME_STEPS,
} from '../views/theme-steps.ts';

export interface ThemeDeps {
  verbs: Verbs;
  people: Pick<People, 'displayName'>;
  outbound: Pick<Outbound, 'openView' | 'updateView' | 'tell'>;
}

const KINDS: Record<Gesture['kind'], EditKind> = {
  merge: 'merged',
  split: 'split',
  move: 'moved',
  noise: 'noise',
  noise_theme: 'noise_theme',
};

/** Opens the window of what a person named, or lists what they may have meant. Null when the window is open. */
export async function openTheme(deps: ThemeDeps, ask: Ask, query: string): Promise<Message | null> {
  const person = await ask.person();
  const audience = oneReader(person);
  if (query.trim() === '') {
    const followed = await deps.verbs.followed({ person, audience });
    const newest = await deps.verbs.themes({ words: '', near: null, person, audience });
    const known = new Set(followed.map(({ themeId }) => themeId));
    const themes = [...followed, ...newest.filter(({ themeId }) => !known.has(themeId))];
    return themes.length > 0
      ? themesMessage(followed.length > 0 ? LIST_TITLES.followed : LIST_TITLES.newest, themes)
      : say(NO_THEME);
  }
  const reply = await deps.verbs.theme({ query, person, audience });
  if (reply.kind === 'refused') return say(refusalText(reply.refusal));
  if (reply.kind === 'none') return say(noTheme(query));
  if (reply.kind === 'several') return themesMessage(LIST_TITLES.many, reply.themes);
  const trigger = ask.interaction.trigger_id;
  if (ask.late || !trigger) return say(CLICK_AGAIN);
  const origin = { themeId: reply.view.themeId, channel: ask.where.channel ?? null };
  const opened = await deps.outbound.openView(trigger, themeModal(reply.view, origin));
  return opened === 'expired' ? say(CLICK_AGAIN) : null;
}

/** Hangs up the listeners of the window. */
export function listenToThemes(app: SlackApp, deps: ThemeDeps): void {
  const { verbs, people, outbound } = deps;

  app.onAction(THEME_ACTIONS.open, async (ask) => {
    const [themeId] = fromRef(ask.value, 1) ?? [];
    if (!themeId) return ask.reply(OLD_MESSAGE);
    const answer = await openTheme(deps, ask, themeId);
    if (answer) await ask.reply(answer);
  });

  inWindow(THEME_ACTIONS.back, async ({ view, origin }) => themeModal(view, origin));
  inWindow(THEME_ACTIONS.rename, async ({ view, origin }) => renameStep(view, origin));
  inWindow(THEME_ACTIONS.mute, async ({ view, origin }) => muteStep(view, origin));
  inWindow(THEME_ACTIONS.merge, async (at) => mergeStep(at.view, at.origin, await targets(at, ''), ''));
  inWindow(THEME_ACTIONS.sort, async (at) => sortStep(at.view, at.origin, await targets(at, ''), ''));
  inWindow(THEME_ACTIONS.search, async (at) => {
    const words = at.values.search?.search?.value ?? '';
    const draw = at.callback === THEME_STEPS.sort ? sortStep : mergeStep;
    return draw(at.view, at.origin, await targets(at, words), words);
  });
  inWindow(THEME_ACTIONS.noise, async ({ view, origin, person }) => {
    const gesture: Gesture = { kind: 'noise_theme', themeId: view.themeId };
    const reply = await verbs.previewEdit({ gesture, person, audience: oneReader(person) });
    if (reply.kind !== 'preview') return themeModal(view, origin, await problemWords(reply));
    return confirmStep(reply.preview, gesture, origin);
  });
  inWindow(THEME_ACTIONS.unmute, async ({ ask, view, origin, person }) => {
    const reply = await verbs.unmute({ themeId: view.themeId, person, via: 'button' });
    return shown(ask, person, origin, 'unmuted', reply, view);
  });
  inWindow(THEME_ACTIONS.follow, async ({ ask, view, origin, person }) => {
    const on = fromRef(ask.value, 2)?.[1] !== 'off';
    const reply = await verbs.follow({ themeId: view.themeId, person, on });
    const said =
      reply === 'following' ? FOLLOWING : reply === 'not_following' ? NOT_FOLLOWING : await problemWords(reply);
    return again(view.themeId, person, origin, said);
  });

  app.onActions(THEME_ACTIONS.undoLine, async (ask) => {
    const [editId] = fromRef(ask.value, 1) ?? [];
    const at = await windowOf(ask);
    if (!editId || !at) return ask.reply(OLD_MESSAGE);
    const reply = await verbs.undoEdit({ editId, person: at.person, via: 'button' });
    const text = undoneText(reply, await namesIn(reply));
    await show(ask, await again(at.origin.themeId, at.person, at.origin, text));
  });

  app.onAction(THEME_ACTIONS.undo, async (ask) => {
    const [editId] = fromRef(ask.value, 1) ?? [];
    if (!editId) return ask.reply(OLD_MESSAGE);
    const reply = await verbs.undoEdit({ editId, person: await ask.person(), via: 'button' });
    await ask.reply(undoneText(reply, await namesIn(reply)));
  });

  app.onView(THEME_STEPS.rename, async (ask): Promise<ViewAnswer> => {
    const sent = sentOf(ask);
    if (!sent) return outdated();
    const person = await ask.person();
    const { themeId } = sent.origin;
    const reply = await verbs.rename({
      themeId,
      title: sent.values.title?.title?.value ?? '',
      person,
      via: 'modal',
    });
    if (reply.kind === 'invalid') return { response_action: 'errors', errors: { title: invalidText(reply) } };
    return updated(await shown(ask, person, sent.origin, 'renamed', reply, null));
  });

  app.onView(THEME_STEPS.mute, async (ask): Promise<ViewAnswer> => {
    const sent = sentOf(ask);
    if (!sent) return outdated();
    const person = await ask.person();
    const { themeId } = sent.origin;
    const reply = await verbs.mute({ themeId, until: readMute(sent.values), person, via: 'modal' });
    if (reply.kind === 'invalid') {
      const field = reply.field === 'count' ? 'count' : 'until';
      return { response_action: 'errors', errors: { [field]: invalidText(reply) } };
    }
    return updated(await shown(ask, person, sent.origin, 'muted', reply, null));
  });

  app.onView(THEME_STEPS.merge, async (ask): Promise<ViewAnswer> => {
    const sent = sentOf(ask);
    if (!sent) return outdated();
    const { blockId, target } = readTarget(sent.values);
    if (!blockId || !target) return updated(await searchAgain(ask, sent, mergeStep));
    return preview(ask, sent.origin, { kind: 'merge', themeId: sent.origin.themeId, intoId: target }, blockId);
  });

  app.onView(THEME_STEPS.sort, async (ask): Promise<ViewAnswer> => {
    const sent = sentOf(ask);
    if (!sent) return outdated();
    const { blockId, target } = readTarget(sent.values);
    if (!blockId || !target) return updated(await searchAgain(ask, sent, sortStep));
    const gesture = sortingOf(sent.origin.themeId, readReports(sent.values), target);
    return preview(ask, sent.origin, gesture, blockId);
  });

  app.onView(THEME_STEPS.confirm, async (ask): Promise<ViewAnswer> => {
    const sent = sentOf(ask);
    const gesture = sent && gestureOf(sent.metadata);
    if (!sent || !gesture) return outdated();
    const person = await ask.person();
    const reply = await doIt(gesture, sent.values, person);
    if (reply.kind === 'invalid' && reply.field === 'title')
      return { response_action: 'errors', errors: { title: invalidText(reply) } };
    return updated(await shown(ask, person, sent.origin, KINDS[gesture.kind], reply, null));
  });

  function doIt(gesture: Gesture, values: StepValues, person: Person): Promise<CurateReply> {
    const via = 'modal' as const;
    switch (gesture.kind) {
      case 'merge':
        return verbs.merge({ ...gesture, person, via });
      case 'move':
        return verbs.move({ ...gesture, person, via });
      case 'split': {
        const title = (values.title?.title?.value ?? '').trim();
        return verbs.split({ ...gesture, title: title === '' ? null : title, person, via });
      }
      case 'noise':
        return verbs.markNoise({ ...gesture, person, via });
      case 'noise_theme':
        return verbs.markNoise({ themeId: gesture.themeId, conversationIds: null, person, via });
    }
  }

  interface At {
    ask: Ask;
    person: Person;
    origin: ThemeOrigin;
    view: ThemeView;
    callback: string;
    values: StepValues;
  }

  /** A button inside the window: what it answers is what the window becomes. */
  function inWindow(actionId: string, run: (at: At) => Promise<ModalView>): void {
    app.onAction(actionId, async (ask) => {
      const at = await windowOf(ask);
      if (!at) return ask.reply(OLD_MESSAGE);
      const view = await viewOf(at.origin.themeId, at.person);
      await show(ask, view ? await run({ ...at, view }) : noteModal('Theme', noTheme(at.origin.themeId)));
    });
  }

  async function windowOf(ask: Ask): Promise<Omit<At, 'view'> | null> {
    const sent = sentOf(ask);
    return sent && { ask, person: await ask.person(), ...sent };
  }

  // A window that was closed meanwhile, or has changed, wants no answer.
  async function show(ask: Ask, view: ModalView): Promise<void> {
    const { id, hash } = ask.interaction.view ?? {};
    if (id) await outbound.updateView(id, hash ?? null, view);
  }

  function targets(at: Pick<At, 'origin' | 'person'>, words: string) {
    return verbs.themes({ words, near: at.origin.themeId, person: at.person, audience: oneReader(at.person) });
  }

  async function viewOf(themeId: string, person: Person): Promise<ThemeView | null> {
    const reply = await verbs.theme({ query: themeId, person, audience: oneReader(person) });
    return reply.kind === 'found' ? reply.view : null;
  }

  /** The window as it is now. */
  async function again(themeId: string, person: Person, origin: ThemeOrigin, said: string): Promise<ModalView> {
    const view = await viewOf(themeId, person);
    return view ? themeModal(view, { ...origin, themeId }, said) : noteModal('Theme', said);
  }

  /** The window after a gesture, and a receipt with Undo for the one who did it. */
  async function shown(
    ask: Ask,
    person: Person,
    origin: ThemeOrigin,
    kind: EditKind,
    reply: CurateReply,
    before: ThemeView | null,
  ): Promise<ModalView> {
    if (reply.kind !== 'done')
      return before
        ? themeModal(before, origin, await problemWords(reply))
        : again(origin.themeId, person, origin, await problemWords(reply));
    const view = await viewOf(reply.themeId, person);
    const receipt = editReceipt(kind, reply.reports, view?.title ?? null, reply.editId);
    await outbound.tell({ userId: ask.userId, channel: origin.channel }, receipt);
    const said = doneText(kind, reply.reports);
    return view ? themeModal(view, { ...origin, themeId: reply.themeId }, said) : noteModal('Theme', said);
  }

  async function preview(ask: Ask, origin: ThemeOrigin, gesture: Gesture, targetBlock: string): Promise<ViewAnswer> {
    const person = await ask.person();
    const reply = await verbs.previewEdit({ gesture, person, audience: oneReader(person) });
    if (reply.kind === 'preview') return updated(confirmStep(reply.preview, gesture, origin));
    if (reply.kind === 'invalid') {
      const block = reply.field === 'reports' ? 'reports_0' : targetBlock;
      return { response_action: 'errors', errors: { [block]: invalidText(reply) } };
    }
    // Nothing of what was chosen is lost by this: there is nothing any more that it could be about.
    return updated(await again(origin.themeId, person, origin, await problemWords(reply)));
  }

  /** Enter in the search field sends the window: it searches. */
  async function searchAgain(ask: Ask, sent: Sent, draw: typeof mergeStep): Promise<ModalView> {
    const person = await ask.person();
    const words = sent.values.search?.search?.value ?? '';
    const view = await viewOf(sent.origin.themeId, person);
    if (!view) return noteModal('Theme', noTheme(sent.origin.themeId));
    return draw(view, sent.origin, await targets({ origin: sent.origin, person }, words), words);
  }

  async function problemWords(problem: CurateProblem): Promise<string> {
    return problemText(problem, await namesIn(problem));
  }

  async function namesIn(reply: { kind: string; by?: string }): Promise<(id: string) => string> {
    const name = reply.by ? await people.displayName(reply.by) : 'somebody';
    return () => name;
  }
}

interface Sent {
  origin: ThemeOrigin;
  metadata: string | undefined;
  callback: string;
  values: StepValues;
}

function sentOf(ask: Ask): Sent | null {
  const view = ask.interaction.view as
    | { private_metadata?: string; callback_id?: string; state?: { values?: StepValues } }
    | undefined;
  const origin = originOf(view?.private_metadata);
  return (
    origin && {
      origin,
      metadata: view?.private_metadata,
      callback: view?.callback_id ?? '',
      values: view?.state?.values ?? {},
    }
  );
}

function updated(view: ModalView): ViewAnswer {
  return { response_action: 'update', view };
}

function outdated(): ViewAnswer {
  return updated(noteModal(OPEN_AGAIN, OLD_MESSAGE));
}
