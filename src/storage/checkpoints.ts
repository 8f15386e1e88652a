// Checkpoints: where the graphs that wait keep their place. LangGraph's own tables, in a schema of their own on our pool.
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import type { OpenDb } from './db.ts';

/** Opens the checkpointer and brings its tables up to date. Threads hold ids and codes only: checkpoints are not encrypted. */
export async function openCheckpoints(db: OpenDb): Promise<PostgresSaver> {
  const saver = new PostgresSaver(db.pool, undefined, { schema: 'checkpoints' });
  await saver.setup();
  return saver;
}
