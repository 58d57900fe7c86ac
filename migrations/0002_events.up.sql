-- Events, with the host's choices about them.

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
    -- The SEQUENCE of its calendar file (RFC 5545).
    sequence integer not null default 0,
    cancelled_at timestamptz,
    -- The message for links that the host shares; empty: the default.
    manual_delivery_text text not null default '' check (char_length(manual_delivery_text) <= 1000),
    -- When a text message follows an email; null days: not for that reason.
    sms_after_bounce boolean not null default false,
    sms_after_days integer check (sms_after_days between 1 and 30),
    -- How long guest data is kept after the event ends.
    retention_months integer not null default 12 check (retention_months between 1 and 36),
    anonymise_at timestamptz not null generated always as
        ((coalesce(ends_at, starts_at) at time zone 'UTC' + make_interval(months => retention_months)) at time zone 'UTC') stored,
    -- When the host was notified that guests will be anonymised soon; null: not yet, or the event moved since.
    retention_notice_at timestamptz,
    anonymised_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    primary key (host_id, id),
    constraint events_end_after_start check (ends_at > starts_at)
);
create index events_by_start on events (host_id, starts_at);
create index events_to_anonymise on events (anonymise_at) where anonymised_at is null;
create index events_with_sms_fallback on events (starts_at)
    where (sms_after_bounce or sms_after_days is not null) and cancelled_at is null;
create trigger events_forbid_deleted_account before insert on events
    for each row execute function forbid_deleted_account();
