//! Encryption: mail servers and Redis are authenticated before they get any data.

use std::process::Stdio;

use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::support::{
    eventually,
    node::{binary, free_address, redis},
    python,
};

struct MailServer {
    port: String,
    stdout: Lines<BufReader<ChildStdout>>,
    folder: tempfile::TempDir,
    _process: Child,
}

impl MailServer {
    /// Starts a server with a certificate for `name`. `mode`: `tls` from the first byte, `starttls`, or `none`.
    async fn start(name: &str, mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/mail_server.py");
        let mut command = Command::new(python());
        command.arg(program).arg(folder.path()).args([name, mode]).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let mut stdout = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = stdout.next_line().await.unwrap().unwrap();
        Self { port, stdout, folder, _process: process }
    }

    /// Sends an email through it at `url`. Returns whether that succeeded, and the output.
    async fn send(&self, url: &str) -> (bool, String) {
        let mut command = binary("postgres://unused", "redis://unused", &["send-test", "--to", "ada@example.org"]);
        command.env("GG_SMTP_URL", url.replace("PORT", &self.port)).env("GG_MAIL_FROM", "post@guests.example");
        command.env("SSL_CERT_FILE", self.folder.path().join("authority.pem"));
        let output = command.output().await.unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

#[tokio::test]
async fn asvs_12_3_2_a_mail_server_with_another_name_gets_nothing() {
    for (mode, url) in [("tls", "smtps://localhost:PORT"), ("starttls", "smtp://localhost:PORT?tls=required")] {
        let mut trusted = MailServer::start("localhost", mode).await;
        let (sent, output) = trusted.send(url).await;
        assert!(sent, "{mode}: {output}");
        assert_eq!(trusted.stdout.next_line().await.unwrap().as_deref(), Some("taken"));

        let untrusted = MailServer::start("other.example", mode).await;
        let (sent, output) = untrusted.send(url).await;
        assert!(!sent && output.contains("certificate"), "{mode}: {output}");
    }
}

#[tokio::test]
async fn with_required_encryption_nothing_is_sent_in_clear() {
    let without = MailServer::start("localhost", "none").await;
    let (sent, output) = without.send("smtp://localhost:PORT?tls=required").await;
    assert!(!sent && output.contains("STARTTLS"), "{output}");
    let (sent, output) = without.send("smtp://localhost:PORT?tls=opportunistic").await;
    assert!(!sent && output.contains("tls=required"), "{output}");
}

/// The line of `doctor` about the Redis at `url`. It trusts the authority in `folder`.
async fn redis_status(url: &str, folder: &std::path::Path) -> String {
    let mut command = binary("postgres://127.0.0.1:1/unused", url, &["doctor"]);
    let output = command.env("SSL_CERT_FILE", folder.join("authority.pem")).output().await.unwrap();
    let output = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    output.lines().find(|line| line.contains("Redis")).unwrap_or_else(|| panic!("{output}")).to_owned()
}

#[tokio::test]
async fn asvs_12_3_2_a_redis_with_another_name_or_without_encryption_is_not_used() {
    for (name, is_trusted) in [("localhost", true), ("other.example", false)] {
        let folder = tempfile::tempdir().unwrap();
        let address = free_address().await;
        let port = address.rsplit(':').next().unwrap();
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/redis_tls.py");
        let mut command = Command::new(python());
        command.arg(program).arg(folder.path()).args([name, port]).stdout(Stdio::null());
        let _server = command.kill_on_drop(true).spawn().unwrap();
        eventually(async || tokio::net::TcpStream::connect(&address).await.is_ok()).await;
        let status = redis_status(&format!("rediss://localhost:{port}"), folder.path()).await;
        assert_eq!(status.contains("Redis: connected"), is_trusted, "{name}: {status}");
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("authority.pem"), "").unwrap();
    let plain = redis().replace("redis://", "rediss://");
    let status = redis_status(&plain, folder.path()).await;
    assert!(!status.contains("connected"), "{status}");
}
