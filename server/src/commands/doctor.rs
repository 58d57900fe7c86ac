//! `guestguard doctor`: checks the configuration and its services, and says how to fix what is missing.

use anyhow::bail;
use guestguard::{clock::Clock, notifications::outbox};

use super::output::{count, say};
use crate::{
    config::{self, Config, Environment},
    connect,
};

/// Checks everything; fails if something is missing, for scripts.
pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let mut checklist = Checklist::default();
    checklist.ok(
        "environment",
        match config.environment {
            Environment::Development => "development",
            Environment::Production => "production",
        },
    );
    checklist.ok("public URL", config.public_url.as_str());
    checklist.ok("listen address", &config.listen.to_string());
    database(&config, &mut checklist).await;
    match connect::redis(&config).await {
        Ok(_) => checklist.ok("Redis", "connected"),
        Err(cause) => checklist.missing("Redis", &format!("{cause:#}")),
    }
    messages(&config, &mut checklist).await;
    backups(&config, &mut checklist).await;
    let package = config.site_root.join("pkg.txt");
    match package.exists() {
        true => checklist.ok("site files", &config.site_root.display().to_string()),
        false => checklist.missing("site files", "not built; run bin/build, or set GG_SITE_ROOT"),
    }
    checklist.finish()
}

async fn database(config: &Config, checklist: &mut Checklist) {
    let db = match connect::database(&config.database_url, config::DATABASE_CONNECTIONS).await {
        Ok(db) => db,
        Err(cause) => return checklist.missing("PostgreSQL", &format!("{cause:#}")),
    };
    match guestguard::migrations::pending(&db).await {
        Ok(pending) if pending.is_empty() => {
            checklist.ok("PostgreSQL", "connected; the schema is up to date");
            match outbox::paused(&db).await {
                Ok(None) => checklist.ok("outbox", "sending is on"),
                Ok(Some(reason)) => {
                    checklist.missing("outbox", &format!("paused: {reason}; run `guestguard outbox resume`"));
                }
                Err(error) => checklist.missing("outbox", &format!("{error:?}")),
            }
        }
        Ok(pending) => checklist.missing(
            "PostgreSQL",
            &format!("connected, but migrations {pending:?} are pending; run `guestguard migrate`"),
        ),
        Err(cause) => checklist.missing("PostgreSQL", &format!("{cause:#}")),
    }
}

async fn backups(config: &Config, checklist: &mut Checklist) {
    let backups = match config.backups.open() {
        Ok(Some(backups)) => backups,
        Ok(None) => {
            return checklist.ok("backups", "off; set GG_BACKUP_URL and GG_BACKUP_SCHEDULE=hourly to make them");
        }
        Err(cause) => return checklist.missing("backups", &format!("{cause:#}")),
    };
    match backups.status(Clock::System.now()).await {
        Ok(status) if status.faults.is_empty() => {
            let age = super::output::span(status.age_seconds.unwrap_or_default());
            checklist.ok("backups", &format!("{} stored, the newest is {age} old", status.backups));
        }
        Ok(status) => checklist.missing("backups", &status.faults.join("; ")),
        Err(cause) => checklist.missing("backups", &cause),
    }
}

async fn messages(config: &Config, checklist: &mut Checklist) {
    let transports = match config.messages.transports(&config.local_dir) {
        Ok(transports) => transports,
        Err(cause) => return checklist.missing("messages", &format!("{cause:#}")),
    };
    if let Some(outbox) = transports.dev_outbox() {
        let remedy = "set GG_RESEND_API_KEY, GG_SMTP_URL or GG_SES_REGION to send it";
        return checklist.ok("email", &format!("written to {}; {remedy}", outbox.folder().display()));
    }
    for (name, transport) in [("email", Some(transports.email())), ("SMS", transports.sms())] {
        let Some(transport) = transport else {
            checklist.ok(name, "no provider; set GG_TWILIO_ACCOUNT_SID to send SMS");
            continue;
        };
        match transport.ping().await {
            Ok(()) => checklist.ok(name, &format!("{} connected; sender {}", transport.name(), config.messages.from)),
            Err(cause) => checklist
                .missing(name, &format!("{}: {cause:#}; check its settings and that it is running", transport.name())),
        }
    }
}

#[derive(Default)]
struct Checklist {
    missing: usize,
}

impl Checklist {
    fn ok(&self, name: &str, detail: &str) {
        say!("  ok       {name}: {detail}");
    }

    fn missing(&mut self, name: &str, detail: &str) {
        say!("  missing  {name}: {detail}");
        self.missing += 1;
    }

    fn finish(self) -> anyhow::Result<()> {
        match self.missing {
            0 => say!("All checks passed."),
            n => bail!("{} failed", count(n, "check")),
        }
        Ok(())
    }
}
