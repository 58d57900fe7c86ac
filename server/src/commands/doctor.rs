use anyhow::bail;
use guestguard::{
    clock::Clock,
    notifications::{Channel, postman},
};

use super::output::say;
use crate::{
    config::{self, Config, Environment},
    connect,
};

/// `guestguard doctor`: what is configured, what is reachable, what is missing and what to do about it. Fails when
/// something is missing, so that scripts can ask.
pub async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let mut report = Report::default();
    report.fine(
        "environment",
        match config.environment {
            Environment::Development => "development",
            Environment::Production => "production",
        },
    );
    report.fine("public address", config.public_url.as_str());
    report.fine("listens on", &config.listen.to_string());
    database(&config, &mut report).await;
    match connect::redis(&config).await {
        Ok(_) => report.fine("Redis", "answers"),
        Err(cause) => report.bad("Redis", &format!("{cause:#}")),
    }
    messages(&config, &mut report).await;
    backups(&config, &mut report).await;
    let package = config.site_root.join("pkg.txt");
    match package.exists() {
        true => report.fine("site files", &config.site_root.display().to_string()),
        false => report.bad("site files", "not built; run bin/build, or set GG_SITE_ROOT"),
    }
    report.finish()
}

async fn database(config: &Config, report: &mut Report) {
    let db = match connect::database(&config.database_url, config::DATABASE_CONNECTIONS).await {
        Ok(db) => db,
        Err(cause) => return report.bad("PostgreSQL", &format!("{cause:#}")),
    };
    match guestguard::migrations::pending(&db).await {
        Ok(pending) if pending.is_empty() => {
            report.fine("PostgreSQL", "answers; the schema is up to date");
            match postman::paused(&db).await {
                Ok(None) => report.fine("outbox", "messages leave"),
                Ok(Some(reason)) => report.bad("outbox", &format!("paused: {reason}; run `guestguard outbox resume`")),
                Err(error) => report.bad("outbox", &format!("{error:?}")),
            }
        }
        Ok(pending) => {
            report.bad(
                "PostgreSQL",
                &format!("answers, but migrations {pending:?} are missing; run `guestguard migrate`"),
            );
        }
        Err(cause) => report.bad("PostgreSQL", &format!("{cause:#}")),
    }
}

async fn backups(config: &Config, report: &mut Report) {
    let backups = match config.backups.open() {
        Ok(Some(backups)) => backups,
        Ok(None) => {
            return report.fine("backups", "none; set GG_BACKUP_URL and GG_BACKUP_SCHEDULE=hourly to make them");
        }
        Err(cause) => return report.bad("backups", &format!("{cause:#}")),
    };
    match backups.status(Clock::System.now()).await {
        Ok(status) if status.faults.is_empty() => {
            let age = super::output::span(status.age_seconds.unwrap_or_default());
            report.fine("backups", &format!("{} are kept, the newest is {age} old", status.backups));
        }
        Ok(status) => report.bad("backups", &status.faults.join("; ")),
        Err(cause) => report.bad("backups", &cause),
    }
}

async fn messages(config: &Config, report: &mut Report) {
    let senders = match config.messages.senders(&config.local_dir) {
        Ok(senders) => senders,
        Err(cause) => return report.bad("messages", &format!("{cause:#}")),
    };
    if let Some(folder) = senders.outbox_folder() {
        let remedy = "set GG_RESEND_API_KEY, GG_SMTP_URL or GG_SES_REGION to send it";
        return report.fine("mail", &format!("written to {}; {remedy}", folder.display()));
    }
    for (name, channel) in [("mail", Channel::Email), ("text messages", Channel::Sms)] {
        let Some(sender) = senders.on(channel) else {
            report.fine(name, "no provider; set GG_TWILIO_ACCOUNT_SID to send them");
            continue;
        };
        match sender.ping().await {
            Ok(()) => report.fine(name, &format!("{} answers; sender {}", sender.key(), config.messages.from)),
            Err(cause) => {
                report.bad(name, &format!("{}: {cause:#}; check its settings and that it runs", sender.key()))
            }
        }
    }
}

#[derive(Default)]
struct Report {
    missing: usize,
}

impl Report {
    fn fine(&self, name: &str, what: &str) {
        say!("  ok       {name}: {what}");
    }

    fn bad(&mut self, name: &str, what: &str) {
        say!("  missing  {name}: {what}");
        self.missing += 1;
    }

    fn finish(self) -> anyhow::Result<()> {
        match self.missing {
            0 => say!("All is well."),
            n => bail!("{n} missing"),
        }
        Ok(())
    }
}
