use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig, WriteMultipart,
    aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum},
    local::LocalFileSystem,
    path::Path,
    prefix::PrefixStore,
};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use url::Url;

use super::Progress;
use crate::secrets::hex;

/// Bytes of one part of an upload. S3 takes 10,000 parts: enough for 80 GB.
const PART: usize = 8 * 1024 * 1024;
/// Parts on their way at the same time.
const PARTS_AT_ONCE: usize = 4;
/// Bytes that are read at a time.
const PIECE: u64 = 32 * 1024 * 1024;
/// Longest time for one request, which carries a part or a piece at most.
const REQUEST: Duration = Duration::from_secs(300);
/// Longest time for what carries no part of a dump, tries included.
const SMALL: Duration = Duration::from_secs(60);
/// How long a request that fails for no fault of ours is tried again: as often as it takes, with growing pauses.
const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Settings of an S3-compatible store.
#[derive(Clone, Debug, Default)]
pub struct S3 {
    pub region: String,
    /// `None`: Amazon's own.
    pub endpoint: Option<String>,
    /// `None`: the role of the machine.
    pub keys: Option<(String, String)>,
    pub encryption: Encryption,
}

/// How the store encrypts what it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// With keys of the store's own (SSE-S3).
    #[default]
    Aes256,
    /// With a key of AWS KMS: the account's own, or the one named.
    Kms(Option<String>),
    /// Not asked for; the disk or the bucket's own rule sees to it.
    None,
}

/// The place where backups are kept: an S3-compatible bucket, or a folder.
#[derive(Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    url: String,
    folder: Option<PathBuf>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)
    }
}

/// One object, as a listing tells of it.
pub struct Listed {
    pub name: String,
    pub bytes: u64,
    pub changed_at: DateTime<Utc>,
}

impl Store {
    /// Opens the place at `url`: `s3://bucket/prefix`, or `file:///folder`, which is made where it is missing.
    ///
    /// # Errors
    /// The address names no place of these kinds, or the folder cannot be made.
    pub fn open(url: &Url, s3: &S3) -> anyhow::Result<Self> {
        let text = url.as_str().trim_end_matches('/').to_owned();
        match url.scheme() {
            "file" => {
                let folder = url.to_file_path().map_err(|()| anyhow!("{url} names no folder"))?;
                std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
                let inner = LocalFileSystem::new_with_prefix(&folder)?.with_automatic_cleanup(true);
                Ok(Self { inner: Arc::new(inner), url: text, folder: Some(folder) })
            }
            "s3" => {
                let bucket = url.host_str().context("the address names no bucket")?;
                let inner = PrefixStore::new(bucket_of(bucket, s3)?, url.path().trim_matches('/'));
                Ok(Self { inner: Arc::new(inner), url: text, folder: None })
            }
            _ => bail!("{url} is neither s3://bucket/prefix nor file:///folder"),
        }
    }

    /// The full address of an object.
    pub fn uri(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    /// Writes a small object whole.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let path = Path::from(name);
        let put = self.inner.put(&path, PutPayload::from(bytes));
        self.soon(put, name).await?.map_err(|cause| self.explain(cause, "writing", name))?;
        self.settle(name).await
    }

    /// Writes a file. Under its name it is there whole, or not at all.
    pub async fn put_file(&self, name: &str, file: &std::fs::File, watch: &dyn Progress) -> anyhow::Result<()> {
        let mut file = tokio::fs::File::from_std(file.try_clone()?);
        file.rewind().await?;
        let whole = file.metadata().await?.len();
        let begun = self.inner.put_multipart(&Path::from(name)).await;
        let mut upload =
            WriteMultipart::new_with_chunk_size(begun.map_err(|cause| self.explain(cause, "writing", name))?, PART);
        let sent = async {
            let (mut piece, mut sent) = (vec![0; 256 * 1024], 0);
            loop {
                let read = file.read(&mut piece).await?;
                if read == 0 {
                    return anyhow::Ok(());
                }
                upload.wait_for_capacity(PARTS_AT_ONCE).await.map_err(|cause| self.explain(cause, "writing", name))?;
                upload.write(&piece[..read]);
                sent += read as u64;
                watch.done(sent, Some(whole));
            }
        };
        match sent.await {
            Ok(()) => {
                if let Err(cause) = upload.finish().await {
                    // Its answer may have been lost: what is there whole is good, and is read back next.
                    let path = Path::from(name);
                    let there = self.inner.head(&path).await;
                    if !there.is_ok_and(|meta| meta.size == whole) {
                        return Err(self.explain(cause, "writing", name));
                    }
                }
                self.settle(name).await
            }
            Err(cause) => {
                // The first cause is the one to tell; parts that stay are ended by the bucket's own rule.
                let _ = upload.abort().await;
                Err(cause)
            }
        }
    }

    /// A small object; `None`: there is none of that name.
    pub async fn get(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let found = async { self.inner.get(&Path::from(name)).await?.bytes().await };
        match self.soon(found, name).await? {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(object_store::Error::NotFound { source, .. }) if !is_no_bucket(&*source) => Ok(None),
            Err(cause) => Err(self.explain(cause, "reading", name)),
        }
    }

    /// Reads an object from its first byte to its last, into `file` if one is given: its SHA-256 and length. Piece by
    /// piece, so that a slow store has its time for each of them and not for the whole.
    pub async fn read_through(
        &self,
        name: &str,
        file: Option<&std::fs::File>,
        watch: &dyn Progress,
    ) -> anyhow::Result<(String, u64)> {
        let path = Path::from(name);
        let failed = |cause| self.explain(cause, "reading", name);
        let whole = self.inner.head(&path).await.map_err(failed)?.size;
        let mut copy = match file {
            Some(file) => Some(tokio::fs::File::from_std(file.try_clone()?)),
            None => None,
        };
        let (mut hash, mut read) = (Sha256::new(), 0);
        while read < whole {
            let piece = self.inner.get_range(&path, read..whole.min(read + PIECE)).await.map_err(failed)?;
            anyhow::ensure!(!piece.is_empty(), "{} ended before its end", self.uri(name));
            hash.update(&piece);
            if let Some(copy) = &mut copy {
                copy.write_all(&piece).await.context(FULL)?;
            }
            read += piece.len() as u64;
            watch.done(read, Some(whole));
        }
        if let Some(mut copy) = copy {
            copy.flush().await.context(FULL)?;
        }
        Ok((hex(&hash.finalize()), read))
    }

    /// All objects whose names begin with the folder `prefix`, by name.
    pub async fn list(&self, prefix: &str) -> anyhow::Result<Vec<Listed>> {
        let path = Path::from(prefix);
        let found = self.inner.list(Some(&path)).try_collect::<Vec<_>>();
        let found = self.soon(found, prefix).await?.map_err(|cause| self.explain(cause, "listing", prefix))?;
        let mut listed: Vec<_> = found
            .into_iter()
            .map(|meta| Listed { name: meta.location.to_string(), bytes: meta.size, changed_at: meta.last_modified })
            .collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    /// Deletes an object; one that is gone already is fine.
    pub async fn delete(&self, name: &str) -> anyhow::Result<()> {
        let path = Path::from(name);
        match self.soon(self.inner.delete(&path), name).await? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(self.explain(cause, "deleting", name)),
        }
    }

    /// What does not take long, or does not come.
    async fn soon<T>(&self, asked: impl Future<Output = T>, name: &str) -> anyhow::Result<T> {
        let answer = tokio::time::timeout(SMALL, asked).await;
        answer.with_context(|| format!("{} does not answer; check that the store is up", self.uri(name)))
    }

    /// A folder's files must be on the disk before a pointer names them; a bucket sees to it by itself.
    async fn settle(&self, name: &str) -> anyhow::Result<()> {
        if let Some(folder) = &self.folder {
            tokio::fs::File::open(folder.join(name)).await?.sync_all().await?;
        }
        Ok(())
    }

    /// What went wrong, in a sentence with a remedy.
    fn explain(&self, cause: object_store::Error, doing: &str, name: &str) -> anyhow::Error {
        let said = format!("{cause:?}");
        let why = |code: &str| said.contains(code);
        let remedy = if why("169.254.169.254") {
            "there are no credentials; set GG_BACKUP_S3_ACCESS_KEY_ID and GG_BACKUP_S3_SECRET_ACCESS_KEY, or give the machine a role"
        } else if why("NoSuchBucket") {
            "the bucket does not exist; make it, or mend GG_BACKUP_URL"
        } else if why("ExpiredToken") {
            "the credentials have expired; set new ones"
        } else if why("RequestTimeTooSkewed") {
            "this machine's clock is wrong; set it by NTP"
        } else if why("InvalidAccessKeyId") || why("SignatureDoesNotMatch") || why("Unauthenticated") {
            "the store knows no such credentials; check GG_BACKUP_S3_ACCESS_KEY_ID and GG_BACKUP_S3_SECRET_ACCESS_KEY"
        } else if why("PermissionDenied") || why("AccessDenied") || why("403 Forbidden") || why("401 Unauthorized") {
            "that is not permitted; docs/DISASTER_RECOVERY.md has the policy that is needed"
        } else if why("StorageFull") || why("No space left") {
            "the disk is full; make room, or prune"
        } else if matches!(cause, object_store::Error::NotFound { .. }) {
            return anyhow!("{} does not exist", self.uri(name));
        } else {
            "check that the store is up and GG_BACKUP_URL and GG_BACKUP_S3_ENDPOINT are right"
        };
        anyhow!("{doing} {} failed: {remedy} ({})", self.uri(name), first_line(&cause.to_string()))
    }
}

fn bucket_of(bucket: &str, s3: &S3) -> anyhow::Result<impl ObjectStore> {
    let client = ClientOptions::new().with_timeout(REQUEST).with_connect_timeout(Duration::from_secs(10));
    let backoff = BackoffConfig { max_backoff: LONGEST_PAUSE, ..BackoffConfig::default() };
    let retry = RetryConfig { backoff, max_retries: 100, retry_timeout: PATIENCE };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&s3.region)
        .with_client_options(client)
        .with_retry(retry)
        // A bucket with object lock takes nothing without a checksum.
        .with_checksum_algorithm(Checksum::SHA256)
        // Only configured for loopback; see `config/backup.rs`.
        .with_allow_http(s3.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://")));
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if let Some((id, secret)) = &s3.keys {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret);
    }
    let encrypted: AmazonS3ConfigKey = "aws_server_side_encryption".parse()?;
    builder = match &s3.encryption {
        Encryption::Aes256 => builder.with_config(encrypted, "AES256"),
        Encryption::Kms(None) => builder.with_config(encrypted, "aws:kms"),
        Encryption::Kms(Some(key)) => builder.with_sse_kms_encryption(key),
        Encryption::None => builder,
    };
    builder.build().context("the S3 settings do not do")
}

fn is_no_bucket(cause: &(dyn std::error::Error + 'static)) -> bool {
    format!("{cause:?}").contains("NoSuchBucket")
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

/// What is said when a file of ours cannot be written.
pub(super) const FULL: &str =
    "the folder for temporary files cannot be written; make room there, or name another one with TMPDIR";
