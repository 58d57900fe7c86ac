-- Accounts: users, sign-in, sessions, the tokens of links in account emails, and the audit log.
-- Tables of a tenant are keyed (host_id, …) or (user_id, …) and refer to their parents by composite keys: a row that mixes two
-- hosts cannot exist, and the tables can be distributed by host.

create table users (
    id uuid primary key,
    name text not null check (char_length(name) between 1 and 120),
    email text not null check (char_length(email) <= 254),
    password_hash text not null,
    created_at timestamptz not null,
    verified_at timestamptz,
    -- Why the host's messages are paused; null: they are sent.
    sending_paused text check (sending_paused in ('bounces', 'complaints')),
    -- Which documents the host accepted, and when; null: none yet.
    terms_version text check (char_length(terms_version) <= 20),
    terms_accepted_at timestamptz,
    privacy_policy_version text check (char_length(privacy_policy_version) <= 20),
    privacy_policy_accepted_at timestamptz,
    -- The row of a deleted account is kept for 30 days, for what remains to be done at Stripe. It names nobody.
    deleted_at timestamptz,
    constraint users_terms_whole check ((terms_version is null) = (terms_accepted_at is null)),
    constraint users_privacy_policy_whole check ((privacy_policy_version is null) = (privacy_policy_accepted_at is null)),
    constraint users_deleted_erased check (deleted_at is null
        or (name, email, password_hash) = ('-', '', '') and verified_at is null)
);
create unique index users_email_key on users (lower(email)) where deleted_at is null;
create index users_deleted on users (deleted_at) where deleted_at is not null;

-- A verb that began before the account was deleted must not write for it afterwards. The lock waits for the deletion.
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

-- Consecutive failed sign-ins by the keyed hash of the address. Addresses without an account are counted alike, so that
-- neither a lock nor response time reveals an account.
create table sign_in_failures (
    address_hash bytea primary key check (octet_length(address_hash) = 32),
    failures integer not null check (failures between 1 and 5),
    failed_at timestamptz not null
);

create table sessions (
    user_id uuid not null references users (id) on delete cascade,
    id uuid not null,
    device text not null check (char_length(device) <= 80),
    created_at timestamptz not null,
    seen_at timestamptz not null,
    rotated_at timestamptz not null,
    -- When the password was last entered in this session.
    reauthenticated_at timestamptz not null,
    ended_at timestamptz,
    primary key (user_id, id)
);
-- Not unique: random ids do not repeat, and a unique key without the account would tie the table to one server.
create index sessions_by_id on sessions (id);
create index sessions_ended on sessions (ended_at) where ended_at is not null;
create trigger sessions_forbid_deleted_account before insert on sessions
    for each row execute function forbid_deleted_account();

create table account_tokens (
    user_id uuid not null references users (id) on delete cascade,
    id uuid not null,
    purpose text not null check (purpose in ('verify', 'reset', 'leave-address', 'take-address')),
    token_hash bytea not null check (octet_length(token_hash) = 32),
    -- Cleared when the email was sent or the token was used.
    token_sealed bytea,
    -- The address that the token verifies; for a change of address the new one.
    email text not null check (char_length(email) <= 254),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (user_id, id)
);
create index account_tokens_by_hash on account_tokens (token_hash);
create index account_tokens_expired on account_tokens (expires_at);
create trigger account_tokens_forbid_deleted_account before insert on account_tokens
    for each row execute function forbid_deleted_account();

create table audit_log (
    user_id uuid not null references users (id) on delete cascade,
    id uuid not null,
    kind text not null check (char_length(kind) <= 40),
    detail text not null default '' check (char_length(detail) <= 200),
    device text not null check (char_length(device) <= 80),
    at timestamptz not null,
    primary key (user_id, id)
);
create index audit_log_by_time on audit_log (user_id, at desc, id desc);
create trigger audit_log_forbid_deleted_account before insert on audit_log
    for each row execute function forbid_deleted_account();
