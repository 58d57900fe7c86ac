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

/// `guestguard send-test`.
#[derive(Args)]
pub struct SendTest {
    /// An e-mail address, or a phone number with its country code for a text message.
    #[arg(long)]
    to: String,
}

/// Sends one message by the provider that is configured, around the outbox, and says what came of it.
pub async fn run(send: SendTest) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    let senders = config.messages.senders(&config.local_dir)?;
    let links = connect::links(&config);
    let reference = Reference { host: UserId::new(), id: NotificationId::new() };
    let said = "If you read this, GuestGuard can write to you.";
    let (channel, message) = if send.to.contains('@') {
        let mail = Mail {
            reference,
            message_id: format!("{}@{}", reference.id, links.domain()),
            to_name: String::new(),
            to_address: send.to.clone(),
            from_name: "GuestGuard".into(),
            from_address: senders.from.email.to_string(),
            reply_to: None,
            subject: "A test from GuestGuard".into(),
            text: said.into(),
            html: format!("<p>{said}</p>"),
            unsubscribe: None,
            calendar: None,
        };
        (Channel::Email, Message::Mail(Box::new(mail)))
    } else {
        let Ok(to) = phone::parse(&send.to, None) else { bail!("{} is no address and no phone number", send.to) };
        let callback = links.to(&format!("/webhooks/twilio?reference={reference}"));
        (Channel::Sms, Message::Text(Text { reference, to, body: said.into(), callback }))
    };
    let sender = senders.on(channel).context("no provider for text messages is set; see GG_TWILIO_ACCOUNT_SID")?;
    match sender.send(&message).await {
        Ok(Taken { id: Some(id), .. }) => say!("{} took it and calls it {id}.", sender.key()),
        Ok(_) => say!("{} took it.", sender.key()),
        Err(error) => bail!("{} did not take it ({:?}): {}", sender.key(), error.cause, error.words),
    }
    Ok(())
}
