-- Quiet by design: what people want, who is reminded for a channel, what a card waits for, and what Throughline has said.

create table preference (
  workspace_id text not null references workspace,
  person_id text not null,
  digest text not null check (digest in ('off', 'daily', 'weekly')),
  quiet_from text,
  quiet_to text,
  time_zone text,
  updated_at timestamptz not null,
  primary key (workspace_id, person_id),
  check ((quiet_from is null) = (quiet_to is null))
);
create index preference_with_digest on preference (workspace_id) where digest <> 'off';

-- Who is reminded when nobody decides; null is nobody.
alter table channel add column owner_id text;

-- Why a card that would speak up has not been posted yet; null when it is not held, or waits because it is old data.
alter table card add column held text check (held in ('budget', 'quiet', 'paused'));
-- When the card was given one of the day's parent posts. Counted, so that two workers cannot spend the same one.
alter table card add column granted_at timestamptz;
-- The one reminder: written down before it is sent, and when it was.
alter table card add column reminding_since timestamptz;
alter table card add column reminded_at timestamptz;
create index card_spoken on card (workspace_id, channel_id, (coalesce(granted_at, posted_at)));
create index card_held on card (workspace_id, created_at) where held is not null;
create index card_unreminded on card (workspace_id, posted_at) where reminded_at is null and state = 'open';

-- One row per target, cadence and period: what was said in it is said once.
create table digest (
  workspace_id text not null references workspace,
  -- A channel or a person.
  target_id text not null,
  cadence text not null check (cadence in ('daily', 'weekly')),
  -- The day it is due, on the target's own calendar.
  period date not null,
  -- `begun` is where a target starts: nothing is said about the time before.
  state text not null check (state in ('begun', 'planned', 'posted', 'empty')),
  planned_at timestamptz not null,
  -- What it tells of: from where the one before ended to when it was sent.
  from_at timestamptz not null,
  to_at timestamptz,
  -- Written down before it is sent: whoever finds it looks for the message before sending another.
  sending_since timestamptz,
  channel_id text,
  ts text,
  primary key (workspace_id, target_id, cadence, period)
);
create index digest_planned on digest (workspace_id, planned_at) where state = 'planned';

-- What Throughline has said: one row per message, per update in place and per answer that only one person saw.
create table utterance (
  workspace_id text not null references workspace,
  id bigint generated always as identity,
  kind text not null check (kind in ('parent', 'reply', 'dm', 'update', 'ephemeral')),
  channel_id text not null,
  ts text,
  -- What it was: the first word of the message's key (card, digest, reminder, ...).
  subject text not null,
  at timestamptz not null,
  primary key (workspace_id, id)
);
-- The same message, found again after a crash, is one message.
create unique index utterance_once on utterance (workspace_id, channel_id, ts) where kind in ('parent', 'reply', 'dm');
create index utterance_by_time on utterance (workspace_id, at);
