//! Twilio transport for text messages, through its HTTP API.

use reqwest::{Client, StatusCode};
use serde::Deserialize;
use url::Url;

use crate::{Receipt, SendError, SendErrorKind, SmsMessage, http, send_permit::SendPermits};

/// Twilio's API for text messages (twilio.com/docs/messaging/api/message-resource). It does not detect repeats.
#[derive(Clone)]
pub struct Twilio {
    client: Client,
    url: Url,
    account: String,
    token: String,
    from: String,
    permits: SendPermits,
}

impl std::fmt::Debug for Twilio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Twilio at {}", self.url)
    }
}

#[derive(Deserialize)]
struct SentSms {
    sid: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TwilioError {
    code: u32,
    message: String,
}

impl Twilio {
    /// The API at `url`, for `account` with its `token`, sending from a number or from a messaging service (`MG…`);
    /// requests name `user_agent`.
    pub fn new(url: Url, account: String, token: String, from: String, user_agent: &str) -> anyhow::Result<Self> {
        let client = http::client(user_agent)?;
        Ok(Self { client, url, account, token, from, permits: SendPermits::default() })
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

    pub(super) async fn send(&self, sms: &SmsMessage) -> Result<Receipt, SendError> {
        let url = self.resource("/Messages.json");
        let url = url.map_err(|cause| SendError::new(SendErrorKind::Rejected, format!("{cause:#}")))?;
        let from = if self.from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let form = [("To", &*sms.to), (from, &*self.from), ("Body", &*sms.body), ("StatusCallback", &*sms.callback)];
        let request = self.client.post(url).basic_auth(&self.account, Some(&self.token)).form(&form);
        let permit = self.permits.acquire().await;
        let response = request.send().await.map_err(|error| http::classify_no_response(&error, false))?;
        let (kind, status) = (http::classify_status(&response), response.status());
        if status.is_success() {
            let id = response.json::<SentSms>().await.ok().map(|sent| sent.sid);
            return Ok(Receipt { id, permit: Some(permit) });
        }
        let error: TwilioError = response.json().await.unwrap_or_default();
        let kind = if status == StatusCode::BAD_REQUEST { classify_code(error.code) } else { kind };
        Err(SendError::new(kind, format!("{} {}", error.code, error.message)))
    }
}

/// Classifies Twilio's error codes (twilio.com/docs/api/errors).
fn classify_code(code: u32) -> SendErrorKind {
    match code {
        // Invalid number; not a mobile number.
        21211 | 21614 => SendErrorKind::NoSuchAddress,
        // The recipient answered STOP.
        21610 => SendErrorKind::OptedOut,
        _ => SendErrorKind::Rejected,
    }
}
