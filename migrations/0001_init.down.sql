drop table notifications;
drop table accesses;
drop table invitations;
drop table guests;
drop table events;
drop table users;
