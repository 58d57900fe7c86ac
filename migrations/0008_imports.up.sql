-- Imports: the rows of an uploaded guest list as they were read, their validation, and what became of them.

create table imports (
    host_id uuid not null,
    event_id uuid not null,
    id uuid not null,
    file_name text not null check (char_length(file_name) <= 200),
    -- Default country of phone numbers, ISO 3166-1 alpha-2; empty: none.
    country text not null check (country ~ '^([A-Z]{2})?$'),
    header boolean not null,
    last_name_first boolean not null,
    columns text[] not null,
    headings text[] not null,
    duplicate_policy text not null default 'skip' check (duplicate_policy in ('skip', 'update', 'add')),
    created_at timestamptz not null,
    committed_at timestamptz,
    undone_at timestamptz,
    primary key (host_id, id),
    constraint imports_event_key unique (host_id, event_id, id),
    constraint imports_event_fkey foreign key (host_id, event_id) references events (host_id, id) on delete cascade,
    constraint imports_undone_after_commit check (undone_at is null or committed_at is not null)
);
create index imports_of_event on imports (host_id, event_id, created_at desc);
create index imports_by_age on imports (created_at);

create table import_rows (
    host_id uuid not null,
    import_id uuid not null,
    line integer not null,
    cells text[] not null,
    -- What the host typed instead of the cells.
    corrected jsonb,
    excluded boolean not null default false,
    -- Included although its address is a duplicate: two people share it.
    included boolean not null default false,
    status text not null check (status in ('ready', 'attention', 'repeated', 'known', 'over-limit', 'excluded')),
    errors jsonb not null default '[]',
    duplicate_of integer,
    suggestion text,
    -- As validated; null while something is wrong.
    name text,
    -- Whether the file has the name; otherwise it was made from the address.
    named boolean not null default true,
    email text,
    phone text,
    party_size integer,
    tags text[],
    note text,
    -- The guest with this address, and the guest that the row became.
    existing_guest_id uuid,
    guest_id uuid,
    outcome text check (outcome in ('added', 'updated', 'unchanged')),
    -- An updated guest as it was before.
    before jsonb,
    primary key (host_id, import_id, line),
    constraint import_rows_import_fkey foreign key (host_id, import_id) references imports (host_id, id) on delete cascade
);
create index import_rows_by_status on import_rows (host_id, import_id, status, line);
