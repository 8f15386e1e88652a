import { expect, it } from 'vitest';
import { createTurns } from '#src/pipeline/worker.ts';

it('lets one batch at a time work on a thing, and others go ahead', async () => {
  const inTurn = createTurns();
  const begun: string[] = [];
  const gate = Promise.withResolvers<void>();
  const batch = (name: string, ids: string[], until: Promise<void>) =>
    inTurn(ids, async () => {
      begun.push(name);
      await until;
      return name;
    });

  const first = batch('first', ['a', 'b'], gate.promise);
  const second = batch('second', ['b', 'c'], Promise.resolve());
  const other = batch('other', ['d'], Promise.resolve());
  expect(await other).toBe('other');
  expect(begun).toEqual(['first', 'other']);

  gate.resolve();
  expect(await Promise.all([first, second])).toEqual(['first', 'second']);
  expect(begun).toEqual(['first', 'other', 'second']);
});

it('gives the turn back when a batch fails', async () => {
  const inTurn = createTurns();
  await expect(inTurn(['a'], () => Promise.reject(new Error('the database is away')))).rejects.toThrow('away');
  expect(await inTurn(['a'], async () => 'again')).toBe('again');
});
