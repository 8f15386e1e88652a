import fc from 'fast-check';
import { expect, it } from 'vitest';
import { redactText } from '#src/domain/redaction.ts';
import type { DocumentFrequencies } from '#src/domain/vector.ts';
import { cosine, decodeVector, embedText, encodeVector, stemOf, wordsOf } from '#src/domain/vector.ts';

const embed = (text: string) => embedText(redactText(text));
const nothingSeen: DocumentFrequencies = { total: 0, of: () => 0 };
const alike = (a: string, b: string, documents = nothingSeen) => cosine(embed(a), embed(b), documents);

it('comes back from its bytes as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const vector = embed(text);
      expect(decodeVector(encodeVector(vector))).toEqual(vector);
    }),
  );
});

it('takes about a kilobyte for a report, and no more than a few for a pasted log', () => {
  const report =
    'Since the update on Monday the export of our monthly report as CSV stops after ten rows and shows nothing. ';
  expect(encodeVector(embed(report)).length).toBeLessThan(1_200);
  const log = Array.from({ length: 5_000 }, (_, line) => `line ${line * 7919} failed`).join('\n');
  expect(encodeVector(embed(log)).length).toBeLessThan(20_000);
});

it('refuses bytes that are cut or of another format', () => {
  const bytes = encodeVector(embed('export export fails'));
  expect(() => decodeVector(Buffer.from([9, 1, 2]))).toThrow(RangeError);
  expect(() => decodeVector(Buffer.from([bytes[0]!, 0x80]))).toThrow(RangeError);
});

it('finds a text like itself, like its own words in another form, and unlike other matters', () => {
  expect(alike('CSV export fails', 'CSV export fails')).toBeCloseTo(1, 6);
  expect(alike('exporting reports failed', 'the report export fails')).toBeGreaterThan(0.3);
  expect(alike('exporting reports failed', 'invoice with wrong VAT')).toBeLessThan(0.05);
  expect(alike('', 'anything')).toBe(0);
});

it('is symmetric and stays between 0 and 1', () => {
  const text = fc.string({ unit: fc.constantFrom(...'aber st!', 'ß', '客'), maxLength: 40 });
  fc.assert(
    fc.property(text, text, fc.nat(50), (a, b, total) => {
      const documents = { total, of: (feature: number) => feature % (total + 1) };
      const score = alike(a, b, documents);
      expect(score).toBeCloseTo(alike(b, a, documents), 9);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }),
  );
});

it('lets common words count for less', () => {
  const common = embed('please help');
  const seen = { total: 1000, of: (feature: number) => (common.features.includes(feature) ? 900 : 1) };
  const [a, b] = ['please help with invoices', 'please help with uploads'] as const;
  expect(alike(a, b, seen)).toBeLessThan(alike(a, b) * 0.7);
});

it('gives placeholders of one kind the same word, whoever they stand for', () => {
  expect(embed('mail jo@example.com')).toEqual(embed('mail sue@example.org'));
});

it('ignores accents and apostrophes, and reads scripts without blanks in pairs', () => {
  const words = (text: string) => wordsOf(redactText(text));
  expect(words("Não CAN'T exporté")).toEqual(['nao', 'cant', 'exporte']);
  expect(words('导出失败')).toEqual(['导出', '出失', '失败']);
});

it.each([
  ['exports', 'export'],
  ['exporting', 'export'],
  ['exported', 'export'],
  ['crashes', 'crash'],
  ['crashing', 'crash'],
  ['stopped', 'stop'],
  ['queries', 'query'],
  ['invoices', 'invoic'],
  ['invoice', 'invoic'],
  ['access', 'access'],
  ['status', 'status'],
  ['thing', 'thing'],
])('stems %s to %s', (word, stem) => {
  expect(stemOf(word)).toBe(stem);
});
