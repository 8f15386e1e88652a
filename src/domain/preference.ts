// Preference: what one person wants of Throughline: how often a digest, and when not to be written to.
import { z } from 'zod';
import { isQuietAt, notQuietFrom, type QuietHours, TimeOfDay, TimeZone } from './hours.ts';
import type { Person, Refusal } from './policy.ts';

export const DIGESTS = ['off', 'daily', 'weekly'] as const;

/** What one person wants. Quiet hours are both set or both null; without a time zone of their own Slack's counts. */
export const Preferences = z.object({
  digest: z.enum(DIGESTS),
  quietFrom: TimeOfDay.nullable(),
  quietTo: TimeOfDay.nullable(),
  timeZone: TimeZone.nullable(),
});
export type Preferences = z.infer<typeof Preferences>;

/** What it is for whoever has chosen nothing. */
export const STANDARD: Preferences = { digest: 'off', quietFrom: null, quietTo: null, timeZone: null };

export type PreferencesReply =
  | { kind: 'done'; preferences: Preferences }
  /** Names the fields that cannot be so. */
  | { kind: 'invalid'; fields: (keyof Preferences)[] }
  | { kind: 'refused'; refusal: Refusal };

/** What a person can ask about their own preferences. */
export interface PreferenceVerbs {
  preferences(person: Person): Promise<Preferences>;
  /** Changes what is named and leaves the rest. Safe to repeat. */
  setPreferences(person: Person, change: Partial<Preferences>): Promise<PreferencesReply>;
}

/** The preferences after a change, or the fields that are wrong. One end of the quiet hours alone means nothing. */
export function changed(
  before: Preferences,
  change: Partial<Preferences>,
): { ok: true; preferences: Preferences } | { ok: false; fields: (keyof Preferences)[] } {
  const read = Preferences.safeParse({ ...before, ...change });
  if (!read.success) {
    const fields = new Set(read.error.issues.map(({ path }) => path[0] as keyof Preferences));
    return { ok: false, fields: [...fields] };
  }
  if ((read.data.quietFrom === null) !== (read.data.quietTo === null))
    return { ok: false, fields: [read.data.quietFrom === null ? 'quietFrom' : 'quietTo'] };
  return { ok: true, preferences: read.data };
}

/** A person's quiet hours; null when there are none. */
export function quietHoursOf(preferences: Preferences): QuietHours | null {
  const { quietFrom: from, quietTo: to } = preferences;
  return from !== null && to !== null && from !== to ? { from, to, weekends: false } : null;
}

/** Whether this person is not to be written to at a moment. `timeZone` is Slack's, for whoever has set none. */
export function isQuiet(at: Date, preferences: Preferences, timeZone: string): boolean {
  return isQuietAt(at, quietHoursOf(preferences), preferences.timeZone ?? timeZone);
}

/** The first moment from `at` on at which this person may be written to. */
export function notQuietBefore(at: Date, preferences: Preferences, timeZone: string): Date {
  return notQuietFrom(at, quietHoursOf(preferences), preferences.timeZone ?? timeZone);
}
