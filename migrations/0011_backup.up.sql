-- Backups: restores of this database, and restore drills.

-- This database was loaded from a backup or recovered to a point in time: when, and from what.
create table restores (
    id uuid primary key,
    at timestamptz not null,
    source text not null check (char_length(source) <= 300)
);

create table drills (
    id uuid primary key,
    at timestamptz not null,
    backup text not null check (char_length(backup) <= 300),
    -- Empty: the drill passed.
    error text not null check (char_length(error) <= 1000),
    checks integer not null,
    -- Recovery point and recovery time: data lost, and time until guests could reply.
    rpo_seconds bigint not null,
    rto_seconds bigint not null
);
create index drills_by_time on drills (at desc);
