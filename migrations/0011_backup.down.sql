drop table drills, restores;
