//! Page that asks whether guests are notified of a changed or cancelled event.

use guestguard::{
    actors::Host,
    notifications::campaigns::event_updates::{self, UpdateAudience},
};
use leptos::prelude::*;

use crate::{
    events::tabs::{crumbs, event_in_path},
    ssr,
    ui::{
        button::PostButton,
        layout::{Frame, PageHead},
        page::page,
        words::counted,
    },
};

/// Asks whether to notify the guests, and says who would be.
#[component]
pub fn NotifyPage() -> impl IntoView {
    let load = async {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let audience = ssr::reply(event_updates::audience(&backend, &host, id).await)?;
        Ok((host, audience))
    };
    page(load, |(host, audience)| view! { <Notify host audience/> })
}

#[component]
fn Notify(host: Host, audience: UpdateAudience) -> impl IntoView {
    let UpdateAudience { event, by_email, without_email, suppressed } = audience;
    let guests = |n| counted(n, "guest");
    let overview = format!("/dashboard/events/{}", event.id);
    let lede = match event.cancelled_at.is_some() {
        true => "An email makes sure everyone knows in time.",
        false => "You changed the event. Your guests may have the old details in their calendars.",
    };
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Notify your guests?" crumbs=crumbs(&event) lede/>
            <section class="card">
                <ul class="plain-list">
                    <li><strong>{guests(by_email)}</strong> " will get an email with the new details and a file that updates their calendar. Guests who declined get none."</li>
                    {(suppressed > 0).then(|| view! { <li><strong>{guests(suppressed)}</strong> " can't be emailed: they unsubscribed, or their address doesn't work."</li> })}
                    {(without_email > 0).then(|| view! { <li><strong>{guests(without_email)}</strong> {if without_email == 1 { " has" } else { " have" }} " no email address. Their link shows the change, but you need to tell them yourself."</li> })}
                </ul>
                <div class="form-actions">
                    {(by_email > 0)
                        .then(|| {
                            view! {
                                <PostButton action="/api/notifications/notify-guests" values=vec![("event", event.id.to_string())] class="button button-primary">
                                    {format!("Send update to {}", guests(by_email))}
                                </PostButton>
                            }
                        })}
                    <a class="button button-quiet" href=overview>"Not now"</a>
                </div>
            </section>
        </Frame>
    }
}
