-- A search that knows no accents and forgives a slip. Both extensions are trusted: the database's owner may create them.

create extension if not exists unaccent;
create extension if not exists pg_trgm;

-- `unaccent` reads a dictionary, so it is not immutable by itself; that dictionary does not change under us.
create function fold_accents(text) returns text language sql immutable strict parallel safe
    as $$ select lower(public.unaccent('public.unaccent', $1)) $$;

alter table guests drop column search;
alter table guests add column search text not null generated always as
    (fold_accents(name || E'\n' || coalesce(email, '') || E'\n' || coalesce(phone, '') || E'\n' || note)) stored;
