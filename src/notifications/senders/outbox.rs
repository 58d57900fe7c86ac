use std::path::{Path, PathBuf};

use anyhow::Context;
use sqlx::PgConnection;

use super::{Cause, Message, SendError};
use crate::{
    backend::Backend,
    error::Result,
    ids::{GuestId, NotificationId, UserId},
};

/// The development outbox: messages become files that `/dev/inbox` shows.
#[derive(Clone, Debug)]
pub struct Outbox(PathBuf);

impl Outbox {
    /// Writes into `folder`.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// Where the messages lie.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    pub(super) async fn send(&self, message: &Message) -> Result<Option<String>, SendError> {
        let written = match message {
            Message::Mail(mail) => match mail.message() {
                Ok(letter) => write(&self.0, &mail.message_id, &letter.formatted()).await,
                Err(cause) => return Err(SendError::new(Cause::Refused, format!("{cause:#}"))),
            },
            // Shown like a mail, by its number.
            Message::Text(text) => {
                let letter = format!("To: {}@sms.invalid\r\nSubject: Text message\r\n\r\n{}\r\n", text.to, text.body);
                write(&self.0, &text.reference.id.to_string(), letter.as_bytes()).await
            }
        };
        let written = written.map(|()| None);
        written.map_err(|cause| SendError::new(Cause::Away { retry_after: None }, format!("{cause:#}")))
    }
}

/// Writes a message as `<message id's local part>.eml`; written beside and renamed, so that a reader never sees half.
async fn write(folder: &Path, message_id: &str, message: &[u8]) -> anyhow::Result<()> {
    let name = message_id.split('@').next().unwrap_or(message_id);
    tokio::fs::create_dir_all(folder).await.with_context(|| format!("the outbox {}", folder.display()))?;
    let (path, part) = (folder.join(format!("{name}.eml")), folder.join(format!("{name}.part")));
    tokio::fs::write(&part, message).await.context("the outbox cannot be written")?;
    tokio::fs::rename(&part, &path).await.context("the outbox cannot be written")
}

/// The names of the messages, newest first. Names are time-ordered identifiers.
pub async fn list(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else { return Ok(names) };
    while let Some(entry) = entries.next_entry().await? {
        if let Some(name) = entry.file_name().to_str().and_then(|name| name.strip_suffix(".eml")) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable_by(|one, other| other.cmp(one));
    Ok(names)
}

/// One message as it was written, or `None` if there is none of that name.
pub async fn read(folder: &Path, name: &str) -> anyhow::Result<Option<Vec<u8>>> {
    // Names are identifiers; anything else could climb out of the folder.
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(None);
    }
    let path: PathBuf = folder.join(format!("{name}.eml"));
    match tokio::fs::read(path).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a host's messages, or those to one guest, are called here; nothing where mail goes elsewhere.
pub(crate) async fn written_to(
    tx: &mut PgConnection,
    backend: &Backend,
    host: UserId,
    guest: Option<GuestId>,
) -> Result<Vec<NotificationId>> {
    if backend.senders.outbox_folder().is_none() {
        return Ok(Vec::new());
    }
    Ok(sqlx::query_scalar!(
        r#"
        select id as "id: NotificationId" from notifications where host_id = $1 and ($2::uuid is null or guest_id = $2)
        "#,
        host.0,
        guest.map(|guest| guest.0),
    )
    .fetch_all(tx)
    .await?)
}

/// Removes messages to people who were erased.
pub(crate) async fn forget(backend: &Backend, messages: &[NotificationId]) -> Result<()> {
    let Some(folder) = backend.senders.outbox_folder() else { return Ok(()) };
    for message in messages {
        match tokio::fs::remove_file(folder.join(format!("{message}.eml"))).await {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(anyhow::Error::new(cause).context("the outbox cannot be cleared").into());
            }
            _ => {}
        }
    }
    Ok(())
}
