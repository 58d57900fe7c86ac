use guestguard::{events, invitations::queries};
use leptos::{either::Either, prelude::*};

use crate::{
    events::tabs::{crumbs, event_in_path},
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
                {if waiting.guests == 0 {
                    Either::Left(
                        view! {
                            <section class="empty-state">
                                <h2>"Everybody is invited"</h2>
                                <p>"Add more guests to invite more, or send one guest their link again from their page."</p>
                                <div class="actions">
                                    <a class="button button-primary" href=guests>"To the guest list"</a>
                                </div>
                            </section>
                        },
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
                                        <dd class="figure-note">"no e-mail address: you copy the link"</dd>
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
