-- Themes by hand. Where a conversation belongs stays the newest event about it; a person's edit is one gesture that writes many of them.

alter table theme_event drop constraint theme_event_verb_check;
alter table theme_event add constraint theme_event_verb_check check (verb in
  ('opened', 'assigned', 'moved', 'removed', 'merged', 'split', 'renamed', 'noise', 'returned', 'released', 'muted', 'unmuted'));
-- The gesture that an event is part of, and the person who put the conversation where it is: after the event, and before it.
alter table theme_event add column edit_id text;
alter table theme_event add column placed_by text;
alter table theme_event add column placed_before text;
create index theme_event_of_edit on theme_event (workspace_id, edit_id, conversation_id) where edit_id is not null;

-- Who put the conversation where it is; null when the machine did. With a person and without a theme it is noise by that person's word.
alter table conversation add column placed_by text;

-- Set when a person said that the whole theme is noise: it goes on gathering what is like it, and speaks no more.
alter table theme add column noise_by text;
alter table theme add column noise_at timestamptz;
create index theme_absorbed on theme (workspace_id, absorbed_by) where absorbed_by is not null;
create index theme_noise on theme (workspace_id, id) where noise_by is not null;

-- What a person did to a theme in one go. `body` holds what taking it back needs: ids and codes. Titles stand in columns of their own, so that
-- words whose source deletes them can be forgotten here too.
create table theme_edit (
  workspace_id text not null references workspace,
  id text not null,
  seq bigint generated always as identity,
  kind text not null check (kind in ('renamed', 'merged', 'split', 'moved', 'noise', 'noise_theme', 'muted', 'unmuted')),
  theme_id text not null,
  other_theme_id text,
  reports integer not null,
  person_id text not null,
  via text not null,
  at timestamptz not null,
  title_before text,
  title_after text,
  body jsonb not null,
  undone_by text,
  undone_at timestamptz,
  primary key (workspace_id, id)
);
create index theme_edit_of_theme on theme_edit (workspace_id, theme_id, seq);
create index theme_edit_of_other on theme_edit (workspace_id, other_theme_id, seq) where other_theme_id is not null;

-- A muted theme posts no card and stands in no digest until the first of its conditions is met.
create table theme_mute (
  workspace_id text not null references workspace,
  theme_id text not null,
  muted_by text not null,
  muted_at timestamptz not null,
  until timestamptz,
  reports integer,
  at_release boolean not null,
  primary key (workspace_id, theme_id)
);

create table theme_follower (
  workspace_id text not null references workspace,
  theme_id text not null,
  person_id text not null,
  at timestamptz not null,
  primary key (workspace_id, theme_id, person_id)
);
create index theme_follower_of_person on theme_follower (workspace_id, person_id);

-- What a follower has been told, or has brought about: each change is told to each person once.
create table theme_told (
  workspace_id text not null references workspace,
  person_id text not null,
  change_id text not null,
  theme_id text not null,
  at timestamptz not null,
  primary key (workspace_id, person_id, change_id)
);

-- A release is an event; mutes that wait for one ask for it every minute.
create index signal_head_events on signal_head (workspace_id, occurred_at) where modality = 'event';
