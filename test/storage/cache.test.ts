// Caches on our own table: a miss is never an error, and nothing leaks from one workspace into another.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Log, LogFields, Tx } from '#src/domain/ports.ts';
import { type CacheOptions, createCache, purgeExpired } from '#src/storage/cache.ts';
import { type OpenDb, openDb } from '#src/storage/db.ts';
import { createTestDatabase, type TestDatabase } from '#test/support/db.ts';
import { quietLog, quietTelemetry } from '#test/support/quiet.ts';

const Person = z.object({ name: z.string(), guest: z.boolean() });
const ada = { name: 'Ada', guest: false };
const MINUTE_MS = 60_000;

let database: TestDatabase;
let db: OpenDb;
let time: number;
let warnings: { fields: LogFields; message: string }[];

const log: Log = { ...quietLog, warn: (fields, message) => void warnings.push({ fields, message }) };

/** Without memory in front, so that what is asserted is what is in the table. */
function options<T>(schema: z.ZodType<T>, more: Partial<CacheOptions<T>> = {}): CacheOptions<T> {
  const clock = { now: () => new Date(time) };
  return {
    workspaceId: 'T1',
    namespace: 'slack.user',
    schema,
    ttlMs: MINUTE_MS,
    clock,
    log,
    nearEntriesMax: 0,
    ...more,
  };
}

const rows = () => db.query<{ key: string; value: string; expires_at: Date }>('select * from cache order by key');

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});
beforeEach(async () => {
  await db.query('delete from cache');
  time = Date.parse('2026-03-01T12:00:00Z');
  warnings = [];
});

describe('a cache', () => {
  it('returns what another process stored, until its time is over by our clock', async () => {
    await createCache(db, options(Person)).set('U1', ada);
    const other = createCache(db, options(Person));
    time += MINUTE_MS - 1;
    expect(await other.get('U1')).toEqual(ada);
    time += 1;
    expect(await other.get('U1')).toBeUndefined();
  });

  it('never shows one workspace or namespace what another one stored', async () => {
    await createCache(db, options(Person)).set('U1', ada);
    expect(await createCache(db, options(Person, { workspaceId: 'T2' })).get('U1')).toBeUndefined();
    expect(await createCache(db, options(Person, { namespace: 'slack.guest' })).get('U1')).toBeUndefined();
    expect(await createCache(db, options(Person)).get('U1')).toEqual(ada);
  });

  it('takes a value that does not fit its contract for a miss, and replaces it', async () => {
    await createCache(db, options(z.object({ name: z.string() }))).set('U1', { name: 'Ada' });
    const newer = createCache(db, options(Person));
    expect(await newer.get('U1')).toBeUndefined();
    expect(await newer.getOrLoad('U1', async () => ada)).toEqual(ada);
    expect(await newer.get('U1')).toEqual(ada);
  });

  it('takes a value that is no JSON for a miss and says so', async () => {
    const cache = createCache(db, options(Person));
    await cache.set('U1', ada);
    await db.query("update cache set value = '{broken'");
    expect(await cache.get('U1')).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  it('keeps strings exactly, whatever they look like', async () => {
    const cache = createCache(db, options(z.string()));
    for (const text of [':base64:AA==', ':x', 'line\nbreak \u0000 nul', '😀', '']) {
      await cache.set('k', text);
      expect(await cache.get('k')).toBe(text);
    }
  });

  it('forgets what is deleted', async () => {
    const cache = createCache(db, options(Person, { nearEntriesMax: 10 }));
    await cache.set('U1', ada);
    await cache.delete('U1');
    expect(await cache.get('U1')).toBeUndefined();
    expect(await rows()).toEqual([]);
  });

  it('answers from memory for at most thirty seconds, so that another process can correct it', async () => {
    const cache = createCache(db, options(Person, { nearEntriesMax: 10 }));
    await cache.set('U1', ada);
    await createCache(db, options(Person)).set('U1', { ...ada, guest: true });
    expect(await cache.get('U1')).toEqual(ada);
    time += 30_000;
    expect(await cache.get('U1')).toEqual({ ...ada, guest: true });
  });

  it('keeps in memory only what was used last', async () => {
    const asked: unknown[] = [];
    const counting: Tx = {
      query: (text, values) => {
        if (text.startsWith('select')) asked.push(values?.[2]);
        return db.query(text, values);
      },
    };
    const cache = createCache(counting, options(Person, { nearEntriesMax: 2 }));
    await cache.set('U1', ada);
    await cache.set('U2', ada);
    await cache.get('U1');
    await cache.set('U3', ada);
    await cache.get('U1');
    await cache.get('U3');
    expect(asked).toEqual([]);
    await cache.get('U2');
    expect(asked).toEqual(['U2']);
  });

  it('does not let a caller change what the next one gets', async () => {
    const cache = createCache(db, options(Person, { nearEntriesMax: 10 }));
    await cache.set('U1', ada);
    const mine = await cache.get('U1');
    mine!.name = 'Mallory';
    expect(await cache.get('U1')).toEqual(ada);
  });

  it('encrypts values at rest when it is told how, and takes what it cannot decrypt for a miss', async () => {
    const reverse = (text: string) => [...text].reverse().join('');
    const cache = createCache(db, options(Person, { encryption: { encrypt: reverse, decrypt: reverse } }));
    await cache.set('U1', ada);
    expect((await rows())[0]!.value).not.toContain('Ada');
    expect(await cache.get('U1')).toEqual(ada);
    const refuse = () => {
      throw new Error('wrong key');
    };
    const stranger = createCache(db, options(Person, { encryption: { encrypt: reverse, decrypt: refuse } }));
    expect(await stranger.get('U1')).toBeUndefined();
    expect(warnings).toEqual([
      expect.objectContaining({ fields: { namespace: 'slack.user', error: 'Error: wrong key' } }),
    ]);
  });
});

describe('getOrLoad', () => {
  it('loads once for callers that ask at the same time, and not again while the value is good', async () => {
    const cache = createCache(db, options(Person));
    let loads = 0;
    const load = async () => {
      loads++;
      return ada;
    };
    const answers = await Promise.all(Array.from({ length: 20 }, () => cache.getOrLoad('U1', load)));
    expect(answers).toEqual(Array.from({ length: 20 }, () => ada));
    await cache.getOrLoad('U1', load);
    expect(loads).toBe(1);
    time += MINUTE_MS;
    await cache.getOrLoad('U1', load);
    expect(loads).toBe(2);
  });

  it('hands an error of the load to everybody who waits, and keeps nothing', async () => {
    const cache = createCache(db, options(Person));
    const fail = async () => {
      throw new Error('Slack is down');
    };
    const both = await Promise.allSettled([cache.getOrLoad('U1', fail), cache.getOrLoad('U1', fail)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await cache.getOrLoad('U1', async () => ada)).toEqual(ada);
  });

  it('does not keep an answer that was asked for before the value was deleted or replaced', async () => {
    const cache = createCache(db, options(Person));
    for (const overtake of [() => cache.delete('U1'), () => cache.set('U1', { ...ada, guest: true })]) {
      const asked = Promise.withResolvers<void>();
      const old = Promise.withResolvers<typeof ada>();
      const slow = cache.getOrLoad('U1', () => {
        asked.resolve();
        return old.promise;
      });
      await asked.promise;
      await overtake();
      old.resolve({ name: 'Stale', guest: false });
      expect((await slow).name).toBe('Stale');
      expect((await cache.get('U1'))?.name).not.toBe('Stale');
      await cache.delete('U1');
    }
  });

  it('works without the store: every read is a miss, every write is lost, each with a line in the log', async () => {
    const closed = openDb({ url: database.url, log: quietLog, telemetry: quietTelemetry });
    await closed.close();
    const cache = createCache(closed, options(Person));
    expect(await cache.getOrLoad('U1', async () => ada)).toEqual(ada);
    await cache.delete('U1');
    expect(await cache.get('U1')).toBeUndefined();
    expect(warnings.map(({ fields }) => fields.namespace)).toEqual(Array(4).fill('slack.user'));
  });
});

describe('purgeExpired', () => {
  it('removes what is over, in every workspace, and nothing else', async () => {
    await createCache(db, options(Person)).set('old', ada);
    await createCache(db, options(Person, { workspaceId: 'T2' })).set('old', ada);
    await createCache(db, options(Person, { ttlMs: 2 * MINUTE_MS })).set('young', ada);
    time += MINUTE_MS;
    expect(await purgeExpired(db, { now: () => new Date(time) })).toBe(2);
    expect((await rows()).map(({ key }) => key)).toEqual(['young']);
  });
});
