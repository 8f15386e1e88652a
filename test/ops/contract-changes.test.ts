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

const rowsOf = (spec: Spec) => fc.array(rowOf(spec), { minLength: 6, maxLength: 6 });

/** The same contract after somebody worked on it: most fields as they were, one or the other bent a little, some new. */
function near(spec: ObjectSpec): fc.Arbitrary<ObjectSpec> {
  const kept = Object.fromEntries(
    Object.entries(spec.fields).map(([key, field]) => [
      key,
      fc.oneof(
        { weight: 8, arbitrary: fc.constant(field) },
        { weight: 1, arbitrary: fc.constant({ ...field, optional: !field.optional }) },
        { weight: 2, arbitrary: bent(field.of).map((of) => ({ ...field, of })) },
      ),
    ]),
  );
  const all = fc.record(kept, { requiredKeys: Object.keys(kept) });
  const some = fc.record(kept, { requiredKeys: [] });
  return fc
    .tuple(fc.oneof({ weight: 6, arbitrary: all }, { weight: 1, arbitrary: some }), object)
    .map(([old, more]) => ({ is: 'object', fields: { ...more.fields, ...(old as ObjectSpec['fields']) } }));
}

function bent(spec: Spec): fc.Arbitrary<Spec> {
  if (spec.is === 'choice')
    return fc.uniqueArray(fc.constantFrom('x', 'y', 'z'), { minLength: 1 }).map((of) => ({ ...spec, of }));
  if (spec.is === 'number' || spec.is === 'whole') return fc.constantFrom<Spec>({ is: 'number' }, { is: 'whole' });
  if (spec.is === 'object') return near(spec);
  if (spec.is === 'nullable')
    return fc.oneof(
      fc.constant(spec.of),
      bent(spec.of).map((of): Spec => ({ ...spec, of })),
    );
  if (spec.is === 'list' || spec.is === 'record') return bent(spec.of).map((of): Spec => ({ ...spec, of }));
  return fc.constantFrom<Spec>({ is: 'nullable', of: spec }, { is: 'text' });
}

const changes = (before: Spec, after: Spec) =>
  changesBetween(z.toJSONSchema(schemaOf(before), { io: 'input' }), z.toJSONSchema(schemaOf(after), { io: 'input' }));

it('lets no change through that a row or a reader of either side would not survive', () => {
  let passed = 0;
  fc.assert(
    fc.property(
      object.chain((before) => fc.record({ before: fc.constant(before), after: near(before) })),
      fc.gen(),
      ({ before, after }, draw) => {
        if (changes(before, after).breaking.length > 0) return;
        passed++;
        for (const older of draw(rowsOf, before)) expect(schemaOf(after).safeParse(older).error).toBeUndefined();
        for (const newer of draw(rowsOf, after)) expect(schemaOf(before).safeParse(newer).error).toBeUndefined();
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
