//! Email templates page: a host's own text for each kind of message, with a preview.

use guestguard::{
    actors::Host,
    events::Event,
    notifications::{
        GuestMessage,
        templates::{
            message_templates::{self, MAX_BODY, MAX_SUBJECT, MessageTemplate},
            placeholders::PLACEHOLDERS,
        },
    },
    problem::Problem,
};
use leptos::prelude::*;
use strum::VariantArray;

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

/// Where a host edits the email templates of an event.
#[component]
pub fn TemplatesPage() -> impl IntoView {
    let chosen = ssr::query("kind").unwrap_or_else(|| GuestMessage::default().into_str().to_owned());
    let load = async move {
        let message: GuestMessage = chosen.parse().map_err(|_| Problem::NotFound)?;
        let (backend, host, event) = host_and_event().await?;
        let template = ssr::reply(message_templates::of(&backend, host.id(), event.id, message).await)?;
        let preview = ssr::reply(message_templates::preview(&backend, &host, event.id, message, &template).await)?;
        Ok((host, event, message, template, preview.guest))
    };
    page(load, |(host, event, message, template, guest)| {
        view! { <Templates host event message template guest/> }
    })
}

#[component]
fn Templates(
    host: Host,
    event: Event,
    message: GuestMessage,
    template: MessageTemplate,
    guest: String,
) -> impl IntoView {
    let base = format!("/dashboard/events/{}/messages", event.id);
    let state = FormState::new("/api/notifications/set-template", &template);
    let preview = format!("{base}/preview");
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Messages".into()));
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title="Email templates" crumbs lede="Your own subject and text for the emails of this event. Leave a field empty to use the default."/>
            <EventTabs event=event.id current="Messages"/>
            <nav class="tabs" aria-label="Email templates">
                {GuestMessage::VARIANTS
                    .iter()
                    .map(|other| {
                        view! {
                            <a href=format!("{base}/templates?kind={}", other.into_str()) aria-current=(*other == message).then_some("page")>
                                {outcome::message(*other)}
                            </a>
                        }
                    })
                    .collect_view()}
            </nav>
            <div class="template-editor">
                <form class="form card" method="post" action="/api/notifications/set-template">
                    <input type="hidden" name=BACK value=ssr::path()/>
                    <input type="hidden" name="event" value=event.id.to_string()/>
                    <input type="hidden" name="kind" value=message.into_str()/>
                    <Field form=state.clone() name="subject" label="Subject" max=MAX_SUBJECT/>
                    <TextArea
                        form=state
                        name="body"
                        label="Text"
                        rows=9
                        max=MAX_BODY
                        hint=format!("These are filled in for each guest: {}. Date, place and the RSVP button are added automatically.", PLACEHOLDERS.join(", "))
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
                    <h2 id="preview-title">{format!("Preview ({guest})")}</h2>
                    <iframe class="email-preview" name="preview" title="Preview of the email" src=format!("{preview}?kind={}", message.into_str())></iframe>
                </section>
            </div>
        </Frame>
    }
}
