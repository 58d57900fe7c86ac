-- Guests of an event. Their status is in guest_status.

-- Both extensions are trusted: the database's owner may create them.
create extension if not exists unaccent;
create extension if not exists pg_trgm;

-- Search ignores accents and case. unaccent is not immutable because it reads a dictionary; ours does not change.
create function fold_accents(text) returns text language sql immutable strict parallel safe
    as $$ select lower(public.unaccent('public.unaccent', $1)) $$;

create table guests (
    host_id uuid not null,
    event_id uuid not null,
    id uuid not null,
    name text not null check (char_length(name) between 1 and 120),
    email text check (char_length(email) <= 254),
    phone text check (phone ~ '^\+[1-9][0-9]{6,14}$'),
    party_size integer not null check (party_size between 1 and 20),
    tags text[] not null default '{}' check (cardinality(tags) <= 20),
    note text not null default '' check (char_length(note) <= 1000),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    deleted_at timestamptz,
    -- An erased guest is an anonymous seat.
    erased_at timestamptz,
    name_key text not null generated always as (lower(name)) stored,
    search text not null generated always as
        (fold_accents(name || E'\n' || coalesce(email, '') || E'\n' || coalesce(phone, '') || E'\n' || note)) stored,
    primary key (host_id, id),
    constraint guests_event_key unique (host_id, event_id, id),
    constraint guests_event_fkey foreign key (host_id, event_id) references events (host_id, id) on delete cascade,
    constraint guests_erased_whole check (erased_at is null
        or (name, note, tags) = ('Anonymous guest', '', '{}') and email is null and phone is null)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);
create index guests_by_name on guests (host_id, event_id, name_key, id) where deleted_at is null;
create index guests_by_email on guests (host_id, event_id, lower(email)) where deleted_at is null and email is not null;
create index guests_tagged on guests (host_id, event_id) include (tags) where deleted_at is null and tags <> '{}';
create index guests_deleted on guests (deleted_at) where deleted_at is not null;
create statistics guests_event_names_host (dependencies) on host_id, event_id from guests;
