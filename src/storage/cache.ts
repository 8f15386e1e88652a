// Caches: answers of other systems that may be asked again at any time. Never a lock, a claim or an idempotency key: keyv has no set-if-absent.
import { Keyv, type KeyvEncryptionAdapter, type KeyvStorageAdapter, keyvStorageCapability } from 'keyv';
import type { z } from 'zod';
import { errorLine } from '#src/domain/errors.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Clock, Log, Tx } from '#src/domain/ports.ts';

// Another process may delete or replace a value, and nobody tells us: what is kept in memory is trusted this long only.
const NEAR_TTL_MS = 30_000;
const NEAR_ENTRIES_MAX = 500;

export interface CacheOptions<T> {
  workspaceId: WorkspaceId;
  /** What is cached, for example `slack.user`: one contract and one lifetime. */
  namespace: string;
  /** Read back through this contract; what it would refuse is not there. It must accept what it returns. */
  schema: z.ZodType<T>;
  ttlMs: number;
  clock: Pick<Clock, 'now'>;
  log: Log;
  /** Encrypts values at rest, for answers that may quote a customer. Keys are stored as they are: ids only. */
  encryption?: KeyvEncryptionAdapter;
  /** How many values are also kept in memory, for at most 30 seconds; 0 keeps none. */
  nearEntriesMax?: number;
}

/** One cache of one workspace. Nothing here fails because of the store: what cannot be read is a miss, and the log says so. */
export interface Cache<T> {
  get(key: string): Promise<T | undefined>;
  set(key: string, value: T): Promise<void>;
  delete(key: string): Promise<void>;
  /** The cached value, else what `load` answers. Callers at the same time share one load, its result and its error; errors are not kept. */
  getOrLoad(key: string, load: () => Promise<T>): Promise<T>;
}

interface Entry {
  value: unknown;
  /** Milliseconds since 1970, by our clock. */
  expires: number;
}

/** Opens a cache in the table `cache`, behind a small one in memory. Many processes may share it. */
export function createCache<T>(db: Tx, options: CacheOptions<T>): Cache<T> {
  const { namespace, schema, ttlMs, clock, log } = options;
  const now = () => clock.now().getTime();
  // Both leave the question of time to our clock; keyv would ask the machine's.
  const far = new Keyv({ store: createStore(db, options), encryption: options.encryption, checkExpired: false });
  const near = new Keyv({ store: boundedMap(options.nearEntriesMax ?? NEAR_ENTRIES_MAX), checkExpired: false });
  for (const tier of [far, near]) {
    // With a listener keyv answers "not there" where it would throw without one.
    tier.on('error', (error: unknown) =>
      log.warn({ namespace, error: errorLine(error) }, 'a cache could not be used; its value is asked for again'),
    );
  }
  const loading = new Map<string, { ticket: symbol; answer: Promise<T> }>();

  const keepNear = async (key: string, { value, expires }: Entry) => {
    await near.set(key, { value, expires: Math.min(expires, now() + NEAR_TTL_MS) });
  };

  const read = async (key: string): Promise<Entry | undefined> => {
    const close: Entry | undefined = await near.get(key);
    if (close && close.expires > now()) return close;
    const stored = await far.getRaw(key);
    if (typeof stored !== 'object' || stored.expires === undefined || stored.expires <= now()) return undefined;
    const entry = { value: stored.value, expires: stored.expires };
    await keepNear(key, entry);
    return entry;
  };

  const get = async (key: string): Promise<T | undefined> => {
    const entry = await read(key);
    if (!entry) return undefined;
    const parsed = schema.safeParse(entry.value);
    if (parsed.success) return parsed.data;
    log.debug({ namespace }, 'a cached value does not fit its contract any more');
    return undefined;
  };

  const put = async (key: string, value: T) => {
    const entry = { value, expires: now() + ttlMs };
    await far.setRaw(key, entry);
    await keepNear(key, entry);
  };

  return {
    get,
    set(key, value) {
      // A load under way has asked before this was known: its answer is not kept.
      loading.delete(key);
      return put(key, value);
    },
    async delete(key) {
      loading.delete(key);
      await far.delete(key);
      await near.delete(key);
    },
    getOrLoad(key, load) {
      const pending = loading.get(key);
      if (pending) return pending.answer;
      const ticket = Symbol(key);
      const isCurrent = () => loading.get(key)?.ticket === ticket;
      const find = async () => {
        const cached = await get(key);
        if (cached !== undefined) return cached;
        const loaded = await load();
        if (isCurrent()) await put(key, loaded);
        return loaded;
      };
      const answer = find().finally(() => {
        if (isCurrent()) loading.delete(key);
      });
      loading.set(key, { ticket, answer });
      return answer;
    },
  };
}

/** Removes what no cache would return any more, in every workspace; answers how many. For a schedule. */
export async function purgeExpired(db: Tx, clock: Pick<Clock, 'now'>): Promise<number> {
  const rows = await db.query<{ count: string }>(
    'with gone as (delete from cache where expires_at <= $1 returning 1) select count(*) from gone',
    [clock.now()],
  );
  return Number(rows[0]?.count ?? 0);
}

/**
 * The table as a keyv store; keyv's released PostgreSQL adapter asks for keyv 5 and for a pool of its own. Only the three verbs that a Cache
 * needs. Whether a value is still good is decided by the reader, so the column `expires_at` serves the purge alone.
 */
function createStore(db: Tx, { workspaceId, namespace }: Pick<CacheOptions<unknown>, 'workspaceId' | 'namespace'>) {
  const mine = [workspaceId, namespace] as const;
  const where = 'where workspace_id = $1 and namespace = $2 and key = $3';
  const store: Pick<KeyvStorageAdapter, 'get' | 'set' | 'delete'> = {
    async get(key) {
      const rows = await db.query<{ value: string }>(`select value from cache ${where}`, [...mine, key]);
      return rows[0]?.value;
    },
    async set(key, value, expires) {
      await db.query(
        `insert into cache (workspace_id, namespace, key, value, expires_at) values ($1, $2, $3, $4, $5)
         on conflict (workspace_id, namespace, key) do update set value = excluded.value, expires_at = excluded.expires_at`,
        [...mine, key, value, expires === undefined ? null : new Date(expires)],
      );
      return true;
    },
    async delete(key) {
      return (await db.query(`delete from cache ${where} returning 1`, [...mine, key])).length > 0;
    },
  };
  return { ...store, capabilities: keyvStorageCapability(store) };
}

/** A Map that forgets what was used longest ago. */
function boundedMap(entriesMax: number) {
  const entries = new Map<string, unknown>();
  return {
    get(key: string) {
      const value = entries.get(key);
      if (value !== undefined) {
        entries.delete(key);
        entries.set(key, value);
      }
      return value;
    },
    set(key: string, value: unknown) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > entriesMax) entries.delete(entries.keys().next().value!);
    },
    has: (key: string) => entries.has(key),
    delete: (key: string) => entries.delete(key),
    clear: () => entries.clear(),
  };
}
