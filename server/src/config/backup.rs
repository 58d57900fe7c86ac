//! Backup settings: where backups go, their schedule, and PostgreSQL's programs.

use std::{collections::HashMap, path::PathBuf};

use guestguard::{
    backup::{self, status::StatusCache},
    secrets::Secrets,
};
use pg_backup::{
    Programs, Store,
    store::{Encryption, S3},
};
use url::Url;

use super::{Config, ConfigError, InvalidSetting, Reader, is_loopback};

/// The settings `GG_BACKUP_*` and `GG_PG_BIN`.
#[derive(Clone)]
pub struct Backups {
    url: Option<Url>,
    s3: S3,
    /// Whether the worker makes a backup every hour.
    pub hourly: bool,
    folder: Option<PathBuf>,
}

impl Backups {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let url = reader.text("GG_BACKUP_URL").map(|text| (Url::parse(&text).ok(), text));
        let url = match url {
            None => None,
            Some((Some(url), _)) if is_store_url(&url) => Some(url),
            Some((_, text)) => {
                reader.error("GG_BACKUP_URL", format!("is \"{text}\"; give s3://bucket/prefix or file:///folder"));
                None
            }
        };
        let hourly = match reader.text("GG_BACKUP_SCHEDULE").as_deref() {
            None | Some("off") => false,
            Some("hourly") => true,
            Some(other) => {
                reader.error("GG_BACKUP_SCHEDULE", format!("is \"{other}\"; use hourly or off"));
                false
            }
        };
        if hourly && url.is_none() {
            reader.error("GG_BACKUP_URL", "is missing; hourly backups need a store");
        }
        let folder = reader.text("GG_PG_BIN").map(PathBuf::from);
        Self { url, s3: s3(reader), hourly, folder }
    }

    /// Opens the store; `None`: backups are not configured.
    ///
    /// # Errors
    /// The store cannot be opened.
    pub fn open(&self) -> anyhow::Result<Option<backup::Backups>> {
        let Some(url) = &self.url else { return Ok(None) };
        Ok(Some(backup::Backups {
            store: Store::open(url, &self.s3)?,
            programs: Programs::new(self.folder.clone()),
            hourly: self.hourly,
            cache: StatusCache::default(),
        }))
    }

    /// Opens the store for a command that cannot do without.
    ///
    /// # Errors
    /// Backups are not configured, or the store cannot be opened.
    pub fn required(&self) -> anyhow::Result<backup::Backups> {
        let opened = self.open()?;
        opened.ok_or_else(|| {
            let fault = InvalidSetting {
                name: "GG_BACKUP_URL",
                remedy: "is missing; set it to s3://bucket/prefix or file:///folder".into(),
            };
            ConfigError(vec![fault]).into()
        })
    }
}

/// The settings of `guestguard backup`, which needs no secret.
pub struct BackupConfig {
    pub database_url: String,
    pub backups: Backups,
}

impl BackupConfig {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(&Config::variables())
    }

    fn read(variables: &HashMap<String, String>) -> Result<Self, ConfigError> {
        let mut reader = Reader { variables, errors: Vec::new() };
        let database_url = reader.required("GG_DATABASE_URL", "postgres://user:password@host/database");
        let backups = Backups::read(&mut reader);
        if backups.url.is_none() && reader.errors.is_empty() {
            reader.error("GG_BACKUP_URL", "is missing; set it to s3://bucket/prefix or file:///folder");
        }
        if reader.errors.is_empty() { Ok(Self { database_url, backups }) } else { Err(ConfigError(reader.errors)) }
    }
}

/// The settings of `guestguard restore` and `restore-verify`.
pub struct RestoreConfig {
    database_url: Option<String>,
    secret_key: String,
    pub backups: Backups,
}

impl RestoreConfig {
    /// Reads the process's environment.
    pub fn from_env() -> Result<Self, ConfigError> {
        let variables = Config::variables();
        let mut reader = Reader { variables: &variables, errors: Vec::new() };
        let development = reader.environment() == super::Environment::Development;
        let folder = PathBuf::from(reader.text("GG_LOCAL_DIR").unwrap_or_else(|| ".local".into()));
        let config = Self {
            database_url: reader.text("GG_DATABASE_URL"),
            secret_key: reader.secret_key(development, &folder),
            backups: Backups::read(&mut reader),
        };
        if reader.errors.is_empty() { Ok(config) } else { Err(ConfigError(reader.errors)) }
    }

    /// # Errors
    /// It is not set.
    pub fn database_url(&self) -> Result<String, ConfigError> {
        self.database_url.clone().ok_or_else(|| {
            let remedy = "is missing; set it to something like postgres://user:password@host/database".to_owned();
            ConfigError(vec![InvalidSetting { name: "GG_DATABASE_URL", remedy }])
        })
    }

    /// The keys that seal links.
    ///
    /// # Errors
    /// GG_SECRET_KEY is invalid.
    pub fn secrets(&self) -> anyhow::Result<Secrets> {
        Secrets::from_key(&self.secret_key)
    }
}

fn is_store_url(url: &Url) -> bool {
    match url.scheme() {
        "s3" => url.has_host() && url.query().is_none(),
        "file" => url.path().len() > 1 && url.host_str().unwrap_or_default().is_empty(),
        _ => false,
    }
}

fn s3(reader: &mut Reader<'_>) -> S3 {
    let endpoint = reader.text("GG_BACKUP_S3_ENDPOINT");
    if let Some(text) = &endpoint {
        let safe = Url::parse(text).is_ok_and(|url| {
            url.has_host() && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)))
        });
        if !safe {
            reader.error("GG_BACKUP_S3_ENDPOINT", format!("is \"{text}\"; give an address that begins with https://"));
        }
    }
    let keys = match (reader.text("GG_BACKUP_S3_ACCESS_KEY_ID"), reader.text("GG_BACKUP_S3_SECRET_ACCESS_KEY")) {
        (Some(id), Some(secret)) => Some((id, secret)),
        (None, None) => None,
        (Some(_), None) => {
            reader.error("GG_BACKUP_S3_SECRET_ACCESS_KEY", "must be set together with GG_BACKUP_S3_ACCESS_KEY_ID");
            None
        }
        (None, Some(_)) => {
            reader.error("GG_BACKUP_S3_ACCESS_KEY_ID", "must be set together with GG_BACKUP_S3_SECRET_ACCESS_KEY");
            None
        }
    };
    let encryption = match reader.text("GG_BACKUP_S3_ENCRYPTION").as_deref() {
        None | Some("AES256") => Encryption::Aes256,
        Some("none") => Encryption::None,
        Some("aws:kms") => Encryption::Kms(None),
        Some(text) => match text.strip_prefix("aws:kms:").filter(|key| !key.is_empty()) {
            Some(key) => Encryption::Kms(Some(key.to_owned())),
            None => {
                let remedy = format!("is \"{text}\"; use AES256, aws:kms, aws:kms:KEY or none");
                reader.error("GG_BACKUP_S3_ENCRYPTION", remedy);
                Encryption::Aes256
            }
        },
    };
    let region = reader.text("GG_BACKUP_S3_REGION").unwrap_or_else(|| "us-east-1".into());
    S3 { region, endpoint, keys, encryption }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(variables: &[(&str, &str)]) -> Vec<&'static str> {
        let base = [("GG_DATABASE_URL", "postgres://db/guestguard"), ("GG_BACKUP_URL", "s3://backups/guestguard")];
        let variables = base.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        BackupConfig::read(&variables.collect())
            .err()
            .map(|errors| errors.0.iter().map(|f| f.name).collect())
            .unwrap_or_default()
    }

    #[test]
    fn an_invalid_setting_is_named() {
        assert_eq!(errors(&[]), [""; 0]);
        for (name, value) in [
            ("GG_BACKUP_URL", "backups"),
            ("GG_BACKUP_URL", "https://backups.example"),
            ("GG_BACKUP_URL", "file://relative/folder"),
            ("GG_BACKUP_URL", ""),
            ("GG_DATABASE_URL", ""),
            ("GG_BACKUP_SCHEDULE", "daily"),
            ("GG_BACKUP_S3_ENDPOINT", "http://store.example"),
            ("GG_BACKUP_S3_ENCRYPTION", "rot13"),
        ] {
            assert_eq!(errors(&[(name, value)]), [name], "{value}");
        }
        assert_eq!(errors(&[("GG_BACKUP_S3_ACCESS_KEY_ID", "id")]), ["GG_BACKUP_S3_SECRET_ACCESS_KEY"]);
        assert_eq!(errors(&[("GG_BACKUP_S3_SECRET_ACCESS_KEY", "secret")]), ["GG_BACKUP_S3_ACCESS_KEY_ID"]);
        assert_eq!(errors(&[("GG_BACKUP_S3_ENDPOINT", "http://127.0.0.1:9000")]), [""; 0]);
    }
}
