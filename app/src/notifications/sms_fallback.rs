//! Page for the SMS fallback of an event, with a preview and the cost.

use guestguard::{
    actors::Host,
    notifications::campaigns::sms_fallback::{self, MAX_DAYS, Segments, SmsFallback},
};
use leptos::prelude::*;

use crate::{
    events::tabs::{EventTabs, crumbs, event_in_path},
    ssr,
    ui::{
        form::BACK,
        layout::{Frame, PageHead},
        page::page,
        words::{counted, thousands},
    },
};

/// When a text message follows an email, and what that could cost.
#[component]
pub fn SmsFallbackPage() -> impl IntoView {
    let load = async {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let fallback = ssr::reply(sms_fallback::sms_fallback(&backend, &host, id).await)?;
        Ok((host, fallback))
    };
    page(load, |(host, fallback)| view! { <Fallback host fallback/> })
}

#[component]
fn Fallback(host: Host, fallback: SmsFallback) -> impl IntoView {
    let SmsFallback { event, after_bounce, days, possible, most, sample, segments } = fallback;
    let Segments { count, unicode } = segments;
    let base = format!("/dashboard/events/{}/messages", event.id);
    let mut crumbs = crumbs(&event);
    crumbs.push((base, "Messages".into()));
    let texts = counted(most, "text");
    let (each, total) = match count {
        0 | 1 => (String::new(), String::new()),
        _ => {
            let why = if unicode { ", because it needs characters outside the standard SMS alphabet" } else { "" };
            (
                format!("Each text takes {count} segments{why}. "),
                format!(" ({} segments)", thousands(most * count as i64)),
            )
        }
    };
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Text messages" crumbs lede="Text guests whose email bounces or stays unopened. During the day only, once per guest, and not after they replied."/>
            <EventTabs event=event.id current="Messages"/>
            {(!possible).then(|| view! { <p class="notice" data-kind="warning">"Text messages aren't set up on this site, so none are sent."</p> })}
            <form class="form card" method="post" action="/api/notifications/set-sms-fallback">
                <input type="hidden" name=BACK value=ssr::path()/>
                <input type="hidden" name="event" value=event.id.to_string()/>
                <label class="check">
                    <input type="checkbox" name="form[after_bounce]" value="true" checked=after_bounce/>
                    <span>"If an email bounces"</span>
                </label>
                <label class="check">
                    <input type="checkbox" name="form[after_days]" value="true" checked=days.is_some()/>
                    <span>"If an invitation stays unopened for some days"</span>
                </label>
                <div class="field">
                    <label for="days">"Days"</label>
                    <input id="days" name="form[days]" type="number" min="1" max=MAX_DAYS.to_string() value=days.unwrap_or(3).to_string()/>
                </div>
                <div class="form-actions">
                    <button class="button button-primary" type="submit">"Save"</button>
                </div>
            </form>
            <section class="section card" aria-labelledby="cost">
                <h2 id="cost">"Preview and cost"</h2>
                <blockquote class="message-preview">{sample}</blockquote>
                <p>
                    {each} {format!("At most {texts}{total}: one for each guest with an email address and a phone number who has not replied.")}
                </p>
            </section>
        </Frame>
    }
}
