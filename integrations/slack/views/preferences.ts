// A person's own preferences: how often a digest, and when not to be written to.
import type { ModalView, SectionBlock } from '@slack/types';
import type { Preferences } from '#src/domain/preference.ts';
import { LENGTH } from '../limits.ts';
import { harmless } from '../text.ts';
import { button, option, plain, section } from './blocks.ts';
import { type FormRead, field } from './form.ts';
import { toRef } from './ref.ts';

export const PREFERENCES_ACTION = 'preferences_open';
export const PREFERENCES_MODAL = 'preferences_modal';

export const PREFERENCES_SAVED = 'Your preferences are saved.';

const ZONE_MAX = 60;
const EVENING = '19:00';
const MORNING = '08:00';

const DIGEST_WORDS: Record<Preferences['digest'], string> = {
  off: 'No digest',
  daily: 'A digest every day',
  weekly: 'A digest every week',
};

/** What is set now, with the button that changes it. `slackZone` is the person's time zone in Slack. */
export function preferencesBlock(preferences: Preferences, slackZone: string | null): SectionBlock {
  return {
    ...section(preferencesText(preferences, slackZone)),
    accessory: button(PREFERENCES_ACTION, 'Preferences', toRef('preferences')),
  };
}

/** The same in words. */
export function preferencesText(
  { digest, quietFrom, quietTo, timeZone }: Preferences,
  slackZone: string | null,
): string {
  const quiet = quietFrom && quietTo ? `quiet from ${quietFrom} to ${quietTo}` : 'no quiet hours';
  const zone = timeZone
    ? `time zone ${harmless(timeZone)}`
    : slackZone
      ? `time zone ${harmless(slackZone)}, as in Slack`
      : 'time zone as in Slack';
  return `${DIGEST_WORDS[digest]} · ${quiet} · ${zone}`;
}

/** The window. */
export function preferencesModal(preferences: Preferences, slackZone: string | null): ModalView {
  const digests = (Object.keys(DIGEST_WORDS) as Preferences['digest'][]).map((one) => option(DIGEST_WORDS[one], one));
  const quiet = [option('Keep quiet every day in these hours', 'quiet')];
  const isQuiet = preferences.quietFrom !== null && preferences.quietTo !== null;
  return {
    type: 'modal',
    callback_id: PREFERENCES_MODAL,
    title: plain('Preferences', LENGTH.modalTitle),
    submit: plain('Save', LENGTH.modalButton),
    close: plain('Cancel', LENGTH.modalButton),
    blocks: [
      field('digest', 'Digest by direct message', {
        type: 'static_select',
        options: digests,
        initial_option: digests.find(({ value }) => value === preferences.digest) ?? digests[0]!,
      }),
      field(
        'quiet',
        'Quiet hours',
        { type: 'checkboxes', options: quiet, ...(isQuiet ? { initial_options: quiet } : {}) },
        { optional: true },
      ),
      field(
        'quiet_from',
        'From',
        { type: 'timepicker', initial_time: preferences.quietFrom ?? EVENING },
        { optional: true },
      ),
      field('quiet_to', 'To', { type: 'timepicker', initial_time: preferences.quietTo ?? MORNING }, { optional: true }),
      field(
        'time_zone',
        'Time zone',
        {
          type: 'plain_text_input',
          max_length: ZONE_MAX,
          placeholder: plain(slackZone ?? 'Europe/Lisbon', LENGTH.placeholder),
          ...(preferences.timeZone ? { initial_value: preferences.timeZone } : {}),
        },
        {
          optional: true,
          hint: `By its name, like Europe/Lisbon. Empty: as in Slack${slackZone ? ` (${slackZone})` : ''}.`,
        },
      ),
    ],
  };
}

/** Reads the window back. */
export function readPreferences(form: FormRead): Preferences {
  const isQuiet = form.isTicked('quiet');
  const digest = form.option('digest');
  return {
    digest: digest === 'daily' || digest === 'weekly' ? digest : 'off',
    quietFrom: isQuiet ? form.time('quiet_from') : null,
    quietTo: isQuiet ? form.time('quiet_to') : null,
    timeZone: form.text('time_zone') === '' ? null : form.text('time_zone'),
  };
}

const FIELD_NAMES: Record<keyof Preferences, string> = {
  digest: 'digest',
  quietFrom: 'quiet_from',
  quietTo: 'quiet_to',
  timeZone: 'time_zone',
};
const PROBLEMS: Record<keyof Preferences, string> = {
  digest: 'Please choose one of them.',
  quietFrom: 'Quiet hours need a beginning and an end.',
  quietTo: 'Quiet hours need a beginning and an end.',
  timeZone: 'I do not know that time zone. Names look like Europe/Lisbon or America/New_York.',
};

/** What is wrong, at the fields it belongs to. */
export function preferenceErrors(fields: readonly (keyof Preferences)[]): Record<string, string> {
  return Object.fromEntries(fields.map((name) => [FIELD_NAMES[name], PROBLEMS[name]]));
}
