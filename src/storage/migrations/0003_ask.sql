-- Questions that people ask in words, each with its answer. `sealed` holds the words: the question and, where a model wrote some, the answer's; they
-- go after 30 days. The other columns stay, so that a vote on an answer keeps its meaning.
create table question (
  workspace_id text not null references workspace,
  id text not null,
  asker text not null,
  surface text not null check (surface in ('pane', 'mention', 'command')),
  channel_id text,
  thread_ts text,
  state text not null check (state in ('asked', 'answered', 'failed')),
  -- The message that answers it; known before the answer is complete.
  ts text,
  outcome text,
  -- What made the answer, and why a model's was not taken.
  produced_by jsonb,
  fell_back text,
  -- Themes, customers and look-ups that the answer rests on.
  rests_on text[] not null default '{}',
  key_id text not null,
  sealed bytea,
  asked_at timestamptz not null,
  answered_at timestamptz,
  primary key (workspace_id, id)
);
create index question_unanswered on question (workspace_id, asked_at) where state = 'asked' and surface <> 'command';
create index question_words_age on question (workspace_id, asked_at) where sealed is not null;

-- "What is new": themes by their beginning.
create index theme_created on theme (workspace_id, created_at);
