-- How far the reading of each channel's past has come. The place moves in the transaction that stores what was read.
create table backfill (
  workspace_id text not null references workspace,
  channel_id text not null,
  name text not null,
  state text not null check (state in ('waiting', 'reading', 'stopped', 'failed', 'done')),
  via text not null check (via in ('command', 'home')),
  since timestamptz not null,
  until timestamptz not null,
  place jsonb not null,
  messages integer not null default 0,
  threads integer not null default 0,
  -- Counts the steps: whoever moves the place names the count it has seen.
  requests integer not null default 0,
  slow boolean not null default false,
  problem text,
  started_by text not null,
  started_at timestamptz not null,
  updated_at timestamptz not null,
  told_at timestamptz,
  primary key (workspace_id, channel_id)
);
