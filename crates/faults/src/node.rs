//! One GuestGuard process: a node or a worker.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::process::{Child, Command};

/// A process of GuestGuard: a node or a worker.
pub struct Node {
    pub address: String,
    process: Child,
}

impl Node {
    /// Starts `guestguard` with `arguments` and waits until `/livez` responds, or until a worker's log says that it works.
    pub async fn start(
        program: &Path,
        arguments: &[&str],
        settings: &[(String, String)],
        log: PathBuf,
    ) -> anyhow::Result<Self> {
        let address = settings.iter().find(|(name, _)| name == "GG_LISTEN").map(|(_, address)| address.clone());
        let out = std::fs::OpenOptions::new().create(true).append(true).open(&log)?;
        let before = std::fs::metadata(&log)?.len();
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", std::env::var("PATH").unwrap_or_default());
        command.envs(settings.iter().cloned()).stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out);
        let process = command.kill_on_drop(true).spawn().with_context(|| program.display().to_string())?;
        let mut node = Self { address: address.context("GG_LISTEN is not set")?, process };
        let begun = Instant::now();
        loop {
            let ready = match arguments.first() {
                Some(&"work") => {
                    std::fs::read_to_string(&log)?.get(before as usize..).is_some_and(|text| text.contains("working"))
                }
                _ => node.livez().await,
            };
            if ready {
                return Ok(node);
            }
            let ended = node.process.try_wait()?;
            ensure!(
                ended.is_none() && begun.elapsed() < Duration::from_secs(30),
                "it did not start; see {}",
                log.display()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn livez(&self) -> bool {
        let response = crate::fixture::client().get(format!("http://{}/livez", self.address)).send().await;
        response.is_ok_and(|response| response.status() == 200)
    }

    /// Kills it.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Stops it gracefully. Returns how long that took.
    pub async fn stop(&mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let id = self.process.id().context("it has already ended")?.to_string();
        ensure!(std::process::Command::new("kill").args(["-TERM", &id]).status()?.success(), "SIGTERM cannot be sent");
        let status =
            tokio::time::timeout(Duration::from_secs(30), self.process.wait()).await.context("it does not stop")??;
        ensure!(status.success(), "it ended with {status}");
        Ok(begun.elapsed())
    }

    /// Resident memory, in megabytes.
    pub fn memory(&self) -> anyhow::Result<f64> {
        Ok(testkit::process::resident_kilobytes(self.process.id())? / 1000.0)
    }
}
