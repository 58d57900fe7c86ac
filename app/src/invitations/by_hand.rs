use guestguard::{
    auth::Host,
    ids::GuestId,
    invitations::by_hand::{PLACEHOLDERS, Step, TextForm, Turn, Who, step},
    phone::{self as numbers, Wrong},
};
use leptos::{either::Either, prelude::*};

use crate::{
    events::tabs::{crumbs, event_in_path},
    guests::api,
    phone::field::PhoneField,
    ssr,
    ui::{
        button::PostButton,
        copy::CopyLink,
        field::TextArea,
        form::{BACK, Form, FormState},
        layout::{Frame, PageHead},
        page::page,
        qr::Qr,
        words,
    },
};

/// Hands links over one guest after another, by WhatsApp, text message or any other way.
#[component]
pub fn ByHandPage() -> impl IntoView {
    let who = Who::of_key(&ssr::query("who").unwrap_or_default());
    let guest: Option<GuestId> = ssr::query("guest").and_then(|id| id.parse().ok());
    let load = async move {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let step = ssr::reply(step(&backend, &host, id, who, guest).await)?;
        Ok((host, step))
    };
    page(load, |(host, step)| view! { <HandOver host step/> })
}

#[component]
fn HandOver(host: Host, step: Step) -> impl IntoView {
    let base = format!("/dashboard/events/{}", step.event.id);
    let here = format!("{base}/invite/by-hand");
    let done = step.sent + step.skipped;
    let mut crumbs = crumbs(&step.event);
    crumbs.push((format!("{base}/invite"), "Send invitations".into()));
    let other = match step.who {
        Who::NoEmail => (Who::Phone, "Everybody with a phone number"),
        Who::Phone => (Who::NoEmail, "Only guests without an e-mail address"),
    };
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Hand over links" crumbs=crumbs lede="One guest after another. You can stop at any time and go on from any phone."/>
            <div class="hand-progress">
                <progress max=step.total value=done aria-label="Guests dealt with"></progress>
                <p>{format!("{} sent, {} skipped, {} to go", step.sent, step.skipped, step.total - done)}</p>
            </div>
            {(step.without_link > 0)
                .then(|| {
                    let fitting = match step.who {
                        Who::NoEmail => "status=not-invited&reach=no-email",
                        Who::Phone => "status=not-invited",
                    };
                    let values = vec![
                        ("event", step.event.id.to_string()),
                        ("all", "true".to_owned()),
                        ("fitting", fitting.to_owned()),
                        ("onwards", format!("{here}?who={}", step.who.key())),
                    ];
                    view! {
                        <div class="notice">
                            <p>{format!("{} more have no link yet.", step.without_link)}</p>
                            <PostButton action="/api/invitations/issue" values class="button button-small">"Make their links"</PostButton>
                        </div>
                    }
                })}
            {match step.guest.clone() {
                Some(turn) => Either::Left(view! { <TurnCard step=step.clone() turn/> }),
                None => Either::Right(view! { <Finished base total=step.total skipped=step.first_skipped.map(|guest| format!("{here}?who={}&guest={guest}", step.who.key()))/> }),
            }}
            <p><a href=format!("{here}?who={}", other.0.key())>{other.1}</a></p>
            <Words step/>
        </Frame>
    }
}

#[component]
fn Finished(base: String, total: i64, skipped: Option<String>) -> impl IntoView {
    let (title, text) = match total {
        0 => ("Nobody to hand a link to", "Guests without an e-mail address appear here as soon as they have a link."),
        _ => ("All done", "You have dealt with everybody. Their answers arrive on the overview."),
    };
    view! {
        <section class="empty-state">
            <h2>{title}</h2>
            <p>{text}</p>
            <div class="actions">
                <a class="button button-primary" href=base.clone()>"To the overview"</a>
                {skipped.map(|href| view! { <a class="button" href=href>"Go through the skipped"</a> })}
                <a class="button button-quiet" href=format!("{base}/guests")>"To the guest list"</a>
            </div>
        </section>
    }
}

#[component]
fn TurnCard(step: Step, turn: Turn) -> impl IntoView {
    let event = step.event.id;
    let here = format!("/dashboard/events/{event}/invite/by-hand?who={}", step.who.key());
    let to = |guest: GuestId| format!("{here}&guest={guest}");
    let ids = |outcome: &str, channel: &str| {
        vec![
            ("event", event.to_string()),
            ("guest", turn.id.to_string()),
            ("outcome", outcome.to_owned()),
            ("channel", channel.to_owned()),
            ("who", step.who.key().to_owned()),
        ]
    };
    let good = turn.phone.clone().filter(|_| turn.wrong.is_none());
    let channel = if good.is_some() { "whatsapp" } else { "other" };
    let encoded = url::form_urlencoded::byte_serialize(turn.message.as_bytes()).collect::<String>().replace('+', "%20");
    let before = turn.outcome.as_deref().map(|outcome| match outcome {
        "sent" => "You sent this already.",
        _ => "You skipped this one before.",
    });
    let rotate = vec![("event", event.to_string()), ("guest", turn.id.to_string()), ("onwards", to(turn.id))];
    view! {
        <section class="card hand-card">
            <p class="hint">{format!("{} of {}", turn.place, step.total)}</p>
            <h2>{turn.name.clone()}</h2>
            {before.map(|words| view! { <p class="badge" data-state="sent">{words}</p> })}
            <blockquote class="hand-message">{turn.message.clone()}</blockquote>
            {match (&good, turn.wrong) {
                (Some(number), _) => {
                    let digits = number.trim_start_matches('+').to_owned();
                    view! {
                        <div class="actions">
                            <a
                                class="button button-primary"
                                href=format!("https://wa.me/{digits}?text={encoded}")
                                target="_blank"
                                rel="noopener noreferrer"
                            >
                                "Open in WhatsApp"
                            </a>
                            <a class="button" href=format!("sms:{number}?&body={encoded}")>"Text message"</a>
                        </div>
                        <p class="hint">{format!("To {number}")}</p>
                    }
                        .into_any()
                }
                (None, wrong) => view! { <PhoneForm step=step.clone() turn=turn.clone() wrong/> }.into_any(),
            }}
            <CopyLink link=turn.message.clone() label="Message".to_owned()/>
            <Qr link=turn.link.clone() label=format!("The link of {} as a QR code", turn.name)/>
            <div class="form-actions">
                <PostButton action="/api/invitations/hand-over" values=ids("sent", channel) class="button button-primary">
                    "I sent it, next"
                </PostButton>
                <PostButton action="/api/invitations/hand-over" values=ids("skipped", channel) class="button">"Skip"</PostButton>
                {turn.previous.map(|guest| view! { <a class="button button-quiet" rel="prev" href=to(guest)>"Back"</a> })}
                <PostButton action="/api/invitations/rotate" values=rotate class="button button-quiet">"Replace the link"</PostButton>
            </div>
        </section>
    }
}

/// A number that cannot be reached is put right where one is.
#[component]
fn PhoneForm(step: Step, turn: Turn, wrong: Option<Wrong>) -> impl IntoView {
    let typed = turn.phone.clone().unwrap_or_default();
    let country = numbers::region(&typed).unwrap_or_default();
    let form = api::PhoneForm { phone: typed, country };
    let state = FormState::new("/api/guests/set-phone", &form);
    let stored_fault = wrong.map(|wrong| words::phone(wrong, "+44 7911 123456")).unwrap_or_default();
    let onwards =
        format!("/dashboard/events/{}/invite/by-hand?who={}&guest={}", step.event.id, step.who.key(), turn.id);
    view! {
        <form class="form" method="post" action="/api/guests/set-phone">
            <input type="hidden" name=BACK value=onwards.clone()/>
            <input type="hidden" name="onwards" value=onwards/>
            <input type="hidden" name="event" value=step.event.id.to_string()/>
            <input type="hidden" name="guest" value=turn.id.to_string()/>
            <PhoneField form=state stored_fault/>
            <div class="form-actions">
                <button class="button" type="submit">"Save the number"</button>
            </div>
        </form>
    }
}

/// The words of the message.
#[component]
fn Words(step: Step) -> impl IntoView {
    let state = FormState::new("/api/invitations/words", &TextForm { text: step.text.clone() });
    let open = state.came_back();
    let names = PLACEHOLDERS.join("  ");
    view! {
        <details class="card hand-words" open=open>
            <summary>"Change the words"</summary>
            <Form state=state.clone()>
                <input type="hidden" name="event" value=step.event.id.to_string()/>
                <TextArea form=state name="text" label="Message" hint=format!("Filled in for each guest: {names}") rows=5 max=1000/>
                <div class="form-actions">
                    <button class="button" type="submit">"Save the words"</button>
                </div>
            </Form>
        </details>
    }
}
