use reqwest::{Client, StatusCode};
use serde::Deserialize;
use url::Url;

use super::{Cause, SendError, Taken, Text, gate::Gate, http};

/// Twilio's API for text messages (twilio.com/docs/messaging/api/message-resource). It does not tell repeats apart.
#[derive(Clone)]
pub struct Twilio {
    client: Client,
    url: Url,
    account: String,
    token: String,
    from: String,
    gate: Gate,
}

impl std::fmt::Debug for Twilio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Twilio at {}", self.url)
    }
}

#[derive(Deserialize)]
struct Created {
    sid: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: u32,
    message: String,
}

impl Twilio {
    /// The API at `url`, for `account` with its `token`, sending from a number or from a messaging service (`MG…`).
    pub fn new(url: Url, account: String, token: String, from: String) -> anyhow::Result<Self> {
        Ok(Self { client: http::client()?, url, account, token, from, gate: Gate::default() })
    }

    fn resource(&self, name: &str) -> anyhow::Result<Url> {
        Ok(self.url.join(&format!("2010-04-01/Accounts/{}{name}", self.account))?)
    }

    pub(super) async fn ping(&self) -> anyhow::Result<()> {
        let request = self.client.get(self.resource(".json")?).basic_auth(&self.account, Some(&self.token));
        let status = request.send().await?.status();
        anyhow::ensure!(status.is_success(), "it answers {status}; check the account and its token");
        Ok(())
    }

    pub(super) async fn send(&self, text: &Text) -> Result<Taken, SendError> {
        let url = self.resource("/Messages.json");
        let url = url.map_err(|cause| SendError::new(Cause::Refused, format!("{cause:#}")))?;
        let from = if self.from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let form = [("To", &*text.to), (from, &*self.from), ("Body", &*text.body), ("StatusCallback", &*text.callback)];
        let request = self.client.post(url).basic_auth(&self.account, Some(&self.token)).form(&form);
        let turn = self.gate.turn().await;
        let response = request.send().await.map_err(|error| http::unanswered(&error, false))?;
        let (cause, status) = (http::status_cause(&response), response.status());
        if status.is_success() {
            let id = response.json::<Created>().await.ok().map(|created| created.sid);
            return Ok(Taken { id, turn: Some(turn) });
        }
        let refusal: Refusal = response.json().await.unwrap_or_default();
        let cause = if status == StatusCode::BAD_REQUEST { refusal_cause(refusal.code) } else { cause };
        Err(SendError::new(cause, format!("{} {}", refusal.code, refusal.message)))
    }
}

/// What Twilio's error codes say about a number (twilio.com/docs/api/errors).
fn refusal_cause(code: u32) -> Cause {
    match code {
        // Not a number; not a mobile number.
        21211 | 21614 => Cause::NoSuchAddress,
        // The recipient answered STOP.
        21610 => Cause::Stopped,
        _ => Cause::Refused,
    }
}
