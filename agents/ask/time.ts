// Time in a question: "since Monday", "the last 3 weeks", "this month", "since the last release", "against the week before".

import { type AskFilter, DAYS_MAX } from '#src/domain/ask.ts';
import { MONTHS } from '#src/domain/trends-text.ts';

const DAY_MS = 86_400_000;
const UNIT_DAYS = { day: 1, week: 7, month: 30, quarter: 90, year: DAYS_MAX } as const;
const NUMBERS = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
];
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

type SpanOf = Pick<AskFilter, 'days' | 'daysAgo' | 'since'>;

/** A question without its words of time, and what they mean. `against` says that the time before is asked for too. */
export function takeTime(text: string, now: Date): { rest: string; span: SpanOf; against: boolean } {
  let against = false;
  let rest = text.replace(
    /,?\s*\b(?:compared (?:to|with)|compare(?:d)? (?=.*before)|vs\.?|versus|against|than|with|to) (?:the )?(?:(?:previous|prior|last|preceding) (?:one|week|month|quarter|period|year|\d+ days)|(?:(?:one|week|month|quarter|period|year|time|days?|\d+ days) )?before|previous)\b/i,
    () => {
      against = true;
      return ' ';
    },
  );
  for (const [pattern, read] of patternsOf(now)) {
    const found = pattern.exec(rest);
    if (!found) continue;
    const span = read(found);
    if (!span) continue;
    rest = `${rest.slice(0, found.index)} ${rest.slice(found.index + found[0].length)}`;
    return { rest, span: capped(span), against };
  }
  return { rest, span: {}, against };
}

function capped({ days, daysAgo, since }: SpanOf): SpanOf {
  return {
    ...(days === undefined ? {} : { days: Math.min(DAYS_MAX, Math.max(1, Math.ceil(days))) }),
    ...(daysAgo ? { daysAgo: Math.min(DAYS_MAX, daysAgo) } : {}),
    ...(since ? { since } : {}),
  };
}

function patternsOf(now: Date): [RegExp, (found: RegExpExecArray) => SpanOf | null][] {
  const sinceMs = (ms: number): SpanOf | null =>
    Number.isNaN(ms) || ms > now.getTime() ? null : { days: Math.floor((now.getTime() - ms) / DAY_MS) + 1 };
  const weekday = (now.getUTCDay() + 6) % 7;
  const lead = '(?:\\b(?:in|over|during|within|for|from|since) )?(?:\\bthe )?';
  const unit = '(day|week|month|quarter|year)s?';
  const amount = `(\\d{1,3}|${NUMBERS.join('|')}|a|couple of|few)`;
  return [
    [
      /\b(?:since|after) (?:the |our )?(?:(?:last|latest|newest|previous|most recent) )?(?:release|deploy(?:ment)?|version|launch)\b/i,
      () => ({ since: 'release' }),
    ],
    [/\bsince yesterday\b/i, () => ({ days: 2 })],
    [/\bsince (?:last week|the last week)\b/i, () => ({ days: 7 + weekday + 1 })],
    [/\bsince (?:last month|the last month)\b/i, () => ({ days: 30 + now.getUTCDate() })],
    [/\bsince (\d{4}-\d{2}-\d{2})\b/i, ([, day]) => sinceMs(Date.parse(`${day}T00:00:00Z`))],
    [
      new RegExp(`\\bsince (?:last )?(${WEEKDAYS.join('|')})\\b`, 'i'),
      ([, day]) => ({ days: ((now.getUTCDay() - WEEKDAYS.indexOf(day!.toLowerCase()) + 7) % 7 || 7) + 1 }),
    ],
    [
      new RegExp(`\\bsince (${MONTHS.join('|')})(?: (\\d{1,2})(?:st|nd|rd|th)?)?\\b`, 'i'),
      ([, month, day]) => {
        const at = (year: number) => Date.UTC(year, MONTHS.indexOf(month!.toLowerCase()), Number(day ?? 1));
        return sinceMs(
          at(now.getUTCFullYear()) > now.getTime() ? at(now.getUTCFullYear() - 1) : at(now.getUTCFullYear()),
        );
      },
    ],
    [
      new RegExp(`${lead}\\b(?:last|past|previous|recent) ${amount} ${unit}\\b`, 'i'),
      ([, n, of]) => ({ days: numberOf(n!) * UNIT_DAYS[of!.toLowerCase() as keyof typeof UNIT_DAYS] }),
    ],
    [
      new RegExp(`${lead}\\b(?:last|past|previous) (day|week|month|quarter|year)\\b`, 'i'),
      ([, of]) => ({ days: UNIT_DAYS[of!.toLowerCase() as keyof typeof UNIT_DAYS] }),
    ],
    [
      new RegExp(`${lead}\\bthis (week|month|quarter|year)\\b`, 'i'),
      ([, of]) => ({ days: UNIT_DAYS[of!.toLowerCase() as keyof typeof UNIT_DAYS] }),
    ],
    [/\btoday\b/i, () => ({ days: 1 })],
    [/\byesterday\b/i, () => ({ days: 1, daysAgo: 1 })],
    [
      /\b(\d{1,3}) ?(d|days?|w|weeks?|mo|months?)\b/i,
      ([, n, of]) => ({ days: Number(n) * (/^d/i.test(of!) ? 1 : /^w/i.test(of!) ? 7 : 30) }),
    ],
    [/\b(?:ever|all[- ]time|of all time|in total|so far|overall|since the beginning)\b/i, () => ({ days: DAYS_MAX })],
    [/\b(?:recently|lately|these days|right now|at the moment|currently)\b/i, () => ({})],
    [/\bsince this morning\b/i, () => ({ days: 1 })],
  ];
}

function numberOf(word: string): number {
  if (/^\d+$/.test(word)) return Number(word);
  if (/^(?:couple of|few)$/i.test(word)) return /few/i.test(word) ? 3 : 2;
  return word.toLowerCase() === 'a' ? 1 : Math.max(1, NUMBERS.indexOf(word.toLowerCase()));
}
