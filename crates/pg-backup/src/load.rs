//! Restore: loads a backup into a database and compares it with its manifest, in one transaction.

use std::{
    fmt::Write as _,
    io::{self, Read, Seek, Write},
    process::{Command, Stdio},
};

use anyhow::{Context, anyhow, bail};
use flate2::read::GzDecoder;
use sqlx::PgConnection;

use crate::{
    Format, Manifest, Programs, Progress, Store, TEMPORARY_FILES, checksums, connect,
    dump_filter::{WithoutRestrict, supports_restrict},
    programs,
};

/// How a backup is loaded.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoadOptions {
    /// Deletes what the target holds.
    pub replace: bool,
    /// SQL that runs after the dump, in the same transaction.
    pub then: &'static str,
}

/// Loads a backup into the database at `into`, and compares every table with the manifest.
///
/// # Errors
/// The backup does not match its manifest, the target is not empty, or loading failed; then the target is unchanged.
pub async fn load(
    store: &Store,
    programs: &Programs,
    manifest: &Manifest,
    into: &str,
    options: LoadOptions,
    progress: &dyn Progress,
) -> anyhow::Result<()> {
    let mut target = connect(into).await?;
    let version: i32 =
        sqlx::query_scalar("select current_setting('server_version_num')::int").fetch_one(&mut target).await?;
    if version / 10_000 < manifest.postgres_version / 10_000 {
        bail!(
            "{} comes from PostgreSQL {}, but the target is {}; restore it to a server of that version or a newer one",
            manifest.key,
            manifest.postgres_version / 10_000,
            version / 10_000
        );
    }
    programs.require_version("psql", version)?;
    let empty = is_empty(&mut target).await?;
    if !options.replace && !empty {
        bail!("the target database is not empty; restore to an empty one, or delete its contents with --replace");
    }

    progress.step("downloading");
    let mut file = tempfile::tempfile().context(TEMPORARY_FILES)?;
    let (sha256, bytes) = store.read(manifest.key.as_str(), Some(&file), progress).await?;
    if sha256 != manifest.sha256 {
        bail!(
            "{} is damaged: it has {bytes} bytes with the SHA-256 {sha256}, but was written with {} bytes and {}; restore \
             another backup",
            manifest.key,
            manifest.bytes,
            manifest.sha256
        );
    }
    progress.step("loading");
    let clear = if empty { "" } else { CLEAR };
    file.rewind()?;
    let (programs, format, end) =
        (programs.clone(), manifest.format, checksums::assertion(&manifest.tables) + options.then);
    // Anybody who can write to the store can forge a dump; it must run nothing but SQL, and only in this database.
    let start = match supports_restrict(programs.version("psql")?) {
        true => format!("\\restrict {}\n{clear}", random_key()?),
        false => clear.to_owned(),
    };
    let psql = programs.connected("psql", into)?;
    tokio::task::spawn_blocking(move || match format {
        Format::Plain => run(psql, &start, GzDecoder::new(file), || Ok(()), &end),
        Format::Custom => {
            let mut reader = programs.command("pg_restore");
            reader.args(["--no-owner", "--no-privileges", "--file=-"]);
            let mut reader = reader.stdin(file).stdout(Stdio::piped()).spawn().context("pg_restore does not start")?;
            let sql = reader.stdout.take().context("pg_restore has no output")?;
            let complete = || {
                anyhow::ensure!(reader.wait()?.success(), "pg_restore cannot read it to the end");
                Ok(())
            };
            run(psql, &start, sql, complete, &end)
        }
    })
    .await??;
    Ok(())
}

/// A key for `\restrict` that the dump cannot know.
fn random_key() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|cause| anyhow!("no random bytes: {cause}"))?;
    bytes.iter().try_fold(String::new(), |mut key, byte| {
        write!(key, "{byte:02x}")?;
        Ok(key)
    })
}

/// Whether the database holds nothing but what a new one does.
async fn is_empty(db: &mut PgConnection) -> anyhow::Result<bool> {
    let relations: i64 = sqlx::query_scalar(
        "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'",
    )
    .fetch_one(db)
    .await?;
    Ok(relations == 0)
}

/// Runs before the dump, in its transaction: the old contents go only if the new ones arrive complete.
const CLEAR: &str = "
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

/// Runs SQL through `psql`, all of it or nothing: `start`, the dump, and `end`. `complete` fails if the dump ended early.
fn run(
    mut psql: Command,
    start: &str,
    sql: impl Read,
    complete: impl FnOnce() -> anyhow::Result<()>,
    end: &str,
) -> anyhow::Result<()> {
    psql.args(["--no-psqlrc", "--quiet", "--no-password", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = psql.spawn().context("psql does not start; install the package postgresql-client")?;
    let (Some(mut stdin), Some(mut stderr)) = (child.stdin.take(), child.stderr.take()) else {
        bail!("psql has no input");
    };
    let messages = std::thread::spawn(move || {
        let mut text = Vec::new();
        stderr.read_to_end(&mut text).map(|_| text)
    });
    let sent = stdin.write_all(start.as_bytes()).and_then(|()| io::copy(&mut WithoutRestrict::new(sql), &mut stdin));
    let sent = match sent {
        // `psql` gave up; its messages say why.
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(cause) => Err(cause.into()),
        Ok(_) => complete().and_then(|()| Ok(stdin.write_all(end.as_bytes())?)),
    };
    if sent.is_err() {
        // At the end of its input `psql` would commit.
        child.kill()?;
    }
    drop(stdin);
    let status = child.wait()?;
    let messages = messages.join().map_err(|_| anyhow!("the messages of psql could not be read"))??;
    sent.with_context(|| format!("{UNCHANGED}: the dump is damaged"))?;
    if !status.success() {
        bail!("{UNCHANGED}: {}", programs::error_line(&messages));
    }
    Ok(())
}

const UNCHANGED: &str = "loading failed, and the target is unchanged";
