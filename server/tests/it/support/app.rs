//! A node in the test's process.

use std::{collections::HashMap, net::SocketAddr, path::PathBuf};

use fred::prelude::*;
use guestguard::{
    backend::Backend,
    ids::EventId,
    rate_limits::{Limit, Rate},
    services::Services,
};
use server::{
    config::{self, Config, Environment},
    connect, listen,
    live::Hub,
    router,
};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Actor, Certificates};

/// The password of all hosts.
pub const PASSWORD: &str = "correct horse battery";

/// Settings of a node.
pub struct Settings {
    /// Environment variables, as of providers. Without a provider, messages are written into files.
    pub providers: Vec<(&'static str, String)>,
    /// How many proxies are in front.
    pub proxies: usize,
    /// `None`: the Redis that all tests share.
    pub redis_url: Option<String>,
    pub limits: Vec<(Limit, Rate)>,
    /// Whether browsers use HTTPS.
    pub https: bool,
    /// `None`: a random key.
    pub secret_key: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let limits = Limit::ALL.map(|limit| (limit, Rate { calls: 100_000, seconds: 60 })).into();
        Self { providers: Vec::new(), proxies: 0, redis_url: None, limits, https: false, secret_key: None }
    }
}

/// A running node with a database of its own.
pub struct App {
    pub address: SocketAddr,
    pub backend: Backend,
    pub services: Services,
    /// Other nodes on the same database need it.
    pub secret_key: String,
    redis_url: String,
    pub certificates: Certificates,
    stop: CancellationToken,
}

impl App {
    /// A node that writes its emails into files and has very high rate limits.
    pub async fn start(db: PgPool) -> Self {
        Self::start_with(db, Settings::default()).await
    }

    /// A node with other settings.
    pub async fn start_with(db: PgPool, settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut variables: HashMap<String, String> =
            settings.providers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        for (name, value) in [
            ("GG_ENV", "development"),
            ("GG_DATABASE_URL", "postgres://unused"),
            ("GG_REDIS_URL", "redis://unused"),
            ("GG_SECRET_KEY", "q1zTYzNPGhvCSGNrGzRFVUX5Zp9zJmDkVt7G1HMSkhQ"),
            ("GG_MAIL_FROM", "GuestGuard <post@guests.example>"),
        ] {
            variables.insert(name.into(), value.into());
        }
        let read = Config::read(&variables).unwrap();
        let config = Config {
            environment: Environment::Development,
            database_url: String::new(),
            database_connections: config::DATABASE_CONNECTIONS,
            redis_url: settings.redis_url.unwrap_or_else(|| {
                std::env::var("GG_REDIS_URL").expect("GG_REDIS_URL must be set; `bin/services env` prints it")
            }),
            public_url: format!("{}://{address}", if settings.https { "https" } else { "http" }).parse().unwrap(),
            secret_key: settings.secret_key.unwrap_or_else(|| guestguard::secrets::random_token().unwrap()),
            legal_urls: read.legal_urls,
            messages: read.messages,
            billing: read.billing,
            backups: read.backups,
            maintenance: false,
            operators: vec!["operator@example.org".into()],
            listen: address,
            metrics_listen: None,
            trusted_proxies: settings.proxies,
            limits: settings.limits.into_iter().collect(),
            local_dir: std::env::temp_dir().join("guestguard-it").join(uuid::Uuid::now_v7().to_string()),
            site_root: PathBuf::from("target/site"),
        };
        guestguard::queue::migrate(&db).await.unwrap();
        let services = connect::build_services(&config, db).await.unwrap();
        let backend = services.backend.clone();
        let certificates = Certificates::default();
        let stop = CancellationToken::new();
        let hub = Hub::connect(&config, stop.clone()).await.unwrap();
        let router = router::router(&config, services.clone(), hub, certificates.clone()).unwrap();
        tokio::spawn(backend.maintenance.clone().watch(backend.redis.clone(), stop.clone().cancelled_owned()));
        tokio::spawn(listen::serve(listener, router, stop.clone()));
        Self {
            address,
            backend,
            services,
            secret_key: config.secret_key,
            redis_url: config.redis_url,
            certificates,
            stop,
        }
    }

    /// Another node with the default settings on the same database.
    pub async fn another_node(&self) -> Self {
        Self::start(self.backend.db.clone()).await
    }

    /// Somebody without an account or link.
    pub fn anonymous(&self) -> Actor {
        Actor::new(self.address)
    }

    /// A host with a new account: signed up, verified and signed in through the forms.
    pub async fn host(&self, name: &str) -> Actor {
        let actor = self.anonymous();
        let email = format!("{}@example.org", name.to_lowercase());
        let fields =
            [("form[name]", name), ("form[email]", &email), ("form[password]", PASSWORD), ("form[accepted]", "true")];
        let response = actor.post("/api/auth/sign-up", "/sign-up", &fields).await;
        assert_eq!(response.location(), "/sign-in", "sign-up of {name}");
        self.verify(&actor, &email).await;
        assert_eq!(actor.sign_in(&email, PASSWORD).await.location(), "/dashboard", "sign-in of {name}");
        actor
    }

    /// Opens the link in the email and presses its button. If emails go to a server of the test, which counts them, the
    /// address is verified in the database instead.
    async fn verify(&self, actor: &Actor, email: &str) {
        if self.backend.transports.dev_outbox().is_none() {
            self.verify_account(email).await;
            self.jobs().clear().await;
            self.outbox().clear().await;
            return;
        }
        self.work().await;
        let link = account_link(&self.emails(email).await[0]);
        let token = link.rsplit('/').next().unwrap();
        let verified = actor.post("/api/auth/verify", &link, &[("token", token)]).await;
        assert_eq!(verified.location(), "/sign-in");
    }

    /// Runs all due jobs and sends all due messages, as the worker does.
    pub async fn work(&self) {
        let worker = guestguard::registry::worker(&self.services, std::future::pending()).await.unwrap();
        worker.run_once().await.unwrap();
        guestguard::notifications::worker::drain(&self.backend).await.unwrap();
    }

    /// Writes the buffered accesses.
    pub async fn flush_accesses(&self) {
        self.services.accesses.flush().await.unwrap();
    }

    /// The texts of the emails to `address`, newest first.
    pub async fn emails(&self, address: &str) -> Vec<String> {
        let outbox = self.backend.transports.dev_outbox().unwrap();
        let mut texts = Vec::new();
        for name in outbox.list().await.unwrap() {
            let raw = outbox.read(&name).await.unwrap().unwrap();
            let email = mail_parser::MessageParser::default().parse(&raw).unwrap();
            if email.to().and_then(|to| to.first()).and_then(|to| to.address()) == Some(address) {
                texts.push(email.body_text(0).unwrap().into_owned());
            }
        }
        texts
    }

    /// A connection to the node's Redis.
    pub async fn redis(&self) -> Client {
        let config = fred::types::config::Config::from_url(&self.redis_url).unwrap();
        let redis = Builder::from_config(config).build().unwrap();
        redis.init().await.unwrap();
        redis
    }

    /// Shuts the node down.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The fields of a sign-up with that address.
pub fn sign_up_of(email: &str) -> [(&str, &str); 4] {
    [("form[name]", "Eve"), ("form[email]", email), ("form[password]", PASSWORD), ("form[accepted]", "true")]
}

/// The path of the link in an account email.
pub fn account_link(email: &str) -> String {
    let address = email.lines().find(|line| line.starts_with("http")).expect("a link in the email").trim();
    format!("/{}", address.splitn(4, '/').nth(3).unwrap())
}

/// The event that a redirect leads to.
pub fn event_of(location: &str) -> EventId {
    location.trim_start_matches("/dashboard/events/").split('/').next().unwrap().parse().unwrap()
}
