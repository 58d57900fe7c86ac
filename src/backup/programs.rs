use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, anyhow, bail};
use percent_encoding::percent_decode_str;
use url::Url;

/// Where Debian keeps PostgreSQL's programs, one folder for each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Parameters that an address may carry behind its question mark, as libpq reads them from the environment. `ssl-mode` and
/// the like are sqlx's other names for them; what only sqlx knows is left out.
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

/// PostgreSQL's own programs: `pg_dump`, `pg_restore` and `psql`.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    folder: Option<PathBuf>,
}

impl Programs {
    /// Those in `folder`; without one those on the path, or the newest that Debian keeps.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder }
    }

    /// `program`, to be run on the database at `url`. Nothing of the address shows in the list of processes.
    pub(super) fn on(&self, program: &str, url: &str) -> anyhow::Result<Command> {
        let mut command = self.command(program);
        // Not as arguments: those can be read by everybody on the machine.
        command.env("PGCONNECT_TIMEOUT", "10").envs(for_libpq(url)?);
        Ok(command)
    }

    /// `program` as it is.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.path(program));
        // They are not to know our secrets. What they say is read by us, so it must be in one language.
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
        match newest_of_debian() {
            Some(folder) if !on_path => folder.join(program),
            _ => PathBuf::from(program),
        }
    }

    /// The version of `program`, major and minor.
    ///
    /// # Errors
    /// It is not installed, or says something else.
    pub(super) fn version(&self, program: &str) -> anyhow::Result<(i32, i32)> {
        let said = self.command(program).arg("--version").output();
        let said = said.with_context(|| {
            format!("{program} does not start; install the package postgresql-client, or set GG_PG_BIN to its folder")
        })?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.split_whitespace().find_map(|word| {
            let mut numbers = word
                .split('.')
                .map(|number| number.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok());
            Some((numbers.next()??, numbers.next().flatten().unwrap_or(0)))
        });
        version.with_context(|| format!("{program} tells no version: {}", said.trim()))
    }

    /// Refuses a program that is older than the server.
    pub(super) fn fits(&self, program: &str, server_version: i32) -> anyhow::Result<()> {
        let (ours, theirs) = (self.version(program)?.0, server_version / 10_000);
        if ours < theirs {
            bail!(
                "{program} is of version {ours} and the server of version {theirs}; install postgresql-client-{theirs}, or set \
                 GG_PG_BIN to its folder"
            );
        }
        Ok(())
    }
}

fn newest_of_debian() -> Option<PathBuf> {
    let folders = std::fs::read_dir(Path::new(DEBIAN)).ok()?.flatten();
    let newest = folders.max_by_key(|folder| folder.file_name().to_string_lossy().parse::<u32>().unwrap_or(0))?;
    Some(newest.path().join("bin"))
}

/// The address as libpq reads it from the environment.
fn for_libpq(url: &str) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let url = Url::parse(url).map_err(|cause| anyhow!("the database's address cannot be read: {cause}"))?;
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

/// What a program said before it failed, in one line.
pub(super) fn said(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let telling = text.lines().find(|line| line.contains("error:") || line.contains("ERROR:"));
    let line = telling.or_else(|| text.lines().next()).unwrap_or("it said nothing").trim();
    line.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_to_libpq_by_the_names_it_knows() {
        let address = "postgres://ada:p%40ss+word@db.example:5433/guests?sslmode=require&statement-cache-capacity=5&options=-c%20a=b";
        let told: Vec<_> = for_libpq(address).unwrap().into_iter().collect();
        let expected = [
            ("PGDATABASE", "guests"),
            ("PGHOST", "db.example"),
            ("PGOPTIONS", "-c a=b"),
            ("PGPASSWORD", "p@ss+word"),
            ("PGPORT", "5433"),
            ("PGSSLMODE", "require"),
            ("PGUSER", "ada"),
        ];
        assert_eq!(told, expected.map(|(name, value)| (name, value.to_owned())));
        let socket = for_libpq("postgres:///guests?host=/run/postgresql").unwrap();
        assert_eq!(socket["PGHOST"], "/run/postgresql");
        assert!(for_libpq("db.example").is_err());
    }

    #[test]
    fn a_program_that_is_not_there_is_said_with_the_remedy() {
        let none = Programs::new(Some("/nowhere".into()));
        let said = format!("{:#}", none.version("pg_dump").unwrap_err());
        assert!(said.contains("install the package postgresql-client"), "{said}");
    }
}
