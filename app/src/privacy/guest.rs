use guestguard::{
    events::{Event, times::short},
    ids::Token,
    notifications::Channel,
    privacy::{
        CorrectionForm,
        held::{Held, HeldChannel, held},
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
        words,
    },
};

/// Where a guest sees what is held about them.
pub fn data_page(token: &Token) -> String {
    format!("/i/{}/data", token.0)
}

/// What is held about a guest, for them to see, put right, take along, and end. Whole without scripts.
#[component]
pub fn GuestDataPage() -> impl IntoView {
    let token = Token(ssr::path_part("token").unwrap_or_default());
    let load = async move {
        let (backend, guest) = ssr::guest_within(&token, ssr::OPENING).await?;
        let (held, event) = ssr::reply(held(&backend, &guest).await)?;
        Ok((token, held, event))
    };
    page(load, |(token, held, event)| view! { <GuestData token held event/> })
}

#[component]
fn GuestData(token: Token, held: Held, event: Event) -> impl IntoView {
    let back = format!("/i/{}", token.0);
    let host = held.host.clone();
    view! {
        <leptos_meta::Title text="Your data"/>
        <main id="main" class="page page-narrow">
            <div class="page-head">
                <nav class="crumbs" aria-label="You are here"><ol><li><a href=back>"Your invitation"</a></li></ol></nav>
                <h1>"Your data"</h1>
                <p class="lede">{format!("What {host} and this site keep about you for “{}”. It is yours to see, to correct, and to end.", event.title)}</p>
            </div>
            <GuestNotice/>
            <Known held=held.clone() event=event.clone()/>
            <Correct token=token.clone() held=held.clone()/>
            <Ways token=token.clone() channels=held.channels.clone() host=host.clone()/>
            <Happened held event/>
            <section class="card">
                <h2>"Take it along, or end it"</h2>
                <p>"The file holds all of this in a form that other programs read."</p>
                <div class="cluster">
                    <a class="button" href=format!("/i/{}/data.json", token.0) download="my-data.json">"Download my data"</a>
                    <a class="button button-danger" href=format!("/i/{}/erase", token.0)>"Erase me …"</a>
                </div>
            </section>
            <GuestFooter/>
        </main>
    }
}

#[component]
fn Known(held: Held, event: Event) -> impl IntoView {
    let zone = event.zone();
    let since = held.added_at.with_timezone(&zone).format("%-d %B %Y").to_string();
    let none = || "none".to_owned();
    let lines = [
        ("Name", held.name),
        ("E-mail", held.email.unwrap_or_else(none)),
        ("Phone", held.phone.unwrap_or_else(none)),
        ("Seats", held.party_size.to_string()),
        ("Tags", if held.tags.is_empty() { none() } else { held.tags.join(", ") }),
        ("Your host's note", if held.note.is_empty() { none() } else { held.note }),
        ("On the list since", since),
        ("Made anonymous after", event.kept_until()),
    ];
    view! {
        <section class="card">
            <h2>"What is known of you"</h2>
            <dl class="held">
                {lines.into_iter().map(|(term, said)| view! { <div><dt>{term}</dt><dd>{said}</dd></div> }).collect_view()}
            </dl>
        </section>
    }
}

#[component]
fn Correct(token: Token, held: Held) -> impl IntoView {
    let known = CorrectionForm {
        name: held.name,
        email: held.email.unwrap_or_default(),
        phone: held.phone.unwrap_or_default(),
    };
    let form = FormState::new("/api/privacy/correct", &known);
    view! {
        <section class="card">
            <h2>"Put it right"</h2>
            <Form state=form.clone() alone=true>
                <input type="hidden" name="token" value=token.0/>
                <Field form=form.clone() name="name" label="Name" required=true max=120 autocomplete="name"/>
                <Field form=form.clone() name="email" kind="email" label="E-mail" max=254 autocomplete="email"/>
                <Field form name="phone" kind="tel" label="Phone" hint="With its country code: +44 7911 123456" max=40 autocomplete="tel"/>
                <div class="form-actions">
                    <button class="button" type="submit">"Save"</button>
                </div>
            </Form>
        </section>
    }
}

#[component]
fn Ways(token: Token, channels: Vec<HeldChannel>, host: String) -> impl IntoView {
    (!channels.is_empty()).then(|| {
        view! {
            <section class="card">
                <h2>{format!("How {host} may write to you")}</h2>
                <ul class="ways">
                    {channels
                        .into_iter()
                        .map(|HeldChannel { channel, address, stopped }| {
                            let (what, back) = match channel {
                                Channel::Email => ("E-mails", "Stopped. The link at the foot of any of these mails takes that back."),
                                Channel::Sms => ("Text messages", "Stopped for good."),
                            };
                            let values = vec![("token", token.0.clone()), ("channel", channel.key().to_owned())];
                            let label = format!("Stop {} to {address}", what.to_lowercase());
                            view! {
                                <li>
                                    <span>{format!("{what} to {address}")}</span>
                                    {if stopped {
                                        view! { <span class="hint">{back}</span> }.into_any()
                                    } else {
                                        view! {
                                            <PostButton action="/api/privacy/stop-channel" values class="button button-small" label>
                                                "Stop them"
                                            </PostButton>
                                        }
                                            .into_any()
                                    }}
                                </li>
                            }
                        })
                        .collect_view()}
                </ul>
                <p class="hint">"Your link works in any case, and your answer stays."</p>
            </section>
        }
    })
}

#[component]
fn Happened(held: Held, event: Event) -> impl IntoView {
    let zone = event.zone();
    let answers = held.answers.into_iter().map(move |answer| {
        let what = match answer.answer {
            Answer::Attending => format!("You said yes, for {}", words::counted(i64::from(answer.heads), "seat")),
            Answer::Maybe => "You said maybe".to_owned(),
            Answer::Declined => "You said no".to_owned(),
        };
        let company = answer.companions.join(", ");
        let with = if company.is_empty() { String::new() } else { format!(", with {company}") };
        let message = if answer.message.is_empty() { String::new() } else { format!(": “{}”", answer.message) };
        (format!("{what}{with}{message}"), short(answer.at, zone))
    });
    let messages = held.messages.into_iter().map(move |message| {
        let (kind, state) = (outcome::kind(message.kind), outcome::state(message.state));
        (format!("{kind} to {}: {}", message.recipient, state.to_lowercase()), short(message.at, zone))
    });
    let openings = held
        .openings
        .into_iter()
        .map(move |opening| (format!("Your link was opened, {}", device(&opening.device)), short(opening.at, zone)));
    view! {
        <section class="card">
            <h2>"What happened"</h2>
            <Lines title="Your answers" empty="You have not answered yet." lines=answers.collect()/>
            <Lines title="Messages to you" empty="Nothing was sent to you." lines=messages.collect()/>
            <Lines title="Openings of your link" empty="None was noted." lines=openings.collect()/>
            <p class="hint">"Of an opening we keep the time, the kind of device, and a scrambled part of the network's address; never the address itself."</p>
        </section>
    }
}

fn device(key: &str) -> &'static str {
    match key {
        "phone" => "on a phone",
        "tablet" => "on a tablet",
        "computer" => "on a computer",
        _ => "by a program, such as a mail scanner",
    }
}

#[component]
fn Lines(title: &'static str, empty: &'static str, lines: Vec<(String, String)>) -> impl IntoView {
    let counted = lines.len();
    view! {
        <details class="happened">
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

/// Says what erasing does, and asks once more.
#[component]
pub fn ErasePage() -> impl IntoView {
    let token = Token(ssr::path_part("token").unwrap_or_default());
    let load = async move {
        let (backend, guest) = ssr::guest_within(&token, ssr::OPENING).await?;
        let (held, event) = ssr::reply(held(&backend, &guest).await)?;
        Ok((token, held, event))
    };
    page(load, |(token, held, event): (Token, Held, Event)| {
        let host = held.host;
        view! {
            <leptos_meta::Title text="Erase my data"/>
            <main id="main" class="page page-narrow">
                <div class="page-head">
                    <nav class="crumbs" aria-label="You are here"><ol><li><a href=data_page(&token)>"Your data"</a></li></ol></nav>
                    <h1>"Erase your data?"</h1>
                </div>
                <GuestNotice/>
                <section class="card">
                    <p>"This happens at once, and nobody can take it back:"</p>
                    <ul class="effects">
                        <li>{format!("Your name, addresses, notes, companions and words to {host} are erased. For {host} an anonymous seat stays, with your answer.")}</li>
                        <li>"Your link stops working, and nothing that waits is sent to you."</li>
                        <li>{format!("{host} cannot write to you from here again, even if they put you on a list anew. For that we keep a scrambled form of your address, from which nobody can read it.")}</li>
                        <li>"Backups forget you as they are replaced, within five weeks."</li>
                    </ul>
                    <p>
                        {format!(
                            "It is about “{}” only: each invitation is an entry of its own. Mails you have, and copies that {host} took, are out of our reach; please ask {host} about those.",
                            event.title,
                        )}
                    </p>
                    <div class="actions">
                        <PostButton action="/api/privacy/erase" values=vec![("token", token.0.clone())] class="button button-danger">"Erase me"</PostButton>
                        <a class="button button-quiet" href=data_page(&token)>"Keep it"</a>
                    </div>
                </section>
                <GuestFooter/>
            </main>
        }
    })
}
