drop table drills, restores;
drop trigger suppressions_log_erasure on suppressions;
drop trigger guests_erased on guests;
drop trigger users_erased on users;
drop function record_erasure;
drop table erasure_log, erasures;
drop function log_erasure;
