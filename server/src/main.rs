use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};
use server::commands;

/// Password hashes take 19 MiB each on changing threads. The C library's allocator keeps such blocks once for each
/// thread, which came to hundreds of megabytes; this one gives them back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// GuestGuard, the guest list that people trust.
#[derive(Parser)]
#[command(name = "guestguard", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the web site, and work off jobs.
    Serve(commands::serve::Serve),
    /// Work off jobs only.
    Work,
    /// Bring the database's schema up to date.
    Migrate,
    /// Make the demonstration account.
    SeedDemo(commands::seed_demo::SeedDemo),
    /// Look at the messages that wait, hold them back, or let them go on.
    #[command(subcommand)]
    Outbox(commands::outbox::Outbox),
    /// Send one message to somebody, to see whether the provider takes it.
    SendTest(commands::send_test::SendTest),
    /// Back the database up, or look after the backups.
    Backup(commands::backup::Backup),
    /// Restore a backup into a database, make it safe to serve, and verify it.
    Restore(commands::restore::Restore),
    /// Check that the database is whole: the gate after a restore.
    RestoreVerify(commands::restore_verify::RestoreVerify),
    /// Rehearse a restore: the newest backup into a scratch database, verified and served.
    Drill(commands::drill::Drill),
    /// Close the service for a while, or open it again.
    #[command(subcommand)]
    Maintenance(commands::maintenance::Maintenance),
    /// Say what is configured, what is reachable and what is missing.
    Doctor,
}

#[tokio::main]
async fn main() -> ExitCode {
    keep_pages_small();
    let done = match Arguments::parse().command {
        Command::Serve(serve) => commands::serve::run(serve).await,
        Command::Work => commands::work::run().await,
        Command::Migrate => commands::migrate::run().await,
        Command::SeedDemo(seed) => commands::seed_demo::run(seed).await,
        Command::Outbox(outbox) => commands::outbox::run(outbox).await,
        Command::SendTest(send) => commands::send_test::run(send).await,
        Command::Backup(backup) => commands::backup::run(backup).await,
        Command::Restore(restore) => commands::restore::run(restore).await,
        Command::RestoreVerify(verify) => commands::restore_verify::run(verify).await,
        Command::Drill(drill) => commands::drill::run(drill).await,
        Command::Maintenance(asked) => commands::maintenance::run(asked).await,
        Command::Doctor => commands::doctor::run().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            // Who does not listen any more gets the exit code all the same.
            let _ = writeln!(std::io::stderr(), "guestguard: {cause:#}");
            commands::exit_code(&cause)
        }
    }
}

/// The allocator asks for huge pages, which round each of its arenas up to 2 MiB: 20 MB of an idle process that nobody uses.
fn keep_pages_small() {
    #[cfg(target_os = "linux")]
    if let Err(cause) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%cause, "huge pages stay as they are");
    }
}
