// Dialogs on the browser's own <dialog>: it keeps the focus inside, closes on Escape and tells screen readers what it is.
import type { PageBlock } from '../model.ts';
import { type Child, h, icon } from './dom.ts';

/** Opens a dialog and returns its element; it removes itself from the page once closed. */
export function openDialog(
  title: string,
  body: Child[],
  options: { class?: string; onclose?: () => void } = {},
): HTMLDialogElement {
  const dialog = h(
    'dialog',
    { class: `dialog ${options.class ?? ''}`, 'aria-label': title },
    h(
      'header',
      { class: 'dialog-head' },
      h('h2', null, title),
      h(
        'button',
        { type: 'button', class: 'btn-bare', 'aria-label': 'Close', onclick: () => dialog.close() },
        icon('close'),
      ),
    ),
    ...body,
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    options.onclose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Asks what a Block Kit confirm object asks. Closing it means no. */
export function confirmWith(confirm: PageBlock): Promise<boolean> {
  const say = (field: string, otherwise: string) => {
    const value = confirm[field] as { text?: string } | undefined;
    return value?.text || otherwise;
  };
  return new Promise((resolve) => {
    let answer = false;
    const dialog = openDialog(
      say('title', 'Are you sure?'),
      [
        h('div', { class: 'dialog-body' }, h('p', null, say('text', ''))),
        h(
          'footer',
          { class: 'dialog-foot' },
          h('button', { type: 'button', class: 'btn', onclick: () => dialog.close() }, say('deny', 'Cancel')),
          h(
            'button',
            {
              type: 'button',
              class: `btn ${confirm.style === 'danger' ? 'btn-danger-solid' : 'btn-primary'}`,
              autofocus: true,
              onclick: () => {
                answer = true;
                dialog.close();
              },
            },
            say('confirm', 'Yes'),
          ),
        ),
      ],
      { class: 'dialog-small', onclose: () => resolve(answer) },
    );
  });
}

/** A short line that says what has just happened and then goes away; screen readers read it out. */
export function toast(text: string): void {
  const place = document.getElementById('toasts');
  if (!place) return;
  const line = h('div', { class: 'toast' }, text);
  place.append(line);
  setTimeout(() => line.remove(), 6000);
}
