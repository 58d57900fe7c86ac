drop table rsvp_changes;
drop table rsvps;
