-- Messages as a queue of their own, with what providers tell about them, and the addresses that must not be written to.

alter table notifications
    add column channel text not null default 'email' check (channel in ('email', 'sms')),
    -- When it may leave, and when it is no longer worth sending.
    add column run_at timestamptz,
    add column expires_at timestamptz,
    -- Who sends it now, and until when it is theirs. One that was sent and still has a lease waits for what follows from it.
    add column lease_owner uuid,
    add column lease_until timestamptz,
    add column provider text check (provider in ('resend', 'smtp', 'ses', 'twilio', 'outbox')),
    add column provider_id text check (char_length(provider_id) <= 200),
    add column bounce_type text check (bounce_type in ('hard', 'soft', 'policy')),
    add column delivered_at timestamptz,
    add column opened_at timestamptz;
update notifications set run_at = created_at, expires_at = created_at + interval '1 day';
update notifications set state = 'queued' where state = 'sending';
alter table notifications
    alter column run_at set not null,
    alter column expires_at set not null,
    drop constraint notifications_kind_check,
    add constraint notifications_kind_check check (kind in ('invitation', 'confirmation', 'event-changed',
        'event-cancelled', 'reminder', 'verify', 'registered', 'reset', 'locked', 'leave-address', 'take-address',
        'address-changed', 'password-changed', 'session-revoked')),
    add constraint notifications_sending_leased
        check ((lease_owner is null) = (lease_until is null)
            and case state when 'sending' then lease_owner is not null when 'sent' then true else lease_owner is null end);
create index notifications_waiting on notifications (host_id, (guest_id is not null), run_at) where state = 'queued';
create index notifications_leased on notifications (host_id, lease_until) where lease_owner is not null;
create index notifications_by_provider on notifications (provider, provider_id) where provider_id is not null;
create index notifications_unwelcome on notifications (state_changed_at) where bounce_type = 'policy';
create index notifications_to on notifications (lower(recipient), state_changed_at desc);

-- What became of a message, step by step.
create table delivery_events (
    host_id uuid not null,
    notification_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    what text not null check (char_length(what) <= 20),
    -- In the provider's or the server's own words.
    detail text not null check (char_length(detail) <= 500),
    primary key (host_id, notification_id, id),
    constraint delivery_events_notification_fkey foreign key (host_id, notification_id)
        references notifications (host_id, id) on delete cascade
);

-- Addresses and numbers that are not written to: by nobody, or not by one host. Addresses stand in small letters.
create table suppressions (
    address text not null check (address = lower(address) and char_length(address) <= 254),
    host_id uuid references users (id) on delete cascade,
    reason text not null check (reason in ('hard-bounce', 'soft-bounces', 'complaint', 'unsubscribed')),
    at timestamptz not null,
    constraint suppressions_key unique nulls not distinct (address, host_id, reason)
);
create index suppressions_of_host on suppressions (host_id) where host_id is not null;

-- What providers told us, once each.
create table webhook_events (
    provider text not null check (provider in ('resend', 'ses', 'twilio', 'stripe')),
    key text not null check (char_length(key) <= 300),
    kind text not null check (char_length(kind) <= 200),
    received_at timestamptz not null,
    body jsonb not null,
    primary key (provider, key)
);
create index webhook_events_by_time on webhook_events (received_at);

-- One row: whether messages leave at all. A restored database is paused until somebody has looked.
create table outbox_pause (
    is_only boolean primary key default true check (is_only),
    paused boolean not null,
    reason text not null check (char_length(reason) <= 200),
    changed_at timestamptz not null
);
insert into outbox_pause (paused, reason, changed_at) values (false, '', now());

-- Why a host's messages do not leave; null: they do.
alter table users add column sending_paused text check (sending_paused in ('bounces', 'complaints'));

-- The host's own words for an event's messages; no row: ours.
create table message_templates (
    host_id uuid not null,
    event_id uuid not null,
    kind text not null check (kind in ('invitation', 'confirmation', 'event-changed', 'event-cancelled', 'reminder')),
    subject text not null check (char_length(subject) <= 150),
    body text not null check (char_length(body) <= 2000),
    primary key (host_id, event_id, kind),
    constraint message_templates_event_fkey foreign key (host_id, event_id) references events (host_id, id) on delete cascade
);

-- Who is reminded, and when: days before an anchor, at an hour of the event's time zone.
create table reminder_rules (
    host_id uuid not null,
    event_id uuid not null,
    id uuid not null,
    anchor text not null check (anchor in ('rsvp-deadline', 'start')),
    days integer not null check (days between 0 and 60),
    hour integer not null check (hour between 8 and 20),
    audience text not null check (audience in ('unanswered', 'attending', 'maybe')),
    enabled boolean not null default true,
    -- The moment for which it went out; another one, after the event moved, counts anew.
    sent_for timestamptz,
    primary key (host_id, id),
    constraint reminder_rules_event_fkey foreign key (host_id, event_id) references events (host_id, id) on delete cascade,
    constraint reminder_rules_key unique (host_id, event_id, anchor, days, hour, audience)
);
alter table notifications
    add column reminder_id uuid,
    add constraint notifications_reminder_fkey foreign key (host_id, reminder_id) references reminder_rules (host_id, id)
        on delete cascade;
create index notifications_of_reminder on notifications (host_id, reminder_id) where reminder_id is not null;

-- When a text message follows a mail that did not reach its guest; null days: never for that reason.
alter table events
    add column sms_after_bounce boolean not null default false,
    add column sms_after_days integer check (sms_after_days between 1 and 30);
