use std::{
    io::{self, Read, Seek, Write},
    process::{Command, Stdio},
};

use anyhow::{Context, anyhow, bail};
use flate2::read::GzDecoder;
use sqlx::PgConnection;

use super::{
    Backups, Format, Manifest, Progress,
    dump::connect,
    programs,
    restricted::{WithoutRestrict, knows_restrict},
    store::FULL,
    tally::comparing,
};
use crate::{
    migrations::MIGRATOR,
    secrets::{hex, random_token, token_hash},
};

/// Loads a backup and compares every table with the manifest, in one transaction.
pub(super) async fn load(
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
    if to_regclass('public.outbox_pause') is not null then
        update public.outbox_pause set paused = true, reason = 'restored and not yet looked at', changed_at = now();
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
