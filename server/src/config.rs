use std::{collections::HashMap, fmt, net::SocketAddr, path::PathBuf};

use guestguard::limits::{Limit, Rate};
use url::Url;

mod backup;
mod billing;
mod messages;

pub use backup::{Backups, Restoring, Source};
pub use billing::Billing;
pub use messages::Messages;

/// Keys generated for development begin so, and are refused in production. All of it is base64url.
const DEVELOPMENT_KEY: &str = "development-";

/// All settings. Only `GG_*` variables are read, once, and all faults are told at once.
#[derive(Clone)]
pub struct Config {
    pub environment: Environment,
    pub database_url: String,
    pub redis_url: String,
    pub public_url: Url,
    pub secret_key: String,
    pub messages: Messages,
    pub billing: Billing,
    pub backups: Backups,
    /// Whether people are told to come back later, whatever `guestguard maintenance` says.
    pub maintenance: bool,
    /// Addresses of the accounts that see how the service itself stands.
    pub operators: Vec<String>,
    pub listen: SocketAddr,
    /// Where Prometheus finds the metrics; `None`: nowhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Proxies in front of us that add to `X-Forwarded-For`; 0: the peer is the client.
    pub trusted_proxies: usize,
    /// How much each limit allows.
    pub limits: HashMap<Limit, Rate>,
    /// Where the outbox and the development key are kept.
    pub local_dir: PathBuf,
    /// Where `bin/build` put the site.
    pub site_root: PathBuf,
}

/// What kind of place this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    /// Missing settings get defaults, mail goes into files.
    Development,
    Production,
}

/// One setting that does not do, and the remedy.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    pub name: &'static str,
    pub remedy: String,
}

/// Everything that is wrong with the settings.
#[derive(Debug)]
pub struct Faults(pub Vec<Fault>);

impl std::error::Error for Faults {}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration is not complete:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {}: {}", fault.name, fault.remedy))
    }
}

impl Config {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, Faults> {
        Self::read(&Self::variables())
    }

    fn variables() -> HashMap<String, String> {
        std::env::vars().filter(|(name, _)| name.starts_with("GG_")).collect()
    }

    /// Reads settings from `variables`.
    pub fn read(variables: &HashMap<String, String>) -> Result<Self, Faults> {
        let mut reader = Reader { variables, faults: Vec::new() };
        let environment = reader.environment();
        let development = environment == Environment::Development;
        let local_dir = PathBuf::from(reader.text("GG_LOCAL_DIR").unwrap_or_else(|| ".local".into()));
        let public_url = reader.public_url(development);
        let database_url = reader.required("GG_DATABASE_URL", "postgres://user:password@host/database");
        let redis_url = reader.required("GG_REDIS_URL", "redis://host:6379");
        let secret_key = reader.secret_key(development, &local_dir);
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
            Some(public_url) if reader.faults.is_empty() => Ok(Self {
                environment,
                database_url,
                redis_url,
                public_url,
                secret_key,
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
            _ => Err(Faults(reader.faults)),
        }
    }

    /// Whether browsers come over HTTPS.
    pub fn is_https(&self) -> bool {
        self.public_url.scheme() == "https"
    }
}

struct Reader<'a> {
    variables: &'a HashMap<String, String>,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn fault(&mut self, name: &'static str, remedy: impl Into<String>) {
        self.faults.push(Fault { name, remedy: remedy.into() });
    }

    fn required(&mut self, name: &'static str, example: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.fault(name, format!("is missing; set it to something like {example}"));
            String::new()
        })
    }

    fn environment(&mut self) -> Environment {
        match self.text("GG_ENV").as_deref() {
            None | Some("production") => Environment::Production,
            Some("development") => Environment::Development,
            Some(other) => {
                self.fault("GG_ENV", format!("is \"{other}\"; use production or development"));
                Environment::Production
            }
        }
    }

    fn public_url(&mut self, development: bool) -> Option<Url> {
        let text = match self.text("GG_PUBLIC_URL") {
            Some(text) => text,
            None if development => "http://127.0.0.1:3000".into(),
            None => self.required("GG_PUBLIC_URL", "https://guests.example.org"),
        };
        let url = Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.host().is_some()
                && url.path() == "/"
                && url.query().is_none()
        });
        match &url {
            None if !text.is_empty() => {
                self.fault("GG_PUBLIC_URL", "must be an address without a path, such as https://guests.example.org");
            }
            Some(url) if url.scheme() == "http" && !development && !is_loopback(url) => {
                self.fault("GG_PUBLIC_URL", "must begin with https:// in production: links in mails carry secrets");
            }
            _ => {}
        }
        url
    }

    fn secret_key(&mut self, development: bool, local_dir: &std::path::Path) -> String {
        const REMEDY: &str = "make one with `openssl rand -base64 32 | tr '+/' '-_' | tr -d '='` and keep it safe: without it \
             sealed links cannot be read again";
        match self.text("GG_SECRET_KEY") {
            Some(key) if !development && key.starts_with(DEVELOPMENT_KEY) => {
                self.fault("GG_SECRET_KEY", format!("is a development key; {REMEDY}"));
                key
            }
            Some(key) => {
                if let Err(cause) = guestguard::secrets::Secrets::from_key(&key) {
                    self.fault("GG_SECRET_KEY", format!("{cause}; {REMEDY}"));
                }
                key
            }
            None if development => development_key(local_dir).unwrap_or_else(|cause| {
                self.fault("GG_SECRET_KEY", format!("could not be kept in {}: {cause:#}", local_dir.display()));
                String::new()
            }),
            None => {
                self.fault("GG_SECRET_KEY", format!("is missing; {REMEDY}"));
                String::new()
            }
        }
    }

    fn number(&mut self, name: &'static str) -> usize {
        let Some(text) = self.text(name) else { return 0 };
        text.parse().unwrap_or_else(|_| {
            self.fault(name, format!("is \"{text}\"; give a whole number"));
            0
        })
    }

    fn rate(&mut self, limit: Limit) -> Rate {
        let Some(text) = self.text(limit.variable()) else { return limit.default_rate() };
        Rate::parse(&text).unwrap_or_else(|| {
            self.fault(limit.variable(), format!("is \"{text}\"; give calls per seconds, such as 5/3600"));
            limit.default_rate()
        })
    }

    /// A provider's address: its own, or another for tests.
    fn provider(&mut self, name: &'static str, own: &str) -> Option<Url> {
        let text = self.text(name).unwrap_or_else(|| own.to_owned());
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        if url.is_none() {
            self.fault(name, format!("is \"{text}\"; give an address such as {own}"));
        }
        url
    }

    /// Values with commas between them.
    fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect()
    }

    fn address(&mut self, name: &'static str) -> Option<SocketAddr> {
        let text = self.text(name)?;
        let address = text.parse().ok();
        if address.is_none() {
            self.fault(name, format!("is \"{text}\"; give address and port, such as 0.0.0.0:3000"));
        }
        address
    }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// The key of this working copy, made at the first start.
fn development_key(local_dir: &std::path::Path) -> anyhow::Result<String> {
    let path = local_dir.join("secret-key");
    if let Ok(key) = std::fs::read_to_string(&path) {
        return Ok(key.trim().to_owned());
    }
    let key = format!("{DEVELOPMENT_KEY}{}", guestguard::secrets::random_token()?);
    std::fs::create_dir_all(local_dir)?;
    std::fs::write(&path, &key)?;
    Ok(key)
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

    fn faults(variables: &HashMap<String, String>) -> Vec<&'static str> {
        Config::read(variables).err().map(|faults| faults.0.iter().map(|f| f.name).collect()).unwrap_or_default()
    }

    #[test]
    fn a_complete_production_configuration_is_accepted() {
        assert_eq!(faults(&production()), [""; 0]);
    }

    #[test]
    fn everything_that_is_missing_is_told_at_once() {
        assert_eq!(
            faults(&HashMap::new()),
            ["GG_PUBLIC_URL", "GG_DATABASE_URL", "GG_REDIS_URL", "GG_SECRET_KEY", "GG_MAIL_FROM", "GG_SMTP_URL"]
        );
    }

    #[test]
    fn production_refuses_a_development_key_and_plain_http() {
        let folder = std::env::temp_dir().join(format!("gg-config-{}", std::process::id()));
        let key = development_key(&folder).unwrap();
        assert_eq!(development_key(&folder).unwrap(), key, "the key is kept");
        assert!(guestguard::secrets::Secrets::from_key(&key).is_ok());
        let mut variables = production();
        variables.insert("GG_SECRET_KEY".into(), key);
        variables.insert("GG_PUBLIC_URL".into(), "http://guests.example".into());
        assert_eq!(faults(&variables), ["GG_PUBLIC_URL", "GG_SECRET_KEY"]);
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
            ("GG_RESEND_WEBHOOK_SECRETS", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD, whsec_AAAA"),
            ("GG_LIMIT_SIGN_UP", "5"),
            ("GG_LIMIT_OPEN", "0/60"),
        ] {
            let mut variables = production();
            variables.insert(name.into(), value.into());
            assert_eq!(faults(&variables), [name]);
        }
    }
}
