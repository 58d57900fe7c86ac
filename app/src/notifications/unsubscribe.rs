use guestguard::notifications::unsubscribing::{self, Standing};
use leptos::prelude::*;

use crate::{
    ssr,
    ui::{layout::GuestFooter, page::page},
};

/// Where whoever got a message says what they want no more. Opening it changes nothing; its buttons post back to it.
#[component]
pub fn UnsubscribePage() -> impl IntoView {
    let token = ssr::path_part("token").unwrap_or_default();
    let load = async move {
        let backend = ssr::anyone()?;
        let (_, standing) = ssr::reply(unsubscribing::standing(&backend, &token).await)?;
        Ok((token, standing))
    };
    page(load, |(token, standing)| {
        let action = format!("/u/{token}");
        let host = match &*standing.host_name {
            "" => "this host".to_owned(),
            name => name.to_owned(),
        };
        let (title, said) = words(&standing, &host);
        let stopped = standing.from_host || standing.from_everybody;
        view! {
            <leptos_meta::Title text=title.clone()/>
            <main id="main">
                <article class="invitation" data-theme="plain">
                    <div class="invitation-ornament" aria-hidden="true"></div>
                    <h1 class="invitation-title">{title}</h1>
                    <div class="invitation-message">
                        <p>{said}</p>
                    </div>
                    <form class="stop-form" method="post" action=action>
                        {if stopped {
                            view! {
                                <button class="button" name="want" value="again" type="submit">"Get messages again"</button>
                            }
                                .into_any()
                        } else {
                            view! {
                                <button class="button button-primary" name="want" value="stop" type="submit">
                                    {format!("Stop messages from {host}")}
                                </button>
                            }
                                .into_any()
                        }}
                        {(!standing.from_everybody)
                            .then(|| {
                                view! {
                                    <button class="button button-quiet" name="want" value="stop-all" type="submit">
                                        "Stop messages from all hosts"
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

fn words(standing: &Standing, host: &str) -> (String, String) {
    let address = &standing.address;
    if standing.from_everybody {
        let said =
            format!("Nobody who uses this GuestGuard writes to {address} any more. Links you have go on working.");
        ("All messages are stopped".into(), said)
    } else if standing.from_host {
        let said = format!(
            "{host} can no longer write to {address} by GuestGuard. Links you have go on working, and your answers stay."
        );
        (format!("Messages from {host} are stopped"), said)
    } else {
        let said = format!(
            "{host} sends invitations, reminders and news of events to {address}. If you stop them, that ends at once; \
             links you have go on working, and your answers stay."
        );
        (format!("Messages from {host}"), said)
    }
}
