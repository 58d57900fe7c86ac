drop table drills, restores;
drop trigger suppressions_in_journal on suppressions;
drop trigger guests_erased on guests;
drop trigger users_erased on users;
drop function note_erased;
drop table journal, erasures;
drop function keep_in_journal;
