//! Manual delivery: shares links by WhatsApp, text message or any other way, one guest at a time.

use guestguard::{
    actors::Host,
    ids::GuestId,
    invitations::manual_delivery::{Audience, Current, ManualMessageForm, Progress, progress},
    notifications::templates::placeholders::PLACEHOLDERS,
    phone::{self as numbers, PhoneError},
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

/// The link of the guest whose turn it is, and how to share it.
#[component]
pub fn ManualDeliveryPage() -> impl IntoView {
    let audience: Audience = ssr::query("audience").and_then(|audience| audience.parse().ok()).unwrap_or_default();
    let guest: Option<GuestId> = ssr::query("guest").and_then(|id| id.parse().ok());
    let load = async move {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let progress = ssr::reply(progress(&backend, &host, id, audience, guest).await)?;
        Ok((host, progress))
    };
    page(load, |(host, progress)| view! { <ManualDelivery host progress/> })
}

/// The address of this page for the same audience.
fn here(progress: &Progress) -> String {
    format!("/dashboard/events/{}/invite/share?audience={}", progress.event.id, progress.audience.into_str())
}

#[component]
fn ManualDelivery(host: Host, progress: Progress) -> impl IntoView {
    let base = format!("/dashboard/events/{}", progress.event.id);
    let here = here(&progress);
    let done = progress.sent + progress.skipped;
    let mut crumbs = crumbs(&progress.event);
    crumbs.push((format!("{base}/invite"), "Send invitations".into()));
    let (other, other_title) = match progress.audience {
        Audience::NoEmail => (Audience::Phone, "All guests with a phone number"),
        Audience::Phone => (Audience::NoEmail, "Only guests without an email address"),
    };
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Share via WhatsApp or SMS" crumbs=crumbs lede="One guest at a time. You can stop at any point and continue on any phone."/>
            <div class="manual-delivery-progress">
                <progress max=progress.total value=done aria-label="Links sent or skipped"></progress>
                <p>{format!("{} sent, {} skipped, {} to go", progress.sent, progress.skipped, progress.total - done)}</p>
            </div>
            {(progress.without_link > 0)
                .then(|| {
                    let values = vec![
                        ("event", progress.event.id.to_string()),
                        ("all", "true".to_owned()),
                        ("fitting", "status=not-invited&reach=no-email".to_owned()),
                        ("onwards", here.clone()),
                    ];
                    view! {
                        <div class="notice">
                            <p>{format!("{} no link yet.", words::counted_verb(progress.without_link, "guest", "has", "have"))}</p>
                            {match progress.audience {
                                Audience::NoEmail => {
                                    view! {
                                        <PostButton action="/api/invitations/issue" values class="button button-small">
                                            "Create links"
                                        </PostButton>
                                    }
                                        .into_any()
                                }
                                // Guests with an email address get their link by email.
                                Audience::Phone => {
                                    view! { <a class="button button-small" href=format!("{base}/invite")>"Send invitations"</a> }.into_any()
                                }
                            }}
                        </div>
                    }
                })}
            {match progress.current.clone() {
                Some(current) => Either::Left(view! { <CurrentCard progress=progress.clone() current/> }),
                None => {
                    let skipped = progress.first_skipped.map(|guest| format!("{here}&guest={guest}"));
                    Either::Right(view! { <Finished base total=progress.total skipped/> })
                }
            }}
            <p><a href=format!("/dashboard/events/{}/invite/share?audience={}", progress.event.id, other.into_str())>{other_title}</a></p>
            <MessageText progress/>
        </Frame>
    }
}

#[component]
fn Finished(base: String, total: i64, skipped: Option<String>) -> impl IntoView {
    let (title, text) = match total {
        0 => ("No links to share", "Guests without an email address appear here once they have a link."),
        _ => ("All done", "Every link is sent or skipped. Replies appear on the overview."),
    };
    view! {
        <section class="empty-state">
            <h2>{title}</h2>
            <p>{text}</p>
            <div class="actions">
                <a class="button button-primary" href=base.clone()>"Go to overview"</a>
                {skipped.map(|href| view! { <a class="button" href=href>"Review skipped"</a> })}
                <a class="button button-quiet" href=format!("{base}/guests")>"Go to guest list"</a>
            </div>
        </section>
    }
}

#[component]
fn CurrentCard(progress: Progress, current: Current) -> impl IntoView {
    let event = progress.event.id;
    let here = here(&progress);
    let to = |guest: GuestId| format!("{here}&guest={guest}");
    let values = |outcome: &str, channel: &str| {
        vec![
            ("event", event.to_string()),
            ("guest", current.id.to_string()),
            ("outcome", outcome.to_owned()),
            ("channel", channel.to_owned()),
            ("audience", progress.audience.into_str().to_owned()),
        ]
    };
    let number = current.phone.clone().filter(|_| current.phone_error.is_none());
    let channel = if number.is_some() { "whatsapp" } else { "other" };
    let text = url::form_urlencoded::byte_serialize(current.message.as_bytes()).collect::<String>().replace('+', "%20");
    let earlier = current.outcome.as_deref().map(|outcome| match outcome {
        "sent" => "Already marked as sent",
        _ => "Skipped earlier",
    });
    let rotate = vec![("event", event.to_string()), ("guest", current.id.to_string()), ("onwards", to(current.id))];
    view! {
        <section class="card manual-delivery">
            <p class="hint">{format!("{} of {}", current.position, progress.total)}</p>
            <h2>{current.name.clone()}</h2>
            {earlier.map(|text| view! { <p class="badge" data-tone="info">{text}</p> })}
            <blockquote class="message-preview">{current.message.clone()}</blockquote>
            {match number {
                Some(number) => {
                    let digits = number.trim_start_matches('+').to_owned();
                    view! {
                        <div class="actions">
                            <a
                                class="button button-primary"
                                href=format!("https://wa.me/{digits}?text={text}")
                                target="_blank"
                                rel="noopener noreferrer"
                            >
                                "Open in WhatsApp"
                            </a>
                            <a class="button" href=format!("sms:{number}?&body={text}")>"Send text message"</a>
                        </div>
                        <p class="hint">{format!("To {number}")}</p>
                    }
                        .into_any()
                }
                None => view! { <PhoneForm progress=progress.clone() current=current.clone() error=current.phone_error/> }.into_any(),
            }}
            <CopyLink link=current.message.clone() label="Message".to_owned() button="Copy message".to_owned()/>
            <Qr link=current.link.clone() label=format!("QR code of the link of {}", current.name)/>
            <div class="form-actions">
                <PostButton action="/api/invitations/mark-sent" values=values("sent", channel) class="button button-primary">
                    "Mark as sent"
                </PostButton>
                <PostButton action="/api/invitations/mark-sent" values=values("skipped", channel) class="button">"Skip"</PostButton>
                {current.previous.map(|guest| view! { <a class="button button-quiet" rel="prev" href=to(guest)>"Back"</a> })}
                <PostButton action="/api/invitations/rotate" values=rotate class="button button-quiet">"Reset link"</PostButton>
            </div>
        </section>
    }
}

/// Corrects a missing or impossible phone number.
#[component]
fn PhoneForm(progress: Progress, current: Current, error: Option<PhoneError>) -> impl IntoView {
    let typed = current.phone.clone().unwrap_or_default();
    let country = numbers::region(&typed).unwrap_or_default();
    let form = api::PhoneForm { phone: typed, country };
    let state = FormState::new("/api/guests/set-phone", &form);
    let stored_fault = error.map(|error| words::phone(error, "+44 7911 123456")).unwrap_or_default();
    let onwards = format!("{}&guest={}", here(&progress), current.id);
    view! {
        <form class="form" method="post" action="/api/guests/set-phone">
            <input type="hidden" name=BACK value=onwards.clone()/>
            <input type="hidden" name="onwards" value=onwards/>
            <input type="hidden" name="event" value=progress.event.id.to_string()/>
            <input type="hidden" name="guest" value=current.id.to_string()/>
            <PhoneField form=state stored_fault/>
            <div class="form-actions">
                <button class="button" type="submit">"Save"</button>
            </div>
        </form>
    }
}

#[component]
fn MessageText(progress: Progress) -> impl IntoView {
    let state = FormState::new("/api/invitations/set-message", &ManualMessageForm { text: progress.text.clone() });
    let open = state.came_back();
    let names = PLACEHOLDERS.join("  ");
    view! {
        <details class="card message-editor" open=open>
            <summary>"Edit message"</summary>
            <Form state=state.clone()>
                <input type="hidden" name="event" value=progress.event.id.to_string()/>
                <TextArea form=state name="text" label="Message" hint=format!("Filled in for each guest: {names}") rows=5 max=1000/>
                <div class="form-actions">
                    <button class="button" type="submit">"Save"</button>
                </div>
            </Form>
        </details>
    }
}
