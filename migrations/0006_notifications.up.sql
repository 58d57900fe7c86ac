-- Notifications: the transactional outbox, its history, templates, reminder rules, suppressions and provider webhooks.

-- Days before an anchor, at an hour of the event's time zone.
create table reminder_rules (
    host_id uuid not null,
    event_id uuid not null,
    id uuid not null,
    anchor text not null check (anchor in ('rsvp-deadline', 'start')),
    days integer not null check (days between 0 and 60),
    hour integer not null check (hour between 8 and 20),
    audience text not null check (audience in ('unanswered', 'attending', 'maybe')),
    enabled boolean not null default true,
    -- The moment it was last sent for. When the event moves, that moment is another one and the rule applies again.
    sent_for timestamptz,
    primary key (host_id, id),
    constraint reminder_rules_event_fkey foreign key (host_id, event_id) references events (host_id, id) on delete cascade,
    constraint reminder_rules_key unique (host_id, event_id, anchor, days, hour, audience)
);

-- One row per message to one person, written in the transaction that causes it. Account messages have no event and no guest.
create table notifications (
    host_id uuid not null,
    event_id uuid,
    guest_id uuid,
    account_token_id uuid,
    reminder_id uuid,
    id uuid not null,
    kind text not null check (kind in ('invitation', 'confirmation', 'event-changed', 'event-cancelled', 'reminder', 'verify',
        'registered', 'reset', 'locked', 'leave-address', 'take-address', 'address-changed', 'password-changed',
        'session-revoked', 'retention-notice', 'export-ready')),
    channel text not null default 'email' check (channel in ('email', 'sms')),
    recipient text not null,
    state text not null check (state in
        ('queued', 'sending', 'sent', 'delivered', 'bounced', 'complained', 'suppressed', 'failed', 'cancelled')),
    -- The newest of its kind to this guest.
    latest boolean not null default true,
    attempts integer not null default 0,
    last_error text check (char_length(last_error) <= 500),
    bounce_type text check (bounce_type in ('hard', 'soft', 'policy')),
    provider text check (provider in ('resend', 'smtp', 'ses', 'twilio', 'outbox')),
    provider_id text check (char_length(provider_id) <= 200),
    -- The worker that is sending it. A sent message with a lease waits for its result to be recorded.
    lease_owner uuid,
    lease_until timestamptz,
    created_at timestamptz not null,
    state_changed_at timestamptz not null,
    -- When it is due, and when it is no longer worth sending.
    run_at timestamptz not null,
    expires_at timestamptz not null,
    -- From here on it cannot be recalled.
    send_began_at timestamptz,
    sent_at timestamptz,
    delivered_at timestamptz,
    opened_at timestamptz,
    primary key (host_id, id),
    constraint notifications_guest_fkey foreign key (host_id, event_id, guest_id)
        references guests (host_id, event_id, id) on delete cascade,
    constraint notifications_token_fkey foreign key (host_id, account_token_id)
        references account_tokens (user_id, id) on delete cascade,
    constraint notifications_reminder_fkey foreign key (host_id, reminder_id)
        references reminder_rules (host_id, id) on delete cascade,
    -- Guests' messages name a guest of an event, account messages neither.
    constraint notifications_concern_guest check ((guest_id is not null) = (event_id is not null)
        and (guest_id is not null) = (kind in ('invitation', 'confirmation', 'event-changed', 'event-cancelled', 'reminder'))),
    constraint notifications_sending_leased check ((lease_owner is null) = (lease_until is null)
        and case state when 'sending' then lease_owner is not null when 'sent' then true else lease_owner is null end)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);
create unique index notifications_latest on notifications (host_id, guest_id, kind) where latest;
create index notifications_of_event on notifications (host_id, event_id, state_changed_at desc);
create index notifications_of_guest on notifications (host_id, event_id, guest_id) where guest_id is not null;
create index notifications_of_account_token on notifications (host_id, account_token_id) where account_token_id is not null;
create index notifications_of_reminder on notifications (host_id, reminder_id) where reminder_id is not null;
create index notifications_of_retention_notice on notifications (host_id, created_at) where kind = 'retention-notice';
create index notifications_waiting on notifications (host_id, (guest_id is not null), run_at) where state = 'queued';
create index notifications_leased on notifications (host_id, lease_until) where lease_owner is not null;
create index notifications_by_provider on notifications (provider, provider_id) where provider_id is not null;
create index notifications_policy_bounced on notifications (state_changed_at) where bounce_type = 'policy';
create index notifications_to on notifications (lower(recipient), state_changed_at desc);
create trigger notifications_forbid_deleted_account before insert on notifications
    for each row when (new.guest_id is null) execute function forbid_deleted_account();

-- Delivery history of a message.
create table delivery_events (
    host_id uuid not null,
    notification_id uuid not null,
    id uuid not null,
    at timestamptz not null,
    status text not null check (char_length(status) <= 20),
    -- In the provider's or the server's words.
    detail text not null check (char_length(detail) <= 500),
    primary key (host_id, notification_id, id),
    constraint delivery_events_notification_fkey foreign key (host_id, notification_id)
        references notifications (host_id, id) on delete cascade
);

-- A host's own text for an event's messages; no row: the default.
create table message_templates (
    host_id uuid not null,
    event_id uuid not null,
    kind text not null check (kind in ('invitation', 'confirmation', 'event-changed', 'event-cancelled', 'reminder')),
    subject text not null check (char_length(subject) <= 150),
    body text not null check (char_length(body) <= 2000),
    primary key (host_id, event_id, kind),
    constraint message_templates_event_fkey foreign key (host_id, event_id) references events (host_id, id) on delete cascade
);

-- One row: whether the operator has paused all sending. A restored database starts paused.
create table outbox_pause (
    is_only boolean primary key default true check (is_only),
    paused boolean not null,
    reason text not null check (char_length(reason) <= 200),
    changed_at timestamptz not null
);
insert into outbox_pause (paused, reason, changed_at) values (false, '', now());

-- Addresses and numbers that must not be written to, by one host or (null) by anybody. Lower case, or for an erased person
-- a keyed hash.
create table suppressions (
    address text check (address = lower(address) and char_length(address) <= 254),
    address_hash bytea check (octet_length(address_hash) = 32),
    host_id uuid references users (id) on delete cascade,
    reason text not null check (reason in ('hard-bounce', 'soft-bounces', 'complaint', 'unsubscribed', 'erased')),
    at timestamptz not null,
    constraint suppressions_address_or_hash check (num_nonnulls(address, address_hash) = 1),
    constraint suppressions_key unique nulls not distinct (address, address_hash, host_id, reason)
);
create index suppressions_of_host on suppressions (host_id) where host_id is not null;
create index suppressions_hashed on suppressions (address_hash) where address_hash is not null;

-- The one suppression predicate: every entry that keeps `host` from writing to an address, in either form. Either argument may be
-- null. PostgreSQL inlines it.
create function suppressions_of(host uuid, address text, hash bytea) returns setof suppressions language sql stable parallel safe
    as $$
        select s.* from suppressions s where s.address = $2 and (s.host_id is null or s.host_id = $1)
        union all
        select s.* from suppressions s where s.address_hash = $3 and (s.host_id is null or s.host_id = $1)
    $$;

-- Webhook events of all providers, once each.
create table webhook_events (
    provider text not null check (provider in ('resend', 'ses', 'twilio', 'stripe')),
    key text not null check (char_length(key) <= 300),
    kind text not null check (char_length(kind) <= 200),
    received_at timestamptz not null,
    body jsonb not null,
    primary key (provider, key)
);
create index webhook_events_by_time on webhook_events (received_at);
