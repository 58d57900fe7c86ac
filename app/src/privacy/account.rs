//! Data section of the account page: export, consent, account deletion.

use chrono::{DateTime, Utc};
use guestguard::{
    actors::Host,
    auth::ReauthenticationForm,
    events::times::{long_date, short, zone},
    legal::LegalDocument,
    privacy::{export::PreparedExport, queries::Consent},
};
use leptos::prelude::*;

use crate::ui::legal::{own_url, version_href};
use crate::{
    ssr,
    ui::{
        button::PostButton,
        field::Field,
        form::{Form, FormState},
    },
};

const EXPORT_PATH: &str = "/dashboard/account/export";

#[component]
pub fn YourData(host: Host, consent: Consent, prepared: Option<PreparedExport>, now: DateTime<Utc>) -> impl IntoView {
    let reauthenticated = host.is_reauthenticated(now);
    view! {
        <section class="section card" id="data">
            <h2>"Your data"</h2>
            <p>
                "Export your data: your account, events, guests, replies, messages and activity. "
                "Passwords and links are not included."
            </p>
            {match (reauthenticated, prepared) {
                (false, _) => view! { <Reauthenticate why="Confirm your password to export your data."/> }.into_any(),
                (true, prepared) => view! { <Export prepared/> }.into_any(),
            }}
            <Accepted consent/>
            <p><a class="button button-danger" href="/dashboard/account/delete">"Delete account"</a></p>
        </section>
    }
}

/// Asks for the password again.
#[component]
pub fn Reauthenticate(why: &'static str) -> impl IntoView {
    let form = FormState::new("/api/auth/reauthenticate", &ReauthenticationForm::default());
    view! {
        <Form state=form.clone()>
            <p class="hint">{why}</p>
            <input type="hidden" name="onwards" value=ssr::path()/>
            <Field form name="current_password" id="proof-password" kind="password" label="Current password" required=true autocomplete="current-password"/>
            <div class="form-actions">
                <button class="button" type="submit">"Confirm password"</button>
            </div>
        </Form>
    }
}

#[component]
fn Export(prepared: Option<PreparedExport>) -> impl IntoView {
    let utc = |at| format!("{} UTC", short(at, zone("UTC")));
    view! {
        <div class="cluster">
            <form method="post" action=EXPORT_PATH>
                <button class="button button-primary" name="format" value="zip" type="submit">"Export your data"</button>
            </form>
            <form method="post" action=EXPORT_PATH>
                <button class="button" name="format" value="json" type="submit">"Download JSON"</button>
            </form>
        </div>
        {match prepared {
            Some(PreparedExport { ready_at: Some(at), .. }) => {
                view! {
                    <div class="notice" data-kind="success">
                        <p>{format!("Your export has been ready since {}. It is available for three days.", utc(at))}</p>
                        <form method="post" action=EXPORT_PATH>
                            <button class="button button-small" name="format" value="prepared" type="submit">"Download export"</button>
                        </form>
                    </div>
                }
                    .into_any()
            }
            Some(PreparedExport { percent, requested_at, .. }) => {
                view! {
                    <div class="notice">
                        <p>
                            <label for="export-progress">{format!("Your export is being prepared since {}: {percent}%. ", utc(requested_at))}</label>
                            <progress id="export-progress" max="100" value=percent></progress>
                        </p>
                        <p><a class="button button-small" href="/dashboard/account#data">"Refresh"</a> " We'll email you when it is ready."</p>
                    </div>
                }
                    .into_any()
            }
            None => {
                view! {
                    <p class="hint">"Large account? We can prepare the export and email you when it is ready."</p>
                    <PostButton action="/api/privacy/request-export" class="button button-quiet button-small">
                        "Email me when ready"
                    </PostButton>
                }
                    .into_any()
            }
        }}
    }
}

#[component]
fn Accepted(consent: Consent) -> impl IntoView {
    let line = |name: &'static str, document: LegalDocument, version: Option<String>, at: Option<DateTime<Utc>>| {
        let (version, at) = (version?, at?);
        Some(view! {
            <li>
                <a href=version_href(document, &version)>{name}</a>
                // The version numbers are those of the built-in documents.
                {own_url(document).is_none().then(|| format!(" of {version}"))}
                {format!(", accepted on {}", long_date(at.date_naive()))}
            </li>
        })
    };
    let Consent { terms_version, terms_accepted_at, privacy_policy_version, privacy_policy_accepted_at } = consent;
    view! {
        <ul class="accepted-documents">
            {line("Terms", LegalDocument::Terms, terms_version, terms_accepted_at)}
            {line("Privacy policy", LegalDocument::PrivacyPolicy, privacy_policy_version, privacy_policy_accepted_at)}
        </ul>
    }
}
