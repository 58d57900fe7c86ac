use std::{
    fmt,
    io::{self, Write},
};

use serde::Serialize;

/// It was done, and what came out is not well: a check failed, or a backup is late. The process ends with 3.
#[derive(Debug)]
pub struct NotWell(pub String);

impl fmt::Display for NotWell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotWell {}

/// Prints a line as `println!` does, but goes on when nobody reads it: of `guestguard … | head` the work and the exit code stay.
macro_rules! say {
    ($($line:tt)*) => {
        $crate::commands::output::line(format_args!($($line)*))
    };
}
pub(super) use say;

/// What [`say!`] prints by.
pub fn line(line: fmt::Arguments) {
    match writeln!(io::stdout(), "{line}") {
        Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
            tracing::warn!(%cause, "what came out could not be printed");
        }
        _ => {}
    }
}

/// Prints what came out as one line of JSON.
pub fn print_json(what: &impl Serialize) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string(what)?);
    Ok(())
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

/// A span of time as people read it.
pub fn span(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
