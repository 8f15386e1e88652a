// Slack's text, both ways: what people wrote, as plain words; and plain words, so that nothing in them acts as markup, mention or ping.

/** Names for what a message mentions. Unknown ones are told in general words. */
export interface Names {
  user(id: string): string | null;
  channel(id: string): string | null;
}

/** A reference in Slack's text: user ids and channel ids, for looking their names up first. */
export function mentionedIn(text: string): { users: string[]; channels: string[] } {
  const users = new Set<string>();
  const channels = new Set<string>();
  for (const [, sign, id] of text.matchAll(/<([@#])([A-Z0-9]+)(?:\|[^>]*)?>/g))
    (sign === '@' ? users : channels).add(id!);
  return { users: [...users], channels: [...channels] };
}

/** What a person wrote, as they saw it: no escapes, no ids, pings as plain words, links as text. */
export function toPlain(text: string, names: Names): string {
  return text
    .replace(/<([^<>]*)>/g, (_whole, inner: string) => plainOf(inner, names))
    .replace(/&(amp|lt|gt);/g, unescaped);
}

function plainOf(inner: string, names: Names): string {
  const bar = inner.indexOf('|');
  const target = bar < 0 ? inner : inner.slice(0, bar);
  const label = bar < 0 ? '' : inner.slice(bar + 1);
  if (target.startsWith('@')) return `@${names.user(target.slice(1)) ?? (label || 'someone')}`;
  if (target.startsWith('#')) return `#${label || (names.channel(target.slice(1)) ?? 'a channel')}`;
  if (target.startsWith('!subteam^')) return label.startsWith('@') ? label : `@${label || 'a group'}`;
  if (target.startsWith('!date^')) return label;
  if (target.startsWith('!')) return `@${target.slice(1).split('^')[0]}`;
  const shown = target.replace(/^mailto:|^tel:/, '');
  if (label === '' || label === shown || sameLink(label, target)) return shown;
  return `${label} (${shown})`;
}

function sameLink(label: string, url: string): boolean {
  const bare = (text: string) => text.replace(/^https?:\/\//, '').replace(/\/$/, '');
  return bare(label) === bare(url);
}

function unescaped(_whole: string, name: string): string {
  return name === 'amp' ? '&' : name === 'lt' ? '<' : '>';
}

/** The three characters that Slack's markup is made of, made harmless. */
export function escapeMarkup(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

// A character without width: it parts what Slack would read as one, and no reader sees it.
const APART = '\u2060';

/**
 * Words from outside, for a place that takes markup: they show as they were written and do nothing. Mentions do not ping, addresses are not
 * linked, marks do not format, line breaks become spaces.
 */
export function harmless(text: string): string {
  return escapeMarkup(oneLine(text))
    .replace(/[@#](?=[\p{L}\p{N}_])/gu, (sign) => `${sign}${APART}`)
    .replace(/([*_~`])/g, `${APART}$1${APART}`)
    .replace(/:(?=[\w+-]+:)/g, `:${APART}`)
    .replace(/(\w)(:\/\/|\.)(?=[\w-])/g, `$1${APART}$2${APART}`);
}

/** One line, without the characters that turn the direction of text around or hide what follows. */
export function oneLine(text: string): string {
  return withoutTricks(text).replace(/\s+/g, ' ').trim();
}

/** Without control characters and marks of direction; line breaks and tabs stay. */
export function withoutTricks(text: string): string {
  return text.toWellFormed().replace(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu, '');
}

/** A date that each reader sees in their own time zone, with the same in UTC for places that cannot. */
export function when(iso: string, style: 'day' | 'time' | 'day_time' = 'day_time'): string {
  const seconds = Math.floor(Date.parse(iso) / 1000);
  if (Number.isNaN(seconds)) return utc(iso, style);
  const format = { day: '{date_short_pretty}', time: '{time}', day_time: '{date_short_pretty} {time}' }[style];
  return `<!date^${seconds}^${format}|${utc(iso, style)}>`;
}

/** The same as plain words, in UTC. */
export function utc(iso: string, style: 'day' | 'time' | 'day_time' = 'day_time'): string {
  if (Number.isNaN(Date.parse(iso))) return 'at an unknown time';
  const [day = '', time = ''] = new Date(Date.parse(iso)).toISOString().split('T');
  const clock = `${time.slice(0, 5)} UTC`;
  return style === 'day' ? day : style === 'time' ? clock : `${day} ${clock}`;
}

/** The moment a Slack ts stands for, as ISO 8601 with milliseconds. */
export function isoOfTs(ts: string): string {
  const [seconds = '0', fraction = ''] = ts.split('.');
  return new Date(
    Number(seconds) * 1000 + Math.floor(Number(fraction.padEnd(6, '0').slice(0, 6)) / 1000),
  ).toISOString();
}

/** The address of a message, built without asking Slack. */
export function permalinkOf(workspaceUrl: string, channelId: string, ts: string, threadTs: string | null): string {
  const link = `${workspaceUrl.replace(/\/$/, '')}/archives/${channelId}/p${ts.replace('.', '')}`;
  return threadTs && threadTs !== ts ? `${link}?thread_ts=${threadTs}&cid=${channelId}` : link;
}

/** An address that may stand in a message: of the web, well formed, of bearable length. Null for anything else. */
export function webAddress(url: string | null | undefined): string | null {
  if (!url || url.length > 2_000 || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  return /^https?:$/.test(parsed.protocol) ? parsed.href : null;
}

/** A link in Slack's markup with words that do nothing; only the words when the address is none. */
export function linkTo(url: string | null | undefined, label: string): string {
  const address = webAddress(url);
  const shown = harmless(label);
  return address ? `<${escapeMarkup(address).replace(/\|/g, '%7C')}|${shown}>` : shown;
}
