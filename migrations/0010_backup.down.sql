drop table drills, restores;
drop trigger suppressions_in_journal on suppressions;
drop table journal, erasures;
drop function keep_in_journal;
