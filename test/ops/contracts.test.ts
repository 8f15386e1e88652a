// What may change within a version of a contract, and what the released files guard.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineContract } from '#src/domain/contract.ts';
import { CONTRACTS } from '#src/domain/contracts.ts';
import { type AnyContract, checkContracts, RELEASED_DIR, releaseContracts, schemaOf } from '#src/ops/contracts.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'contracts-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A contract made of these fields, beside the ones every contract has. */
function contract(fields: z.ZodRawShape, version = 1): AnyContract {
  return {
    name: 'note',
    version,
    schema: z.looseObject({ v: z.literal(version), ...fields }) as AnyContract['schema'],
  };
}
const inner = (fields: z.ZodRawShape) => ({ box: z.looseObject(fields) });

describe('the contracts of this release', () => {
  it('are compatible with what is released, and everything they hold is released', async () => {
    expect(await checkContracts(Object.values(CONTRACTS))).toEqual({ problems: [], notes: [] });
  });

  it('are the seven nouns, each under its own name', () => {
    expect(Object.entries(CONTRACTS).map(([noun, { name }]) => [noun, name])).toEqual(
      ['signal', 'observation', 'theme', 'insight', 'decision', 'action', 'outcome'].map((noun) => [noun, noun]),
    );
  });

  it('all say where a record came from and how it may be used', () => {
    for (const one of Object.values(CONTRACTS)) {
      expect(schemaOf(one).required).toEqual(
        expect.arrayContaining(
          'v id workspaceId source externalId permalink occurredAt receivedAt reliability latencyMs privacyClass residency retentionDays'.split(
            ' ',
          ),
        ),
      );
    }
  });
});

describe('a change within a version', () => {
  // Each row is the proof of its line: it fits one of the two schemas and the other one refuses it.
  it.each([
    [
      'a required field is added',
      { a: z.string() },
      { a: z.string(), b: z.string() },
      { a: 'x' },
      'b was added as required, older rows lack it',
    ],
    [
      'an optional field becomes required',
      { a: z.string().optional() },
      { a: z.string() },
      {},
      'a became required, older rows may lack it',
    ],
    [
      'a required field becomes optional',
      { a: z.string() },
      { a: z.string().optional() },
      {},
      'a became optional, older readers need it',
    ],
    ['a required field is removed', { a: z.string() }, {}, {}, 'a was removed, older readers need it'],
    [
      'a type is narrowed',
      { a: z.string().nullable() },
      { a: z.string() },
      { a: null },
      'a no longer accepts null, which older rows may hold',
    ],
    [
      'a type is widened',
      { a: z.string() },
      { a: z.string().nullable() },
      { a: null },
      'a now also accepts null, which older readers refuse',
    ],
    ['a type is exchanged', { a: z.string() }, { a: z.number() }, { a: 'x' }, 'a no longer accepts string'],
    ['numbers become whole', { a: z.number() }, { a: z.number().int() }, { a: 0.5 }, 'a takes whole numbers only'],
    ['whole numbers become any', { a: z.number().int() }, { a: z.number() }, { a: 0.5 }, 'a takes fractions'],
    [
      'a value leaves an enum',
      { a: z.enum(['x', 'y']) },
      { a: z.enum(['x']) },
      { a: 'y' },
      'a lost the value "y", which older rows may hold',
    ],
    [
      'a value joins an enum',
      { a: z.enum(['x']) },
      { a: z.enum(['x', 'y']) },
      { a: 'y' },
      'a gained the value "y", which older readers refuse',
    ],
    ['an enum becomes any text', { a: z.enum(['x']) }, { a: z.string() }, { a: 'y' }, 'a takes any string now'],
    ['any text becomes an enum', { a: z.string() }, { a: z.enum(['x']) }, { a: 'y' }, 'a takes only "x" now'],
    ['a limit gets tighter', { a: z.string() }, { a: z.string().max(3) }, { a: 'four' }, 'a has a tighter maxLength'],
    ['a limit gets looser', { a: z.number().min(1) }, { a: z.number() }, { a: 0 }, 'a has a looser minimum'],
    ['a format is asked for', { a: z.string() }, { a: z.uuid() }, { a: 'x' }, 'a has another format'],
    [
      'a field inside a field changes',
      inner({ a: z.string() }),
      inner({ a: z.boolean() }),
      { box: { a: 'x' } },
      'box.a no longer accepts string',
    ],
    [
      'a list item changes',
      { a: z.array(z.string()) },
      { a: z.array(z.enum(['x'])) },
      { a: ['y'] },
      'a[] takes only "x" now',
    ],
    [
      'the values of a record change',
      { a: z.record(z.string(), z.string()) },
      { a: z.record(z.string(), z.number()) },
      { a: { k: 'x' } },
      'a.* no longer accepts string',
    ],
    [
      'the keys of a record change',
      { a: z.partialRecord(z.enum(['k', 'l']), z.string()) },
      { a: z.partialRecord(z.enum(['k']), z.string()) },
      { a: { l: 'x' } },
      'a{} lost the value "l"',
    ],
    [
      'a tuple grows',
      { a: z.tuple([z.string()]) },
      { a: z.tuple([z.string(), z.string()]) },
      { a: ['x'] },
      'a has another number of places',
    ],
    [
      'a member joins a union',
      {
        a: z.discriminatedUnion('kind', [
          z.looseObject({ kind: z.literal('x') }),
          z.looseObject({ kind: z.literal('y') }),
        ]),
      },
      {
        a: z.discriminatedUnion('kind', [
          z.looseObject({ kind: z.literal('x') }),
          z.looseObject({ kind: z.literal('y') }),
          z.looseObject({ kind: z.literal('z') }),
        ]),
      },
      { a: { kind: 'z' } },
      'a now also accepts an object with kind "z"',
    ],
    [
      'a member of a union changes',
      {
        a: z.discriminatedUnion('kind', [
          z.looseObject({ kind: z.literal('x') }),
          z.looseObject({ kind: z.literal('y'), n: z.number() }),
        ]),
      },
      {
        a: z.discriminatedUnion('kind', [
          z.looseObject({ kind: z.literal('x') }),
          z.looseObject({ kind: z.literal('y'), n: z.string() }),
        ]),
      },
      { a: { kind: 'y', n: 1 } },
      'a.n no longer accepts number',
    ],
  ])('is refused when %s', async (_what, before, after, row, expected) => {
    const accepts = [before, after].map((fields) => contract(fields).schema.safeParse({ v: 1, ...row }).success);
    expect(accepts.sort()).toEqual([false, true]);

    await releaseContracts([contract(before)], folder);
    const { problems } = await checkContracts([contract(after)], folder);
    expect(problems.join('\n')).toContain(`note v1: ${expected}`);
    expect(problems[0]).toContain('Make it version 2 with an upcaster from 1.');
    await expect(releaseContracts([contract(after)], folder)).rejects.toThrow(expected);
    expect(readdirSync(folder)).toEqual(['note.v1.json']);
  });

  it('is refused when an optional field is removed: a row that has it would read as if it had not', async () => {
    await releaseContracts([contract({ a: z.string().optional() })], folder);
    const { problems } = await checkContracts([contract({})], folder);
    expect(problems).toEqual([expect.stringContaining('note v1: a was removed, older rows still hold it')]);
  });

  it('passes when it adds optional fields, at any depth', async () => {
    const before = contract(inner({ a: z.string() }));
    const after = contract({
      ...inner({ a: z.string(), b: z.number().optional() }),
      c: z.array(z.string()).default([]),
    });
    await releaseContracts([before], folder);
    const { problems, notes } = await checkContracts([after], folder);
    expect(problems).toEqual([]);
    expect(notes).toEqual([expect.stringContaining('note v1 gained box.b, c')]);
    expect(before.schema.safeParse({ v: 1, box: { a: 'x', b: 2 }, c: [] }).success).toBe(true);
    expect(after.schema.safeParse({ v: 1, box: { a: 'x' } }).success).toBe(true);
  });

  it('passes when only words about a field change', async () => {
    await releaseContracts([contract({ title: z.string() })], folder);
    expect(await checkContracts([contract({ title: z.string().describe('What people see.') })], folder)).toEqual({
      problems: [],
      notes: [],
    });
  });
});

describe('the released files', () => {
  const one = contract({ a: z.string() });

  it('are written once, and not again', async () => {
    expect(await releaseContracts([one], folder)).toEqual(['note.v1.json']);
    const written = readFileSync(join(folder, 'note.v1.json'), 'utf8');
    expect(await releaseContracts([one], folder)).toEqual([]);
    expect(readFileSync(join(folder, 'note.v1.json'), 'utf8')).toBe(written);
  });

  it('grow beside the first one, so that an optional field is guarded from its release on', async () => {
    const grown = contract({ a: z.string(), b: z.string().optional() });
    await releaseContracts([one], folder);
    expect(await releaseContracts([grown], folder)).toEqual(['note.v1.1.json']);
    expect(await checkContracts([grown], folder)).toEqual({ problems: [], notes: [] });
    const { problems } = await checkContracts([contract({ a: z.string(), b: z.number().optional() })], folder);
    expect(problems.join()).toContain('note v1: b no longer accepts string');
  });

  it('let a contract change freely under a new version, and keep the old one', async () => {
    const two = contract({ b: z.number() }, 2);
    await releaseContracts([one], folder);
    expect((await checkContracts([two], folder)).problems).toEqual([
      expect.stringContaining('version 2 is not released'),
    ]);
    expect(await releaseContracts([two], folder)).toEqual(['note.v2.json']);
    expect(await checkContracts([two], folder)).toEqual({ problems: [], notes: [] });
    expect(readdirSync(folder)).toEqual(['note.v1.json', 'note.v2.json']);
    rmSync(join(folder, 'note.v1.json'));
    expect((await checkContracts([two], folder)).problems).toEqual([expect.stringContaining('note.v1.json is gone')]);
  });

  it('hold a version up: it cannot be taken back, nor its noun', async () => {
    await releaseContracts([contract({}, 2)], folder);
    expect((await checkContracts([contract({}, 1)], folder)).problems.join()).toContain(
      'version 2 is released, so version 1 cannot come back',
    );
    expect((await checkContracts([], folder)).problems).toEqual([
      expect.stringContaining('nothing reads note rows any more'),
    ]);
  });

  it('are refused for a contract that drops unknown fields or says the wrong version', async () => {
    const strips: AnyContract = {
      name: 'note',
      version: 2,
      schema: z.looseObject({ v: z.literal(1), box: z.object({}) }),
    };
    await expect(releaseContracts([strips], folder)).rejects.toThrow(
      /box drops the fields it does not know[\s\S]*v must be z\.literal\(2\)/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('say which file is not named like a contract', async () => {
    writeFileSync(join(folder, 'notes.json'), '{}');
    await expect(checkContracts([one], folder)).rejects.toThrow('notes.json');
  });
});

describe('npm run contracts', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [resolve(import.meta.dirname, '../../src/ops/contracts.ts'), ...args], {
      encoding: 'utf8',
    });

  it('checks, shows, and explains itself', () => {
    expect(run('check')).toMatchObject({ status: 0, stdout: '7 contracts hold.\n' });
    const shown = run('show', 'signal');
    expect(JSON.parse(shown.stdout)).toEqual(JSON.parse(readFileSync(join(RELEASED_DIR, 'signal.v1.json'), 'utf8')));
    expect(run('frobnicate')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Nouns: signal, observation'),
    });
  });
});

it('accepts what defineContract makes', async () => {
  const made = defineContract('note', 1, z.looseObject({ v: z.literal(1) }));
  expect(await releaseContracts([made], folder)).toEqual(['note.v1.json']);
});
