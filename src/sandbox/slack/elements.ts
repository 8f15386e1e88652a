// The interactive elements of blocks: finding them, what they hold at the start, and what a person's choice looks like in a payload.
import { AppError } from '#src/domain/errors.ts';
import type { Fields, Message } from './model.ts';
import { blockId } from './mrkdwn.ts';
import { isFields } from './schema.ts';

/** An interactive element with the block around it. */
export interface FoundElement {
  blockId: string;
  actionId: string;
  element: Fields & { type: string };
  /** The input block around it, when there is one. */
  input: Fields | null;
}

/** What a person enters or picks. */
export type Entry = string | number | string[] | null;

// What these hold is part of the state; buttons and menus act at once and hold nothing.
const STATELESS = new Set(['button', 'overflow', 'image', 'feedback_buttons', 'icon_button', 'workflow_button']);

/** All interactive elements of a list of blocks, in reading order. */
export function elementsIn(blocks: readonly unknown[]): FoundElement[] {
  const found: FoundElement[] = [];
  for (const [index, block] of blocks.entries()) {
    if (!isFields(block)) continue;
    const id = typeof block.block_id === 'string' ? block.block_id : blockId(JSON.stringify(block), index);
    const add = (element: unknown, input: Fields | null = null) => {
      if (!isFields(element) || typeof element.type !== 'string' || element.type === 'image') return;
      const actionId = typeof element.action_id === 'string' ? element.action_id : `${id}.${found.length}`;
      found.push({ blockId: id, actionId, element: element as FoundElement['element'], input });
    };
    add(block.accessory);
    add(block.element, block);
    for (const part of ['elements', 'actions']) {
      const elements = block[part];
      if (!Array.isArray(elements)) continue;
      if (block.type === 'carousel') found.push(...elementsIn(elements));
      else if (['actions', 'context_actions', 'card'].includes(String(block.type))) {
        for (const element of elements) add(element);
      }
    }
    if (Array.isArray(block.child_blocks)) found.push(...elementsIn(block.child_blocks));
  }
  return found;
}

/** The state of a fresh view: what its elements hold before anybody touched them. */
export function initialState(blocks: readonly unknown[]): Record<string, Record<string, Fields>> {
  const values: Record<string, Record<string, Fields>> = {};
  for (const { blockId: id, actionId, element } of elementsIn(blocks)) {
    if (STATELESS.has(element.type)) continue;
    values[id] = { ...values[id], [actionId]: { type: element.type, ...initialValue(element) } };
  }
  return values;
}

/** What an element holds after a person entered something, in the shape of view.state.values. Throws when it is not on offer. */
export function enteredValue(element: Fields & { type: string }, entry: Entry): Fields {
  return { type: element.type, ...choice(element, entry) };
}

/** Finds an element on a message, in its blocks or in those of an attachment. Throws when it is not there. */
export function onMessage(message: Message, actionId: string): { found: FoundElement; attachmentId: number | null } {
  const own = elementsIn(message.blocks ?? []).find((one) => one.actionId === actionId);
  if (own) return { found: own, attachmentId: null };
  for (const [index, attachment] of (message.attachments ?? []).entries()) {
    const blocks = Array.isArray(attachment.blocks) ? attachment.blocks : [];
    const found = elementsIn(blocks).find((one) => one.actionId === actionId);
    if (found) return { found, attachmentId: index + 1 };
  }
  return { found: pick([], actionId, `message ${message.ts}`), attachmentId: null };
}

/** Finds an element by its action_id, by the block_id around it, or by `block_id/action_id`. Throws when it is not there. */
export function pick(elements: FoundElement[], key: string, where: string): FoundElement {
  const found =
    elements.find((one) => one.actionId === key) ??
    elements.find((one) => one.blockId === key) ??
    elements.find((one) => `${one.blockId}/${one.actionId}` === key);
  if (!found) throw new AppError('not_found', `There is no element "${key}" on the ${where}.`);
  return found;
}

/** What the elements of a message hold before anybody touched them. */
export function untouched(message: Message): Record<string, Record<string, Fields>> {
  const values: Record<string, Record<string, Fields>> = {};
  for (const { blockId, actionId, element } of elementsIn(message.blocks ?? [])) {
    if (/select|picker|checkboxes|radio_buttons|input/.test(element.type)) {
      values[blockId] = { ...values[blockId], [actionId]: enteredValue(element, null) };
    }
  }
  return values;
}

/** The entry of `actions` for a click or a choice. */
export function actionOf(found: FoundElement, entry: Entry | undefined, actionTs: string): Fields {
  const { element } = found;
  const base = { type: element.type, action_id: found.actionId, block_id: found.blockId, action_ts: actionTs };
  switch (element.type) {
    case 'button':
    case 'icon_button':
      return {
        ...base,
        text: element.text,
        ...(element.value === undefined ? {} : { value: element.value }),
        ...(element.style === undefined ? {} : { style: element.style }),
        ...(element.url === undefined ? {} : { url: element.url }),
      };
    case 'feedback_buttons': {
      const sides = [element.positive_button, element.negative_button].filter(isFields);
      const side = entry === undefined ? sides[0] : sides.find((one) => one.value === entry);
      if (!side) return notOffered(element, entry ?? null);
      return { ...base, text: side.text, value: side.value };
    }
    case 'workflow_button':
      return { ...base, text: element.text, workflow: element.workflow };
    default:
      return {
        ...base,
        ...(isFields(element.placeholder) ? { placeholder: element.placeholder } : {}),
        ...choice(element, entry ?? null),
      };
  }
}

/** What is missing or wrong before Slack's client lets a modal go, by block_id. */
export function clientErrors(
  blocks: readonly unknown[],
  values: Record<string, Record<string, Fields>>,
): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { blockId: id, actionId, element, input } of elementsIn(blocks)) {
    if (!input) continue;
    const held = heldBy(values[id]?.[actionId]);
    const empty = held === null || held === undefined || held === '' || (Array.isArray(held) && held.length === 0);
    if (empty) {
      if (input.optional !== true) errors[id] = 'Please complete this required field.';
      continue;
    }
    if (typeof held !== 'string') continue;
    if (typeof element.min_length === 'number' && held.length < element.min_length) {
      errors[id] = `Please enter at least ${element.min_length} characters.`;
    }
    const max = typeof element.max_length === 'number' ? element.max_length : 3000;
    if (element.type === 'plain_text_input' && held.length > max) {
      errors[id] = `Please enter at most ${max} characters.`;
    }
    if (element.type === 'number_input' && Number.isNaN(Number(held))) errors[id] = 'Please enter a number.';
    if (element.type === 'email_text_input' && !/^\S+@\S+\.\S+$/.test(held)) {
      errors[id] = 'Please enter a valid email address.';
    }
    if (element.type === 'url_text_input' && !URL.canParse(held)) errors[id] = 'Please enter a valid URL.';
  }
  return errors;
}

function heldBy(value: Fields | undefined): unknown {
  if (!value) return undefined;
  return Object.entries(value).find(([key]) => key !== 'type')?.[1];
}

function initialValue(element: Fields & { type: string }): Fields {
  switch (element.type) {
    case 'static_select':
    case 'external_select':
    case 'radio_buttons':
      return { selected_option: element.initial_option ?? null };
    case 'multi_static_select':
    case 'multi_external_select':
    case 'checkboxes':
      return { selected_options: element.initial_options ?? [] };
    case 'users_select':
      return { selected_user: element.initial_user ?? null };
    case 'multi_users_select':
      return { selected_users: element.initial_users ?? [] };
    case 'channels_select':
      return { selected_channel: element.initial_channel ?? null };
    case 'multi_channels_select':
      return { selected_channels: element.initial_channels ?? [] };
    case 'conversations_select':
      return { selected_conversation: element.initial_conversation ?? null };
    case 'multi_conversations_select':
      return { selected_conversations: element.initial_conversations ?? [] };
    case 'datepicker':
      return { selected_date: element.initial_date ?? null };
    case 'timepicker':
      return { selected_time: element.initial_time ?? null };
    case 'datetimepicker':
      return { selected_date_time: element.initial_date_time ?? null };
    case 'rich_text_input':
      return { rich_text_value: element.initial_value ?? null };
    case 'file_input':
      return { files: [] };
    default:
      return { value: element.initial_value ?? null };
  }
}

function choice(element: Fields & { type: string }, entry: Entry): Fields {
  const one = entry === null ? null : String(entry);
  const many = Array.isArray(entry) ? entry : one === null ? [] : [one];
  switch (element.type) {
    case 'static_select':
    case 'external_select':
    case 'radio_buttons':
    case 'overflow':
      return { selected_option: one === null ? null : offered(element, one) };
    case 'multi_static_select':
    case 'multi_external_select':
    case 'checkboxes':
      return { selected_options: many.map((value) => offered(element, value)) };
    case 'users_select':
      return { selected_user: one };
    case 'multi_users_select':
      return { selected_users: many };
    case 'channels_select':
      return { selected_channel: one };
    case 'multi_channels_select':
      return { selected_channels: many };
    case 'conversations_select':
      return { selected_conversation: one };
    case 'multi_conversations_select':
      return { selected_conversations: many };
    case 'datepicker':
      return { selected_date: one };
    case 'timepicker':
      return { selected_time: one };
    case 'datetimepicker':
      return { selected_date_time: one === null ? null : Number(one) };
    case 'rich_text_input':
      return {
        rich_text_value:
          one === null
            ? null
            : {
                type: 'rich_text',
                elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: one }] }],
              },
      };
    case 'file_input':
      return { files: many.map((id) => ({ id })) };
    default:
      return { value: one };
  }
}

function offered(element: Fields & { type: string }, value: string): unknown {
  const groups = Array.isArray(element.option_groups) ? element.option_groups : [];
  const options = [
    ...(Array.isArray(element.options) ? element.options : []),
    ...groups.flatMap((group) => (isFields(group) && Array.isArray(group.options) ? group.options : [])),
  ];
  const found = options.find((option) => isFields(option) && option.value === value);
  return found ?? notOffered(element, value);
}

function notOffered(element: Fields, entry: Entry): never {
  throw new AppError(
    'not_found',
    `The element "${String(element.action_id)}" does not offer ${JSON.stringify(entry)}.`,
  );
}
