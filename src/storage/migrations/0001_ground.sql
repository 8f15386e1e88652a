-- The data model, laid once. workspace_id leads every key. Times are the source's unless the column says otherwise.
-- `body` is the record of a contract (src/domain), in the version it was written in; the other columns are what queries need.
-- `sealed` columns are AES-256-GCM, see src/storage/keys.ts.

create table workspace (
  id text primary key,
  name text not null,
  slack_team_id text unique,
  created_at timestamptz not null
);

-- Settings: seeded by the environment at start, then changed by people. What a person set, the environment does not override.
create table setting (
  workspace_id text not null references workspace,
  key text not null,
  value jsonb not null,
  origin text not null check (origin in ('environment', 'person')),
  updated_at timestamptz not null,
  updated_by text not null,
  primary key (workspace_id, key)
);

create table channel (
  workspace_id text not null references workspace,
  channel_id text not null,
  name text not null,
  mode text not null check (mode in ('suggest', 'observe', 'off')),
  origin text not null check (origin in ('environment', 'joined', 'person')),
  updated_at timestamptz not null,
  primary key (workspace_id, channel_id)
);

-- One key per subject (a customer, or `intake` for what is not understood yet), wrapped by the master key.
create table subject_key (
  workspace_id text not null references workspace,
  subject_id text not null,
  key_id text not null,
  wrapped bytea,
  created_at timestamptz not null,
  destroyed_at timestamptz,
  primary key (workspace_id, subject_id, key_id)
);

-- The inbox for everything that comes in. The payload goes after 30 days, the id stays longer than any retry.
create table delivery (
  workspace_id text not null references workspace,
  source text not null,
  delivery_id text not null,
  kind text not null,
  payload bytea,
  state text not null check (state in ('received', 'done', 'quarantined')),
  reason text,
  received_at timestamptz not null,
  handled_at timestamptz,
  traceparent text,
  primary key (workspace_id, source, delivery_id)
);
create index delivery_waiting on delivery (workspace_id, received_at) where state = 'received';
-- A deletion at the source looks for the deliveries that brought the message in, by the moment in which they were handled.
create index delivery_handled on delivery (workspace_id, source, handled_at) where payload is not null;
create index delivery_payload_age on delivery (workspace_id, received_at) where payload is not null;

create table customer (
  workspace_id text not null references workspace,
  id text not null,
  kind text not null,
  key text not null,
  sealed bytea,
  created_at timestamptz not null,
  primary key (workspace_id, id)
);

-- The log. No foreign keys point into it and its key holds received_at, so that it can be partitioned by time.
create table signal (
  workspace_id text not null,
  id text not null,
  received_at timestamptz not null,
  occurred_at timestamptz not null,
  source text not null,
  external_id text not null,
  body jsonb not null,
  primary key (workspace_id, id, received_at)
);

-- Which revisions are in the log: the deduplication key, outside of it.
create table signal_key (
  workspace_id text not null,
  source text not null,
  external_id text not null,
  revision text not null,
  signal_id text not null,
  received_at timestamptz not null,
  primary key (workspace_id, source, external_id, revision)
);
create index signal_key_by_message on signal_key (workspace_id, external_id);
create index signal_key_by_id on signal_key (workspace_id, signal_id);

create table signal_text (
  workspace_id text not null,
  signal_id text not null,
  subject_id text not null,
  key_id text not null,
  sealed bytea not null,
  primary key (workspace_id, signal_id)
);
create index signal_text_by_subject on signal_text (workspace_id, subject_id);

create table conversation (
  workspace_id text not null references workspace,
  id text not null,
  source text not null,
  container_id text not null,
  root_external_id text not null,
  customer_id text,
  -- Names the set of revisions it consists of: the same messages give the same revision, in whatever order they came.
  revision text not null,
  state text not null check (state in ('live', 'absorbed', 'empty')),
  absorbed_by text,
  first_at timestamptz not null,
  last_at timestamptz not null,
  permalink text,
  captured_by text,
  historical boolean not null,
  observation_id text,
  theme_id text,
  primary key (workspace_id, id)
);
create index conversation_of_theme on conversation (workspace_id, theme_id, last_at) where theme_id is not null;
create index conversation_unobserved on conversation (workspace_id, id) where observation_id is null and state = 'live';
create index conversation_of_container on conversation (workspace_id, container_id, first_at);
create index conversation_of_customer on conversation (workspace_id, customer_id);

-- The newest revision of each message, and where it belongs. Derived from the log.
create table signal_head (
  workspace_id text not null references workspace,
  source text not null,
  external_id text not null,
  signal_id text not null,
  change text not null,
  changed_at timestamptz not null,
  occurred_at timestamptz not null,
  container_id text not null,
  thread_id text,
  author_id text,
  author_role text not null,
  modality text not null,
  permalink text,
  customer_id text,
  captured_by text,
  historical boolean not null,
  conversation_id text,
  primary key (workspace_id, source, external_id)
);
create index signal_head_in_container on signal_head (workspace_id, container_id, occurred_at);
create index signal_head_of_conversation on signal_head (workspace_id, conversation_id);
create index signal_head_of_thread on signal_head (workspace_id, thread_id) where thread_id is not null;
create index signal_head_by_signal on signal_head (workspace_id, signal_id);

create table observation (
  workspace_id text not null references workspace,
  id text not null,
  conversation_id text not null,
  conversation_revision text not null,
  kind text not null,
  severity text not null,
  area text,
  language text,
  is_noise boolean not null,
  body jsonb not null,
  subject_id text not null,
  key_id text not null,
  sealed bytea not null,
  vector bytea,
  vector_version text,
  created_at timestamptz not null,
  primary key (workspace_id, id)
);
create index observation_of_conversation on observation (workspace_id, conversation_id);

create table theme (
  workspace_id text not null references workspace,
  id text not null,
  title text not null,
  status text not null check (status in ('active', 'absorbed')),
  absorbed_by text,
  -- Up to which of its events the theme has been assessed; later events wait for another look.
  assessed_seq bigint not null default 0,
  body jsonb not null,
  created_at timestamptz not null,
  primary key (workspace_id, id)
);

-- Assignments and human edits, as events: the newest one about a conversation is where it belongs.
create table theme_event (
  workspace_id text not null references workspace,
  seq bigint generated always as identity,
  theme_id text not null,
  conversation_id text,
  observation_id text,
  verb text not null check (verb in ('opened', 'assigned', 'moved', 'removed', 'merged', 'split', 'renamed')),
  from_theme_id text,
  score real,
  actor text not null,
  at timestamptz not null,
  primary key (workspace_id, seq)
);
create index theme_event_of_conversation on theme_event (workspace_id, conversation_id, seq);
create index theme_event_of_theme on theme_event (workspace_id, theme_id, seq);

create table insight (
  workspace_id text not null references workspace,
  id text not null,
  theme_id text not null,
  body jsonb not null,
  created_at timestamptz not null,
  primary key (workspace_id, id)
);
create index insight_of_theme on insight (workspace_id, theme_id, created_at desc);

create table proposal (
  workspace_id text not null references workspace,
  id text not null,
  revision integer not null,
  theme_id text not null,
  insight_id text not null,
  status text not null check (status in ('open', 'superseded', 'decided', 'expired')),
  payload_hash text not null,
  approvals_needed integer not null check (approvals_needed > 0),
  sealed bytea not null,
  created_at timestamptz not null,
  primary key (workspace_id, id, revision)
);
create unique index proposal_open on proposal (workspace_id, id) where status = 'open';
create index proposal_of_theme on proposal (workspace_id, theme_id);

-- Where the checkpointed graph of a proposal waits, and for what. The thread's id is the proposal's.
create table proposal_thread (
  workspace_id text not null references workspace,
  proposal_id text not null,
  gate text not null,
  interrupt_id text not null,
  updated_at timestamptz not null,
  primary key (workspace_id, proposal_id)
);

create table card (
  workspace_id text not null references workspace,
  id text not null,
  theme_id text not null,
  generation integer not null,
  channel_id text not null,
  ts text,
  permalink text,
  state text not null check (state in ('waiting', 'open', 'snoozed', 'approved', 'filed', 'failed', 'dismissed', 'done', 'undone', 'folded', 'absorbed')),
  insight_id text,
  proposal_id text,
  proposal_revision integer,
  -- Each change of what should be shown counts up `redraw`; Slack agrees with us when `drawn` has caught up.
  redraw bigint not null default 1,
  drawn bigint not null default 0,
  shown_hash text,
  details_ts text,
  details_hash text,
  posting_since timestamptz,
  posted_at timestamptz,
  reports_when_posted integer not null default 0,
  claimed_by text,
  snoozed_until timestamptz,
  snoozed_reports integer,
  -- Who set it aside, when and how, so that it is told, and taken back within its time.
  snoozed_by text,
  snoozed_at timestamptz,
  snoozed_via text,
  -- Until when the card offers Undo for it; cleared when the card was drawn again without.
  snooze_undo_until timestamptz,
  created_at timestamptz not null,
  primary key (workspace_id, id),
  unique (workspace_id, theme_id, generation)
);
create index card_undrawn on card (workspace_id, created_at) where drawn < redraw;
create unique index card_of_message on card (workspace_id, channel_id, ts) where ts is not null;

create table decision (
  workspace_id text not null references workspace,
  id text not null,
  proposal_id text not null,
  proposal_revision integer not null,
  theme_id text not null,
  card_id text,
  status text not null check (status in ('pending', 'approved', 'dismissed', 'undone', 'expired')),
  decided_by text,
  decided_at timestamptz,
  via text,
  reason text,
  undo_until timestamptz,
  undone_by text,
  undone_at timestamptz,
  -- What is executed: the proposal's payload, or the person's edit of it.
  payload_hash text,
  sealed bytea,
  body jsonb not null,
  primary key (workspace_id, id),
  unique (workspace_id, proposal_id, proposal_revision)
);
create index decision_of_theme on decision (workspace_id, theme_id);

create table approval (
  workspace_id text not null references workspace,
  decision_id text not null,
  person_id text not null,
  via text not null,
  at timestamptz not null,
  primary key (workspace_id, decision_id, person_id)
);

create table action (
  workspace_id text not null references workspace,
  id text not null,
  decision_id text not null,
  ordinal integer not null,
  kind text not null,
  idempotency_key text not null,
  state text not null check (state in ('planned', 'running', 'done', 'failed', 'compensated', 'skipped')),
  payload_hash text not null,
  sealed bytea,
  receipt jsonb,
  external_id text,
  attempts integer not null default 0,
  note text,
  body jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (workspace_id, id),
  unique (workspace_id, idempotency_key),
  unique (workspace_id, decision_id, ordinal)
);
create index action_waiting on action (workspace_id, decision_id) where state in ('planned', 'running');
create index action_by_external on action (workspace_id, kind, external_id) where external_id is not null;

create table outcome (
  workspace_id text not null references workspace,
  id text not null,
  theme_id text not null,
  action_id text not null,
  state text not null,
  occurred_at timestamptz not null,
  body jsonb not null,
  primary key (workspace_id, id)
);
create index outcome_of_theme on outcome (workspace_id, theme_id, occurred_at);

create table lineage (
  workspace_id text not null references workspace,
  from_kind text not null,
  from_id text not null,
  to_kind text not null,
  to_id text not null,
  relation text not null,
  at timestamptz not null,
  actor text not null,
  why text,
  primary key (workspace_id, from_id, to_id, relation)
);
create index lineage_backwards on lineage (workspace_id, to_id);

-- Who did what. Written in the transaction that does it; a sealer chains the rows afterwards.
create table audit (
  workspace_id text not null references workspace,
  seq bigint generated always as identity,
  at timestamptz not null,
  actor text not null,
  verb text not null,
  thing_kind text not null,
  thing_id text not null,
  detail jsonb not null,
  traceparent text,
  primary key (workspace_id, seq)
);
create index audit_of_thing on audit (workspace_id, thing_id, seq);

-- Reactions that meant something, so that taking one away takes its meaning back.
create table reaction (
  workspace_id text not null references workspace,
  channel_id text not null,
  ts text not null,
  person_id text not null,
  emoji text not null,
  meaning text not null,
  thing_id text not null,
  at timestamptz not null,
  removed_at timestamptz,
  primary key (workspace_id, channel_id, ts, person_id, emoji)
);

create table feedback (
  workspace_id text not null references workspace,
  thing_id text not null,
  person_id text not null,
  vote smallint not null check (vote in (-1, 1)),
  at timestamptz not null,
  primary key (workspace_id, thing_id, person_id)
);

create table cursor (
  workspace_id text not null references workspace,
  name text not null,
  value jsonb not null,
  updated_at timestamptz not null,
  primary key (workspace_id, name)
);

create table cache (
  workspace_id text not null,
  namespace text not null,
  key text not null,
  value text not null,
  expires_at timestamptz,
  primary key (workspace_id, namespace, key)
);
create index cache_expired on cache (expires_at);

-- The log, the audit and the theme events are append-only: the database itself refuses anything else.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger signal_append_only before update or delete on signal for each statement execute function refuse_change();
create trigger signal_no_truncate before truncate on signal for each statement execute function refuse_change();
create trigger audit_append_only before update or delete on audit for each statement execute function refuse_change();
create trigger audit_no_truncate before truncate on audit for each statement execute function refuse_change();
create trigger theme_event_append_only before update or delete on theme_event for each statement execute function refuse_change();
create trigger theme_event_no_truncate before truncate on theme_event for each statement execute function refuse_change();
