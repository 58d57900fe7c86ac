//! Output of the commands: lines, JSON, and figures for people.

use std::{
    fmt,
    io::{self, Write},
};

use serde::Serialize;

/// The command ran, but found a fault: a check failed, or a backup is late. The process exits with 3.
#[derive(Debug)]
pub struct Unhealthy(pub String);

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unhealthy {}

/// `println!` that ignores a closed pipe, so that `guestguard … | head` finishes its work and keeps its exit code.
macro_rules! say {
    ($($line:tt)*) => {
        $crate::commands::output::line(format_args!($($line)*))
    };
}
pub(super) use say;

/// The function behind [`say!`].
pub fn line(line: fmt::Arguments) {
    match writeln!(io::stdout(), "{line}") {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
            tracing::warn!(%cause, "the output could not be printed");
        }
        _ => {}
    }
}

/// Prints one line of JSON.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string(value)?);
    Ok(())
}

/// Bytes with a unit.
pub fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

/// A number and its noun, in the plural unless it is one.
pub fn count(n: impl fmt::Display, noun: &str) -> String {
    let n = n.to_string();
    let plural = if n == "1" { "" } else { "s" };
    format!("{n} {noun}{plural}")
}

/// A duration with a unit.
pub fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
