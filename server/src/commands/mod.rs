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
pub mod work;

use std::process::ExitCode;

/// What the process ends with: 1, it could not be done; 2, as for wrong arguments, the settings do not do; 3, it was done
/// and something is not well.
pub fn exit_code(cause: &anyhow::Error) -> ExitCode {
    if cause.is::<crate::config::Faults>() {
        ExitCode::from(2)
    } else if cause.is::<output::NotWell>() {
        ExitCode::from(3)
    } else {
        ExitCode::FAILURE
    }
}
