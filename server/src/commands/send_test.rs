//! `guestguard send-test`: sends one test message, bypassing the outbox.

use anyhow::{Context, bail};
use clap::Args;
use guestguard::{
    ids::{NotificationId, UserId},
    notifications::reference::Reference,
    phone,
};
use transports::{Email, OutgoingMessage, Receipt, SmsMessage};

use super::output::say;
use crate::{config::Config, connect};

#[derive(Args)]
pub struct SendTest {
    /// Email address, or phone number with country code for an SMS
    #[arg(long)]
    to: String,
}

pub async fn run(arguments: SendTest) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let transports = config.messages.transports(&config.local_dir)?;
    let links = connect::links(&config);
    let reference = Reference { host: UserId::new(), id: NotificationId::new() };
    let text = "If you can read this, GuestGuard can send you messages.";
    let (transport, message) = if arguments.to.contains('@') {
        let email = Email {
            reference: reference.to_string(),
            message_id: format!("{}@{}", reference.id, links.domain()),
            to_name: String::new(),
            to_address: arguments.to.clone(),
            from_name: "GuestGuard".into(),
            from_address: transports.from.email.to_string(),
            reply_to: None,
            subject: "GuestGuard test message".into(),
            text: text.into(),
            html: format!("<p>{text}</p>"),
            unsubscribe: None,
            calendar: None,
        };
        (Some(transports.email()), OutgoingMessage::Email(Box::new(email)))
    } else {
        let Ok(to) = phone::parse(&arguments.to, None) else {
            bail!("{} is neither an email address nor a phone number", arguments.to)
        };
        let callback = links.to(&format!("/webhooks/twilio?reference={reference}"));
        let message_id = reference.id.to_string();
        (transports.sms(), OutgoingMessage::Sms(SmsMessage { message_id, to, body: text.into(), callback }))
    };
    let transport = transport.context("no SMS provider is configured; set GG_TWILIO_ACCOUNT_SID")?;
    match transport.send(&message).await {
        Ok(Receipt { id: Some(id), .. }) => say!("{} accepted the message as {id}.", transport.name()),
        Ok(_) => say!("{} accepted the message.", transport.name()),
        Err(error) => bail!("{} rejected the message ({:?}): {}", transport.name(), error.kind, error.detail),
    }
    Ok(())
}
