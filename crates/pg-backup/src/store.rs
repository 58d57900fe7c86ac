//! Object store for backups: an S3-compatible bucket, or a folder.

use std::{error::Error as _, fmt, io, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum},
    buffered::BufWriter,
    local::LocalFileSystem,
    path::Path,
    prefix::PrefixStore,
};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio_util::io::InspectReader;
use url::Url;

use crate::{Progress, TEMPORARY_FILES};

/// Bytes of one part of an upload. S3 takes 10,000 parts: enough for 80 GB.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Parts that are uploaded at the same time.
const CONCURRENT_PARTS: usize = 4;
/// Bytes of one ranged read.
const RANGE_BYTES: u64 = 32 * 1024 * 1024;
/// Timeout of one HTTP request, which carries one part or range at most.
const HTTP_TIMEOUT: Duration = Duration::from_secs(300);
/// Timeout of an operation on a small object, with its retries.
const SMALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a failed request is retried, with growing pauses.
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Settings of an S3-compatible store.
#[derive(Clone, Debug, Default)]
pub struct S3 {
    pub region: String,
    /// `None`: Amazon's.
    pub endpoint: Option<String>,
    /// Access key ID and secret access key; `None`: the machine's role.
    pub keys: Option<(String, String)>,
    pub encryption: Encryption,
}

/// Server-side encryption.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Encryption {
    /// With the store's keys (SSE-S3).
    #[default]
    Aes256,
    /// With a key of AWS KMS: the account's default, or the one named.
    Kms(Option<String>),
    /// Not requested; the disk or the bucket's default encrypts.
    None,
}

/// The store: an S3-compatible bucket, or a folder.
#[derive(Clone)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    url: String,
    folder: Option<PathBuf>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

/// One object of a listing.
pub struct ListedObject {
    pub name: String,
    pub bytes: u64,
    pub changed_at: DateTime<Utc>,
}

impl Store {
    /// Opens the store at `url`: `s3://bucket/prefix`, or `file:///folder`, which is created if it is missing.
    ///
    /// # Errors
    /// The URL is of another kind, or the folder cannot be created.
    pub fn open(url: &Url, s3: &S3) -> anyhow::Result<Self> {
        let text = url.as_str().trim_end_matches('/').to_owned();
        match url.scheme() {
            "file" => {
                let folder = url.to_file_path().map_err(|()| anyhow!("{url} does not name a folder"))?;
                std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be created", folder.display()))?;
                let inner = LocalFileSystem::new_with_prefix(&folder)?.with_automatic_cleanup(true);
                Ok(Self { inner: Arc::new(inner), url: text, folder: Some(folder) })
            }
            "s3" => {
                let bucket = url.host_str().context("the URL does not name a bucket")?;
                let inner = PrefixStore::new(open_bucket(bucket, s3)?, url.path().trim_matches('/'));
                Ok(Self { inner: Arc::new(inner), url: text, folder: None })
            }
            _ => bail!("{url} is neither s3://bucket/prefix nor file:///folder"),
        }
    }

    /// The full address of an object.
    pub fn uri(&self, name: &str) -> String {
        format!("{}/{name}", self.url)
    }

    /// Writes a small object.
    pub async fn put(&self, name: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        let path = Path::from(name);
        let put = self.inner.put(&path, PutPayload::from(bytes));
        self.with_timeout(put, name).await?.map_err(|cause| self.error(cause, "writing", name))?;
        self.sync(name).await
    }

    /// Writes a file of any size. The object appears complete, or not at all.
    pub async fn put_file(&self, name: &str, file: &std::fs::File, progress: &dyn Progress) -> anyhow::Result<()> {
        let mut file = tokio::fs::File::from_std(file.try_clone()?);
        file.rewind().await?;
        let total = file.metadata().await?.len();
        let mut sent = 0;
        let mut reader = InspectReader::new(file, |bytes| {
            sent += bytes.len() as u64;
            progress.bytes(sent, Some(total));
        });
        let path = Path::from(name);
        let mut writer = BufWriter::with_capacity(self.inner.clone(), path.clone(), PART_BYTES)
            .with_max_concurrency(CONCURRENT_PARTS);
        if let Err(cause) = tokio::io::copy(&mut reader, &mut writer).await {
            // The first error is the one to report. If aborting fails too, the bucket's lifecycle rule removes the parts.
            let _ = writer.abort().await;
            return Err(self.io_error(cause, "writing", name));
        }
        if let Err(cause) = writer.shutdown().await {
            // The store's response may have been lost: a complete object is good, and is read back next.
            let complete = self.inner.head(&path).await.is_ok_and(|meta| meta.size == total);
            if !complete {
                return Err(self.io_error(cause, "writing", name));
            }
        }
        self.sync(name).await
    }

    /// A small object; `None`: it does not exist.
    pub async fn get(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let get = async { self.inner.get(&Path::from(name)).await?.bytes().await };
        match self.with_timeout(get, name).await? {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(cause) if StoreErrorKind::of(&cause) == StoreErrorKind::NotFound => Ok(None),
            Err(cause) => Err(self.error(cause, "reading", name)),
        }
    }

    /// Reads an object of any size, into `file` if one is given. Its SHA-256 and length. It reads range by range, so that
    /// a slow store has the timeout for each range and not for the whole.
    pub async fn read(
        &self,
        name: &str,
        file: Option<&std::fs::File>,
        progress: &dyn Progress,
    ) -> anyhow::Result<(String, u64)> {
        let path = Path::from(name);
        let error = |cause| self.error(cause, "reading", name);
        let total = self.inner.head(&path).await.map_err(error)?.size;
        let mut copy = match file {
            Some(file) => Some(tokio::fs::File::from_std(file.try_clone()?)),
            None => None,
        };
        let (mut hash, mut read) = (Sha256::new(), 0);
        while read < total {
            let bytes = self.inner.get_range(&path, read..total.min(read + RANGE_BYTES)).await.map_err(error)?;
            anyhow::ensure!(!bytes.is_empty(), "{} ended early", self.uri(name));
            hash.update(&bytes);
            if let Some(copy) = &mut copy {
                copy.write_all(&bytes).await.context(TEMPORARY_FILES)?;
            }
            read += bytes.len() as u64;
            progress.bytes(read, Some(total));
        }
        if let Some(mut copy) = copy {
            copy.flush().await.context(TEMPORARY_FILES)?;
        }
        Ok((format!("{:x}", hash.finalize()), read))
    }

    /// All objects in the folder `prefix`, by name.
    pub async fn list(&self, prefix: &str) -> anyhow::Result<Vec<ListedObject>> {
        let path = Path::from(prefix);
        let list = self.inner.list(Some(&path)).try_collect::<Vec<_>>();
        let metas = self.with_timeout(list, prefix).await?.map_err(|cause| self.error(cause, "listing", prefix))?;
        let mut objects: Vec<_> = metas
            .into_iter()
            .map(|meta| ListedObject {
                name: meta.location.to_string(),
                bytes: meta.size,
                changed_at: meta.last_modified,
            })
            .collect();
        objects.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(objects)
    }

    /// Deletes an object, if it exists.
    pub async fn delete(&self, name: &str) -> anyhow::Result<()> {
        let path = Path::from(name);
        match self.with_timeout(self.inner.delete(&path), name).await? {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(self.error(cause, "deleting", name)),
        }
    }

    async fn with_timeout<T>(&self, request: impl Future<Output = T>, name: &str) -> anyhow::Result<T> {
        let response = tokio::time::timeout(SMALL_TIMEOUT, request).await;
        response.with_context(|| format!("{} does not answer; check that the store is up", self.uri(name)))
    }

    /// A folder's files must be on the disk before a pointer names them; a bucket ensures that itself.
    async fn sync(&self, name: &str) -> anyhow::Result<()> {
        if let Some(folder) = &self.folder {
            tokio::fs::File::open(folder.join(name)).await?.sync_all().await?;
        }
        Ok(())
    }

    fn error(&self, cause: object_store::Error, action: &'static str, name: &str) -> anyhow::Error {
        let details = cause.to_string().lines().next().unwrap_or_default().chars().take(300).collect();
        StoreError { kind: StoreErrorKind::of(&cause), action, uri: self.uri(name), details }.into()
    }

    /// The store's error inside an error of `BufWriter`; any other comes from reading the file.
    fn io_error(&self, cause: io::Error, action: &'static str, name: &str) -> anyhow::Error {
        match cause.downcast::<object_store::Error>() {
            Ok(cause) => self.error(cause, action, name),
            Err(cause) => anyhow::Error::new(cause).context(TEMPORARY_FILES),
        }
    }
}

/// A request to the store failed; the message says what to do.
#[derive(Debug)]
pub struct StoreError {
    pub kind: StoreErrorKind,
    action: &'static str,
    uri: String,
    details: String,
}

/// Why a request to the store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    NotFound,
    NoBucket,
    /// No keys are set, and the machine has no role.
    NoCredentials,
    UnknownCredentials,
    ExpiredCredentials,
    /// The machine's clock is wrong.
    ClockSkew,
    Forbidden,
    DiskFull,
    Unavailable,
}

impl StoreErrorKind {
    fn of(cause: &object_store::Error) -> Self {
        let text = cause.to_string();
        // S3's own error codes tell more than the HTTP status. `object_store` has them only in its messages: `RetryError`
        // and its kin are private.
        match s3_code(&text) {
            Some("NoSuchBucket") => return Self::NoBucket,
            Some("ExpiredToken") => return Self::ExpiredCredentials,
            Some("RequestTimeTooSkewed") => return Self::ClockSkew,
            Some("InvalidAccessKeyId" | "SignatureDoesNotMatch") => return Self::UnknownCredentials,
            Some("AccessDenied") => return Self::Forbidden,
            _ => {}
        }
        match cause {
            object_store::Error::NotFound { .. } => Self::NotFound,
            object_store::Error::Unauthenticated { .. } => Self::UnknownCredentials,
            object_store::Error::PermissionDenied { .. } => Self::Forbidden,
            _ if is_disk_full(cause) => Self::DiskFull,
            // Without keys, credentials are requested from this address of EC2.
            _ if text.contains("http://169.254.169.254/") => Self::NoCredentials,
            _ => Self::Unavailable,
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::NotFound => "it does not exist",
            Self::NoBucket => "the bucket does not exist; create it, or correct its name",
            Self::NoCredentials => "there are no credentials; set the access keys, or give the machine a role",
            Self::UnknownCredentials => "the store does not know these credentials; check the access keys",
            Self::ExpiredCredentials => "the credentials have expired; set new ones",
            Self::ClockSkew => "this machine's clock is wrong; set it by NTP",
            Self::Forbidden => "permission denied; check the policy of the credentials",
            Self::DiskFull => "the disk is full; free up space, or prune backups",
            Self::Unavailable => "check that the store is up and its address is right",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} failed: {} ({})", self.action, self.uri, self.kind.remedy(), self.details)
    }
}

impl std::error::Error for StoreError {}

/// The code in an error response of S3, `<Code>…</Code>`, or in `object_store`'s message about a batch deletion.
fn s3_code(text: &str) -> Option<&str> {
    let (_, code) = text.split_once("<Code>").or_else(|| text.split_once("(code: "))?;
    code.split(['<', ')']).next()
}

fn is_disk_full(cause: &object_store::Error) -> bool {
    std::iter::successors(cause.source(), |cause| (*cause).source())
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::StorageFull)
}

fn open_bucket(bucket: &str, s3: &S3) -> anyhow::Result<impl ObjectStore> {
    let client = ClientOptions::new().with_timeout(HTTP_TIMEOUT).with_connect_timeout(Duration::from_secs(10));
    let backoff = BackoffConfig { max_backoff: MAX_BACKOFF, ..BackoffConfig::default() };
    let retry = RetryConfig { backoff, max_retries: 100, retry_timeout: RETRY_TIMEOUT };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&s3.region)
        .with_client_options(client)
        .with_retry(retry)
        // A bucket with object lock rejects uploads without a checksum.
        .with_checksum_algorithm(Checksum::SHA256)
        // The caller allows this only for a loopback address.
        .with_allow_http(s3.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://")));
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if let Some((id, secret)) = &s3.keys {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret);
    }
    let encryption: AmazonS3ConfigKey = "aws_server_side_encryption".parse()?;
    builder = match &s3.encryption {
        Encryption::Aes256 => builder.with_config(encryption, "AES256"),
        Encryption::Kms(None) => builder.with_config(encryption, "aws:kms"),
        Encryption::Kms(Some(key)) => builder.with_sse_kms_encryption(key),
        Encryption::None => builder,
    };
    builder.build().context("the S3 settings are invalid")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(body: &str) -> object_store::Error {
        object_store::Error::Generic { store: "S3", source: body.into() }
    }

    #[test]
    fn an_error_is_classified_by_the_code_of_s3_then_by_its_variant_then_by_its_source() {
        for (cause, kind) in [
            (s3("400: <Error><Code>ExpiredToken</Code></Error>"), StoreErrorKind::ExpiredCredentials),
            (s3("DeleteObjects request failed for key a: no (code: AccessDenied)"), StoreErrorKind::Forbidden),
            (s3("Error performing PUT http://169.254.169.254/latest/api/token"), StoreErrorKind::NoCredentials),
            (s3("connection refused"), StoreErrorKind::Unavailable),
            (
                object_store::Error::NotFound { path: String::new(), source: "<Code>NoSuchBucket</Code>".into() },
                StoreErrorKind::NoBucket,
            ),
            (
                object_store::Error::NotFound { path: String::new(), source: "<Code>NoSuchKey</Code>".into() },
                StoreErrorKind::NotFound,
            ),
            (
                object_store::Error::PermissionDenied { path: String::new(), source: "403".into() },
                StoreErrorKind::Forbidden,
            ),
            (
                object_store::Error::Generic {
                    store: "LocalFileSystem",
                    source: Box::new(io::Error::from(io::ErrorKind::StorageFull)),
                },
                StoreErrorKind::DiskFull,
            ),
        ] {
            assert_eq!(StoreErrorKind::of(&cause), kind, "{cause}");
        }
    }

    #[tokio::test]
    async fn a_file_larger_than_two_parts_is_stored_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Url::from_directory_path(folder.path()).unwrap(), &S3::default()).unwrap();
        let bytes: Vec<u8> = (0..2 * PART_BYTES + 1_000).map(|n| (n / 7) as u8).collect();
        let mut file = tempfile::tempfile().unwrap();
        io::Write::write_all(&mut file, &bytes).unwrap();
        store.put_file("a/b", &file, &crate::NoProgress).await.unwrap();
        let (sha256, length) = store.read("a/b", None, &crate::NoProgress).await.unwrap();
        assert_eq!((sha256, length), (format!("{:x}", Sha256::digest(&bytes)), bytes.len() as u64));
        assert_eq!(store.get("a/c").await.unwrap(), None);
    }
}
