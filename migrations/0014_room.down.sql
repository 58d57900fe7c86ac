drop index events_with_sms_fallback;
drop index notifications_of_retention_notice;
alter table rsvps reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table notifications reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table invitations reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table guests reset (fillfactor, autovacuum_vacuum_scale_factor);
