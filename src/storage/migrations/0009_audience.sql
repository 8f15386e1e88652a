-- Where the reports of a theme come from is asked before any word of it is shown; the answer must not grow with the number of reports.
create index conversation_of_theme_in_container on conversation (workspace_id, theme_id, (container_id collate "C")) where state = 'live' and theme_id is not null;
