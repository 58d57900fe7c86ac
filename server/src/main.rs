//! The binary `guestguard`: serves, works and maintains an installation.

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
    /// Serve the web site, and run jobs
    Serve(commands::serve::Serve),
    /// Run jobs only, on any number of machines
    Work,
    /// Apply pending database migrations
    Migrate,
    /// Create the demo account
    SeedDemo(commands::seed_demo::SeedDemo),
    /// Show, pause, resume or cancel queued messages
    #[command(subcommand)]
    Outbox(commands::outbox::Outbox),
    /// Manage the suppression list
    #[command(subcommand)]
    Suppressions(commands::suppressions::Suppressions),
    /// Send one test message through the configured provider
    SendTest(commands::send_test::SendTest),
    /// Back up the database, or manage the backups
    Backup(commands::backup::Backup),
    /// Restore a backup to a database, make it safe to serve, and verify it
    Restore(commands::restore::Restore),
    /// Check that a database is complete and consistent, for instance after a restore
    RestoreVerify(commands::restore_verify::RestoreVerify),
    /// Test a restore: restore the newest backup to a scratch database, verify it, and serve it
    Drill(commands::drill::Drill),
    /// Close the service for maintenance, or open it again
    #[command(subcommand)]
    Maintenance(commands::maintenance::Maintenance),
    /// Check the configuration and its services, and show how to fix what is missing
    Doctor,
}

#[tokio::main]
async fn main() -> ExitCode {
    keep_pages_small();
    let result = match Arguments::parse().command {
        Command::Serve(serve) => commands::serve::run(serve).await,
        Command::Work => commands::work::run().await,
        Command::Migrate => commands::migrate::run().await,
        Command::SeedDemo(seed) => commands::seed_demo::run(seed).await,
        Command::Outbox(outbox) => commands::outbox::run(outbox).await,
        Command::Suppressions(suppressions) => commands::suppressions::run(suppressions).await,
        Command::SendTest(send) => commands::send_test::run(send).await,
        Command::Backup(backup) => commands::backup::run(backup).await,
        Command::Restore(restore) => commands::restore::run(restore).await,
        Command::RestoreVerify(verify) => commands::restore_verify::run(verify).await,
        Command::Drill(drill) => commands::drill::run(drill).await,
        Command::Maintenance(maintenance) => commands::maintenance::run(maintenance).await,
        Command::Doctor => commands::doctor::run().await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            // A closed stderr does not change the exit code.
            let _ = writeln!(std::io::stderr(), "guestguard: {}", guestguard::backup::describe(&cause));
            commands::exit_code(&cause)
        }
    }
}

/// The allocator asks for huge pages, which round each of its arenas up to 2 MiB: 20 MB of an idle process that nobody uses.
fn keep_pages_small() {
    #[cfg(target_os = "linux")]
    if let Err(cause) = rustix::thread::disable_transparent_huge_pages(true) {
        tracing::debug!(%cause, "could not disable huge pages");
    }
}
