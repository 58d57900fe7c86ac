-- Guest lists that come in from a file: its rows as they were read, what was said about them, and what became of them.

create table imports (
    host_id uuid not null,
    event_id uuid not null,
    id uuid not null,
    file_name text not null check (char_length(file_name) <= 200),
    -- ISO 3166-1 alpha-2: the country of numbers that name none; empty: unknown.
    country text not null check (country ~ '^([A-Z]{2})?$'),
    header boolean not null,
    turned boolean not null,
    columns text[] not null,
    headings text[] not null,
    matches text not null default 'skip' check (matches in ('skip', 'update', 'add')),
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
    -- What the host typed in place of the cells.
    corrected jsonb,
    excluded boolean not null default false,
    -- The host wants it although its address stands further up: two people who share one.
    kept boolean not null default false,
    verdict text not null check (verdict in ('ready', 'attention', 'repeated', 'known', 'over-limit', 'excluded')),
    faults jsonb not null default '[]',
    repeats integer,
    suggestion text,
    -- Read and judged; null while something is wrong.
    name text,
    -- Whether the file says the name; otherwise it was made from the address.
    named boolean not null default true,
    email text,
    phone text,
    party_size integer,
    tags text[],
    note text,
    -- Who has this address already, and who the row became.
    existing_guest_id uuid,
    guest_id uuid,
    outcome text check (outcome in ('added', 'updated', 'unchanged')),
    -- What an updated guest was before.
    before jsonb,
    primary key (host_id, import_id, line),
    constraint import_rows_import_fkey foreign key (host_id, import_id) references imports (host_id, id) on delete cascade
);
create index import_rows_by_status on import_rows (host_id, import_id, verdict, line);
create index guests_by_email on guests (host_id, event_id, lower(email)) where deleted_at is null and email is not null;
