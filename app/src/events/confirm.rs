//! Confirmation before an event is cancelled or deleted.

use guestguard::{actors::Host, events::Event};
use leptos::prelude::*;

use super::tabs::{crumbs, host_and_event};
use crate::ui::{
    button::PostButton,
    layout::{Frame, PageHead},
    page::page,
};

#[component]
pub fn CancelPage() -> impl IntoView {
    page(host_and_event(), |(_, host, event)| {
        view! {
            <Confirm
                host
                event
                title="Cancel this event?"
                text="Guests will see that the event is cancelled, and can no longer reply. Your guest list and all RSVPs stay. This can't be undone."
                action="/api/events/cancel"
                button="Cancel event"
            />
        }
    })
}

#[component]
pub fn DeletePage() -> impl IntoView {
    page(host_and_event(), |(_, host, event)| {
        view! {
            <Confirm
                host
                event
                title="Delete this event?"
                text="The event, its guest list, all links and all RSVPs are deleted immediately. Guests' links stop working. This can't be undone."
                action="/api/events/delete"
                button="Delete event"
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
                    <a class="button button-quiet" href=back>"Go back"</a>
                </div>
            </section>
        </Frame>
    }
}
