// The windows that set Throughline up, and what is said after each: which channels, where insights go and who decides, one setting.
import type { ModalView } from '@slack/types';
import type { ListenMode, ListenReply, SettingLine } from '#src/domain/admin.ts';
import { CHANNEL_MODES } from '#src/domain/admin.ts';
import { clip, LENGTH } from '../limits.ts';
import { escapeMarkup, harmless } from '../text.ts';
import { modeWords } from './administration.ts';
import { blocksOf, count, option, plain, section } from './blocks.ts';
import { field } from './form.ts';
import { toRef } from './ref.ts';

export const CHANNELS_MODAL = 'setup_channels_modal';
export const INSIGHTS_MODAL = 'setup_insights_modal';
export const SETTING_MODAL = 'setup_setting_modal';

const CHANNELS_MAX = 50;
const PEOPLE_MAX = 50;
const GROUPS_LENGTH = 500;

/** Which channels to listen to, and how. */
export function channelsModal(): ModalView {
  const modes = CHANNEL_MODES.map((mode) => option(modeWords(mode), mode));
  return {
    type: 'modal',
    callback_id: CHANNELS_MODAL,
    title: plain('Choose channels', LENGTH.modalTitle),
    submit: plain('Save', LENGTH.modalButton),
    close: plain('Cancel', LENGTH.modalButton),
    blocks: [
      section(
        'Choose the channels in which customers write, or your own people write about them. I enter public ones by myself.',
      ),
      field('channels', 'Channels', {
        type: 'multi_conversations_select',
        placeholder: plain('Choose channels', LENGTH.placeholder),
        max_selected_items: CHANNELS_MAX,
        filter: { include: ['public', 'private'], exclude_bot_users: true },
      }),
      field('mode', 'What I do there', { type: 'static_select', options: modes, initial_option: modes[0]! }),
    ],
  };
}

/** Where insights go, and who decides. */
export function insightsModal(now: { channelId: string | null; approvers: readonly string[] }): ModalView {
  const people = now.approvers.filter((entry) => isUser(entry)).slice(0, PEOPLE_MAX);
  const groups = now.approvers.filter((entry) => !isUser(entry)).join(', ');
  return {
    type: 'modal',
    callback_id: INSIGHTS_MODAL,
    title: plain('Where insights go', LENGTH.modalTitle),
    submit: plain('Save', LENGTH.modalButton),
    close: plain('Cancel', LENGTH.modalButton),
    blocks: [
      section(
        'Every insight is one message in this channel, changed in place. Nothing is filed before somebody approves it there.',
      ),
      field('channel', 'Channel', {
        type: 'conversations_select',
        placeholder: plain('Choose a channel', LENGTH.placeholder),
        filter: { include: ['public', 'private'], exclude_bot_users: true, exclude_external_shared_channels: true },
        ...(now.channelId ? { initial_conversation: now.channelId } : {}),
      }),
      field(
        'people',
        'Who approves',
        {
          type: 'multi_users_select',
          placeholder: plain('Choose people', LENGTH.placeholder),
          max_selected_items: PEOPLE_MAX,
          ...(people.length > 0 ? { initial_users: people } : {}),
        },
        { optional: true },
      ),
      field(
        'groups',
        'User groups that approve',
        {
          type: 'plain_text_input',
          max_length: GROUPS_LENGTH,
          ...(groups === '' ? {} : { initial_value: clip(groups, GROUPS_LENGTH) }),
        },
        {
          optional: true,
          hint: 'Handles, separated by commas. With nobody named, those of the configuration approve, or every full member of the channel.',
        },
      ),
    ],
  };
}

/** The handles in a list that a person typed. */
export function handlesIn(text: string): string[] {
  const handles = text
    .split(/[,\s]+/)
    .map((handle) => handle.replace(/^@/, ''))
    .filter((handle) => handle !== '');
  return [...new Set(handles)];
}

/** One setting; a value that is too long for a window is left to the command line. */
export function settingModal({ key, value, setBy, help, may }: SettingLine): ModalView {
  const fits = value.length <= LENGTH.input;
  return {
    type: 'modal',
    callback_id: SETTING_MODAL,
    private_metadata: toRef(key),
    title: plain('Change a setting', LENGTH.modalTitle),
    ...(fits ? { submit: plain('Save', LENGTH.modalButton) } : {}),
    close: plain('Cancel', LENGTH.modalButton),
    blocks: blocksOf(
      section(
        `\`${key}\`\n${help}\n${setBy === null ? 'It is at its standard.' : `Set by ${harmless(clip(setBy, 80))}.`}`,
      ),
      !fits && section('Its value is too long for this window: change it with `npm run settings`.'),
      fits &&
        field(
          'value',
          'Value',
          {
            type: 'plain_text_input',
            max_length: LENGTH.input,
            multiline: value.length > 60,
            ...(value === '' ? {} : { initial_value: value }),
          },
          { optional: true, hint: `May be ${may}.` },
        ),
      fits &&
        field(
          'standard',
          'Or',
          { type: 'checkboxes', options: [option('Take it back to its standard', 'standard')] },
          { optional: true },
        ),
    ),
  };
}

/** What is said after channels were chosen. */
export function listenText(reply: Extract<ListenReply, { kind: 'done' }>, mode: ListenMode): string {
  const said =
    reply.listening.length === 0
      ? ''
      : `${count(reply.listening.length, 'channel')} saved (${reply.listening.map(({ name }) => `#${harmless(clip(name, 80))}`).join(', ')}): ${modeWords(mode).toLowerCase()}.`;
  const invite =
    reply.uninvited.length === 0 || mode === 'off'
      ? ''
      : `I may not enter ${reply.uninvited.map((id) => `<#${escapeMarkup(id)}>`).join(', ')} by myself: type \`/invite @Throughline\` there, then I listen.`;
  return [said, invite].filter(Boolean).join(' ') || 'Nothing was changed.';
}

/** What can be wrong with where insights go. */
export const CHOOSE_CHANNEL = 'Please choose a channel.';
export const INVITE_FIRST = 'I cannot see that channel: type /invite @Throughline there first.';
export function nobodyCalled(entries: readonly string[]): string {
  return `Nobody here is called ${clip(entries.join(', '), 200)}.`;
}

/** What is said after the place of insights was chosen. */
export function insightsText(channelId: string, uninvited: boolean): string {
  const where = `<#${escapeMarkup(channelId)}>`;
  return uninvited
    ? `Saved: insights go to ${where}. I may not enter it by myself: type \`/invite @Throughline\` there, then I can post.`
    : `Saved: insights go to ${where}.`;
}

function isUser(entry: string): boolean {
  return /^[UW][A-Z0-9]{5,}$/.test(entry);
}
