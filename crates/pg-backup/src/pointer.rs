//! Latest pointers: the two small files in the store that name the newest backup.

use anyhow::{Context, bail};
use chrono::{DateTime, SecondsFormat, Utc};

use crate::{Key, Manifest, Store};

/// Time, address and hash of the newest backup, in three lines. The last thing that a backup writes.
const TEXT: &str = "database/LATEST.txt";
/// The hash in the format of `sha256sum -c`, run in the folder `database`.
const HASH: &str = "database/LATEST.sha256";

/// The newest backup, as the two files name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    pub at: DateTime<Utc>,
    pub key: Key,
    pub sha256: String,
}

impl Pointer {
    pub fn to(manifest: &Manifest) -> Self {
        Self { at: manifest.at, key: manifest.key.clone(), sha256: manifest.sha256.clone() }
    }

    /// Writes both files, the hash first: readers start from the text, and notice when the two disagree.
    pub async fn write(&self, store: &Store) -> anyhow::Result<()> {
        store.put(HASH, self.hash_line().into_bytes()).await?;
        let at = self.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let text = format!("{at}\n{}\n{}\n", store.uri(self.key.as_str()), self.sha256);
        store.put(TEXT, text.into_bytes()).await
    }

    /// The newest backup; `None`: there is no backup yet.
    ///
    /// # Errors
    /// The files are damaged, or disagree.
    pub async fn read(store: &Store) -> anyhow::Result<Option<Self>> {
        PointerFiles::read(store).await?.parse()
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let lines: Vec<_> = text.lines().collect();
        let [at, uri, sha256] = lines[..] else { bail!("it has {} lines instead of three", lines.len()) };
        let at = DateTime::parse_from_rfc3339(at).context("its first line is not a time")?.to_utc();
        // The rest of the address is ignored: in a copy of the whole store it still names the original.
        let key = uri.rfind("database/").map(|start| &uri[start..]);
        let key = key.with_context(|| format!("it names {uri}, which is not a backup"))?;
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            bail!("its third line is not a SHA-256 hash");
        }
        Ok(Self { at, key: Key::try_from(key.to_owned())?, sha256: sha256.to_owned() })
    }

    fn hash_line(&self) -> String {
        let name = self.key.as_str().trim_start_matches("database/");
        format!("{}  {name}\n", self.sha256)
    }
}

/// The contents of both files; `None`: the file does not exist.
pub struct PointerFiles {
    text: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
}

impl PointerFiles {
    /// # Errors
    /// The store cannot be reached.
    pub async fn read(store: &Store) -> anyhow::Result<Self> {
        Ok(Self { text: store.get(TEXT).await?, hash: store.get(HASH).await? })
    }

    /// The newest backup; `None`: there is no backup yet.
    ///
    /// # Errors
    /// The files are damaged, or disagree.
    pub fn parse(self) -> anyhow::Result<Option<Pointer>> {
        let text = match (self.text, self.hash.is_some()) {
            (Some(text), _) => String::from_utf8(text).context("LATEST.txt is not text")?,
            (None, false) => return Ok(None),
            (None, true) => bail!("LATEST.sha256 exists, but LATEST.txt is missing; {REMEDY}"),
        };
        let pointer = Pointer::parse(&text).with_context(|| format!("LATEST.txt is damaged; {REMEDY}"))?;
        let hash = String::from_utf8(self.hash.unwrap_or_default()).unwrap_or_default();
        if hash != pointer.hash_line() {
            bail!("LATEST.sha256 does not match LATEST.txt; {REMEDY}");
        }
        Ok(Some(pointer))
    }
}

const REMEDY: &str = "a backup was interrupted, or somebody changed the file. The next backup repairs it; until then, restore a \
     backup by its key";
