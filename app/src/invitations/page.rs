use guestguard::{
    backend::Backend,
    events::{Event, ics},
    invitations::{
        Device, Guest, Token,
        accesses::Access,
        page::{self, InvitationPage as Found},
    },
    problem::Problem,
    rsvp::{Answer, Rsvp},
};
use leptos::{either::Either, prelude::*};

use super::reply::{AnswerFields, conflict};
use crate::{
    ssr,
    ui::{layout::GuestFooter, page::page},
};

/// The face of the product: one invitation, three answers. Whole without scripts.
#[component]
pub fn InvitationPage() -> impl IntoView {
    let token = Token(ssr::path_part("token").unwrap_or_default());
    let again = ssr::query("change").is_some();
    let load = async move {
        let (backend, found) = ssr::holder_within(&token, ssr::OPENING, page::page).await?;
        note(&backend, &found.guest)?;
        let link = backend.links.invitation(&token.0);
        Ok((token, found, link))
    };
    page(load, move |(token, found, link)| {
        let Found { event, host_name, guest_name, .. } = found.clone();
        let shown = token.clone();
        let open = event.takes_answers(found.now);
        // A form that came back with a fault is shown again, whatever was answered before.
        let fault = conflict();
        let asking = open && (found.rsvp.is_none() || again || fault);
        view! {
            <leptos_meta::Title text=event.title.clone()/>
            <main id="main">
                <article class="invitation" data-theme=event.theme.key()>
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
                            view! { <p class="invitation-deadline">"Please answer by " {day}</p> }
                        })}
                </article>
                <section class="reply" aria-label="Your answer">
                    {if asking {
                        Either::Left(view! { <AnswerFields token=token.clone() found=found.clone()/> })
                    } else {
                        Either::Right(view! { <Answered token=token.clone() rsvp=found.rsvp.clone() event=event.clone() open/> })
                    }}
                </section>
                {event.cancelled_at.is_none().then(|| view! { <CalendarLinks token event link/> })}
                <GuestFooter>
                    <p>"This link is yours alone; please do not pass it on. " {host_name} " sees when you open it and what you answer."</p>
                    <p>{format!("Your data are kept until {} at most. ", found.event.kept_until())} <a href=crate::privacy::data_page(&shown)>"See, correct or erase them"</a></p>
                </GuestFooter>
            </main>
        }
    })
}

/// The host's figures live from openings.
fn note(backend: &Backend, guest: &Guest) -> Result<(), Problem> {
    if ssr::is_read() {
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

#[component]
fn Answered(token: Token, rsvp: Option<Rsvp>, event: Event, open: bool) -> impl IntoView {
    let Some(rsvp) = rsvp else {
        let text = if event.cancelled_at.is_some() {
            "You need not answer any more."
        } else {
            "Answers are closed. If you still want to tell your host something, please do so directly."
        };
        return view! { <div class="answer-summary"><p>{text}</p></div> }.into_any();
    };
    let (title, text) = match rsvp.answer {
        Answer::Attending => ("You are coming", "Wonderful. We have let your host know."),
        Answer::Maybe => ("You said maybe", "Your host knows. You can decide later."),
        Answer::Declined => ("You cannot come", "Thank you for letting your host know."),
    };
    let company = rsvp.companions.join(", ");
    let change = format!("/i/{}?change=1#answer", token.0);
    view! {
        <div class="answer-summary" data-answer=rsvp.answer.key() role="status">
            <h2>{title}</h2>
            <p>{text}</p>
            {(rsvp.heads > 1)
                .then(|| {
                    view! {
                        <p>{rsvp.heads} " seats" {(!company.is_empty()).then(|| format!(", with {company}"))}</p>
                    }
                })}
            {(!rsvp.message.is_empty()).then(|| view! { <blockquote>{rsvp.message.clone()}</blockquote> })}
            {if open {
                Either::Left(view! { <a class="button" href=change>"Change your answer"</a> })
            } else {
                Either::Right(view! { <p>"Answers are closed now; to change yours, please write to your host."</p> })
            }}
        </div>
    }
    .into_any()
}

#[component]
fn CalendarLinks(token: Token, event: Event, link: String) -> impl IntoView {
    view! {
        <nav class="calendar-links" aria-label="Add to your calendar">
            <a href=format!("/i/{}/event.ics", token.0) download="invitation.ics">"Add to calendar"</a>
            <a href=ics::google_link(&event, &link) rel="noreferrer noopener" target="_blank">"Google"</a>
            <a href=ics::outlook_link(&event, &link) rel="noreferrer noopener" target="_blank">"Outlook"</a>
        </nav>
    }
}
