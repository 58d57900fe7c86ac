use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, ensure};
use guestguard::{
    auth::Host,
    backend::Backend,
    demo,
    error::Error,
    events::{self, EventForm},
    guests,
    ids::{EventId, InvitationId},
    invitations::{self, Selection},
    rate_limits::Limit,
};
use server::{config::Config, connect};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    load::Answered,
    mail::Mail,
    node::Node,
    proxy::Proxy,
    services::{Postgres, RedisServer, free_address},
};

pub const EMAIL: &str = "host@guests.example";
pub const PASSWORD: &str = "a bench of solid oak";

/// Everything that GuestGuard stands on, made for this run, and what happened there.
pub struct World {
    pub folder: TempDir,
    pub program: PathBuf,
    pub postgres: Postgres,
    pub redis: RedisServer,
    pub to_postgres: Proxy,
    pub to_redis: Proxy,
    pub mail: Mail,
    pub host: Host,
    /// Past the proxies.
    pub backend: Backend,
    secret_key: String,
    /// What guests were told.
    pub answered: Vec<Answered>,
    /// An event that was answered under clocks that differ: which answer is the newest cannot be told by its time.
    pub out_of_time: Option<EventId>,
    /// Mails that a crash may have left twice.
    pub in_doubt: usize,
    /// Addresses that must not be written to, and since when.
    pub stopped: Vec<(String, Instant)>,
    /// Whether calls passed a limit, and when.
    pub passes: Vec<(Instant, bool)>,
    /// Calls of a session that was ended: how long after, and whether they were let in.
    pub revoked: Vec<(Duration, bool)>,
    /// What must not stand in any log.
    pub secrets: Vec<String>,
}

impl World {
    pub async fn make(program: &Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("guestguard-faults-").tempdir_in("/tmp")?;
        let postgres = Postgres::start(folder.path())?;
        let redis = RedisServer::start()?;
        let mut admin = PgConnection::connect(&postgres.url("postgres")).await?;
        sqlx::raw_sql("create database guestguard").execute(&mut admin).await?;
        let mail = Mail::start().await?;
        let secret_key = guestguard::secrets::random_token()?;
        let (to_postgres, to_redis) = (Proxy::before(postgres.address).await?, Proxy::before(redis.address).await?);
        let direct = settings(&postgres.url("guestguard"), &redis.address.to_string(), &secret_key, &mail.url);
        let variables: HashMap<_, _> = direct.into_iter().collect();
        let config = Config::read(&variables).map_err(|faults| anyhow!("{faults:?}"))?;
        let backend = connect::backend(&config).await?;
        guestguard::migrations::migrate(&backend.db).await?;
        let host = demo::host(&backend, EMAIL, PASSWORD).await.map_err(Error::into_cause)?;
        let secrets = vec![secret_key.clone(), PASSWORD.to_owned()];
        Ok(Self {
            folder,
            program: program.to_owned(),
            postgres,
            redis,
            to_postgres,
            to_redis,
            mail,
            host,
            backend,
            secret_key,
            answered: Vec::new(),
            out_of_time: None,
            in_doubt: 0,
            stopped: Vec::new(),
            passes: Vec::new(),
            revoked: Vec::new(),
            secrets,
        })
    }

    /// A node that serves, behind the proxies; a worker is one of its own.
    pub async fn node(&self, extra: &[(&str, &str)]) -> anyhow::Result<Node> {
        self.process(&["serve", "--no-work"], extra).await
    }

    /// A node whose clock differs by so much.
    pub async fn node_at(&self, offset: &str) -> anyhow::Result<Node> {
        // The program itself would be a process in between, which a kill does not reach through.
        let asked = std::process::Command::new("faketime").args(["-f", offset, "printenv", "LD_PRELOAD"]).output();
        let library = String::from_utf8(asked.context("faketime; bin/faults installs it")?.stdout)?;
        // Timers are not clocks: those go on as ever.
        let extra = [("LD_PRELOAD", library.trim()), ("FAKETIME", offset), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")];
        self.node(&extra).await
    }

    pub async fn worker(&self) -> anyhow::Result<Node> {
        self.process(&["work"], &[]).await
    }

    async fn process(&self, arguments: &[&str], extra: &[(&str, &str)]) -> anyhow::Result<Node> {
        let database = format!("postgres://guestguard@{}/guestguard", self.to_postgres.address);
        let mut settings = settings(&database, &self.to_redis.address.to_string(), &self.secret_key, &self.mail.url);
        for (name, value) in extra {
            settings.retain(|(other, _)| other != name);
            settings.push(((*name).to_owned(), (*value).to_owned()));
        }
        let log = self.folder.path().join(format!("{}.log", Uuid::now_v7().simple()));
        Node::start(&self.program, arguments, &settings, log).await
    }

    /// A worker died: one mail at most had left without being noted.
    pub fn worker_died(&mut self) {
        self.in_doubt += 1;
    }

    /// PostgreSQL died: of one host ten mails at most were on their way, and that they had left may not have reached the disk.
    pub fn database_crashed(&mut self) {
        self.in_doubt += 10;
    }

    /// A connection past the proxies and pools.
    pub async fn database(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.postgres.url("guestguard")).await?)
    }

    pub async fn count(&self, sql: &'static str) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(&mut self.database().await?).await?)
    }

    /// An event with nobody on its list.
    pub async fn event(&self) -> anyhow::Result<EventId> {
        // Connections that a crash has broken are found out by their use.
        let idle = (0..self.backend.db.size()).map(|_| sqlx::query("select 1").execute(&self.backend.db));
        futures::future::join_all(idle).await;
        let form = EventForm {
            title: "A long table in the garden".into(),
            starts: "2099-06-20T18:30".into(),
            time_zone: "Europe/London".into(),
            party_size: "4".into(),
            ..EventForm::default()
        };
        events::actions::create(&self.backend, &self.host, &form).await.map_err(Error::into_cause)
    }

    /// An event with so many guests, who have their links; the links' secrets.
    pub async fn invited(&mut self, many: usize) -> anyhow::Result<(EventId, Vec<String>)> {
        let event = self.event().await?;
        let unique = Uuid::now_v7().simple().to_string();
        let lines: Vec<_> = (0..many).map(|n| format!("Guest {n:04} <{unique}.{n}@guests.example>")).collect();
        for part in lines.chunks(guests::MOST_AT_ONCE as usize) {
            let added = guests::actions::add_pasted(&self.backend, &self.host, event, &part.join("\n")).await;
            added.map_err(Error::into_cause)?;
        }
        let issued = invitations::actions::issue(&self.backend, &self.host, event, &Selection::All).await;
        ensure!(issued.map_err(Error::into_cause)?.messages == many, "not everybody was invited");
        let rows: Vec<(Uuid, Vec<u8>)> = sqlx::query_as("select id, token_sealed from invitations where event_id = $1")
            .bind(event.0)
            .fetch_all(&mut self.database().await?)
            .await?;
        let open = |(id, sealed): (Uuid, Vec<u8>)| self.backend.secrets.open(&sealed, InvitationId(id).0);
        let tokens = rows.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
        self.secrets.extend(tokens.iter().cloned());
        Ok((event, tokens))
    }

    /// Messages that wait are not sent: they are not what is looked at.
    pub async fn cancel_messages(&self) -> anyhow::Result<()> {
        let cancel = "update notifications set state = 'cancelled' where state = 'queued'";
        sqlx::raw_sql(cancel).execute(&mut self.database().await?).await?;
        Ok(())
    }

    /// A browser in which the host is signed in.
    pub async fn signed_in(&self, address: &str) -> anyhow::Result<reqwest::Client> {
        let browser = client();
        let form = [("form[email]", EMAIL), ("form[password]", PASSWORD)];
        let answer = browser.post(format!("http://{address}/api/auth/sign-in"));
        let answer = answer.header("accept", "application/json").form(&form).send().await?;
        ensure!(answer.status() == 200, "signing in: {}", answer.status());
        Ok(browser)
    }

    /// What all processes have said.
    pub fn logs(&self) -> anyhow::Result<String> {
        let mut said = String::new();
        for file in std::fs::read_dir(self.folder.path())?.flatten() {
            if file.path().extension().is_some_and(|extension| extension == "log") {
                said += &std::fs::read_to_string(file.path())?;
            }
        }
        Ok(said)
    }
}

/// A browser that follows nothing and waits no longer than people do.
pub fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().cookie_store(true).no_proxy().redirect(reqwest::redirect::Policy::none());
    client.timeout(Duration::from_secs(30)).user_agent("Mozilla/5.0 Firefox/140.0").build().unwrap_or_default()
}

/// Seconds until `done` says so, looked at every 20 ms.
pub async fn until(longest: Duration, mut done: impl AsyncFnMut() -> anyhow::Result<bool>) -> anyhow::Result<f64> {
    let begun = Instant::now();
    loop {
        if done().await.unwrap_or(false) {
            return Ok(begun.elapsed().as_secs_f64());
        }
        ensure!(begun.elapsed() < longest, "it did not come to that within {longest:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The environment of a process that limits next to nothing.
fn settings(database: &str, redis: &str, secret_key: &str, smtp: &str) -> Vec<(String, String)> {
    let listen = free_address().map(|address| address.to_string()).unwrap_or_default();
    let mut settings: Vec<(String, String)> = [
        ("GG_ENV", "production"),
        ("GG_LOG", "info"),
        ("GG_DATABASE_URL", database),
        ("GG_REDIS_URL", &format!("redis://{redis}")),
        ("GG_SECRET_KEY", secret_key),
        ("GG_SMTP_URL", smtp),
        ("GG_MAIL_FROM", "post@guests.example"),
        ("GG_WARM_UP", "off"),
        ("GG_LISTEN", &listen),
        ("GG_PUBLIC_URL", &format!("http://{listen}")),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    settings.extend(Limit::ALL.map(|limit| (limit.setting().to_owned(), "1000000/60".to_owned())));
    settings
}
