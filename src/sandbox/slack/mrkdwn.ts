// How text gets its marks: what a person types becomes what Slack stores, and what an app posts is made safe the way Slack does it.
import type { Fields } from './model.ts';
import type { SlackState } from './state.ts';

const LINK = /https?:\/\/[^\s<>|]+/y;
const EMAIL = /[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/y;
const CHANNEL = /#([\p{L}\p{N}_-]{1,80})/uy;
const EMOJI = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/y;
const BROADCAST = /@(here|channel|everyone)\b/y;
const TRAILING = /[.,;:!?'")\]}]+$/;
// Control sequences that an app may write itself; every other < is text.
const CONTROL = /<(?:@[UWB][A-Z0-9]+|#[CGD][A-Z0-9]+|![a-z]|https?:\/\/|mailto:|tel:|slack:\/\/)[^<>]*>/y;

/** `&`, `<` and `>` as Slack stores them. */
export function escapeText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** What Slack's client makes of typed text: the stored text and the rich_text block that goes with it. */
export function typed(text: string, state: SlackState): { text: string; blocks: Fields[] } {
  const parts = split(text, state);
  const stored = parts.map((part) => part.stored).join('');
  const elements: Fields[] = [];
  for (const part of parts) {
    const last = elements.at(-1);
    if (part.element.type === 'text' && last?.type === 'text') last.text = `${last.text}${part.element.text}`;
    else elements.push({ ...part.element });
  }
  return {
    text: stored,
    blocks: [{ type: 'rich_text', block_id: blockId(text), elements: [{ type: 'rich_text_section', elements }] }],
  };
}

/** What Slack stores of text that an app posts: its control sequences stay, stray `<`, `>` and `&` are escaped, bare links are marked. */
export function posted(text: string): string {
  let out = '';
  for (let at = 0; at < text.length; ) {
    const control = match(CONTROL, text, at);
    const link = control ?? match(LINK, text, at);
    if (control) {
      out += control;
      at += control.length;
    } else if (link && !/[\w/]/.test(text[at - 1] ?? '')) {
      const url = link.replace(TRAILING, '');
      out += `<${url}>`;
      at += url.length;
    } else {
      const char = text[at]!;
      if (char === '<') out += '&lt;';
      else if (char === '>') out += '&gt;';
      else if (char === '&' && !/^&(amp|lt|gt);/.test(text.slice(at, at + 5))) out += '&amp;';
      else out += char;
      at += 1;
    }
  }
  return out;
}

/** A block_id of Slack's shape for a block that came without one. */
export function blockId(seed: string, index = 0): string {
  let hash = 2166136261 ^ index;
  for (let at = 0; at < seed.length && at < 400; at++) hash = Math.imul(hash ^ seed.charCodeAt(at), 16777619) >>> 0;
  return `${hash.toString(36).padStart(7, '0').slice(-7)}${index.toString(36)}`;
}

interface Part {
  stored: string;
  element: Fields & { type: string; text?: string };
}

function split(text: string, state: SlackState): Part[] {
  const parts: Part[] = [];
  let plain = '';
  const flush = () => {
    if (plain) parts.push({ stored: escapeText(plain), element: { type: 'text', text: plain } });
    plain = '';
  };
  for (let at = 0; at < text.length; ) {
    const found = special(text, at, state);
    if (found) {
      flush();
      parts.push(found.part);
      at += found.length;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return parts;
}

function special(text: string, at: number, state: SlackState): { part: Part; length: number } | null {
  const char = text[at]!;
  const before = text[at - 1] ?? '';
  const starts = !/[\p{L}\p{N}_]/u.test(before);
  if (char === '@' && starts) return mention(text, at, state);
  if (char === '#' && starts) {
    const name = match(CHANNEL, text, at)?.slice(1);
    const channel = name ? state.findChannel(name) : undefined;
    if (!name || !channel || channel.type === 'im') return null;
    return {
      part: { stored: `<#${channel.id}|${channel.name}>`, element: { type: 'channel', channel_id: channel.id } },
      length: name.length + 1,
    };
  }
  if (char === 'h' && starts) {
    const url = match(LINK, text, at)?.replace(TRAILING, '');
    if (!url) return null;
    return { part: { stored: `<${escapeText(url)}>`, element: { type: 'link', url } }, length: url.length };
  }
  if (char === ':' && starts) {
    const emoji = match(EMOJI, text, at);
    if (!emoji) return null;
    return { part: { stored: emoji, element: { type: 'emoji', name: emoji.slice(1, -1) } }, length: emoji.length };
  }
  if (/[A-Za-z0-9]/.test(char) && !/[A-Za-z0-9._%+-]/.test(before)) {
    const email = match(EMAIL, text, at);
    if (!email) return null;
    return {
      part: {
        stored: `<mailto:${email}|${email}>`,
        element: { type: 'link', url: `mailto:${email}`, text: email },
      },
      length: email.length,
    };
  }
  return null;
}

function mention(text: string, at: number, state: SlackState): { part: Part; length: number } | null {
  const broadcast = match(BROADCAST, text, at);
  if (broadcast) {
    const range = broadcast.slice(1);
    return { part: { stored: `<!${range}>`, element: { type: 'broadcast', range } }, length: broadcast.length };
  }
  const rest = text.slice(at + 1, at + 81).toLowerCase();
  let best: { name: string; part: Part } | null = null;
  const consider = (name: string, part: () => Part) => {
    const lower = name.toLowerCase();
    if (!lower || !rest.startsWith(lower) || /^[\p{L}\p{N}_-]/u.test(rest.slice(lower.length))) return;
    if (!best || lower.length > best.name.length) best = { name: lower, part: part() };
  };
  for (const user of state.users.values()) {
    for (const name of [user.name, user.real_name, user.profile.display_name]) {
      consider(name, () => ({ stored: `<@${user.id}>`, element: { type: 'user', user_id: user.id } }));
    }
  }
  for (const group of state.usergroups.values()) {
    consider(group.handle, () => ({
      stored: `<!subteam^${group.id}|@${group.handle}>`,
      element: { type: 'usergroup', usergroup_id: group.id },
    }));
  }
  const found = best as { name: string; part: Part } | null;
  return found ? { part: found.part, length: found.name.length + 1 } : null;
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
