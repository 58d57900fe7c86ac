use anyhow::{Context, bail};
use chrono::{DateTime, SecondsFormat, Utc};

use super::{Key, Manifest, Store};

/// When, where and what: the newest backup, in three lines. The last thing that a run writes.
const TEXT: &str = "database/LATEST.txt";
/// The same backup's hash, as `sha256sum -c` reads it in the folder `database`.
const HASH: &str = "database/LATEST.sha256";

/// What the two files say.
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

    /// Moves both files, the one with the hash first: readers go by the other, and notice when the two do not agree.
    pub async fn move_here(&self, store: &Store) -> anyhow::Result<()> {
        store.put(HASH, self.hash_line().into_bytes()).await?;
        let at = self.at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let text = format!("{at}\n{}\n{}\n", store.uri(self.key.as_str()), self.sha256);
        store.put(TEXT, text.into_bytes()).await
    }

    /// Where the files point; `None`: there is no backup yet.
    ///
    /// # Errors
    /// They are damaged, or do not belong together.
    pub async fn read(store: &Store) -> anyhow::Result<Option<Self>> {
        Files::read(store).await?.pointer()
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let lines: Vec<_> = text.lines().collect();
        let [at, uri, sha256] = lines[..] else { bail!("it has {} lines instead of three", lines.len()) };
        let at = DateTime::parse_from_rfc3339(at).context("its first line is no time")?.to_utc();
        // Whatever stands before it: a copy of the whole place elsewhere names the place it was copied from.
        let key = uri.rfind("database/").map(|begins| &uri[begins..]);
        let key = key.with_context(|| format!("it names {uri}, which is no backup"))?;
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            bail!("its third line is no SHA-256");
        }
        Ok(Self { at, key: Key::try_from(key.to_owned())?, sha256: sha256.to_owned() })
    }

    fn hash_line(&self) -> String {
        let name = self.key.as_str().trim_start_matches("database/");
        format!("{}  {name}\n", self.sha256)
    }
}

/// The two files as they are; `None`: it is not there.
pub struct Files {
    text: Option<Vec<u8>>,
    hash: Option<Vec<u8>>,
}

impl Files {
    /// # Errors
    /// The store is out of reach.
    pub async fn read(store: &Store) -> anyhow::Result<Self> {
        Ok(Self { text: store.get(TEXT).await?, hash: store.get(HASH).await? })
    }

    /// Where they point; `None`: there is no backup yet.
    ///
    /// # Errors
    /// They are damaged, or do not belong together.
    pub fn pointer(self) -> anyhow::Result<Option<Pointer>> {
        let text = match (self.text, self.hash.is_some()) {
            (Some(text), _) => String::from_utf8(text).context("LATEST.txt is not text")?,
            (None, false) => return Ok(None),
            (None, true) => bail!("LATEST.txt is missing beside LATEST.sha256; {CURE}"),
        };
        let pointer = Pointer::parse(&text).with_context(|| format!("LATEST.txt is damaged; {CURE}"))?;
        let hash = String::from_utf8(self.hash.unwrap_or_default()).unwrap_or_default();
        if hash != pointer.hash_line() {
            bail!("LATEST.sha256 does not belong to LATEST.txt; {CURE}");
        }
        Ok(Some(pointer))
    }
}

const CURE: &str = "a run was cut off, or somebody changed it: the next `guestguard backup` mends it, and `guestguard backup list` \
     names the backups that can be restored by their keys";
