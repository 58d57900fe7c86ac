drop index events_texted;
drop index notifications_of_forgetting;
alter table rsvps reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table notifications reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table invitations reset (fillfactor, autovacuum_vacuum_scale_factor);
alter table guests reset (fillfactor, autovacuum_vacuum_scale_factor);
