-- Who set a card aside, when and how, so that it is told, and taken back within its time.
alter table card
  add column snoozed_by text,
  add column snoozed_at timestamptz,
  add column snoozed_via text,
  -- Until when the card offers Undo for it; cleared when the card was drawn again without.
  add column snooze_undo_until timestamptz;
