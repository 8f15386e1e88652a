-- Capture: how much a channel lets in by itself, what a person says about it, and how well all of that works.

-- `conservative`: only what is clearly a report comes in by itself; everything else waits for a person.
alter table channel add column capture text not null default 'eager' check (capture in ('eager', 'conservative'));

-- Things of ours that a person may judge. A card tells by itself what made it; what is shown once tells it here.
create table rateable (
  workspace_id text not null references workspace,
  thing_kind text not null check (thing_kind in ('card', 'answer', 'digest')),
  thing_id text not null,
  produced_by text not null,
  -- Only this person's vote counts; null when everybody's does.
  asked_by text,
  created_at timestamptz not null,
  primary key (workspace_id, thing_kind, thing_id)
);

-- Votes. A person has one for each way of voting, since reactions stand beside each other: those that contradict each other count for nothing.
create table evaluation (
  workspace_id text not null references workspace,
  thing_kind text not null check (thing_kind in ('card', 'answer', 'digest')),
  thing_id text not null,
  person_id text not null,
  by text not null check (by in ('button', 'agree', 'disagree')),
  vote smallint not null check (vote in (-1, 1)),
  -- What made the thing that was voted on, as it was then.
  produced_by text not null,
  at timestamptz not null,
  primary key (workspace_id, thing_kind, thing_id, person_id, by)
);
insert into evaluation (workspace_id, thing_kind, thing_id, person_id, by, vote, produced_by, at)
  select f.workspace_id, 'card', f.thing_id, f.person_id, case when f.vote = 1 then 'agree' else 'disagree' end, f.vote,
    coalesce(i.body->'producedBy'->>'prompt', (i.body->'producedBy'->>'analyst') || ' ' || (i.body->'producedBy'->>'version'), 'unknown'), f.at
  from feedback f left join card c on c.workspace_id = f.workspace_id and c.id = f.thing_id
  left join insight i on i.workspace_id = c.workspace_id and i.id = c.insight_id;
drop table feedback;

-- Why somebody was not content. Asked once about a thing, answered or not.
create table evaluation_reason (
  workspace_id text not null references workspace,
  thing_kind text not null,
  thing_id text not null,
  person_id text not null,
  asked_at timestamptz not null,
  reason text,
  primary key (workspace_id, thing_kind, thing_id, person_id)
);

-- People who judge a sample of what was thrown away, one of them each week.
create table volunteer (
  workspace_id text not null references workspace,
  person_id text not null,
  since timestamptz not null,
  left_at timestamptz,
  -- Where we write to them, once we know: there an earlier try is found again.
  channel_id text,
  primary key (workspace_id, person_id)
);

-- One sample a week, for one volunteer. `week` is the day on which it was due.
create table sample (
  workspace_id text not null references workspace,
  week date not null,
  person_id text not null,
  state text not null check (state in ('planned', 'sent')),
  -- What was thrown away between these two moments.
  from_at timestamptz not null,
  to_at timestamptz not null,
  sending_since timestamptz,
  channel_id text,
  ts text,
  primary key (workspace_id, week)
);

-- How much there was to draw from, of each verdict of the gate; `captured` counts what people had taken out of it by hand before.
create table sample_stratum (
  workspace_id text not null references workspace,
  week date not null,
  verdict text not null check (verdict in ('noise', 'left_out', 'passed', 'captured', 'closed')),
  size integer not null,
  primary key (workspace_id, week, verdict)
);

create table sample_item (
  workspace_id text not null references workspace,
  week date not null,
  n integer not null,
  conversation_id text not null,
  verdict text not null check (verdict in ('noise', 'left_out', 'passed')),
  judgement text check (judgement in ('report', 'not_report')),
  judged_at timestamptz,
  primary key (workspace_id, week, n)
);
create index sample_item_of_conversation on sample_item (workspace_id, conversation_id);
create index observation_by_age on observation (workspace_id, created_at);
