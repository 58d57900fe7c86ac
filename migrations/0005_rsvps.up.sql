-- RSVPs: a party's current reply, and every reply ever given.

create table rsvps (
    host_id uuid not null,
    event_id uuid not null,
    guest_id uuid not null,
    answer text not null check (answer in ('attending', 'maybe', 'declined')),
    heads integer not null check (heads between 0 and 20),
    companions text[] not null default '{}' check (cardinality(companions) <= 19),
    message text not null default '' check (char_length(message) <= 1000),
    answered_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (host_id, guest_id),
    constraint rsvps_guest_fkey foreign key (host_id, event_id, guest_id)
        references guests (host_id, event_id, id) on delete cascade,
    constraint rsvps_declined_without_heads check ((answer = 'declined') = (heads = 0))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);
create index rsvps_of_event on rsvps (host_id, event_id, answer) include (heads);

create table rsvp_history (
    host_id uuid not null,
    event_id uuid not null,
    guest_id uuid not null,
    id uuid not null,
    answer text not null check (answer in ('attending', 'maybe', 'declined')),
    heads integer not null,
    companions text[] not null,
    message text not null,
    changed_at timestamptz not null,
    primary key (host_id, id),
    constraint rsvp_history_guest_fkey foreign key (host_id, event_id, guest_id)
        references guests (host_id, event_id, id) on delete cascade
);
create index rsvp_history_of_event on rsvp_history (host_id, event_id, changed_at desc);
create index rsvp_history_of_guest on rsvp_history (host_id, event_id, guest_id);
