// The promise behind `contracts check`, for contracts nobody wrote: what it lets through, rows and readers of both sides survive.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { changesBetween, lossyObjects } from '#src/ops/contract-changes.ts';

type Spec =
  | { is: 'text' }
  | { is: 'number' }
  | { is: 'whole' }
  | { is: 'flag' }
  | { is: 'choice'; of: string[] }
  | { is: 'nullable'; of: Spec }
  | { is: 'list'; of: Spec }
  | { is: 'record'; of: Spec }
  | { is: 'object'; fields: Record<string, { optional: boolean; of: Spec }> };
type ObjectSpec = Extract<Spec, { is: 'object' }>;

// Few names and few types, so that two contracts often nearly agree: that is where a check goes wrong.
const name = fc.constantFrom('a', 'b', 'c', 'title');
const { object } = fc.letrec<{ any: Spec; object: ObjectSpec }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.record({ is: fc.constantFrom('text' as const, 'number' as const, 'whole' as const, 'flag' as const) }),
    fc.record({
      is: fc.constant('choice' as const),
      of: fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }),
    }),
    fc.record({ is: fc.constantFrom('nullable' as const, 'list' as const, 'record' as const), of: tie('any') }),
    tie('object'),
  ),
  object: fc.record({
    is: fc.constant('object' as const),
    fields: fc.dictionary(name, fc.record({ optional: fc.boolean(), of: tie('any') }), { maxKeys: 3 }),
  }),
}));

function schemaOf(spec: Spec): z.ZodType {
  if (spec.is === 'text') return z.string();
  if (spec.is === 'number') return z.number();
  if (spec.is === 'whole') return z.int();
  if (spec.is === 'flag') return z.boolean();
  if (spec.is === 'choice') return z.enum(spec.of);
  if (spec.is === 'nullable') return schemaOf(spec.of).nullable();
  if (spec.is === 'list') return z.array(schemaOf(spec.of));
  if (spec.is === 'record') return z.record(z.string(), schemaOf(spec.of));
  const fields = Object.entries(spec.fields).map(([key, { optional, of }]) => [
    key,
    optional ? schemaOf(of).optional() : schemaOf(of),
  ]);
  return z.looseObject(Object.fromEntries(fields));
}

function rowOf(spec: Spec): fc.Arbitrary<unknown> {
  if (spec.is === 'text') return fc.constantFrom('x', 'other');
  if (spec.is === 'number') return fc.constantFrom(0.5, 2);
  if (spec.is === 'whole') return fc.constantFrom(0, -3);
  if (spec.is === 'flag') return fc.boolean();
  if (spec.is === 'choice') return fc.constantFrom(...spec.of);
  if (spec.is === 'nullable') return fc.option(rowOf(spec.of));
  if (spec.is === 'list') return fc.array(rowOf(spec.of), { maxLength: 2 });
  if (spec.is === 'record') return fc.dictionary(fc.constantFrom('k', 'l'), rowOf(spec.of), { maxKeys: 2 });
  const keys = Object.entries(spec.fields);
  const required = keys.filter(([, { optional }]) => !optional).map(([key]) => key);
  return fc.record(Object.fromEntries(keys.map(([key, { of }]) => [key, rowOf(of)])), { requiredKeys: required });
}

const changes = (before: Spec, after: Spec) =>
  changesBetween(z.toJSONSchema(schemaOf(before), { io: 'input' }), z.toJSONSchema(schemaOf(after), { io: 'input' }));

it('lets no change through that a row or a reader of either side would not survive', () => {
  let passed = 0;
  fc.assert(
    fc.property(
      object.chain((before) =>
        fc.record({
          before: fc.constant(before),
          // Either something else altogether, or the same with a few fields more and the rest in another order.
          after: fc.oneof(
            object,
            object.map((more): ObjectSpec => ({ is: 'object', fields: { ...more.fields, ...before.fields } })),
          ),
        }),
      ),
      fc.gen(),
      ({ before, after }, draw) => {
        if (changes(before, after).breaking.length > 0) return;
        passed++;
        const older = draw(rowOf, before);
        const newer = draw(rowOf, after);
        expect(schemaOf(after).safeParse(older).error).toBeUndefined();
        expect(schemaOf(before).safeParse(newer).error).toBeUndefined();
      },
    ),
    { numRuns: 1500 },
  );
  // Were nothing let through, the property would hold and mean nothing.
  expect(passed).toBeGreaterThan(150);
});

it('finds nothing to say about a contract that did not change', () => {
  fc.assert(
    fc.property(object, (spec) => {
      expect(changes(spec, spec)).toEqual({ breaking: [], additions: [] });
    }),
    { numRuns: 300 },
  );
});

it('finds objects that drop what they do not know, however deep', () => {
  const deep = z.looseObject({
    list: z.array(z.object({ a: z.string() })),
    map: z.record(z.string(), z.strictObject({})),
    fine: z.looseObject({}),
  });
  expect(lossyObjects(z.toJSONSchema(deep, { io: 'input' }))).toEqual(['list[]', 'map.*']);
});

it('refuses a contract that refers to itself', () => {
  const Tree: z.ZodType = z.looseObject({
    get children() {
      return z.array(Tree);
    },
  });
  const schema = z.toJSONSchema(Tree, { io: 'input' });
  expect(() => changesBetween(schema, schema)).toThrow('refer to itself');
});
