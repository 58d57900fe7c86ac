//! `guestguard send-test`: sends one test message, bypassing the outbox.

use anyhow::{Context, bail};
use clap::Args;
use guestguard::{
    ids::{NotificationId, UserId},
    notifications::{
        Channel,
        senders::{Mail, Message, Reference, Taken, Text},
    },
    phone,
};

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
    let senders = config.messages.senders(&config.local_dir)?;
    let links = connect::links(&config);
    let reference = Reference { host: UserId::new(), id: NotificationId::new() };
    let text = "If you can read this, GuestGuard can send you messages.";
    let (channel, message) = if arguments.to.contains('@') {
        let mail = Mail {
            reference,
            message_id: format!("{}@{}", reference.id, links.domain()),
            to_name: String::new(),
            to_address: arguments.to.clone(),
            from_name: "GuestGuard".into(),
            from_address: senders.from.email.to_string(),
            reply_to: None,
            subject: "GuestGuard test message".into(),
            text: text.into(),
            html: format!("<p>{text}</p>"),
            unsubscribe: None,
            calendar: None,
        };
        (Channel::Email, Message::Mail(Box::new(mail)))
    } else {
        let Ok(to) = phone::parse(&arguments.to, None) else {
            bail!("{} is neither an email address nor a phone number", arguments.to)
        };
        let callback = links.to(&format!("/webhooks/twilio?reference={reference}"));
        (Channel::Sms, Message::Text(Text { reference, to, body: text.into(), callback }))
    };
    let sender = senders.on(channel).context("no SMS provider is configured; set GG_TWILIO_ACCOUNT_SID")?;
    match sender.send(&message).await {
        Ok(Taken { id: Some(id), .. }) => say!("{} accepted the message as {id}.", sender.key()),
        Ok(_) => say!("{} accepted the message.", sender.key()),
        Err(error) => bail!("{} rejected the message ({:?}): {}", sender.key(), error.cause, error.words),
    }
    Ok(())
}
