//! A guest's own data: see, edit, download, unsubscribe, delete.

use guestguard::{
    events::{Event, times::short},
    ids::Token,
    notifications::Channel,
    privacy::{
        CorrectionForm,
        subject_access::{ContactChannel, GuestData, guest_data},
    },
    rsvp::Answer,
};
use leptos::prelude::*;

use crate::{
    notifications::outcome,
    ssr,
    ui::{
        button::PostButton,
        field::Field,
        form::{Form, FormState},
        layout::{GuestFooter, GuestNotice},
        page::page,
    },
};

pub fn data_page(token: &Token) -> String {
    format!("/i/{}/data", token.0)
}

#[component]
pub fn GuestDataPage() -> impl IntoView {
    let token = Token(ssr::path_part("token").unwrap_or_default());
    let load = async move {
        let (backend, guest) = ssr::guest_within(&token, ssr::OPENING).await?;
        let (data, event) = ssr::reply(guest_data(&backend, &guest).await)?;
        Ok((token, data, event))
    };
    page(load, |(token, data, event)| view! { <DataPage token data event/> })
}

#[component]
fn DataPage(token: Token, data: GuestData, event: Event) -> impl IntoView {
    let back = format!("/i/{}", token.0);
    let host = data.host.clone();
    view! {
        <leptos_meta::Title text="Your data"/>
        <main id="main" class="page page-narrow">
            <div class="page-head">
                <nav class="crumbs" aria-label="Breadcrumb"><ol><li><a href=back>"Your invitation"</a></li></ol></nav>
                <h1>"Your data"</h1>
                <p class="lede">{format!("What {host} and this site store about you for “{}”. You can edit, download or delete it.", event.title)}</p>
            </div>
            <GuestNotice/>
            <Stored data=data.clone() event=event.clone()/>
            <Edit token=token.clone() data=data.clone()/>
            <Channels token=token.clone() channels=data.channels.clone() host=host.clone()/>
            <History data event/>
            <section class="card">
                <h2>"Download or delete"</h2>
                <p>"The file contains all of this as JSON, for other programs."</p>
                <div class="cluster">
                    <a class="button" href=format!("/i/{}/data.json", token.0) download="my-data.json">"Download my data"</a>
                    <a class="button button-danger" href=format!("/i/{}/erase", token.0)>"Delete my data"</a>
                </div>
            </section>
            <GuestFooter/>
        </main>
    }
}

#[component]
fn Stored(data: GuestData, event: Event) -> impl IntoView {
    let zone = event.zone();
    let since = data.added_at.with_timezone(&zone).format("%-d %B %Y").to_string();
    let none = || "none".to_owned();
    let lines = [
        ("Name", data.name),
        ("Email", data.email.unwrap_or_else(none)),
        ("Phone", data.phone.unwrap_or_else(none)),
        ("Party size", data.party_size.to_string()),
        ("Tags", if data.tags.is_empty() { none() } else { data.tags.join(", ") }),
        ("Host's note", if data.note.is_empty() { none() } else { data.note }),
        ("Added on", since),
        ("Deleted after", event.kept_until()),
    ];
    view! {
        <section class="card">
            <h2>"Stored data"</h2>
            <dl class="stored-data">
                {lines.into_iter().map(|(term, said)| view! { <div><dt>{term}</dt><dd>{said}</dd></div> }).collect_view()}
            </dl>
        </section>
    }
}

#[component]
fn Edit(token: Token, data: GuestData) -> impl IntoView {
    let known = CorrectionForm {
        name: data.name,
        email: data.email.unwrap_or_default(),
        phone: data.phone.unwrap_or_default(),
    };
    let form = FormState::new("/api/privacy/correct", &known);
    view! {
        <section class="card">
            <h2>"Edit"</h2>
            <Form state=form.clone() alone=true>
                <input type="hidden" name="token" value=token.0/>
                <Field form=form.clone() name="name" label="Name" required=true max=120 autocomplete="name"/>
                <Field form=form.clone() name="email" kind="email" label="Email" max=254 autocomplete="email"/>
                <Field form name="phone" kind="tel" label="Phone" hint="With its country code: +44 7911 123456" max=40 autocomplete="tel"/>
                <div class="form-actions">
                    <button class="button" type="submit">"Save"</button>
                </div>
            </Form>
        </section>
    }
}

#[component]
fn Channels(token: Token, channels: Vec<ContactChannel>, host: String) -> impl IntoView {
    (!channels.is_empty()).then(|| {
        view! {
            <section class="card">
                <h2>{format!("Messages from {host}")}</h2>
                <ul class="contact-channels">
                    {channels
                        .into_iter()
                        .map(|ContactChannel { channel, address, stopped }| {
                            let (what, back) = match channel {
                                Channel::Email => ("Emails", "Unsubscribed. Use the link at the foot of any of these emails to undo."),
                                Channel::Sms => ("Text messages", "Unsubscribed. This can't be undone here."),
                            };
                            let values = vec![("token", token.0.clone()), ("channel", channel.into_str().to_owned())];
                            let label = format!("Unsubscribe {address} from {}", what.to_lowercase());
                            view! {
                                <li>
                                    <span>{format!("{what} to {address}")}</span>
                                    {if stopped {
                                        view! { <span class="hint">{back}</span> }.into_any()
                                    } else {
                                        view! {
                                            <PostButton action="/api/privacy/stop-channel" values class="button button-small" label>
                                                "Unsubscribe"
                                            </PostButton>
                                        }
                                            .into_any()
                                    }}
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
                <p class="hint">"Your link keeps working, and your reply is kept."</p>
            </section>
        }
    })
}

#[component]
fn History(data: GuestData, event: Event) -> impl IntoView {
    let zone = event.zone();
    let replies = data.rsvps.into_iter().map(move |answer| {
        let what = match answer.answer {
            Answer::Attending => format!("You replied yes, party of {}", answer.heads),
            Answer::Maybe => "You replied maybe".to_owned(),
            Answer::Declined => "You replied no".to_owned(),
        };
        let company = answer.companions.join(", ");
        let with = if company.is_empty() { String::new() } else { format!(", with {company}") };
        let message = if answer.message.is_empty() { String::new() } else { format!(": “{}”", answer.message) };
        (format!("{what}{with}{message}"), short(answer.at, zone))
    });
    let messages = data.messages.into_iter().map(move |message| {
        let (kind, state) = (outcome::message(message.kind), outcome::state(message.state));
        (format!("{kind} to {}: {}", message.recipient, state.to_lowercase()), short(message.at, zone))
    });
    let accesses = data
        .accesses
        .into_iter()
        .map(move |access| (format!("Your link was opened {}", device(&access.device)), short(access.at, zone)));
    view! {
        <section class="card">
            <h2>"History"</h2>
            <Lines title="Your replies" empty="No replies yet." lines=replies.collect()/>
            <Lines title="Messages to you" empty="No messages." lines=messages.collect()/>
            <Lines title="Visits to your link" empty="No visits recorded." lines=accesses.collect()/>
            <p class="hint">"For each visit we store the time, the type of device, and a hash of part of the network address; never the address itself."</p>
        </section>
    }
}

fn device(key: &str) -> &'static str {
    match key {
        "phone" => "on a phone",
        "tablet" => "on a tablet",
        "computer" => "on a computer",
        _ => "by a program, such as an email scanner",
    }
}

#[component]
fn Lines(title: &'static str, empty: &'static str, lines: Vec<(String, String)>) -> impl IntoView {
    let counted = lines.len();
    view! {
        <details class="guest-history">
            <summary>{format!("{title} ")} <span class="hint">{counted}</span></summary>
            {if lines.is_empty() {
                view! { <p>{empty}</p> }.into_any()
            } else {
                view! {
                    <ol class="feed">
                        {lines
                            .into_iter()
                            .map(|(said, at)| view! { <li class="feed-item"><span>{said}</span><time>{at}</time></li> })
                            .collect_view()}
                    </ol>
                }
                    .into_any()
            }}
        </details>
    }
}

/// Explains the deletion, and asks for confirmation.
#[component]
pub fn ErasePage() -> impl IntoView {
    let token = Token(ssr::path_part("token").unwrap_or_default());
    let load = async move {
        let (backend, guest) = ssr::guest_within(&token, ssr::OPENING).await?;
        let (data, event) = ssr::reply(guest_data(&backend, &guest).await)?;
        Ok((token, data, event))
    };
    page(load, |(token, data, event): (Token, GuestData, Event)| {
        let host = data.host;
        view! {
            <leptos_meta::Title text="Delete my data"/>
            <main id="main" class="page page-narrow">
                <div class="page-head">
                    <nav class="crumbs" aria-label="Breadcrumb"><ol><li><a href=data_page(&token)>"Your data"</a></li></ol></nav>
                    <h1>"Delete your data?"</h1>
                </div>
                <GuestNotice/>
                <section class="card">
                    <p>"This takes effect immediately and can't be undone:"</p>
                    <ul class="effects">
                        <li>{format!("Your name, addresses, notes, companions and messages to {host} are deleted. {host} keeps an anonymous entry with your reply.")}</li>
                        <li>"Your link stops working, and queued messages are not sent."</li>
                        <li>{format!("{host} can't message you from this site again, even if they add you to a list. For that we keep a hash of your address, which can't be read back.")}</li>
                        <li>"Backups that contain your data are replaced within six weeks."</li>
                    </ul>
                    <p>
                        {format!(
                            "This concerns “{}” only; other invitations are separate. We can't delete emails you received or copies that {host} made; please ask {host} about those.",
                            event.title,
                        )}
                    </p>
                    <div class="actions">
                        <PostButton action="/api/privacy/erase" values=vec![("token", token.0.clone())] class="button button-danger">"Delete my data"</PostButton>
                        <a class="button button-quiet" href=data_page(&token)>"Cancel"</a>
                    </div>
                </section>
                <GuestFooter/>
            </main>
        }
    })
}
