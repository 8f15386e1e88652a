// Everything around capturing: the receipt for the one who captured, the windows for the customer and for a note, and the question before a
// reaction approves.
import type { InputBlock, ModalView } from '@slack/types';
import type { ChosenCustomer, KnownCustomer, Note } from '#src/domain/capture.ts';
import type { Message } from '../client.ts';
import { clip, LENGTH } from '../limits.ts';
import { escapeMarkup, harmless } from '../text.ts';
import { blocksOf, button, context, option, plain, section } from './blocks.ts';
import { type SeenCard, toRef } from './ref.ts';

export const CAPTURE_ACTIONS = { file: 'capture_file', customer: 'capture_customer', undo: 'capture_undo' } as const;
export const CUSTOMER_MODAL = 'capture_customer_modal';
export const NOTE_MODAL = 'capture_note_modal';
/** Longest name of a customer that can be typed. */
const NAME_MAX = 80;
const WHERE_MAX = 300;
const CUSTOMERS_MAX = 100;
export const CONFIRM_ACTIONS = { approve: 'confirm_approve' } as const;

/** What the person who captured a message sees. */
export function captureReceipt(input: {
  key: string;
  already: boolean;
  canFile: boolean;
  /** Set when the answer comes as a direct message, because the channel would not take it. */
  elsewhere?: string | null;
}): Message {
  const where = input.elsewhere
    ? ` I tell you here because I am not in ${escapeMarkup(input.elsewhere)}; \`/invite @Throughline\` lets me follow the thread there.`
    : '';
  const head = input.already
    ? 'This message was captured before; it counts once.'
    : 'Captured. I read it like any report, and you find it with `/throughline trace` and its link.';
  const next = input.canFile
    ? ' *File now* approves it for Linear at once, however few customers report it.'
    : ' It can be filed once Linear is connected.';
  const text = `${head}${next}${where}`;
  return {
    text,
    blocks: blocksOf(section(text), {
      type: 'actions',
      elements: [
        ...(input.canFile ? [button(CAPTURE_ACTIONS.file, 'File now', toRef(input.key))] : []),
        button(CAPTURE_ACTIONS.customer, 'Change customer', toRef(input.key)),
        button(CAPTURE_ACTIONS.undo, 'Undo', toRef(input.key)),
      ],
    }),
  };
}

/** Asks before a check mark files something. */
export function confirmApproval(seen: SeenCard, title: string): Message {
  const text = `You reacted with a check mark. File “${harmless(title)}” in Linear? Ignore this if you only meant to agree.`;
  return {
    text,
    blocks: blocksOf(section(text), {
      type: 'actions',
      elements: [
        button(
          CONFIRM_ACTIONS.approve,
          'File in Linear',
          toRef(seen.cardId, seen.proposalId, seen.revision),
          'primary',
        ),
      ],
    }),
  };
}

/** What a mention outside of a thread is answered with. */
export const MENTION_NEEDS_THREAD =
  'I capture the message that a thread hangs on. Mention me with *capture* in its thread, use *Send to Throughline* from the message’s menu, or write it down with `/throughline capture`.';

/** Said on top of a window from which a message was captured, or was not. */
export const CAPTURED =
  'Captured. I read it like any report now; open this window again in a moment to see what it became.';
export const NOT_CAPTURED = 'Not captured.';

/** The answer after somebody took a capture back. */
export const TAKEN_BACK = 'Taken back. The message is no longer captured.';

/** The answer after a customer was chosen. */
export function customerChanged(name: string): string {
  return `It counts for *${harmless(clip(name, NAME_MAX))}* now. Its theme and card count again.`;
}

/** Asks whose words a captured message is. `channel` is where the answer goes. */
export function customerModal(key: string, channel: string | null, customers: readonly KnownCustomer[]): ModalView {
  return {
    type: 'modal',
    callback_id: CUSTOMER_MODAL,
    private_metadata: toRef(key, channel ?? ''),
    title: plain('Change customer', LENGTH.modalTitle),
    submit: plain('Save', LENGTH.modalButton),
    close: plain('Cancel', LENGTH.modalButton),
    blocks: blocksOf(
      section('Whose words are these? Reach counts customers, so this decides how many stand behind the theme.'),
      ...customerInputs(customers),
    ),
  };
}

/** Takes down what a customer said somewhere else. `today` is `YYYY-MM-DD`. */
export function noteModal(channel: string | null, customers: readonly KnownCustomer[], today: string): ModalView {
  return {
    type: 'modal',
    callback_id: NOTE_MODAL,
    private_metadata: toRef(channel ?? ''),
    title: plain('Capture a report', LENGTH.modalTitle),
    submit: plain('Capture', LENGTH.modalButton),
    close: plain('Cancel', LENGTH.modalButton),
    blocks: blocksOf(
      input('text', 'What did the customer say?', {
        type: 'plain_text_input',
        action_id: 'text',
        multiline: true,
        max_length: LENGTH.input,
      }),
      ...customerInputs(customers),
      input(
        'where',
        'Where was it said?',
        { type: 'plain_text_input', action_id: 'where', max_length: WHERE_MAX },
        'A link, or in words: a call, a meeting, a review.',
      ),
      input('day', 'When?', { type: 'datepicker', action_id: 'day', initial_date: today }),
      context('What you write here can be read by every full member of this workspace.'),
    ),
  };
}

/** What a person typed or picked, by block and action. */
export type CaptureValues = Record<
  string,
  Record<
    string,
    { value?: string | null; selected_option?: { value: string } | null; selected_date?: string | null } | undefined
  >
>;

type Read<T> = { ok: true; value: T } | { ok: false; errors: Record<string, string> };

/** Reads the customer back: one from the list, or one that was typed; null when neither. */
export function readCustomer(values: CaptureValues): Read<ChosenCustomer | null> {
  const typed = (values.new_customer?.new_customer?.value ?? '').replace(/\s+/g, ' ').trim();
  const picked = values.customer?.customer?.selected_option?.value ?? null;
  if (typed !== '' && picked !== null)
    return { ok: false, errors: { new_customer: 'Choose one from the list or type one, not both.' } };
  if (typed !== '') return { ok: true, value: { name: typed } };
  return { ok: true, value: picked === null ? null : { id: picked } };
}

/** Reads a note back. `today` is `YYYY-MM-DD`. */
export function readNote(values: CaptureValues, today: string): Read<Note> {
  const customer = readCustomer(values);
  if (!customer.ok) return customer;
  const text = (values.text?.text?.value ?? '').trim();
  if (text === '') return { ok: false, errors: { text: 'Please write what was said.' } };
  const day = values.day?.day?.selected_date ?? null;
  // Somebody east of us may have tomorrow already.
  if (day !== null && Date.parse(day) > Date.parse(today) + 86_400_000)
    return { ok: false, errors: { day: 'That day is still to come.' } };
  const where = (values.where?.where?.value ?? '').trim();
  return { ok: true, value: { text, customer: customer.value, where: where === '' ? null : where, day } };
}

/** Told where neither was given. */
export const CUSTOMER_MISSING = { new_customer: 'Choose a customer from the list, or type a name.' };

function customerInputs(customers: readonly KnownCustomer[]): InputBlock[] {
  const options = customers.slice(0, CUSTOMERS_MAX).map(({ id, name }) => option(name, id));
  const typed = input(
    'new_customer',
    options.length > 0 ? 'Or a customer who is not in the list' : 'Customer',
    { type: 'plain_text_input', action_id: 'new_customer', max_length: NAME_MAX },
    'The name of the company or person.',
  );
  if (options.length === 0) return [typed];
  return [
    input('customer', 'Customer', {
      type: 'static_select',
      action_id: 'customer',
      options,
      placeholder: plain('Choose one', LENGTH.placeholder),
    }),
    typed,
  ].map((block) => ({ ...block, optional: true }));
}

function input(blockId: string, label: string, element: InputBlock['element'], hint?: string): InputBlock {
  return {
    type: 'input',
    block_id: blockId,
    label: plain(label, LENGTH.label),
    element,
    optional: blockId !== 'text',
    ...(hint ? { hint: plain(hint, LENGTH.hint) } : {}),
  };
}
