// Observations: what each revision of a conversation says. The fields are queryable, the redacted words are sealed under the customer.
import { customerIdOf, UNKNOWN_CUSTOMER } from '#src/domain/customer.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { ObservationContract } from '#src/domain/observation.ts';
import type { NewObservation, Observations, Records } from '#src/domain/stores.ts';
import type { Keyring } from './keys.ts';

/** Opens the observations of one workspace. */
export function createObservations(workspaceId: WorkspaceId, keyring: Keyring, records: Records): Observations {
  return {
    async save(tx, items, at) {
      if (items.length === 0) return [];
      const current = await tx.query<{ id: string; revision: string; observation_id: string | null }>(
        `select id, revision, observation_id from conversation where workspace_id = $1 and id = any($2) and state = 'live' order by id for update`,
        [workspaceId, items.map((item) => item.observation.conversationId)],
      );
      const revisions = new Map(current.map((row) => [row.id, row]));
      const kept = items.filter(({ observation }) => {
        const row = revisions.get(observation.conversationId);
        return row?.revision === observation.conversationRevision && row.observation_id !== observation.id;
      });
      if (kept.length === 0) return [];
      const subjectOf = (item: NewObservation) => item.customerId ?? customerIdOf(workspaceId, UNKNOWN_CUSTOMER);
      await keyring.prepare(tx, kept.map(subjectOf));
      for (const item of kept) {
        const { title, keywords, ...body } = ObservationContract.write(item.observation);
        const sealed = keyring.seal(subjectOf(item), JSON.stringify({ title, keywords }));
        await tx.query(
          `insert into observation (workspace_id, id, conversation_id, conversation_revision, kind, severity, area, language, is_noise, body,
             subject_id, key_id, sealed, vector, vector_version, created_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict do nothing`,
          [
            workspaceId,
            body.id,
            body.conversationId,
            body.conversationRevision,
            body.kind,
            body.severity,
            body.area,
            body.language,
            body.isNoise,
            JSON.stringify(body),
            sealed.subjectId,
            sealed.keyId,
            sealed.sealed,
            item.vector,
            item.vectorVersion,
            at,
          ],
        );
      }
      await tx.query(
        `update conversation c set observation_id = t.o from unnest($2::text[], $3::text[]) as t (c, o) where c.workspace_id = $1 and c.id = t.c`,
        [workspaceId, kept.map((item) => item.observation.conversationId), kept.map((item) => item.observation.id)],
      );
      const iso = at.toISOString();
      await records.link(
        tx,
        kept.map(({ observation }) => ({
          fromKind: 'conversation',
          fromId: observation.conversationId,
          toKind: 'observation',
          toId: observation.id,
          relation: 'observed as',
          at: iso,
          actor: 'throughline',
          why: `${observation.producedBy.analyst} ${observation.producedBy.version}`,
        })),
      );
      await records.audit(
        tx,
        kept.map(({ observation }) => ({
          actor: 'throughline',
          verb: 'observation.made',
          thingKind: 'observation',
          thingId: observation.id,
          detail: { kind: observation.kind, noise: observation.isNoise, analyst: observation.producedBy.analyst },
          at: iso,
        })),
      );
      return kept.map((item) => item.observation.conversationId);
    },

    async pending(tx, limit) {
      const rows = await tx.query<{ id: string }>(
        `select id from conversation where workspace_id = $1 and observation_id is null and state = 'live' order by id limit $2`,
        [workspaceId, limit],
      );
      return rows.map((row) => row.id);
    },
  };
}
