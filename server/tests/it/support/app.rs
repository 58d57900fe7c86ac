use std::{collections::HashMap, net::SocketAddr, path::PathBuf};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
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

/// What all hosts of the tests sign in with.
pub const PASSWORD: &str = "correct horse battery";

/// What tests set.
pub struct Settings {
    /// Providers of messages, as the environment would name them; empty: messages are written into files.
    pub providers: Vec<(&'static str, String)>,
    /// Proxies in front.
    pub proxies: usize,
    /// `None`: the one that all tests share.
    pub redis_url: Option<String>,
    pub limits: Vec<(Limit, Rate)>,
    /// Whether browsers come over HTTPS.
    pub https: bool,
    /// What links are sealed with; `None`: a key of the node's own.
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
    /// What other nodes on the same database need.
    pub secret_key: String,
    redis_url: String,
    pub certificates: Certificates,
    stop: CancellationToken,
}

impl App {
    /// A node that writes its mail into files and limits next to nothing.
    pub async fn start(db: PgPool) -> Self {
        Self::start_with(db, Settings::default()).await
    }

    /// A node with settings of its own.
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

    /// A host with a fresh account: signed up, proven and signed in through the forms.
    pub async fn host(&self, name: &str) -> Actor {
        let actor = self.anonymous();
        let email = format!("{}@example.org", name.to_lowercase());
        let fields =
            [("form[name]", name), ("form[email]", &email), ("form[password]", PASSWORD), ("form[accepted]", "true")];
        let answer = actor.post("/api/auth/sign-up", "/sign-up", &fields).await;
        assert_eq!(answer.location(), "/sign-in", "sign-up of {name}");
        self.prove(&actor, &email).await;
        assert_eq!(actor.sign_in(&email, PASSWORD).await.location(), "/dashboard", "sign-in of {name}");
        actor
    }

    /// Opens the link in the mail and presses its button. Where mail goes to a server of the test's, the test counts
    /// mails, and the address is proven behind the door.
    async fn prove(&self, actor: &Actor, email: &str) {
        if self.backend.transports.dev_outbox().is_none() {
            self.verify_account(email).await;
            self.jobs().clear().await;
            self.outbox().clear().await;
            return;
        }
        self.work().await;
        let link = account_link(&self.mails(email).await[0]);
        let token = link.rsplit('/').next().unwrap();
        let proven = actor.post("/api/auth/verify", &link, &[("token", token)]).await;
        assert_eq!(proven.location(), "/sign-in");
    }

    /// Runs all jobs that are due and sends the messages that are, as the worker would.
    pub async fn work(&self) {
        let worker = guestguard::registry::worker(&self.services, std::future::pending()).await.unwrap();
        worker.run_once().await.unwrap();
        guestguard::notifications::worker::drain(&self.backend).await.unwrap();
    }

    /// Writes down the openings that were gathered.
    pub async fn settle(&self) {
        self.services.accesses.flush().await.unwrap();
    }

    /// The texts of the messages written for `address`, newest first.
    pub async fn mails(&self, address: &str) -> Vec<String> {
        let outbox = self.backend.transports.dev_outbox().unwrap();
        let mut texts = Vec::new();
        for name in outbox.list().await.unwrap() {
            let raw = outbox.read(&name).await.unwrap().unwrap();
            let mail = mail_parser::MessageParser::default().parse(&raw).unwrap();
            if mail.to().and_then(|to| to.first()).and_then(|to| to.address()) == Some(address) {
                texts.push(mail.body_text(0).unwrap().into_owned());
            }
        }
        texts
    }

    /// Makes the time at which a cookie was replaced so many seconds earlier.
    pub async fn age_replaced_cookie(&self, cookie: &str, seconds: i64) {
        let id = cookie.split('=').nth(1).unwrap();
        let hash = BASE64_URL_SAFE_NO_PAD.encode(&guestguard::secrets::token_hash(id)[..16]);
        let key = format!("gg:replaced-session:{hash}");
        let redis = self.redis().await;
        let left: i64 = redis.ttl(key.as_str()).await.unwrap();
        let aged: i64 = redis.expire(key, left - seconds, None).await.unwrap();
        assert_eq!(aged, 1, "the cookie was replaced");
    }

    /// A connection to the node's Redis.
    pub async fn redis(&self) -> Client {
        let config = fred::types::config::Config::from_url(&self.redis_url).unwrap();
        let redis = Builder::from_config(config).build().unwrap();
        redis.init().await.unwrap();
        redis
    }

    /// Lets go of everything, as at a shutdown.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// What somebody with this address types to open an account.
pub fn sign_up_of(email: &str) -> [(&str, &str); 4] {
    [("form[name]", "Eve"), ("form[email]", email), ("form[password]", PASSWORD), ("form[accepted]", "true")]
}

/// The path of the link in an account mail.
pub fn account_link(mail: &str) -> String {
    let address = mail.lines().find(|line| line.starts_with("http")).expect("a link in the mail").trim();
    format!("/{}", address.splitn(4, '/').nth(3).unwrap())
}

/// The event that a redirect leads to.
pub fn event_of(location: &str) -> EventId {
    location.trim_start_matches("/dashboard/events/").split('/').next().unwrap().parse().unwrap()
}
