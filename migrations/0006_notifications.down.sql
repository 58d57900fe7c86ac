drop table webhook_events;
drop function suppressions_of(uuid, text, bytea);
drop table suppressions, outbox_pause, message_templates, delivery_events, notifications, reminder_rules;
