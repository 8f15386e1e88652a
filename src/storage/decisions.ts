// Decisions: the row decides. One conditional update picks the winner of a click; approvals are counted under a lock.
import type { DecisionStatus } from '#src/domain/decision.ts';
import { UNDO_MS } from '#src/domain/decision.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { ProposalPayload } from '#src/domain/proposal.ts';
import type { DecisionRow, Decisions, Records } from '#src/domain/stores.ts';
import type { Keyring } from './keys.ts';
import { WORK } from './keys.ts';

/** Opens the decisions of one workspace. */
export function createDecisions(workspaceId: WorkspaceId, keyring: Keyring, records: Records): Decisions {
  const select = async (tx: Tx, where: string, values: readonly unknown[]): Promise<DecisionRow | null> => {
    const [row] = await tx.query<Record<string, unknown>>(
      `select * from decision where workspace_id = $1 and ${where}`,
      [workspaceId, ...values],
    );
    return row ? toRow(row) : null;
  };
  const record = async (tx: Tx, row: DecisionRow, verb: string, person: string, why: string | null, at: Date) => {
    const iso = at.toISOString();
    await records.link(tx, [
      {
        fromKind: 'proposal',
        fromId: row.proposalId,
        toKind: 'decision',
        toId: row.id,
        relation: verb,
        at: iso,
        actor: person,
        why,
      },
    ]);
    await records.audit(tx, [
      {
        actor: person,
        verb: `decision.${verb}`,
        thingKind: 'decision',
        thingId: row.id,
        detail: { revision: row.proposalRevision, reason: row.reason, via: row.via },
        at: iso,
      },
    ]);
  };

  return {
    byId: (tx, id) => select(tx, 'id = $2', [id]),
    of: (tx, proposalId, revision) => select(tx, 'proposal_id = $2 and proposal_revision = $3', [proposalId, revision]),
    taken: (tx, proposalId) =>
      select(tx, `proposal_id = $2 and status not in ('pending', 'expired') order by decided_at desc limit 1`, [
        proposalId,
      ]),

    lastOn: (tx, cardId) =>
      select(tx, `card_id = $2 and status not in ('pending', 'expired') order by decided_at desc limit 1`, [cardId]),

    async approve(tx, input) {
      // The lock makes concurrent approvers take turns: without it each would count only the own approval.
      const before = await select(tx, 'id = $2 for update', [input.id]);
      if (before?.status !== 'pending') return { won: false, approvals: 0, row: before! };
      const fresh = await tx.query(
        `insert into approval (workspace_id, decision_id, person_id, via, at) values ($1, $2, $3, $4, $5) on conflict do nothing returning 1`,
        [workspaceId, input.id, input.person, input.via, input.at],
      );
      const [count] = await tx.query<{ n: string }>(
        `select count(*) as n from approval where workspace_id = $1 and decision_id = $2`,
        [workspaceId, input.id],
      );
      const approvals = Number(count?.n ?? 0);
      if (approvals < input.needed) {
        await records.audit(
          tx,
          fresh.map(() => ({
            actor: input.person,
            verb: 'decision.counted',
            thingKind: 'decision',
            thingId: input.id,
            detail: { approvals, needed: input.needed, via: input.via },
            at: input.at.toISOString(),
          })),
        );
        return { won: false, approvals, row: before };
      }
      await keyring.prepare(tx, [WORK]);
      const rows = await tx.query<Record<string, unknown>>(
        `update decision set status = 'approved', card_id = $3, decided_by = $4, decided_at = $5, via = $6, undo_until = $7, payload_hash = $8, sealed = $9,
           body = jsonb_build_object('edited', $10::boolean, 'editDistance', $11::float8)
         where workspace_id = $1 and id = $2 and status = 'pending' returning *`,
        [
          workspaceId,
          input.id,
          input.cardId,
          input.person,
          input.at,
          input.via,
          new Date(input.at.getTime() + UNDO_MS),
          input.payloadHash,
          keyring.seal(WORK, JSON.stringify(input.payload)).sealed,
          input.edited,
          input.editDistance,
        ],
      );
      const row = toRow(rows[0]!);
      await record(tx, row, 'approved', input.person, input.edited ? 'approved with edits' : null, input.at);
      return { won: true, approvals, row };
    },

    async approvers(tx, id) {
      const rows = await tx.query<{ person_id: string }>(
        `select person_id from approval where workspace_id = $1 and decision_id = $2 order by at, person_id`,
        [workspaceId, id],
      );
      return rows.map((row) => row.person_id);
    },

    async dismiss(tx, input) {
      const rows = await tx.query<Record<string, unknown>>(
        `update decision set status = 'dismissed', card_id = $3, decided_by = $4, decided_at = $5, via = $6, reason = $7, undo_until = $8
         where workspace_id = $1 and id = $2 and status = 'pending' returning *`,
        [
          workspaceId,
          input.id,
          input.cardId,
          input.person,
          input.at,
          input.via,
          input.reason,
          new Date(input.at.getTime() + UNDO_MS),
        ],
      );
      if (rows.length === 0) return { won: false, row: (await select(tx, 'id = $2', [input.id]))! };
      const row = toRow(rows[0]!);
      await record(tx, row, 'dismissed', input.person, input.reason, input.at);
      return { won: true, row };
    },

    async undo(tx, input) {
      const rows = await tx.query<Record<string, unknown>>(
        `update decision set status = 'undone', undone_by = $3, undone_at = $4
         where workspace_id = $1 and id = $2 and status in ('approved', 'dismissed') and undo_until > $4 returning *`,
        [workspaceId, input.id, input.person, input.at],
      );
      if (rows.length === 0) return false;
      await record(tx, toRow(rows[0]!), 'undone', input.person, null, input.at);
      return true;
    },

    async payload(tx, id) {
      const [row] = await tx.query<{ sealed: Buffer | null }>(
        `select sealed from decision where workspace_id = $1 and id = $2`,
        [workspaceId, id],
      );
      if (!row?.sealed) return null;
      const [text] = await keyring.open(tx, [{ subjectId: WORK, keyId: 'k1', sealed: row.sealed }]);
      return text ? (JSON.parse(text) as ProposalPayload) : null;
    },

    async undoEnded(tx, now) {
      const rows = await tx.query<{ card_id: string }>(
        `update decision set body = body || '{"undoEnded":true}' where workspace_id = $1 and status in ('approved', 'dismissed') and card_id is not null
           and undo_until <= $2 and not body ? 'undoEnded' returning card_id`,
        [workspaceId, now],
      );
      return rows.map((row) => row.card_id);
    },

    async pending(tx, limit) {
      const rows = await tx.query<{ id: string }>(
        `select d.id from decision d join proposal_thread t on t.workspace_id = d.workspace_id and t.proposal_id = d.proposal_id
         where d.workspace_id = $1 and ((d.status in ('approved', 'dismissed') and t.gate = 'gate') or d.status = 'undone') limit $2`,
        [workspaceId, limit],
      );
      return rows.map((row) => row.id);
    },

    async unfollowed(tx, limit, undoneSince) {
      const rows = await tx.query<{ id: string }>(
        `select d.id from decision d
         left join proposal_thread t on t.workspace_id = d.workspace_id and t.proposal_id = d.proposal_id
         left join card c on c.workspace_id = d.workspace_id and c.id = d.card_id and c.proposal_id = d.proposal_id
         where d.workspace_id = $1 and ((d.status = 'approved' and t.gate = 'await_result')
             or (d.status = 'undone' and c.state = 'undone' and d.undone_at >= $3))
           and not exists (select 1 from action a where a.workspace_id = d.workspace_id and a.decision_id = d.id
             and (a.state in ('planned', 'running') or (d.status = 'undone' and a.state = 'done')))
         order by d.decided_at limit $2`,
        [workspaceId, limit, undoneSince],
      );
      return rows.map((row) => row.id);
    },
  };
}

function toRow(row: Record<string, unknown>): DecisionRow {
  const iso = (value: unknown) => (value instanceof Date ? value.toISOString() : null);
  const text = (value: unknown) => (value === null || value === undefined ? null : String(value));
  return {
    id: String(row.id),
    proposalId: String(row.proposal_id),
    proposalRevision: Number(row.proposal_revision),
    themeId: String(row.theme_id),
    cardId: text(row.card_id),
    status: row.status as DecisionStatus,
    decidedBy: text(row.decided_by),
    decidedAt: iso(row.decided_at),
    via: text(row.via),
    reason: text(row.reason),
    undoUntil: iso(row.undo_until),
    undoneBy: text(row.undone_by),
    undoneAt: iso(row.undone_at),
    payloadHash: text(row.payload_hash),
  };
}
