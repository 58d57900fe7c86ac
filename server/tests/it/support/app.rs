use std::{net::SocketAddr, path::PathBuf};

use guestguard::{backend::Backend, ids::EventId};
use server::{
    config::{Config, Environment},
    connect,
    live::Hub,
    router,
};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Actor;

/// A running node with a database of its own.
pub struct App {
    pub address: SocketAddr,
    pub backend: Backend,
    stop: CancellationToken,
}

impl App {
    /// A node that writes its mail into files.
    pub async fn start(db: PgPool) -> Self {
        Self::start_with(db, None).await
    }

    /// A node that sends through `smtp_url`.
    pub async fn start_with(db: PgPool, smtp_url: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config {
            environment: Environment::Development,
            database_url: String::new(),
            redis_url: std::env::var("GG_REDIS_URL").expect("GG_REDIS_URL must be set; `bin/services env` prints it"),
            public_url: format!("http://{address}").parse().unwrap(),
            secret_key: guestguard::secrets::random_token().unwrap(),
            smtp_url,
            mail_from: "GuestGuard <post@guests.example>".into(),
            listen: address,
            metrics_listen: None,
            local_dir: std::env::temp_dir().join("guestguard-it").join(uuid::Uuid::now_v7().to_string()),
            site_root: PathBuf::from("target/site"),
        };
        guestguard::jobs::migrate(&db).await.unwrap();
        let backend = connect::assemble(&config, db).await.unwrap();
        let stop = CancellationToken::new();
        let hub = Hub::connect(&config, stop.clone()).await.unwrap();
        let sessions = connect::redis(&config).await.unwrap();
        let router = router::router(&config, backend.clone(), sessions, hub).unwrap();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let served = axum::serve(listener, service).with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::spawn(async move { served.await });
        Self { address, backend, stop }
    }

    /// Somebody without an account or link.
    pub fn anonymous(&self) -> Actor {
        Actor::new(self.address)
    }

    /// A host with a fresh account, signed up through the form.
    pub async fn host(&self, name: &str) -> Actor {
        let actor = self.anonymous();
        let email = format!("{}@example.org", name.to_lowercase());
        let fields = [("form[name]", name), ("form[email]", &email), ("form[password]", "correct horse battery")];
        let answer = actor.post("/api/auth/sign-up", "/sign-up", &fields).await;
        assert_eq!(answer.location(), "/dashboard", "sign-up of {name}");
        actor
    }

    /// Runs all jobs that are due, as the worker would.
    pub async fn work(&self) {
        let worker = guestguard::jobs::worker(&self.backend, std::future::pending()).await.unwrap();
        worker.run_once().await.unwrap();
    }

    /// The texts of the messages written for `address`, newest first.
    pub async fn mails(&self, address: &str) -> Vec<String> {
        let folder = self.backend.mailer.outbox_folder().unwrap();
        let mut texts = Vec::new();
        for name in guestguard::notifications::outbox::list(folder).await.unwrap() {
            let raw = guestguard::notifications::outbox::read(folder, &name).await.unwrap().unwrap();
            let mail = mail_parser::MessageParser::default().parse(&raw).unwrap();
            if mail.to().and_then(|to| to.first()).and_then(|to| to.address()) == Some(address) {
                texts.push(mail.body_text(0).unwrap().into_owned());
            }
        }
        texts
    }

    /// What one number query says.
    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.backend.db).await.unwrap()
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

/// The event that a redirect leads to.
pub fn event_of(location: &str) -> EventId {
    location.trim_start_matches("/dashboard/events/").split('/').next().unwrap().parse().unwrap()
}
