-- Home: who looked at theirs lately and what it shows, so that it is drawn again when that changes.
create table home (
  workspace_id text not null references workspace,
  person_id text not null,
  opened_at timestamptz not null,
  shown_hash text,
  page text not null default 'mine',
  -- What the menus over the trends are set to.
  trends jsonb not null default '{}',
  -- Steps of setting up that this person does not want to see.
  skipped text[] not null default '{}',
  primary key (workspace_id, person_id)
);
create index home_opened on home (workspace_id, opened_at);

-- What a person captured, newest first.
create index signal_head_captured on signal_head (workspace_id, captured_by, occurred_at desc) where captured_by is not null;
-- What waits for a decision, longest first.
create index card_to_decide on card (workspace_id, created_at) where state in ('open', 'waiting');
-- The newest delivery of each source.
create index delivery_newest on delivery (workspace_id, source, received_at);
