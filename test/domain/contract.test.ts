// Stored rows stay readable: through every version, with what they know and we do not.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineContract, type Versioned } from '#src/domain/contract.ts';
import { CONTRACTS, type Noun } from '#src/domain/contracts.ts';
import { AppError } from '#src/domain/errors.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const GOLDEN = join(ROOT, 'test/golden/contracts');
const RELEASED = join(ROOT, 'docs/contracts');
const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

// signal.v1.json -> the noun, the version it was written in, and the rows themselves.
const golden = globSync('*.json', { cwd: GOLDEN }).map((file) => {
  const [noun, version] = basename(file, '.json').split('.v') as [Noun, string];
  return {
    file,
    noun,
    version: Number(version),
    rows: json(join(GOLDEN, file)) as (Versioned & Record<string, unknown>)[],
  };
});

describe.each(golden)('the stored rows of $file', ({ file, noun, version, rows }) => {
  const contract = CONTRACTS[noun];

  it('are of that version, as it was released', () => {
    const released = z.fromJSONSchema(json(join(RELEASED, file)) as Parameters<typeof z.fromJSONSchema>[0]);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      expect(row.v).toBe(version);
      expect(released.safeParse(row).error).toBeUndefined();
    }
  });

  it('read through to the newest version', () => {
    for (const row of rows) {
      const read = contract.read(row);
      expect(read.v).toBe(contract.version);
      // The same version comes back as it is; an older one has gone through its upcasters.
      if (version === contract.version) expect(read).toEqual(row);
    }
  });

  it('keep the fields that this version does not know, at the top and inside', () => {
    const inside = Object.entries(rows[0]!).filter(
      ([, value]) => typeof value === 'object' && value !== null && !Array.isArray(value),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,12}$/), fc.json(), (name, value) => {
        const unknown = { [`future_${name}`]: JSON.parse(value) as unknown };
        const nested = Object.fromEntries(inside.map(([key, old]) => [key, { ...(old as object), ...unknown }]));
        expect(contract.read({ ...rows[0]!, ...unknown, ...nested })).toMatchObject({ ...unknown, ...nested });
      }),
      { numRuns: 30 },
    );
  });

  it('read the same a second time', () => {
    for (const row of rows) expect(contract.read(contract.read(row))).toEqual(contract.read(row));
  });
});

it('has a stored row of every released version', () => {
  const released = globSync('*.v*.json', { cwd: RELEASED }).filter((file) => /\.v\d+\.json$/.test(file));
  expect(released.length).toBeGreaterThanOrEqual(7);
  expect(released.filter((file) => !existsSync(join(GOLDEN, file)))).toEqual([]);
});

describe('a contract of three versions', () => {
  // 1: `name`; 2: split into first and last; 3: `last` may be unknown, and says so with null.
  const Person = z.looseObject({ v: z.literal(3), first: z.string(), last: z.string().nullable() });
  const PersonContract = defineContract('person', 3, Person, {
    1: ({ name, ...rest }) => {
      const [first, ...others] = String(name).split(' ');
      return { ...rest, first, last: others.join(' ') };
    },
    2: (row) => ({ ...row, last: row.last === '' ? null : row.last }),
  });

  it.each([
    [
      { v: 1, name: 'Ada Lovelace' },
      { v: 3, first: 'Ada', last: 'Lovelace' },
    ],
    [
      { v: 1, name: 'Ada' },
      { v: 3, first: 'Ada', last: null },
    ],
    [
      { v: 2, first: 'Ada', last: '' },
      { v: 3, first: 'Ada', last: null },
    ],
    [
      { v: 3, first: 'Ada', last: null },
      { v: 3, first: 'Ada', last: null },
    ],
  ])('lifts %j step by step', (stored, expected) => {
    expect(PersonContract.read(stored)).toEqual(expected);
  });

  it('carries unknown fields through every step', () => {
    expect(PersonContract.read({ v: 1, name: 'Ada', mood: { now: 'good' } })).toMatchObject({
      v: 3,
      mood: { now: 'good' },
    });
  });

  it('leaves the stored row as it was', () => {
    const stored = Object.freeze({ v: 1, name: 'Ada' });
    PersonContract.read(stored);
    expect(stored).toEqual({ v: 1, name: 'Ada' });
  });

  it.each([
    ['no version', { name: 'Ada' }, 'has no version'],
    ['a version that is no number', { v: '1', name: 'Ada' }, 'has no version'],
    ['nothing at all', null, 'has no version'],
    // A new version exists because a field changed its meaning: reading it as ours would be a guess.
    ['a version from the future', { v: 4, first: 'Ada', last: null }, 'does not fit its contract'],
    ['a field of the wrong type', { v: 3, first: 1, last: null }, 'does not fit its contract'],
  ])('refuses a row with %s, and says so', (_what, row, message) => {
    expect(() => PersonContract.read(row)).toThrow(AppError);
    expect(() => PersonContract.read(row)).toThrow(message);
  });

  it('does not write what it could not read', () => {
    expect(() => PersonContract.write({ v: 3, first: 'Ada' } as unknown as z.infer<typeof Person>)).toThrow();
    expect(PersonContract.write({ v: 3, first: 'Ada', last: null })).toEqual({ v: 3, first: 'Ada', last: null });
  });

  it('cannot be declared with a step missing', () => {
    expect(() => defineContract('person', 3, Person, { 1: (row) => row })).toThrow('no upcaster from version 2');
  });
});
