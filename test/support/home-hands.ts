// What people do and see on their Home tab.

import type { Entry } from '#src/sandbox/slack/elements.ts';
import { elementsIn } from '#src/sandbox/slack/elements.ts';
import type { OpenView } from '#src/sandbox/slack/model.ts';
import type { Rig } from './rig.ts';

/** Makes the hands for Home; everything waits until nothing is under way any more. */
export function homeHandsOf({ slack, settle }: Pick<Rig, 'slack' | 'settle'>) {
  const { human, state } = slack;
  const personId = (who: string) => state.user(who).id;
  const viewOf = (who: string): OpenView => {
    const home = state.homeOf(personId(who));
    if (!home) throw new Error(`${who} has no Home yet.`);
    return home;
  };
  const actions = (view: OpenView) => elementsIn(view.view.blocks);
  const hands = {
    /** Opens the tab; the words that stand on it. */
    async openHome(who: string) {
      human.openHome(personId(who));
      await settle();
      return hands.home(who);
    },
    /** The words on somebody's Home as it was published last. */
    home: (who: string) => wordsOf(viewOf(who)),
    /** The names of everything that can be pressed or chosen on it. */
    homeActions: (who: string) => actions(viewOf(who)).map(({ actionId }) => actionId),
    /** Presses what begins so; with `nth`, another one than the first. */
    async press(who: string, name: string, options: { value?: Entry; nth?: number } = {}) {
      const view = viewOf(who);
      const found = actions(view).filter(({ actionId }) => actionId === name || actionId.startsWith(`${name}:`));
      const one = found[options.nth ?? 0];
      if (!one) throw new Error(`${who}’s Home has no ${name}.`);
      const taken = await human.clickInView(
        personId(who),
        view.view.id,
        one.actionId,
        options.value === undefined ? {} : { value: options.value },
      );
      await settle();
      return taken;
    },
    /** The modal that somebody has open. */
    modal(who: string) {
      const top = state.modalsOf(personId(who)).at(-1);
      if (!top) throw new Error(`${who} has no modal open.`);
      return { words: wordsOf(top), names: actions(top).map(({ actionId }) => actionId), view: top };
    },
    /** Fills in the open modal and sends it. */
    async submit(who: string, entries: Record<string, Entry> = {}) {
      const sent = await human.submitView(personId(who), hands.modal(who).view.view.id, entries);
      await settle();
      return sent;
    },
  };
  return hands;
}

/** Every text that a view shows, as lines. */
function wordsOf({ view }: OpenView): string {
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look);
    else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) {
        if ((key === 'text' || key === 'url') && typeof inner === 'string') found.push(inner);
        else look(inner);
      }
    }
  };
  look(view.blocks);
  return found.join('\n');
}
