//! Configuration: all `GG_*` settings, parsed once.

use std::{collections::HashMap, fmt, net::SocketAddr, path::PathBuf};

use app::ui::legal::LegalUrls;
use guestguard::rate_limits::{Limit, Rate};
use url::Url;

mod backup;
mod billing;
mod messages;
mod reader;

pub use backup::{BackupConfig, Backups, RestoreConfig};
pub use billing::Billing;
pub use messages::Messages;
use reader::{Reader, is_loopback};

/// Connections to PostgreSQL of one process by default. More than a few for each core of the database's machine only
/// queue inside it.
pub const DATABASE_CONNECTIONS: u32 = 10;

/// All settings.
#[derive(Clone)]
pub struct Config {
    pub environment: Environment,
    pub database_url: String,
    /// Connections to PostgreSQL that this process may hold.
    pub database_connections: u32,
    pub redis_url: String,
    pub public_url: Url,
    pub secret_key: String,
    /// The operator's own terms and privacy policy.
    pub legal_urls: LegalUrls,
    pub messages: Messages,
    pub billing: Billing,
    pub backups: Backups,
    /// Closed for maintenance, whatever `guestguard maintenance` says.
    pub maintenance: bool,
    /// Email addresses of the accounts that may see the operator page.
    pub operators: Vec<String>,
    pub listen: SocketAddr,
    /// Where Prometheus scrapes the metrics.
    pub metrics_listen: Option<SocketAddr>,
    /// Proxies in front of us that add to `X-Forwarded-For`; 0: the peer is the client.
    pub trusted_proxies: usize,
    /// Rate limits.
    pub limits: HashMap<Limit, Rate>,
    /// Where the outbox and the development key are kept.
    pub local_dir: PathBuf,
    /// Where `bin/build` put the site.
    pub site_root: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Missing settings get defaults; email is written to files.
    Development,
    Production,
}

/// One setting that is missing or wrong, and the remedy.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidSetting {
    pub name: &'static str,
    pub remedy: String,
}

/// All errors of the settings, reported together.
#[derive(Debug)]
pub struct ConfigError(pub Vec<InvalidSetting>);

impl std::error::Error for ConfigError {}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is not complete:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {}: {}", fault.name, fault.remedy))
    }
}

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&Self::variables())
    }

    fn variables() -> HashMap<String, String> {
        std::env::vars().filter(|(name, _)| name.starts_with("GG_")).collect()
    }

    /// Reads settings from `variables`.
    pub fn read(variables: &HashMap<String, String>) -> Result<Self, ConfigError> {
        let mut reader = Reader { variables, errors: Vec::new() };
        let environment = reader.environment();
        let development = environment == Environment::Development;
        let local_dir = PathBuf::from(reader.text("GG_LOCAL_DIR").unwrap_or_else(|| ".local".into()));
        let public_url = reader.public_url(development);
        let database_url = reader.required("GG_DATABASE_URL", "postgres://user:password@host/database");
        let database_connections = reader.connections("GG_DATABASE_CONNECTIONS");
        let redis_url = reader.required("GG_REDIS_URL", "redis://host:6379");
        let secret_key = reader.secret_key(development, &local_dir);
        let legal_urls = LegalUrls {
            terms: reader.https_url("GG_TERMS_URL"),
            privacy_policy: reader.https_url("GG_PRIVACY_POLICY_URL"),
        };
        let messages = Messages::read(&mut reader, development);
        let billing = Billing::read(&mut reader);
        let backups = Backups::read(&mut reader);
        let maintenance = reader.number("GG_MAINTENANCE") != 0;
        let operators = reader.list("GG_OPERATORS").iter().map(|address| address.to_lowercase()).collect();
        let listen = reader.address("GG_LISTEN").unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3000)));
        let metrics_listen = reader.address("GG_METRICS_LISTEN");
        let trusted_proxies = reader.number("GG_TRUSTED_PROXIES");
        let limits = Limit::ALL.map(|limit| (limit, reader.rate(limit))).into();
        let site_root = PathBuf::from(reader.text("GG_SITE_ROOT").unwrap_or_else(|| "target/site".into()));
        match public_url {
            Some(public_url) if reader.errors.is_empty() => Ok(Self {
                environment,
                database_url,
                database_connections,
                redis_url,
                public_url,
                secret_key,
                legal_urls,
                messages,
                billing,
                backups,
                maintenance,
                operators,
                listen,
                metrics_listen,
                trusted_proxies,
                limits,
                local_dir,
                site_root,
            }),
            _ => Err(ConfigError(reader.errors)),
        }
    }

    /// Whether browsers connect over HTTPS.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn production() -> HashMap<String, String> {
        [
            ("GG_DATABASE_URL", "postgres://db/guestguard"),
            ("GG_REDIS_URL", "redis://cache"),
            ("GG_PUBLIC_URL", "https://guests.example"),
            ("GG_SECRET_KEY", "q1zTYzNPGhvCSGNrGzRFVUX5Zp9zJmDkVt7G1HMSkhQ"),
            ("GG_SMTP_URL", "smtps://mail.example"),
            ("GG_MAIL_FROM", "Guests <post@guests.example>"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn errors(variables: &HashMap<String, String>) -> Vec<&'static str> {
        Config::read(variables).err().map(|errors| errors.0.iter().map(|f| f.name).collect()).unwrap_or_default()
    }

    #[test]
    fn a_complete_production_configuration_is_accepted() {
        assert_eq!(errors(&production()), [""; 0]);
    }

    #[test]
    fn all_missing_settings_are_reported_at_once() {
        assert_eq!(
            errors(&HashMap::new()),
            ["GG_PUBLIC_URL", "GG_DATABASE_URL", "GG_REDIS_URL", "GG_SECRET_KEY", "GG_MAIL_FROM", "GG_SMTP_URL"]
        );
    }

    #[test]
    fn production_refuses_a_development_key_and_plain_http() {
        let folder = std::env::temp_dir().join(format!("gg-config-{}", std::process::id()));
        let key = reader::development_key(&folder).unwrap();
        assert_eq!(reader::development_key(&folder).unwrap(), key, "the key is kept");
        assert!(guestguard::secrets::Secrets::from_key(&key).is_ok());
        let mut variables = production();
        variables.insert("GG_SECRET_KEY".into(), key);
        variables.insert("GG_PUBLIC_URL".into(), "http://guests.example".into());
        assert_eq!(errors(&variables), ["GG_PUBLIC_URL", "GG_SECRET_KEY"]);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_setting_that_does_not_parse_names_itself() {
        for (name, value) in [
            ("GG_LISTEN", "3000"),
            ("GG_SMTP_URL", "mail.example"),
            ("GG_MAIL_FROM", "nobody"),
            ("GG_SECRET_KEY", "short"),
            ("GG_ENV", "staging"),
            ("GG_TRUSTED_PROXIES", "yes"),
            ("GG_DATABASE_CONNECTIONS", "3"),
            ("GG_DATABASE_CONNECTIONS", "many"),
            ("GG_RESEND_WEBHOOK_SECRETS", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD, whsec_AAAA"),
            ("GG_TERMS_URL", "/terms"),
            ("GG_PRIVACY_POLICY_URL", "http://guests.example/privacy"),
            ("GG_LIMIT_SIGN_UP", "5"),
            ("GG_LIMIT_OPEN", "0/60"),
        ] {
            let mut variables = production();
            variables.insert(name.into(), value.into());
            assert_eq!(errors(&variables), [name]);
        }
    }
}
