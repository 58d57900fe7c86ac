use guestguard::{auth::Host, events::Event};
use leptos::prelude::*;

use super::tabs::{crumbs, host_and_event};
use crate::ui::{
    button::PostButton,
    layout::{Frame, PageHead},
    page::page,
};

/// Asks before an event is called off.
#[component]
pub fn CancelPage() -> impl IntoView {
    page(host_and_event(), |(_, host, event)| {
        view! {
            <Confirm
                host
                event
                title="Cancel this event?"
                text="Guests who open their link will read that it is cancelled, and nobody can answer any more. Your list and all answers stay. This cannot be taken back."
                action="/api/events/cancel"
                button="Cancel the event"
            />
        }
    })
}

/// Asks before an event is deleted.
#[component]
pub fn DeletePage() -> impl IntoView {
    page(host_and_event(), |(_, host, event)| {
        view! {
            <Confirm
                host
                event
                title="Delete this event?"
                text="The event, its guest list, all links and all answers are deleted at once and for good. Guests who open their link will find nothing."
                action="/api/events/delete"
                button="Delete everything"
            />
        }
    })
}

#[component]
fn Confirm(
    host: Host,
    event: Event,
    title: &'static str,
    text: &'static str,
    action: &'static str,
    button: &'static str,
) -> impl IntoView {
    let back = format!("/dashboard/events/{}/edit", event.id);
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title crumbs=crumbs(&event)/>
            <section class="confirm card">
                <p><strong>{event.title.clone()}</strong></p>
                <p>{text}</p>
                <div class="actions">
                    <PostButton action values=vec![("event", event.id.to_string())] class="button button-danger">
                        {button}
                    </PostButton>
                    <a class="button button-quiet" href=back>"Keep it"</a>
                </div>
            </section>
        </Frame>
    }
}
