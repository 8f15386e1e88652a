// The few building blocks that our surfaces are made of. Words from outside go into rich text, where nothing in them can act.
import type {
  Button,
  ContextBlock,
  InputBlock,
  KnownBlock,
  MrkdwnElement,
  Option,
  PlainTextElement,
  RichTextBlock,
  RichTextElement,
  RichTextQuote,
  RichTextSection,
  SectionBlock,
} from '@slack/types';
import type { CardView } from '#src/domain/card.ts';
import { clip, clipMarkup, LENGTH } from '../limits.ts';
import { utc, webAddress, withoutTricks } from '../text.ts';

/** Our own words, with Slack's markup. `verbatim` keeps Slack from finding channel names and addresses in them. */
export function mrkdwn(text: string, max: number = LENGTH.section): MrkdwnElement {
  return { type: 'mrkdwn', text: clipMarkup(text, max), verbatim: true };
}

export function plain(text: string, max: number): PlainTextElement {
  return { type: 'plain_text', text: clip(withoutTricks(text).trim() || '–', max), emoji: false };
}

export function section(text: string): SectionBlock {
  return { type: 'section', text: mrkdwn(text) };
}

/** Facts in two columns; Slack takes at most ten. */
export function facts(entries: readonly (readonly [label: string, value: string])[]): SectionBlock {
  return {
    type: 'section',
    fields: entries.slice(0, 10).map(([label, value]) => mrkdwn(`*${label}*\n${value}`, LENGTH.field)),
  };
}

export function context(...texts: string[]): ContextBlock {
  return { type: 'context', elements: texts.slice(0, 10).map((text) => mrkdwn(text, LENGTH.context)) };
}

/** Words that we did not write, exactly as they are: no markup, no mention, no link comes out of them. */
export function words(
  text: string,
  style?: { bold?: boolean; italic?: boolean },
  max: number = LENGTH.richText,
): RichTextElement {
  const shown = clip(withoutTricks(text), max);
  return { type: 'text', text: shown === '' ? '–' : shown, ...(style ? { style } : {}) };
}

export function link(url: string, text: string): RichTextElement {
  return { type: 'link', url, text };
}

/** A moment, in each reader's own time zone. */
export function moment(iso: string): RichTextElement {
  if (Number.isNaN(Date.parse(iso))) return words(utc(iso));
  return {
    type: 'date',
    timestamp: Math.max(0, Math.floor(Date.parse(iso) / 1000)),
    format: '{date_short_pretty} {time}',
    fallback: utc(iso),
  };
}

export function line(...elements: RichTextElement[]): RichTextSection {
  return { type: 'rich_text_section', elements };
}

export function quoted(...elements: RichTextElement[]): RichTextQuote {
  return { type: 'rich_text_quote', elements };
}

export function rich(...elements: RichTextBlock['elements']): RichTextBlock {
  return { type: 'rich_text', elements };
}

export function button(actionId: string, label: string, value: string, style?: 'primary' | 'danger'): Button {
  return {
    type: 'button',
    action_id: actionId,
    text: plain(label, LENGTH.button),
    value,
    ...(style ? { style } : {}),
  };
}

export function option(label: string, value: string): Option & { text: PlainTextElement } {
  return { text: plain(label, LENGTH.option), value };
}

/** Blocks without the ones that are not there. */
export function blocksOf(...blocks: (KnownBlock | null | false | undefined)[]): KnownBlock[] {
  return blocks.filter((block): block is KnownBlock => Boolean(block));
}

// Eight heights; a day without reports has the lowest, so that the width always tells the time.
const BARS = '▁▂▃▄▅▆▇█';

/** A line of small bars. Never alone: the numbers stand beside it. */
export function sparkline(values: readonly number[]): string {
  const top = Math.max(0, ...values);
  return values.map((value) => (value <= 0 ? BARS[0] : BARS[Math.max(1, Math.round((value / top) * 7))])).join('');
}

/** `1 customer`, `3 customers`. */
export function count(
  number: number,
  one: string,
  many = `${one}s`,
  written: (number: number) => string = String,
): string {
  return `${written(number)} ${number === 1 ? one : many}`;
}

/** Quotes with who, when and where. */
export function quotesBlock(view: CardView, quotesMax: number, lengthMax: number): KnownBlock | null {
  const shown = view.quotes.slice(0, quotesMax);
  const hidden = hiddenWords(view, shown.length);
  if (shown.length === 0 && !hidden) return null;
  return rich(
    ...shown.flatMap((quote) => [
      quoted(words(quote.text, undefined, lengthMax)),
      line(
        words(`${quote.who}, ${sourceName(quote.source)} · `, undefined, 200),
        moment(quote.at),
        ...(webAddress(quote.permalink) ? [words(' · '), link(webAddress(quote.permalink)!, 'open')] : []),
        words('\n'),
      ),
    ]),
    ...(hidden ? [line(words(hidden, { italic: true }))] : []),
  );
}

/** How many quotes there are beyond those that are shown, and how many of them not everybody here may read. */
export function hiddenWords(view: CardView, shown: number): string | null {
  const more = view.quotes.length - shown;
  const hidden = view.hiddenQuotes;
  const parts = [
    more > 0 && `${count(more, 'more quote')} ${more === 1 ? 'is' : 'are'} not shown here.`,
    hidden > 0 &&
      `${count(hidden, 'quote')} hidden: not everybody who reads this can open where ${hidden === 1 ? 'it was' : 'they were'} written.`,
    view.goneQuotes > 0 &&
      `${count(view.goneQuotes, 'quote')} ${view.goneQuotes === 1 ? 'was' : 'were'} edited or deleted where ${view.goneQuotes === 1 ? 'it was' : 'they were'} written.`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(' ') : null;
}

/** Stands where words may not be shown, in one line. */
export function wordsHiddenLine(insightId: string): string {
  return `*Words hidden:* some of them come from a place that not everybody who reads this can open. \`/throughline insight ${insightId}\` shows you what you can.`;
}

const SOURCE_NAMES: Readonly<Record<string, string>> = {
  slack: 'Slack',
  zendesk: 'Zendesk',
  api: 'API',
  import: 'imported',
};

/** What people call a source. */
export function sourceName(source: string): string {
  return Object.hasOwn(SOURCE_NAMES, source) ? SOURCE_NAMES[source]! : source;
}

/** A field of a window with its label; `hint` stands below it. */
export function input(
  blockId: string,
  label: string,
  element: InputBlock['element'],
  optional = false,
  hint?: string,
): InputBlock {
  return {
    type: 'input',
    block_id: blockId,
    label: plain(label, LENGTH.label),
    element,
    ...(optional ? { optional } : {}),
    ...(hint ? { hint: plain(hint, LENGTH.hint) } : {}),
  };
}
