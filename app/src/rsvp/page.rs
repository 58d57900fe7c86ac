//! The overview page of an event.

use guestguard::{actors::Host, events::Event, rsvp::overview::Overview};
use leptos::prelude::*;

use super::live::LiveOverview;
use crate::{
    events::tabs::{EventTabs, host_and_event},
    ssr,
    ui::{
        layout::{Frame, PageHead},
        page::page,
    },
};

#[component]
pub fn OverviewPage() -> impl IntoView {
    let load = async {
        let (backend, host, event) = host_and_event().await?;
        let overview = ssr::reply(guestguard::rsvp::queries::overview(&backend.db, &host, event.id).await)?;
        Ok((host, event, overview))
    };
    page(load, |(host, event, overview)| view! { <EventOverview host event overview/> })
}

#[component]
fn EventOverview(host: Host, event: Event, overview: Overview) -> impl IntoView {
    let base = format!("/dashboard/events/{}", event.id);
    let lede =
        [event.when(), event.place()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
    let next = if overview.figures.guests == 0 {
        view! { <a class="button button-primary" href=format!("{base}/guests/paste")>"Add guests"</a> }
    } else {
        view! { <a class="button button-primary" href=format!("{base}/invite")>"Send invitations"</a> }
    };
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title=event.title.clone() lede crumbs=vec![("/dashboard".into(), "Events".into())]>
                {event.cancelled_at.is_none().then_some(next)}
                <a class="button" href=format!("{base}/guests")>"View guest list"</a>
            </PageHead>
            {event.cancelled_at.map(|_| view! { <p class="notice" data-kind="warning">"This event is cancelled."</p> })}
            <EventTabs event=event.id current="Overview"/>
            <LiveOverview overview/>
        </Frame>
    }
}
