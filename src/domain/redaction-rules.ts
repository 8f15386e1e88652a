// What must not be passed on, and how it is recognized. Each rule reads a view (redaction-view.ts) and names what it found.
import type { CountryCode } from 'libphonenumber-js';
import { parsePhoneNumberFromString } from 'libphonenumber-js';
import type { Span } from './redaction-view.ts';
import { HIDDEN } from './redaction-view.ts';

/** The words that stand in place of what was hidden: `[email_1]`, `[person_2]`. */
export const PLACEHOLDER_KINDS = [
  'secret',
  'url_credentials',
  'email',
  'iban',
  'card',
  'ip',
  'phone',
  'number',
  'person',
] as const;
export type PlaceholderKind = (typeof PLACEHOLDER_KINDS)[number];

/** Something to hide. `key` is its value in one spelling, so that the same value gets the same placeholder. */
export interface Found extends Span {
  kind: PlaceholderKind;
  key: string;
}

/** Finds everything of its kinds in a view's text; what it returns is sorted and disjoint. */
export type Rule = (text: string) => Found[];

/** The rules in order: what an earlier one hides, a later one does not see. `names` are people known from the source. */
export function rulesFor(names: readonly string[]): readonly Rule[] {
  return [
    secrets,
    carriedSecrets,
    assignedSecrets,
    urlCredentials,
    emails,
    ibans,
    cards,
    ips,
    phones,
    numbers,
    personNames(names),
  ];
}

// ---- Secrets -----------------------------------------------------------------------------------------------------------------

// Shapes that the issuers document. The lengths are lower bounds: a cut token is still most of a token.
const SECRET_SHAPES = new RegExp(
  [
    '-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[\\s\\S]{0,20000}?-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\\s]*)',
    'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{4,}(?:\\.[A-Za-z0-9_-]*)?',
    '\\b[spr]k[-_](?=[A-Za-z0-9_-]*\\d)[A-Za-z0-9_-]{14,}',
    '\\bxox[a-z](?:\\.[a-z]{1,5})?-[A-Za-z0-9-]{8,}',
    '\\bxapp-[A-Za-z0-9-]{8,}',
    '\\bgh[a-z]_[A-Za-z0-9]{16,}',
    '\\bgithub_pat_[A-Za-z0-9_]{16,}',
    '\\bglpat-[A-Za-z0-9_-]{16,}',
    '\\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}',
    '\\bAIza[A-Za-z0-9_-]{30,}',
    '\\bya29\\.[A-Za-z0-9_-]{16,}',
    '\\blin_(?:api|oauth|wh)_[A-Za-z0-9]{12,}',
    '\\b(?:npm|hf|dop_v1|doo_v1|dp\\.pt|shpat|shpss|pypi|whsec|rzp_live|sq0[a-z]{3}|EAA[A-Za-z])[-_][A-Za-z0-9_-]{16,}',
    '\\bSG\\.[A-Za-z0-9_-]{16,}\\.[A-Za-z0-9_-]{16,}',
    '(?<=hooks\\.slack\\.com/(?:services|workflows|triggers)/)[A-Za-z0-9/_-]{16,}',
  ].join('|'),
  'g',
);

function secrets(text: string): Found[] {
  return matches(text, SECRET_SHAPES, 'secret');
}

const SECRET_WORD =
  'pass(?:word|wd|code|phrase|wort)|pwd|kennwort|mot de passe|contrase[nñ]a|clave|senha|wachtwoord|secret(?:[ _-]?key)?|client[ _-]?secret|api[ _-]?(?:key|token|secret)|access[ _-]?(?:key|token)|auth(?:entication)?[ _-]?token|token|private[ _-]?key|signing[ _-]?(?:key|secret)|pin(?: ?code)?';
// "password: x", "API_KEY=x", "token is x1". Only what is assigned; the word alone is what customers talk about all day.
const ASSIGNED = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:${SECRET_WORD})["'\`*]{0,3}(?<by>\\s{0,3}(?:=>|:=|=|:)|\\s{1,3}(?:is|was|ist|war|est|es|é|lautet)(?=\\s))\\s{0,3}["'\`*]{0,3}(?<value>[^\\s"'\`<>${HIDDEN}]{3,})`,
  'giu',
);
// A long word may follow "bearer" and "basic" in plain speech: a token has a digit in it, or stands in a header.
const BEARER =
  /(?<=\bbearer\s{1,3})(?=[A-Za-z._~+/=-]*\d)[A-Za-z0-9._~+/=-]{12,}|(?<=\bauthorization["']?\s{0,3}[:=]\s{0,3}["']?(?:bearer|basic|token)\s{1,3})[A-Za-z0-9._~+/=-]{8,}/gi;
const QUERY_SECRET = new RegExp(
  `(?<=[?&#;](?:[a-z0-9]{1,12}[_-])?(?:token|key|api_?key|secret|password|passwd|pwd|pass|sig|signature|auth|code|session|sessionid|sid|jwt|credential|assertion|ticket)=)[^&#\\s"'<>|)${HIDDEN}]{4,}`,
  'gi',
);

function carriedSecrets(text: string): Found[] {
  return disjoint([...matches(text, BEARER, 'secret'), ...matches(text, QUERY_SECRET, 'secret')]);
}

function assignedSecrets(text: string): Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(ASSIGNED)) {
    const value = match.groups!.value!.replace(/[.,;:!?)\]}]+$/u, '');
    const spoken = /\p{L}/u.test(match.groups!.by!);
    if (value.length < 3 || !looksSecret(value, spoken)) continue;
    const start = match.index + match[0].length - match.groups!.value!.length;
    found.push({ kind: 'secret', start, end: start + value.length, key: value });
  }
  return disjoint(found);
}

// "password is wrong", "Password: reset does not work": a plain word after a verb is a word; after a colon it may be the password itself.
function looksSecret(value: string, spoken: boolean): boolean {
  if (/[\p{L}]['’]/u.test(value) || /^https?:/i.test(value)) return false;
  if (spoken) return /\p{L}/u.test(value) ? /[\p{N}@#$%^&*_+=!]/u.test(value) : /\p{N}{3}/u.test(value);
  return !ORDINARY_AFTER_COLON.test(value);
}

const ORDINARY_AFTER_COLON =
  /^(?:the|this|that|not|and|for|can|how|why|when|what|where|who|reset|forgot|forgotten|change|changed|changing|invalid|incorrect|wrong|expired|missing|required|none|null|nil|true|false|undefined|unknown|error|failed|does|please|help|still|cannot|unable|[*•x.]+)$/iu;

// ---- Addresses on the net ----------------------------------------------------------------------------------------------------

const URL_CREDENTIALS = new RegExp(`(?<=\\b[a-z][a-z0-9+.-]{1,20}://)[^\\s/?#@"'<>${HIDDEN}]{1,200}(?=@)`, 'gi');

function urlCredentials(text: string): Found[] {
  if (!text.includes('://')) return [];
  return matches(text, URL_CREDENTIALS, 'url_credentials');
}

const LOCAL_PART = /[\p{L}\p{N}\p{M}.!#$%&'*+/=?^_`{|}~-]/u;
const DOMAIN =
  /^(?:[\p{L}\p{N}\p{M}](?:[\p{L}\p{N}\p{M}-]{0,62}[\p{L}\p{N}])?\.)+(?:\p{L}[\p{L}\p{N}\p{M}-]{0,22}[\p{L}\p{M}\p{N}])/u;
const DOMAIN_LITERAL = /^\[(?:IPv6:)?[0-9a-f.:]{3,45}\]/i;

/** From every @ outwards, so that a long run of letters is not searched from each of its characters. */
function emails(text: string): Found[] {
  const found: Found[] = [];
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const tail = text.slice(at + 1, at + 256);
    const domain = (DOMAIN.exec(tail) ?? DOMAIN_LITERAL.exec(tail))?.[0];
    if (!domain) continue;
    let start = at;
    if (text[at - 1] === '"') start = Math.max(text.lastIndexOf('"', at - 2), at - 66);
    else while (start > 0 && at - start < 64 && LOCAL_PART.test(text[start - 1]!)) start--;
    // Punctuation of the sentence or of a link (`mailto:` ends in a colon, which is none of these) is not part of the name.
    while (start < at && /['.`*_~|{=/?&#!]/.test(text[start]!)) start++;
    if (start < 0 || start >= at) continue;
    const end = at + 1 + domain.length;
    found.push({ kind: 'email', start, end, key: text.slice(start, end).toLowerCase() });
  }
  return disjoint(found);
}

const IPV4 =
  /(?<![\p{L}\p{N}.])(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?![\p{L}\p{N}]|\.\d)/gu;
const VERSION_BEFORE = /(?:version|release|build|ver\.?|firmware|chrome|safari|agent|\bv\.?|[a-z]\/|==)\s*$/i;
const IPV6 = /(?<![\p{L}\p{N}:.])[0-9a-f:]{4,39}(?:(?:\d{1,3}\.){3}\d{1,3})?(?![\p{L}\p{N}:])/giu;

function ips(text: string): Found[] {
  const v4 = text.includes('.')
    ? matches(text, IPV4, 'ip').filter(
        (found) => !VERSION_BEFORE.test(text.slice(Math.max(0, found.start - 12), found.start)),
      )
    : [];
  if (!text.includes(':')) return v4;
  const v6 = matches(text, IPV6, 'ip').filter((found) => isIpv6(found.key));
  return disjoint([...v6, ...v4]);
}

// Times (12:30:45) have too few groups, and `::` between words (std::map) is kept out by asking for a digit and some length.
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1) ?? '';
  const count = last.includes('.') ? groups.length + 1 : groups.length;
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group) || (group === last && group.includes('.')))) return false;
  return halves.length === 2 ? count < 8 && /\d/.test(text) && groups.join('').length >= 3 : count === 8;
}

// ---- Numbers -----------------------------------------------------------------------------------------------------------------

// The lengths of the IBAN registry, by country.
const IBAN_LENGTHS: Record<string, number> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 ' +
    'GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ' +
    'ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ' +
    'ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);
const IBAN_START = /(?<![\p{L}\p{N}])[a-z]{2}[ -]?\d{2}(?=[ -]?[a-z0-9])/giu;

function ibans(text: string): Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(IBAN_START)) {
    const length = IBAN_LENGTHS[match[0].slice(0, 2).toUpperCase()];
    if (!length) continue;
    let value = '';
    let end = match.index;
    while (end < text.length && value.length < length) {
      const char = text[end]!;
      if (/[a-z0-9]/i.test(char)) value += char.toUpperCase();
      else if (!/[ .-]/.test(char)) break;
      end++;
    }
    if (value.length === length && ibanChecks(value) && !/[a-z0-9]/i.test(text[end] ?? ''))
      found.push({ kind: 'iban', start: match.index, end, key: value });
  }
  return disjoint(found);
}

function ibanChecks(iban: string): boolean {
  let rest = 0;
  for (const char of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(char, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

const CARD = /(?<!\d|\d[ -])\d(?:[ -]?\d){11,18}(?!\d|[ -]\d)/g;

function cards(text: string): Found[] {
  return matches(text, CARD, 'card', digitsOf).filter(
    (found) => /^[2-6]/.test(found.key) && luhnChecks(found.key) && !isDateRow(text.slice(found.start, found.end)),
  );
}

function luhnChecks(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at++) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

// A national number says nothing about its country: these are tried in turn (where most of the people live who write to support desks).
const PHONE_COUNTRIES: readonly CountryCode[] = [
  'US',
  'GB',
  'DE',
  'FR',
  'ES',
  'IT',
  'NL',
  'BR',
  'PT',
  'AU',
  'IN',
  'MX',
  'CH',
  'SE',
  'PL',
  'JP',
];
const PHONE =
  /(?<![\p{L}\p{N}_.,:/@#$€£%=-])(?:\+|\(\+?)?\d[\d ()./-]{4,22}\d(?:\s?(?:x|ext\.?)\s?\d{2,6})?(?![\p{L}\p{N}_%€£$])/gu;
const EXTENSION = /\s?(?:x|ext\.?)\s?\d{2,6}$/;
const PHONE_BEFORE =
  /(?:\b(?:phone|tel|telephone|cell|mobile|call|ring|fax|whatsapp|sms|text me|reach me|answering at|dial|number is|contact|telefon|handy|anrufen|rufnummer|tél|téléphone|appeler|portable|llamar|teléfono|móvil|telefone|celular|ligar)\b|[☎📞📱])(?:[^\n]{0,24}|:\s{0,3})$/iu;
const NOT_PHONE_BEFORE =
  /(?:\b(?:version|ver|v|error|err|code|status|order|ticket|case|invoice|bill|build|release|commit|id|ref|reference|sku|serial|port|line|page|item|account|bestellung|rechnung|kunden|fehler|commande|facture|pedido|factura|fatura|erreur)\b|#|№|\bno\.?|\bnr\.?|\bn°)[^\p{L}\d]{0,4}(?:number|no\.?|nr\.?|nummer|id|code)?[^\p{L}\d]{0,4}$/iu;
const DATE_OR_TIME =
  /(?:^|[^\d])(?:\d{4}[-./][01]?\d[-./][0-3]?\d|[0-3]?\d[-./][0-3]?\d[-./](?:19|20)\d{2}|[0-3]?\d[-./][0-3]?\d[-./]\d{2}|(?:19|20)\d{2} ?[-/] ?(?:19|20)?\d{2})(?![-./]?\d)/;
const DOTTED_PHONE = /^(?:\d{3}\.\d{3}\.\d{4}|\d{2}(?:\.\d{2}){4}|\+\d[\d.]+)$/;

function phones(text: string): Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(PHONE)) {
    const trimmed = balanced(match[0]);
    const main = trimmed.replace(EXTENSION, '');
    const digits = digitsOf(main);
    if (digits.length < 7 || digits.length > 15) continue;
    const before = text.slice(Math.max(0, match.index - 40), match.index);
    const value = phoneKey(main, digits, before);
    if (value) found.push({ kind: 'phone', start: match.index, end: match.index + trimmed.length, key: value });
  }
  return found;
}

// "(call 030 1234567)" ends in a bracket that belongs to the sentence.
function balanced(text: string): string {
  return text.includes('(') ? text : text.replace(/\s*\).*$/, '');
}

/** The number in one spelling when it is one that people can call, else null. */
function phoneKey(text: string, digits: string, before: string): string | null {
  if (text.startsWith('+') || text.startsWith('(+')) {
    const number = parsePhoneNumberFromString(`+${digits}`) ?? parsePhoneNumberFromString(text);
    return number?.isPossible() ? number.number : digits.length >= 8 ? `+${digits}` : null;
  }
  if (DATE_OR_TIME.test(text)) return null;
  const announced = PHONE_BEFORE.test(before);
  if (announced && !/\s{2}/.test(text)) return callable(text) ?? digits;
  if (NOT_PHONE_BEFORE.test(before) || /^\d+$/.test(text)) return null;
  // "22670-22670" in a log is not a number that anybody calls.
  if (/^[1-9]\d*-\d{5,}$/.test(text) || (text.includes('(') && !text.includes(')'))) return null;
  if (/^[\d.]+$/.test(text) && !DOTTED_PHONE.test(text)) return null;
  // Amounts and rows of figures are written in groups too: short numbers need the word "call", or brackets, or a dash.
  if (digits.length < 9 && !/^\(\d+\)|^0|^\d{3}-\d{4}$/.test(text)) return null;
  return callable(text);
}

function callable(text: string): string | null {
  if (text.startsWith('00')) {
    const number = parsePhoneNumberFromString(`+${digitsOf(text).slice(2)}`);
    if (number?.isValid()) return number.number;
  }
  for (const country of PHONE_COUNTRIES) {
    const number = parsePhoneNumberFromString(text, country);
    if (number?.isValid()) return number.number;
  }
  return null;
}

// Nine digits and more name an account, an order, a person; groups of digits count together when a dash or one blank joins them.
const NUMBER = /\d+(?:[ -]\d{2,})*/g;
const NUMBER_DIGITS_MIN = 9;

function numbers(text: string): Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(NUMBER)) {
    if (digitsOf(match[0]).length < NUMBER_DIGITS_MIN) continue;
    if (!isDateRow(match[0])) {
      found.push({ kind: 'number', start: match.index, end: match.index + match[0].length, key: digitsOf(match[0]) });
      continue;
    }
    for (const run of match[0].matchAll(/\d{9,}/g)) {
      const start = match.index + run.index;
      found.push({ kind: 'number', start, end: start + run[0].length, key: run[0] });
    }
  }
  return found;
}

// "2024-01-15 10" (a time follows), "2023-01-02 2024-01-02", "10 20 30 40 50": dates and rows of small figures, not a number.
function isDateRow(text: string): boolean {
  const groups = text.split(/[ -]/);
  return /^\d{4}-\d{2}-\d{2}(?!\d)/.test(text) || (groups.length >= 4 && groups.every((group) => group.length <= 2));
}

// ---- People ------------------------------------------------------------------------------------------------------------------

const NAME_PART_MIN = 3;
const PARTICLES = new Set([
  'von',
  'van',
  'der',
  'den',
  'del',
  'dos',
  'das',
  'the',
  'bot',
  'app',
  'dr.',
  'mr.',
  'mrs',
  'mrs.',
  'team',
  'support',
]);

/** Finds the people whose names the source knows: the whole name in any case, its parts where they are written with a capital. */
function personNames(names: readonly string[]): Rule {
  const keyOf = new Map<string, string>();
  const patterns: string[] = [];
  for (const name of names) {
    const parts = name.normalize('NFKC').trim().split(/\s+/);
    const key = parts.join(' ').toLowerCase();
    if (key.length < 2) continue;
    if (parts.length > 1) patterns.push(parts.map(anyCase).join('\\s{1,3}'));
    if (parts.length === 1) patterns.push(anyCase(parts[0]!));
    keyOf.set(key, key);
    for (const part of parts) {
      const folded = part.toLowerCase();
      if (part.length < NAME_PART_MIN || PARTICLES.has(folded)) continue;
      if (!keyOf.has(folded)) keyOf.set(folded, key);
      if (parts.length > 1) patterns.push(`(?:${escaped(capital(folded))}|${escaped(folded.toUpperCase())})`);
    }
  }
  if (patterns.length === 0) return () => [];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(?:${patterns.join('|')})(?![\\p{L}\\p{N}])`, 'gu');
  return (text) =>
    matches(text, pattern, 'person', (value) => {
      const folded = value.toLowerCase().replace(/\s+/g, ' ');
      return keyOf.get(folded) ?? folded;
    });
}

function capital(word: string): string {
  const first = String.fromCodePoint(word.codePointAt(0)!);
  return first.toUpperCase() + word.slice(first.length);
}

function anyCase(word: string): string {
  return [...word]
    .map((char) => {
      const forms = [...new Set([char, char.toLowerCase(), char.toUpperCase()])].map(escaped);
      return forms.length === 1 ? forms[0] : `(?:${forms.join('|')})`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

// ---- Shared ------------------------------------------------------------------------------------------------------------------

function matches(text: string, pattern: RegExp, kind: PlaceholderKind, keyOf = (value: string) => value): Found[] {
  return Array.from(text.matchAll(pattern), (match) => ({
    kind,
    start: match.index,
    end: match.index + match[0].length,
    key: keyOf(match[0]),
  }));
}

function digitsOf(text: string): string {
  return text.replace(/\D/g, '');
}

/** Sorted, without overlaps: of two that overlap the one that begins first stays, and of those the longer. */
function disjoint(found: Found[]): Found[] {
  const sorted = found.toSorted((a, b) => a.start - b.start || b.end - a.end);
  const kept: Found[] = [];
  for (const one of sorted) if (one.start >= (kept.at(-1)?.end ?? 0)) kept.push(one);
  return kept;
}
