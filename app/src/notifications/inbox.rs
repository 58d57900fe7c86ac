use guestguard::{notifications::senders::outbox, problem::Problem};
use leptos::prelude::*;
use mail_parser::MessageParser;

use crate::{
    ssr,
    ui::{
        layout::{Frame, PageHead},
        page::page,
    },
};

/// Most messages listed.
const LISTED: usize = 100;

/// One message as the page shows it.
#[derive(Clone)]
struct Mail {
    name: String,
    to: String,
    subject: String,
    text: String,
}

/// The development outbox: what would have been sent, with links that work. There is no such page where mail is
/// really sent.
#[component]
pub fn InboxPage() -> impl IntoView {
    let chosen = ssr::path_part("mail");
    let load = async move {
        let backend = ssr::anyone()?;
        let folder = backend.senders.outbox_folder().ok_or(Problem::NotFound)?;
        let mut mails = Vec::new();
        for name in ssr::reply(outbox::list(folder).await.map_err(Into::into))?.into_iter().take(LISTED) {
            if let Some(raw) = ssr::reply(outbox::read(folder, &name).await.map_err(Into::into))? {
                mails.extend(read(name, &raw));
            }
        }
        let open = match chosen {
            Some(name) => Some(mails.iter().find(|mail| mail.name == name).cloned().ok_or(Problem::NotFound)?),
            None => None,
        };
        Ok((mails, open))
    };
    page(load, |(mails, open)| {
        view! {
            <Frame host=None class="page page-wide">
                <PageHead title="Outbox" lede="Messages of this machine. They are written to files instead of being sent."/>
                <div class="split">
                    <section class="inbox" aria-label="Messages">
                        {mails.is_empty().then(|| view! { <p>"Nothing was sent yet."</p> })}
                        <ul>
                            {mails
                                .into_iter()
                                .map(|mail| {
                                    view! {
                                        <li>
                                            <a href=format!("/dev/inbox/{}", mail.name)>{mail.subject}</a>
                                            <span>{mail.to}</span>
                                        </li>
                                    }
                                })
                                .collect_view()}
                        </ul>
                    </section>
                    {open.map(|mail| view! { <Reading mail/> })}
                </div>
            </Frame>
        }
    })
}

#[component]
fn Reading(mail: Mail) -> impl IntoView {
    let frame = format!("/dev/inbox/{}/html", mail.name);
    view! {
        <section class="mail" aria-label="Message">
            <h2>{mail.subject}</h2>
            <p>"To " {mail.to}</p>
            <iframe src=frame title="The message as it looks" sandbox="allow-top-navigation-by-user-activation"></iframe>
            <h3>"As plain text"</h3>
            <pre>{linked(&mail.text)}</pre>
        </section>
    }
}

fn read(name: String, raw: &[u8]) -> Option<Mail> {
    let message = MessageParser::default().parse(raw)?;
    let to = message.to().and_then(|to| to.first()).and_then(|to| to.address()).unwrap_or_default().to_owned();
    let text = message.body_text(0).unwrap_or_default().replace("\r\n", "\n");
    Some(Mail { name, to, subject: message.subject().unwrap_or_default().to_owned(), text })
}

/// The text with its addresses clickable.
fn linked(text: &str) -> impl IntoView {
    text.split_inclusive(char::is_whitespace)
        .map(|word| {
            // What ends the sentence is not the address's.
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
