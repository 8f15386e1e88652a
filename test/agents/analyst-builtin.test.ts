import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBuiltinAnalyst } from '#agents/analyst/builtin/index.ts';
import type { AnalystConversation, AnalystMessage } from '#src/domain/analyst.ts';
import { Perception, TITLE_LENGTH_MAX } from '#src/domain/observation.ts';
import { redactText } from '#src/domain/redaction.ts';

const analyst = createBuiltinAnalyst();

async function observe(...messages: (string | AnalystMessage)[]) {
  const conversation: AnalystConversation = {
    conversationId: 'con_1',
    conversationRevision: 'r1',
    messages: messages.map((message) =>
      typeof message === 'string' ? { role: 'customer', text: redactText(message) } : message,
    ),
  };
  const [draft] = await analyst.observe([conversation]);
  return draft!;
}
const staff = (text: string): AnalystMessage => ({ role: 'staff', text: redactText(text) });

it.each([
  ['bug', 'en', 'CSV export fails with error 500'],
  ['bug', 'en', 'the app crashes when I open the camera'],
  ['bug', 'de', 'Die Rechnung wird nicht geladen, es kommt eine Fehlermeldung'],
  ['bug', 'fr', "L'export ne fonctionne plus depuis ce matin"],
  ['bug', 'es', 'La exportación no funciona desde ayer'],
  ['bug', 'pt', 'O painel não abre desde ontem, dá um erro'],
  ['incident', 'en', 'The whole site is down, nobody can log in'],
  ['incident', 'de', 'Totaler Ausfall: der Server ist nicht erreichbar'],
  ['feature_request', 'en', 'Please add dark mode to the app'],
  ['feature_request', 'en', 'It would be great if we could export charts as PDF'],
  ['feature_request', 'de', 'Es wäre schön, wenn man Berichte filtern könnte'],
  ['feature_request', 'fr', 'Ce serait bien de pouvoir trier les factures'],
  ['feature_request', 'es', 'Sería genial poder filtrar los informes'],
  ['question', 'en', 'How do I change my password?'],
  ['question', 'de', 'Wie kann ich mein Passwort ändern?'],
  ['question', 'fr', 'Comment puis-je changer mon mot de passe ?'],
  ['question', 'es', '¿Cómo puedo cambiar mi contraseña?'],
  ['question', 'pt', 'Como posso mudar a minha senha?'],
  ['praise', 'en', 'I love the new dashboard, great work on the charts'],
  ['complaint', 'en', 'Very disappointed with your support, three weeks and nobody answers'],
] as const)('reads %s in %s: %s', async (kind, language, text) => {
  const draft = await observe(text);
  expect(draft).toMatchObject({ kind, language, isNoise: false });
  expect(draft.producedBy).toMatchObject({ analyst: 'builtin', model: null, prompt: null });
});

it.each([
  ['thanks a lot!', 'noise'],
  ['Hi everyone, good morning', 'noise'],
  [':tada: :+1:', 'noise'],
  ['lunch anyone?', 'noise'],
  ['Vielen Dank für die Hilfe', 'noise'],
  ['ok', 'noise'],
  ['I need my PIN', 'report'],
  ['Is the app down?', 'report'],
  ['the export is broken, lunch can wait', 'report'],
])('tells chatter from reports: %s is %s', async (text, verdict) => {
  expect((await observe(text)).isNoise).toBe(verdict === 'noise');
});

describe('severity', () => {
  it.each([
    ['critical', 'All our data was deleted, total data loss after the import'],
    ['high', 'Urgent: we cannot log in and are blocked'],
    ['medium', 'The chart shows the wrong colour'],
    ['low', 'Minor typo on the settings page'],
    ['low', 'How do I change my password?'],
  ])('is %s for: %s', async (severity, text) => {
    expect((await observe(text)).severity).toBe(severity);
  });

  it('does not rise because somebody shouts about a wish', async () => {
    expect((await observe('URGENT!!! critical!!! please add dark mode asap, this is an emergency')).severity).not.toBe(
      'critical',
    );
  });

  it('and kind hear a negation', async () => {
    expect((await observe('There is no error any more, the export is fast')).kind).not.toBe('bug');
    expect((await observe('The colour is off, not urgent')).severity).not.toBe('high');
  });
});

it('lets customers decide, and staff only when no customer spoke', async () => {
  const draft = await observe(staff('Is this the outage? Our site is down'), 'No, just: how do I rename a report?');
  expect(draft).toMatchObject({ kind: 'question', title: 'Just: how do I rename a report?' });
  const reported = await observe(staff('Acme reports that the CSV export fails'));
  expect(reported).toMatchObject({ kind: 'bug', area: 'export' });
});

describe('the title', () => {
  it.each([
    [
      'Hi team, hope you are well. The CSV export fails with error 500 since Monday. Thanks!',
      'The CSV export fails with error 500 since Monday',
    ],
    ['*export* is `broken` <@U123ABC>, see <https://x.example/a|this page>', 'Export is broken , see this page'],
    ['> quoted words of others\nlogin loops forever', 'Login loops forever'],
  ])('is what %j says', async (text, title) => {
    expect((await observe(text)).title).toBe(title);
  });

  it('holds one line of redacted words for any text', async () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        'jo@example.com',
        ' ',
        '. ',
        '\n',
        '```',
        '[email_1]',
        '<!--',
        'the export fails',
        '[a](b)',
        '😀',
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 30 }), async (parts) => {
        const draft = await observe(parts.join(''));
        expect(() => Perception.parse(draft)).not.toThrow();
        expect(draft.title.length).toBeLessThanOrEqual(TITLE_LENGTH_MAX);
        expect(draft.title).not.toMatch(/\p{Cc}|jo@example\.com/u);
        expect(draft.title.isWellFormed()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

it('describes a theme by the title that has most in common with the others', async () => {
  const titles = [
    'Weekly report is late',
    'CSV export fails with error 500',
    'Export to CSV fails',
    'CSV export of reports fails',
  ].map(redactText);
  const described = await analyst.describe({
    themeId: 'thm_1',
    kind: 'bug',
    severity: 'high',
    titles,
    excerpts: [],
    counts: { reports: 4, customers: 4 },
  });
  expect(described.title).toMatch(/CSV/);
  expect(described.claim).toBe(`Customers report that something does not work: ${described.title}`);
});
