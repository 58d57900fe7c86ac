use anyhow::bail;

use crate::{
    config::{Config, Environment},
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
    mail(&config, &mut report).await;
    let package = config.site_root.join("pkg.txt");
    match package.exists() {
        true => report.fine("site files", &config.site_root.display().to_string()),
        false => report.bad("site files", "not built; run bin/build, or set GG_SITE_ROOT"),
    }
    report.finish()
}

async fn database(config: &Config, report: &mut Report) {
    let db = match connect::database(&config.database_url).await {
        Ok(db) => db,
        Err(cause) => return report.bad("PostgreSQL", &format!("{cause:#}")),
    };
    match guestguard::migrations::pending(&db).await {
        Ok(pending) if pending.is_empty() => report.fine("PostgreSQL", "answers; the schema is up to date"),
        Ok(pending) => {
            report.bad(
                "PostgreSQL",
                &format!("answers, but migrations {pending:?} are missing; run `guestguard migrate`"),
            );
        }
        Err(cause) => report.bad("PostgreSQL", &format!("{cause:#}")),
    }
}

async fn mail(config: &Config, report: &mut Report) {
    let outbox = config.local_dir.join("outbox");
    let mailer =
        guestguard::notifications::mailer::Mailer::new(config.smtp_url.as_deref(), outbox.clone(), &config.mail_from);
    match (mailer, &config.smtp_url) {
        (Err(cause), _) => report.bad("mail", &format!("{cause:#}; check GG_SMTP_URL and GG_MAIL_FROM")),
        (Ok(_), None) => {
            report.fine("mail", &format!("written to {}; set GG_SMTP_URL to send it", outbox.display()));
        }
        (Ok(mailer), Some(_)) => match mailer.ping().await {
            Ok(()) => report.fine("mail", &format!("the SMTP server answers; sender {}", config.mail_from)),
            Err(cause) => report.bad("mail", &format!("{cause:#}; check GG_SMTP_URL and that the server runs")),
        },
    }
}

#[derive(Default)]
struct Report {
    missing: usize,
}

impl Report {
    fn fine(&self, name: &str, what: &str) {
        println!("  ok       {name}: {what}");
    }

    fn bad(&mut self, name: &str, what: &str) {
        println!("  missing  {name}: {what}");
        self.missing += 1;
    }

    fn finish(self) -> anyhow::Result<()> {
        match self.missing {
            0 => println!("All is well."),
            n => bail!("{n} missing"),
        }
        Ok(())
    }
}
