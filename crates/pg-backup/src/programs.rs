//! PostgreSQL's client programs: `pg_dump`, `pg_restore` and `psql`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, anyhow};
use percent_encoding::percent_decode_str;
use url::Url;

/// Debian's folder for PostgreSQL's programs, with one subfolder for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Query parameters of a database URL, and the environment variables by which libpq takes them. `ssl-mode` and the like are
/// sqlx's aliases; parameters that only sqlx knows are omitted.
const PARAMETERS: [(&str, &str); 14] = [
    ("host", "PGHOST"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("options", "PGOPTIONS"),
    ("sslmode", "PGSSLMODE"),
    ("ssl-mode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("ssl-root-cert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("ssl-client-cert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("ssl-client-key", "PGSSLKEY"),
];

/// The folder of PostgreSQL's client programs.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    folder: Option<PathBuf>,
}

/// A program is missing or older than the server; the message names the package to install.
#[derive(Debug)]
pub struct ProgramError(String);

impl std::fmt::Display for ProgramError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProgramError {}

impl Programs {
    /// The programs in `folder`; without a folder, those on the path, or else the newest of Debian's.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// A command that runs `program` on the database at `url`. The list of processes shows nothing of the address.
    pub(crate) fn connected(&self, program: &str, url: &str) -> anyhow::Result<Command> {
        let mut command = self.command(program);
        // Everybody on the machine can read arguments, but not the environment.
        command.env("PGCONNECT_TIMEOUT", "10").envs(libpq_variables(url)?);
        Ok(command)
    }

    /// A command that runs `program`.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.path(program));
        // The programs must not see our secrets. Their messages are parsed, so they must be in one language.
        command.env_clear().env("LC_ALL", "C");
        for name in ["PATH", "HOME", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command
    }

    fn path(&self, program: &str) -> PathBuf {
        if let Some(folder) = &self.folder {
            return folder.join(program);
        }
        let on_path = std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
        match newest_debian() {
            Some(folder) if !on_path => folder.join(program),
            _ => PathBuf::from(program),
        }
    }

    /// The version of `program`, major and minor.
    ///
    /// # Errors
    /// The program is not installed, or prints no version.
    pub(crate) fn version(&self, program: &str) -> anyhow::Result<(i32, i32)> {
        let output = self.command(program).arg("--version").output();
        let output = output.with_context(|| {
            ProgramError(format!("{program} does not start; install the package postgresql-client"))
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        let version = text.split_whitespace().find_map(|word| {
            let mut numbers = word
                .split('.')
                .map(|number| number.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok());
            Some((numbers.next()??, numbers.next().flatten().unwrap_or(0)))
        });
        version.with_context(|| format!("{program} prints no version: {}", text.trim()))
    }

    /// # Errors
    /// The program is older than the server.
    pub(crate) fn require_version(&self, program: &str, server_version: i32) -> anyhow::Result<()> {
        let (ours, theirs) = (self.version(program)?.0, server_version / 10_000);
        if ours < theirs {
            return Err(ProgramError(format!(
                "{program} has version {ours}, but the server has version {theirs}; install postgresql-client-{theirs}"
            ))
            .into());
        }
        Ok(())
    }
}

fn newest_debian() -> Option<PathBuf> {
    let folders = std::fs::read_dir(Path::new(DEBIAN)).ok()?.flatten();
    let newest = folders.max_by_key(|folder| folder.file_name().to_string_lossy().parse::<u32>().unwrap_or(0))?;
    Some(newest.path().join("bin"))
}

/// The environment variables by which libpq takes the address.
fn libpq_variables(url: &str) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let url = Url::parse(url).map_err(|cause| anyhow!("the database URL is invalid: {cause}"))?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(|text| text.into_owned());
    let mut variables = BTreeMap::new();
    let parts = [
        ("PGHOST", url.host_str()),
        ("PGUSER", Some(url.username())),
        ("PGPASSWORD", url.password()),
        ("PGDATABASE", Some(url.path().trim_start_matches('/'))),
    ];
    for (name, value) in parts {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            variables.insert(name, decoded(value)?);
        }
    }
    if let Some(port) = url.port() {
        variables.insert("PGPORT", port.to_string());
    }
    for (name, value) in url.query_pairs() {
        if let Some((_, variable)) = PARAMETERS.into_iter().find(|(parameter, _)| *parameter == name) {
            variables.insert(variable, value.into_owned());
        }
    }
    Ok(variables)
}

/// The line of a program's messages that says why it failed.
pub(crate) fn error_line(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let error = text.lines().find(|line| line.contains("error:") || line.contains("ERROR:"));
    let line = error.or_else(|| text.lines().next()).unwrap_or("no message").trim();
    line.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_url_becomes_the_environment_variables_of_libpq() {
        let address = "postgres://ada:p%40ss+word@db.example:5433/guests?sslmode=require&statement-cache-capacity=5&options=-c%20a=b";
        let variables: Vec<_> = libpq_variables(address).unwrap().into_iter().collect();
        let expected = [
            ("PGDATABASE", "guests"),
            ("PGHOST", "db.example"),
            ("PGOPTIONS", "-c a=b"),
            ("PGPASSWORD", "p@ss+word"),
            ("PGPORT", "5433"),
            ("PGSSLMODE", "require"),
            ("PGUSER", "ada"),
        ];
        assert_eq!(variables, expected.map(|(name, value)| (name, value.to_owned())));
        let socket = libpq_variables("postgres:///guests?host=/run/postgresql").unwrap();
        assert_eq!(socket["PGHOST"], "/run/postgresql");
        assert!(libpq_variables("db.example").is_err());
    }

    #[test]
    fn a_missing_program_is_reported_with_the_package_to_install() {
        let none = Programs::new(Some("/nowhere".into()));
        let message = format!("{:#}", none.version("pg_dump").unwrap_err());
        assert!(message.contains("install the package postgresql-client"), "{message}");
    }
}
