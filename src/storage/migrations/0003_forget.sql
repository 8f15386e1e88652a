-- A deletion at the source looks for the deliveries that brought the message in, by the moment in which they were handled.
create index delivery_handled on delivery (workspace_id, source, handled_at) where payload is not null;
create index signal_key_by_message on signal_key (workspace_id, external_id);
