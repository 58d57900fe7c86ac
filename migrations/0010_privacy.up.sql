-- Privacy: the record of erasures, which a restore repeats, and data exports.

-- What was erased: ids only, never deleted. One row per kind: an anonymous seat may later be deleted as well.
create table erasures (
    id uuid not null,
    kind text not null check (kind in ('guest', 'user', 'anonymous-guest', 'deleted-user')),
    at timestamptz not null,
    primary key (id, kind)
);

-- Suppressions and erasures on their way to the backup store. A restore applies those that its backup lacks.
create table erasure_log (
    id bigint primary key generated always as identity,
    -- Not the time of the transaction: entries about one address are ordered as they happened.
    at timestamptz not null default clock_timestamp(),
    entry jsonb not null
);

-- A trigger, so that no statement can forget it. A restore does not log what it replays.
create function log_erasure() returns trigger language plpgsql as $$
begin
    if current_setting('guestguard.replaying', true) is distinct from 'on' then
        insert into erasure_log (entry) values
            (jsonb_build_object('table', tg_table_name, 'gone', tg_op = 'DELETE', 'row', to_jsonb(coalesce(new, old))));
    end if;
    return null;
end $$;
create trigger suppressions_log_erasure after insert or delete on suppressions
    for each row execute function log_erasure();
create trigger erasures_log_erasure after insert on erasures
    for each row execute function log_erasure();

create function forbid_change() returns trigger language plpgsql as $$
begin
    raise exception 'the record of erasures is append-only';
end $$;
create trigger erasures_forbid_change before update or delete on erasures
    for each statement execute function forbid_change();

-- Permanent deletions, whatever caused them. The argument is the kind.
create function record_erasure() returns trigger language plpgsql as $$
begin
    insert into erasures (id, kind, at) select id, tg_argv[0], clock_timestamp() from gone on conflict do nothing;
    return null;
end $$;
create trigger guests_record_erasure after delete on guests
    referencing old table as gone for each statement execute function record_erasure('guest');
create trigger users_record_erasure after delete on users
    referencing old table as gone for each statement execute function record_erasure('user');

create function record_anonymisation() returns trigger language plpgsql as $$
begin
    insert into erasures (id, kind, at) values (new.id, tg_argv[0], clock_timestamp()) on conflict do nothing;
    return null;
end $$;
create trigger guests_record_anonymisation after update of erased_at on guests
    for each row when (old.erased_at is null and new.erased_at is not null)
    execute function record_anonymisation('anonymous-guest');
create trigger users_record_anonymisation after update of deleted_at on users
    for each row when (old.deleted_at is null and new.deleted_at is not null)
    execute function record_anonymisation('deleted-user');

-- A host's data export that is too large to be made during a request. One per host, for three days.
create table data_exports (
    host_id uuid primary key references users (id) on delete cascade,
    id uuid not null,
    requested_at timestamptz not null,
    rows_total bigint not null,
    rows_done bigint not null default 0,
    -- Null: in progress.
    ready_at timestamptz
);
create trigger data_exports_forbid_deleted_account before insert on data_exports
    for each row execute function forbid_deleted_account();

create table data_export_parts (
    host_id uuid not null references data_exports (host_id) on delete cascade,
    part integer not null,
    bytes bytea not null,
    primary key (host_id, part)
);
