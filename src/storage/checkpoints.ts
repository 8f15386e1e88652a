// Checkpoints: where the graphs that wait keep their place. LangGraph's own tables, in a schema of their own on our pool.
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import type { OpenDb } from './db.ts';

// Any number that nobody else uses on this database.
const SETUP_LOCK = 7_201_002;

/** Opens the checkpointer and brings its tables up to date. Threads hold ids and codes only: checkpoints are not encrypted. */
export async function openCheckpoints(db: OpenDb): Promise<PostgresSaver> {
  const saver = new PostgresSaver(db.pool, undefined, { schema: 'checkpoints' });
  // It asks first and creates then: of two processes that start together on a new database, one would fail.
  await db.transaction('checkpoints', async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [SETUP_LOCK]);
    await saver.setup();
  });
  return saver;
}
