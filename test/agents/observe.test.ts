import { expect, it } from 'vitest';
import { createBuiltinAnalyst } from '#agents/analyst/builtin/index.ts';
import type { Perceived, ToPerceive } from '#agents/observe/index.ts';
import { createPerception } from '#agents/observe/index.ts';
import { buildThemeGraph } from '#agents/theme/graph.ts';
import { createThemeIndex } from '#agents/theme/index.ts';
import type { Analyst } from '#src/domain/analyst.ts';
import { redactText } from '#src/domain/redaction.ts';
import { embedText, encodeVector, VECTOR_VERSION } from '#src/domain/vector.ts';

const builtin = createBuiltinAnalyst();

function said(id: string, text: string, more: Partial<ToPerceive> = {}): ToPerceive {
  return {
    conversationId: id,
    conversationRevision: 'r1',
    captured: false,
    conservative: false,
    messages: [{ id: `${id}-1`, role: 'customer', text, known: ['Ada Lovelace'] }],
    ...more,
  };
}

async function perceive(analyst: Analyst, ...batch: ToPerceive[]) {
  const results = await createPerception({ analyst })(batch);
  return (id: string): Perceived => {
    const result = results.get(id);
    if (!result || result instanceof Error) throw result ?? new Error(`nothing about ${id}`);
    return result;
  };
}

it('shows no raw word to the analyst, and none in what comes out', async () => {
  const seen: string[] = [];
  const spy: Analyst = {
    ...builtin,
    observe: (batch) => {
      seen.push(...batch.flatMap((conversation) => conversation.messages.map((message) => message.text)));
      return builtin.observe(batch);
    },
  };
  const of = await perceive(spy, said('a', 'Ada Lovelace here (ada@example.com): the CSV export fails'));
  expect(seen).toEqual(['[person_1] here ([email_1]): the CSV export fails']);
  expect(JSON.stringify(of('a').draft)).not.toMatch(/ada|Lovelace/i);
});

it('makes the vector of what customers wrote, and of nothing else', async () => {
  const of = await perceive(
    builtin,
    said('a', 'the CSV export fails'),
    said('b', 'the CSV export fails', {
      messages: [
        { id: '1', role: 'customer', text: 'the CSV export fails', known: [] },
        { id: '2', role: 'staff', text: 'Which invoice do you mean?', known: [] },
        { id: '3', role: 'bot', text: 'Ticket created', known: [] },
      ],
    }),
  );
  expect(of('a').vector).toEqual(encodeVector(embedText(redactText('the CSV export fails'))));
  expect(of('b').vector).toEqual(of('a').vector);
  expect(of('a').vectorVersion).toBe(VECTOR_VERSION);
});

it('keeps noise out, unless a person captured it', async () => {
  const of = await perceive(builtin, said('a', 'thanks a lot!'), said('b', 'thanks a lot!', { captured: true }));
  expect(of('a')).toMatchObject({ draft: { isNoise: true, kind: 'noise' }, vector: null, vectorVersion: null });
  expect(of('b').draft.isNoise).toBe(false);
  expect(of('b').draft.kind).not.toBe('noise');
  expect(of('b').vector).not.toBeNull();
});

it('writes down what the gate said, and which rule', async () => {
  const of = await perceive(
    builtin,
    said('report', 'the CSV export fails'),
    said('thanks', 'thanks a lot!'),
    said('picked', 'thanks a lot!', { captured: true }),
    said('asked', 'How can I change my password?', { conservative: true }),
    said('clear', 'the CSV export fails with error 500', { conservative: true }),
    said('taken', 'How can I change my password?', { conservative: true, captured: true }),
  );
  const gate = (id: string) => {
    const { verdict, by, rule } = of(id).draft.gate!;
    return [verdict, by, rule];
  };
  expect(gate('report')).toEqual(['passed', 'analyst', null]);
  expect(gate('thanks')).toEqual(['noise', 'analyst', 'courtesy']);
  expect(gate('picked')).toEqual(['passed', 'person', 'captured']);
  expect(gate('asked')).toEqual(['left_out', 'rule', 'lone_question']);
  expect(of('asked')).toMatchObject({ draft: { isNoise: true, kind: 'question' }, vector: null });
  expect(gate('clear')).toEqual(['passed', 'analyst', null]);
  expect(gate('taken')).toEqual(['passed', 'person', 'captured']);
});

it('does not let an analyst make a report of a greeting', async () => {
  const eager: Analyst = {
    ...builtin,
    observe: async (batch) =>
      (await builtin.observe(batch)).map((draft) => ({ ...draft, isNoise: false, kind: 'bug' as const })),
  };
  const of = await perceive(eager, said('a', 'hello everybody'), said('b', 'the CSV export fails'));
  expect(of('a').draft).toMatchObject({ isNoise: true, kind: 'noise' });
  expect(of('b').draft).toMatchObject({ isNoise: false, kind: 'bug' });
});

it('lets one conversation fail alone', async () => {
  const picky: Analyst = {
    ...builtin,
    observe: async (batch) => {
      if (batch.some((conversation) => conversation.conversationId === 'bad')) throw new Error('cannot read this');
      return builtin.observe(batch);
    },
  };
  const results = await createPerception({ analyst: picky })([
    said('a', 'login loops'),
    said('bad', 'x'),
    said('c', 'export fails'),
  ]);
  expect([...results].map(([id, result]) => [id, result instanceof Error])).toEqual([
    ['a', false],
    ['bad', true],
    ['c', false],
  ]);
});

it('answers an empty batch with nothing', async () => {
  expect((await createPerception({ analyst: builtin })([])).size).toBe(0);
});

it('places a batch: each in the theme it is like, in the one it had, or in a new one', async () => {
  const vectorOf = (text: string) => encodeVector(embedText(redactText(text)));
  const index = createThemeIndex();
  const graph = buildThemeGraph({ index, newThemeId: (observationId) => `theme-of-${observationId}` });
  const item = (
    observationId: string,
    text: string,
    themeId: string | null = null,
    replaces: string | null = null,
  ) => ({
    observationId,
    themeId,
    vector: vectorOf(text),
    replaces,
  });
  const { placed } = await graph.invoke({
    batch: [
      item('a', 'CSV export fails with error 500'),
      item('b', 'exporting to csv is broken since this morning'),
      item('c', 'how do I change my password'),
      item('d', 'how do I change my password', 'kept'),
      item('b2', 'invoice shows wrong VAT', 'theme-of-a', 'b'),
    ],
  });
  expect(placed.map(({ themeId, opens }) => [themeId, opens])).toEqual([
    ['theme-of-a', true],
    ['theme-of-a', false],
    ['theme-of-c', true],
    ['kept', false],
    ['theme-of-a', false],
  ]);
  expect(index.size).toBe(4);
});
