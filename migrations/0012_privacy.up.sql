-- Erasure, export and retention: what is left of people when they are gone, and for how long.

-- An account that was deleted: nothing of the person is left in it, as the constraint says. The row stays for a while,
-- for what is still to be done at Stripe.
alter table users
    add column deleted_at timestamptz,
    add constraint users_deleted_scrubbed check (deleted_at is null
        or (name, email, password_hash) = ('-', '', '') and verified_at is null);
drop index users_email_key;
create unique index users_email_key on users (lower(email)) where deleted_at is null;
create index users_deleted on users (deleted_at) where deleted_at is not null;

-- When the password was typed last in a session.
alter table sessions add column reauthenticated_at timestamptz;
update sessions set reauthenticated_at = created_at;
alter table sessions alter column reauthenticated_at set not null;

-- A guest who was erased: an anonymous seat.
alter table guests
    add column erased_at timestamptz,
    add constraint guests_erased_whole check (erased_at is null
        or (name, note, tags) = ('Anonymous guest', '', '{}') and email is null and phone is null);

-- How long an event's guest data is kept, in months after its end.
alter table events
    add column retention_months integer not null default 12 check (retention_months between 1 and 36),
    add column anonymise_at timestamptz not null generated always as
        ((coalesce(ends_at, starts_at) at time zone 'UTC' + make_interval(months => retention_months)) at time zone 'UTC') stored,
    -- When the host was told that it will be soon; null: not yet, or the event moved since.
    add column retention_notice_at timestamptz,
    -- When it was.
    add column anonymised_at timestamptz;
create index events_to_anonymise on events (anonymise_at) where anonymised_at is null;

-- From this moment on a message cannot be held back any more.
alter table notifications
    add column send_began_at timestamptz,
    drop constraint notifications_kind_check,
    add constraint notifications_kind_check check (kind in ('invitation', 'confirmation', 'event-changed',
        'event-cancelled', 'reminder', 'verify', 'registered', 'reset', 'locked', 'leave-address', 'take-address',
        'address-changed', 'password-changed', 'session-revoked', 'forgotten-soon', 'export-ready'));

-- What providers told is kept without addresses and words from now on.
update webhook_events set body = '{}' where provider <> 'stripe';

-- Of somebody who was erased only a keyed hash of the address is kept, so that nobody writes to them again.
alter table suppressions
    drop constraint suppressions_key,
    alter column address drop not null,
    add column address_hash bytea check (octet_length(address_hash) = 32),
    add constraint suppressions_address_or_hash check (num_nonnulls(address, address_hash) = 1),
    add constraint suppressions_key unique nulls not distinct (address, address_hash, host_id, reason),
    drop constraint suppressions_reason_check,
    add constraint suppressions_reason_check
        check (reason in ('hard-bounce', 'soft-bounces', 'complaint', 'unsubscribed', 'erased'));
create index suppressions_hashed on suppressions (address_hash) where address_hash is not null;

-- One row for each thing that was done to one id: a seat that was anonymous may go for good later.
alter table erasures
    drop constraint erasures_pkey,
    add primary key (id, kind),
    drop constraint erasures_kind_check,
    add constraint erasures_kind_check check (kind in ('guest', 'user', 'anonymous-guest', 'deleted-user'));

create or replace function record_erasure() returns trigger language plpgsql as $$
begin
    insert into erasures (id, kind, at) select id, tg_argv[0], clock_timestamp() from gone on conflict do nothing;
    return null;
end $$;
create function record_anonymisation() returns trigger language plpgsql as $$
begin
    insert into erasures (id, kind, at) values (new.id, tg_argv[0], clock_timestamp()) on conflict do nothing;
    return null;
end $$;
create trigger guests_anonymous after update of erased_at on guests
    for each row when (old.erased_at is null and new.erased_at is not null)
    execute function record_anonymisation('anonymous-guest');
create trigger users_deleted after update of deleted_at on users
    for each row when (old.deleted_at is null and new.deleted_at is not null)
    execute function record_anonymisation('deleted-user');

-- What a host takes along, where that is too much to be made while somebody waits. One each, and only for some days.
create table data_exports (
    host_id uuid primary key references users (id) on delete cascade,
    id uuid not null,
    asked_at timestamptz not null,
    rows_total bigint not null,
    rows_done bigint not null default 0,
    -- Null: it is being made.
    ready_at timestamptz
);
create table data_export_parts (
    host_id uuid not null references data_exports (host_id) on delete cascade,
    part integer not null,
    bytes bytea not null,
    primary key (host_id, part)
);

-- What a verb that began before an account was deleted would write for it afterwards. The lock waits for the deletion.
create function forbid_deleted_account() returns trigger language plpgsql as $$
declare
    host uuid := coalesce(to_jsonb(new) ->> 'host_id', to_jsonb(new) ->> 'user_id')::uuid;
    deleted boolean;
begin
    select deleted_at is not null into deleted from users where id = host for key share;
    if deleted then
        raise exception 'the account was deleted' using errcode = 'GG401';
    end if;
    return new;
end $$;
create trigger events_of_the_living before insert on events for each row execute function forbid_deleted_account();
create trigger audit_log_forbid_deleted_account before insert on audit_log for each row execute function forbid_deleted_account();
create trigger account_tokens_of_the_living before insert on account_tokens
    for each row execute function forbid_deleted_account();
create trigger sessions_of_the_living before insert on sessions for each row execute function forbid_deleted_account();
create trigger data_exports_of_the_living before insert on data_exports
    for each row execute function forbid_deleted_account();
create trigger letters_of_the_living before insert on notifications
    for each row when (new.guest_id is null) execute function forbid_deleted_account();

create function forbid_change() returns trigger language plpgsql as $$
begin
    raise exception 'the log of erasures only grows';
end $$;
create trigger erasures_only_grow before update or delete on erasures
    for each statement execute function forbid_change();

-- Whoever erases, or looks at, one person looks for their rows; so does the database when a guest goes.
create index notifications_of_guest on notifications (host_id, event_id, guest_id) where guest_id is not null;
create index accesses_of_guest on accesses (host_id, event_id, guest_id, invitation_id);
create index rsvp_history_of_guest on rsvp_history (host_id, event_id, guest_id);
