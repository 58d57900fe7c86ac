//! Account emails: messages to hosts about their own account.

use askama::Template;
use transports::Email;

use super::palette::{Palette, dark_palette, palette};
use crate::{
    auth::Purpose,
    backend::Backend,
    error::Result,
    events::{Theme, times},
    ids::{AccountTokenId, UserId},
    notifications::{AccountMessage, outbox::Notification, reference::Reference},
};

/// Renders an email about an account. `None`: the account is deleted, or the link in it was used or has expired.
pub async fn render(
    backend: &Backend,
    notification: &Notification,
    token: Option<AccountTokenId>,
    message: AccountMessage,
) -> Result<Option<Email>> {
    let user = notification.host;
    let row = sqlx::query!(
        r#"
        select u.name, t.purpose as "purpose?: Purpose", t.token_sealed, t.email as "moves_to?",
            t.used_at is null and t.expires_at > $3 as good
        from users u left join account_tokens t on t.user_id = u.id and t.id = $2
        where u.id = $1
        "#,
        user.0,
        token.map(|token| token.0),
        backend.clock.now(),
    )
    .fetch_optional(&backend.db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let link = match (token, row.purpose, row.token_sealed) {
        (None, ..) => None,
        (Some(token), Some(purpose), Some(sealed)) if row.good == Some(true) => {
            Some(purpose.link(&backend.links, &backend.secrets.open(&sealed, token.0)?))
        }
        (Some(_), ..) => return Ok(None),
    };
    let detail = match message {
        AccountMessage::RetentionNotice => anonymised_soon(backend, user).await?,
        _ => row.moves_to.unwrap_or_default(),
    };
    if message == AccountMessage::RetentionNotice && detail.is_empty() {
        return Ok(None);
    }
    let text = text_of(message, &detail);
    let page = match message {
        AccountMessage::RetentionNotice | AccountMessage::AddressChanged => backend.links.dashboard(),
        AccountMessage::ExportReady => backend.links.account(),
        _ => backend.links.forgot(),
    };
    let email = AccountEmail {
        name: &row.name,
        link: link.unwrap_or(page),
        home: &backend.links.home(),
        palette: palette(Theme::Letterpress),
        dark: dark_palette(Theme::Letterpress),
        text: &text,
    };
    Ok(Some(Email {
        reference: Reference { host: user, id: notification.id }.to_string(),
        message_id: format!("{}@{}", notification.id, backend.links.domain()),
        to_name: row.name.clone(),
        to_address: notification.recipient.clone(),
        from_name: "GuestGuard".into(),
        from_address: backend.transports.from.email.to_string(),
        reply_to: None,
        unsubscribe: None,
        calendar: None,
        subject: text.subject.to_owned(),
        text: AccountText { email: &email }.render().map_err(anyhow::Error::from)?,
        html: AccountHtml { email: &email }.render().map_err(anyhow::Error::from)?,
    }))
}

/// The text of an account email.
struct AccountMessageText {
    subject: &'static str,
    body: String,
    button: &'static str,
    /// What to do if somebody else caused it.
    note: &'static str,
}

/// The host's events whose guests will be made anonymous, with the date; empty: the host moved or deleted those events.
async fn anonymised_soon(backend: &Backend, user: UserId) -> Result<String> {
    let events = sqlx::query!(
        "select title, greatest(anonymise_at, retention_notice_at + make_interval(days => $2)) as at from events
        where host_id = $1 and anonymised_at is null and retention_notice_at is not null order by anonymise_at",
        user.0,
        crate::events::RETENTION_NOTICE_DAYS as i32,
    )
    .fetch_all(&backend.db)
    .await?;
    let lines = events.into_iter().filter_map(|event| {
        let day = times::long_date(event.at?.date_naive());
        Some(format!("“{}” on {day}", event.title))
    });
    Ok(lines.collect::<Vec<_>>().join("; "))
}

/// `detail` is the new address, or the events of a retention notice.
fn text_of(message: AccountMessage, detail: &str) -> AccountMessageText {
    const IGNORE: &str = "If this wasn't you, you can ignore this email: nothing happens without this link.";
    let (subject, body, button, note) = match message {
        AccountMessage::Verify => (
            "Verify your email address",
            "Welcome to GuestGuard! Please verify your email address so that you can send invitations. The link works for \
             24 hours."
                .to_owned(),
            "Verify email",
            IGNORE,
        ),
        AccountMessage::Registered => (
            "You already have an account",
            "Somebody, probably you, tried to sign up with this email address, which already has an account. You can just \
             sign in. If you forgot your password, set a new one. The link works once, for an hour."
                .to_owned(),
            "Reset password",
            IGNORE,
        ),
        AccountMessage::Reset => (
            "Reset your password",
            "Choose a new password for your GuestGuard account. The link works once, for an hour.".to_owned(),
            "Reset password",
            "If you didn't ask for this, you can ignore this email: your password stays as it is.",
        ),
        AccountMessage::Locked => (
            "Too many failed sign-ins: reset your password",
            "There were five failed sign-ins in a row, so we locked your password. You stay signed in where you are, and \
             your guests don't notice anything. To sign in again, choose a new password. The link works once, for an hour."
                .to_owned(),
            "Reset password",
            "If this wasn't you, the lock has kept them out.",
        ),
        AccountMessage::LeaveAddress => (
            "Confirm your new email address",
            format!(
                "You asked to change the email address of your GuestGuard account to {detail}. Please confirm it here \
                 and in the email that we sent to the new address. The link works once, for 24 hours."
            ),
            "Confirm change",
            "If this wasn't you, don't confirm, and set a new password: somebody else knows yours.",
        ),
        AccountMessage::TakeAddress => (
            "Confirm your new email address",
            format!(
                "You asked to change the email address of a GuestGuard account to {detail}. Please confirm it here and \
                 in the email that we sent to the current address. The link works once, for 24 hours."
            ),
            "Confirm change",
            IGNORE,
        ),
        AccountMessage::AddressChanged => (
            "Your email address was changed",
            "Your GuestGuard account has a new email address. You can no longer sign in with this one.".to_owned(),
            "Go to GuestGuard",
            "If this wasn't you, please contact the operator of this site at once.",
        ),
        AccountMessage::PasswordChanged => (
            "Your password was changed",
            "Your GuestGuard account has a new password, and all other sessions are signed out.".to_owned(),
            "Reset password",
            "If this wasn't you, reset your password now.",
        ),
        AccountMessage::SessionRevoked => (
            "We signed you out in one browser",
            "An outdated copy of a session was used. Usually a browser was restored from a backup, but someone may have \
             copied the session, so we ended it. Your other sessions stay signed in."
                .to_owned(),
            "Reset password",
            "Not sure? Reset your password.",
        ),
        AccountMessage::ExportReady => (
            "Your data export is ready",
            "You can download your data from your account page for the next three days.".to_owned(),
            "Go to my account",
            "If you didn't ask for it, reset your password: somebody else knows yours.",
        ),
        AccountMessage::RetentionNotice => (
            "Guest data will be deleted soon",
            format!(
                "Guest data is kept for the time you chose for each event. Then the guests are made anonymous: {detail}. \
                 Responses and headcounts stay, so your statistics don't change. If you still need a guest list, export it \
                 before that date, or choose a longer time in the event's settings."
            ),
            "View my events",
            "There is nothing you have to do.",
        ),
    };
    AccountMessageText { subject, body, button, note }
}

struct AccountEmail<'a> {
    name: &'a str,
    link: String,
    home: &'a str,
    palette: Palette,
    dark: Palette,
    text: &'a AccountMessageText,
}

#[derive(Template)]
#[template(path = "account.txt")]
struct AccountText<'a> {
    email: &'a AccountEmail<'a>,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountHtml<'a> {
    email: &'a AccountEmail<'a>,
}
