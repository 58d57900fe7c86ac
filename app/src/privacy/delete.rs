//! Account deletion page.

use guestguard::{
    actors::Host,
    privacy::{
        DELETED_ACCOUNT_DAYS, DeletionForm,
        queries::{AccountContents, account_contents},
    },
};
use leptos::prelude::*;

use super::account::Reauthenticate;
use crate::{
    ssr,
    ui::{
        field::Field,
        form::{Form, FormState},
        layout::{Frame, PageHead},
        page::page,
        words::{counted, counted_verb},
    },
};

/// Lists what will be erased, and asks for confirmation.
#[component]
pub fn DeleteAccountPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let contents = ssr::reply(account_contents(&backend, &host).await)?;
        let reauthenticated = host.is_reauthenticated(backend.clock.now());
        Ok((host, contents, reauthenticated))
    };
    page(load, |(host, contents, reauthenticated)| view! { <Delete host contents reauthenticated/> })
}

#[component]
fn Delete(host: Host, contents: AccountContents, reauthenticated: bool) -> impl IntoView {
    let AccountContents { events, guests, links, waiting, pays } = contents;
    let form = FormState::new("/api/privacy/delete-account", &DeletionForm::default());
    let email = host.email().to_owned();
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Delete your account?" crumbs=vec![("/dashboard/account".into(), "Your account".into())]/>
            <section class="card">
                <p>"This takes effect immediately and can't be undone:"</p>
                <ul class="effects">
                    <li>{format!("Your name, email address {email} and password are deleted, and you are signed out everywhere.")}</li>
                    <li>{format!("{} with {}, their replies and all messages to them are deleted.", counted(events, "event"), counted(guests, "guest"))}</li>
                    <li>{format!("{}.", counted_verb(links, "personal link", "stops working", "stop working"))}</li>
                    <li>
                        {match waiting {
                            0 => "No messages are queued; sent messages can't be recalled.".to_owned(),
                            waiting => format!("{} in the queue will not be sent; sent messages can't be recalled.", counted(waiting, "message")),
                        }}
                    </li>
                    {pays.then(|| view! { <li>"Your plan is cancelled immediately, and your customer data at Stripe is deleted. Payments are not refunded."</li> })}
                </ul>
                <p>
                    {format!(
                        "An anonymous account number and the ids of your subscription at Stripe remain for {DELETED_ACCOUNT_DAYS} days. \
                         Backups that contain your data are replaced within six weeks; if one is restored, your data is deleted \
                         again. You can sign up again with the same email at any time.",
                    )}
                </p>
                <p><a href="/dashboard/account#data">"Export your data first"</a></p>
                {match reauthenticated {
                    false => view! { <Reauthenticate why="Confirm your password to continue."/> }.into_any(),
                    true => {
                        view! {
                            <Form state=form.clone()>
                                <Field form name="confirmation" kind="email" label=format!("To confirm, type {email}") required=true max=254 autocomplete="off"/>
                                <div class="form-actions">
                                    <button class="button button-danger" type="submit">"Delete account"</button>
                                    <a class="button button-quiet" href="/dashboard/account">"Keep my account"</a>
                                </div>
                            </Form>
                        }
                            .into_any()
                    }
                }}
            </section>
        </Frame>
    }
}
