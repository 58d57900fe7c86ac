drop index guests_tagged;
drop index guests_by_activity;
drop index guests_by_seats;
drop index guests_by_status;
drop index guests_by_name;
create index guests_of_event on guests (host_id, event_id, lower(name), id) where deleted_at is null;
alter table guests drop column search, drop column activity_at, drop column heads, drop column status;
drop view guest_standings;
drop type guest_status;
