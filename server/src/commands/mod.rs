//! The subcommands of `guestguard`.

pub mod backup;
pub mod doctor;
pub mod drill;
pub mod maintenance;
pub mod migrate;
pub mod outbox;
mod output;
mod progress;
pub mod restore;
pub mod restore_verify;
pub mod seed_demo;
pub mod send_test;
pub mod serve;
pub mod suppressions;
pub mod work;

use std::process::ExitCode;

/// The exit code of an error: 1, the command failed; 2, as for wrong arguments, the settings are invalid; 3, the command ran
/// and found a fault.
pub fn exit_code(cause: &anyhow::Error) -> ExitCode {
    if cause.is::<crate::config::ConfigError>() {
        ExitCode::from(2)
    } else if cause.is::<output::Unhealthy>() {
        ExitCode::from(3)
    } else {
        ExitCode::FAILURE
    }
}
