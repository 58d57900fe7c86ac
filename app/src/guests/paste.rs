use guestguard::guests::{paste, queries::known_addresses};
use leptos::prelude::*;

use super::{api::PasteForm, quick_add::QuickAdd};
use crate::{
    events::tabs::{crumbs, host_and_event},
    ssr,
    ui::{
        form::{Form, FormState},
        layout::{Frame, PageHead},
        page::page,
    },
};

/// Adds many people at once from a pasted list.
#[component]
pub fn PastePage() -> impl IntoView {
    let state = FormState::new("/api/guests/paste", &PasteForm::default());
    let text = state.value("text");
    let load = async move {
        let (backend, host, event) = host_and_event().await?;
        let typed = addresses(&text);
        let known = ssr::reply(known_addresses(&backend.db, &host, event.id, &typed).await)?;
        Ok((host, event, known))
    };
    page(load, move |(host, event, known)| {
        view! {
            <Frame host=Some(host) class="page page-narrow">
                <PageHead title="Add many guests" crumbs=crumbs(&event) lede="Paste them from anywhere. Nobody is invited yet."/>
                <Form state=state.clone()>
                    <input type="hidden" name="event" value=event.id.to_string()/>
                    <QuickAdd text=state.value("text") fault=state.fault("text") known/>
                    <div class="form-actions">
                        <button class="button button-primary" type="submit">"Add them all"</button>
                        <button class="button button-quiet" type="submit" formaction="/api/guests/read-paste">
                            "Check the list first"
                        </button>
                    </div>
                </Form>
            </Frame>
        }
    })
}

fn addresses(text: &str) -> Vec<String> {
    let person = |entry: paste::Entry| match entry.reading {
        paste::Reading::Guest(person) => person.email.map(|email| email.to_lowercase()),
        _ => None,
    };
    paste::read(text).into_iter().filter_map(person).collect()
}
