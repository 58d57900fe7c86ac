-- Accounts with a locked door: proven addresses, a lock after failed sign-ins, sessions that can be ended, links in
-- mails that work once, and a record of what happened.

alter table users
    add column verified_at timestamptz;
-- Whoever signed up before addresses were proven goes on as before.
update users set verified_at = created_at;

-- Failed sign-ins in a row, by the keyed hash of the address: kept for addresses without an account as well, so that
-- neither a lock nor the time it takes tells which have one.
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
    ended_at timestamptz,
    primary key (user_id, id)
);
create unique index sessions_by_id on sessions (id);
create index sessions_ended on sessions (ended_at) where ended_at is not null;

create table account_tokens (
    user_id uuid not null references users (id) on delete cascade,
    id uuid not null,
    purpose text not null check (purpose in ('verify', 'reset', 'leave-address', 'take-address')),
    token_hash bytea not null check (octet_length(token_hash) = 32),
    -- Wiped when the mail has left or the token was used.
    token_sealed bytea,
    -- The address that is proven by it; for a change of address the new one.
    email text not null check (char_length(email) <= 254),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    primary key (user_id, id)
);
create unique index account_tokens_by_hash on account_tokens (token_hash);
create index account_tokens_expired on account_tokens (expires_at);

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

-- Messages about an account concern no event and no guest.
alter table notifications
    alter column event_id drop not null,
    alter column guest_id drop not null,
    add column account_token_id uuid,
    drop constraint notifications_kind_check,
    add constraint notifications_kind_check check (kind in ('invitation', 'confirmation', 'verify', 'registered',
        'reset', 'locked', 'leave-address', 'take-address', 'address-changed', 'password-changed', 'session-revoked')),
    add constraint notifications_concern_guest check ((guest_id is null) = (event_id is null)),
    add constraint notifications_token_fkey foreign key (host_id, account_token_id)
        references account_tokens (user_id, id) on delete cascade;
create index notifications_account on notifications (host_id, account_token_id) where account_token_id is not null;
