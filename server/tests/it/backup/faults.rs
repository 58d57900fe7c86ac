use std::{path::Path, process::Stdio, time::Duration};

use axum::{
    Router,
    extract::Request,
    http::{Method, StatusCode, header},
    response::IntoResponse,
};
use sqlx::PgPool;
use tokio::{
    io::AsyncReadExt,
    net::TcpListener,
    process::{Child, Command},
};

use super::seeded;
use crate::support::{
    backups::Place,
    node::{free_address, url},
    python,
};

/// An S3 that somebody else wrote (moto), with accounts and permissions.
struct Store {
    address: String,
    _process: Child,
}

impl Store {
    /// One with the bucket `backups`, of which whoever is told may know nothing: signatures and permissions count once
    /// `free` requests were made.
    async fn start(free: usize) -> Self {
        let address = free_address().await;
        let (host, port) = address.split_once(':').unwrap();
        let mut command = Command::new(python());
        command
            .args(["-m", "moto.server", "-H", host, "-p", port])
            .env("INITIAL_NO_AUTH_ACTION_COUNT", free.to_string());
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let client = reqwest::Client::new();
        for _ in 0..200 {
            if client.get(format!("http://{address}/moto-api/data.json")).send().await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let made = client.put(format!("http://{address}/backups")).send().await.unwrap();
        assert!(made.status().is_success(), "{}", made.text().await.unwrap());
        Self { address, _process: process }
    }

    fn place(&self) -> Place {
        bucket(&format!("http://{}", self.address))
    }

    /// The headers with which the store gives an object out.
    async fn head(&self, name: &str) -> header::HeaderMap {
        let answer = reqwest::Client::new()
            .head(format!("http://{}/backups/guests/{name}", self.address))
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=id/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x",
            )
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{name}: {}", answer.status());
        answer.headers().clone()
    }
}

fn bucket(endpoint: &str) -> Place {
    Place::bucket(&[
        ("GG_BACKUP_URL", "s3://backups/guests"),
        ("GG_BACKUP_S3_ENDPOINT", endpoint),
        ("GG_BACKUP_S3_ACCESS_KEY_ID", "id"),
        ("GG_BACKUP_S3_SECRET_ACCESS_KEY", "secret"),
    ])
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_bucket_keeps_backups_encrypted_and_gives_them_back(db: PgPool) {
    let store = Store::start(1_000).await;
    let place = store.place();
    seeded(&db, &place).await;
    // Larger than one part of an upload.
    sqlx::query(
        "insert into webhook_events select 'stripe', n::text, 'x', now(),
        (select jsonb_agg(encode(sha256((n * 1000 + m)::text::bytea), 'hex')) from generate_series(1, 800) m)
        from generate_series(1, 400) n",
    )
    .execute(&db)
    .await
    .unwrap();
    let manifest = place.back_up(&db).await;
    let key = manifest["key"].as_str().unwrap();
    assert!(manifest["bytes"].as_u64().unwrap() > 9_000_000, "{}", manifest["bytes"]);
    for name in [key, &format!("{key}.json"), "database/LATEST.txt"] {
        assert_eq!(store.head(name).await["x-amz-server-side-encryption"], "AES256", "{name}");
    }
    let copy = super::restored(&db, &place, "latest").await;
    copy.remove().await.unwrap();
    assert_eq!(place.run(&url(&db), &["backup", "prune"]).await.code, 0);
    assert_eq!(place.run(&url(&db), &["backup", "status"]).await.code, 0);
    let kms = store.place().with("GG_BACKUP_S3_ENCRYPTION", "aws:kms:our-key");
    let other = kms.back_up(&db).await;
    let headers = store.head(other["key"].as_str().unwrap()).await;
    assert_eq!(headers["x-amz-server-side-encryption"], "aws:kms");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_bucket_that_is_not_there_or_not_ours_is_one_clear_sentence(db: PgPool) {
    // One request made the bucket; from then on accounts count, and nobody has one.
    let store = Store::start(1).await;
    let ran = store.place().run(&url(&db), &["backup"]).await;
    ran.refused(1, "the store knows no such credentials");
    let open = Store::start(1_000).await;
    let ran = open.place().with("GG_BACKUP_URL", "s3://elsewhere").run(&url(&db), &["backup"]).await;
    ran.refused(1, "the bucket does not exist");
    let nobody = format!("http://{}", free_address().await);
    let ran = bucket(&nobody).run(&url(&db), &["backup", "list"]).await;
    ran.refused(1, "check that the store is up");
    bucket("http://store.example").run(&url(&db), &["backup"]).await.refused_by_settings("GG_BACKUP_S3_ENDPOINT");
}

/// A store that answers everything so.
async fn answering(status: StatusCode, code: &'static str) -> Place {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{code}</Message></Error>");
    let answer = move || async move { (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response() };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    bucket(&format!("http://{address}"))
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn what_a_store_refuses_is_said_with_the_remedy(db: PgPool) {
    for (status, code, says) in [
        (StatusCode::FORBIDDEN, "AccessDenied", "that is not permitted"),
        (StatusCode::BAD_REQUEST, "ExpiredToken", "the credentials have expired"),
        (StatusCode::FORBIDDEN, "RequestTimeTooSkewed", "this machine's clock is wrong"),
        (StatusCode::FORBIDDEN, "SignatureDoesNotMatch", "the store knows no such credentials"),
        (StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "check that the store is up"),
    ] {
        answering(status, code).await.run(&url(&db), &["backup"]).await.refused(1, says);
    }
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn an_upload_that_is_cut_off_moves_no_pointer_and_leaves_no_backup(db: PgPool) {
    let store = Store::start(1_000).await;
    seeded(&db, &store.place()).await;
    let first = store.place().back_up(&db).await;
    // In front of it, from now on: whatever carries a dump is cut off after a few bytes.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let behind = store.address.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let behind = behind.clone();
            tokio::spawn(async move {
                let mut head = vec![0; 64 * 1024];
                let read = client.read(&mut head).await.unwrap_or(0);
                if String::from_utf8_lossy(&head[..read])
                    .lines()
                    .next()
                    .is_some_and(|line| line.starts_with("PUT") && line.contains(".sql.gz") && !line.contains(".json"))
                {
                    return;
                }
                let mut server = tokio::net::TcpStream::connect(behind).await.unwrap();
                tokio::io::AsyncWriteExt::write_all(&mut server, &head[..read]).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    let cut = bucket(&format!("http://{address}"));
    cut.run(&url(&db), &["backup"]).await.refused(1, "failed: check that the store is up");
    let list = store.place().run(&url(&db), &["backup", "list"]).await;
    assert_eq!(list.out.lines().count(), 1, "{}", list.out);
    assert!(list.out.contains(first["key"].as_str().unwrap()));
    super::restored(&db, &store.place(), "latest").await.remove().await.unwrap();
}

/// Between us and the store: what comes back of a dump has one bit that was not written.
async fn lying(store: &Store) -> Place {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, behind) = (listener.local_addr().unwrap(), store.address.clone());
    let pass = move |request: Request| {
        let behind = behind.clone();
        async move {
            let (head, body) = request.into_parts();
            let dump = head.method == Method::GET && head.uri.path().ends_with(".sql.gz");
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let mut asked =
                reqwest::Client::new().request(head.method, format!("http://{behind}{}", head.uri)).body(body);
            for (name, value) in &head.headers {
                asked = asked.header(name, value);
            }
            let answer = asked.send().await.unwrap();
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut bytes = answer.bytes().await.unwrap().to_vec();
            if dump {
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1;
            }
            (status, headers, bytes).into_response()
        }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(pass)).await });
    bucket(&format!("http://{address}"))
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_store_that_gives_back_something_else_is_not_trusted(db: PgPool) {
    let store = Store::start(1_000).await;
    seeded(&db, &store.place()).await;
    let first = store.place().back_up(&db).await;
    lying(&store).await.run(&url(&db), &["backup"]).await.refused(1, "came back otherwise than it was written");
    let list = store.place().run(&url(&db), &["backup", "list"]).await;
    assert_eq!(list.out.lines().count(), 1, "{}", list.out);
    assert!(list.out.contains(first["key"].as_str().unwrap()));
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_full_disk_is_said_and_leaves_nothing(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    let first = place.back_up(&db).await;
    sqlx::query("insert into webhook_events select 'stripe', n::text, 'x', now(), to_jsonb(encode(sha256(n::text::bytea), 'hex'))
        from generate_series(1, 20000) n").execute(&db).await.unwrap();
    // No file may grow beyond this; the signal that would end the process is switched off, as a full disk sends none.
    let program = env!("CARGO_BIN_EXE_guestguard");
    let limited = place.command(&url(&db), &[]);
    let environment: Vec<_> =
        limited.as_std().get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    let mut shell = Command::new("bash");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 300; exec \"$0\" backup", program]).env_clear().envs(environment);
    let ran = shell.output().await.unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(
        !ran.status.success() && said.contains("the folder for temporary files cannot be written; make room"),
        "{said}"
    );
    let nowhere = place.command(&url(&db), &["backup"]).env("TMPDIR", "/nowhere").output().await.unwrap();
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("name another one with TMPDIR"));
    assert_eq!(place.run(&url(&db), &["backup", "list"]).await.out.lines().count(), 1);
    assert!(place.read("database/LATEST.txt").contains(first["key"].as_str().unwrap()));
    nothing_runs(&db).await;
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn programs_and_databases_that_do_not_fit_are_said(db: PgPool) {
    let place = Place::folder();
    place.run("postgres://nobody@127.0.0.1:9/none", &["backup"]).await.refused(1, "PostgreSQL is out of reach");
    let empty = super::scratch(&db).await;
    place.run(&empty.url, &["backup"]).await.refused(1, "this is no database of GuestGuard's");
    empty.remove().await.unwrap();
    let old = place.folder.path().join("old");
    std::fs::create_dir_all(&old).unwrap();
    program(&old.join("pg_dump"), "echo 'pg_dump (PostgreSQL) 9.6.24'");
    let older = Place::folder().with("GG_PG_BIN", old.to_str().unwrap());
    older.run(&url(&db), &["backup"]).await.refused(1, "pg_dump is of version 9 and the server of version");
    let none = Place::folder().with("GG_PG_BIN", "/nowhere");
    none.run(&url(&db), &["backup"]).await.refused(1, "install the package postgresql-client");
    // One that breaks off in the middle, and one that says that all is well and ends early.
    for (script, says) in [
        (
            "case $1 in --version) echo 'pg_dump (PostgreSQL) 99.1';; *) echo half; echo 'pg_dump: error: out of luck' >&2; exit 1;; esac",
            "pg_dump failed: pg_dump: error: out of luck",
        ),
        (
            "case $1 in --version) echo 'pg_dump (PostgreSQL) 99.1';; *) echo half;; esac",
            "pg_dump ended before its last line",
        ),
    ] {
        program(&old.join("pg_dump"), script);
        let ran = older.run(&url(&db), &["backup"]).await;
        ran.refused(1, says);
        assert!(!older.path("database/LATEST.txt").exists());
    }
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn of_two_backups_at_once_one_waits_for_another_day(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    let mut other = db.acquire().await.unwrap();
    sqlx::query("select pg_advisory_lock($1)").bind(0x6261_636b_7570_0001_i64).execute(&mut *other).await.unwrap();
    place.run(&url(&db), &["backup"]).await.refused(1, "another backup of this database is under way");
    sqlx::query("select pg_advisory_unlock_all()").execute(&mut *other).await.unwrap();
    let (address, arguments) = (url(&db), ["backup"]);
    let (one, two) = tokio::join!(place.run(&address, &arguments), place.run(&address, &arguments));
    let codes = [one.code, two.code];
    assert!(codes.contains(&0), "{}{}", one.said, two.said);
    assert_eq!(place.run(&url(&db), &["backup", "status"]).await.code, 0);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_clock_that_is_behind_the_newest_backup_is_refused(db: PgPool) {
    let place = Place::folder();
    let manifest = place.back_up(&db).await;
    let key = manifest["key"].as_str().unwrap();
    let ahead = "database/2099/01/20990101T000000Z.sql.gz";
    place.write("database/LATEST.txt", &place.read("database/LATEST.txt").replace(key, ahead));
    place.write("database/LATEST.sha256", &place.read("database/LATEST.sha256").replace(&key[9..], &ahead[9..]));
    place.run(&url(&db), &["backup"]).await.refused(1, "set the clock by NTP");
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_run_that_is_killed_at_any_point_leaves_the_backup_before_it(db: PgPool) {
    let place = Place::folder();
    seeded(&db, &place).await;
    sqlx::query("insert into webhook_events select 'stripe', n::text, 'x', now(), to_jsonb(encode(sha256(n::text::bytea), 'hex'))
        from generate_series(1, 30000) n").execute(&db).await.unwrap();
    place.back_up(&db).await;
    let begun = std::time::Instant::now();
    place.back_up(&db).await;
    let whole = begun.elapsed();
    let mut killed = 0;
    let mut n = 0_u32;
    while killed < 12 {
        n += 1;
        assert!(n < 80, "only {killed} were killed");
        let mut run =
            place.command(&url(&db), &["backup"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let ended = tokio::time::timeout(whole * (n % 17) / 20, run.wait()).await;
        if ended.is_err() {
            run.kill().await.unwrap();
            killed += 1;
        }
        let listed = place.run(&url(&db), &["backup", "list", "--json"]).await;
        let kept: Vec<serde_json::Value> = serde_json::from_str(&listed.out).unwrap();
        for backup in &kept {
            let key = backup["key"].as_str().unwrap();
            let manifest: serde_json::Value = serde_json::from_str(&place.read(&format!("{key}.json"))).unwrap();
            let dump = std::fs::read(place.path(key)).unwrap();
            assert_eq!(guestguard::secrets::sha256_hex(&dump), manifest["sha256"].as_str().unwrap());
        }
        // Between the two files of the pointer a reader is told that they do not belong together; otherwise it is whole.
        let status = place.run(&url(&db), &["backup", "status"]).await;
        assert!(status.code == 0 || status.said.contains("does not belong to LATEST.txt"), "{}", status.said);
    }
    place.back_up(&db).await;
    super::restored(&db, &place, "latest").await.remove().await.unwrap();
    nothing_runs(&db).await;
}

/// No dump of the database is still under way.
async fn nothing_runs(db: &PgPool) {
    for _ in 0..100 {
        let running =
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'pg_dump'";
        let running: i64 = sqlx::query_scalar(running).fetch_one(db).await.unwrap();
        if running == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("pg_dump is still running");
}

/// A program of the test's own.
fn program(path: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
