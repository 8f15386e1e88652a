import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnalystMessage } from '#src/domain/analyst.ts';
import {
  clipRedacted,
  RedactedText,
  rawSpanOf,
  redactConversation,
  redactText,
  sliceRedacted,
  toRedactedSpan,
} from '#src/domain/redaction.ts';

const one = (text: string, known: string[] = []) => redactConversation([{ id: 'm', text, known }]).messages[0]!;

describe('redacts', () => {
  it.each([
    ['write to Anna.Smith+x@mail.example.co.uk.', 'write to [email_1].'],
    ['<mailto:jo@example.com|jo@example.com>', '<mailto:[email_1]|[email_1]>'],
    ['пишите на анна@почта.рф', 'пишите на [email_1]'],
    ['call +49 30 1234567 now', 'call [phone_1] now'],
    ['call me on 01.84.17.61.18?', 'call me on [phone_1]?'],
    ['(415) 555-2671', '[phone_1]'],
    ['Phone:\n60-56-85-91\n', 'Phone:\n[phone_1]\n'],
    ['Fax: 345-899-3560x4587', 'Fax: [phone_1]'],
    ['card 4111 1111-1111 1111!', 'card [card_1]!'],
    ['amex 378282246310005', 'amex [card_1]'],
    ['IBAN DE89 3704 0044 0532 0130 00 thanks', 'IBAN [iban_1] thanks'],
    ['gb33bukb20201555555555', '[iban_1]'],
    ['from 203.0.113.9:443', 'from [ip_1]:443'],
    ['host 2001:db8::8a2e:370:7334 and fe80::1ff:fe23:4567:890a', 'host [ip_1] and [ip_2]'],
    ['order 00004587345', 'order [number_1]'],
    ['ssn 460-89-9847', 'ssn [phone_1]'],
    ['key sk-proj-abcdefGHIJ1234567890', 'key [secret_1]'],
    ['xoxb-123456789012-abcdefghij', '[secret_1]'],
    ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', '[secret_1]'],
    ['AKIAIOSFODNN7EXAMPLE', '[secret_1]'],
    ['lin_api_abcdefghijklmnop1234', '[secret_1]'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_123', '[secret_1]'],
    ['Authorization: Bearer abcdefghijklmnop', 'Authorization: Bearer [secret_1]'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIabc+/=\n-----END RSA PRIVATE KEY-----', '[secret_1]'],
    ['password: hunter2, ok', 'password: [secret_1], ok'],
    ['mein Passwort ist Sommer2024!', 'mein Passwort ist [secret_1]!'],
    ['API_KEY="abc"', 'API_KEY="[secret_1]"'],
    ['postgres://bob:s3cret@db.example/x', 'postgres://[url_credentials_1]@db.example/x'],
    ['https://x.example/a?b=1&access_token=zzzz9&c=2', 'https://x.example/a?b=1&access_token=[secret_1]&c=2'],
  ])('%s', (raw, shown) => {
    expect(one(raw).redacted).toBe(shown);
  });

  it('people whom the source names: whole names in any case, parts only with a capital', () => {
    const { messages } = redactConversation([
      { id: 'a', text: 'Grace Hopper here. grace hopper, GRACE', known: ['Grace Hopper'] },
      { id: 'b', text: "with grace, Hopper's account; Zoë wrote too", known: ['Zoë'] },
    ]);
    expect(messages.map((message) => message.redacted)).toEqual([
      '[person_1] here. [person_1], [person_1]',
      "with grace, [person_1]'s account; [person_2] wrote too",
    ]);
  });

  it('full-width digits, other digits and unseen characters inside a value', () => {
    expect(one('４１１１ １１１１ １１１１ １１１１').redacted).toBe('[card_1]');
    expect(one('4111\u200b1111\u2060 1111\u00ad1111').redacted).toBe('[card_1]');
    expect(one('a\u200dnna＠example．com').redacted).toBe('[email_1]');
    expect(one('٠١٢٣٤٥٦٧٨').redacted).toBe('[number_1]');
    expect(one('4111‑1111–1111 1111').redacted).toBe('[card_1]');
  });
});

it.each([
  'version 1.2.3.4 and v10.0.19041.1, Chrome/120.0.0.0',
  'since 2024-01-15 10:30:12 or 12.05.2024, 10/12/2024 and 3/30/22',
  'error 50012345, order 1234-567, HTTP 500, ticket #4711, port 8080',
  'my password is wrong, the token is expired, Password: reset is broken',
  'basic troubleshooting with a bearer authentication',
  'std::vector, Foo::bar, at 12:30:45, ratio 16:9, a@b',
  'costs 1,299.00 EUR or 12.345,67 €, 100 % of 250 000 rows',
  '22670-226 I/Process',
])('leaves alone what only looks like it: %s', (text) => {
  expect(one(text).redacted).toBe(text);
});

it('gives the same value the same placeholder in the whole conversation, in any spelling', () => {
  const { messages, counts } = redactConversation([
    { id: 'a', text: 'I am JO@example.com, card 4111111111111111' },
    { id: 'b', text: 'jo@example.com or sue@example.com, card 4111 1111 1111 1111' },
  ]);
  expect(messages[1]!.redacted).toBe('[email_1] or [email_2], card [card_1]');
  expect(counts).toEqual({ email: 3, card: 2 });
});

it('keeps its placeholders when the conversation grows', () => {
  const first = { id: 'a', text: 'jo@example.com and sue@example.com' };
  const before = redactConversation([first]).messages[0]!.redacted;
  const after = redactConversation([first, { id: 'b', text: 'max@example.com, sue@example.com' }]).messages;
  expect(after[0]!.redacted).toBe(before);
  expect(after[1]!.redacted).toBe('[email_3], [email_2]');
});

it('never gives a new value the placeholder that a customer typed', () => {
  expect(one('[email_1] is not jo@example.com').redacted).toBe('[email_1] is not [email_2]');
});

// Texts made of what upsets a redactor: fragments of values, placeholders, unseen characters, and anything else.
const fragment = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    ...[
      '4111',
      '1111 ',
      '@',
      'a.b',
      '.com',
      '+49',
      '030 ',
      '-',
      '::',
      '192.168.',
      '1.1',
      'password: ',
      '=',
      'DE89',
      'sk-',
    ],
    ...[
      '\u200b',
      '\u{E0041}',
      '１２３',
      '[email_1]',
      '[number_2]',
      '[',
      ']',
      '[emai',
      'l_1]',
      '-----BEGIN PRIVATE KEY-----',
      ' ',
      '\n',
    ],
    ...[
      'https://u:p@',
      '?token=',
      'Bearer ',
      'abc123456789',
      'Anna',
      'Smith',
      '\uFFFC',
      '\uD83D',
      '😀',
      '(',
      ')',
      '"',
      '/',
    ],
  ),
);
const anyText = fc.array(fragment, { maxLength: 24 }).map((parts) => parts.join(''));
const known = ['Anna Smith', 'Jo'];

it('changes nothing in what is redacted already', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const once = one(text, known).redacted;
      expect(one(once, known).redacted).toBe(once);
    }),
    { numRuns: 2000 },
  );
});

it('never throws, and leads every span to its raw text and back', () => {
  fc.assert(
    fc.property(anyText, fc.nat(), fc.nat(), (text, a, b) => {
      const { redacted, map } = one(text, known);
      let at = 0;
      for (const piece of map) {
        expect(text.slice(at, piece.rawStart)).toBe(redacted.slice(toRedactedSpan(map, at, at).start, piece.start));
        expect(redacted.slice(piece.start, piece.end)).toMatch(/^\[[a-z_]+_\d+\]$/);
        at = piece.rawEnd;
      }
      const [start, end] = [a % (text.length + 1), b % (text.length + 1)].toSorted((x, y) => x - y) as [number, number];
      const shown = toRedactedSpan(map, start, end);
      const back = rawSpanOf(map, shown.start, shown.end);
      expect(back.start).toBeLessThanOrEqual(start);
      expect(back.end).toBeGreaterThanOrEqual(end);
      expect(toRedactedSpan(map, back.start, back.end)).toEqual(shown);
      if (!map.some((piece) => piece.rawStart < end && piece.rawEnd > start)) {
        expect(redacted.slice(shown.start, shown.end)).toBe(text.slice(start, end));
        expect(back).toEqual({ start, end });
      }
    }),
    { numRuns: 2000 },
  );
});

const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: length, maxLength: length });
const luhn = digits(15).map((body) => {
  const card = `4${body.slice(1)}`;
  const sum = [...card].reduce(
    (total, digit, at) => total + (at % 2 ? Number(digit) : Number(digit) * 2 - (Number(digit) > 4 ? 9 : 0)),
    0,
  );
  return card + ((10 - (sum % 10)) % 10);
});
const letters = (alphabet: string, length: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: length });
const planted = fc.oneof(
  luhn,
  digits(11).map((rest) => `9${rest}`),
  letters('abcdefghij', 8).map((name) => `${name}@example.com`),
  letters('abcXYZ123', 24).map((body) => `ghp_${body}`),
  letters('abcXYZ', 20).map((body) => `sk-live-1${body}`),
  digits(7).map((rest) => `+4930${rest}`),
  fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)).map((octets) => `203.${octets.join('.')}`),
);
const unseen = fc.constantFrom('', '\u200b', '\u00ad', '\u2060');

it('lets no planted secret survive, however it is surrounded or spread', () => {
  fc.assert(
    fc.property(
      planted,
      fc.array(fc.constantFrom('hello', 'please', 'since 12.05.2024', 'v2', '😀', 'error 500'), { maxLength: 4 }),
      unseen,
      fc.boolean(),
      (secret, words, hidden, wide) => {
        const spread = [...secret]
          .map((char) => (wide && /\d/.test(char) ? String.fromCharCode(char.charCodeAt(0) + 0xfee0) : char))
          .join(hidden);
        const text = [...words, spread, ...words].join(' ');
        const { redacted, map } = one(text);
        expect(redacted).not.toContain(spread);
        const start = text.indexOf(spread);
        expect(map.some((piece) => piece.rawStart <= start && piece.rawEnd >= start + spread.length)).toBe(true);
      },
    ),
    { numRuns: 2000 },
  );
});

// Quadratic work on such a text would run into the time limit of the test by far.
it.each(['a', '1 ', '@a', 'a.', '"@', '-----BEGIN PRIVATE KEY-----', 'password: ', 'a:', '+1', 'DE12 ', '[email_'])(
  'comes to an end with a hostile text of many %j',
  (unit) => {
    const text = unit.repeat(60_000 / unit.length);
    expect(redactText(redactText(text))).toBe(redactText(text));
  },
);

it('cuts at words and never through a placeholder', () => {
  const text = redactText('Please write to jo@example.com about the export');
  expect(clipRedacted(text, 20)).toBe('Please write to…');
  expect(clipRedacted(text, 200)).toBe(text);
  expect(sliceRedacted(text, 0, 20)).toBe('Please write to [email_1]');
  expect(sliceRedacted(text, 18, 31)).toBe('[email_1] about');
});

it('is a type: plain strings do not pass for redacted ones', () => {
  const role = 'customer';
  const passes: AnalystMessage = { role, text: redactText('x') };
  // @ts-expect-error a plain string has not been redacted
  const refused: AnalystMessage = { role, text: 'jo@example.com' };
  expect([passes.role, refused.role]).toEqual([role, role]);
  expect(RedactedText.parse('jo@example.com')).toBe('[email_1]');
});
