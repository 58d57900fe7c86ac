use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Cause, Mail, SendError, http, mail::CALENDAR_NAME};

/// Resend's API (resend.com/docs/api-reference/emails/send-email). It tells repeats apart by our idempotency key, for a
/// day.
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
struct Taken {
    id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    name: String,
    message: String,
}

impl Resend {
    /// The API at `url`, with the account's `key`.
    pub fn new(url: Url, key: String) -> anyhow::Result<Self> {
        Ok(Self { client: http::client()?, url, key })
    }

    /// The list of domains is asked for, which every key with full rights may see; one that may only send is told apart
    /// by its error.
    pub(super) async fn ping(&self) -> anyhow::Result<()> {
        let response = self.client.get(self.url.join("domains")?).bearer_auth(&self.key).send().await?;
        if response.status().is_success() {
            return Ok(());
        }
        let status = response.status();
        let refusal: Refusal = response.json().await.unwrap_or_default();
        anyhow::ensure!(refusal.name == "restricted_api_key", "it answers {status}: {}", refusal.message);
        Ok(())
    }

    pub(super) async fn send(&self, mail: &Mail) -> Result<Option<String>, SendError> {
        let refused = |cause: anyhow::Error| SendError::new(Cause::Refused, format!("{cause:#}"));
        let url = self.url.join("emails").map_err(|cause| refused(cause.into()))?;
        let request = self.client.post(url).bearer_auth(&self.key);
        let request = request.header("Idempotency-Key", mail.reference.to_string()).json(&body(mail).map_err(refused)?);
        let response = request.send().await.map_err(|error| http::unanswered(&error, true))?;
        let cause = http::status_cause(&response);
        let status = response.status();
        if status.is_success() {
            // Taken, even where its id got lost on the way.
            return Ok(response.json::<Taken>().await.ok().map(|taken| taken.id));
        }
        let refusal: Refusal = response.json().await.unwrap_or_default();
        match (status, &*refusal.name) {
            // Taken before with other words: the event was edited between two tries. It is not sent twice.
            (StatusCode::CONFLICT, "invalid_idempotent_request") => Ok(None),
            (StatusCode::CONFLICT, "concurrent_idempotent_requests") => {
                Err(SendError::new(Cause::PutOff, refusal.message))
            }
            _ => Err(SendError::new(cause, format!("{} {}", status.as_u16(), refusal.message))),
        }
    }
}

fn body(mail: &Mail) -> anyhow::Result<Value> {
    let mut headers: Map<String, Value> =
        mail.more_headers().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    headers.insert("Message-ID".into(), format!("<{}>", mail.message_id).into());
    let mut body = json!({
        "from": mail.from()?.to_string(),
        "to": [mail.to()?.to_string()],
        "subject": mail.subject,
        "text": mail.text,
        "html": mail.html,
        "headers": headers,
        "tags": [{ "name": "reference", "value": mail.reference.to_string() }],
    });
    if let Some(address) = &mail.reply_to {
        body["reply_to"] = json!([address]);
    }
    if let Some(calendar) = &mail.calendar {
        let content = BASE64_STANDARD.encode(calendar);
        body["attachments"] =
            json!([{ "filename": CALENDAR_NAME, "content": content, "content_type": "text/calendar" }]);
    }
    Ok(body)
}
