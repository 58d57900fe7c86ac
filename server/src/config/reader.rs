//! Settings reader: parses variables one by one and collects errors.

use std::{collections::HashMap, net::SocketAddr, path::Path};

use guestguard::rate_limits::{Limit, Rate};
use url::Url;

use super::{DATABASE_CONNECTIONS, Environment, InvalidSetting};

/// Prefix of generated development keys, which production rejects. It is valid base64url.
const DEVELOPMENT_KEY: &str = "development-";

pub struct Reader<'a> {
    pub variables: &'a HashMap<String, String>,
    pub errors: Vec<InvalidSetting>,
}

impl Reader<'_> {
    pub fn text(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub fn error(&mut self, name: &'static str, remedy: impl Into<String>) {
        self.errors.push(InvalidSetting { name, remedy: remedy.into() });
    }

    pub fn required(&mut self, name: &'static str, example: &str) -> String {
        self.text(name).unwrap_or_else(|| {
            self.error(name, format!("is missing; set it to something like {example}"));
            String::new()
        })
    }

    pub fn environment(&mut self) -> Environment {
        match self.text("GG_ENV").as_deref() {
            None | Some("production") => Environment::Production,
            Some("development") => Environment::Development,
            Some(other) => {
                self.error("GG_ENV", format!("is \"{other}\"; use production or development"));
                Environment::Production
            }
        }
    }

    pub fn public_url(&mut self, development: bool) -> Option<Url> {
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
                self.error("GG_PUBLIC_URL", "must be an address without a path, such as https://guests.example.org");
            }
            Some(url) if url.scheme() == "http" && !development && !is_loopback(url) => {
                self.error("GG_PUBLIC_URL", "must begin with https:// in production: links in emails contain secrets");
            }
            _ => {}
        }
        url
    }

    pub fn secret_key(&mut self, development: bool, local_dir: &Path) -> String {
        const REMEDY: &str = "make one with `openssl rand -base64 32 | tr '+/' '-_' | tr -d '='` and keep it safe: without it \
             sealed links cannot be read again";
        match self.text("GG_SECRET_KEY") {
            Some(key) if !development && key.starts_with(DEVELOPMENT_KEY) => {
                self.error("GG_SECRET_KEY", format!("is a development key; {REMEDY}"));
                key
            }
            Some(key) => {
                if let Err(cause) = guestguard::secrets::Secrets::from_key(&key) {
                    self.error("GG_SECRET_KEY", format!("{cause}; {REMEDY}"));
                }
                key
            }
            None if development => development_key(local_dir).unwrap_or_else(|cause| {
                self.error("GG_SECRET_KEY", format!("could not be kept in {}: {cause:#}", local_dir.display()));
                String::new()
            }),
            None => {
                self.error("GG_SECRET_KEY", format!("is missing; {REMEDY}"));
                String::new()
            }
        }
    }

    pub fn number(&mut self, name: &'static str) -> usize {
        let Some(text) = self.text(name) else { return 0 };
        text.parse().unwrap_or_else(|_| {
            self.error(name, format!("is \"{text}\"; give a whole number"));
            0
        })
    }

    /// Connections to PostgreSQL. At least four: a worker keeps two to listen.
    pub fn connections(&mut self, name: &'static str) -> u32 {
        let Some(text) = self.text(name) else { return DATABASE_CONNECTIONS };
        match text.parse() {
            Ok(connections @ 4..=500) => connections,
            _ => {
                self.error(name, format!("is \"{text}\"; give a whole number from 4 to 500"));
                DATABASE_CONNECTIONS
            }
        }
    }

    pub fn rate(&mut self, limit: Limit) -> Rate {
        let Some(text) = self.text(limit.setting()) else { return limit.default_rate() };
        Rate::parse(&text).unwrap_or_else(|| {
            self.error(limit.setting(), format!("is \"{text}\"; give calls per seconds, such as 5/3600"));
            limit.default_rate()
        })
    }

    /// A provider's base URL; tests set another one.
    pub fn provider(&mut self, name: &'static str, own: &str) -> Option<Url> {
        let text = self.text(name).unwrap_or_else(|| own.to_owned());
        let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        if url.is_none() {
            self.error(name, format!("is \"{text}\"; give an address such as {own}"));
        }
        url
    }

    pub fn https_url(&mut self, name: &'static str) -> Option<String> {
        let text = self.text(name)?;
        let url = Url::parse(&text).ok().filter(|url| url.scheme() == "https" && url.has_host());
        if url.is_none() {
            self.error(name, format!("is \"{text}\"; give an address that begins with https://"));
        }
        url.map(Into::into)
    }

    /// Comma-separated values.
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect()
    }

    pub fn address(&mut self, name: &'static str) -> Option<SocketAddr> {
        let text = self.text(name)?;
        let address = text.parse().ok();
        if address.is_none() {
            self.error(name, format!("is \"{text}\"; give address and port, such as 0.0.0.0:3000"));
        }
        address
    }
}

pub fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// The key of this working copy, generated at the first start.
pub fn development_key(local_dir: &Path) -> anyhow::Result<String> {
    let path = local_dir.join("secret-key");
    if let Ok(key) = std::fs::read_to_string(&path) {
        return Ok(key.trim().to_owned());
    }
    let key = format!("{DEVELOPMENT_KEY}{}", guestguard::secrets::random_token()?);
    std::fs::create_dir_all(local_dir)?;
    std::fs::write(&path, &key)?;
    Ok(key)
}
