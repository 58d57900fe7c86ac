//! Page to add guests from a pasted list.

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
                <PageHead title="Add multiple guests" crumbs=crumbs(&event) lede="Paste names and emails from anywhere. No invitations are sent yet."/>
                <Form state=state.clone()>
                    <input type="hidden" name="event" value=event.id.to_string()/>
                    <QuickAdd text=state.value("text") fault=state.error("text") known/>
                </Form>
            </Frame>
        }
    })
}

fn addresses(text: &str) -> Vec<String> {
    let address = |entry: paste::PastedEntry| match entry.parsed {
        paste::ParsedEntry::Guest(guest) => guest.address(),
        _ => None,
    };
    paste::parse(text).into_iter().filter_map(address).collect()
}
