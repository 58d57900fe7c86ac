//! GuestGuard processes: their environment and memory.

use anyhow::Context;
use guestguard::rate_limits::Limit;

/// The environment of a node on `listen`, with rate limits that nobody reaches. The caller adds `GG_REDIS_URL`.
pub fn settings(database: &str, secret_key: &str, smtp: &str, listen: &str, log: &str) -> Vec<(String, String)> {
    let mut settings: Vec<(String, String)> = [
        ("GG_ENV", "production"),
        ("GG_LOG", log),
        ("GG_DATABASE_URL", database),
        ("GG_SECRET_KEY", secret_key),
        ("GG_SMTP_URL", smtp),
        ("GG_MAIL_FROM", "post@guests.example"),
        ("GG_WARM_UP", "off"),
        ("GG_LISTEN", listen),
        ("GG_PUBLIC_URL", &format!("http://{listen}")),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    settings.extend(Limit::ALL.map(|limit| (limit.setting().to_owned(), "100000000/60".to_owned())));
    settings
}

/// Resident memory of the process `id`, in kilobytes.
///
/// # Errors
/// The process has ended, or this is not Linux.
pub fn resident_kilobytes(id: Option<u32>) -> anyhow::Result<f64> {
    let id = id.context("the process has ended")?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).context("memory is read on Linux only")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no VmRSS")?.parse()?)
}
