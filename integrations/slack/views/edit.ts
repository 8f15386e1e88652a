// The modal that lets a person change what would be filed, filled with exactly that.
import type { ModalView } from '@slack/types';
import type { EditForm, ProposalEdit } from '#src/domain/verbs.ts';
import { clip, LENGTH } from '../limits.ts';
import { harmless } from '../text.ts';
import { blocksOf, context, count, input, mrkdwn, option, plain, section } from './blocks.ts';
import { PRIORITIES } from './card.ts';
import { toRef } from './ref.ts';

export const EDIT_MODAL = 'card_edit_modal';
const TITLE_MAX = 255;
// Linear takes far more; a modal of Slack takes 100 blocks of 3,000.
const PARTS_MAX = 12;
const LABELS_MAX = 20;

/** Where the modal came from, so that the card can be drawn again: the message may be nowhere (an ephemeral one). */
export interface EditOrigin {
  cardId: string;
  channel: string | null;
  ts: string | null;
}

/** The modal. Long descriptions come in several fields, which are put together again as they were. */
export function editModal(form: EditForm, origin: EditOrigin): ModalView {
  const parts = splitText(form.edit.description, LENGTH.input, PARTS_MAX);
  return {
    type: 'modal',
    callback_id: EDIT_MODAL,
    private_metadata: toRef(
      origin.cardId,
      form.proposalId,
      form.revision,
      origin.channel ?? '',
      origin.ts ?? '',
      parts.length,
    ),
    title: plain('Edit before filing', LENGTH.modalTitle),
    submit: plain('File in Linear', LENGTH.modalButton),
    close: plain('Cancel', LENGTH.modalButton),
    blocks: blocksOf(
      section(
        `This is what would be filed${form.team ? ` for team *${harmless(clip(form.team, 80))}*` : ''}, from ${count(form.reports, 'report')}. Filing counts as your approval.`,
      ),
      input('title', 'Title', {
        type: 'plain_text_input',
        action_id: 'title',
        initial_value: clip(form.edit.title, TITLE_MAX),
        max_length: TITLE_MAX,
      }),
      context(
        'In the description, lines that begin with `>` are customers’ own words, from outside your company. Please keep them exact.',
      ),
      ...parts.map((part, index) =>
        input(
          `description_${index}`,
          index === 0 ? 'Description (Markdown)' : `Description, part ${index + 1}`,
          {
            type: 'plain_text_input',
            action_id: `description_${index}`,
            multiline: true,
            max_length: LENGTH.input,
            ...(part === '' ? {} : { initial_value: part }),
          },
          true,
        ),
      ),
      input('priority', 'Priority', {
        type: 'static_select',
        action_id: 'priority',
        options: PRIORITIES.map((label, value) => option(label, String(value))),
        initial_option: option(PRIORITIES[form.edit.priority] ?? PRIORITIES[0], String(form.edit.priority)),
      }),
      input(
        'labels',
        'Labels',
        {
          type: 'plain_text_input',
          action_id: 'labels',
          ...(form.edit.labels.length > 0 ? { initial_value: clip(form.edit.labels.join(', '), LENGTH.input) } : {}),
        },
        true,
        'Separated by commas. Missing ones are made.',
      ),
    ),
  };
}

/** A modal that only says something, in place of one that was sent in. */
export function noteModal(title: string, text: string): ModalView {
  return {
    type: 'modal',
    title: plain(title, LENGTH.modalTitle),
    close: plain('Close', LENGTH.modalButton),
    blocks: [{ type: 'section', text: mrkdwn(text) }],
  };
}

/** What a person typed, by block and action. */
export type FormValues = Record<
  string,
  Record<string, { value?: string | null; selected_option?: { value: string } | null }>
>;

export type EditResult = { ok: true; edit: ProposalEdit } | { ok: false; errors: Record<string, string> };

/** Reads the modal back. Problems are told at the field they belong to. */
export function readEdit(values: FormValues, parts: number): EditResult {
  const title = (values.title?.title?.value ?? '').replace(/\s+/g, ' ').trim();
  if (title === '') return { ok: false, errors: { title: 'An issue needs a title.' } };
  const labels = (values.labels?.labels?.value ?? '')
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '');
  if (labels.length > LABELS_MAX) return { ok: false, errors: { labels: `Please keep it to ${LABELS_MAX} labels.` } };
  const description = Array.from(
    { length: parts },
    (_, index) => values[`description_${index}`]?.[`description_${index}`]?.value ?? '',
  ).join('');
  return {
    ok: true,
    edit: {
      title,
      description,
      priority: Number(values.priority?.priority?.selected_option?.value ?? 0),
      labels: [...new Set(labels)],
    },
  };
}

/** Cuts a long text into parts of at most `max`, after a line where there is one, so that joining the parts gives the text again. */
export function splitText(text: string, max: number, partsMax: number): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > max && parts.length < partsMax - 1) {
    const newline = rest.lastIndexOf('\n', max - 1);
    let end = newline > max / 2 ? newline + 1 : max;
    const code = rest.charCodeAt(end - 1);
    if (code >= 0xd800 && code <= 0xdbff) end -= 1;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  parts.push(clip(rest, max));
  return parts;
}
