use std::{path::Path, process::Stdio};

use anyhow::{Context, bail};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

/// The release build of GuestGuard, serving.
pub struct Serving {
    pub address: String,
    process: Child,
}

impl Serving {
    /// Starts it on the database at `database`, with mail to `smtp`; it works off nothing, so that what waits stays.
    pub async fn start(database: &str, secret_key: &str, smtp: &str) -> anyhow::Result<Self> {
        let program = Path::new("target/release/guestguard");
        if !program.exists() {
            bail!("{} is missing; bin/bench builds it", program.display());
        }
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string();
        let mut command = Command::new(program);
        command.args(["serve", "--no-work"]).envs(settings(database, secret_key, smtp, &address));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
        let out = process.stdout.take().context("the server has no output")?;
        BufReader::new(out).lines().next_line().await?.context("the server did not start")?;
        Ok(Self { address, process })
    }

    /// Kilobytes that it holds in memory now.
    pub fn memory(&self) -> anyhow::Result<f64> {
        let id = self.process.id().context("the server is gone")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).context("memory is read on Linux only")?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("no VmRSS")?.parse()?)
    }
}

/// The environment of a node that logs nothing and limits next to nothing.
pub fn settings(database: &str, secret_key: &str, smtp: &str, address: &str) -> Vec<(String, String)> {
    let fixed = [
        ("GG_ENV", "production"),
        ("GG_LOG", "error"),
        ("GG_DATABASE_URL", database),
        ("GG_SECRET_KEY", secret_key),
        ("GG_SMTP_URL", smtp),
        ("GG_MAIL_FROM", "post@guests.example"),
        ("GG_WARM_UP", "off"),
        ("GG_LISTEN", address),
    ];
    let mut settings: Vec<(String, String)> =
        fixed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    settings.push(("GG_PUBLIC_URL".into(), format!("http://{address}")));
    for limit in guestguard::rate_limits::Limit::ALL {
        settings.push((limit.setting().to_owned(), "100000000/60".into()));
    }
    settings
}
