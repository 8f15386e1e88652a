// Redaction: personal data and secrets become typed placeholders before anything derived is stored and before any model reads. Sole maker of RedactedText.
import { z } from 'zod';
import type { PlaceholderKind } from './redaction-rules.ts';
import { PLACEHOLDER_KINDS, rulesFor } from './redaction-rules.ts';
import type { Span, View } from './redaction-view.ts';
import { hide, viewOf } from './redaction-view.ts';

export type { PlaceholderKind } from './redaction-rules.ts';
export type { Span } from './redaction-view.ts';

declare const redacted: unique symbol;

/** Text that has been through redaction. The only text that an analyst, a model, an index or a stored derivation may hold. */
export type RedactedText = string & { readonly [redacted]: true };

/**
 * Redacted text as a field of a contract. What passes is redacted once more: that changes nothing in what was redacted before,
 * and nobody can launder raw text by parsing it.
 */
export const RedactedText = z.string().overwrite(redactText) as unknown as z.ZodType<RedactedText, string>;

/** One replaced stretch: raw characters `rawStart` to `rawEnd` are shown as the placeholder at `start` to `end`. */
export const Replacement = z.object({
  rawStart: z.number().int().nonnegative(),
  rawEnd: z.number().int().nonnegative(),
  start: z.number().int().nonnegative(),
  end: z.number().int().nonnegative(),
});
export type Replacement = z.infer<typeof Replacement>;

/** The way between a raw text and its redacted form: its replacements in order; everything between them is the same text, shifted. */
export const OffsetMap = z.array(Replacement);
export type OffsetMap = z.infer<typeof OffsetMap>;

/** A message as it came in. `known` are names of people that the source tells us (author, requester, agent). */
export interface RawMessage {
  id: string;
  text: string;
  known?: readonly string[];
}

export interface RedactedMessage {
  id: string;
  redacted: RedactedText;
  map: OffsetMap;
}

export interface RedactedConversation {
  messages: RedactedMessage[];
  /** How many stretches of each kind were hidden: fit for a log line. */
  counts: Partial<Record<PlaceholderKind, number>>;
}

// The rules run until nothing new is found, because hiding one thing can bring its neighbours together. Each round hides something, so this
// is never reached by text that people write; it bounds the work that a hostile text can ask for.
const ROUNDS_MAX = 8;
const PLACEHOLDER_LENGTH_MAX = 24;
const PLACEHOLDER = new RegExp(`\\[(${PLACEHOLDER_KINDS.join('|')})_(\\d{1,6})\\]`, 'g');

/**
 * Redacts the messages of one conversation together: the same value has the same placeholder in all of them, numbered in the order of
 * first appearance, so that a conversation that grows keeps its placeholders. Names known from any message are hidden in every message.
 *
 * Text that is redacted already is left as it is, and its placeholders keep their numbers.
 */
export function redactConversation(messages: readonly RawMessage[]): RedactedConversation {
  const rules = rulesFor([...new Set(messages.flatMap((message) => message.known ?? []))]);
  const numbering = createNumbering(messages);
  const counts: RedactedConversation['counts'] = {};
  return {
    counts,
    messages: messages.map(({ id, text }) => {
      const map: OffsetMap = [];
      let out = '';
      let at = 0;
      for (const hidden of findHidden(text, rules)) {
        out += text.slice(at, hidden.start);
        const placeholder = numbering(hidden.kind, hidden.key);
        map.push({
          rawStart: hidden.start,
          rawEnd: hidden.end,
          start: out.length,
          end: out.length + placeholder.length,
        });
        out += placeholder;
        at = hidden.end;
        counts[hidden.kind] = (counts[hidden.kind] ?? 0) + 1;
      }
      return { id, redacted: (out + text.slice(at)) as RedactedText, map };
    }),
  };
}

/** Redacts one text on its own: a title that a model wrote, a name that somebody typed. */
export function redactText(text: string): RedactedText {
  return redactConversation([{ id: '', text }]).messages[0]!.redacted;
}

/** A part of a redacted text, widened to whole placeholders: half a placeholder would be read as words. */
export function sliceRedacted(text: RedactedText, start: number, end: number): RedactedText {
  return text.slice(placeholderAt(text, start)?.start ?? start, placeholderAt(text, end)?.end ?? end) as RedactedText;
}

/** The placeholder that a cut at `offset` would go through. */
function placeholderAt(text: string, offset: number): Span | null {
  const from = Math.max(0, offset - PLACEHOLDER_LENGTH_MAX);
  const start = from + text.slice(from, Math.max(0, offset)).lastIndexOf('[');
  if (start < from) return null;
  const [placeholder] = /^\[[a-z_]+_\d+\]/.exec(text.slice(start, start + PLACEHOLDER_LENGTH_MAX)) ?? [];
  if (!placeholder || start + placeholder.length <= offset) return null;
  return { start, end: start + placeholder.length };
}

/** Redacted texts, joined. */
export function joinRedacted(texts: readonly RedactedText[], separator: '\n' | '\n\n' | ' ' | ''): RedactedText {
  return texts.join(separator) as RedactedText;
}

/** Shortens a redacted text to `lengthMax` characters at a word's end and never inside a placeholder; an ellipsis shows that something is missing. */
export function clipRedacted(text: RedactedText, lengthMax: number): RedactedText {
  if (text.length <= lengthMax) return text;
  let end = lengthMax - 1;
  const space = text.lastIndexOf(' ', end);
  if (space > lengthMax * 0.6) end = space;
  end = placeholderAt(text, end)?.start ?? end;
  if (/[\uD800-\uDBFF]/.test(text[end - 1] ?? '')) end--;
  return `${text.slice(0, end).replace(/[\s,;:–-]+$/u, '')}…` as RedactedText;
}

/** Where a span of the raw text is in the redacted one. A span that cuts a replaced stretch takes in the whole placeholder. */
export function toRedactedSpan(map: OffsetMap, start: number, end: number): Span {
  return mapSpan(
    map.map(({ rawStart, rawEnd, start, end }) => ({ from: rawStart, fromEnd: rawEnd, to: start, toEnd: end })),
    start,
    end,
  );
}

/** The raw span behind a span of the redacted text. A span that cuts a placeholder takes in all that it hides. */
export function rawSpanOf(map: OffsetMap, redactedStart: number, redactedEnd: number): Span {
  return mapSpan(
    map.map(({ rawStart, rawEnd, start, end }) => ({ from: start, fromEnd: end, to: rawStart, toEnd: rawEnd })),
    redactedStart,
    redactedEnd,
  );
}

interface Piece {
  from: number;
  fromEnd: number;
  to: number;
  toEnd: number;
}

function mapSpan(pieces: readonly Piece[], start: number, end: number): Span {
  return { start: mapOffset(pieces, start, 'start'), end: mapOffset(pieces, Math.max(start, end), 'end') };
}

function mapOffset(pieces: readonly Piece[], offset: number, edge: 'start' | 'end'): number {
  let shift = 0;
  for (const piece of pieces) {
    if (offset <= piece.from) break;
    if (offset < piece.fromEnd) return edge === 'start' ? piece.to : piece.toEnd;
    shift = piece.toEnd - piece.fromEnd;
  }
  return offset + shift;
}

interface Hidden extends Span {
  kind: PlaceholderKind;
  key: string;
}

/** Everything to hide in a raw text, in raw offsets, sorted and disjoint. */
function findHidden(text: string, rules: ReturnType<typeof rulesFor>): Hidden[] {
  let view = viewOf(text);
  view = hide(view, placeholdersIn(view.text));
  let hidden: Hidden[] = [];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    let news = 0;
    for (const rule of rules) {
      const found = rule(view.text);
      if (found.length === 0) continue;
      news += found.length;
      for (const one of found) {
        const span: Hidden = { ...rawSpan(view, one), kind: one.kind, key: one.key };
        hidden = hidden.filter((other) => other.end <= span.start || other.start >= span.end);
        hidden.push(span);
      }
      view = hide(view, found);
    }
    if (news === 0) break;
  }
  return hidden.sort((a, b) => a.start - b.start);
}

function placeholdersIn(text: string): Span[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
  }));
}

function rawSpan(view: View, span: Span): Span {
  return { start: view.starts[span.start]!, end: view.ends[span.end - 1]! };
}

/** Gives out placeholders: known values get theirs again, new ones the next free number of their kind. */
function createNumbering(messages: readonly RawMessage[]): (kind: PlaceholderKind, key: string) => string {
  const last = new Map<string, number>();
  for (const { text } of messages) {
    for (const [, kind, number] of viewOf(text).text.matchAll(PLACEHOLDER)) {
      last.set(kind!, Math.max(last.get(kind!) ?? 0, Number(number)));
    }
  }
  const given = new Map<string, string>();
  return (kind, key) => {
    const name = `${kind} ${key}`;
    let placeholder = given.get(name);
    if (!placeholder) {
      const number = (last.get(kind) ?? 0) + 1;
      last.set(kind, number);
      placeholder = `[${kind}_${number}]`;
      given.set(name, placeholder);
    }
    return placeholder;
  };
}
