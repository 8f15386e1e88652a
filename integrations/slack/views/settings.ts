// The settings of the workspace, for whoever asks by command.
import type { SettingLine } from '#src/domain/admin.ts';
import type { Message } from '../client.ts';
import { clip, LENGTH } from '../limits.ts';
import { harmless } from '../text.ts';
import { code } from './administration.ts';
import { blocksOf, button, context, option, plain, section } from './blocks.ts';
import { PREFERENCES_ACTION } from './preferences.ts';
import { toRef } from './ref.ts';

export const SETTINGS_ACTION = 'settings_change';

// A message holds fifty blocks; three are the head, the menu and the foot.
const LISTED_MAX = 45;

/** What an admin gets: every setting with its help, and the menu that changes one. */
export function settingsMessage(settings: readonly SettingLine[]): Message {
  const head = '*Settings*. A change counts at once, for the whole workspace.';
  const lines = settings.slice(0, LISTED_MAX).map(({ key, value, setBy, help }) => {
    const who = setBy === null ? 'standard' : `set by ${harmless(clip(setBy, 80))}`;
    return `\`${key}\` is ${code(value)} (${who}). ${help}`;
  });
  return {
    text: [head, ...lines].join('\n').replace(/[*`]/g, ''),
    blocks: blocksOf(
      section(head),
      ...lines.map(section),
      {
        type: 'actions',
        elements: [
          {
            type: 'static_select',
            action_id: SETTINGS_ACTION,
            placeholder: plain('Change a setting', LENGTH.placeholder),
            options: settings.slice(0, 100).map(({ key }) => option(key, toRef(key))),
          },
          button(PREFERENCES_ACTION, 'My preferences', toRef('preferences')),
        ],
      },
      context('`/throughline pause` and `/throughline resume` switch everything that I post by myself.'),
    ),
  };
}

/** What everybody else gets: their own preferences. */
export function ownSettingsMessage(refusal: string): Message {
  const text = `${refusal} Your own preferences are yours to change.`;
  return {
    text: text.replace(/[*`]/g, ''),
    blocks: blocksOf(section(text), {
      type: 'actions',
      elements: [button(PREFERENCES_ACTION, 'My preferences', toRef('preferences'))],
    }),
  };
}
