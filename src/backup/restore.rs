use std::{
    io::{self, Read, Seek, Write},
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Utc};
use flate2::read::GzDecoder;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{
    Backups, Format, Key, Manifest, Progress,
    dump::connect,
    erasures, journal, programs,
    restricted::{WithoutRestrict, knows_restrict},
    store::FULL,
    tally::comparing,
    verify::{self, Against, Report},
};
use crate::{
    backend::Clock,
    migrations::MIGRATOR,
    secrets::{Secrets, hex, random_token, token_hash},
};

/// What a restore did.
#[derive(Debug, Serialize)]
pub struct Restored {
    /// The backup; `None`: a recovery to a point in time.
    pub key: Option<Key>,
    /// The moment that the database shows.
    pub shows: Option<DateTime<Utc>>,
    pub migrations: usize,
    pub sessions_ended: u64,
    /// Suppressions and erasures that came after the backup.
    pub applied_again: u64,
    /// Rows of people who were erased, and erased again.
    pub erased_again: u64,
    pub load_seconds: f64,
    pub seconds: f64,
    pub report: Report,
}

/// Brings the database at `into` to what the backup shows, makes it safe to serve, and verifies it.
///
/// # Errors
/// The backup is not what its manifest says, the target is not empty, or loading failed; then the target is as it was.
/// A check that fails is no error here: the report tells.
pub async fn restore(
    backups: &Backups,
    secrets: &Secrets,
    clock: &Clock,
    manifest: &Manifest,
    into: &str,
    replace: bool,
    watch: &dyn Progress,
) -> anyhow::Result<Restored> {
    let begun = Instant::now();
    // Read first: without the journal a restore would write to people who asked not to be written to.
    watch.step("reading the journal");
    let entries = journal::read(&backups.store).await?;
    load(backups, manifest, into, replace, watch).await?;
    let load_seconds = begun.elapsed().as_secs_f64();
    let settled = settle(&entries, secrets, clock, manifest.key.as_str(), into, watch).await;
    let restored = settled.context(
        "the target is loaded and not yet safe to serve from; its outbox is paused. Mend the cause, then restore again with \
         --replace",
    )?;
    Ok(Restored {
        key: Some(manifest.key.clone()),
        shows: Some(manifest.at),
        load_seconds,
        seconds: begun.elapsed().as_secs_f64(),
        ..restored
    })
}

/// What follows on loading: migrates the database at `into`, makes it safe to serve, and verifies it. For a server that was
/// recovered to a point in time this is all there is to do.
///
/// # Errors
/// The database is out of reach, or none of ours.
pub async fn settle(
    entries: &[journal::Entry],
    secrets: &Secrets,
    clock: &Clock,
    source: &str,
    into: &str,
    watch: &dyn Progress,
) -> anyhow::Result<Restored> {
    let begun = Instant::now();
    watch.step("migrating");
    let db = PgPool::connect(into).await.context("the restored database is out of reach")?;
    let migrations = crate::migrations::pending(&db).await?.len();
    crate::migrations::migrate(&db).await?;

    watch.step("making it safe");
    let safe = make_safe(&db, clock.now(), source, entries).await?;

    watch.step("verifying");
    let against = Against { manifest: None, journal: Some(entries), secrets, live: false, deep: false };
    let report = verify::run(&mut *db.acquire().await?, &against).await?;
    db.close().await;
    Ok(Restored {
        key: None,
        shows: None,
        migrations,
        sessions_ended: safe.sessions_ended,
        applied_again: safe.applied_again,
        erased_again: safe.erased_again,
        load_seconds: 0.0,
        seconds: begun.elapsed().as_secs_f64(),
        report,
    })
}

/// Whether both addresses lead to one database; false where either is out of reach.
pub async fn is_same(one: &str, other: &str) -> bool {
    let told = async |url: &str| -> anyhow::Result<String> {
        let mut db = connect(url).await?;
        let identity = "select current_database() || ' ' || inet_server_port() || ' ' || pg_postmaster_start_time()";
        Ok(sqlx::query_scalar(identity).fetch_one(&mut db).await?)
    };
    matches!((told(one).await, told(other).await), (Ok(one), Ok(other)) if one == other)
}

/// How much a past brought back that it must not.
struct Safe {
    sessions_ended: u64,
    applied_again: u64,
    erased_again: u64,
}

/// Everything that a past must not bring back: sessions, links that were used since, mail that was sent since, people
/// who were erased, and addresses that asked for silence.
async fn make_safe(db: &PgPool, now: DateTime<Utc>, source: &str, entries: &[journal::Entry]) -> anyhow::Result<Safe> {
    let mut tx = db.begin().await?;
    sqlx::raw_sql("set local guestguard.replaying = 'on'").execute(&mut *tx).await?;
    let sessions =
        sqlx::query!("update sessions set ended_at = $1 where ended_at is null", now).execute(&mut *tx).await?;
    sqlx::query!("update account_tokens set used_at = $1, token_sealed = null where used_at is null", now)
        .execute(&mut *tx)
        .await?;
    sqlx::query!(
        "update outbox_switch set paused = true, reason = $1, changed_at = $2",
        "restored; look at `guestguard outbox status`, then resume or cancel",
        now,
    )
    .execute(&mut *tx)
    .await?;
    let applied_again = journal::replay_with_own(&mut tx, entries).await?;
    let erased_again = erasures::erase_again(&mut tx).await?;
    sqlx::query!("insert into restores (id, at, source) values ($1, $2, $3)", Uuid::now_v7(), now, source)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Safe { sessions_ended: sessions.rows_affected(), applied_again, erased_again })
}

/// Loads a backup and compares every table with the manifest, in one transaction.
async fn load(
    backups: &Backups,
    manifest: &Manifest,
    into: &str,
    replace: bool,
    watch: &dyn Progress,
) -> anyhow::Result<()> {
    let newest = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default();
    if manifest.schema_version > newest {
        bail!(
            "{} was made by guestguard {} and has migrations that this program does not know; restore it with that version or \
             a newer one",
            manifest.key,
            manifest.program_version
        );
    }
    let mut target = connect(into).await?;
    let version: i32 =
        sqlx::query_scalar("select current_setting('server_version_num')::int").fetch_one(&mut target).await?;
    if version / 10_000 < manifest.postgres_version / 10_000 {
        bail!(
            "{} comes from PostgreSQL {}, and the target is {}; restore it into a server of that version or a newer one",
            manifest.key,
            manifest.postgres_version / 10_000,
            version / 10_000
        );
    }
    backups.programs.fits("psql", version)?;
    let empty = is_empty(&mut target).await?;
    if !replace && !empty {
        bail!("the target is not empty; restore into a fresh database, or say --replace to throw away what it holds");
    }

    watch.step("fetching");
    let mut file = tempfile::tempfile_in(&backups.folder).context(FULL)?;
    let (sha256, bytes) = backups.store.read_through(manifest.key.as_str(), Some(&file), watch).await?;
    if sha256 != manifest.sha256 {
        bail!(
            "{} is damaged: it has {bytes} bytes with the SHA-256 {sha256}, and was written with {} bytes and {}; restore \
             another one",
            manifest.key,
            manifest.bytes,
            manifest.sha256
        );
    }
    watch.step("loading");
    let clearing = if empty { "" } else { CLEARING };
    file.rewind()?;
    let (programs, format, comparing) =
        (backups.programs.clone(), manifest.format, comparing(&manifest.tables) + PAUSING);
    // A dump may come from whoever can write to the store; it is to run nothing but SQL, and that in this database.
    let opening = match knows_restrict(programs.version("psql")?) {
        true => format!("\\restrict {}\n{clearing}", hex(&token_hash(&random_token()?))),
        false => clearing.to_owned(),
    };
    let psql = programs.on("psql", into)?;
    tokio::task::spawn_blocking(move || match format {
        Format::Plain => run(psql, &opening, GzDecoder::new(file), || Ok(()), &comparing),
        Format::Custom => {
            let mut reader = programs.command("pg_restore");
            reader.args(["--no-owner", "--no-privileges", "--file=-"]);
            let mut reader = reader.stdin(file).stdout(Stdio::piped()).spawn().context("pg_restore does not start")?;
            let sql = reader.stdout.take().context("pg_restore has no output")?;
            let whole = || {
                anyhow::ensure!(reader.wait()?.success(), "pg_restore cannot read it to its end");
                Ok(())
            };
            run(psql, &opening, sql, whole, &comparing)
        }
    })
    .await??;
    Ok(())
}

/// Whether the database holds nothing but what a fresh one does.
async fn is_empty(db: &mut PgConnection) -> anyhow::Result<bool> {
    let things: i64 = sqlx::query_scalar(
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'",
    )
    .fetch_one(db)
    .await?;
    Ok(things == 0)
}

/// What stands before the dump, in its transaction: whatever the target held goes only if everything new comes.
const CLEARING: &str = "
set lock_timeout = '30s';
do $$
declare name text;
begin
    for name in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('drop schema %I cascade', name);
    end loop;
end $$;
create schema public;
grant usage on schema public to public;
";

/// What stands behind it: nothing leaves, whatever happens between loading and the care that follows.
const PAUSING: &str = "
do $$ begin
    if to_regclass('public.outbox_switch') is not null then
        update public.outbox_switch set paused = true, reason = 'restored and not yet looked at', changed_at = now();
    end if;
end $$;
";

/// Runs SQL through `psql`: all of it, or nothing. `whole` says whether what was read came to its end; `comparing` whether
/// it is what it should be.
fn run(
    mut psql: Command,
    opening: &str,
    sql: impl Read,
    whole: impl FnOnce() -> anyhow::Result<()>,
    comparing: &str,
) -> anyhow::Result<()> {
    psql.args(["--no-psqlrc", "--quiet", "--no-password", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = psql.spawn().context("psql does not start; install the package postgresql-client")?;
    let (Some(mut stdin), Some(mut stderr)) = (child.stdin.take(), child.stderr.take()) else {
        bail!("psql has no input");
    };
    let complaints = std::thread::spawn(move || {
        let mut text = Vec::new();
        stderr.read_to_end(&mut text).map(|_| text)
    });
    let fed = stdin.write_all(opening.as_bytes()).and_then(|()| io::copy(&mut WithoutRestrict::new(sql), &mut stdin));
    let fed = match fed {
        // `psql` gave up; what it said tells why.
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(cause) => Err(cause.into()),
        Ok(_) => whole().and_then(|()| Ok(stdin.write_all(comparing.as_bytes())?)),
    };
    if fed.is_err() {
        // The end of its input would commit what came so far.
        child.kill()?;
    }
    drop(stdin);
    let status = child.wait()?;
    let complaints = complaints.join().map_err(|_| anyhow!("psql could not be listened to"))??;
    fed.with_context(|| format!("{UNTOUCHED}: the dump is damaged"))?;
    if !status.success() {
        bail!("{UNTOUCHED}: {}", programs::said(&complaints));
    }
    Ok(())
}

const UNTOUCHED: &str = "loading failed, and the target is as it was";
