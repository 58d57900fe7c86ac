use guestguard::{
    auth::Host,
    events::Event,
    invitations::manual_delivery::PLACEHOLDERS,
    notifications::{
        Kind,
        wording::{self, KINDS, MOST_BODY, MOST_SUBJECT, Wording},
    },
    problem::Problem,
};
use leptos::prelude::*;

use super::outcome;
use crate::{
    events::tabs::{EventTabs, crumbs, host_and_event},
    ssr,
    ui::{
        debounced_submit::DebouncedSubmit,
        field::{Field, TextArea},
        form::{BACK, FormState},
        layout::{Frame, PageHead},
        page::page,
    },
};

/// Where a host chooses the words of an event's messages, and sees them as a guest will.
#[component]
pub fn WordsPage() -> impl IntoView {
    let kind = ssr::query("kind").unwrap_or_else(|| Kind::Invitation.key().to_owned());
    let load = async move {
        let kind = KINDS.into_iter().find(|known| known.key() == kind).ok_or(Problem::NotFound)?;
        let (backend, host, event) = host_and_event().await?;
        let words = ssr::reply(wording::of(&backend, host.id(), event.id, kind).await)?;
        let preview = ssr::reply(wording::preview(&backend, &host, event.id, kind, &words).await)?;
        Ok((host, event, kind, words, preview.guest))
    };
    page(load, |(host, event, kind, words, guest)| view! { <Words host event kind words guest/> })
}

#[component]
fn Words(host: Host, event: Event, kind: Kind, words: Wording, guest: String) -> impl IntoView {
    let base = format!("/dashboard/events/{}/messages", event.id);
    let state = FormState::new("/api/notifications/set-words", &words);
    let preview = format!("{base}/preview");
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Messages".into()));
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title="Your own words" crumbs lede="What stands in the mails of this event. Leave a field empty, and ours are used."/>
            <EventTabs event=event.id current="Messages"/>
            <nav class="tabs" aria-label="Messages">
                {KINDS
                    .into_iter()
                    .map(|other| {
                        view! {
                            <a href=format!("{base}/words?kind={}", other.key()) aria-current=(other == kind).then_some("page")>
                                {outcome::kind(other)}
                            </a>
                        }
                    })
                    .collect_view()}
            </nav>
            <div class="template-editor">
                <form class="form card" method="post" action="/api/notifications/set-words">
                    <input type="hidden" name=BACK value=ssr::path()/>
                    <input type="hidden" name="event" value=event.id.to_string()/>
                    <input type="hidden" name="kind" value=kind.key()/>
                    <Field form=state.clone() name="subject" label="Subject" max=MOST_SUBJECT/>
                    <TextArea
                        form=state
                        name="body"
                        label="Text"
                        rows=9
                        max=MOST_BODY
                        hint=format!("What stands in curly brackets is filled in for each guest: {}. Time, place and the button follow by themselves.", PLACEHOLDERS.join(", "))
                    />
                    <div class="form-actions">
                        <button class="button button-primary" type="submit">"Save"</button>
                        <button class="button" type="submit" name="test" value="true">"Save and send me a test"</button>
                        <button
                            class="button button-quiet"
                            type="submit"
                            id="show-preview"
                            formaction=preview.clone()
                            formtarget="preview"
                        >
                            "Preview"
                        </button>
                    </div>
                    <DebouncedSubmit button="show-preview".to_owned()/>
                </form>
                <section aria-labelledby="preview-title">
                    <h2 id="preview-title">{format!("As {guest} will see it")}</h2>
                    <iframe class="email-preview" name="preview" title="Preview of the mail" src=format!("{preview}?kind={}", kind.key())></iframe>
                </section>
            </div>
        </Frame>
    }
}
