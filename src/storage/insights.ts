// Insights and proposals: what was claimed about a theme, and what would be done about it, revision by revision.

import { decisionIdOf } from '#src/domain/decision.ts';
import type { WorkspaceId } from '#src/domain/ids.ts';
import { InsightContract } from '#src/domain/insight.ts';
import type { Tx } from '#src/domain/ports.ts';
import { type Proposal, ProposalPayload } from '#src/domain/proposal.ts';
import type { Insights, Proposals, Records } from '#src/domain/stores.ts';
import type { Keyring } from './keys.ts';
import { WORK } from './keys.ts';

/** Opens the insights of one workspace. */
export function createInsights(workspaceId: WorkspaceId, records: Records): Insights {
  return {
    async save(tx, insight) {
      const rows = await tx.query(
        `insert into insight (workspace_id, id, theme_id, body, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing returning 1`,
        [workspaceId, insight.id, insight.themeId, JSON.stringify(InsightContract.write(insight)), insight.occurredAt],
      );
      if (rows.length === 0) return;
      await records.link(tx, [
        {
          fromKind: 'theme',
          fromId: insight.themeId,
          toKind: 'insight',
          toId: insight.id,
          relation: 'shown as',
          at: insight.occurredAt,
          actor: 'throughline',
          why: insight.whyNow,
        },
      ]);
      await records.audit(tx, [
        {
          actor: 'throughline',
          verb: 'insight.made',
          thingKind: 'insight',
          thingId: insight.id,
          detail: { theme: insight.themeId, customers: insight.reach.customers, reports: insight.reach.reports },
          at: insight.occurredAt,
        },
      ]);
    },
    async byId(tx, id) {
      const [row] = await tx.query<{ body: unknown }>(`select body from insight where workspace_id = $1 and id = $2`, [
        workspaceId,
        id,
      ]);
      return row ? InsightContract.read(row.body) : null;
    },
    async latest(tx, themeId) {
      const [row] = await tx.query<{ body: unknown }>(
        `select body from insight where workspace_id = $1 and theme_id = $2 order by created_at desc, id desc limit 1`,
        [workspaceId, themeId],
      );
      return row ? InsightContract.read(row.body) : null;
    },
    async list(tx, limit) {
      const rows = await tx.query<{ body: unknown; state: string | null; permalink: string | null }>(
        `select i.body, c.state, c.permalink from (select distinct on (theme_id) * from insight where workspace_id = $1
           order by theme_id, created_at desc, id desc) i
         left join lateral (select state, permalink from card c where c.workspace_id = $1 and c.theme_id = i.theme_id order by generation desc limit 1) c on true
         order by (c.state = 'waiting') desc nulls last, i.created_at desc limit $2`,
        [workspaceId, limit],
      );
      return rows.map((row) => ({
        insight: InsightContract.read(row.body),
        state: row.state,
        permalink: row.permalink,
      }));
    },
  };
}

/** Opens the proposals of one workspace. */
export function createProposals(workspaceId: WorkspaceId, keyring: Keyring, records: Records): Proposals {
  const columns = 'id, revision, theme_id, insight_id, status, payload_hash, approvals_needed, sealed, created_at';
  interface Row {
    id: string;
    revision: number;
    theme_id: string;
    insight_id: string;
    status: Proposal['status'];
    payload_hash: string;
    approvals_needed: number;
    sealed: Buffer;
    created_at: Date;
  }
  const toProposal = async (tx: Tx, row: Row | undefined): Promise<Proposal | null> => {
    if (!row) return null;
    const [text] = await keyring.open(tx, [{ subjectId: WORK, keyId: 'k1', sealed: row.sealed }]);
    if (!text) return null;
    return {
      id: row.id,
      revision: row.revision,
      themeId: row.theme_id,
      insightId: row.insight_id,
      status: row.status,
      payloadHash: row.payload_hash,
      approvalsNeeded: row.approvals_needed,
      payload: ProposalPayload.parse(JSON.parse(text)),
      createdAt: row.created_at.toISOString(),
    };
  };

  return {
    async open(tx, proposal) {
      await keyring.prepare(tx, [WORK]);
      await tx.query(
        `update proposal set status = 'superseded' where workspace_id = $1 and id = $2 and revision < $3 and status = 'open'`,
        [workspaceId, proposal.id, proposal.revision],
      );
      await tx.query(
        `update decision set status = 'expired' where workspace_id = $1 and proposal_id = $2 and proposal_revision < $3 and status = 'pending'`,
        [workspaceId, proposal.id, proposal.revision],
      );
      const rows = await tx.query(
        `insert into proposal (workspace_id, id, revision, theme_id, insight_id, status, payload_hash, approvals_needed, sealed, created_at)
         values ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9) on conflict do nothing returning 1`,
        [
          workspaceId,
          proposal.id,
          proposal.revision,
          proposal.themeId,
          proposal.insightId,
          proposal.payloadHash,
          proposal.approvalsNeeded,
          keyring.seal(WORK, JSON.stringify(ProposalPayload.parse(proposal.payload))).sealed,
          proposal.createdAt,
        ],
      );
      if (rows.length === 0) return;
      await tx.query(
        `insert into decision (workspace_id, id, proposal_id, proposal_revision, theme_id, status, body)
         values ($1, $2, $3, $4, $5, 'pending', '{}') on conflict do nothing`,
        [
          workspaceId,
          decisionIdOf(workspaceId, proposal.id, proposal.revision),
          proposal.id,
          proposal.revision,
          proposal.themeId,
        ],
      );
      await records.link(tx, [
        {
          fromKind: 'insight',
          fromId: proposal.insightId,
          toKind: 'proposal',
          toId: proposal.id,
          relation: 'proposes',
          at: proposal.createdAt,
          actor: 'throughline',
          why: `revision ${proposal.revision}`,
        },
      ]);
      await records.audit(tx, [
        {
          actor: 'throughline',
          verb: 'proposal.opened',
          thingKind: 'proposal',
          thingId: proposal.id,
          detail: { revision: proposal.revision, hash: proposal.payloadHash },
          at: proposal.createdAt,
        },
      ]);
    },
    async get(tx, id, revision) {
      const [row] = await tx.query<Row>(
        `select ${columns} from proposal where workspace_id = $1 and id = $2 and revision = $3`,
        [workspaceId, id, revision],
      );
      return toProposal(tx, row);
    },
    async latest(tx, themeId) {
      const [row] = await tx.query<Row>(
        `select ${columns} from proposal where workspace_id = $1 and theme_id = $2 order by created_at desc, revision desc limit 1`,
        [workspaceId, themeId],
      );
      return toProposal(tx, row);
    },
    async count(tx, themeId) {
      const [row] = await tx.query<{ n: string }>(
        `select count(distinct id) as n from proposal where workspace_id = $1 and theme_id = $2`,
        [workspaceId, themeId],
      );
      return Number(row?.n ?? 0);
    },
    async setStatus(tx, id, status) {
      await tx.query(`update proposal set status = $3 where workspace_id = $1 and id = $2 and status = 'open'`, [
        workspaceId,
        id,
        status,
      ]);
    },
    async reopen(tx, id, revision) {
      await tx.query(
        `update proposal set status = 'open' where workspace_id = $1 and id = $2 and revision = $3 and status = 'expired'`,
        [workspaceId, id, revision],
      );
    },
    async thread(tx, proposalId) {
      const [row] = await tx.query<{ gate: string; interrupt_id: string }>(
        `select gate, interrupt_id from proposal_thread where workspace_id = $1 and proposal_id = $2`,
        [workspaceId, proposalId],
      );
      return row ? { gate: row.gate, interruptId: row.interrupt_id } : null;
    },
    async setThread(tx, proposalId, wait, at) {
      if (!wait) {
        await tx.query(`delete from proposal_thread where workspace_id = $1 and proposal_id = $2`, [
          workspaceId,
          proposalId,
        ]);
        return;
      }
      await tx.query(
        `insert into proposal_thread (workspace_id, proposal_id, gate, interrupt_id, updated_at) values ($1, $2, $3, $4, $5)
         on conflict (workspace_id, proposal_id) do update set gate = $3, interrupt_id = $4, updated_at = $5`,
        [workspaceId, proposalId, wait.gate, wait.interruptId, at],
      );
    },
  };
}
