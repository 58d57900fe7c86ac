//! SNS message: parsing, checks that need no network, and signature verification.

use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use serde::Deserialize;

use super::certificate::{Certificate, SignatureVersion};
use crate::{WebhookError, check_size};

/// SNS retries for 60 minutes. Older messages go to a dead-letter queue, never over HTTP.
const MAX_AGE: Duration = Duration::minutes(75);

/// Accepted lead of Amazon's clock over ours.
const MAX_CLOCK_SKEW: Duration = Duration::minutes(5);

/// The message's `Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnsMessageType {
    /// A published message.
    Notification,
    /// A new subscription, which [`SnsMessage::token`] confirms.
    SubscriptionConfirmation,
    /// The end of a subscription: alert the operator.
    UnsubscribeConfirmation,
}

/// A message for one of our topics. Do not act on it before [`Self::verify`] succeeds.
pub struct SnsMessage {
    message_type: SnsMessageType,
    envelope: Envelope,
    version: SignatureVersion,
    signature: Vec<u8>,
}

/// The JSON envelope. Its texts stay unchanged, because they are signed.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope {
    r#type: String,
    message_id: String,
    topic_arn: String,
    subject: Option<String>,
    message: String,
    timestamp: String,
    token: Option<String>,
    #[serde(rename = "SubscribeURL")]
    subscribe_url: Option<String>,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: String,
}

/// Keeps the text and the token out of logs.
impl fmt::Debug for SnsMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnsMessage").field("type", &self.message_type).field("id", &self.id()).finish_non_exhaustive()
    }
}

impl SnsMessage {
    /// Parses a request's body and checks all that needs no network. `raw_delivery` is the header
    /// `x-amz-sns-rawdelivery`. Production does not allow version 1, whose SHA-1 an attacker would choose.
    ///
    /// # Errors
    /// The topic is not one of `topics` (ARNs), the timestamp is too old or in the future, the signature version is not
    /// allowed, or the certificate's URL is not one that SNS uses in the topic's region.
    pub fn parse(
        raw_delivery: Option<&str>,
        body: &[u8],
        topics: &[String],
        now: DateTime<Utc>,
        allow_v1: bool,
    ) -> Result<Self, WebhookError> {
        check_size(body)?;
        if raw_delivery.is_some() {
            return Err(WebhookError::RawDelivery);
        }
        // serde_json checks the encoding only of the fields that it keeps; other parsers would reject the body.
        let body = std::str::from_utf8(body).map_err(|_| WebhookError::Malformed)?;
        let envelope: Envelope = serde_json::from_str(body).map_err(|_| WebhookError::Malformed)?;
        if !topics.contains(&envelope.topic_arn) {
            return Err(WebhookError::UnknownTopic);
        }
        let message_type = envelope.message_type()?;
        let version = envelope.version(allow_v1)?;
        envelope.check_line_breaks()?;
        envelope.check_timestamp(now)?;
        envelope.check_certificate_url()?;
        let signature = BASE64_STANDARD.decode(&envelope.signature).map_err(|_| WebhookError::Malformed)?;
        Ok(Self { message_type, envelope, version, signature })
    }

    /// Verifies the signature with the certificate from [`super::Certificates::get`].
    ///
    /// # Errors
    /// The certificate is not that of SNS or not valid `now`, or the signature is invalid.
    pub fn verify(&self, certificate: &Certificate, now: DateTime<Utc>) -> Result<(), WebhookError> {
        certificate.check_validity(now)?;
        certificate.check_name(&certificate_name(self.envelope.region()?))?;
        certificate.verify(self.version, self.signed_text()?.as_bytes(), &self.signature)
    }

    /// The message's type.
    pub fn message_type(&self) -> SnsMessageType {
        self.message_type
    }

    /// The message id, the same for all retries.
    pub fn id(&self) -> &str {
        &self.envelope.message_id
    }

    /// The topic's ARN.
    pub fn topic(&self) -> &str {
        &self.envelope.topic_arn
    }

    /// The subject of a notification; that of a confirmation is not signed.
    pub fn subject(&self) -> Option<&str> {
        self.envelope.subject.as_deref().filter(|_| self.message_type == SnsMessageType::Notification)
    }

    /// The published text.
    pub fn text(&self) -> &str {
        &self.envelope.message
    }

    /// The token that confirms a subscription through the SNS API. `SubscribeURL` is never opened.
    pub fn token(&self) -> Option<&str> {
        self.envelope.token.as_deref().filter(|_| self.message_type == SnsMessageType::SubscriptionConfirmation)
    }

    /// The certificate's URL, which [`Self::parse`] has checked.
    pub(super) fn certificate_url(&self) -> &str {
        &self.envelope.signing_cert_url
    }

    /// Name and value of each signed field on separate lines, sorted by name.
    fn signed_text(&self) -> Result<String, WebhookError> {
        let Envelope { r#type, message_id, topic_arn, message, timestamp, .. } = &self.envelope;
        let mut lines = vec![("Message", message), ("MessageId", message_id)];
        match self.message_type {
            SnsMessageType::Notification => {
                lines.extend(self.envelope.subject.iter().map(|subject| ("Subject", subject)))
            }
            SnsMessageType::SubscriptionConfirmation | SnsMessageType::UnsubscribeConfirmation => {
                lines.push(("SubscribeURL", self.envelope.subscribe_url.as_ref().ok_or(WebhookError::Missing)?));
            }
        }
        lines.push(("Timestamp", timestamp));
        if self.message_type != SnsMessageType::Notification {
            lines.push(("Token", self.envelope.token.as_ref().ok_or(WebhookError::Missing)?));
        }
        lines.extend([("TopicArn", topic_arn), ("Type", r#type)]);
        Ok(lines.into_iter().flat_map(|(name, value)| [name, "\n", value, "\n"]).collect())
    }
}

impl Envelope {
    fn message_type(&self) -> Result<SnsMessageType, WebhookError> {
        let is_complete = self.token.is_some() && self.subscribe_url.is_some();
        match &*self.r#type {
            "Notification" => Ok(SnsMessageType::Notification),
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" if !is_complete => Err(WebhookError::Missing),
            "SubscriptionConfirmation" => Ok(SnsMessageType::SubscriptionConfirmation),
            "UnsubscribeConfirmation" => Ok(SnsMessageType::UnsubscribeConfirmation),
            _ => Err(WebhookError::UnsupportedType),
        }
    }

    fn version(&self, allow_v1: bool) -> Result<SignatureVersion, WebhookError> {
        match &*self.signature_version {
            "2" => Ok(SignatureVersion::V2),
            "1" if allow_v1 => Ok(SignatureVersion::V1),
            "1" => Err(WebhookError::OutdatedVersion),
            _ => Err(WebhookError::Malformed),
        }
    }

    /// Fields are signed as lines, so a line break could move text into the next field: whoever chooses a message's text
    /// could replay it under another id. Only the text itself may contain line breaks.
    fn check_line_breaks(&self) -> Result<(), WebhookError> {
        let optional = [&self.subject, &self.token, &self.subscribe_url];
        let lines = optional.into_iter().flatten().chain([&self.message_id]);
        match lines.flat_map(|line| line.chars()).any(char::is_control) || self.message_id.is_empty() {
            true => Err(WebhookError::Malformed),
            false => Ok(()),
        }
    }

    fn check_timestamp(&self, now: DateTime<Utc>) -> Result<(), WebhookError> {
        let timestamp = NaiveDateTime::parse_from_str(&self.timestamp, "%Y-%m-%dT%H:%M:%S%.3fZ");
        let age = now - timestamp.map_err(|_| WebhookError::Malformed)?.and_utc();
        match (age > MAX_AGE, age < -MAX_CLOCK_SKEW) {
            (true, _) => Err(WebhookError::TooOld),
            (_, true) => Err(WebhookError::InFuture),
            _ => Ok(()),
        }
    }

    /// The region of an ARN such as `arn:aws:sns:eu-central-1:123456789012:mail`.
    fn region(&self) -> Result<&str, WebhookError> {
        let region = self.topic_arn.split(':').nth(3).filter(|region| !region.is_empty());
        let is_name = |region: &&str| region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        region.filter(is_name).ok_or(WebhookError::UnknownTopic)
    }

    /// Compares the URL as text, because parsers may disagree about a URL and SNS spells its own in one way.
    fn check_certificate_url(&self) -> Result<(), WebhookError> {
        let region = self.region()?;
        let folder = format!("https://sns.{region}.amazonaws.com{}/SimpleNotificationService-", domain_suffix(region));
        let hash = self.signing_cert_url.strip_prefix(&folder).and_then(|file| file.strip_suffix(".pem"));
        let is_hash =
            |hash: &str| hash.len() == 32 && hash.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if hash.is_some_and(is_hash) { Ok(()) } else { Err(WebhookError::UntrustedCertificateUrl) }
    }
}

/// The suffix of Amazon's domain names in China.
fn domain_suffix(region: &str) -> &'static str {
    if region.starts_with("cn-") { ".cn" } else { "" }
}

/// The name on a region's certificate, from `SnsHostProvider` in the AWS SDK for Java 2. Regions from before 2019 share one.
fn certificate_name(region: &str) -> String {
    const OWN: [&str; 17] = [
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-south-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-1",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
    ];
    match region {
        "us-gov-east-1" | "us-gov-west-1" => "sns-us-gov-west-1.amazonaws.com".into(),
        china if china.starts_with("cn-") => format!("sns-{china}.amazonaws.com.cn"),
        own if OWN.contains(&own) => format!("sns-signing.{own}.amazonaws.com"),
        _ => "sns.amazonaws.com".into(),
    }
}

#[cfg(test)]
mod tests;
