use guestguard::{events, ids::EventId, invitations::queries};
use leptos::{either::Either, prelude::*};

use crate::{
    events::tabs::{EventTabs, crumbs, event_in_path},
    ssr,
    ui::{
        button::PostButton,
        layout::{Frame, PageHead},
        page::page,
    },
};

/// Says who would get an invitation and how, and sends it to everybody who has none.
#[component]
pub fn InvitePage() -> impl IntoView {
    let load = async {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let event = ssr::reply(events::queries::event(&backend.db, &host, id).await)?;
        let waiting = ssr::reply(queries::waiting(&backend.db, &host, id).await)?;
        Ok((host, event, waiting))
    };
    page(load, |(host, event, waiting)| {
        let guests = format!("/dashboard/events/{}/guests", event.id);
        let by_hand = waiting.guests - waiting.mailable;
        view! {
            <Frame host=Some(host) class="page page-narrow">
                <PageHead title="Send invitations" crumbs=crumbs(&event)/>
                <EventTabs event=event.id current="Guests"/>
                {(waiting.by_hand > 0).then(|| view! { <ByHand event=event.id count=waiting.by_hand/> })}
                {if waiting.guests == 0 && waiting.by_hand > 0 {
                    Either::Left(().into_any())
                } else if waiting.guests == 0 {
                    Either::Left(
                        view! {
                            <section class="empty-state">
                                <h2>"Everybody is invited"</h2>
                                <p>"Add more guests to invite more, or send one guest their link again from their page."</p>
                                <div class="actions">
                                    <a class="button button-primary" href=guests>"To the guest list"</a>
                                </div>
                            </section>
                        }
                            .into_any(),
                    )
                } else {
                    Either::Right(
                        view! {
                            <section class="confirm card">
                                <dl class="figures">
                                    <div class="figure" data-kind="invited">
                                        <dt>"By e-mail"</dt>
                                        <dd>{waiting.mailable}</dd>
                                        <dd class="figure-note">"sent at once"</dd>
                                    </div>
                                    <div class="figure" data-kind="awaiting">
                                        <dt>"By hand"</dt>
                                        <dd>{by_hand}</dd>
                                        <dd class="figure-note">"no e-mail address: you hand the link over"</dd>
                                    </div>
                                </dl>
                                <p>
                                    "Each gets a personal link to “" {event.title.clone()} "”. Guests who are invited already get nothing."
                                </p>
                                <div class="actions">
                                    <PostButton
                                        action="/api/invitations/issue-all"
                                        values=vec![("event", event.id.to_string())]
                                        class="button button-primary"
                                    >
                                        {match waiting.guests {
                                            1 => "Invite 1 guest".to_owned(),
                                            n => format!("Invite {n} guests"),
                                        }}
                                    </PostButton>
                                    <a class="button button-quiet" href=guests>"Not yet"</a>
                                </div>
                            </section>
                        },
                    )
                }}
            </Frame>
        }
    })
}

/// Links that wait to be handed over.
#[component]
fn ByHand(event: EventId, count: i64) -> impl IntoView {
    let base = format!("/dashboard/events/{event}");
    let title = match count {
        1 => "1 link to hand over".to_owned(),
        n => format!("{n} links to hand over"),
    };
    view! {
        <section class="card section">
            <h2>{title}</h2>
            <p>"These guests have no e-mail address. Send each their link by WhatsApp or text message, one after another, or take the links along as a table."</p>
            <div class="actions">
                <a class="button button-primary" href=format!("{base}/invite/by-hand")>"Hand them over"</a>
                <form method="post" action=format!("{base}/guests/links")>
                    <button class="button" type="submit">"Download the links"</button>
                </form>
            </div>
        </section>
    }
}
