// The view that redaction looks at: the text as a reader sees it, with the way back to every raw character.

/** Stands for something that is already hidden. One character, so that hiding twice sees what hiding once left. */
export const HIDDEN = '\uFFFC';

/** `text[i]` stands for the raw characters from `starts[i]` up to `ends[i]`. */
export interface View {
  text: string;
  starts: number[];
  ends: number[];
}

/** A stretch of a view, or of a text. */
export interface Span {
  start: number;
  end: number;
}

// Characters that are not seen: soft hyphen, joiners, marks of direction, variation selectors, tags. They may be put inside a number to hide it.
const UNSEEN = /^\p{Default_Ignorable_Code_Point}$/u;
const DASH = /^[\u2010-\u2015\u2212\u2043\uFE58]$/;
const SPACE = /^[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]$/;
const DIGIT = /^\p{Nd}$/u;
// Every character of Nd sits in a run of ten that starts at its zero.
const PLAIN = /^[\t\n\r\x20-\x7E]*$/;

/** Makes the view of a text: compatibility forms (full-width digits and letters) become plain, unseen characters go, every digit is 0 to 9. */
export function viewOf(raw: string): View {
  if (PLAIN.test(raw)) {
    const starts = Array.from({ length: raw.length }, (_, at) => at);
    return { text: raw, starts, ends: starts.map((at) => at + 1) };
  }
  const view: View = { text: '', starts: [], ends: [] };
  const parts: string[] = [];
  for (let at = 0; at < raw.length; ) {
    const char = String.fromCodePoint(raw.codePointAt(at)!);
    const end = at + char.length;
    for (const unit of plainOf(char)) {
      parts.push(unit);
      view.starts.push(at);
      view.ends.push(end);
    }
    at = end;
  }
  view.text = parts.join('');
  return view;
}

function plainOf(char: string): string[] {
  const code = char.codePointAt(0)!;
  if (code < 0x80) return [char];
  if (UNSEEN.test(char)) return [];
  if (DASH.test(char)) return ['-'];
  if (SPACE.test(char)) return [' '];
  const plain = char.normalize('NFKC');
  return DIGIT.test(plain) && plain > '9' ? [String(digitOf(plain.codePointAt(0)!))] : plain.split('');
}

function digitOf(code: number): number {
  let zero = code;
  while (code - zero < 9 && DIGIT.test(String.fromCodePoint(zero - 1))) zero--;
  return code - zero;
}

/** The view with each of `spans` (sorted, disjoint) shrunk to one HIDDEN character. */
export function hide(view: View, spans: readonly Span[]): View {
  if (spans.length === 0) return view;
  const hidden: View = { text: '', starts: [], ends: [] };
  let at = 0;
  const copyUpTo = (end: number) => {
    hidden.text += view.text.slice(at, end);
    for (; at < end; at++) {
      hidden.starts.push(view.starts[at]!);
      hidden.ends.push(view.ends[at]!);
    }
  };
  for (const span of spans) {
    copyUpTo(span.start);
    hidden.text += HIDDEN;
    hidden.starts.push(view.starts[span.start]!);
    hidden.ends.push(view.ends[span.end - 1]!);
    at = span.end;
  }
  copyUpTo(view.text.length);
  return hidden;
}
