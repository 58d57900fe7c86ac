//! Pages to add and edit one guest.

use guestguard::{
    actors::Host,
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

#[component]
pub fn NewGuestPage() -> impl IntoView {
    page(host_and_event(), |(_, host, event)| {
        let blank = GuestForm { party_size: event.party_size.to_string(), ..GuestForm::default() };
        let state = FormState::new("/api/guests/add", &blank);
        view! {
            <Frame host=Some(host) class="page page-narrow">
                <PageHead title="Add guest" crumbs=guest_crumbs(&event)/>
                <GuestFields state event guest=None button="Add guest"/>
            </Frame>
        }
    })
}

/// One guest: RSVP, link and details.
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
        return view! { <AnonymousGuest host event changes several/> }.into_any();
    }
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title=guest.name.clone() crumbs=guest_crumbs(&event)/>
            <RsvpHistory event=event.clone() changes/>
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
                                            <PostButton action="/api/invitations/resend" values=ids.clone()>"Resend invitation"</PostButton>
                                        }
                                    })}
                                <PostButton action="/api/invitations/rotate" values=ids.clone() class="button button-quiet">
                                    "Reset link"
                                </PostButton>
                            </div>
                            <p class="hint">"Reset it if it reached the wrong person. The old link stops working immediately."</p>
                        }
                            .into_any()
                    }
                    None => {
                        view! {
                            <p>
                                {if mailable {
                                    "Not invited yet. The link is sent by email."
                                } else {
                                    "Not invited yet. This guest has no email, so you'll share the link yourself."
                                }}
                            </p>
                            <PostButton action="/api/invitations/issue" values=several.clone() class="button button-primary">
                                {if mailable { "Send invitation" } else { "Create link" }}
                            </PostButton>
                        }
                            .into_any()
                    }
                }}
            </section>
            <GuestFields state event guest=Some(guest) button="Save"/>
            <section class="section">
                <PostButton action="/api/guests/delete" values=several class="button button-danger">"Remove guest"</PostButton>
            </section>
        </Frame>
    }
    .into_any()
}

/// A guest who was erased or anonymised.
#[component]
fn AnonymousGuest(
    host: Host,
    event: Event,
    changes: Vec<RsvpChange>,
    several: Vec<(&'static str, String)>,
) -> impl IntoView {
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Anonymous guest" crumbs=guest_crumbs(&event)/>
            <RsvpHistory event changes/>
            <section class="section card">
                <p>
                    "This guest's data was deleted, at their request or because the retention period ended. The RSVP and party size stay, so that your totals do not change."
                </p>
            </section>
            <section class="section">
                <PostButton action="/api/guests/delete" values=several class="button button-danger">"Remove anonymous guest"</PostButton>
            </section>
        </Frame>
    }
}

/// The guest's RSVP, and their earlier ones.
#[component]
fn RsvpHistory(event: Event, changes: Vec<RsvpChange>) -> impl IntoView {
    let zone = event.zone();
    (!changes.is_empty()).then(|| {
        view! {
            <section class="section card">
                <h2>"RSVP"</h2>
                <ol class="feed">
                    {changes
                        .into_iter()
                        .map(|change| {
                            let company = change.companions.join(", ");
                            view! {
                                <li class="feed-item" data-kind=change.answer.into_str()>
                                    <span>
                                        {rsvp_label(&change)} {(!company.is_empty()).then(|| format!(", with {company}"))}
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

fn rsvp_label(change: &RsvpChange) -> String {
    match (change.answer, change.heads) {
        (Answer::Attending, 1) => "Attending".to_owned(),
        (Answer::Attending, heads) => format!("Attending ({heads} guests)"),
        (Answer::Maybe, _) => "Maybe".to_owned(),
        (Answer::Declined, _) => "Declined".to_owned(),
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
                <Field form=form.clone() name="email" kind="email" label="Email" max=254 autocomplete="off"/>
            </div>
            <PhoneField form=form.clone()/>
            <div class="field-row">
                <Field form=form.clone() name="party_size" kind="number" label="Party size" hint="Including the guest." inputmode="numeric" range=(1, MOST_IN_PARTY)/>
                <Field form=form.clone() name="tags" label="Tags" hint="Separated by commas: Family, Table 4" max=600/>
            </div>
            <TextArea form name="note" label="Private note" hint="Only visible to you. Guests can request their data." rows=3 max=1000/>
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
