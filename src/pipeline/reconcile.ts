// Reconcile: what webhooks lost is found by asking. The answers go the way of every delivery; the cursor moves in the same transaction.
import { createHash } from 'node:crypto';
import type { Db, Tx } from '#src/domain/ports.ts';
import type { Fact } from '#src/domain/signal.ts';
import type { Cursors, Deliveries } from '#src/domain/stores.ts';
import type { Next } from './stage.ts';

// What one run reads at most; the next run goes on from the cursor.
const PAGES_MAX = 20;

/** A system that can be asked for what changed since a cursor. */
export interface Reconcilable {
  id: string;
  reconcile?: (cursor: string | null) => Promise<{ facts: Fact[]; cursor: string; more: boolean }>;
}

export interface ReconcileDeps {
  db: Db;
  deliveries: Deliveries;
  cursors: Cursors;
  send: (tx: Tx, next: Next[]) => Promise<void>;
  now: () => Date;
}

/** Makes the run over one system: page by page from its cursor, resumable after any of them. */
export function createReconcile(deps: ReconcileDeps): (system: Reconcilable) => Promise<void> {
  const { db, deliveries, cursors } = deps;
  return async (system) => {
    if (!system.reconcile) return;
    const name = `reconcile.${system.id}`;
    for (let page = 0; page < PAGES_MAX; page++) {
      const before = await cursors.get(db, name);
      const { facts, cursor, more } = await system.reconcile(before);
      await db.transaction('reconcile', async (tx) => {
        const at = deps.now();
        if (facts.length > 0) {
          const payload = JSON.stringify(facts);
          // Named by what it says: the same page read twice is one delivery.
          const deliveryId = `reconcile:${createHash('sha256').update(payload).digest('hex').slice(0, 32)}`;
          const [fresh] = await deliveries.store(tx, [
            { source: system.id, deliveryId, kind: 'facts', payload, receivedAt: at.toISOString() },
          ]);
          if (fresh) await deps.send(tx, [{ stage: 'ingest', id: `${system.id}/${deliveryId}` }]);
        }
        if (cursor !== before) await cursors.set(tx, name, cursor, at);
      });
      if (!more) return;
    }
  };
}
