drop table rsvp_history, rsvps;
