alter table guests drop column search;
alter table guests add column search text not null generated always as
    (lower(name || E'\n' || coalesce(email, '') || E'\n' || coalesce(phone, '') || E'\n' || note)) stored;
drop function fold_accents(text);
drop extension pg_trgm;
drop extension unaccent;
