use std::{
    fs::File,
    io::{self, Read, Write},
    process::Stdio,
};

use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};
use tokio::io::AsyncReadExt;

use super::{
    Backups, Format, Key, Making, Manifest, Progress, journal, keep,
    pointer::{Files, Pointer},
    programs,
    store::FULL,
    tally::tally,
};
use crate::{clock::Clock, secrets::hex};

/// The advisory lock that one backup of a database holds; any fixed number does.
const LOCK: i64 = 0x6261_636b_7570_0001;
/// What `pg_dump` writes last.
const END: &[u8] = b"-- PostgreSQL database dump complete";

/// Backs the database at `url` up: a dump of one moment, written, read back, and only then named as the newest.
///
/// # Errors
/// Another run is under way, or something failed; then no pointer moved, and no backup of that name is there.
pub async fn back_up(
    backups: &Backups,
    url: &str,
    clock: &Clock,
    making: Making,
    watch: &dyn Progress,
) -> anyhow::Result<Manifest> {
    let begun = std::time::Instant::now();
    let mut db = connect(url).await?;
    if !sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut db).await? {
        bail!("another backup of this database is under way; wait for it");
    }
    let restored_at = restored_at(&mut db).await?;
    let now = after_the_newest(backups, clock, restored_at, making.take_over).await?;
    // A role that may only read cannot do this; the worker does.
    if let Err(cause) = journal::ship(&mut db, &backups.store).await {
        tracing::warn!(cause = format!("{cause:#}"), "the journal could not be shipped along with the backup");
    }

    watch.step("counting rows");
    let mut moment = db.begin().await?;
    // One snapshot for our counts and for `pg_dump`.
    sqlx::raw_sql("set transaction isolation level repeatable read, read only").execute(&mut *moment).await?;
    let snapshot: String = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut *moment).await?;
    let (postgres_version, database): (i32, String) =
        sqlx::query_as("select current_setting('server_version_num')::int, current_database()::text")
            .fetch_one(&mut *moment)
            .await?;
    backups.programs.fits("pg_dump", postgres_version)?;
    let schema_version = sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations where success")
        .fetch_one(&mut *moment)
        .await
        .context("this is no database of GuestGuard's; `guestguard migrate` makes it one")?;
    let tables = tally(&mut moment).await?;

    watch.step("dumping");
    // Without a name, so that it goes with the process, however that ends.
    let file = tempfile::tempfile_in(&backups.folder).context(FULL)?;
    let (sha256, bytes) = dump(backups, url, &snapshot, making.format, &file).await?;
    moment.commit().await?;

    let key = Key::new(now, making.manual, making.format);
    upload(backups, &key, &file, (&sha256, bytes), watch).await?;
    let manifest = Manifest {
        key,
        at: now,
        format: making.format,
        bytes,
        sha256,
        seconds: begun.elapsed().as_secs_f64(),
        schema_version,
        postgres_version,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        database,
        restored_at,
        tables,
    };
    backups.store.put(&manifest.key.manifest(), serde_json::to_vec_pretty(&manifest)?).await?;
    // The connection holds the lock; if it broke meanwhile, another run may have been through since.
    db.ping()
        .await
        .context("the connection to the database broke meanwhile; the backup is kept, and no pointer moved")?;
    Pointer::to(&manifest).move_here(&backups.store).await?;
    Ok(manifest)
}

/// When the database was restored last.
async fn restored_at(db: &mut PgConnection) -> anyhow::Result<Option<DateTime<Utc>>> {
    // A schema from before restores were noted has no such table.
    if !sqlx::query_scalar("select to_regclass('public.restores') is not null").fetch_one(&mut *db).await? {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("select max(at) from restores").fetch_one(db).await?)
}

/// One connection, as everybody who looks after a database uses.
pub(super) async fn connect(url: &str) -> anyhow::Result<PgConnection> {
    let connecting = tokio::time::timeout(std::time::Duration::from_secs(10), PgConnection::connect(url)).await;
    connecting
        .context("no answer within ten seconds")
        .and_then(|connected| connected.map_err(Into::into))
        .context("PostgreSQL is out of reach; check the database's address and that the server runs")
}

/// The time now, once it is later than the newest backup's as keys tell it, in whole seconds.
///
/// # Errors
/// The newest backup is from the future: a clock is wrong, and a new one would not be the newest. Or it is of a database
/// that took the place of this one.
async fn after_the_newest(
    backups: &Backups,
    clock: &Clock,
    restored_at: Option<DateTime<Utc>>,
    take_over: bool,
) -> anyhow::Result<DateTime<Utc>> {
    let now = clock.now();
    // A store that is not there is found out before anything is dumped. Pointers that are damaged say nothing; this run
    // mends them.
    let Ok(Some(newest)) = Files::read(&backups.store).await?.pointer() else { return Ok(now) };
    let ahead = newest.key.at() - now;
    if ahead >= TimeDelta::zero() {
        bail!("the newest backup is of {}, and this machine's clock says {now}; set the clock by NTP", newest.key.at());
    }
    let later = keep::named(&backups.store, &newest.key).await.is_ok_and(|newest| newest.restored_at > restored_at);
    if later && !take_over {
        bail!(
            "the newest backup is of a database that was restored since this one was in use; stop what still serves from this \
             one. If the other one is only a copy, give that another GG_BACKUP_URL, and run `guestguard backup --take-over` once"
        );
    }
    if ahead > TimeDelta::seconds(-1) {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    Ok(clock.now())
}

/// Runs `pg_dump` into `file`: the hash and length of what it is then.
async fn dump(
    backups: &Backups,
    url: &str,
    snapshot: &str,
    format: Format,
    file: &File,
) -> anyhow::Result<(String, u64)> {
    let mut command = backups.programs.on("pg_dump", url)?;
    command.args(["--no-owner", "--no-privileges", "--no-password", "--encoding=UTF8", "--snapshot", snapshot]);
    // Whoever changes the schema for longer than this is waited for in vain.
    command.arg("--lock-wait-timeout=60s");
    if format == Format::Custom {
        command.arg("--format=custom");
    }
    let file = file.try_clone()?;
    // Whoever gives up waiting for us ends the program as well.
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("pg_dump does not start; install the package postgresql-client")?;
    let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        bail!("pg_dump has no output");
    };
    let mut stdout = File::from(stdout.into_owned_fd()?);
    // Its output is closed when writing ends, well or not, and the program with it.
    let writing = tokio::task::spawn_blocking(move || write(&mut stdout, format, file));
    let mut complaints = Vec::new();
    let (written, heard, status) = tokio::join!(writing, stderr.read_to_end(&mut complaints), child.wait());
    let (written, status) = (written?.context(FULL)?, status?);
    heard?;
    if !status.success() {
        bail!("pg_dump failed: {}", programs::said(&complaints));
    }
    if !written.whole {
        bail!("pg_dump ended before its last line");
    }
    Ok((written.sha256, written.bytes))
}

struct Written {
    sha256: String,
    bytes: u64,
    whole: bool,
}

fn write(from: &mut impl Read, format: Format, file: File) -> io::Result<Written> {
    let hashing = Hashing { file, hash: Sha256::new(), bytes: 0 };
    let (hashing, whole) = match format {
        Format::Plain => {
            let mut gzip = GzEncoder::new(hashing, Compression::default());
            let whole = copy(from, &mut gzip)?;
            (gzip.finish()?, whole)
        }
        Format::Custom => {
            let mut hashing = hashing;
            // The archive's own reader tells whether it is whole, when it is restored.
            copy(from, &mut hashing)?;
            (hashing, true)
        }
    };
    hashing.file.sync_all()?;
    Ok(Written { sha256: hex(&hashing.hash.finalize()), bytes: hashing.bytes, whole })
}

/// Copies everything; whether it ended with the line that `pg_dump` writes last.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let (mut piece, mut tail) = (vec![0; 128 * 1024], Vec::new());
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok(tail.windows(END.len()).any(|window| window == END));
        }
        to.write_all(&piece[..read])?;
        tail.extend_from_slice(&piece[..read]);
        tail.drain(..tail.len().saturating_sub(400));
    }
}

struct Hashing {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes the dump and reads it back; what came back otherwise is taken away again.
async fn upload(
    backups: &Backups,
    key: &Key,
    file: &File,
    ours: (&str, u64),
    watch: &dyn Progress,
) -> anyhow::Result<()> {
    if keep::exists(&backups.store, key).await? {
        bail!("{key} is there already; wait a second");
    }
    watch.step("writing");
    backups.store.put_file(key.as_str(), file, watch).await?;
    watch.step("reading back");
    let back = backups.store.read_through(key.as_str(), None, watch).await;
    let same = matches!(&back, Ok((sha256, bytes)) if (sha256.as_str(), *bytes) == ours);
    if !same {
        let cleared = backups.store.delete(key.as_str()).await;
        back?;
        cleared?;
        bail!("{key} came back otherwise than it was written; the store cannot be trusted");
    }
    Ok(())
}
