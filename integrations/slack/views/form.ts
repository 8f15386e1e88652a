// Forms: the fields of a modal, and what a person typed or picked in them.
import type { InputBlock } from '@slack/types';
import { z } from 'zod';
import { LENGTH } from '../limits.ts';
import { plain } from './blocks.ts';

/** One field, whose block and element have the same name. */
export function field(
  name: string,
  label: string,
  element: InputBlock['element'],
  options: { optional?: boolean; hint?: string } = {},
): InputBlock {
  return {
    type: 'input',
    block_id: name,
    label: plain(label, LENGTH.label),
    element: { ...element, action_id: name },
    ...(options.optional ? { optional: true } : {}),
    ...(options.hint ? { hint: plain(options.hint, LENGTH.hint) } : {}),
  };
}

const Choice = z.looseObject({ value: z.string() });
const Entered = z.looseObject({
  value: z.string().nullish(),
  selected_option: Choice.nullish(),
  selected_options: z.array(Choice).nullish(),
  selected_conversation: z.string().nullish(),
  selected_conversations: z.array(z.string()).nullish(),
  selected_user: z.string().nullish(),
  selected_users: z.array(z.string()).nullish(),
  selected_time: z.string().nullish(),
});
const Form = z.looseObject({
  private_metadata: z.string().nullish(),
  state: z.looseObject({ values: z.record(z.string(), z.record(z.string(), Entered)) }).nullish(),
});

/** What stands in a modal that was sent in. */
export interface FormRead {
  metadata: string | null;
  text(name: string): string;
  option(name: string): string | null;
  isTicked(name: string): boolean;
  conversation(name: string): string | null;
  conversations(name: string): string[];
  users(name: string): string[];
  time(name: string): string | null;
}

/** Reads the view of a submission. What is not there reads as empty. */
export function readForm(view: unknown): FormRead {
  const { data } = Form.safeParse(view ?? {});
  const of = (name: string) => data?.state?.values[name]?.[name];
  return {
    metadata: data?.private_metadata ?? null,
    text: (name) => (of(name)?.value ?? '').trim(),
    option: (name) => of(name)?.selected_option?.value ?? null,
    isTicked: (name) => (of(name)?.selected_options ?? []).length > 0,
    conversation: (name) => of(name)?.selected_conversation ?? null,
    conversations: (name) => of(name)?.selected_conversations ?? [],
    users: (name) => of(name)?.selected_users ?? [],
    time: (name) => of(name)?.selected_time ?? null,
  };
}

/** What was chosen in a menu of people. */
export function chosenUser(action: unknown): string | null {
  return Entered.safeParse(action).data?.selected_user ?? null;
}
