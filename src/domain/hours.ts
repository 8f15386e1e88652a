// Hours: days and hours on somebody's own clock. Which hours are quiet, when that changes next, and how long it was not quiet.
import { z } from 'zod';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
const SATURDAY = 6;
const SUNDAY = 0;

/** `19:00`. */
export const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);

/** A time zone by its name, like `Europe/Lisbon`. */
export const TimeZone = z.string().max(60).refine(isTimeZone);

/** Hours of every day, over midnight when `from` is later than `to`, none when they are equal; and perhaps whole Saturdays and Sundays. */
export interface QuietHours {
  from: string;
  to: string;
  weekends: boolean;
}

/** `19:00-08:00`, `19:00-08:00 weekends`, `weekends` or `off`. */
export const QuietHoursText = z.string().refine((text) => readQuietHours(text) !== undefined);

/** A moment as a clock on the wall and a calendar say it. */
export interface Local {
  /** `2026-10-05`. */
  date: string;
  /** 0 is Sunday. */
  weekday: number;
  /** Minutes since midnight. */
  minute: number;
}

// Making one costs far more than asking it.
const formats = new Map<string, Intl.DateTimeFormat>();

/** What the clock shows at `at` in a time zone. Throws RangeError for a zone that is none. */
export function localOf(at: Date, timeZone: string): Local {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formats.set(timeZone, format);
  }
  const part = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const date = `${part.get('year')}-${part.get('month')}-${part.get('day')}`;
  return {
    date,
    weekday: new Date(`${date}T00:00:00Z`).getUTCDay(),
    minute: Number(part.get('hour')) * 60 + Number(part.get('minute')),
  };
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** What a setting says; null for none, undefined for what nobody can read. */
export function readQuietHours(text: string): QuietHours | null | undefined {
  const words = text.trim().toLowerCase();
  if (words === 'off' || words === '') return null;
  if (words === 'weekends') return { from: '00:00', to: '00:00', weekends: true };
  const read = /^([^\s-]+)\s*-\s*([^\s-]+)(\s+weekends)?$/.exec(words);
  const [from, to] = [TimeOfDay.safeParse(read?.[1]), TimeOfDay.safeParse(read?.[2])];
  if (!read || !from.success || !to.success) return undefined;
  return { from: from.data, to: to.data, weekends: read[3] !== undefined };
}

/** Whether it is quiet at a moment. */
export function isQuietAt(at: Date, hours: QuietHours | null, timeZone: string): boolean {
  if (!hours) return false;
  const { weekday, minute } = localOf(at, timeZone);
  if (hours.weekends && (weekday === SATURDAY || weekday === SUNDAY)) return true;
  const [from, to] = [minuteOf(hours.from), minuteOf(hours.to)];
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** The first moment from `at` on that is not quiet: `at` itself, or when the quiet hours end. */
export function notQuietFrom(at: Date, hours: QuietHours | null, timeZone: string): Date {
  return isQuietAt(at, hours, timeZone) ? nextChange(at, hours!, timeZone) : at;
}

/** How much of a span of time was not quiet, in milliseconds; counts no further than `enoughMs`. */
export function wakingMs(from: Date, to: Date, hours: QuietHours | null, timeZone: string, enoughMs: number): number {
  if (!hours || !isEverQuiet(hours)) return Math.max(0, to.getTime() - from.getTime());
  let sum = 0;
  for (let at = from; at < to && sum < enoughMs; ) {
    const next = nextChange(at, hours, timeZone);
    const end = next < to ? next : to;
    if (!isQuietAt(at, hours, timeZone)) sum += end.getTime() - at.getTime();
    at = end;
  }
  return sum;
}

/** The day whose digest is due: the newest day, or the newest such weekday, on which `time` has come. `2026-10-05`. */
export function lastDue(at: Date, when: { weekday: number | null; time: string }, timeZone: string): string {
  const { date, minute } = localOf(at, timeZone);
  let day = minute < minuteOf(when.time) ? dayBefore(date) : date;
  while (when.weekday !== null && new Date(`${day}T00:00:00Z`).getUTCDay() !== when.weekday) day = dayBefore(day);
  return day;
}

/**
 * When it next begins or ends to be quiet. On the wall that is at `from`, `to` or midnight; where the clocks are changed on the way there,
 * the wall shows another time than was expected, and each minute is looked at.
 */
function nextChange(at: Date, hours: QuietHours, timeZone: string): Date {
  const quiet = isQuietAt(at, hours, timeZone);
  const bounds = [minuteOf(hours.from), minuteOf(hours.to), 0];
  let time = Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS;
  for (;;) {
    const { minute } = localOf(new Date(time), timeZone);
    const [ahead, bound] = nearest(minute, bounds);
    const there = time + ahead * MINUTE_MS;
    const asExpected = localOf(new Date(there), timeZone).minute === bound;
    for (let look = asExpected ? there : time + MINUTE_MS; look <= there; look += MINUTE_MS)
      if (isQuietAt(new Date(look), hours, timeZone) !== quiet) return new Date(look);
    time = there;
  }
}

function nearest(minute: number, bounds: readonly number[]): [ahead: number, bound: number] {
  let best: [number, number] = [DAY_MINUTES, minute];
  for (const bound of bounds) {
    const ahead = ((bound - minute + DAY_MINUTES - 1) % DAY_MINUTES) + 1;
    if (ahead < best[0]) best = [ahead, bound];
  }
  return best;
}

function isEverQuiet({ from, to, weekends }: QuietHours): boolean {
  return weekends || from !== to;
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - DAY_MINUTES * MINUTE_MS).toISOString().slice(0, 10);
}
