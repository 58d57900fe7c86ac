//! GuestGuard as a process of its own.

use std::{path::Path, process::Stdio};

use anyhow::{Context, bail};
use testkit::process::settings;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

/// The release build of GuestGuard as a server.
pub struct Serving {
    pub address: String,
    process: Child,
}

impl Serving {
    /// Starts it on `database`, with email to `smtp` and without a worker, so that queued messages stay.
    pub async fn start(database: &str, secret_key: &str, smtp: &str) -> anyhow::Result<Self> {
        let program = Path::new("target/release/guestguard");
        if !program.exists() {
            bail!("{} is missing; bin/bench builds it", program.display());
        }
        let address = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.to_string();
        let mut command = Command::new(program);
        command.args(["serve", "--no-work"]).envs(settings(database, secret_key, smtp, &address, "error"));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
        let out = process.stdout.take().context("the server has no output")?;
        BufReader::new(out).lines().next_line().await?.context("the server did not start")?;
        Ok(Self { address, process })
    }

    /// Resident memory, in kilobytes.
    pub fn memory(&self) -> anyhow::Result<f64> {
        testkit::process::resident_kilobytes(self.process.id())
    }
}
