//! Unsubscribe page, for people with the link from a message.

use guestguard::notifications::suppressions::unsubscribe::{self, SubscriptionState};
use leptos::prelude::*;

use crate::{
    ssr,
    ui::{layout::GuestFooter, page::page},
};

/// Opening it changes nothing; its buttons post to its own address.
#[component]
pub fn UnsubscribePage() -> impl IntoView {
    let token = ssr::path_part("token").unwrap_or_default();
    let load = async move {
        let backend = ssr::anyone()?;
        let state = ssr::reply(unsubscribe::state(&backend, &token).await)?;
        Ok((token, state))
    };
    page(load, |(token, state)| {
        let action = format!("/u/{token}");
        let host = match &*state.host_name {
            "" => "this host".to_owned(),
            name => name.to_owned(),
        };
        let (title, text) = title_and_text(&state, &host);
        let stopped = state.from_host || state.from_everybody;
        view! {
            <leptos_meta::Title text=title.clone()/>
            <main id="main">
                <article class="invitation" data-theme="plain">
                    <div class="invitation-ornament" aria-hidden="true"></div>
                    <h1 class="invitation-title">{title}</h1>
                    <div class="invitation-message">
                        <p>{text}</p>
                    </div>
                    <form class="stop-form" method="post" action=action>
                        {if stopped {
                            view! {
                                <button class="button" name="want" value="again" type="submit">"Resubscribe"</button>
                            }
                                .into_any()
                        } else {
                            view! {
                                <button class="button button-primary" name="want" value="stop" type="submit">"Unsubscribe"</button>
                            }
                                .into_any()
                        }}
                        {(!state.from_everybody)
                            .then(|| {
                                view! {
                                    <button class="button button-quiet" name="want" value="stop-all" type="submit">
                                        "Unsubscribe from all hosts"
                                    </button>
                                }
                            })}
                    </form>
                </article>
                <GuestFooter/>
            </main>
        }
    })
}

fn title_and_text(state: &SubscriptionState, host: &str) -> (String, String) {
    let address = &state.address;
    if state.from_everybody {
        let text =
            format!("You won't get any more messages from this site at {address}. Your existing links still work.");
        ("You're unsubscribed from all hosts".into(), text)
    } else if state.from_host {
        let text = format!(
            "You won't get any more messages from {host} at {address}. Your existing links still work, and your replies stay."
        );
        (format!("You're unsubscribed from {host}"), text)
    } else {
        let text = format!(
            "{host} sends invitations, reminders and event updates to {address}. If you unsubscribe, that stops at once. \
             Your existing links still work, and your replies stay."
        );
        (format!("Unsubscribe from {host}?"), text)
    }
}
