// What the bot opens by itself: modals and the Home tab. The server holds the views; this shows the topmost one and hands back what was filled in.
import type { PageView } from '../model.ts';
import { type BlockHost, drawBlocks, showErrors } from './blocks.ts';
import { openDialog, toast } from './dialogs.ts';
import { byId, fill, h } from './dom.ts';
import { readEntries } from './elements.ts';
import { mark } from './people.ts';
import type { Store } from './store.ts';
import type { Names } from './text.ts';

/** Keeps the open dialog equal to the topmost modal of the person. Returns the function that does so after every change. */
export function createModals(store: Store, names: Names): () => void {
  let open: { id: string; hash: string; you: string; dialog: HTMLDialogElement } | null = null;

  return () => {
    const top = store.state.modals.at(-1) ?? null;
    if (open && top && open.id === top.id && open.hash === top.hash) return;
    const gone = open;
    open = null;
    gone?.dialog.close();
    if (top) open = { id: top.id, hash: top.hash, you: store.state.you, dialog: show(top) };
  };

  function show(view: PageView): HTMLDialogElement {
    const as = store.state.you;
    const form = h('form', {
      class: 'dialog-form',
      novalidate: true,
      onsubmit: (event) => {
        event.preventDefault();
        void submit();
      },
    });
    form.append(
      h('div', { class: 'dialog-body blocks' }, ...drawBlocks(view.blocks, hostOf(view, store, names, form))),
      h(
        'footer',
        { class: 'dialog-foot' },
        h('button', { type: 'button', class: 'btn', onclick: () => dialog.close() }, view.close),
        view.submit !== null && h('button', { type: 'submit', class: 'btn btn-primary' }, view.submit),
      ),
    );
    const dialog = openDialog(view.title, [form], {
      class: 'dialog-modal',
      onclose: () => {
        // Closed by the visitor, not because the server had something else to show.
        if (open?.id === view.id && open.hash === view.hash) {
          open = null;
          void store.act({ verb: 'close', as, view: view.id });
        }
      },
    });
    return dialog;

    async function submit(): Promise<void> {
      form.setAttribute('aria-busy', 'true');
      const answer = await store.act({ verb: 'submit', as, view: view.id, entries: readEntries(form) });
      form.removeAttribute('aria-busy');
      if (Object.keys(answer.errors).length > 0) showErrors(form, answer.errors);
      else if (!answer.ok) toast(answer.error ?? 'That could not be submitted.');
    }
  }
}

/** Draws the Home tab that the app published for the person. */
export function drawHome(store: Store, names: Names): void {
  const place = byId('home');
  const { home } = store.state;
  const content = JSON.stringify([store.state.you, home]);
  if (place.dataset.content === content) return;
  place.dataset.content = content;
  if (!home) {
    fill(
      place,
      h(
        'div',
        { class: 'empty' },
        h('span', { class: 'empty-mark' }, mark()),
        h('p', null, 'Throughline has not published a Home tab for this person.'),
      ),
    );
    return;
  }
  const body = h('div', { class: 'blocks home-blocks' });
  body.append(...drawBlocks(home.blocks, hostOf(home, store, names, body)));
  fill(place, body);
}

function hostOf(view: PageView, store: Store, names: Names, root: HTMLElement): BlockHost {
  return {
    names,
    people: () => store.state.people,
    channels: () => store.state.channels,
    follow: names.follow,
    async act(action) {
      const answer = await store.act({
        verb: 'action',
        as: store.state.you,
        view: view.id,
        blockId: action.blockId,
        actionId: action.actionId,
        ...(action.entry === undefined ? {} : { entry: action.entry }),
        entries: readEntries(root),
      });
      if (!answer.ok) toast(answer.error ?? 'That did not work.');
    },
  };
}
