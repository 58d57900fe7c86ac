//! Tests of restore verification.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use pg_backup::{Format, Key, Manifest, checksums};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

use super::{
    VerifyOptions, VerifyReport,
    relations::{RELATIONS, Relation},
    run, schema,
};
use crate::{
    backend::Backend,
    backup::erasure_log::{LogEntry, LoggedTable},
    clock::Clock,
    testing,
};

/// A restored database with a row in every table that belongs to another.
async fn restored(db: PgPool) -> (Backend, Manifest, Vec<LogEntry>) {
    let backend = Backend { clock: Clock::System, ..testing::backend(db).await };
    testing::seed(&backend).await;
    sqlx::raw_sql(REST).execute(&backend.db).await.unwrap();
    let mut tx = backend.db.begin().await.unwrap();
    let manifest = Manifest {
        key: Key::new(backend.clock.now(), false, Format::Plain),
        at: backend.clock.now() + TimeDelta::minutes(1),
        format: Format::Plain,
        bytes: 1,
        sha256: String::new(),
        seconds: 0.0,
        schema_version: 0,
        postgres_version: 150_000,
        program_version: String::new(),
        database: String::new(),
        restored_at: None,
        tables: checksums::compute(&mut tx).await.unwrap(),
    };
    tx.rollback().await.unwrap();
    let at = manifest.at;
    let row = json!({ "address": "gone@example.org", "host_id": null, "reason": "hard-bounce", "at": "2026-01-01T00:00:00Z" });
    (backend, manifest, vec![LogEntry { at, table: LoggedTable::Suppressions, gone: false, row }])
}

/// What the seed lacks.
const REST: &str = "
    insert into account_tokens select id, gen_random_uuid(), 'verify', sha256('x'), null, email, now(), now(), now() from users;
    insert into imports (host_id, event_id, id, file_name, country, header, last_name_first, columns, headings, created_at)
        select host_id, id, gen_random_uuid(), 'a.csv', '', true, false, '{}', '{}', now() from events limit 1;
    insert into import_rows (host_id, import_id, line, cells, status) select host_id, id, 1, '{}', 'ready' from imports;
    insert into message_templates select host_id, id, 'invitation', 'Come', 'Please' from events limit 1;
    insert into reminder_rules (host_id, event_id, id, anchor, days, hour, audience)
        select host_id, id, gen_random_uuid(), 'start', 1, 9, 'unanswered' from events limit 1;
    insert into manual_deliveries select host_id, event_id, guest_id, id, 'sent', 'other', now() from invitations limit 1;
    insert into delivery_events select host_id, id, gen_random_uuid(), now(), 'sent', '' from notifications limit 1;
    insert into suppressions (address, host_id, reason, at) select 'quiet@example.org', id, 'unsubscribed', now() from users;
    insert into suppressions (address, host_id, reason, at) values ('gone@example.org', null, 'hard-bounce', now());
    insert into data_exports select id, gen_random_uuid(), now(), 1, 1, now() from users;
    insert into data_export_parts select host_id, 0, 'x' from data_exports;
    insert into billing_customers select id, 'cus_1', now() from users;
    insert into subscriptions select id, 'sub_1', 'si_1', 'pro', 'monthly', 'active', null, false, null, true, now(), 1, 'evt_1'
        from users;
    insert into stripe_prices values ('price_1', 'eur', 900, now());
    insert into guest_status select * from current_guest_status
        on conflict (host_id, guest_id) do update set status = excluded.status, heads = excluded.heads;
    update sessions set ended_at = now();
    update outbox_pause set paused = true;
    insert into restores values (gen_random_uuid(), now(), 'a test');
    delete from erasure_log;
";

/// What breaks one check, and none beside. `replica` lets rows in past the foreign keys.
const BREAKING: &[(&str, &str)] = &[
    ("tables", "drop table sign_in_failures"),
    ("shape", "drop index guests_by_name; alter table users alter column name drop not null"),
    ("shape", "create or replace function suppressions_of(host uuid, address text, hash bytea) returns setof suppressions
        language sql stable as $$ select s.* from suppressions s where false $$"),
    ("migrations", "delete from _sqlx_migrations where version = 9"),
    ("checksums-of-migrations", "update _sqlx_migrations set checksum = 'x' where version = 9"),
    ("dirty-migrations", "update _sqlx_migrations set success = false where version = 9"),
    ("newer-migrations", "insert into _sqlx_migrations select 9999, 'next', now(), true, 'x', 0"),
    ("extensions", "drop extension pg_trgm cascade"),
    ("constraints", "alter table events drop constraint events_end_after_start,
        add constraint events_end_after_start check (ends_at > starts_at) not valid"),
    ("indexes", "update pg_index set indisvalid = false where indexrelid = 'guests_by_name'::regclass"),
    ("triggers", "alter table suppressions disable trigger suppressions_log_erasure"),
    ("triggers", "alter table users disable trigger all"),
    ("sequences", "insert into erasure_log (id, entry) overriding system value
        values (999, '{\"table\": \"suppressions\", \"gone\": true, \"row\": {\"address\": \"nobody@example.org\"}}')"),
    ("queue", "alter table graphile_worker._private_known_crontabs rename to gone"),
    ("tenants", "insert into users select gen_random_uuid(), name, 'other@example.org', password_hash, created_at, verified_at,
            null from users;
        with moved as (
            update guest_status set host_id = (select id from users where email = 'other@example.org')
            where guest_id = (select guest_id from guest_status where status = 'not-invited' limit 1)
            returning host_id, guest_id)
        update guests g set host_id = m.host_id from moved m where g.id = m.guest_id"),
    ("addresses", "drop index users_email_key;
        insert into users select gen_random_uuid(), name, upper(email), password_hash, created_at, verified_at, null from users"),
    ("plans", "drop index subscriptions_granting_tier;
        insert into subscriptions select host_id, 'sub_2', item_id, tier, billing_interval, status, period_end, cancel_at_period_end,
            past_due_since, grants_tier, event_at, event_rank, stripe_event_id from subscriptions"),
    ("links", "drop index invitations_live; alter table invitations drop constraint invitations_live_token_kept;
        insert into invitations (host_id, event_id, guest_id, id, token_hash, issued_at)
        select host_id, event_id, guest_id, gen_random_uuid(), sha256('y'), issued_at from invitations i
        where exists (select from rsvps r where r.guest_id = i.guest_id) limit 1"),
    ("messages", "drop index notifications_latest;
        insert into notifications (host_id, event_id, guest_id, id, kind, recipient, state, created_at, state_changed_at,
            run_at, expires_at)
        select host_id, event_id, guest_id, gen_random_uuid(), kind, recipient, state, created_at, state_changed_at, run_at,
            expires_at from notifications where kind = 'confirmation' limit 1"),
    ("seats", "update events set capacity = 1, updated_at = '2000-01-01'
        where id = (select event_id from rsvps where answer = 'attending' limit 1)"),
    ("history", "delete from rsvp_history where guest_id = (select guest_id from rsvps limit 1)"),
    ("guest-status", "update guest_status set status = 'declined'
        where guest_id = (select guest_id from guest_status where status = 'attending' limit 1)"),
    ("times", "update users set created_at = now() + interval '2 hours'"),
    ("outbox", "delete from outbox_pause"),
    ("token-hashes", "alter table account_tokens drop constraint account_tokens_token_hash_check;
        update account_tokens set token_hash = 'short'"),
    ("passwords", "update users set password_hash = replace(password_hash, 'm=19456', 'm=4096')"),
    ("key", "update invitations set token_sealed = sha256('z')
        where id = (select id from invitations where token_sealed is not null limit 1)"),
    ("erased", "insert into erasures select id, 'guest', '2000-01-01' from guests limit 1"),
    ("erased", "insert into erasures select id, 'anonymous-guest', '2000-01-01' from guests limit 1"),
    ("erased", "insert into erasures select id, 'deleted-user', '2000-01-01' from users limit 1"),
    ("triggers", "drop trigger erasures_forbid_change on erasures"),
    ("erasure-log", "delete from suppressions where address = 'gone@example.org'"),
    ("restore-noted", "delete from restores"),
    ("sessions", "update sessions set ended_at = null"),
    ("account-links", "update account_tokens set used_at = null"),
    ("outbox-paused", "update outbox_pause set paused = false"),
    ("rows", "insert into stripe_prices values ('price_2', 'eur', 900, now())"),
    ("contents", "update stripe_prices set amount = 901"),
    ("pages", "create function lie(text) returns text immutable language plpgsql as $$ begin return $1; end $$;
        create index lying on events (lie(title));
        create or replace function lie(text) returns text immutable language plpgsql as $$ begin return 'x' || $1; end $$"),
];

/// A row of the relation's child that has no parent, beside the rows that there are. A guest keeps its status.
fn orphan(relation: &Relation) -> String {
    let (column, _) = relation.columns.last().unwrap();
    format!(
        "do $$
        declare names text;
        begin
            select string_agg(attname, ', ') into names from pg_attribute
            where attrelid = '{child}'::regclass and attnum > 0 and not attisdropped and attgenerated = '';
            execute 'insert into {child} (' || names || ') select ' || names || ' from (select (jsonb_populate_record(c,
                to_jsonb(c) || jsonb_build_object(''id'', gen_random_uuid(), ''latest'', false, ''token_sealed'', null,
                    ''token_hash'', sha256(gen_random_uuid()::text::bytea),
                    ''ended_at'', now(), ''stripe_id'', ''other'', ''grants_tier'', false, ''{column}'', gen_random_uuid()))).*
                from {child} c where {some} limit 1) copy';
            insert into guest_status select * from current_guest_status on conflict do nothing;
        end $$",
        child = relation.child,
        // Only a message about an account may name an account's link, and so on.
        some = if relation.child == "suppressions" { "host_id is not null" } else { "true" },
    )
}

fn failed(report: &VerifyReport) -> Vec<String> {
    report.failed().map(|check| check.name.clone()).collect()
}

/// What fails when this was done.
async fn after(db: &mut PgConnection, sql: String, options: &VerifyOptions<'_>) -> Vec<String> {
    let mut tx = db.begin().await.unwrap();
    sqlx::raw_sql("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(&mut *tx).await.unwrap_or_else(|cause| panic!("{sql}: {cause}"));
    let report = run(&mut tx, options).await.unwrap();
    tx.rollback().await.unwrap();
    failed(&report)
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn every_check_fails_for_its_own_damage_and_no_other(db: PgPool) {
    let (backend, manifest, entries) = restored(db).await;
    let whole = VerifyOptions {
        manifest: Some(&manifest),
        erasure_log: Some(&entries),
        secrets: &backend.secrets,
        serving: false,
        deep: true,
    };
    let mut db = backend.db.acquire().await.unwrap();
    let report = run(&mut db, &whole).await.unwrap();
    assert!(report.is_ok(), "{:#?}", report.failed().collect::<Vec<_>>());
    assert!(report.checks.len() >= 28 + RELATIONS.len());

    // Damage changes rows and contents too; those are compared where they are what is broken.
    let alone = VerifyOptions { manifest: None, ..whole };
    let mut broken = BTreeSet::new();
    for (name, sql) in BREAKING {
        let options = if ["rows", "contents"].contains(name) { &whole } else { &alone };
        let found = after(&mut db, (*sql).to_owned(), options).await;
        // What had to be dropped to let the damage in is damage of its own.
        let dropped = *name != "shape" && (sql.contains("drop ") || *name == "pages");
        assert_eq!(found.iter().filter(|found| !(dropped && *found == "shape")).collect::<Vec<_>>(), [name]);
        broken.insert((*name).to_owned());
    }
    for relation in &RELATIONS {
        assert_eq!(after(&mut db, orphan(relation), &alone).await, [relation.name()]);
        broken.insert(relation.name());
    }
    let link: (uuid::Uuid, Vec<u8>) =
        sqlx::query_as("select id, token_sealed from invitations where token_sealed is not null limit 1")
            .fetch_one(&mut *db)
            .await
            .unwrap();
    let token = backend.secrets.open(&link.1, link.0).unwrap();
    for sql in [
        format!("update rsvps set message = 'look: https://guests.example/i/{token}?x=1'"),
        format!("update notifications set last_error = '{token}'"),
        format!("update invitations set token_sealed = '{token}'::bytea where ended_at is not null or true"),
    ] {
        let found = after(&mut db, sql, &alone).await;
        assert!(found.contains(&"clear-tokens".to_owned()), "{found:?}");
    }
    broken.insert("clear-tokens".into());
    let all: BTreeSet<_> = report.checks.iter().map(|check| check.name.clone()).collect();
    assert_eq!(broken, all, "a check without a test that breaks it");

    // What holds only after a restore is left out for a database that serves.
    let live = VerifyOptions { serving: true, ..alone };
    for name in ["restore-noted", "sessions", "account-links", "outbox-paused"] {
        let (_, sql) = BREAKING.iter().find(|(breaking, _)| *breaking == name).unwrap();
        assert_eq!(after(&mut db, (*sql).to_owned(), &live).await, [""; 0]);
    }
}

#[sqlx::test(migrator = "crate::migrations::MIGRATOR")]
async fn the_lists_of_tables_and_relations_are_those_of_the_schema(db: PgPool) {
    let mut db = db.acquire().await.unwrap();
    assert_eq!(checksums::table_names(&mut db).await.unwrap(), schema::TABLES);
    let mut keys: Vec<(String, String)> = sqlx::query_as(
        "select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
        where contype = 'f' and connamespace = 'public'::regnamespace order by 1, 2",
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let mut ours: Vec<_> =
        RELATIONS.iter().map(|relation| (relation.child.to_owned(), relation.parent.to_owned())).collect();
    keys.sort();
    ours.sort();
    assert_eq!(ours, keys);
}

#[sqlx::test(migrations = false)]
async fn an_empty_database_is_not_whole(db: PgPool) {
    let backend = testing::backend(db).await;
    let options =
        VerifyOptions { manifest: None, erasure_log: None, secrets: &backend.secrets, serving: true, deep: false };
    let report = run(&mut backend.db.acquire().await.unwrap(), &options).await.unwrap();
    let failed = failed(&report);
    assert!(["tables", "migrations", "triggers", "seats"].iter().all(|name| failed.contains(&(*name).to_owned())));
}
