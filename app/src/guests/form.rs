use guestguard::{
    auth::Host,
    events::{Event, MOST_IN_PARTY, times},
    guests::{GuestDetails, GuestForm, queries},
    problem::{Conflict, Problem},
    rsvp::{self, Answer, queries::RsvpChange},
};
use leptos::prelude::*;

use crate::{
    events::tabs::{crumbs, host_and_event},
    phone::field::PhoneField,
    ssr,
    ui::{
        button::PostButton,
        copy::CopyLink,
        field::{Field, TextArea},
        form::{Form, FormState},
        layout::{Frame, PageHead},
        page::page,
        qr::Qr,
    },
};

/// Puts one person on the list.
#[component]
pub fn NewGuestPage() -> impl IntoView {
    page(host_and_event(), |(_, host, event)| {
        let blank = GuestForm { party_size: event.party_size.to_string(), ..GuestForm::default() };
        let state = FormState::new("/api/guests/add", &blank);
        view! {
            <Frame host=Some(host) class="page page-narrow">
                <PageHead title="Add a guest" crumbs=guest_crumbs(&event)/>
                <GuestFields state event guest=None button="Add to the list"/>
            </Frame>
        }
    })
}

/// One guest: what is known, their link, and what can be done.
#[component]
pub fn EditGuestPage() -> impl IntoView {
    let load = async {
        let guest = ssr::path_part("guest").and_then(|id| id.parse().ok()).ok_or(Problem::NotFound)?;
        let (backend, host, event) = host_and_event().await?;
        let guest = ssr::reply(queries::guest(&backend.db, &host, event.id, guest).await)?;
        let link = match ssr::reply(guestguard::invitations::queries::link(&backend, &host, event.id, guest.id).await) {
            Err(Problem::Conflict(Conflict::NotInvited)) => None,
            link => Some(link?),
        };
        let changes = ssr::reply(rsvp::queries::history(&backend.db, &host, event.id, guest.id).await)?;
        Ok((host, event, guest, link, changes))
    };
    page(load, |(host, event, guest, link, changes)| view! { <GuestView host event guest link changes/> })
}

#[component]
fn GuestView(
    host: Host,
    event: Event,
    guest: GuestDetails,
    link: Option<String>,
    changes: Vec<RsvpChange>,
) -> impl IntoView {
    let state = FormState::new("/api/guests/edit", &GuestForm::of(&guest));
    let ids = vec![("event", event.id.to_string()), ("guest", guest.id.to_string())];
    let several = vec![("event", event.id.to_string()), ("ids[]", guest.id.to_string())];
    let mailable = guest.email.is_some();
    if guest.erased {
        return view! { <Erased host event changes several/> }.into_any();
    }
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title=guest.name.clone() crumbs=guest_crumbs(&event)/>
            <Answers event=event.clone() changes/>
            <section class="section card">
                <h2>"Personal link"</h2>
                {match link {
                    Some(link) => {
                        view! {
                            <CopyLink link=link.clone() label="Personal link".to_owned() button="Copy link".to_owned()/>
                            <Qr link label=format!("The link of {} as a QR code", guest.name)/>
                            <div class="cluster">
                                {mailable
                                    .then(|| {
                                        view! {
                                            <PostButton action="/api/invitations/resend" values=ids.clone()>"Send by e-mail again"</PostButton>
                                        }
                                    })}
                                <PostButton action="/api/invitations/rotate" values=ids.clone() class="button button-quiet">
                                    "Replace the link"
                                </PostButton>
                            </div>
                            <p class="hint">"Replacing makes the old link useless at once, for instance when it was passed on."</p>
                        }
                            .into_any()
                    }
                    None => {
                        view! {
                            <p>
                                {if mailable {
                                    "Not invited yet. The link goes out by e-mail."
                                } else {
                                    "Not invited yet. Without an e-mail address you hand the link over yourself."
                                }}
                            </p>
                            <PostButton action="/api/invitations/issue" values=several.clone() class="button button-primary">
                                "Invite"
                            </PostButton>
                        }
                            .into_any()
                    }
                }}
            </section>
            <GuestFields state event guest=Some(guest) button="Save"/>
            <section class="section">
                <PostButton action="/api/guests/delete" values=several class="button button-danger">"Take off the list"</PostButton>
            </section>
        </Frame>
    }
    .into_any()
}

/// A seat of which nobody can tell whose it was.
#[component]
fn Erased(host: Host, event: Event, changes: Vec<RsvpChange>, several: Vec<(&'static str, String)>) -> impl IntoView {
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Anonymous guest" crumbs=guest_crumbs(&event)/>
            <Answers event changes/>
            <section class="section card">
                <p>
                    "This guest's data were erased, at their wish or because the time for keeping them was over. The answer and the seats stay, so that your figures do."
                </p>
            </section>
            <section class="section">
                <PostButton action="/api/guests/delete" values=several class="button button-danger">"Take the seat off the list"</PostButton>
            </section>
        </Frame>
    }
}

/// What the guest said: the answer that holds, and those before it.
#[component]
fn Answers(event: Event, changes: Vec<RsvpChange>) -> impl IntoView {
    let zone = event.zone();
    (!changes.is_empty()).then(|| {
        view! {
            <section class="section card">
                <h2>"Answer"</h2>
                <ol class="feed">
                    {changes
                        .into_iter()
                        .map(|change| {
                            let company = change.companions.join(", ");
                            view! {
                                <li class="feed-item" data-kind=change.answer.into_str()>
                                    <span>
                                        {answer_words(&change)} {(!company.is_empty()).then(|| format!(", with {company}"))}
                                        {(!change.message.is_empty())
                                            .then(|| view! { <blockquote>{change.message.clone()}</blockquote> })}
                                    </span>
                                    <time datetime=change.changed_at.to_rfc3339()>{times::short(change.changed_at, zone)}</time>
                                </li>
                            }
                        })
                        .collect_view()}
                </ol>
            </section>
        }
    })
}

fn answer_words(change: &RsvpChange) -> String {
    match (change.answer, change.heads) {
        (Answer::Attending, 1) => "Attending".to_owned(),
        (Answer::Attending, heads) => format!("Attending, {heads} in all"),
        (Answer::Maybe, _) => "Maybe".to_owned(),
        (Answer::Declined, _) => "Can't come".to_owned(),
    }
}

#[component]
fn GuestFields(state: FormState, event: Event, guest: Option<GuestDetails>, button: &'static str) -> impl IntoView {
    let form = state.clone();
    view! {
        <Form state>
            <input type="hidden" name="event" value=event.id.to_string()/>
            {guest.map(|guest| view! { <input type="hidden" name="guest" value=guest.id.to_string()/> })}
            <Field form=form.clone() name="name" label="Name" required=true max=120 autocomplete="off"/>
            <div class="field-row">
                <Field form=form.clone() name="email" kind="email" label="E-mail" max=254 autocomplete="off"/>
            </div>
            <PhoneField form=form.clone()/>
            <div class="field-row">
                <Field form=form.clone() name="party_size" kind="number" label="Seats" hint="Themselves included." inputmode="numeric" range=(1, MOST_IN_PARTY)/>
                <Field form=form.clone() name="tags" label="Tags" hint="Separated by commas: Family, Table 4" max=600/>
            </div>
            <TextArea form name="note" label="Private note" hint="For you; the guest sees it only if they ask what you keep about them." rows=3 max=1000/>
            <div class="form-actions">
                <button class="button button-primary" type="submit">{button}</button>
            </div>
        </Form>
    }
}

fn guest_crumbs(event: &Event) -> Vec<(String, String)> {
    let mut crumbs = crumbs(event);
    crumbs.push((format!("/dashboard/events/{}/guests", event.id), "Guests".into()));
    crumbs
}
