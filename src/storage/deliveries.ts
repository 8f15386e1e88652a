// Delivery: the inbox. Whatever comes in is stored once, acknowledged, and understood later.
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Deliveries } from '#src/domain/stores.ts';
import { deliveryKey } from '#src/domain/stores.ts';
import type { Keyring } from './keys.ts';
import { INTAKE } from './keys.ts';

// Payloads hold raw text of customers; 30 days is long enough to repeat a failed reading, and no longer.
const PAYLOAD_DAYS = 30;

/** Opens the inbox of one workspace. */
export function createDeliveries(workspaceId: WorkspaceId, keyring: Keyring): Deliveries {
  const split = (keys: readonly string[]) => ({
    sources: keys.map((key) => key.slice(0, key.indexOf('/'))),
    ids: keys.map((key) => key.slice(key.indexOf('/') + 1)),
  });

  return {
    async store(tx, deliveries) {
      if (deliveries.length === 0) return [];
      await keyring.prepare(tx, [INTAKE]);
      const rows = await tx.query<{ source: string; delivery_id: string }>(
        `insert into delivery (workspace_id, source, delivery_id, kind, payload, state, reason, received_at, traceparent)
         select $1, s, d, k, p, case when q is null then 'received' else 'quarantined' end, q, r, t
         from unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::timestamptz[], $8::text[]) as x (s, d, k, p, q, r, t)
         on conflict do nothing returning source, delivery_id`,
        [
          workspaceId,
          deliveries.map((d) => d.source),
          deliveries.map((d) => d.deliveryId),
          deliveries.map((d) => d.kind),
          deliveries.map((d) => Buffer.concat([Buffer.from('k1:'), keyring.seal(INTAKE, d.payload).sealed])),
          deliveries.map((d) => d.quarantine ?? null),
          deliveries.map((d) => d.receivedAt),
          deliveries.map((d) => d.traceparent ?? null),
        ],
      );
      const fresh = new Set(rows.map((row) => `${row.source}/${row.delivery_id}`));
      return deliveries.map((delivery) => fresh.has(deliveryKey(delivery)));
    },

    async waiting(tx, keys) {
      const { sources, ids } = split(keys);
      const rows = await tx.query<{
        source: string;
        delivery_id: string;
        kind: string;
        payload: Buffer;
        received_at: Date;
      }>(
        `select d.source, d.delivery_id, d.kind, d.payload, d.received_at from delivery d
         join unnest($2::text[], $3::text[]) as x (s, i) on d.source = x.s and d.delivery_id = x.i
         where d.workspace_id = $1 and d.state = 'received' and d.payload is not null order by d.received_at, d.delivery_id`,
        [workspaceId, sources, ids],
      );
      const texts = await keyring.open(
        tx,
        rows.map((row) => {
          const colon = row.payload.indexOf(0x3a);
          return {
            subjectId: INTAKE,
            keyId: row.payload.subarray(0, colon).toString(),
            sealed: row.payload.subarray(colon + 1),
          };
        }),
      );
      return rows.flatMap((row, index) => {
        const payload = texts[index];
        if (payload === null || payload === undefined) return [];
        return [
          {
            source: row.source,
            deliveryId: row.delivery_id,
            kind: row.kind,
            payload,
            receivedAt: row.received_at.toISOString(),
          },
        ];
      });
    },

    async done(tx, keys, at, reason = null) {
      const { sources, ids } = split(keys);
      await tx.query(
        `update delivery d set state = 'done', handled_at = $4, reason = $5, payload = case when $5::text is null then payload end from unnest($2::text[], $3::text[]) as x (s, i)
         where d.workspace_id = $1 and d.source = x.s and d.delivery_id = x.i and d.state = 'received'`,
        [workspaceId, sources, ids, at, reason],
      );
    },

    async quarantine(tx, key, reason, at) {
      const { sources, ids } = split([key]);
      await tx.query(
        `update delivery set state = 'quarantined', reason = $4, handled_at = $5
         where workspace_id = $1 and source = $2 and delivery_id = $3 and state = 'received'`,
        [workspaceId, sources[0], ids[0], reason, at],
      );
    },

    async pending(tx, limit, receivedBefore) {
      const rows = await tx.query<{ source: string; delivery_id: string }>(
        `select source, delivery_id from delivery where workspace_id = $1 and state = 'received' and received_at < $3 order by received_at limit $2`,
        [workspaceId, limit, receivedBefore],
      );
      return rows.map((row) => `${row.source}/${row.delivery_id}`);
    },

    async forget(tx, source, externalIds) {
      // Signals carry the moment of the transaction that handled their delivery. Others of the same batch lose their payloads too, which
      // nobody needs once they are handled.
      await tx.query(
        `update delivery d set payload = null from signal_key k
         where d.workspace_id = $1 and d.source = $2 and d.state = 'done' and d.payload is not null and d.handled_at = k.received_at
           and k.workspace_id = $1 and k.source = $2 and k.external_id = any($3)`,
        [workspaceId, source, externalIds],
      );
    },

    async expire(tx, now) {
      const rows = await tx.query(
        `update delivery set payload = null where workspace_id = $1 and payload is not null and received_at < $2 returning 1`,
        [workspaceId, new Date(now.getTime() - PAYLOAD_DAYS * 86_400_000)],
      );
      return rows.length;
    },
  };
}
