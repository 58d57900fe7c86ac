use std::fmt;

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use serde::Deserialize;

use super::certificate::{Certificate, Version};
use crate::webhooks::{Refused, small_enough};

/// SNS goes on trying for 60 minutes. What is older comes from a dead-letter queue, never over HTTP.
const OLDEST: Duration = Duration::minutes(75);

/// How far Amazon's clock may be ahead of ours.
const AHEAD: Duration = Duration::minutes(5);

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something was published.
    Notification,
    /// Somebody subscribed us. [`Message::token`] confirms it.
    SubscriptionConfirmation,
    /// Somebody unsubscribed us: cause for an alert.
    UnsubscribeConfirmation,
}

/// A message for one of our topics. Not to be acted on before [`Self::verify`] has passed.
pub struct Message {
    kind: Kind,
    envelope: Envelope,
    version: Version,
    signature: Vec<u8>,
}

/// The envelope as it stands in the JSON. The texts stay as they are: put in another form they would not be the signed ones.
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

/// Neither what was published nor the token that confirms a subscription belongs in a log.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("kind", &self.kind).field("id", &self.id()).finish_non_exhaustive()
    }
}

impl Message {
    /// Reads a delivery and checks all that can be checked without the network. `raw` is the value of the header
    /// `x-amz-sns-rawdelivery`. Production does not allow version 1, whose SHA-1 an attacker would choose.
    ///
    /// # Errors
    /// It is not for one of `topics` (ARNs), not of these minutes, not signed in a way that counts, or its certificate's
    /// address is none that SNS uses in the topic's region.
    pub fn admit(
        raw: Option<&str>,
        body: &[u8],
        topics: &[String],
        now: DateTime<Utc>,
        allow_v1: bool,
    ) -> Result<Self, Refused> {
        small_enough(body)?;
        if raw.is_some() {
            return Err(Refused::Raw);
        }
        // serde_json looks at the letters only of the fields that it keeps; other readers would refuse the whole.
        let body = std::str::from_utf8(body).map_err(|_| Refused::Malformed)?;
        let envelope: Envelope = serde_json::from_str(body).map_err(|_| Refused::Malformed)?;
        if !topics.contains(&envelope.topic_arn) {
            return Err(Refused::UnknownTopic);
        }
        let kind = envelope.kind()?;
        let version = envelope.version(allow_v1)?;
        envelope.on_one_line()?;
        envelope.in_time(now)?;
        envelope.certificate_of_amazon()?;
        let signature = BASE64_STANDARD.decode(&envelope.signature).map_err(|_| Refused::Malformed)?;
        Ok(Self { kind, envelope, version, signature })
    }

    /// Checks the signature with the certificate that [`super::Certificates`] has for this message.
    ///
    /// # Errors
    /// The certificate is not SNS's or not valid `now`, or the signature does not fit.
    pub fn verify(&self, certificate_pem: &[u8], now: DateTime<Utc>) -> Result<(), Refused> {
        let certificate = Certificate::read(certificate_pem)?;
        certificate.valid(now)?;
        certificate.names(&signer(self.envelope.region()?))?;
        certificate.verify(self.version, self.signed_text()?.as_bytes(), &self.signature)
    }

    /// What the message is for.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The id, which stays the same over retries.
    pub fn id(&self) -> &str {
        &self.envelope.message_id
    }

    /// The topic's ARN, one of ours.
    pub fn topic(&self) -> &str {
        &self.envelope.topic_arn
    }

    /// The subject of a notification. One on a confirmation is not signed and not given.
    pub fn subject(&self) -> Option<&str> {
        self.envelope.subject.as_deref().filter(|_| self.kind == Kind::Notification)
    }

    /// What was published.
    pub fn text(&self) -> &str {
        &self.envelope.message
    }

    /// What confirms a subscription, when SNS is asked to. The address beside it is never opened.
    pub fn token(&self) -> Option<&str> {
        self.envelope.token.as_deref().filter(|_| self.kind == Kind::SubscriptionConfirmation)
    }

    /// Where the certificate is: checked, hence safe to fetch.
    pub(super) fn certificate_address(&self) -> &str {
        &self.envelope.signing_cert_url
    }

    /// Name and value of each signed field on a line of its own, sorted by name.
    fn signed_text(&self) -> Result<String, Refused> {
        let Envelope { r#type, message_id, topic_arn, message, timestamp, .. } = &self.envelope;
        let mut lines = vec![("Message", message), ("MessageId", message_id)];
        match self.kind {
            Kind::Notification => lines.extend(self.envelope.subject.iter().map(|subject| ("Subject", subject))),
            Kind::SubscriptionConfirmation | Kind::UnsubscribeConfirmation => {
                lines.push(("SubscribeURL", self.envelope.subscribe_url.as_ref().ok_or(Refused::Missing)?));
            }
        }
        lines.push(("Timestamp", timestamp));
        if self.kind != Kind::Notification {
            lines.push(("Token", self.envelope.token.as_ref().ok_or(Refused::Missing)?));
        }
        lines.extend([("TopicArn", topic_arn), ("Type", r#type)]);
        Ok(lines.into_iter().flat_map(|(name, value)| [name, "\n", value, "\n"]).collect())
    }
}

impl Envelope {
    fn kind(&self) -> Result<Kind, Refused> {
        let confirms = self.token.is_some() && self.subscribe_url.is_some();
        match &*self.r#type {
            "Notification" => Ok(Kind::Notification),
            "SubscriptionConfirmation" | "UnsubscribeConfirmation" if !confirms => Err(Refused::Missing),
            "SubscriptionConfirmation" => Ok(Kind::SubscriptionConfirmation),
            "UnsubscribeConfirmation" => Ok(Kind::UnsubscribeConfirmation),
            _ => Err(Refused::UnknownKind),
        }
    }

    fn version(&self, allow_v1: bool) -> Result<Version, Refused> {
        match &*self.signature_version {
            "2" => Ok(Version::Two),
            "1" if allow_v1 => Ok(Version::One),
            "1" => Err(Refused::Outdated),
            _ => Err(Refused::Malformed),
        }
    }

    /// Fields are signed as lines, so a line break within one could move text from one field to the next: a message
    /// whose text its writer chose would pass again under another id. Only the text itself may hold some.
    fn on_one_line(&self) -> Result<(), Refused> {
        let optional = [&self.subject, &self.token, &self.subscribe_url];
        let lines = optional.into_iter().flatten().chain([&self.message_id]);
        match lines.flat_map(|line| line.chars()).any(char::is_control) || self.message_id.is_empty() {
            true => Err(Refused::Malformed),
            false => Ok(()),
        }
    }

    fn in_time(&self, now: DateTime<Utc>) -> Result<(), Refused> {
        let time = NaiveDateTime::parse_from_str(&self.timestamp, "%Y-%m-%dT%H:%M:%S%.3fZ");
        let age = now - time.map_err(|_| Refused::Malformed)?.and_utc();
        match (age > OLDEST, age < -AHEAD) {
            (true, _) => Err(Refused::Stale),
            (_, true) => Err(Refused::Early),
            _ => Ok(()),
        }
    }

    /// The region of an ARN such as `arn:aws:sns:eu-central-1:123456789012:mail`.
    fn region(&self) -> Result<&str, Refused> {
        let region = self.topic_arn.split(':').nth(3).filter(|region| !region.is_empty());
        let named = |region: &&str| region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        region.filter(named).ok_or(Refused::UnknownTopic)
    }

    /// Compared as text, letter by letter: whatever an address may mean to a parser, SNS spells its own in one way.
    fn certificate_of_amazon(&self) -> Result<(), Refused> {
        let region = self.region()?;
        let folder = format!("https://sns.{region}.amazonaws.com{}/SimpleNotificationService-", country(region));
        let number = self.signing_cert_url.strip_prefix(&folder).and_then(|file| file.strip_suffix(".pem"));
        let genuine =
            |number: &str| number.len() == 32 && number.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        if number.is_some_and(genuine) { Ok(()) } else { Err(Refused::ForeignAddress) }
    }
}

/// What Amazon's names in China end in.
fn country(region: &str) -> &'static str {
    if region.starts_with("cn-") { ".cn" } else { "" }
}

/// The name on the certificate of a region, from the table in the AWS SDK for Java 2 (`SnsHostProvider`). Regions of
/// before 2019 share one; newer ones have their own.
fn signer(region: &str) -> String {
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
