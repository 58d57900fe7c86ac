drop table rsvp_history;
drop table rsvps;
