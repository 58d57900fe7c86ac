-- Invitations: one row per link ever issued. A guest's live link is the one that has not ended.

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
    open_count integer not null default 0,
    primary key (host_id, id),
    constraint invitations_guest_key unique (host_id, event_id, guest_id, id),
    constraint invitations_guest_fkey foreign key (host_id, event_id, guest_id)
        references guests (host_id, event_id, id) on delete cascade,
    constraint invitations_live_token_kept check (ended_at is not null or token_sealed is not null)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);
create index invitations_by_token on invitations (token_hash);
create unique index invitations_live on invitations (host_id, guest_id) where ended_at is null;

-- Openings of a link: time, kind of device and a keyed hash of the network prefix.
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
create index accesses_of_guest on accesses (host_id, event_id, guest_id, invitation_id);

-- Links that the host shares through a messenger: what was done about each.
create table manual_deliveries (
    host_id uuid not null,
    event_id uuid not null,
    guest_id uuid not null,
    invitation_id uuid not null,
    outcome text not null check (outcome in ('sent', 'skipped')),
    channel text not null check (channel in ('whatsapp', 'sms', 'other')),
    at timestamptz not null,
    primary key (host_id, invitation_id),
    constraint manual_deliveries_invitation_fkey foreign key (host_id, event_id, guest_id, invitation_id)
        references invitations (host_id, event_id, guest_id, id) on delete cascade
);
