//! Development outbox: writes messages to files instead of sending them.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::{OutgoingMessage, SendError, SendErrorKind};

/// A folder with one `.eml` file for each message.
#[derive(Clone, Debug)]
pub struct DevOutbox(PathBuf);

impl DevOutbox {
    /// Creates `folder` with the first message.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    pub(crate) async fn send(&self, message: &OutgoingMessage) -> Result<(), SendError> {
        let written = match message {
            OutgoingMessage::Email(email) => match email.mime() {
                Ok(mime) => self.write(&email.message_id, &mime.formatted()).await,
                Err(cause) => return Err(SendError::new(SendErrorKind::Rejected, format!("{cause:#}"))),
            },
            // As an email to the number.
            OutgoingMessage::Sms(sms) => {
                let mime = format!("To: {}@sms.invalid\r\nSubject: Text message\r\n\r\n{}\r\n", sms.to, sms.body);
                self.write(&sms.message_id, mime.as_bytes()).await
            }
        };
        written.map_err(|cause| SendError::new(SendErrorKind::Unavailable { retry_after: None }, format!("{cause:#}")))
    }

    /// Writes `<local part of the message id>.eml`, through a temporary file, so that readers never see half a message.
    async fn write(&self, message_id: &str, mime: &[u8]) -> anyhow::Result<()> {
        let name = message_id.split('@').next().unwrap_or(message_id);
        tokio::fs::create_dir_all(&self.0).await.with_context(|| format!("the outbox {}", self.0.display()))?;
        let (path, part) = (self.path(name), self.0.join(format!("{name}.part")));
        tokio::fs::write(&part, mime).await.context("the outbox cannot be written")?;
        tokio::fs::rename(&part, &path).await.context("the outbox cannot be written")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(format!("{name}.eml"))
    }

    /// The names of the messages, newest first if message ids are ordered by time.
    pub async fn list(&self) -> anyhow::Result<Vec<String>> {
        let mut names = Vec::new();
        let Ok(mut entries) = tokio::fs::read_dir(&self.0).await else { return Ok(names) };
        while let Some(entry) = entries.next_entry().await? {
            if let Some(name) = entry.file_name().to_str().and_then(|name| name.strip_suffix(".eml")) {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable_by(|one, other| other.cmp(one));
        Ok(names)
    }

    /// The MIME text of a message, or `None` if there is no message of this name.
    pub async fn read(&self, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
        // Prevents path traversal.
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            return Ok(None);
        }
        match tokio::fs::read(self.path(name)).await {
            Ok(mime) => Ok(Some(mime)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a message, if it exists.
    pub async fn remove(&self, name: &str) -> anyhow::Result<()> {
        match tokio::fs::remove_file(self.path(name)).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(anyhow::Error::new(error).context("the outbox cannot be cleared"))
            }
            _ => Ok(()),
        }
    }
}
