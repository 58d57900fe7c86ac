use askama::Template;

use super::{
    Kind,
    postman::Claimed,
    senders::{Mail, Reference},
    templates::{Palette, dark, palette},
};
use crate::{
    auth::Purpose,
    backend::Backend,
    error::Result,
    events::{Theme, times},
    ids::UserId,
};

/// A message to a host; `None` when it has lost its reason: the account is gone, or the link in it was used.
pub async fn mail(backend: &Backend, claimed: &Claimed) -> Result<Option<Mail>> {
    let (user, token) = (claimed.host, claimed.token);
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
    let words = match claimed.kind {
        Kind::ForgottenSoon => match soon_forgotten(backend, user).await? {
            Some(events) => forgetting(&events),
            None => return Ok(None),
        },
        kind => words(kind, row.moves_to.as_deref().unwrap_or_default()),
    };
    let page = match claimed.kind {
        Kind::ForgottenSoon => backend.links.dashboard(),
        Kind::ExportReady => backend.links.account(),
        _ => backend.links.forgot(),
    };
    let letter = Letter {
        name: &row.name,
        link: link.unwrap_or(page),
        home: &backend.links.home(),
        palette: palette(Theme::Letterpress),
        dark: dark(Theme::Letterpress),
        words: &words,
    };
    Ok(Some(Mail {
        reference: Reference { host: user, id: claimed.id },
        message_id: format!("{}@{}", claimed.id, backend.links.domain()),
        to_name: row.name.clone(),
        to_address: claimed.recipient.clone(),
        from_name: "GuestGuard".into(),
        from_address: backend.senders.from.email.to_string(),
        reply_to: None,
        unsubscribe: None,
        calendar: None,
        subject: words.subject.to_owned(),
        text: Text { letter: &letter }.render().map_err(anyhow::Error::from)?,
        html: Html { letter: &letter }.render().map_err(anyhow::Error::from)?,
    }))
}

/// The host's events whose guests are made anonymous soon, in words; `None`: the host gave them other dates, or they are
/// gone.
async fn soon_forgotten(backend: &Backend, user: UserId) -> Result<Option<String>> {
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
    let lines: Vec<_> = lines.collect();
    Ok((!lines.is_empty()).then(|| lines.join("; ")))
}

fn forgetting(events: &str) -> Words {
    Words {
        subject: "Guest data will be erased soon",
        says: format!(
            "Guests trusted you with their names and addresses for an event. We keep them for as long as you chose, and then \
             make the guests anonymous: {events}. Seats and answers stay, so your figures do. If you still need the list, \
             download it before, or keep it longer: the event's details say for how long."
        ),
        button: "Look at my events",
        otherwise: "There is nothing you have to do.",
    }
}

struct Words {
    subject: &'static str,
    says: String,
    /// On the button.
    button: &'static str,
    /// What to do if it was somebody else.
    otherwise: &'static str,
}

fn words(kind: Kind, new_address: &str) -> Words {
    const IGNORE: &str = "If that was not you, there is nothing to do: without this link nothing happens.";
    let (subject, says, button, otherwise) = match kind {
        Kind::Registered => (
            "You have an account already",
            "Somebody, probably you, wanted to open an account with this address. There is one already: just sign in. If \
             you have forgotten the password, the button sets a new one. It works once, for an hour."
                .to_owned(),
            "Set a new password",
            IGNORE,
        ),
        Kind::Reset => (
            "Set a new password",
            "The button leads to a page where you choose a new password. It works once, for an hour.".to_owned(),
            "Choose a new password",
            "If you did not ask for it, there is nothing to do: your password stays as it is.",
        ),
        Kind::Locked => (
            "Your password is locked",
            "There were five wrong passwords in a row, so we do not take this password any more. Where you are signed in \
             you stay signed in, and your guests notice nothing. To sign in anew, choose a new password; the button works \
             once, for an hour."
                .to_owned(),
            "Choose a new password",
            "If it was not you who tried: the lock has kept them out.",
        ),
        Kind::LeaveAddress => (
            "Do you want to leave this address?",
            format!(
                "Your GuestGuard account is to move to {new_address}. It moves when you agree here and in the mail that \
                 we sent there. The button works once, for a day."
            ),
            "Move my account",
            "If that was not you, do not agree, and set a new password: somebody knows yours.",
        ),
        Kind::TakeAddress => (
            "Is this your new address?",
            format!(
                "A GuestGuard account is to move to {new_address}. It moves when you agree here and in the mail that we \
                 sent to the present address. The button works once, for a day."
            ),
            "Yes, this is mine",
            IGNORE,
        ),
        Kind::AddressChanged => (
            "Your account has moved",
            "Your GuestGuard account has another e-mail address from now on, and this one signs in no more.".to_owned(),
            "I did not want that",
            "If that was not you, please tell whoever runs this GuestGuard at once.",
        ),
        Kind::PasswordChanged => (
            "Your password is changed",
            "Your GuestGuard account has a new password, and all other browsers are signed out.".to_owned(),
            "Set another password",
            "If that was not you, set another password now: the button leads to where you get a link.",
        ),
        Kind::SessionRevoked => (
            "We signed out one of your browsers",
            "An outdated copy of a session turned up. Mostly a browser was set back to an earlier state; but somebody may \
             have copied it, so we ended the session. Your other browsers stay signed in."
                .to_owned(),
            "Set a new password",
            "If you have any doubt, set a new password: the button leads to where you get a link.",
        ),
        Kind::ExportReady => (
            "Your data are ready",
            "Everything that your GuestGuard account keeps is packed and waits on your account page for three days.".to_owned(),
            "Go to my account",
            "If you did not ask for it, set a new password: somebody knows yours.",
        ),
        Kind::ForgottenSoon | Kind::Verify | Kind::Invitation | Kind::Confirmation | Kind::Reminder | Kind::EventChanged | Kind::EventCancelled => (
            "Is this your address?",
            "Welcome to GuestGuard. One click proves that this address is yours; then your invitations can go out. It \
             works for a day."
                .to_owned(),
            "Yes, this is mine",
            IGNORE,
        ),
    };
    Words { subject, says, button, otherwise }
}

struct Letter<'a> {
    name: &'a str,
    link: String,
    home: &'a str,
    palette: Palette,
    dark: Palette,
    words: &'a Words,
}

#[derive(Template)]
#[template(path = "account.txt")]
struct Text<'a> {
    letter: &'a Letter<'a>,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Html<'a> {
    letter: &'a Letter<'a>,
}
