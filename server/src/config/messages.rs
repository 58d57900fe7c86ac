//! Messaging settings: providers of email and SMS, and their webhook secrets.

use std::path::Path;

use anyhow::Context;
use provider_webhooks::svix;
use transports::{Aws, DevOutbox, Mailbox, Provider, Resend, Ses, Smtp, Transports, Twilio};
use url::Url;

use super::Reader;

/// Names us to the providers' HTTP APIs.
const USER_AGENT: &str = "GuestGuard";

/// Settings of the transports and of their webhooks.
#[derive(Clone)]
pub struct Messages {
    pub from: String,
    /// The first that is set is used: Resend, SMTP, SES; none: the development outbox.
    resend: Option<ResendAccount>,
    smtp_url: Option<String>,
    ses: Option<SesAccount>,
    twilio: Option<TwilioAccount>,
    warm_up: bool,
    /// Signing secrets of Resend's webhook; several during a rotation.
    pub resend_webhook_secrets: Vec<String>,
    /// The SNS topics that SES publishes to, as ARNs.
    pub sns_topics: Vec<String>,
}

#[derive(Clone)]
struct ResendAccount {
    key: String,
    url: Url,
}

#[derive(Clone)]
struct SesAccount {
    aws: Aws,
    configuration_set: Option<String>,
}

#[derive(Clone)]
struct TwilioAccount {
    sid: String,
    /// The first sends; webhooks accept all of them, for rotation.
    tokens: Vec<String>,
    from: String,
    url: Url,
}

impl Messages {
    pub(super) fn read(reader: &mut Reader<'_>, development: bool) -> Self {
        let messages = Self {
            from: reader.mail_from(development),
            resend: reader.resend(),
            smtp_url: reader.smtp_url(),
            ses: reader.ses(),
            twilio: reader.twilio(),
            warm_up: reader.warm_up(),
            resend_webhook_secrets: reader.resend_webhook_secrets(),
            sns_topics: reader.list("GG_SES_TOPICS"),
        };
        if messages.has_no_mail_provider() && !development {
            let remedy = "is missing; set it to something like smtps://user:password@mail.example.org, or set \
                          GG_RESEND_API_KEY or GG_SES_REGION instead";
            reader.error("GG_SMTP_URL", remedy);
        }
        messages
    }

    fn has_no_mail_provider(&self) -> bool {
        self.resend.is_none() && self.smtp_url.is_none() && self.ses.is_none()
    }

    /// Tokens that may sign Twilio's webhooks.
    pub fn twilio_tokens(&self) -> &[String] {
        self.twilio.as_ref().map_or(&[], |twilio| &twilio.tokens)
    }

    /// The AWS account, to confirm SNS subscriptions.
    pub fn aws(&self) -> Option<&Aws> {
        self.ses.as_ref().map(|ses| &ses.aws)
    }

    /// Whether invitations of a new host are spread over several days.
    pub fn warm_up(&self) -> bool {
        self.warm_up && !self.has_no_mail_provider()
    }

    /// The configured transports. Email without a provider goes to the development outbox under `local_dir`.
    pub fn transports(&self, local_dir: &Path) -> anyhow::Result<Transports> {
        let outbox = || Provider::DevOutbox(DevOutbox::new(local_dir.join("outbox")));
        let email = match (&self.resend, &self.smtp_url, &self.ses) {
            (Some(resend), ..) => Provider::Resend(Resend::new(resend.url.clone(), resend.key.clone(), USER_AGENT)?),
            (None, Some(url), _) => Provider::Smtp(Smtp::new(url)?),
            (None, None, Some(ses)) => Provider::Ses(Ses::new(&ses.aws, ses.configuration_set.clone())),
            (None, None, None) => outbox(),
        };
        let sms = match &self.twilio {
            Some(twilio) => {
                let token = twilio.tokens.first().cloned().unwrap_or_default();
                let (url, sid, from) = (twilio.url.clone(), twilio.sid.clone(), twilio.from.clone());
                Some(Provider::Twilio(Twilio::new(url, sid, token, from, USER_AGENT)?))
            }
            None if self.has_no_mail_provider() => Some(outbox()),
            None => None,
        };
        Ok(Transports::new(self.from.parse().context("GG_MAIL_FROM")?, email, sms))
    }
}

impl Reader<'_> {
    fn mail_from(&mut self, development: bool) -> String {
        let from = match self.text("GG_MAIL_FROM") {
            Some(from) => from,
            None if development => "GuestGuard <guestguard@localhost.localdomain>".into(),
            None => self.required("GG_MAIL_FROM", "GuestGuard <invitations@example.org>"),
        };
        if !from.is_empty() && from.parse::<Mailbox>().is_err() {
            self.error("GG_MAIL_FROM", "must be an address such as GuestGuard <invitations@example.org>");
        }
        from
    }

    fn smtp_url(&mut self) -> Option<String> {
        let url = self.text("GG_SMTP_URL")?;
        if !url.starts_with("smtp://") && !url.starts_with("smtps://") {
            self.error("GG_SMTP_URL", "must begin with smtp:// or smtps://");
        }
        Some(url)
    }

    fn resend(&mut self) -> Option<ResendAccount> {
        let key = self.text("GG_RESEND_API_KEY")?;
        Some(ResendAccount { key, url: self.provider("GG_RESEND_URL", "https://api.resend.com/")? })
    }

    fn resend_webhook_secrets(&mut self) -> Vec<String> {
        let secrets = self.list("GG_RESEND_WEBHOOK_SECRETS");
        if !secrets.iter().all(|secret| svix::is_secret(secret)) {
            let remedy = "contains a value that isn't a signing secret; use Resend's whsec_… values, comma-separated";
            self.error("GG_RESEND_WEBHOOK_SECRETS", remedy);
        }
        secrets
    }

    fn ses(&mut self) -> Option<SesAccount> {
        let region = self.text("GG_SES_REGION")?;
        let aws = Aws {
            region,
            access_key: self.required("GG_SES_ACCESS_KEY_ID", "AKIA…"),
            secret_key: self.required("GG_SES_SECRET_ACCESS_KEY", "the secret that belongs to the key"),
            endpoint: self.text("GG_SES_ENDPOINT"),
        };
        Some(SesAccount { aws, configuration_set: self.text("GG_SES_CONFIGURATION_SET") })
    }

    fn twilio(&mut self) -> Option<TwilioAccount> {
        let sid = self.text("GG_TWILIO_ACCOUNT_SID")?;
        let tokens = self.list("GG_TWILIO_AUTH_TOKENS");
        if tokens.is_empty() {
            self.error("GG_TWILIO_AUTH_TOKENS", "is missing; set it to the account's token, or two, comma-separated");
        }
        let from = self.required("GG_TWILIO_FROM", "+15005550006, or a messaging service such as MG…");
        Some(TwilioAccount { sid, tokens, from, url: self.provider("GG_TWILIO_URL", "https://api.twilio.com/")? })
    }

    fn warm_up(&mut self) -> bool {
        match self.text("GG_WARM_UP").as_deref() {
            None | Some("on") => true,
            Some("off") => false,
            Some(other) => {
                self.error("GG_WARM_UP", format!("is \"{other}\"; give on or off"));
                true
            }
        }
    }
}
