use std::process::ExitCode;

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
    SeedDemo,
    /// Look at the messages that wait, hold them back, or let them go on.
    #[command(subcommand)]
    Outbox(commands::outbox::Outbox),
    /// Send one message to somebody, to see whether the provider takes it.
    SendTest(commands::send_test::SendTest),
    /// Say what is configured, what is reachable and what is missing.
    Doctor,
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(serve) => commands::serve::run(serve).await,
        Command::Work => commands::work::run().await,
        Command::Migrate => commands::migrate::run().await,
        Command::SeedDemo => commands::seed_demo::run().await,
        Command::Outbox(outbox) => commands::outbox::run(outbox).await,
        Command::SendTest(send) => commands::send_test::run(send).await,
        Command::Doctor => commands::doctor::run().await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            eprintln!("guestguard: {cause:#}");
            ExitCode::FAILURE
        }
    }
}
