// Block Kit's interactive elements: buttons, menus and inputs, as the browser's own controls, so that keyboards and screen readers work.
import type { PageBlock, PageEntry, PagePerson } from '../model.ts';
import { confirmWith } from './dialogs.ts';
import { type Child, h, icon } from './dom.ts';
import { plainText } from './text.ts';

/** What a visitor did to an element; a button has no entry. */
export interface ElementAction {
  blockId: string;
  actionId: string;
  entry?: PageEntry;
}

/** What elements need to know of the world around them. */
export interface ElementHost {
  act(action: ElementAction): void;
  people(): PagePerson[];
  channels(): { id: string; name: string }[];
  /** True when the address was followed inside the page. */
  follow(url: string): boolean;
}

interface Option {
  text?: { text?: string };
  value?: string;
  description?: { text?: string };
  url?: string;
}

const readers = new WeakMap<Element, { blockId: string; actionId: string; read: () => PageEntry }>();

/** What every input below an element holds, by block id and action id. */
export function readEntries(root: Element): Record<string, Record<string, PageEntry>> {
  const entries: Record<string, Record<string, PageEntry>> = {};
  for (const element of root.querySelectorAll('[data-input]')) {
    const reader = readers.get(element);
    if (reader) entries[reader.blockId] = { ...entries[reader.blockId], [reader.actionId]: reader.read() };
  }
  return entries;
}

/** Draws one element. `label` names it for screen readers where the block around it already has the words. */
export function drawElement(
  element: PageBlock,
  blockId: string,
  host: ElementHost,
  label: string,
  quiet = false,
): Child {
  const type = textOf(element.type);
  const actionId = textOf(element.action_id) || type;
  const placeholder = textIn(element.placeholder);
  // Inside an input block a choice is only kept; it is sent when the form is, unless the block asked for more.
  const send = async (entry?: PageEntry) => {
    if (quiet) return;
    if (element.confirm && !(await confirmWith(element.confirm as PageBlock))) return;
    host.act({ blockId, actionId, ...(entry === undefined ? {} : { entry }) });
  };
  const keep = <E extends HTMLElement>(control: E, read: () => PageEntry): E => {
    control.dataset.input = type;
    readers.set(control, { blockId, actionId, read });
    return control;
  };
  const options = allOptions(element);
  const initial = (element.initial_option as Option | undefined)?.value;
  const initials = ((element.initial_options as Option[] | undefined) ?? []).map((one) => one.value);

  switch (type) {
    case 'button': {
      const style = textOf(element.style);
      const url = textOf(element.url);
      const button = h(
        'button',
        {
          type: 'button',
          class: `btn ${style === 'primary' ? 'btn-primary' : style === 'danger' ? 'btn-danger' : ''}`,
          'aria-label': textOf(element.accessibility_label) || null,
          data: { action: actionId },
          onclick: () => {
            if (url && !host.follow(url)) open(url, '_blank', 'noreferrer,noopener');
            void send();
          },
        },
        ...plainText(textIn(element.text), (element.text as PageBlock | undefined)?.emoji !== false),
        url && icon('external', 14),
      );
      return button;
    }
    case 'overflow':
      return drawOverflow(
        options,
        label,
        (option) => {
          if (option.url && !host.follow(option.url)) open(option.url, '_blank', 'noreferrer,noopener');
          void send(option.value ?? null);
        },
        actionId,
      );
    case 'static_select':
    case 'external_select': {
      const select = drawSelect(options, initial, placeholder || 'Choose', label, actionId, (value) => send(value));
      return keep(select, () => select.value || null);
    }
    case 'users_select':
    case 'channels_select':
    case 'conversations_select': {
      const field = type.replace('s_select', '');
      const list = placesOrPeople(type, host);
      const start = textOf(element[`initial_${field}`]) || undefined;
      const select = drawSelect(list, start, placeholder || 'Choose', label, actionId, (value) => send(value));
      return keep(select, () => select.value || null);
    }
    case 'checkboxes':
    case 'multi_static_select':
    case 'multi_users_select':
    case 'multi_channels_select':
    case 'multi_conversations_select': {
      const list = /users|channels|conversations/.test(type) ? placesOrPeople(type, host) : options;
      const field = type.replace(/^multi_(.*)s_select$/, 'initial_$1s');
      const chosenFirst = Array.isArray(element[field]) ? (element[field] as unknown[]).map(textOf) : initials;
      const box = h('fieldset', { class: 'choices', 'aria-label': label, data: { action: actionId } });
      const chosen = () =>
        [...box.querySelectorAll('input')].flatMap((input, index) => (input.checked ? [list[index]?.value ?? ''] : []));
      for (const option of list) {
        box.append(drawChoice('checkbox', option, chosenFirst.includes(option.value ?? ''), '', () => send(chosen())));
      }
      return keep(box, chosen);
    }
    case 'radio_buttons': {
      const group = `${blockId}-${actionId}`;
      const box = h('fieldset', {
        class: 'choices',
        role: 'radiogroup',
        'aria-label': label,
        data: { action: actionId },
      });
      const chosen = () => [...box.querySelectorAll('input')].find((input) => input.checked)?.value ?? null;
      for (const option of options) {
        box.append(drawChoice('radio', option, option.value === initial, group, () => send(chosen())));
      }
      return keep(box, chosen);
    }
    case 'datepicker':
    case 'timepicker': {
      const field = type === 'datepicker' ? 'date' : 'time';
      const input = h('input', {
        type: field,
        class: 'field',
        value: textOf(element[`initial_${field}`]),
        'aria-label': label,
        onchange: () => void send(input.value || null),
      });
      return keep(input, () => input.value || null);
    }
    case 'plain_text_input':
    case 'email_text_input':
    case 'url_text_input':
    case 'number_input': {
      const attributes = {
        class: 'field',
        placeholder,
        'aria-label': label,
        maxlength: element.max_length as number | undefined,
        autofocus: element.focus_on_load === true,
        data: { action: actionId },
      };
      const input = element.multiline
        ? h('textarea', { ...attributes, rows: 5 })
        : h('input', {
            ...attributes,
            type:
              type === 'number_input'
                ? 'number'
                : type === 'email_text_input'
                  ? 'email'
                  : type === 'url_text_input'
                    ? 'url'
                    : 'text',
          });
      input.value = textOf(element.initial_value);
      return keep(input, () => (input.value === '' ? null : input.value));
    }
    case 'image':
      return h('img', {
        class: 'thumb',
        src: pictureOf(element),
        alt: textOf(element.alt_text),
        loading: 'lazy',
      });
    case 'feedback_buttons': {
      const one = (which: 'positive_button' | 'negative_button', words: string) => {
        const button = (element[which] ?? {}) as PageBlock;
        return h(
          'button',
          { type: 'button', class: 'btn btn-small', onclick: () => void send(textOf(button.value)) },
          textIn(button.text) || words,
        );
      };
      return h('span', { class: 'pair' }, one('positive_button', 'Good'), one('negative_button', 'Bad'));
    }
    case 'icon_button':
      return h(
        'button',
        { type: 'button', class: 'btn btn-small', onclick: () => void send() },
        icon(textOf(element.icon) === 'trash' ? 'trash' : 'more', 15),
        ` ${textIn(element.text)}`,
      );
    default:
      return h('span', { class: 'unknown' }, `[${type || 'element'}]`);
  }
}

/** What Slack itself fills a menu of people or places with. */
function placesOrPeople(type: string, host: ElementHost): Option[] {
  return type.includes('users')
    ? host.people().map((one) => ({ text: { text: one.name }, value: one.id }))
    : host.channels().map((one) => ({ text: { text: `#${one.name}` }, value: one.id }));
}

function drawSelect(
  options: Option[],
  initial: string | undefined,
  placeholder: string,
  label: string,
  actionId: string,
  send: (value: string | null) => void,
): HTMLSelectElement {
  const select = h(
    'select',
    {
      class: 'field select',
      'aria-label': label || placeholder,
      data: { action: actionId },
      onchange: () => send(select.value || null),
    },
    h('option', { value: '' }, placeholder),
    ...options.map((option) =>
      h(
        'option',
        { value: option.value ?? '', selected: option.value === initial && initial !== undefined },
        option.text?.text ?? '',
      ),
    ),
  );
  return select;
}

function drawChoice(
  type: 'checkbox' | 'radio',
  option: Option,
  checked: boolean,
  group: string,
  changed: () => void,
): HTMLElement {
  return h(
    'label',
    { class: 'choice' },
    h('input', { type, checked, name: group || null, value: option.value ?? '', onchange: changed }),
    h('span', null, option.text?.text ?? '', option.description?.text && h('small', null, option.description.text)),
  );
}

function drawOverflow(
  options: Option[],
  label: string,
  choose: (option: Option) => void,
  actionId: string,
): HTMLElement {
  const menu = h(
    'details',
    { class: 'menu', data: { action: actionId } },
    h('summary', { class: 'btn btn-icon', 'aria-label': label || 'More', title: 'More' }, icon('more')),
    h(
      'div',
      { class: 'menu-list' },
      ...options.map((option) =>
        h(
          'button',
          {
            type: 'button',
            onclick: () => {
              menu.open = false;
              choose(option);
            },
          },
          option.text?.text ?? '',
          option.description?.text && h('small', null, option.description.text),
        ),
      ),
    ),
  );
  return menu;
}

function allOptions(element: PageBlock): Option[] {
  const groups = (element.option_groups as { options?: Option[] }[] | undefined) ?? [];
  return [...((element.options as Option[] | undefined) ?? []), ...groups.flatMap((group) => group.options ?? [])];
}

/** Where the picture of an image block or element is: an address, or a file that the app uploaded. */
export function pictureOf(image: PageBlock): string {
  const file = image.slack_file as { id?: unknown; url?: unknown } | undefined;
  const id = textOf(file?.id) || /\/files-pri\/[^/]*-(F[A-Z0-9]+)\//.exec(textOf(file?.url))?.[1];
  return id ? `/files/${encodeURIComponent(id)}` : textOf(image.image_url);
}

/** A string field of something that came from outside; anything else is empty. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** The text of a Block Kit text object. */
export function textIn(value: unknown): string {
  return typeof value === 'object' && value !== null ? textOf((value as { text?: unknown }).text) : textOf(value);
}
