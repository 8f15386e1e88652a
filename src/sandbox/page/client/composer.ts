// Where the visitor types: Enter sends, Shift and Enter makes a new line, a slash at the start offers the commands.
import { toast } from './dialogs.ts';
import { fill, h, icon } from './dom.ts';
import type { Store } from './store.ts';

/** One composer: the channel's, or a thread's. */
export interface Composer {
  element: HTMLElement;
  /** Says where a message would go, and that it may. */
  show(options: { label: string; closed: string | null }): void;
  focus(): void;
}

/** Something to type: a command with its words. */
interface Suggestion {
  text: string;
  hint: string;
  about: string;
}

/** Makes a composer. `place` is asked when something is sent. */
export function createComposer(
  store: Store,
  name: string,
  place: () => { channel: string; thread?: string } | null,
): Composer {
  const listId = `${name}-suggestions`;
  let chosen = 0;
  const field = h('textarea', {
    rows: 1,
    class: 'composer-field',
    'aria-controls': listId,
    'aria-autocomplete': 'list',
    data: { composer: name },
    oninput: () => {
      grow();
      suggest();
    },
    onkeydown: (event) => onKey(event as KeyboardEvent),
    onblur: () => setTimeout(() => (list.hidden = true), 150),
  });
  const send = h('button', { type: 'submit', class: 'btn-send', 'aria-label': 'Send', title: 'Send' }, icon('send'));
  const list = h('div', { id: listId, class: 'suggestions', role: 'listbox', 'aria-label': 'Commands', hidden: true });
  const form = h(
    'form',
    {
      class: 'composer',
      onsubmit: (event) => {
        event.preventDefault();
        void submit();
      },
    },
    list,
    h('div', { class: 'composer-box' }, field, send),
  );
  const closedNote = h('p', { class: 'composer-closed', hidden: true });
  const element = h('div', { class: 'composer-place' }, form, closedNote);

  return {
    element,
    show({ label, closed }) {
      form.hidden = closed !== null;
      closedNote.hidden = closed === null;
      fill(closedNote, closed);
      field.placeholder = label;
      field.setAttribute('aria-label', label);
    },
    focus: () => field.focus(),
  };

  async function submit(): Promise<void> {
    const text = field.value.trim();
    const where = place();
    if (text === '' || !where) return;
    field.value = '';
    grow();
    list.hidden = true;
    const as = store.state.you;
    const answer = await store.act(
      text.startsWith('/') && !where.thread
        ? { verb: 'command', as, channel: where.channel, text }
        : { verb: 'post', as, channel: where.channel, text, ...(where.thread ? { thread: where.thread } : {}) },
    );
    if (answer.ok) return;
    // What was typed is not lost because it could not be sent.
    if (field.value === '') field.value = text;
    toast(answer.error ?? 'That could not be sent.');
  }

  function onKey(event: KeyboardEvent): void {
    const options = list.hidden ? [] : matching();
    if (options.length > 0 && ['ArrowDown', 'ArrowUp', 'Tab'].includes(event.key)) {
      event.preventDefault();
      if (event.key === 'Tab') {
        take(options[chosen]!);
        return;
      }
      chosen = (chosen + (event.key === 'ArrowDown' ? 1 : options.length - 1)) % options.length;
      suggest(false);
      return;
    }
    if (event.key === 'Escape') list.hidden = true;
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void submit();
  }

  // A usage hint like `help | trends 30d` is a list of things to try: each is offered by itself.
  function matching(): Suggestion[] {
    const typed = field.value;
    if (!typed.startsWith('/') || typed.includes('\n')) return [];
    return store.state.commands
      .flatMap(({ command, hint, about }): Suggestion[] =>
        hint.includes(' | ')
          ? hint.split(' | ').map((words) => ({ text: `${command} ${words}`, hint: '', about }))
          : [{ text: command, hint, about }],
      )
      .filter((one) => one.text.startsWith(typed.trimEnd()) || (one.hint !== '' && typed.startsWith(one.text)))
      .slice(0, 8);
  }

  function suggest(fromStart = true): void {
    if (fromStart) chosen = 0;
    const options = matching();
    list.hidden = options.length === 0;
    fill(
      list,
      ...options.map((one, index) =>
        h(
          'button',
          {
            type: 'button',
            role: 'option',
            'aria-selected': index === chosen ? 'true' : 'false',
            tabindex: -1,
            onclick: () => take(one),
          },
          h('strong', null, one.text),
          one.hint && h('span', null, ` ${one.hint}`),
          index === options.findIndex((other) => other.about === one.about) && h('small', null, one.about),
        ),
      ),
    );
  }

  function take(one: Suggestion): void {
    if (!field.value.startsWith(one.text)) field.value = one.hint === '' ? one.text : `${one.text} `;
    list.hidden = true;
    field.focus();
  }

  function grow(): void {
    field.style.height = 'auto';
    field.style.height = `${Math.min(field.scrollHeight, 180)}px`;
  }
}
