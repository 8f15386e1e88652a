// Modals and Home tabs: what is open for whom, in which order, and what the person has filled in so far.
import { createHash } from 'node:crypto';
import { problemLine, viewProblems } from './block-kit.ts';
import { elementsIn, initialState } from './elements.ts';
import { withIds } from './methods/content.ts';
import { Refusal } from './methods/method.ts';
import type { Fields, OpenView, ViewRecord } from './model.ts';
import { isFields } from './schema.ts';
import type { SlackState, Violation } from './state.ts';

// A modal, and two more on top of it.
const STACK_MAX = 3;

/** Where a new view goes: a fresh stack of modals, on top of one, or the Home tab. */
export type Place = { kind: 'open' } | { kind: 'push'; onto: OpenView } | { kind: 'home' };

/** Opens, changes and closes views. */
export interface Views {
  add(user: string, view: unknown, place: Place, via: string): OpenView;
  replace(view: OpenView, next: unknown, via: string): OpenView;
  /** Closes a view; `clear` takes the whole stack of that person with it. */
  close(view: OpenView, clear: boolean): OpenView[];
  find(key: { viewId?: string | undefined; externalId?: string | undefined }): OpenView | undefined;
  /** Keeps what the person entered into one element. */
  enter(view: OpenView, blockId: string, actionId: string, value: Fields): void;
}

/** Makes the keeper of views. */
export function createViews(deps: {
  state: SlackState;
  violation: (kind: Violation['kind'], method: string, detail: string) => void;
}): Views {
  const { state } = deps;
  let revision = 0;
  return {
    add(user, value, place, via) {
      const draft = checked(value, place.kind === 'home' ? 'home' : 'modal', via);
      const externalId = typeof draft.external_id === 'string' ? draft.external_id : '';
      const stack = state.modalsOf(user);
      if (externalId && [...state.views.values()].some((one) => !one.closed && one.view.external_id === externalId)) {
        throw new Refusal('duplicate_external_id');
      }
      if (place.kind === 'push' && stack.length >= STACK_MAX) throw new Refusal('push_limit_reached');
      // Opening replaces whatever modal the person had.
      if (place.kind === 'open') for (const one of stack) one.closed = true;
      const home = place.kind === 'home' ? state.homeOf(user) : undefined;
      const id = home?.view.id ?? state.nextId('V');
      const onto = place.kind === 'push' ? place.onto.view : null;
      const opened: OpenView = {
        user,
        closed: false,
        view: record(draft, {
          id,
          external_id: externalId,
          root_view_id: onto ? onto.root_view_id : id,
          previous_view_id: onto ? onto.id : null,
        }),
      };
      state.views.set(id, opened);
      state.tell({ kind: place.kind === 'home' ? 'home_published' : 'view_opened', view: opened });
      return opened;
    },
    replace(open, value, via) {
      const draft = checked(value, open.view.type, via);
      const entered = open.view.state.values;
      open.view = record(draft, {
        id: open.view.id,
        external_id: typeof draft.external_id === 'string' ? draft.external_id : open.view.external_id,
        root_view_id: open.view.root_view_id,
        previous_view_id: open.view.previous_view_id,
      });
      // What was entered stays where block_id and action_id stay.
      for (const element of elementsIn(open.view.blocks)) {
        const kept = entered[element.blockId]?.[element.actionId];
        if (kept && kept.type === element.element.type) {
          open.view.state.values[element.blockId] = {
            ...open.view.state.values[element.blockId],
            [element.actionId]: kept,
          };
        }
      }
      state.tell({ kind: open.view.type === 'home' ? 'home_published' : 'view_updated', view: open });
      return open;
    },
    close(open, clear) {
      const stack = state.modalsOf(open.user);
      // Closing one takes those above it along.
      const closing = clear ? stack : stack.slice(stack.indexOf(open));
      for (const one of closing.reverse()) {
        one.closed = true;
        state.tell({ kind: 'view_closed', view: one });
      }
      return closing;
    },
    find({ viewId, externalId }) {
      if (viewId) return state.views.get(viewId);
      if (!externalId) return undefined;
      return [...state.views.values()].find((one) => !one.closed && one.view.external_id === externalId);
    },
    enter(open, blockId, actionId, value) {
      open.view.state.values[blockId] = { ...open.view.state.values[blockId], [actionId]: value };
    },
  };

  function checked(value: unknown, type: 'modal' | 'home', method: string): Fields {
    const problems = viewProblems(value, [type]);
    if (problems.length > 0 || !isFields(value)) {
      const messages = problems.map(problemLine);
      deps.violation('invalid_blocks', method, messages.join('; '));
      if (problems.some((one) => one.message === 'view_too_large')) throw new Refusal('view_too_large');
      throw new Refusal('invalid_arguments', { response_metadata: { messages } });
    }
    return value;
  }

  function record(
    draft: Fields,
    ids: Pick<ViewRecord, 'id' | 'external_id' | 'root_view_id' | 'previous_view_id'>,
  ): ViewRecord {
    revision += 1;
    const { app, team } = state;
    const blocks = withIds((Array.isArray(draft.blocks) ? draft.blocks : []).filter(isFields));
    const values = initialState(blocks);
    const time = state.nowSeconds();
    const hash = `${time}.${createHash('sha256').update(`${ids.id} ${revision}`).digest('hex').slice(0, 8)}`;
    return {
      id: ids.id,
      team_id: team.id,
      type: draft.type === 'home' ? 'home' : 'modal',
      blocks,
      private_metadata: typeof draft.private_metadata === 'string' ? draft.private_metadata : '',
      callback_id: typeof draft.callback_id === 'string' ? draft.callback_id : '',
      state: { values },
      hash,
      title: withEmoji(draft.title) ?? { type: 'plain_text', text: 'View Title', emoji: true },
      clear_on_close: draft.clear_on_close === true,
      notify_on_close: draft.notify_on_close === true,
      close: withEmoji(draft.close),
      submit: withEmoji(draft.submit),
      previous_view_id: ids.previous_view_id,
      root_view_id: ids.root_view_id,
      app_id: app.id,
      external_id: ids.external_id,
      app_installed_team_id: team.id,
      bot_id: app.botId,
    };
  }
}

function withEmoji(value: unknown): Fields | null {
  return isFields(value) ? { emoji: true, ...value } : null;
}
