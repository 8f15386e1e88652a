// Slack's two text languages, read into tokens: mrkdwn, which people and bots write, and the standard Markdown of a `markdown` block.
// Pure: tokens carry text, never HTML; text.ts draws them.

export type Inline =
  | { t: 'text'; text: string }
  | { t: 'bold' | 'italic' | 'strike'; children: Inline[] }
  | { t: 'code'; text: string }
  | { t: 'link'; url: string; label: string }
  | { t: 'user' | 'channel' | 'group'; id: string; label: string }
  | { t: 'everyone'; label: string }
  /** Seconds since 1970 and Slack's pattern; `fallback` is for who cannot show it. */
  | { t: 'date'; seconds: number; pattern: string; fallback: string }
  | { t: 'emoji'; name: string };

export type Para =
  | { t: 'lines'; lines: Inline[][] }
  | { t: 'quote'; lines: Inline[][] }
  | { t: 'code'; text: string }
  | { t: 'heading'; level: number; children: Inline[] }
  | { t: 'list'; ordered: boolean; items: Inline[][] }
  | { t: 'rule' };

/** Reads mrkdwn as Slack shows it. */
export function readMrkdwn(source: string): Para[] {
  const paras: Para[] = [];
  const parts = source.split('```');
  // Fences come in pairs; a last one that is never closed is just three back ticks.
  if (parts.length % 2 === 0) parts.push(...[`${parts.splice(-2).join('```')}`]);
  parts.forEach((part, index) => {
    if (index % 2 === 1) paras.push({ t: 'code', text: unescaped(part.replace(/^\n|\n$/g, '')) });
    else if (part.trim() !== '' || (parts.length === 1 && part !== ''))
      paras.push(...readLines(part.replace(/^\n|\n$/g, '')));
  });
  return paras;
}

function readLines(text: string): Para[] {
  const paras: Para[] = [];
  for (const line of text.split('\n')) {
    const quoted = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    const kind = quoted ? 'quote' : 'lines';
    const last = paras.at(-1);
    const inline = readInline(quoted ? quoted[1]! : line, MRKDWN_MARKS);
    if (last?.t === kind) last.lines.push(inline);
    else paras.push({ t: kind, lines: [inline] });
  }
  return paras;
}

type Mark = { open: string; kind: 'bold' | 'italic' | 'strike' };
const MRKDWN_MARKS: Mark[] = [
  { open: '*', kind: 'bold' },
  { open: '_', kind: 'italic' },
  { open: '~', kind: 'strike' },
];
const MARKDOWN_MARKS: Mark[] = [
  { open: '**', kind: 'bold' },
  { open: '__', kind: 'bold' },
  { open: '~~', kind: 'strike' },
  { open: '*', kind: 'italic' },
  { open: '_', kind: 'italic' },
];

/** Reads one line of text. Marks count only around whole words, so that 2*3*4 and snake_case_names stay as they are. */
function readInline(source: string, marks: Mark[]): Inline[] {
  const out: Inline[] = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') out.push({ t: 'text', text: unescaped(plain) });
    plain = '';
  };
  for (let at = 0; at < source.length; ) {
    const found = tokenAt(source, at, marks);
    if (found) {
      flush();
      out.push(found.token);
      at = found.end;
    } else plain += source[at++];
  }
  flush();
  return out;
}

function tokenAt(source: string, at: number, marks: Mark[]): { token: Inline; end: number } | null {
  const char = source[at]!;
  // Markdown takes a mark for itself when a backslash stands before it; mrkdwn has no such thing.
  if (char === '\\' && marks === MARKDOWN_MARKS && /[!-/:-@[-`{-~]/.test(source[at + 1] ?? '')) {
    return { token: { t: 'text', text: source[at + 1]! }, end: at + 2 };
  }
  if (char === '<') {
    const end = source.indexOf('>', at);
    const token = end > at ? readAngle(source.slice(at + 1, end)) : null;
    return token && { token, end: end + 1 };
  }
  if (char === '`') {
    const end = source.indexOf('`', at + 1);
    return end > at + 1 ? { token: { t: 'code', text: unescaped(source.slice(at + 1, end)) }, end: end + 1 } : null;
  }
  if (char === ':') {
    const match = /^:([\w+'-]{1,60}):/.exec(source.slice(at, at + 64));
    return match && !/^\d+$/.test(match[1]!)
      ? { token: { t: 'emoji', name: match[1]! }, end: at + match[0].length }
      : null;
  }
  if (char === '[' && marks === MARKDOWN_MARKS) {
    const match = /^\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/.exec(source.slice(at));
    return match
      ? { token: { t: 'link', url: match[2]!, label: unescaped(match[1]!) }, end: at + match[0].length }
      : null;
  }
  const mark = marks.find((one) => source.startsWith(one.open, at));
  if (!mark || /\w/.test(source[at - 1] ?? '')) return null;
  const start = at + mark.open.length;
  if (/\s|^$/.test(source[start] ?? '')) return null;
  for (let end = source.indexOf(mark.open, start + 1); end !== -1; end = source.indexOf(mark.open, end + 1)) {
    const after = source[end + mark.open.length] ?? '';
    if (/\s/.test(source[end - 1]!) || /\w/.test(after) || after === mark.open) continue;
    return {
      token: { t: mark.kind, children: readInline(source.slice(start, end), marks) },
      end: end + mark.open.length,
    };
  }
  return null;
}

// What Slack puts between angle brackets. Anything else there is text that forgot to escape itself, and is shown as written.
function readAngle(inner: string): Inline | null {
  const [target = '', label = ''] = splitOnce(inner, '|');
  if (/^@[UW]\w+$/.test(target)) return { t: 'user', id: target.slice(1), label: unescaped(label) };
  if (/^#C\w+$/.test(target)) return { t: 'channel', id: target.slice(1), label: unescaped(label) };
  if (/^!subteam\^S\w+$/.test(target)) return { t: 'group', id: target.slice(9), label: unescaped(label) };
  if (/^!(here|channel|everyone)$/.test(target)) return { t: 'everyone', label: `@${target.slice(1)}` };
  const date = /^!date\^(\d{1,12})\^([^^]+)/.exec(target);
  if (date) return { t: 'date', seconds: Number(date[1]), pattern: unescaped(date[2]!), fallback: unescaped(label) };
  if (/^(https?:\/\/|mailto:|tel:)/i.test(target)) {
    const url = unescaped(target);
    return { t: 'link', url, label: unescaped(label) || url.replace(/^(mailto|tel):/i, '') };
  }
  return null;
}

/** Reads standard Markdown, as far as messages use it: headings, lists, quotes, code, rules and emphasis. */
export function readMarkdown(source: string): Para[] {
  const paras: Para[] = [];
  let fence: string[] | null = null;
  for (const line of source.split('\n')) {
    if (/^\s*```/.test(line)) {
      if (fence) paras.push({ t: 'code', text: fence.join('\n') });
      fence = fence ? null : [];
      continue;
    }
    if (fence) {
      fence.push(line);
      continue;
    }
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const item = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/.exec(line);
    const quoted = /^>\s?(.*)$/.exec(line);
    const last = paras.at(-1);
    const inline = (text: string) => readInline(text, MARKDOWN_MARKS);
    if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) paras.push({ t: 'rule' });
    else if (heading) paras.push({ t: 'heading', level: heading[1]!.length, children: inline(heading[2]!) });
    else if (item) {
      const ordered = item[1] !== undefined;
      if (last?.t === 'list' && last.ordered === ordered) last.items.push(inline(item[2]!));
      else paras.push({ t: 'list', ordered, items: [inline(item[2]!)] });
    } else if (quoted) {
      if (last?.t === 'quote') last.lines.push(inline(quoted[1]!));
      else paras.push({ t: 'quote', lines: [inline(quoted[1]!)] });
    } else if (line.trim() === '') paras.push({ t: 'lines', lines: [] });
    else if (last?.t === 'lines' && last.lines.length > 0) last.lines.push(inline(line));
    else paras.push({ t: 'lines', lines: [inline(line)] });
  }
  if (fence) paras.push({ t: 'code', text: fence.join('\n') });
  return paras.filter((para) => para.t !== 'lines' || para.lines.length > 0);
}

/** The words of mrkdwn without its marks; ids of people and rooms are named by `nameOf`. */
export function plainWords(source: string, nameOf: (id: string) => string): string {
  const words = (tokens: Inline[]): string =>
    tokens
      .map((token) => {
        if ('children' in token) return words(token.children);
        if ('text' in token) return token.text;
        if (token.t === 'emoji') return `:${token.name}:`;
        if (token.t === 'date') return token.fallback;
        if (token.t === 'link' || token.t === 'everyone') return token.label;
        return token.label || nameOf(token.id);
      })
      .join('');
  return readMrkdwn(source)
    .map((para) => (para.t === 'code' ? para.text : 'lines' in para ? para.lines.map(words).join('\n') : ''))
    .join('\n');
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
}

// The three characters that Slack escapes, and no others: `&quot;` is six characters of text there.
function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
