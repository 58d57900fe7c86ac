//! Development inbox: emails that were written to files instead of being sent, readable in the browser.

use guestguard::problem::Problem;
use leptos::prelude::*;
use mail_parser::MessageParser;

use crate::{
    ssr,
    ui::{
        layout::{Frame, PageHead},
        page::page,
    },
};

/// Messages listed at most.
const MAX_LISTED: usize = 100;

/// One message as the page shows it.
#[derive(Clone)]
struct InboxEmail {
    name: String,
    to: String,
    subject: String,
    text: String,
}

/// What would have been sent, with working links. The page does not exist where email is really sent.
#[component]
pub fn InboxPage() -> impl IntoView {
    let chosen = ssr::path_part("mail");
    let load = async move {
        let backend = ssr::anyone()?;
        let outbox = backend.transports.dev_outbox().ok_or(Problem::NotFound)?;
        let mut emails = Vec::new();
        for name in ssr::reply(outbox.list().await.map_err(Into::into))?.into_iter().take(MAX_LISTED) {
            if let Some(raw) = ssr::reply(outbox.read(&name).await.map_err(Into::into))? {
                emails.extend(read(name, &raw));
            }
        }
        let open = match chosen {
            Some(name) => Some(emails.iter().find(|email| email.name == name).cloned().ok_or(Problem::NotFound)?),
            None => None,
        };
        Ok((emails, open))
    };
    page(load, |(emails, open)| {
        view! {
            <Frame host=None class="page page-wide">
                <PageHead title="Development inbox" lede="Messages are written to files on this machine instead of being sent."/>
                <div class="split">
                    <section class="inbox" aria-label="Messages">
                        {emails.is_empty().then(|| view! { <p>"No messages yet."</p> })}
                        <ul>
                            {emails
                                .into_iter()
                                .map(|email| {
                                    view! {
                                        <li>
                                            <a href=format!("/dev/inbox/{}", email.name)>{email.subject}</a>
                                            <span>{email.to}</span>
                                        </li>
                                    }
                                })
                                .collect_view()}
                        </ul>
                    </section>
                    {open.map(|email| view! { <EmailView email/> })}
                </div>
            </Frame>
        }
    })
}

#[component]
fn EmailView(email: InboxEmail) -> impl IntoView {
    let frame = format!("/dev/inbox/{}/html", email.name);
    view! {
        <section class="email" aria-label="Message">
            <h2>{email.subject}</h2>
            <p>"To " {email.to}</p>
            <iframe src=frame title="HTML version of the message" sandbox="allow-top-navigation-by-user-activation"></iframe>
            <h3>"Plain text"</h3>
            <pre>{with_links(&email.text)}</pre>
        </section>
    }
}

fn read(name: String, raw: &[u8]) -> Option<InboxEmail> {
    let message = MessageParser::default().parse(raw)?;
    let to = message.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default().to_owned();
    let text = message.body_text(0).unwrap_or_default().replace("\r\n", "\n");
    Some(InboxEmail { name, to, subject: message.subject().unwrap_or_default().to_owned(), text })
}

/// The text with clickable URLs.
fn with_links(text: &str) -> impl IntoView {
    text.split_inclusive(char::is_whitespace)
        .map(|word| {
            // Punctuation at the end of a sentence is not part of the URL.
            let link = word.trim_end().trim_end_matches(['.', ',', ';', ':', ')']);
            if link.starts_with("http://") || link.starts_with("https://") {
                let (link, rest) = (link.to_owned(), word[link.len()..].to_owned());
                view! { <a href=link.clone()>{link.clone()}</a> {rest} }.into_any()
            } else {
                word.to_owned().into_any()
            }
        })
        .collect_view()
}
