// The pool and the transaction. Everything durable goes through `transaction`, which is also where telemetry sees a commit.
import pg from 'pg';
import { AppError } from '#src/domain/errors.ts';
import type { Db, Log, Telemetry, Tx } from '#src/domain/ports.ts';

// Stages, the web server and pg-boss share these; the embedded server allows 40.
const POOL_MAX = 8;
const CONNECT_TIMEOUT_MS = 5_000;
// A statement that runs longer than this is a fault of ours; intake answers 503 before that.
const STATEMENT_TIMEOUT_MS = 60_000;

/** A Db that can be closed, with the raw pool for the libraries that bring their own SQL (pg-boss, LangGraph). */
export interface OpenDb extends Db {
  pool: pg.Pool;
  close(): Promise<void>;
}

// Of two transactions that wait for each other the server ends one; done again it meets the other's result. More often than this is a fault of ours.
const CONFLICT_TRIES = 4;
const CONFLICT = new Set(['40P01', '40001']);

// PostgreSQL error classes that mean "not now": connection, resources, shutdown, serialization, lock. Class 53 is out of memory or connections.
const TRANSIENT = /^(08|53|57P|40001|40P01|55P03)/;

/** Opens the pool. Throws nothing by itself: the first query does, as AppError('unavailable') while the server cannot be reached. */
export function openDb(options: { url: string; log: Log; telemetry: Telemetry; max?: number }): OpenDb {
  const { log, telemetry } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.max ?? POOL_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'throughline',
  });
  // An idle connection that the server closes must not end the process.
  let closing = false;
  pool.on('error', (error) => {
    if (!closing) log.warn({ error: error.message }, 'database connection lost');
  });

  const run = async (client: pg.Pool | pg.PoolClient, text: string, values: readonly unknown[] = []) => {
    try {
      return (await client.query(text, values as unknown[])).rows;
    } catch (error) {
      throw readable(error);
    }
  };

  const once = async <T>(name: string, work: (tx: Tx) => Promise<T>): Promise<T> => {
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      throw readable(error);
    }
    let broken: Error | undefined;
    // A connection that is lost between two statements has nobody else to tell, and would end the process.
    const lose = (error: Error) => {
      broken = error;
    };
    client.on('error', lose);
    try {
      await client.query('begin');
      const tx: Tx = { query: (text, values) => run(client, text, values) };
      const result = await work(tx);
      await telemetry.around(`commit.${name}`, () => client.query('commit'));
      return result;
    } catch (error) {
      await client.query('rollback').catch((lost: Error) => {
        broken = lost;
      });
      throw readable(error);
    } finally {
      client.off('error', lose);
      client.release(broken);
    }
  };

  return {
    pool,
    query: (text, values) => run(pool, text, values),
    async transaction(name, work) {
      for (let tries = 1; ; tries++) {
        try {
          return await once(name, work);
        } catch (error) {
          if (tries === CONFLICT_TRIES || !isConflict(error)) throw error;
          telemetry.count('database_conflicts_total', { transaction: name });
          log.debug({ transaction: name, tries }, 'two transactions waited for each other; doing this one again');
        }
      }
    },
    close() {
      closing = true;
      return pool.end();
    },
  };
}

/** Whether the server ended this transaction in favour of another one, so that it can be done again at once. */
function isConflict(error: unknown): boolean {
  const cause = error instanceof AppError ? error.cause : error;
  return cause instanceof Error && CONFLICT.has((cause as Error & { code?: string }).code ?? '');
}

/** Tells an unreachable or busy database (retry, answer 503) from a mistake in our SQL (a bug). */
function readable(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const code = (error as Error & { code?: string }).code ?? '';
  const lostConnection =
    /ECONN|EPIPE|ENOENT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|terminated|timeout exceeded|Connection/i.test(
      `${code} ${error.message}`,
    );
  if (TRANSIENT.test(code) || lostConnection) {
    return new AppError('unavailable', 'The database cannot be reached right now.', { retryable: true, cause: error });
  }
  return error;
}
