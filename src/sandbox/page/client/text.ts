// Tokens to elements: how text looks. Links open elsewhere and only to the web; a link to a message of this workspace jumps to it.
import { type Child, h } from './dom.ts';
import { emojiOf, emojiWords } from './emoji.ts';
import { type Inline, type Para, readMarkdown, readMrkdwn } from './mrkdwn.ts';

/** Who is meant by an id, and what happens when a name or a link is followed. */
export interface Names {
  person(id: string): string;
  channel(id: string): string;
  group(id: string): string;
  /** True when the address was followed inside the page. */
  follow(url: string): boolean;
  openChannel(id: string): void;
}

/** mrkdwn as elements. */
export function mrkdwn(source: string, names: Names): Child[] {
  return readMrkdwn(source).map((para) => drawPara(para, names));
}

/** The Markdown of a `markdown` block as elements. */
export function markdown(source: string, names: Names): Child[] {
  return readMarkdown(source).map((para) => drawPara(para, names));
}

/** Plain text with its line breaks and, where asked for, its :emoji:. */
export function plainText(source: string, emoji = true): Child[] {
  const parts = emoji ? source.split(/:([\w+-]+):/) : [source];
  return parts.map((part, index) => (index % 2 === 1 ? drawEmoji(part) : part));
}

function drawPara(para: Para, names: Names): HTMLElement {
  const lines = (all: Inline[][]) => all.flatMap((line, index) => [index > 0 && h('br'), drawInline(line, names)]);
  switch (para.t) {
    case 'lines':
      return h('p', null, ...lines(para.lines));
    case 'quote':
      return h('blockquote', null, ...lines(para.lines));
    case 'code':
      return h('pre', { tabindex: 0 }, h('code', null, para.text));
    case 'heading':
      return h('p', { class: `md-heading md-heading-${Math.min(para.level, 3)}` }, ...drawInline(para.children, names));
    case 'list':
      return h(
        para.ordered ? 'ol' : 'ul',
        null,
        ...para.items.map((item) => h('li', null, ...drawInline(item, names))),
      );
    case 'rule':
      return h('hr');
  }
}

/** One run of tokens. */
export function drawInline(tokens: Inline[], names: Names): Child[] {
  return tokens.map((token) => drawToken(token, names));
}

function drawToken(token: Inline, names: Names): Child {
  switch (token.t) {
    case 'text':
      return token.text;
    case 'bold':
      return h('strong', null, ...drawInline(token.children, names));
    case 'italic':
      return h('em', null, ...drawInline(token.children, names));
    case 'strike':
      return h('s', null, ...drawInline(token.children, names));
    case 'code':
      return h('code', null, token.text);
    case 'link':
      return drawLink(token.url, token.label, names);
    case 'user':
      return h('span', { class: 'mention' }, `@${token.label || names.person(token.id)}`);
    case 'group':
      return h('span', { class: 'mention' }, `@${names.group(token.id) || token.label.replace(/^@/, '')}`);
    case 'everyone':
      return h('span', { class: 'mention' }, token.label);
    case 'channel':
      return h(
        'button',
        { class: 'mention link', type: 'button', onclick: () => names.openChannel(token.id) },
        `#${token.label || names.channel(token.id)}`,
      );
    case 'emoji':
      return drawEmoji(token.name);
    case 'date':
      return drawDate(token.seconds, token.pattern, token.fallback);
  }
}

/** A moment on the reader's own clock, in the pattern that Slack's apps write. */
export function drawDate(seconds: number, pattern: string, fallback: string): Child {
  const at = new Date(seconds * 1000);
  if (Number.isNaN(at.getTime())) return fallback;
  const day = (options: Intl.DateTimeFormatOptions) => at.toLocaleDateString([], options);
  const words = pattern.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    switch (name) {
      case 'date_num':
        return at.toISOString().slice(0, 10);
      case 'date':
      case 'date_pretty':
        return day({ day: 'numeric', month: 'long', year: 'numeric' });
      case 'date_short':
      case 'date_short_pretty':
        return day({ day: 'numeric', month: 'short' });
      case 'date_long':
      case 'date_long_pretty':
        return day({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
      case 'time':
        return at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
      case 'time_secs':
        return at.toLocaleTimeString();
      default:
        return whole;
    }
  });
  return h('time', { datetime: at.toISOString(), title: fallback || at.toLocaleString() }, words);
}

/** An address to follow; anything but the web, mail and phone is shown as plain text. */
export function drawLink(url: string, label: string, names: Names): Child {
  if (!/^(https?:\/\/|mailto:|tel:)/i.test(url)) return label;
  return h(
    'a',
    {
      href: url,
      target: '_blank',
      rel: 'noreferrer noopener',
      onclick: (event) => {
        if (names.follow(url)) event.preventDefault();
      },
    },
    label,
  );
}

/** An emoji with its name for those who do not see it; an unknown one is its name. */
export function drawEmoji(name: string): Child {
  const glyph = emojiOf(name.split('::')[0]!);
  if (!glyph) return `:${name}:`;
  return h('span', { class: 'emoji', role: 'img', 'aria-label': emojiWords(name), title: `:${name}:` }, glyph);
}
