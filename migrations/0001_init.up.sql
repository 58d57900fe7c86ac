-- Accounts, events, guest lists, invitation links and the messages that carry them.
-- Every tenant-owned table is keyed (host_id, …) and refers to its parents by composite keys, so a row that mixes
-- two hosts cannot exist, and the tables can later be distributed by host_id.

create table users (
    id uuid primary key,
    name text not null check (char_length(name) between 1 and 120),
    email text not null check (char_length(email) <= 254),
    password_hash text not null,
    created_at timestamptz not null
);
create unique index users_email_key on users (lower(email));

create table events (
    host_id uuid not null references users (id) on delete cascade,
    id uuid not null,
    title text not null check (char_length(title) between 1 and 120),
    description text not null default '' check (char_length(description) <= 4000),
    starts_at timestamptz not null,
    ends_at timestamptz,
    time_zone text not null,
    venue text not null default '' check (char_length(venue) <= 160),
    address text not null default '' check (char_length(address) <= 300),
    capacity integer check (capacity between 1 and 100000),
    rsvp_deadline date,
    party_size integer not null default 1 check (party_size between 1 and 20),
    theme text not null,
    sequence integer not null default 0,
    cancelled_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (host_id, id),
    constraint events_end_after_start check (ends_at > starts_at)
);
create index events_by_start on events (host_id, starts_at);

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
    primary key (host_id, id),
    constraint guests_event_key unique (host_id, event_id, id),
    constraint guests_event_fkey foreign key (host_id, event_id) references events (host_id, id) on delete cascade
);
create index guests_of_event on guests (host_id, event_id, lower(name), id) where deleted_at is null;
create index guests_deleted on guests (deleted_at) where deleted_at is not null;

-- One row per link ever issued. The live link of a guest is the one that has not ended.
create table invitations (
    host_id uuid not null,
    event_id uuid not null,
    guest_id uuid not null,
    id uuid not null,
    token_hash bytea not null check (octet_length(token_hash) = 32),
    token_sealed bytea,
    issued_at timestamptz not null,
    ended_at timestamptz,
    first_opened_at timestamptz,
    last_opened_at timestamptz,
    openings integer not null default 0,
    primary key (host_id, id),
    constraint invitations_guest_key unique (host_id, event_id, guest_id, id),
    constraint invitations_guest_fkey foreign key (host_id, event_id, guest_id)
        references guests (host_id, event_id, id) on delete cascade,
    constraint invitations_live_token_kept check (ended_at is not null or token_sealed is not null)
);
create index invitations_by_token on invitations (token_hash);
create unique index invitations_live on invitations (host_id, guest_id) where ended_at is null;

create table accesses (
    host_id uuid not null,
    event_id uuid not null,
    guest_id uuid not null,
    invitation_id uuid not null,
    id uuid not null,
    opened_at timestamptz not null,
    device text not null check (device in ('phone', 'tablet', 'computer', 'scanner')),
    network_hash bytea,
    primary key (host_id, id),
    constraint accesses_invitation_fkey foreign key (host_id, event_id, guest_id, invitation_id)
        references invitations (host_id, event_id, guest_id, id) on delete cascade
);
create index accesses_of_event on accesses (host_id, event_id, opened_at desc);

-- The outbox: one row per message to one person, written in the transaction that causes it.
create table notifications (
    host_id uuid not null,
    event_id uuid not null,
    guest_id uuid not null,
    id uuid not null,
    kind text not null check (kind in ('invitation', 'confirmation')),
    recipient text not null,
    state text not null check (state in
        ('queued', 'sending', 'sent', 'delivered', 'bounced', 'complained', 'suppressed', 'failed', 'cancelled')),
    latest boolean not null default true,
    attempts integer not null default 0,
    last_error text check (char_length(last_error) <= 500),
    created_at timestamptz not null,
    state_changed_at timestamptz not null,
    sent_at timestamptz,
    primary key (host_id, id),
    constraint notifications_guest_fkey foreign key (host_id, event_id, guest_id)
        references guests (host_id, event_id, id) on delete cascade
);
create unique index notifications_latest on notifications (host_id, guest_id, kind) where latest;
create index notifications_of_event on notifications (host_id, event_id, state_changed_at desc);
