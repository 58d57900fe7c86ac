drop table guests;
drop function fold_accents(text);
drop extension pg_trgm;
drop extension unaccent;
