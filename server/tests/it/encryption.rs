//! Mail servers and Redis prove who they are before they get anything.

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
    said: Lines<BufReader<ChildStdout>>,
    folder: tempfile::TempDir,
    _process: Child,
}

impl MailServer {
    /// One whose certificate is for `name`; `mode` is `tls` from the first byte, or `starttls`.
    async fn start(name: &str, mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/mail_server.py");
        let mut command = Command::new(python());
        command.arg(program).arg(folder.path()).args([name, mode]).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = said.next_line().await.unwrap().unwrap();
        Self { port, said, folder, _process: process }
    }

    /// What sending a mail through it at `url` says, and whether it went well.
    async fn tried(&self, url: &str) -> (bool, String) {
        let mut command = binary("postgres://unused", "redis://unused", &["send-test", "--to", "ada@example.org"]);
        command.env("GG_SMTP_URL", url.replace("PORT", &self.port)).env("GG_MAIL_FROM", "post@guests.example");
        command.env("SSL_CERT_FILE", self.folder.path().join("authority.pem"));
        let output = command.output().await.unwrap();
        (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

#[tokio::test]
async fn asvs_12_3_2_a_mail_server_with_anothers_name_gets_nothing() {
    for (mode, url) in [("tls", "smtps://localhost:PORT"), ("starttls", "smtp://localhost:PORT?tls=required")] {
        let mut right = MailServer::start("localhost", mode).await;
        let (sent, said) = right.tried(url).await;
        assert!(sent, "{mode}: {said}");
        assert_eq!(right.said.next_line().await.unwrap().as_deref(), Some("taken"));

        let wrong = MailServer::start("other.example", mode).await;
        let (sent, said) = wrong.tried(url).await;
        assert!(!sent && said.contains("certificate"), "{mode}: {said}");
    }
}

#[tokio::test]
async fn where_encryption_is_wanted_nothing_goes_in_clear() {
    let without = MailServer::start("localhost", "none").await;
    let (sent, said) = without.tried("smtp://localhost:PORT?tls=required").await;
    assert!(!sent && said.contains("STARTTLS"), "{said}");
    let (sent, said) = without.tried("smtp://localhost:PORT?tls=opportunistic").await;
    assert!(!sent && said.contains("tls=required"), "{said}");
}

/// What `doctor` says of the Redis at `url`, when it trusts the authority in `folder`.
async fn redis_told(url: &str, folder: &std::path::Path) -> String {
    let mut command = binary("postgres://127.0.0.1:1/unused", url, &["doctor"]);
    let output = command.env("SSL_CERT_FILE", folder.join("authority.pem")).output().await.unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    said.lines().find(|line| line.contains("Redis")).unwrap_or_else(|| panic!("{said}")).to_owned()
}

#[tokio::test]
async fn asvs_12_3_2_a_redis_with_anothers_name_or_without_encryption_is_not_spoken_to() {
    for (name, answers) in [("localhost", true), ("other.example", false)] {
        let folder = tempfile::tempdir().unwrap();
        let address = free_address().await;
        let port = address.rsplit(':').next().unwrap();
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/redis_tls.py");
        let mut command = Command::new(python());
        command.arg(program).arg(folder.path()).args([name, port]).stdout(Stdio::null());
        let _server = command.kill_on_drop(true).spawn().unwrap();
        eventually(async || tokio::net::TcpStream::connect(&address).await.is_ok()).await;
        let told = redis_told(&format!("rediss://localhost:{port}"), folder.path()).await;
        assert_eq!(told.contains("Redis: connected"), answers, "{name}: {told}");
    }
    let nobody = tempfile::tempdir().unwrap();
    std::fs::write(nobody.path().join("authority.pem"), "").unwrap();
    let plain = redis().replace("redis://", "rediss://");
    let told = redis_told(&plain, nobody.path()).await;
    assert!(!told.contains("answers"), "{told}");
}
