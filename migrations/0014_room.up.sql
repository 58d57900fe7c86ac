-- Rows change some times after they came: invited, sent, opened, answered. With room on its page a row's new version stands
-- beside the old one, and a list is read from as few pages as on its first day.
alter table guests set (fillfactor = 80);
alter table invitations set (fillfactor = 80);
alter table notifications set (fillfactor = 80);
alter table rsvps set (fillfactor = 80);
-- The default of a fifth lets old versions of a busy event gather for as long as the others lie still, and each reading of
-- its list goes through them.
alter table guests set (autovacuum_vacuum_scale_factor = 0.01);
alter table invitations set (autovacuum_vacuum_scale_factor = 0.01);
alter table notifications set (autovacuum_vacuum_scale_factor = 0.01);
alter table rsvps set (autovacuum_vacuum_scale_factor = 0.01);
-- What the schedule looks for among all messages and all events, each hour and every five minutes.
create index notifications_of_retention_notice on notifications (host_id, created_at) where kind = 'forgotten-soon';
create index events_with_sms_fallback on events (starts_at)
    where (sms_after_bounce or sms_after_days is not null) and cancelled_at is null;
