//! Backup: dumps a database, writes the dump to the store, reads it back, and then moves the latest pointer.

use std::{
    fs::File,
    io::{self, Read, Write},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use chrono::{DateTime, TimeDelta, Utc};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use sqlx::Connection;
use tokio::io::AsyncReadExt;

use crate::{
    BackupOptions, Format, Key, Manifest, Programs, Progress, Store, TEMPORARY_FILES, checksums, connect,
    pointer::{Pointer, PointerFiles},
    programs, retention,
};

/// The advisory lock that one backup of a database holds; any fixed number does.
const LOCK: i64 = 0x6261_636b_7570_0001;
/// The comment with which `pg_dump` ends.
const LAST_LINE: &[u8] = b"-- PostgreSQL database dump complete";

/// Backs up the database at `url`, whose migrations are those of sqlx. `now` reads the clock;
/// `permitted` runs once the checks allow this backup, before its snapshot.
///
/// # Errors
/// Another backup of the database is running, or something failed; then there is no new backup, and no pointer moved.
pub async fn back_up(
    store: &Store,
    programs: &Programs,
    url: &str,
    now: impl Fn() -> DateTime<Utc>,
    permitted: impl AsyncFnOnce(),
    options: BackupOptions,
    progress: &dyn Progress,
) -> anyhow::Result<Manifest> {
    let started = Instant::now();
    let mut db = connect(url).await?;
    if !sqlx::query_scalar("select pg_try_advisory_lock($1)").bind(LOCK).fetch_one(&mut db).await? {
        bail!("another backup of this database is running; wait for it");
    }
    let at = later_than_newest(store, now, &options).await?;
    permitted().await;

    progress.step("computing checksums");
    let mut snapshot = db.begin().await?;
    // One snapshot for the checksums and for `pg_dump`.
    sqlx::raw_sql("set transaction isolation level repeatable read, read only").execute(&mut *snapshot).await?;
    let snapshot_id: String = sqlx::query_scalar("select pg_export_snapshot()").fetch_one(&mut *snapshot).await?;
    let (postgres_version, database): (i32, String) =
        sqlx::query_as("select current_setting('server_version_num')::int, current_database()::text")
            .fetch_one(&mut *snapshot)
            .await?;
    programs.require_version("pg_dump", postgres_version)?;
    let schema_version = sqlx::query_scalar("select coalesce(max(version), 0) from _sqlx_migrations where success")
        .fetch_one(&mut *snapshot)
        .await
        .context("the database has no table _sqlx_migrations; apply the migrations first")?;
    let tables = checksums::compute(&mut snapshot).await?;

    progress.step("dumping");
    // A file without a name, so that it goes with the process, however that ends.
    let file = tempfile::tempfile().context(TEMPORARY_FILES)?;
    let (sha256, bytes) = dump(programs, url, &snapshot_id, options.format, &file).await?;
    snapshot.commit().await?;

    let key = Key::new(at, options.manual, options.format);
    upload(store, &key, &file, (&sha256, bytes), progress).await?;
    let manifest = Manifest {
        key,
        at,
        format: options.format,
        bytes,
        sha256,
        seconds: started.elapsed().as_secs_f64(),
        schema_version,
        postgres_version,
        program_version: options.program_version.to_owned(),
        database,
        restored_at: options.restored_at,
        tables,
    };
    store.put(&manifest.key.manifest(), serde_json::to_vec_pretty(&manifest)?).await?;
    // The connection holds the lock; if it broke, another backup may have finished since.
    db.ping()
        .await
        .context("the connection to the database broke; the backup is kept, but the latest pointer did not move")?;
    Pointer::to(&manifest).write(store).await?;
    Ok(manifest)
}

/// The time now, once it is later than that of the newest backup in whole seconds, as keys have them.
///
/// # Errors
/// The newest backup is from the future: a clock is wrong, and a new backup would not be the newest. Or it is of a
/// database that replaced this one.
async fn later_than_newest(
    store: &Store,
    now: impl Fn() -> DateTime<Utc>,
    options: &BackupOptions,
) -> anyhow::Result<DateTime<Utc>> {
    let started = now();
    // An unreachable store fails here, before the dump. Damaged pointers do not: this backup repairs them.
    let Ok(Some(newest)) = PointerFiles::read(store).await?.parse() else { return Ok(started) };
    let ahead = newest.key.at() - started;
    if ahead >= TimeDelta::zero() {
        bail!(
            "the newest backup is of {}, but this machine's clock says {started}; set the clock by NTP",
            newest.key.at()
        );
    }
    let replaced =
        retention::manifest(store, &newest.key).await.is_ok_and(|newest| newest.restored_at > options.restored_at);
    if replaced && !options.take_over {
        bail!(
            "the newest backup is of a database that was restored more recently than this one; stop every process that still \
             uses this database. If the other one is only a copy, give it a store of its own, and back up once with --take-over"
        );
    }
    if ahead > TimeDelta::seconds(-1) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(now())
}

/// Runs `pg_dump` into `file`. The hash and length of the file.
async fn dump(
    programs: &Programs,
    url: &str,
    snapshot_id: &str,
    format: Format,
    file: &File,
) -> anyhow::Result<(String, u64)> {
    let mut command = programs.connected("pg_dump", url)?;
    command.args(["--no-owner", "--no-privileges", "--no-password", "--encoding=UTF8", "--snapshot", snapshot_id]);
    // A migration may hold its locks for longer; then the backup fails instead of waiting.
    command.arg("--lock-wait-timeout=60s");
    if format == Format::Custom {
        command.arg("--format=custom");
    }
    let file = file.try_clone()?;
    let mut command = tokio::process::Command::from(command);
    // A caller that drops the future ends the program too.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().context("pg_dump does not start; install the package postgresql-client")?;
    let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        bail!("pg_dump has no output");
    };
    let mut stdout = File::from(stdout.into_owned_fd()?);
    // When writing ends, the pipe closes, and the program ends with it.
    let writing = tokio::task::spawn_blocking(move || write(&mut stdout, format, file));
    let mut messages = Vec::new();
    let (written, read, status) = tokio::join!(writing, stderr.read_to_end(&mut messages), child.wait());
    let (written, status) = (written?.context(TEMPORARY_FILES)?, status?);
    read?;
    if !status.success() {
        bail!("pg_dump failed: {}", programs::error_line(&messages));
    }
    if !written.complete {
        bail!("pg_dump ended before its last line");
    }
    Ok((written.sha256, written.bytes))
}

struct Written {
    sha256: String,
    bytes: u64,
    complete: bool,
}

fn write(from: &mut impl Read, format: Format, file: File) -> io::Result<Written> {
    let hashing = HashingFile { file, hash: Sha256::new(), bytes: 0 };
    let (hashing, complete) = match format {
        Format::Plain => {
            let mut gzip = GzEncoder::new(hashing, Compression::default());
            let complete = copy(from, &mut gzip)?;
            (gzip.finish()?, complete)
        }
        Format::Custom => {
            let mut hashing = hashing;
            // `pg_restore` checks that the archive is complete.
            copy(from, &mut hashing)?;
            (hashing, true)
        }
    };
    hashing.file.sync_all()?;
    Ok(Written { sha256: format!("{:x}", hashing.hash.finalize()), bytes: hashing.bytes, complete })
}

/// Copies everything. Whether it ended with `pg_dump`'s last line.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<bool> {
    let (mut buffer, mut tail) = (vec![0; 128 * 1024], Vec::new());
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(tail.windows(LAST_LINE.len()).any(|window| window == LAST_LINE));
        }
        to.write_all(&buffer[..read])?;
        tail.extend_from_slice(&buffer[..read]);
        tail.drain(..tail.len().saturating_sub(400));
    }
}

struct HashingFile {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for HashingFile {
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

/// Writes the dump and reads it back; a dump that differs is deleted.
async fn upload(
    store: &Store,
    key: &Key,
    file: &File,
    expected: (&str, u64),
    progress: &dyn Progress,
) -> anyhow::Result<()> {
    if retention::exists(store, key).await? {
        bail!("{key} already exists; wait a second");
    }
    progress.step("writing");
    store.put_file(key.as_str(), file, progress).await?;
    progress.step("reading back");
    let read = store.read(key.as_str(), None, progress).await;
    let same = matches!(&read, Ok((sha256, bytes)) if (sha256.as_str(), *bytes) == expected);
    if !same {
        let deleted = store.delete(key.as_str()).await;
        read?;
        deleted?;
        bail!("{key} read back from the store differs from what was written; the store is not reliable");
    }
    Ok(())
}
