//! Test fixture: services, proxies, a backend, and a record of what happened.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, ensure};
use guestguard::{
    actors::Host,
    backend::Backend,
    error::Error,
    ids::EventId,
    invitations::{self, Selection},
};
use server::{config::Config, connect};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use testkit::{
    fake_smtp::FakeSmtp,
    seed::{self, EMAIL, PASSWORD},
};
use uuid::Uuid;

use crate::{
    load::SentReply,
    node::Node,
    proxy::Proxy,
    services::{Postgres, RedisServer, free_address},
};

/// The services that GuestGuard needs, started for this run, and a record of what happened.
pub struct Fixture {
    pub folder: TempDir,
    pub program: PathBuf,
    pub postgres: Postgres,
    pub redis: RedisServer,
    pub to_postgres: Proxy,
    pub to_redis: Proxy,
    pub smtp: FakeSmtp,
    pub host: Host,
    /// Connected directly, not through the proxies.
    pub backend: Backend,
    secret_key: String,
    /// Replies sent by guests, with their responses.
    pub replies: Vec<SentReply>,
    /// An event with replies from nodes with different clocks, whose times do not say which reply is the newest.
    pub skewed_event: Option<EventId>,
    /// Emails that a crash may have duplicated.
    pub in_doubt: usize,
    /// Addresses that must not be written to, and since when.
    pub stopped: Vec<(String, Instant)>,
    /// Calls under a rate limit: when, and whether they passed.
    pub passes: Vec<(Instant, bool)>,
    /// Calls with a revoked session: how long after, and whether they passed.
    pub revoked: Vec<(Duration, bool)>,
    /// What must not appear in any log.
    pub secrets: Vec<String>,
}

impl Fixture {
    pub async fn make(program: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("guestguard-faults-").tempdir_in("/tmp")?;
        let postgres = Postgres::start(folder.path())?;
        let redis = RedisServer::start()?;
        let mut admin = PgConnection::connect(&postgres.url("postgres")).await?;
        sqlx::raw_sql("create database guestguard").execute(&mut admin).await?;
        let smtp = FakeSmtp::start().await?;
        let secret_key = guestguard::secrets::random_token()?;
        let (to_postgres, to_redis) = (Proxy::before(postgres.address).await?, Proxy::before(redis.address).await?);
        let direct = settings(&postgres.url("guestguard"), &redis.address.to_string(), &secret_key, &smtp.url)?;
        let variables: HashMap<_, _> = direct.into_iter().collect();
        let config = Config::read(&variables).map_err(|errors| anyhow!("{errors:?}"))?;
        let backend = connect::backend(&config).await?;
        guestguard::migrations::migrate(&backend.db).await?;
        let host = seed::host(&backend, EMAIL, PASSWORD).await.map_err(Error::into_cause)?;
        let secrets = vec![secret_key.clone(), PASSWORD.to_owned()];
        Ok(Self {
            folder,
            program: program.to_owned(),
            postgres,
            redis,
            to_postgres,
            to_redis,
            smtp,
            host,
            backend,
            secret_key,
            replies: Vec::new(),
            skewed_event: None,
            in_doubt: 0,
            stopped: Vec::new(),
            passes: Vec::new(),
            revoked: Vec::new(),
            secrets,
        })
    }

    /// A node behind the proxies, without a worker.
    pub async fn node(&self, extra: &[(&str, &str)]) -> anyhow::Result<Node> {
        self.process(&["serve", "--no-work"], extra).await
    }

    /// A node whose clock is off by `offset`.
    pub async fn node_at(&self, offset: &str) -> anyhow::Result<Node> {
        // faketime itself would be a parent process, and a kill would not reach the node.
        let printed = std::process::Command::new("faketime").args(["-f", offset, "printenv", "LD_PRELOAD"]).output();
        let library = String::from_utf8(printed.context("faketime; bin/faults installs it")?.stdout)?;
        // Timers are not affected.
        let extra = [("LD_PRELOAD", library.trim()), ("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
        self.node(&extra).await
    }

    pub async fn worker(&self) -> anyhow::Result<Node> {
        self.process(&["work"], &[]).await
    }

    async fn process(&self, arguments: &[&str], extra: &[(&str, &str)]) -> anyhow::Result<Node> {
        let database = format!("postgres://guestguard@{}/guestguard", self.to_postgres.address);
        let mut settings = settings(&database, &self.to_redis.address.to_string(), &self.secret_key, &self.smtp.url)?;
        for (name, value) in extra {
            settings.retain(|(other, _)| other != name);
            settings.push(((*name).to_owned(), (*value).to_owned()));
        }
        let log = self.folder.path().join(format!("{}.log", Uuid::now_v7().simple()));
        Node::start(&self.program, arguments, &settings, log).await
    }

    /// A worker died: at most one email was sent but not recorded.
    pub fn worker_died(&mut self) {
        self.in_doubt += 1;
    }

    /// PostgreSQL died: at most ten emails of one host were in flight, and their records may not have reached the disk.
    pub fn database_crashed(&mut self) {
        self.in_doubt += 10;
    }

    /// A direct connection to the database.
    pub async fn database(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.postgres.url("guestguard")).await?)
    }

    pub async fn count(&self, sql: &'static str) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(&mut self.database().await?).await?)
    }

    /// An event without guests.
    pub async fn event(&self) -> anyhow::Result<EventId> {
        // Connections that a crash has broken are noticed only by their use.
        let idle = (0..self.backend.db.size()).map(|_| sqlx::query("select 1").execute(&self.backend.db));
        futures::future::join_all(idle).await;
        seed::event(&self.backend, &self.host).await.map_err(Error::into_cause)
    }

    /// An event with `many` invited guests; the tokens of their links.
    pub async fn invited(&mut self, many: usize) -> anyhow::Result<(EventId, Vec<String>)> {
        let event = self.event().await?;
        let unique = Uuid::now_v7().simple().to_string();
        let lines: Vec<_> = (0..many).map(|n| format!("Guest {n:04} <{unique}.{n}@guests.example>")).collect();
        seed::add_guests(&self.backend, &self.host, event, &lines).await.map_err(Error::into_cause)?;
        let issued = invitations::actions::issue(&self.backend, &self.host, event, &Selection::All).await;
        ensure!(issued.map_err(Error::into_cause)?.messages == many, "not everybody was invited");
        let links = seed::links(&self.backend, event).await.map_err(Error::into_cause)?;
        let tokens: Vec<_> = links.into_iter().map(|link| link.token).collect();
        self.secrets.extend(tokens.iter().cloned());
        Ok((event, tokens))
    }

    /// Cancels all queued messages.
    pub async fn cancel_messages(&self) -> anyhow::Result<()> {
        let cancel = "update notifications set state = 'cancelled' where state = 'queued'";
        sqlx::raw_sql(cancel).execute(&mut self.database().await?).await?;
        Ok(())
    }

    /// A browser in which the host is signed in.
    pub async fn signed_in(&self, address: &str) -> anyhow::Result<reqwest::Client> {
        let browser = client();
        let form = [("form[email]", EMAIL), ("form[password]", PASSWORD)];
        let response = browser.post(format!("http://{address}/api/auth/sign-in"));
        let response = response.header("accept", "application/json").form(&form).send().await?;
        ensure!(response.status() == 200, "signing in: {}", response.status());
        Ok(browser)
    }

    /// The logs of all processes.
    pub fn logs(&self) -> anyhow::Result<String> {
        let mut text = String::new();
        for file in std::fs::read_dir(self.folder.path())?.flatten() {
            if file.path().extension().is_some_and(|extension| extension == "log") {
                text += &std::fs::read_to_string(file.path())?;
            }
        }
        Ok(text)
    }
}

/// A browser that follows no redirects and gives up after 30 seconds.
pub fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().cookie_store(true).no_proxy().redirect(reqwest::redirect::Policy::none());
    client.timeout(Duration::from_secs(30)).user_agent("Mozilla/5.0 Firefox/140.0").build().unwrap_or_default()
}

/// The environment of a process on a free address, with rate limits that nobody reaches.
fn settings(database: &str, redis: &str, secret_key: &str, smtp: &str) -> anyhow::Result<Vec<(String, String)>> {
    let mut settings = testkit::process::settings(database, secret_key, smtp, &free_address()?.to_string(), "info");
    settings.push(("GG_REDIS_URL".to_owned(), format!("redis://{redis}")));
    Ok(settings)
}
