// Signals: the append-only log, the text beside it, and the heads (the newest revision of each message) that conversations are made of.
import { customerIdOf, customerNamedIn, UNKNOWN_CUSTOMER } from '#src/domain/customer.ts';
import type { CustomerId, WorkspaceId } from '#src/domain/ids.ts';
import type { Tx } from '#src/domain/ports.ts';
import type { CustomerHint, Signal, SignalDraft } from '#src/domain/signal.ts';
import { laterRevision, revisionOf, SignalContract, signalIdOf } from '#src/domain/signal.ts';
import type { Appended, AuditEntry, Records, Regrouped, SignalHead, Signals } from '#src/domain/stores.ts';
import { refresh, regroup } from './conversations.ts';
import type { Keyring, Sealed } from './keys.ts';

// Customer names are matched against staff posts in memory; beyond this many, only the newest are known by name.
const NAMED_CUSTOMERS_MAX = 10_000;

interface HeadRow {
  external_id: string;
  change: SignalDraft['change'];
  changed_at: Date;
  signal_id: string;
  captured_by: string | null;
}

/** Opens the log of one workspace. */
export function createSignals(workspaceId: WorkspaceId, keyring: Keyring, records: Records): Signals {
  return { append, deletionsFor, head, setCaptured, customers, setCustomer };

  async function append(tx: Tx, drafts: readonly SignalDraft[], receivedAt: Date): Promise<Appended> {
    const nothing: Appended = { signalIds: [], changed: [], lessened: [] };
    if (drafts.length === 0) return nothing;
    await lockContainers(
      tx,
      drafts.map((draft) => draft.container.id),
    );
    const fresh = await claim(tx, drafts, receivedAt);
    if (fresh.length === 0) return nothing;

    const customers = await resolveCustomers(tx, fresh, receivedAt);
    await insertLog(tx, fresh, receivedAt);
    const moved = await moveHeads(tx, fresh, customers);
    // Metrics and events are signals that nobody said: they corroborate, they are no conversation.
    const said = moved.filter((draft) => draft.modality === 'text');
    const regrouped = await regroup(tx, workspaceId, records, said, receivedAt);
    await storeTexts(tx, fresh);
    await resealMoved(tx, regrouped.changed);

    const at = receivedAt.toISOString();
    await records.audit(
      tx,
      fresh.map(
        (draft): AuditEntry => ({
          actor: 'throughline',
          verb: `signal.${draft.change}`,
          thingKind: 'signal',
          thingId: signalIdOf(workspaceId, draft),
          detail: { source: draft.source },
          at,
        }),
      ),
    );
    return { signalIds: fresh.map((draft) => signalIdOf(workspaceId, draft)), ...regrouped };
  }

  /** Two batches that touch one channel must not both regroup it from what they saw: they take turns, in one order. */
  async function lockContainers(tx: Tx, ids: readonly string[]): Promise<void> {
    const containers = [...new Set(ids)].sort();
    await tx.query(
      `select pg_advisory_xact_lock(hashtextextended($1 || c, 0)) from (select c from unnest($2::text[]) as t (c) order by c) as ordered`,
      [`container/${workspaceId}/`, containers],
    );
  }

  async function claim(tx: Tx, drafts: readonly SignalDraft[], receivedAt: Date): Promise<SignalDraft[]> {
    const unique = [...new Map(drafts.map((draft) => [signalIdOf(workspaceId, draft), draft])).entries()];
    const rows = await tx.query<{ signal_id: string }>(
      `insert into signal_key (workspace_id, source, external_id, revision, signal_id, received_at)
       select $1, s, e, r, i, $6 from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as t (s, e, r, i)
       on conflict do nothing returning signal_id`,
      [
        workspaceId,
        unique.map(([, draft]) => draft.source),
        unique.map(([, draft]) => draft.externalId),
        unique.map(([, draft]) => revisionOf(draft)),
        unique.map(([id]) => id),
        receivedAt,
      ],
    );
    const claimed = new Set(rows.map((row) => row.signal_id));
    return unique.filter(([id]) => claimed.has(id)).map(([, draft]) => draft);
  }

  async function resolveCustomers(
    tx: Tx,
    drafts: readonly SignalDraft[],
    now: Date,
  ): Promise<Map<SignalDraft, CustomerId>> {
    const hints = new Map<string, CustomerHint>();
    const resolved = new Map<SignalDraft, CustomerId>();
    let named: { id: string; name: string }[] | null = null;
    for (const draft of drafts) {
      let hint = draft.customer ?? UNKNOWN_CUSTOMER;
      // Staff speak for the customer they name, else for the one unknown customer; a ticket or a shared channel already names one.
      if (draft.author.role === 'staff' && (hint.kind === 'author' || hint.kind === 'unknown')) {
        named ??= await namedCustomers(tx);
        const id = draft.text ? customerNamedIn(draft.text, named) : null;
        if (id) {
          resolved.set(draft, id);
          continue;
        }
        hint = UNKNOWN_CUSTOMER;
      }
      const id = customerIdOf(workspaceId, hint);
      hints.set(id, hint);
      resolved.set(draft, id);
    }
    await saveCustomers(tx, hints, [...resolved.values()], now);
    return resolved;
  }

  async function saveCustomers(
    tx: Tx,
    hints: ReadonlyMap<string, CustomerHint>,
    others: readonly string[],
    now: Date,
  ): Promise<void> {
    await keyring.prepare(tx, [...hints.keys(), ...others]);
    const entries = [...hints.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    await tx.query(
      `insert into customer (workspace_id, id, kind, key, sealed, created_at)
       select $1, i, k, y, n, $6 from unnest($2::text[], $3::text[], $4::text[], $5::bytea[]) as t (i, k, y, n)
       on conflict (workspace_id, id) do update set sealed = coalesce(customer.sealed, excluded.sealed)
       where customer.sealed is null and excluded.sealed is not null`,
      [
        workspaceId,
        entries.map(([id]) => id),
        entries.map(([, hint]) => hint.kind),
        entries.map(([, hint]) => keyring.hash(hint.key)),
        entries.map(([id, hint]) => (hint.name ? keyring.seal(id, hint.name).sealed : null)),
        now,
      ],
    );
  }

  async function namedCustomers(tx: Tx): Promise<{ id: string; name: string }[]> {
    const rows = await tx.query<{ id: string; sealed: Buffer }>(
      `select id, sealed from customer where workspace_id = $1 and sealed is not null and kind in ('organization', 'slack_team', 'channel', 'named')
       order by created_at desc limit $2`,
      [workspaceId, NAMED_CUSTOMERS_MAX],
    );
    const names = await keyring.open(
      tx,
      rows.map((row) => ({ subjectId: row.id, keyId: 'k1', sealed: row.sealed })),
    );
    return rows.flatMap((row, index) => (names[index] ? [{ id: row.id, name: names[index] }] : []));
  }

  async function insertLog(tx: Tx, drafts: readonly SignalDraft[], receivedAt: Date): Promise<void> {
    const rows = drafts.map((draft) => SignalContract.write(toSignal(draft, receivedAt)));
    await tx.query(
      `insert into signal (workspace_id, id, received_at, occurred_at, source, external_id, body)
       select $1, b->>'id', $3, (b->>'occurredAt')::timestamptz, b->>'source', b->>'externalId', b from jsonb_array_elements($2::jsonb) b`,
      [workspaceId, JSON.stringify(rows), receivedAt],
    );
  }

  function toSignal(draft: SignalDraft, receivedAt: Date): Signal {
    return {
      v: 1,
      id: signalIdOf(workspaceId, draft),
      workspaceId,
      source: draft.source,
      externalId: draft.externalId,
      permalink: draft.permalink,
      occurredAt: draft.occurredAt,
      receivedAt: receivedAt.toISOString(),
      reliability: draft.reliability,
      latencyMs: Math.max(0, receivedAt.getTime() - Date.parse(draft.changedAt)),
      privacyClass: draft.modality === 'text' ? 'customer_text' : 'none',
      residency: 'any',
      retentionDays: null,
      change: draft.change,
      modality: draft.modality,
      authorId: draft.author.id,
      authorRole: draft.author.role,
      containerId: draft.container.id,
      threadId: draft.threadId,
      textHash: draft.text === null ? null : keyring.hash(draft.text),
      measure: draft.measure,
    };
  }

  /** Moves each message's head to its newest revision by source time, whatever the order of arrival. Answers the messages that moved. */
  async function moveHeads(
    tx: Tx,
    drafts: readonly SignalDraft[],
    customers: Map<SignalDraft, CustomerId>,
  ): Promise<SignalDraft[]> {
    const newest = new Map<string, SignalDraft>();
    for (const draft of drafts) {
      const other = newest.get(draft.externalId);
      newest.set(draft.externalId, other ? laterRevision(other, draft) : draft);
    }
    const known = await tx.query<HeadRow>(
      `select external_id, change, changed_at, signal_id, captured_by from signal_head where workspace_id = $1 and external_id = any($2)`,
      [workspaceId, [...newest.keys()]],
    );
    const heads = new Map(known.map((row) => [row.external_id, row]));
    const moved = [...newest.values()].filter((draft) => {
      const head = heads.get(draft.externalId);
      if (!head) return true;
      // Nothing that arrives late brings a deleted text back; a person who hands us the message, which is read at that moment, does.
      if (head.change === 'deleted' && draft.change !== 'deleted' && draft.capturedBy !== null)
        return draft.changedAt > head.changed_at.toISOString();
      return (
        laterRevision<Pick<SignalDraft, 'change' | 'changedAt'>>(
          { change: head.change, changedAt: head.changed_at.toISOString() },
          draft,
        ) === draft
      );
    });
    const rows = moved.map((draft) => ({
      source: draft.source,
      external_id: draft.externalId,
      signal_id: signalIdOf(workspaceId, draft),
      change: draft.change,
      changed_at: draft.changedAt,
      occurred_at: draft.occurredAt,
      container_id: draft.container.id,
      thread_id: draft.threadId,
      author_id: draft.author.id,
      author_role: draft.author.role,
      modality: draft.modality,
      permalink: draft.permalink,
      customer_id: customers.get(draft) ?? null,
      captured_by: draft.capturedBy,
      historical: draft.historical,
    }));
    await tx.query(
      `insert into signal_head (workspace_id, source, external_id, signal_id, change, changed_at, occurred_at, container_id, thread_id, author_id,
         author_role, modality, permalink, customer_id, captured_by, historical)
       select $1, source, external_id, signal_id, change, changed_at, occurred_at, container_id, thread_id, author_id,
         author_role, modality, permalink, customer_id, captured_by, historical
       from jsonb_to_recordset($2::jsonb) as r (source text, external_id text, signal_id text, change text, changed_at timestamptz, occurred_at timestamptz,
         container_id text, thread_id text, author_id text, author_role text, modality text, permalink text, customer_id text, captured_by text, historical boolean)
       on conflict (workspace_id, source, external_id) do update set signal_id = excluded.signal_id, change = excluded.change,
         changed_at = excluded.changed_at, modality = excluded.modality,
         author_id = coalesce(signal_head.author_id, excluded.author_id),
         customer_id = case when signal_head.author_id is null then excluded.customer_id else signal_head.customer_id end,
         author_role = case when signal_head.author_id is null then excluded.author_role else signal_head.author_role end,
         thread_id = coalesce(signal_head.thread_id, excluded.thread_id),
         permalink = coalesce(signal_head.permalink, excluded.permalink),
         captured_by = coalesce(signal_head.captured_by, excluded.captured_by),
         historical = signal_head.historical and excluded.historical`,
      [workspaceId, JSON.stringify(rows)],
    );
    return moved;
  }

  /** Texts live while their message does: a deletion destroys every revision's text, and one that arrives late is not stored at all. */
  async function storeTexts(tx: Tx, drafts: readonly SignalDraft[]): Promise<void> {
    const rows = await tx.query<{
      external_id: string;
      change: string;
      customer_id: string | null;
      subject: string | null;
    }>(
      `select h.external_id, h.change, h.customer_id, c.customer_id as subject from signal_head h
       left join conversation c on c.workspace_id = h.workspace_id and c.id = h.conversation_id
       where h.workspace_id = $1 and h.external_id = any($2)`,
      [workspaceId, [...new Set(drafts.map((draft) => draft.externalId))]],
    );
    const heads = new Map(rows.map((row) => [row.external_id, row]));
    const gone = rows.filter((row) => row.change === 'deleted').map((row) => row.external_id);
    if (gone.length > 0) {
      await tx.query(
        `delete from signal_text t using signal_key k
         where t.workspace_id = $1 and k.workspace_id = $1 and k.signal_id = t.signal_id and k.external_id = any($2)`,
        [workspaceId, gone],
      );
    }
    const subjectOf = (draft: SignalDraft) => {
      const head = heads.get(draft.externalId);
      return head?.subject ?? head?.customer_id ?? customerIdOf(workspaceId, UNKNOWN_CUSTOMER);
    };
    const kept = drafts.filter((draft) => draft.text !== null && heads.get(draft.externalId)?.change !== 'deleted');
    if (kept.length === 0) return;
    await keyring.prepare(tx, kept.map(subjectOf));
    const sealed = kept.map((draft) =>
      keyring.seal(subjectOf(draft), JSON.stringify({ text: draft.text, author: draft.author.name })),
    );
    await tx.query(
      `insert into signal_text (workspace_id, signal_id, subject_id, key_id, sealed)
       select $1, i, s, k, b from unnest($2::text[], $3::text[], $4::text[], $5::bytea[]) as t (i, s, k, b) on conflict do nothing`,
      [
        workspaceId,
        kept.map((draft) => signalIdOf(workspaceId, draft)),
        sealed.map((item) => item.subjectId),
        sealed.map((item) => item.keyId),
        sealed.map((item) => item.sealed),
      ],
    );
  }

  /** A conversation's texts are sealed under its customer; when that changes, they are sealed anew. */
  async function resealMoved(tx: Tx, conversationIds: readonly string[]): Promise<void> {
    const rows = await tx.query<{
      signal_id: string;
      subject_id: string;
      key_id: string;
      sealed: Buffer;
      customer_id: string;
    }>(
      `select t.signal_id, t.subject_id, t.key_id, t.sealed, c.customer_id from conversation c
       join signal_head h on h.workspace_id = $1 and h.conversation_id = c.id
       join signal_key k on k.workspace_id = $1 and k.external_id = h.external_id and k.source = h.source
       join signal_text t on t.workspace_id = $1 and t.signal_id = k.signal_id
       where c.workspace_id = $1 and c.id = any($2) and c.customer_id is not null and t.subject_id <> c.customer_id`,
      [workspaceId, conversationIds],
    );
    if (rows.length === 0) return;
    await keyring.prepare(
      tx,
      rows.map((row) => row.customer_id),
    );
    const texts = await keyring.open(
      tx,
      rows.map((row): Sealed => ({ subjectId: row.subject_id, keyId: row.key_id, sealed: row.sealed })),
    );
    for (const [index, row] of rows.entries()) {
      const text = texts[index];
      if (text === null || text === undefined) continue;
      const sealed = keyring.seal(row.customer_id, text);
      await tx.query(
        `update signal_text set subject_id = $3, key_id = $4, sealed = $5 where workspace_id = $1 and signal_id = $2`,
        [workspaceId, row.signal_id, sealed.subjectId, sealed.keyId, sealed.sealed],
      );
    }
  }

  async function deletionsFor(tx: Tx, source: string, externalId: string, at: string): Promise<SignalDraft[]> {
    const prefix = externalId.endsWith('*') ? externalId.slice(0, -1) : null;
    const rows = await tx.query<{
      source: SignalDraft['source'];
      external_id: string;
      occurred_at: Date;
      container_id: string;
      thread_id: string | null;
      author_id: string | null;
      author_role: SignalDraft['author']['role'];
      modality: SignalDraft['modality'];
      permalink: string | null;
      captured_by: string | null;
      historical: boolean;
    }>(
      `select source, external_id, occurred_at, container_id, thread_id, author_id, author_role, modality, permalink, captured_by, historical
       from signal_head where workspace_id = $1 and source = $2 and change <> 'deleted'
         and (external_id = $3 or ($4::text is not null and starts_with(external_id, $4)))`,
      [workspaceId, source, externalId, prefix],
    );
    return rows.map((row) => ({
      source: row.source,
      externalId: row.external_id,
      change: 'deleted',
      occurredAt: row.occurred_at.toISOString(),
      changedAt: new Date(at).toISOString(),
      modality: row.modality,
      text: null,
      measure: null,
      author: { id: row.author_id, name: null, role: row.author_role },
      container: { id: row.container_id, name: null },
      threadId: row.thread_id,
      permalink: row.permalink,
      customer: null,
      reliability: 'signed',
      capturedBy: row.captured_by,
      historical: row.historical,
    }));
  }

  async function head(tx: Tx, externalId: string): Promise<SignalHead | null> {
    const rows = await tx.query<{
      signal_id: string;
      conversation_id: string | null;
      captured_by: string | null;
      container_id: string;
      change: string;
    }>(
      `select signal_id, conversation_id, captured_by, container_id, change from signal_head where workspace_id = $1 and external_id = $2`,
      [workspaceId, externalId],
    );
    const row = rows[0];
    if (!row) return null;
    return {
      signalId: row.signal_id,
      conversationId: row.conversation_id,
      capturedBy: row.captured_by,
      containerId: row.container_id,
      deleted: row.change === 'deleted',
    };
  }

  async function setCaptured(tx: Tx, externalId: string, personId: string | null, at: Date): Promise<Regrouped> {
    const nothing: Regrouped = { changed: [], lessened: [] };
    const [known] = await tx.query<{ container_id: string }>(
      `select container_id from signal_head where workspace_id = $1 and external_id = $2`,
      [workspaceId, externalId],
    );
    if (!known) return nothing;
    await lockContainers(tx, [known.container_id]);
    const [head] = await tx.query<{ conversation_id: string | null }>(
      `update signal_head set captured_by = $3 where workspace_id = $1 and external_id = $2 and captured_by is distinct from $3
       returning conversation_id`,
      [workspaceId, externalId, personId],
    );
    return head?.conversation_id ? refresh(tx, workspaceId, records, [head.conversation_id], new Set(), at) : nothing;
  }

  /** Customers by name, those who said something lately first, with the places that they spoke in. */
  async function customers(tx: Tx, limit: number): Promise<{ id: string; name: string; containerIds: string[] }[]> {
    const rows = await tx.query<{ id: string; sealed: Buffer; containers: (string | null)[] }>(
      `select u.id, u.sealed, array_agg(distinct c.container_id) as containers from customer u
       left join conversation c on c.workspace_id = u.workspace_id and c.customer_id = u.id and c.state = 'live'
       where u.workspace_id = $1 and u.sealed is not null and u.kind in ('organization', 'slack_team', 'channel', 'named')
       group by u.id, u.sealed, u.created_at order by coalesce(max(c.last_at), u.created_at) desc, u.id limit $2`,
      [workspaceId, limit],
    );
    const names = await keyring.open(
      tx,
      rows.map((row) => ({ subjectId: row.id, keyId: 'k1', sealed: row.sealed })),
    );
    return rows.flatMap((row, index) =>
      names[index]
        ? [{ id: row.id, name: names[index], containerIds: row.containers.filter((id) => id !== null) }]
        : [],
    );
  }

  /** A person says whose words a conversation is: everything in it moves to that customer, and is sealed under its key. */
  async function setCustomer(
    tx: Tx,
    externalId: string,
    customer: { id: string } | CustomerHint,
    at: Date,
  ): Promise<{ conversationId: string; customerId: string; changed: boolean } | null> {
    const [known] = await tx.query<{ container_id: string; conversation_id: string | null }>(
      `select container_id, conversation_id from signal_head where workspace_id = $1 and external_id = $2 and change <> 'deleted'`,
      [workspaceId, externalId],
    );
    if (!known) return null;
    await lockContainers(tx, [known.container_id]);
    const customerId = 'id' in customer ? customer.id : customerIdOf(workspaceId, customer);
    if (!('id' in customer)) await saveCustomers(tx, new Map([[customerId, customer]]), [], at);
    const [row] = await tx.query<{ id: string; customer_id: string | null }>(
      `select c.id, c.customer_id from signal_head h join conversation c on c.workspace_id = h.workspace_id and c.id = h.conversation_id
       where h.workspace_id = $1 and h.external_id = $2 and exists (select 1 from customer u where u.workspace_id = $1 and u.id = $3)
       for update of c`,
      [workspaceId, externalId, customerId],
    );
    if (!row) return null;
    if (row.customer_id === customerId) return { conversationId: row.id, customerId, changed: false };
    await tx.query(`update signal_head set customer_id = $3 where workspace_id = $1 and conversation_id = $2`, [
      workspaceId,
      row.id,
      customerId,
    ]);
    await tx.query(`update conversation set customer_id = $3 where workspace_id = $1 and id = $2`, [
      workspaceId,
      row.id,
      customerId,
    ]);
    await resealMoved(tx, [row.id]);
    await resealObservations(tx, row.id, customerId);
    return { conversationId: row.id, customerId, changed: true };
  }

  async function resealObservations(tx: Tx, conversationId: string, customerId: string): Promise<void> {
    const rows = await tx.query<{ id: string; subject_id: string; key_id: string; sealed: Buffer }>(
      `select id, subject_id, key_id, sealed from observation where workspace_id = $1 and conversation_id = $2 and subject_id <> $3`,
      [workspaceId, conversationId, customerId],
    );
    await keyring.prepare(tx, [customerId]);
    const texts = await keyring.open(
      tx,
      rows.map((row): Sealed => ({ subjectId: row.subject_id, keyId: row.key_id, sealed: row.sealed })),
    );
    for (const [index, { id }] of rows.entries()) {
      const text = texts[index];
      if (text === null || text === undefined) continue;
      const sealed = keyring.seal(customerId, text);
      await tx.query(
        `update observation set subject_id = $3, key_id = $4, sealed = $5 where workspace_id = $1 and id = $2`,
        [workspaceId, id, sealed.subjectId, sealed.keyId, sealed.sealed],
      );
    }
  }
}
