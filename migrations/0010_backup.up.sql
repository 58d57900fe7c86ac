-- What must outlive a restore, and what is known of restores.

-- Who was erased for good: ids only. A restored database erases them again.
create table erasures (
    id uuid primary key,
    kind text not null check (kind in ('guest', 'user')),
    at timestamptz not null
);

-- Suppressions and erasures on their way to where backups are kept. A restore applies again what the backup missed.
create table erasure_log (
    id bigint primary key generated always as identity,
    -- Not when the transaction began: entries about one address must stand in the order in which they happened.
    at timestamptz not null default clock_timestamp(),
    entry jsonb not null
);

-- Written by the database itself, so that no statement can forget it. What a restore applies again is known already.
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

-- Whoever is deleted for good, by themselves, with their event or with their host. The trigger's argument is the kind.
create function record_erasure() returns trigger language plpgsql as $$
begin
    insert into erasures (id, kind, at) select id, tg_argv[0], clock_timestamp() from gone on conflict (id) do nothing;
    return null;
end $$;
create trigger guests_erased after delete on guests
    referencing old table as gone for each statement execute function record_erasure('guest');
create trigger users_erased after delete on users
    referencing old table as gone for each statement execute function record_erasure('user');

-- This database was loaded from a backup, or recovered to a point in time: when, and from what.
create table restores (
    id uuid primary key,
    at timestamptz not null,
    source text not null check (char_length(source) <= 300)
);

-- Rehearsed restores, as `guestguard drill` went through them.
create table drills (
    id uuid primary key,
    at timestamptz not null,
    backup text not null check (char_length(backup) <= 300),
    -- Empty: all went well.
    fault text not null check (char_length(fault) <= 1000),
    checks integer not null,
    -- What would have been lost, and how long until guests could answer again.
    rpo_seconds bigint not null,
    rto_seconds bigint not null
);
create index drills_by_time on drills (at desc);
