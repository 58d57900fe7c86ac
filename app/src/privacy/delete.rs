use guestguard::{
    auth::Host,
    privacy::{
        DeletionForm, REMAINS_DAYS,
        queries::{Belongings, belongings},
    },
};
use leptos::prelude::*;

use super::account::ProveAgain;
use crate::{
    ssr,
    ui::{
        field::Field,
        form::{Form, FormState},
        layout::{Frame, PageHead},
        page::page,
        words::counted,
    },
};

/// Says exactly what goes with an account, and asks twice.
#[component]
pub fn DeleteAccountPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let found = ssr::reply(belongings(&backend, &host).await)?;
        let recent = host.is_recent(backend.clock.now());
        Ok((host, found, recent))
    };
    page(load, |(host, found, recent)| view! { <Delete host found recent/> })
}

#[component]
fn Delete(host: Host, found: Belongings, recent: bool) -> impl IntoView {
    let Belongings { events, guests, links, waiting, pays } = found;
    let form = FormState::new("/api/privacy/delete-account", &DeletionForm::default());
    let email = host.email().to_owned();
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Delete your account?" crumbs=vec![("/dashboard/account".into(), "Your account".into())]/>
            <section class="card">
                <p>"This happens at once, and nobody can take it back:"</p>
                <ul class="effects">
                    <li>{format!("Your name, your address {email} and your password are erased, and you are signed out everywhere.")}</li>
                    <li>{format!("{} with {}, their answers and everything written to them are erased.", counted(events, "event"), counted(guests, "guest"))}</li>
                    <li>{format!("{} stop working: guests who open theirs find nothing.", counted(links, "personal link"))}</li>
                    <li>
                        {match waiting {
                            0 => "No message waits; what was sent cannot be called back.".to_owned(),
                            waiting => format!("{} that wait are not sent; what was sent cannot be called back.", counted(waiting, "message")),
                        }}
                    </li>
                    {pays.then(|| view! { <li>"Your plan is cancelled at Stripe at once, and Stripe is asked to forget you. What you paid is not paid back."</li> })}
                </ul>
                <p>
                    {format!(
                        "A number without a name, and what Stripe calls your subscription, stay for {REMAINS_DAYS} days. Backups forget you as \
                         they are replaced, within five weeks; if one has to be brought back, you are erased from it again. You can sign \
                         up anew with the same address at any time.",
                    )}
                </p>
                <p><a href="/dashboard/account#data">"Take your data along first"</a></p>
                {match recent {
                    false => view! { <ProveAgain why="Type your password first."/> }.into_any(),
                    true => {
                        view! {
                            <Form state=form.clone()>
                                <Field form name="confirmation" kind="email" label=format!("To confirm, type {email}") required=true max=254 autocomplete="off"/>
                                <div class="form-actions">
                                    <button class="button button-danger" type="submit">"Delete everything"</button>
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
