// Times as exports write them. What could mean two days is not guessed at: a report on the wrong day makes or hides a trend.
const MONTHS = /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b/i;
const CLOCK = String.raw`(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AP]M)?)?`;
const ZONE = String.raw`\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?`;
const YEAR_FIRST = new RegExp(`^(\\d{4})[-/]?(\\d{2})[-/]?(\\d{2})${CLOCK}${ZONE}$`, 'i');
const DOTTED = new RegExp(`^(\\d{1,2})\\.(\\d{1,2})\\.(\\d{4})${CLOCK}${ZONE}$`, 'i');
const SLASHED = new RegExp(`^(\\d{1,2})[/-](\\d{1,2})[/-](\\d{4})${CLOCK}${ZONE}$`, 'i');
// Nobody kept support requests in a table before this, but spreadsheets count their days from 1900.
const EARLIEST_MS = Date.UTC(1990, 0, 1);
// Clocks differ, and a date without a time zone may be a day ahead of ours.
const AHEAD_MS = 86_400_000;

/** Which of day and month comes first in 03/04/2026. */
export type DateOrder = 'dmy' | 'mdy';

/** A time as ISO 8601, or what is wrong with it. Without a zone it is UTC. */
export function timeOf(text: string, now: Date, order: DateOrder | null): { at: string } | { problem: string } {
  const ms = read(text.trim(), order);
  if (ms === 'ambiguous')
    return { problem: `"${text}" could be two days: say --dates=dmy (day first) or --dates=mdy (month first)` };
  if (Number.isNaN(ms)) return { problem: `"${text}" is no time: write it like 2026-11-22T09:30:00Z` };
  if (ms < EARLIEST_MS) return { problem: `"${text}" is before 1990` };
  if (ms > now.getTime() + AHEAD_MS) return { problem: `"${text}" is in the future` };
  return { at: new Date(ms).toISOString() };
}

function read(text: string, order: DateOrder | null): number | 'ambiguous' {
  // Seconds and milliseconds since 1970, told apart by their length.
  if (/^\d{9,10}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  if (/^\d{12,13}$/.test(text)) return Number(text);
  const yearFirst = YEAR_FIRST.exec(text);
  if (yearFirst) return utc(yearFirst, [1, 2, 3]);
  const dotted = DOTTED.exec(text);
  if (dotted) return utc(dotted, [3, 2, 1]);
  const slashed = SLASHED.exec(text);
  if (slashed) {
    const [first, second] = [Number(slashed[1]), Number(slashed[2])];
    const dayFirst = first > 12 || first === second || (second <= 12 && order === 'dmy');
    if (!dayFirst && second <= 12 && order === null) return 'ambiguous';
    return utc(slashed, dayFirst ? [3, 2, 1] : [3, 1, 2]);
  }
  // Mail and log headers: a month by name and a whole year, or it is no date but a text that the machine would read as one.
  if (!MONTHS.test(text) || !/\b\d{4}\b/.test(text)) return Number.NaN;
  return Date.parse(/(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}\)?)(?:\s|$)/.test(text) ? text : `${text} UTC`);
}

/** The moment that the parts name; NaN for a day or an hour that does not exist. */
function utc(match: RegExpExecArray, [y, m, d]: [number, number, number]): number {
  const [year, month, day] = [Number(match[y]), Number(match[m]), Number(match[d])];
  const half = match[8]?.toUpperCase();
  const named = Number(match[4] ?? 0);
  const hour = half ? (named % 12) + (half === 'PM' ? 12 : 0) : named;
  const [minute, second] = [Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || (half && (named < 1 || named > 12))) return Number.NaN;
  const ms = Math.floor(Number(`0.${match[7] ?? 0}`) * 1000);
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms));
  // The 31st of April is no day, although the calendar would count on to the 1st of May.
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return Number.NaN;
  const zone = /^([+-])(\d{2}):?(\d{2})$/.exec(match[9] ?? '');
  const offset = zone ? (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3])) : 0;
  return at.getTime() - offset * 60_000;
}
