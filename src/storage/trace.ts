// Trace: the chain through one thing, both ways, with who, when and why. What people name in many ways is found here.
import type { WorkspaceId } from '#src/domain/ids.ts';
import { kindOfId } from '#src/domain/ids.ts';
import type { LineageKind, Trace, TraceNode } from '#src/domain/lineage.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { Tracer } from '#src/domain/stores.ts';
import type { Keyring } from './keys.ts';

// A chain of a large theme has thousands of reports; a page shows this many and counts the rest.
const NODES_MAX = 250;
const STEPS_MAX = 12;

interface Edge {
  from_kind: LineageKind;
  from_id: string;
  to_kind: LineageKind;
  to_id: string;
  relation: string;
  at: Date;
  actor: string;
  why: string | null;
}

/** Opens the lineage of one workspace for reading. */
export function createTracer(workspaceId: WorkspaceId, keyring: Keyring): Tracer {
  return { find, trace, lone, examples };

  async function find(tx: Tx, raw: string): Promise<{ id: string; kind: LineageKind } | null> {
    // What was copied out of a message may carry invisible marks along.
    const query = raw
      .replace(/\p{Cf}/gu, '')
      .trim()
      .replace(/^<([^|>]+)(\|[^>]*)?>$/, '$1');
    const kind = kindOfId(query);
    if (kind === 'card') {
      const [row] = await tx.query<{ theme_id: string }>(
        `select theme_id from card where workspace_id = $1 and id = $2`,
        [workspaceId, query],
      );
      return row ? { id: row.theme_id, kind: 'theme' } : null;
    }
    if (kind === 'edit') {
      const [row] = await tx.query<{ theme_id: string }>(
        `select theme_id from theme_edit where workspace_id = $1 and id = $2`,
        [workspaceId, query],
      );
      return row ? { id: row.theme_id, kind: 'theme' } : null;
    }
    if (kind && kind !== 'delivery') return (await known(tx, query, kind)) ? { id: query, kind } : null;

    const issue = /^(?:.*\/issue\/)?([A-Z][A-Z0-9]{0,9}-\d+)(?:[/?#].*)?$/i.exec(query)?.[1];
    if (issue) {
      const [row] = await tx.query<{ id: string }>(
        `select id from action where workspace_id = $1 and kind = 'linear.issue' and upper(receipt->>'label') = upper($2) order by created_at desc limit 1`,
        [workspaceId, issue],
      );
      if (row) return { id: row.id, kind: 'action' };
    }
    for (const [externalId, exact] of externalIdsIn(query)) {
      const [row] = await tx.query<{ signal_id: string }>(
        `select signal_id from signal_head where workspace_id = $1 and (external_id = $2 or ($3 and thread_id = $2)) order by occurred_at limit 1`,
        [workspaceId, externalId, !exact],
      );
      if (row) return { id: row.signal_id, kind: 'signal' };
    }
    const [link] = await tx.query<{ signal_id: string }>(
      `select signal_id from signal_head where workspace_id = $1 and permalink = $2 limit 1`,
      [workspaceId, query],
    );
    return link ? { id: link.signal_id, kind: 'signal' } : null;
  }

  async function known(tx: Tx, id: string, kind: string): Promise<boolean> {
    if (kind === 'signal') {
      return (
        (await tx.query(`select 1 from signal_key where workspace_id = $1 and signal_id = $2`, [workspaceId, id]))
          .length > 0
      );
    }
    return (
      (await tx.query(`select 1 from ${kind} where workspace_id = $1 and id = $2 limit 1`, [workspaceId, id])).length >
      0
    );
  }

  async function trace(
    tx: Tx,
    focus: { id: string; kind: LineageKind },
    nameOf: (actor: string) => Promise<string>,
  ): Promise<Trace> {
    const start = focus.kind === 'customer' ? await conversationsOf(tx, focus.id) : [focus.id];
    const back = await walk(tx, start, 'back');
    // A later look at a theme stands behind what an earlier one proposed: the way on goes by the theme.
    const themes =
      focus.kind === 'insight' ? back.filter((edge) => edge.to_id === focus.id).map((edge) => edge.from_id) : [];
    const edges = [...back, ...(await walk(tx, [...start, ...themes], 'on'))];
    const unique = [...new Map(edges.map((edge) => [`${edge.from_id} ${edge.to_id} ${edge.relation}`, edge])).values()];
    // Every look at a theme makes an insight; the ones that led nowhere would bury the one that did.
    const led = new Set(unique.filter((edge) => edge.from_kind === 'insight').map((edge) => edge.from_id));
    const latest =
      led.size === 0
        ? unique.filter((edge) => edge.to_kind === 'insight').sort((a, b) => b.at.getTime() - a.at.getTime())[0]?.to_id
        : null;
    const kept = unique.filter(
      (edge) => edge.to_kind !== 'insight' || led.has(edge.to_id) || edge.to_id === latest || edge.to_id === focus.id,
    );
    const kinds = new Map<string, LineageKind>([[focus.id, focus.kind]]);
    const into = new Map<string, Edge>();
    for (const edge of kept) {
      kinds.set(edge.from_id, edge.from_kind);
      kinds.set(edge.to_id, edge.to_kind);
      if (!into.has(edge.to_id)) into.set(edge.to_id, edge);
    }
    const customers = await customersOf(
      tx,
      [...kinds].filter(([, kind]) => kind === 'conversation').map(([id]) => id),
    );
    for (const { customerId } of customers) kinds.set(customerId, 'customer');
    const shown = [...kinds].slice(0, NODES_MAX);
    const details = await describe(tx, shown);
    const nodes: TraceNode[] = [];
    for (const [id, kind] of shown) {
      const edge = into.get(id);
      const detail = details.get(id);
      nodes.push({
        id,
        kind,
        label: detail?.label ?? kind,
        at: detail?.at ?? edge?.at.toISOString() ?? null,
        who: edge ? await nameOf(edge.actor) : null,
        why: edge && kind !== 'action' && !detail?.label.includes(edge.why ?? '') ? edge.why : null,
        url: detail?.url ?? null,
      });
    }
    const present = new Set(shown.map(([id]) => id));
    return {
      focus: focus.id,
      nodes,
      edges: [
        ...customers.map((row) => ({ from: row.customerId, to: row.conversationId, relation: 'said' })),
        ...kept.map((edge) => ({ from: edge.from_id, to: edge.to_id, relation: edge.relation })),
      ].filter((edge) => present.has(edge.from) && present.has(edge.to)),
      hidden: kinds.size - shown.length,
    };
  }

  async function walk(tx: Tx, ids: readonly string[], direction: 'back' | 'on'): Promise<Edge[]> {
    const edges: Edge[] = [];
    const seen = new Set(ids);
    let frontier = [...ids];
    for (let step = 0; step < STEPS_MAX && frontier.length > 0 && seen.size < 2 * NODES_MAX; step++) {
      const rows = await tx.query<Edge>(
        `select from_kind, from_id, to_kind, to_id, relation, at, actor, why from lineage
         where workspace_id = $1 and ${direction === 'back' ? 'to_id' : 'from_id'} = any($2) order by at, why is distinct from 'linear.issue' limit $3`,
        [workspaceId, frontier, 2 * NODES_MAX],
      );
      edges.push(...rows);
      frontier = rows.map((row) => (direction === 'back' ? row.from_id : row.to_id)).filter((id) => !seen.has(id));
      for (const id of frontier) seen.add(id);
    }
    return edges;
  }

  async function conversationsOf(tx: Tx, customerId: string): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `select id from conversation where workspace_id = $1 and customer_id = $2 and state = 'live' order by first_at desc limit 50`,
      [workspaceId, customerId],
    );
    return rows.map((row) => row.id);
  }

  async function customersOf(
    tx: Tx,
    conversationIds: readonly string[],
  ): Promise<{ conversationId: string; customerId: string }[]> {
    const rows = await tx.query<{ id: string; customer_id: string }>(
      `select id, customer_id from conversation where workspace_id = $1 and id = any($2) and customer_id is not null`,
      [workspaceId, conversationIds],
    );
    return rows.map((row) => ({ conversationId: row.id, customerId: row.customer_id }));
  }

  async function describe(
    tx: Tx,
    nodes: readonly [string, LineageKind][],
  ): Promise<Map<string, { label: string; at: string | null; url: string | null }>> {
    const out = new Map<string, { label: string; at: string | null; url: string | null }>();
    const of = (kind: LineageKind) => nodes.filter(([, k]) => k === kind).map(([id]) => id);
    const rows = await tx.query<{
      id: string;
      label: string | null;
      at: Date | null;
      url: string | null;
      subject_id: string | null;
      key_id: string | null;
      sealed: Buffer | null;
    }>(
      `select k.signal_id as id, initcap(h.source) || case h.author_role when 'staff' then ' message by staff' when 'bot' then ' message by a bot' else ' message' end
           || case when h.change = 'deleted' then ', deleted at the source' when h.signal_id <> k.signal_id then ', edited since' else '' end as label,
         h.occurred_at as at, h.permalink as url, null as subject_id, null as key_id, null::bytea as sealed
         from signal_key k join signal_head h on h.workspace_id = $1 and h.source = k.source and h.external_id = k.external_id
         where k.workspace_id = $1 and k.signal_id = any($2)
       union all select c.id, 'Conversation', c.first_at, c.permalink, null, null, null from conversation c where c.workspace_id = $1 and c.id = any($3)
       union all select o.id, o.kind || ', ' || o.severity, o.created_at, null, o.subject_id, o.key_id, o.sealed from observation o where o.workspace_id = $1 and o.id = any($4)
       union all select t.id, t.title, t.created_at, null, null, null, null from theme t where t.workspace_id = $1 and t.id = any($5)
       union all select i.id, i.body->>'claim', i.created_at, (select permalink from card k where k.workspace_id = $1 and k.theme_id = i.theme_id order by generation desc limit 1),
         null, null, null from insight i where i.workspace_id = $1 and i.id = any($6)
       union all select distinct on (p.id) p.id, 'Proposal to file an issue, revision ' || p.revision, p.created_at, null, null, null, null from proposal p
         where p.workspace_id = $1 and p.id = any($7)
       union all select d.id, case d.status when 'pending' then 'Not decided yet' else initcap(d.status) || case d.via when 'button' then ' with the button'
           when 'modal' then ' in the editor' when 'reaction' then ' by reaction' when 'capture' then ' with File now' when 'command' then ' by command' when 'home' then ' from Home' else '' end end, d.decided_at, null, null, null, null from decision d where d.workspace_id = $1 and d.id = any($8)
       union all select a.id, case a.kind when 'linear.issue' then 'Issue' when 'linear.attachment' then 'Link on the issue' when 'zendesk.note' then 'Internal note'
           when 'slack.reply' then 'Reply in the thread' when 'slack.react' then 'Reaction' else a.kind end
           || case when a.kind in ('linear.issue', 'linear.attachment', 'zendesk.note') then coalesce(': ' || (a.receipt->>'label'), '') else '' end
           || case a.state when 'planned' then ', planned' when 'running' then ', under way' when 'failed' then ', failed' when 'compensated' then ', taken back'
             when 'skipped' then ', not done' else '' end, a.updated_at, a.receipt->>'url', null, null, null from action a
         where a.workspace_id = $1 and a.id = any($9)
       union all select u.id, coalesce(u.body->>'note', u.state), u.occurred_at, u.body->>'permalink', null, null, null from outcome u where u.workspace_id = $1 and u.id = any($10)
       union all select m.id, case m.kind when 'unknown' then 'A customer we cannot name' else 'A customer' end, m.created_at, null, m.id, 'k1', m.sealed from customer m
         where m.workspace_id = $1 and m.id = any($11)`,
      [
        workspaceId,
        of('signal'),
        of('conversation'),
        of('observation'),
        of('theme'),
        of('insight'),
        of('proposal'),
        of('decision'),
        of('action'),
        of('outcome'),
        of('customer'),
      ],
    );
    const secret = rows.filter((row) => row.sealed !== null);
    const opened = await keyring.open(
      tx,
      secret.map((row) => ({ subjectId: row.subject_id!, keyId: row.key_id!, sealed: row.sealed! })),
    );
    const words = new Map(secret.map((row, index) => [row.id, opened[index]]));
    for (const row of rows) {
      const plain = words.get(row.id);
      // An observation's words are a record, a customer's name is a name.
      const label = plain ? (plain.startsWith('{') ? (JSON.parse(plain) as { title: string }).title : plain) : null;
      out.set(row.id, { label: label ?? row.label ?? '', at: row.at?.toISOString() ?? null, url: row.url });
    }
    return out;
  }

  async function examples(tx: Tx): Promise<string[]> {
    const rows = await tx.query<{ example: string }>(
      `(select receipt->>'label' as example from action where workspace_id = $1 and kind = 'linear.issue' and receipt is not null order by created_at desc limit 1)
       union all (select id from insight where workspace_id = $1 order by created_at desc limit 1)
       union all (select permalink from signal_head where workspace_id = $1 and permalink is not null order by occurred_at desc limit 1)`,
      [workspaceId],
    );
    return rows.length > 0 ? rows.map((row) => row.example) : ['ENG-12', 'zendesk:1', 'the link of a message'];
  }

  async function lone(tx: Tx, signalId: string): Promise<'not_observed_yet' | 'noise' | 'no_theme' | null> {
    const [row] = await tx.query<{
      observed: boolean;
      is_report: boolean | null;
      is_noise: boolean | null;
      called_noise: boolean | null;
      theme_id: string | null;
    }>(
      `select c.observation_id is not null as observed, c.state = 'live' as is_report, o.is_noise, c.placed_by is not null as called_noise, c.theme_id from signal_key k
       join signal_head h on h.workspace_id = $1 and h.source = k.source and h.external_id = k.external_id
       left join conversation c on c.workspace_id = $1 and c.id = h.conversation_id
       left join observation o on o.workspace_id = $1 and o.id = c.observation_id
       where k.workspace_id = $1 and k.signal_id = $2`,
      [workspaceId, signalId],
    );
    if (!row || row.theme_id) return null;
    // Metrics, events and answers to what is gone are never observed.
    if (!row.observed) return row.is_report ? 'not_observed_yet' : 'no_theme';
    return row.is_noise || row.called_noise ? 'noise' : 'no_theme';
  }
}

/** External ids that a query may mean; `true` when only that very message is meant, else whatever hangs on it too. */
function externalIdsIn(query: string): [string, boolean][] {
  const out: [string, boolean][] = [];
  const slack = /\/archives\/([A-Z0-9]+)\/p(\d{10})(\d{6})/.exec(query);
  if (slack) out.push([`slack:${slack[1]}:${slack[2]}.${slack[3]}`, true]);
  const ticket = /^(?:zendesk[:\s]+(?:ticket:)?|#|ticket\s+#?|.*\/(?:agent\/)?tickets\/)(\d+)/i.exec(query)?.[1];
  if (ticket) out.push([`zendesk:ticket:${ticket}`, false]);
  if (/^\w+:\S+$/.test(query)) out.push([query, true]);
  return out;
}
