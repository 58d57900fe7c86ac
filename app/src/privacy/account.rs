use chrono::{DateTime, Utc};
use guestguard::{
    auth::{Host, ProofForm},
    events::times::{long_date, short, zone},
    privacy::{export::Prepared, queries::Consent},
};
use leptos::prelude::*;

use super::page::{PRIVACY_POLICY, TERMS};
use crate::{
    ssr,
    ui::{
        button::PostButton,
        field::Field,
        form::{Form, FormState},
    },
};

/// Where everything that an account keeps is fetched.
const EXPORT: &str = "/dashboard/account/export";

/// What a host can do about their own data: take it along, see what they agreed to, delete it all.
#[component]
pub fn YourData(host: Host, consent: Consent, prepared: Option<Prepared>, now: DateTime<Utc>) -> impl IntoView {
    let recent = host.is_recent(now);
    view! {
        <section class="section card" id="data">
            <h2>"Your data"</h2>
            <p>
                "Take along everything that your account keeps: you, your events, guests, answers, messages and what happened. "
                "Passwords and links stay here."
            </p>
            {match (recent, prepared) {
                (false, _) => view! { <ProveAgain why="Type your password to take your data along."/> }.into_any(),
                (true, prepared) => view! { <TakeAlong prepared/> }.into_any(),
            }}
            <Agreed consent/>
            <p><a class="button button-danger" href="/dashboard/account/delete">"Delete my account …"</a></p>
        </section>
    }
}

/// Asks for the present password, where it was typed too long ago.
#[component]
pub fn ProveAgain(why: &'static str) -> impl IntoView {
    let form = FormState::new("/api/auth/prove", &ProofForm::default());
    view! {
        <Form state=form.clone()>
            <p class="hint">{why}</p>
            <input type="hidden" name="onwards" value=ssr::path()/>
            <Field form name="current_password" id="proof-password" kind="password" label="Present password" required=true autocomplete="current-password"/>
            <div class="form-actions">
                <button class="button" type="submit">"Confirm it is me"</button>
            </div>
        </Form>
    }
}

#[component]
fn TakeAlong(prepared: Option<Prepared>) -> impl IntoView {
    let utc = |at| format!("{} UTC", short(at, zone("UTC")));
    view! {
        <div class="cluster">
            <form method="post" action=EXPORT>
                <button class="button button-primary" name="format" value="zip" type="submit">"Download everything"</button>
            </form>
            <form method="post" action=EXPORT>
                <button class="button" name="format" value="json" type="submit">"Only as JSON"</button>
            </form>
        </div>
        {match prepared {
            Some(Prepared { ready_at: Some(at), .. }) => {
                view! {
                    <div class="notice" data-kind="success">
                        <p>{format!("The archive that you asked for is ready since {}. It is kept for three days.", utc(at))}</p>
                        <form method="post" action=EXPORT>
                            <button class="button button-small" name="format" value="prepared" type="submit">"Download it"</button>
                        </form>
                    </div>
                }
                    .into_any()
            }
            Some(Prepared { percent, asked_at, .. }) => {
                view! {
                    <div class="notice">
                        <p>
                            <label for="export-progress">{format!("Your archive is being prepared since {}: {percent} %. ", utc(asked_at))}</label>
                            <progress id="export-progress" max="100" value=percent></progress>
                        </p>
                        <p><a class="button button-small" href="/dashboard/account#data">"Look again"</a> " A mail tells you when it is ready."</p>
                    </div>
                }
                    .into_any()
            }
            None => {
                view! {
                    <p class="hint">"Is that taking too long? Have it prepared, and a mail tells you when it is ready."</p>
                    <PostButton action="/api/privacy/ask-for-export" class="button button-quiet button-small">
                        "Prepare it for me"
                    </PostButton>
                }
                    .into_any()
            }
        }}
    }
}

#[component]
fn Agreed(consent: Consent) -> impl IntoView {
    let line = |name: &'static str, path: &'static str, version: Option<String>, at: Option<DateTime<Utc>>| {
        let (version, at) = (version?, at?);
        Some(view! {
            <li>
                <a href=format!("{path}?version={version}")>{name}</a>
                {format!(" of {version}, agreed to on {}", long_date(at.date_naive()))}
            </li>
        })
    };
    let Consent { terms_version, terms_accepted_at, privacy_policy_version, privacy_policy_accepted_at } = consent;
    view! {
        <ul class="agreed">
            {line("Terms", TERMS, terms_version, terms_accepted_at)}
            {line("Privacy policy", PRIVACY_POLICY, privacy_policy_version, privacy_policy_accepted_at)}
        </ul>
    }
}
