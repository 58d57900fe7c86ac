use guestguard::{
    auth::Host,
    notifications::telling::{self, Telling},
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

/// Asks whether guests are to be told how the event is now, and says who would be.
#[component]
pub fn TellPage() -> impl IntoView {
    let load = async {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let telling = ssr::reply(telling::telling(&backend, &host, id).await)?;
        Ok((host, telling))
    };
    page(load, |(host, telling)| view! { <Tell host telling/> })
}

#[component]
fn Tell(host: Host, telling: Telling) -> impl IntoView {
    let Telling { event, by_mail, by_hand, suppressed } = telling;
    let off = event.cancelled_at.is_some();
    let guests = |n| counted(n, "guest");
    let overview = format!("/dashboard/events/{}", event.id);
    let lede = match off {
        true => "The event is cancelled. Whoever opens their link reads so; a mail reaches the others in time.",
        false => "Something changed that your guests have in their calendars.",
    };
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Tell your guests?" crumbs=crumbs(&event) lede/>
            <section class="card">
                <ul class="plain-list">
                    <li><strong>{guests(by_mail)}</strong> " get a mail with the event as it is now, and a file that brings their calendar up to date. Those who declined get none."</li>
                    {(suppressed > 0).then(|| view! { <li><strong>{guests(suppressed)}</strong> " must not be written to: they unsubscribed, or their address does not work."</li> })}
                    {(by_hand > 0).then(|| view! { <li><strong>{guests(by_hand)}</strong> " have no e-mail address. Their link shows the change, but only you can tell them."</li> })}
                </ul>
                <div class="form-actions">
                    {(by_mail > 0)
                        .then(|| {
                            view! {
                                <PostButton action="/api/notifications/tell" values=vec![("event", event.id.to_string())] class="button button-primary">
                                    {format!("Tell {}", guests(by_mail))}
                                </PostButton>
                            }
                        })}
                    <a class="button button-quiet" href=overview>"Not now"</a>
                </div>
            </section>
        </Frame>
    }
}
