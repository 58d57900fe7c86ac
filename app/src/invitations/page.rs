//! The invitation page: what a guest sees behind their link.

use guestguard::{
    actors::Guest,
    backend::Backend,
    events::{Event, ics},
    invitations::{
        Device, Token,
        accesses::Access,
        page::{self, InvitationPage as Invitation},
    },
    problem::Problem,
    rsvp::{Answer, Rsvp},
};
use leptos::{either::Either, prelude::*};

use super::reply::{RsvpForm, came_back};
use crate::{
    ssr,
    ui::{layout::GuestFooter, page::page},
};

/// The invitation with the RSVP form, or the guest's RSVP. Complete without scripts.
#[component]
pub fn InvitationPage() -> impl IntoView {
    let token = Token(ssr::path_part("token").unwrap_or_default());
    let changing = ssr::query("change").is_some();
    let load = async move {
        let (backend, invitation) = ssr::holder_within(&token, ssr::OPENING, page::page).await?;
        record_access(&backend, &invitation.guest)?;
        let link = backend.links.invitation(&token.0);
        Ok((token, invitation, link))
    };
    page(load, move |(token, invitation, link)| {
        let Invitation { event, host_name, guest_name, .. } = invitation.clone();
        let data_page = crate::privacy::data_page(&token);
        let open = event.takes_answers(invitation.now);
        // A form with errors is redisplayed, whatever the current RSVP is.
        let asking = open && (invitation.rsvp.is_none() || changing || came_back());
        view! {
            <leptos_meta::Title text=event.title.clone()/>
            <main id="main">
                <article class="invitation" data-theme=event.theme.into_str()>
                    <div class="invitation-ornament" aria-hidden="true"></div>
                    <p class="invitation-greeting">"Dear " {guest_name} ","</p>
                    <p class="invitation-host">{host_name.clone()} " invites you to"</p>
                    <h1 class="invitation-title">{event.title.clone()}</h1>
                    {event.cancelled_at.map(|_| view! { <p class="notice" data-kind="warning">"This event has been cancelled."</p> })}
                    <When event=event.clone()/>
                    <Where event=event.clone()/>
                    <Message text=event.description.clone()/>
                    {(open && event.rsvp_deadline.is_some())
                        .then(|| {
                            let day = event.rsvp_deadline.map(guestguard::events::times::long_date);
                            view! { <p class="invitation-deadline">"Please reply by " {day}</p> }
                        })}
                </article>
                <section class="reply" aria-label="RSVP">
                    {if asking {
                        Either::Left(view! { <RsvpForm token=token.clone() invitation=invitation.clone()/> })
                    } else {
                        Either::Right(view! { <RsvpSummary token=token.clone() rsvp=invitation.rsvp.clone() event=event.clone() open/> })
                    }}
                </section>
                {event.cancelled_at.is_none().then(|| view! { <CalendarLinks token event link/> })}
                <GuestFooter>
                    <p>"This link is personal; please don't share it. " {host_name} " sees when you open it and what you reply."</p>
                    <p>{format!("Your data will be deleted on {}. ", invitation.event.kept_until())} <a href=data_page>"View, edit or delete your data"</a></p>
                </GuestFooter>
            </main>
        }
    })
}

/// Records that the guest opened their link. A HEAD request does not count.
fn record_access(backend: &Backend, guest: &Guest) -> Result<(), Problem> {
    if ssr::is_get() {
        let device = Device::of_user_agent(&ssr::header("user-agent").unwrap_or_default());
        let access = ssr::reply(Access::now(backend, guest, device, Some(&ssr::network().prefix())))?;
        ssr::services()?.accesses.record(access);
    }
    Ok(())
}

#[component]
fn When(event: Event) -> impl IntoView {
    view! {
        <p class="invitation-when">
            <time datetime=event.starts_at.to_rfc3339()>{event.when()}</time>
            <span class="invitation-zone">{event.zone_words()}</span>
        </p>
    }
}

#[component]
fn Where(event: Event) -> impl IntoView {
    (!event.place().is_empty()).then(|| {
        view! {
            <p class="invitation-where">
                {(!event.venue.is_empty()).then(|| view! { <strong>{event.venue.clone()}</strong> <br/> })}
                {event.address.clone()}
            </p>
        }
    })
}

#[component]
fn Message(text: String) -> impl IntoView {
    let paragraphs: Vec<_> = text.split('\n').map(str::trim).filter(|p| !p.is_empty()).map(ToOwned::to_owned).collect();
    (!paragraphs.is_empty()).then(|| {
        view! {
            <div class="invitation-message">
                {paragraphs.into_iter().map(|paragraph| view! { <p>{paragraph}</p> }).collect_view()}
            </div>
        }
    })
}

const SAVED: &str = "Thanks, your RSVP is saved.";

#[component]
fn RsvpSummary(token: Token, rsvp: Option<Rsvp>, event: Event, open: bool) -> impl IntoView {
    let Some(rsvp) = rsvp else {
        let text = if event.cancelled_at.is_some() {
            "There's nothing you need to do."
        } else {
            "RSVPs are closed. To tell your host something, please contact them directly."
        };
        return view! { <div class="answer-summary"><p>{text}</p></div> }.into_any();
    };
    let cancelled = event.cancelled_at.is_some();
    let (title, text) = match rsvp.answer {
        _ if cancelled => ("Your RSVP", "There's nothing you need to do."),
        Answer::Attending => ("You're going!", SAVED),
        Answer::Maybe => ("Maybe", "Thanks, your RSVP is saved. You can decide later."),
        Answer::Declined => ("You declined", SAVED),
    };
    let companions = rsvp.companions.join(", ");
    let change = format!("/i/{}?change=1#answer", token.0);
    view! {
        <div class="answer-summary" data-answer=rsvp.answer.into_str() role="status">
            <h2>{title}</h2>
            <p>{text}</p>
            {(rsvp.heads > 1)
                .then(|| {
                    view! {
                        <p>{rsvp.heads} " guests" {(!companions.is_empty()).then(|| format!(", with {companions}"))}</p>
                    }
                })}
            {(!rsvp.message.is_empty()).then(|| view! { <blockquote>{rsvp.message.clone()}</blockquote> })}
            {if open {
                Either::Left(view! { <a class="button" href=change>"Change RSVP"</a> })
            } else {
                Either::Right((!cancelled).then(|| view! { <p>"RSVPs are closed. To change yours, please contact your host."</p> }))
            }}
        </div>
    }
    .into_any()
}

#[component]
fn CalendarLinks(token: Token, event: Event, link: String) -> impl IntoView {
    view! {
        <nav class="calendar-links" aria-label="Add to calendar">
            <a href=format!("/i/{}/event.ics", token.0) download="invitation.ics">"Apple / ICS"</a>
            <a href=ics::google_link(&event, &link) rel="noreferrer noopener" target="_blank">"Google"</a>
            <a href=ics::outlook_link(&event, &link) rel="noreferrer noopener" target="_blank">"Outlook"</a>
        </nav>
    }
}
