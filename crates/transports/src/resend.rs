//! Resend transport, through its HTTP API.

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::{Email, SendError, SendErrorKind, http};

/// Resend's API (resend.com/docs/api-reference/emails/send-email). For a day it detects repeats by our idempotency key.
#[derive(Clone)]
pub struct Resend {
    client: Client,
    url: Url,
    key: String,
}

impl std::fmt::Debug for Resend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Resend at {}", self.url)
    }
}

#[derive(Deserialize)]
struct SentEmail {
    id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResendError {
    name: String,
    message: String,
}

impl Resend {
    /// The API at `url`, with the account's `key`; requests name `user_agent`.
    pub fn new(url: Url, key: String, user_agent: &str) -> anyhow::Result<Self> {
        Ok(Self { client: http::client(user_agent)?, url, key })
    }

    /// Requests the list of domains. A key that may only send is recognised by its error.
    pub(super) async fn ping(&self) -> anyhow::Result<()> {
        let response = self.client.get(self.url.join("domains")?).bearer_auth(&self.key).send().await?;
        if response.status().is_success() {
            return Ok(());
        }
        let status = response.status();
        let error: ResendError = response.json().await.unwrap_or_default();
        anyhow::ensure!(error.name == "restricted_api_key", "it answers {status}: {}", error.message);
        Ok(())
    }

    pub(super) async fn send(&self, email: &Email) -> Result<Option<String>, SendError> {
        let rejected = |cause: anyhow::Error| SendError::new(SendErrorKind::Rejected, format!("{cause:#}"));
        let url = self.url.join("emails").map_err(|cause| rejected(cause.into()))?;
        let request = self.client.post(url).bearer_auth(&self.key);
        let request = request.header("Idempotency-Key", &email.reference).json(&body(email).map_err(rejected)?);
        let response = request.send().await.map_err(|error| http::classify_no_response(&error, true))?;
        let kind = http::classify_status(&response);
        let status = response.status();
        if status.is_success() {
            // Accepted, even if its id cannot be read.
            return Ok(response.json::<SentEmail>().await.ok().map(|sent| sent.id));
        }
        let error: ResendError = response.json().await.unwrap_or_default();
        match (status, &*error.name) {
            // Accepted before with other content, because something changed between two attempts. It is not sent twice.
            (StatusCode::CONFLICT, "invalid_idempotent_request") => Ok(None),
            (StatusCode::CONFLICT, "concurrent_idempotent_requests") => {
                Err(SendError::new(SendErrorKind::Deferred, error.message))
            }
            _ => Err(SendError::new(kind, format!("{} {}", status.as_u16(), error.message))),
        }
    }
}

fn body(email: &Email) -> anyhow::Result<Value> {
    let mut headers: Map<String, Value> =
        email.unsubscribe_headers().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    headers.insert("Message-ID".into(), format!("<{}>", email.message_id).into());
    let mut body = json!({
        "from": email.from()?.to_string(),
        "to": [email.to()?.to_string()],
        "subject": email.subject,
        "text": email.text,
        "html": email.html,
        "headers": headers,
        "tags": [{ "name": "reference", "value": &email.reference }],
    });
    if let Some(address) = &email.reply_to {
        body["reply_to"] = json!([address]);
    }
    if let Some(calendar) = &email.calendar {
        let content = BASE64_STANDARD.encode(&calendar.content);
        body["attachments"] =
            json!([{ "filename": calendar.file_name, "content": content, "content_type": "text/calendar" }]);
    }
    Ok(body)
}
