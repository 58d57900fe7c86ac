use guestguard::{
    auth::Host,
    notifications::ladder::{self, Ladder, MOST_DAYS, Segments},
};
use leptos::prelude::*;

use crate::{
    events::tabs::{EventTabs, crumbs, event_in_path},
    ssr,
    ui::{
        form::BACK,
        layout::{Frame, PageHead},
        page::page,
    },
};

/// When a text message follows a mail, and what that could cost.
#[component]
pub fn TextsPage() -> impl IntoView {
    let load = async {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let found = ssr::reply(ladder::ladder(&backend, &host, id).await)?;
        Ok((host, found))
    };
    page(load, |(host, found)| view! { <Texts host found/> })
}

#[component]
fn Texts(host: Host, found: Ladder) -> impl IntoView {
    let Ladder { event, after_bounce, days, possible, most, sample, segments } = found;
    let Segments { count, unicode } = segments;
    let base = format!("/dashboard/events/{}/messages", event.id);
    let mut crumbs = crumbs(&event);
    crumbs.push((base, "Messages".into()));
    let each = if count == 1 { "1 segment".to_owned() } else { format!("{count} segments") };
    let total = most * count as i64;
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Text messages" crumbs lede="For guests whom mail does not reach. By day only, one for each guest, and none after an answer."/>
            <EventTabs event=event.id current="Messages"/>
            {(!possible).then(|| view! { <p class="notice" data-kind="warning">"This GuestGuard has no provider for text messages yet, so none are sent. What you choose here is kept."</p> })}
            <form class="form card" method="post" action="/api/notifications/set-ladder">
                <input type="hidden" name=BACK value=ssr::path()/>
                <input type="hidden" name="event" value=event.id.to_string()/>
                <label class="check">
                    <input type="checkbox" name="form[after_bounce]" value="true" checked=after_bounce/>
                    <span>"When a mail comes back or is refused"</span>
                </label>
                <label class="check">
                    <input type="checkbox" name="form[after_days]" value="true" checked=days.is_some()/>
                    <span>"When an invitation was not opened for some days"</span>
                </label>
                <div class="field">
                    <label for="days">"Days"</label>
                    <input id="days" name="form[days]" type="number" min="1" max=MOST_DAYS.to_string() value=days.unwrap_or(3).to_string()/>
                </div>
                <div class="form-actions">
                    <button class="button button-primary" type="submit">"Save"</button>
                </div>
            </form>
            <section class="section card" aria-labelledby="cost">
                <h2 id="cost">"What it says, and what it costs"</h2>
                <blockquote class="message-preview">{sample}</blockquote>
                <p>
                    {format!("Each takes {each}{}. ", if unicode { ", because it holds letters outside the short alphabet" } else { "" })}
                    {format!("At most {most} guests have both an address and a number and have not answered, so {total} segments at most.")}
                </p>
            </section>
        </Frame>
    }
}
