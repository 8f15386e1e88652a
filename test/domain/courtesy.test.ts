import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isCourtesy, withoutCourtesy } from '#src/domain/courtesy.ts';
import { redactText } from '#src/domain/redaction.ts';

const without = (text: string) => withoutCourtesy(redactText(text)).replace(/\s+/g, ' ').trim();

it.each([
  [
    'Hi team, I have a problem: CSV export fails with error: 500. Any news on this? Thanks!',
    'CSV export fails with error: 500.',
  ],
  ['hello I cannot open the calendar please help', 'I cannot open the calendar'],
  ['Guten Tag, die Rechnung ist falsch. Mit freundlichen Grüßen', 'die Rechnung ist falsch.'],
  ['Bonjour, l’export ne marche plus, merci beaucoup', 'l’export ne marche plus,'],
  ['Hola, no puedo entrar. Gracias', 'no puedo entrar.'],
  ['Hi jo@example.com, the map is gone', '[email_1], the map is gone'],
])('leaves the matter of: %s', (text, matter) => {
  expect(without(text)).toBe(matter);
});

it('keeps a text that is courtesy throughout, so that nothing becomes empty', () => {
  expect(without('thanks a lot, team!')).toBe('thanks a lot, team!');
  expect(isCourtesy('Thank you so much!')).toBe(true);
  expect(isCourtesy('Thank you for the new map')).toBe(false);
});

it('never lengthens a text, and does not cut placeholders', () => {
  const part = fc.constantFrom('hi ', 'please', ' help', '. ', '\n', 'map', '[email_1]', ', ', ' - ', '[', 'thanks');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
      const text = redactText(parts.join(''));
      const kept = withoutCourtesy(text);
      expect(kept.replace(/\s/g, '').length).toBeLessThanOrEqual(text.replace(/\s/g, '').length);
      expect(kept.replaceAll('[email_1]', '')).not.toContain('email');
    }),
  );
});

it('does not take time that grows with the square of a hostile text', () => {
  for (const unit of ['a b ', 'a, ', ' ', '. ', '[', '[email_1] ', 'thanks ', '- ']) {
    const started = performance.now();
    withoutCourtesy(redactText(unit.repeat(60_000 / unit.length)));
    expect(performance.now() - started, unit).toBeLessThan(2_000);
  }
});
