//! PostgreSQL and Redis servers of a run.

use std::{
    net::SocketAddr,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

/// A PostgreSQL server with fsync.
#[derive(Debug)]
pub struct Postgres {
    folder: PathBuf,
    pub address: SocketAddr,
    settings: Vec<String>,
}

impl Postgres {
    /// Creates a server in a folder below `within` and starts it.
    pub fn start(within: &Path) -> anyhow::Result<Self> {
        let server = Self::new(within, "primary", &["wal_level=replica", "hot_standby=on"])?;
        server.run("initdb", &["-U", "guestguard", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-D"], true)?;
        std::fs::OpenOptions::new().append(true).open(server.data().join("pg_hba.conf")).and_then(|mut file| {
            use std::io::Write;
            writeln!(file, "host replication all 127.0.0.1/32 trust")
        })?;
        server.up()?;
        Ok(server)
    }

    /// A streaming standby of this server.
    pub fn standby(&self, within: &Path) -> anyhow::Result<Self> {
        let standby = Self::new(within, "standby", &["hot_standby=on"])?;
        let from = format!("host=127.0.0.1 port={} user=guestguard application_name=standby", self.address.port());
        standby.run("pg_basebackup", &["-R", "-X", "stream", "-c", "fast", "-d", &from, "-D"], true)?;
        standby.up()?;
        Ok(standby)
    }

    fn new(within: &Path, name: &str, settings: &[&str]) -> anyhow::Result<Self> {
        let folder = within.join(name);
        std::fs::create_dir_all(&folder)?;
        if let Some((user, group)) = postgres_user()? {
            for folder in [within, &folder] {
                chown(folder, Some(user), Some(group))?;
            }
        }
        let settings = settings.iter().map(|setting| format!("-c {setting}")).collect();
        Ok(Self { folder, address: free_address()?, settings })
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://guestguard@{}/{database}", self.address)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts it and waits until it is ready.
    pub fn up(&self) -> anyhow::Result<()> {
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=150 {}",
            self.address.port(),
            self.settings.join(" ")
        );
        let log = self.folder.join("log").display().to_string();
        self.run("pg_ctl", &["start", "-w", "-t", "60", "-l", &log, "-o", &options, "-D"], true)
    }

    /// Stops it at once, like a crash.
    pub fn crash(&self) -> anyhow::Result<()> {
        self.run("pg_ctl", &["stop", "-m", "immediate", "-w", "-D"], true)
    }

    pub fn promote(&self) -> anyhow::Result<()> {
        self.run("pg_ctl", &["promote", "-w", "-D"], true)
    }

    fn run(&self, program: &str, arguments: &[&str], with_data: bool) -> anyhow::Result<()> {
        let mut command = Command::new(programs()?.join(program));
        command.args(arguments).stdin(Stdio::null()).current_dir("/");
        if with_data {
            command.arg(self.data());
        }
        if let Some((user, group)) = postgres_user()? {
            command.uid(user).gid(group);
        }
        // A file, since a server that keeps running would hold a pipe open.
        let output = tempfile::tempfile()?;
        let status = command.stdout(output.try_clone()?).stderr(output).status().with_context(|| program.to_owned())?;
        ensure!(status.success(), "{program} {arguments:?} in {} ended with {status}", self.folder.display());
        Ok(())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        _ = self.crash();
    }
}

/// PostgreSQL refuses to run as root.
fn postgres_user() -> anyhow::Result<Option<(u32, u32)>> {
    let id = |arguments: &[&str]| -> anyhow::Result<u32> {
        let output = Command::new("id").args(arguments).output()?;
        String::from_utf8(output.stdout)?.trim().parse().context("there is no user postgres")
    };
    Ok(if id(&["-u"])? == 0 { Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)) } else { None })
}

/// The newest PostgreSQL that is installed.
fn programs() -> anyhow::Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").map(|folder| folder.flatten().map(|entry| entry.path()));
    let newest = versions.ok().and_then(|versions| versions.filter(|path| path.join("bin/postgres").exists()).max());
    newest.map(|path| path.join("bin")).context("PostgreSQL is not installed; bin/services installs it")
}

/// A Redis server without persistence.
#[derive(Debug)]
pub struct RedisServer {
    pub address: SocketAddr,
    process: std::process::Child,
}

impl RedisServer {
    pub fn start() -> anyhow::Result<Self> {
        let address = free_address()?;
        Ok(Self { address, process: Self::process(address)? })
    }

    fn process(address: SocketAddr) -> anyhow::Result<std::process::Child> {
        let port = address.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("redis-server; bin/services installs it")
    }

    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    pub fn up(&mut self) -> anyhow::Result<()> {
        self.process = Self::process(self.address)?;
        Ok(())
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        _ = self.kill();
    }
}

/// A free address outside the ephemeral port range.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    let mut tries = (0..100).map(|_| SocketAddr::from(([127, 0, 0, 1], fastrand::u16(20_000..32_000))));
    tries.find(|address| std::net::TcpListener::bind(address).is_ok()).context("no port is free")
}
