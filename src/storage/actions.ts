// Actions and outcomes: the outbox of effects, and what became of them in the world.
import {
  type ActionKind,
  ActionPayload,
  type ActionReceipt,
  type ActionState,
  actionIdOf,
  idempotencyKeyOf,
  linearIdOf,
} from '#src/domain/action.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { idOf } from '#src/domain/ids.ts';
import { OutcomeContract } from '#src/domain/outcome.ts';
import type { Tx } from '#src/domain/ports.ts';
import { payloadHashOf } from '#src/domain/proposal.ts';
import type { ActionRow, Actions, Records } from '#src/domain/stores.ts';
import type { Keyring } from './keys.ts';
import { WORK } from './keys.ts';

/** Opens the actions of one workspace. */
export function createActions(workspaceId: WorkspaceId, keyring: Keyring, records: Records): Actions {
  const select = async (tx: Tx, where: string, values: readonly unknown[]): Promise<ActionRow[]> => {
    const rows = await tx.query<Record<string, unknown> & { sealed: Buffer }>(
      `select * from action where workspace_id = $1 and ${where} order by ordinal`,
      [workspaceId, ...values],
    );
    const texts = await keyring.open(
      tx,
      rows.map((row) => ({ subjectId: WORK, keyId: 'k1', sealed: row.sealed })),
    );
    return rows.map((row, index) => ({
      id: String(row.id),
      decisionId: String(row.decision_id),
      ordinal: Number(row.ordinal),
      kind: row.kind as ActionKind,
      idempotencyKey: String(row.idempotency_key),
      state: row.state as ActionState,
      payload: ActionPayload.parse(JSON.parse(texts[index]!)),
      payloadHash: String(row.payload_hash),
      receipt: (row.receipt as ActionReceipt | null) ?? null,
      attempts: Number(row.attempts),
      note: row.note === null ? null : String(row.note),
    }));
  };

  return {
    async plan(tx, decisionId, from, payloads, at) {
      await keyring.prepare(tx, [WORK]);
      const rows = payloads.map((payload, index) => {
        const ordinal = from + index;
        const idempotencyKey = idempotencyKeyOf(decisionId, ordinal);
        return {
          id: actionIdOf(workspaceId, decisionId, ordinal),
          ordinal,
          payload,
          idempotencyKey,
          // We choose the id, so it is known before the issue is there: news of it may come before Linear's answer does.
          externalId: payload.kind === 'linear.issue' ? linearIdOf({ idempotencyKey }) : null,
          sealed: keyring.seal(WORK, JSON.stringify(payload)).sealed,
        };
      });
      const inserted = await tx.query<{ id: string }>(
        `insert into action (workspace_id, id, decision_id, ordinal, kind, idempotency_key, state, payload_hash, sealed, external_id, body, created_at, updated_at)
         select $1, i, $2, o, k, y, 'planned', h, s, x, '{"v":1}', $8, $8
         from unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $9::bytea[], $10::text[]) as t (i, o, k, y, h, s, x)
         on conflict do nothing returning id`,
        [
          workspaceId,
          decisionId,
          rows.map((row) => row.id),
          rows.map((row) => row.ordinal),
          rows.map((row) => row.payload.kind),
          rows.map((row) => row.idempotencyKey),
          rows.map((row) => payloadHashOf(row.payload)),
          at,
          rows.map((row) => row.sealed),
          rows.map((row) => row.externalId),
        ],
      );
      const fresh = new Set(inserted.map((row) => row.id));
      const iso = at.toISOString();
      const planned = rows.filter((row) => fresh.has(row.id));
      await records.link(
        tx,
        planned.map((row) => ({
          fromKind: 'decision',
          fromId: decisionId,
          toKind: 'action',
          toId: row.id,
          relation: 'led to',
          at: iso,
          actor: 'throughline',
          why: row.payload.kind,
        })),
      );
      await records.audit(
        tx,
        planned.map((row) => ({
          actor: 'throughline',
          verb: 'action.planned',
          thingKind: 'action',
          thingId: row.id,
          detail: { kind: row.payload.kind, decision: decisionId },
          at: iso,
        })),
      );
      return rows.map((row) => row.id);
    },

    byId: async (tx, id) => (await select(tx, 'id = $2', [id]))[0] ?? null,
    of: (tx, decisionId) => select(tx, 'decision_id = $2', [decisionId]),

    async settle(tx, input) {
      const rows = await tx.query(
        `update action set state = $4, receipt = coalesce($5, receipt), external_id = coalesce($6, external_id), note = $7, attempts = attempts + 1, updated_at = $8
         where workspace_id = $1 and id = $2 and state = any($3) returning 1`,
        [
          workspaceId,
          input.id,
          input.from,
          input.to,
          input.receipt ? JSON.stringify(input.receipt) : null,
          input.receipt?.externalId ?? null,
          input.note ?? null,
          input.at,
        ],
      );
      if (rows.length === 0) return false;
      await records.audit(tx, [
        {
          actor: 'throughline',
          verb: `action.${input.to}`,
          thingKind: 'action',
          thingId: input.id,
          detail: { label: input.receipt?.label ?? null, found: input.receipt?.found ?? false },
          at: input.at.toISOString(),
        },
      ]);
      return true;
    },

    async begin(tx, id, at) {
      await tx.query(
        `update action set state = 'running', updated_at = $3 where workspace_id = $1 and id = $2 and state = 'planned'`,
        [workspaceId, id, at],
      );
    },

    async tried(tx, id, note, at) {
      await tx.query(
        `update action set attempts = attempts + 1, note = $3, updated_at = $4 where workspace_id = $1 and id = $2`,
        [workspaceId, id, note, at],
      );
    },

    async pending(tx, limit) {
      const rows = await tx.query<{ id: string }>(
        `select a.id from action a join decision d on d.workspace_id = a.workspace_id and d.id = a.decision_id
         where a.workspace_id = $1 and ((d.status = 'approved' and a.state in ('planned', 'running'))
           or (d.status = 'undone' and a.state in ('planned', 'running', 'done'))) order by a.created_at, a.ordinal limit $2`,
        [workspaceId, limit],
      );
      return rows.map((row) => row.id);
    },

    async byExternal(tx, kind, externalId) {
      const [row] = await tx.query<{ id: string; decision_id: string; theme_id: string }>(
        `select a.id, a.decision_id, d.theme_id from action a join decision d on d.workspace_id = a.workspace_id and d.id = a.decision_id
         where a.workspace_id = $1 and a.kind = $2 and a.external_id = $3`,
        [workspaceId, kind, externalId],
      );
      return row ? { actionId: row.id, decisionId: row.decision_id, themeId: row.theme_id } : null;
    },

    async recordOutcome(tx, input) {
      const outcome = OutcomeContract.write({
        v: 1,
        id: idOf('outcome', workspaceId, input.actionId, input.state, input.occurredAt),
        workspaceId,
        source: input.source,
        externalId: input.externalId,
        permalink: input.permalink,
        occurredAt: input.occurredAt,
        receivedAt: input.receivedAt,
        reliability: 'signed',
        latencyMs: Math.max(0, Date.parse(input.receivedAt) - Date.parse(input.occurredAt)),
        privacyClass: 'none',
        residency: 'any',
        retentionDays: null,
        themeId: input.themeId,
        actionId: input.actionId,
        state: input.state,
        note: input.note,
      });
      // A webhook and the poll that backs it up tell of the same state at slightly different times: only a change of state is an outcome.
      const [latest] = await tx.query<{ state: string; occurred_at: Date }>(
        `select state, occurred_at from outcome where workspace_id = $1 and action_id = $2 order by occurred_at desc limit 1`,
        [workspaceId, input.actionId],
      );
      if (
        latest &&
        (latest.state === input.state || latest.occurred_at.toISOString() > new Date(input.occurredAt).toISOString())
      )
        return false;
      const rows = await tx.query(
        `insert into outcome (workspace_id, id, theme_id, action_id, state, occurred_at, body) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict do nothing returning 1`,
        [
          workspaceId,
          outcome.id,
          input.themeId,
          input.actionId,
          input.state,
          input.occurredAt,
          JSON.stringify(outcome),
        ],
      );
      if (rows.length === 0) return false;
      await records.link(tx, [
        {
          fromKind: 'action',
          fromId: input.actionId,
          toKind: 'outcome',
          toId: outcome.id,
          relation: 'became',
          at: input.occurredAt,
          actor: input.source,
          why: input.note,
        },
      ]);
      await records.audit(tx, [
        {
          actor: input.source,
          verb: `outcome.${input.state}`,
          thingKind: 'outcome',
          thingId: outcome.id,
          detail: { action: input.actionId },
          at: input.receivedAt,
        },
      ]);
      return true;
    },

    async outcomes(tx, decisionId) {
      const rows = await tx.query<{ body: unknown }>(
        `select distinct on (o.action_id) o.body from outcome o join action a on a.workspace_id = o.workspace_id and a.id = o.action_id
         where o.workspace_id = $1 and a.decision_id = $2 order by o.action_id, o.occurred_at desc`,
        [workspaceId, decisionId],
      );
      return rows.map((row) => OutcomeContract.read(row.body));
    },
  };
}
