use guestguard::{
    auth::{
        Act, AddressForm, Host, PasswordForm,
        queries::{AccountPage as Found, Activity, SessionLine, account},
    },
    events::times,
    privacy,
};
use leptos::prelude::*;

use super::links::NewPassword;
use crate::{
    privacy::YourData,
    ssr,
    ui::{
        button::PostButton,
        field::Field,
        form::{Form, FormState},
        layout::{Frame, PageHead},
        page::page,
    },
};

/// The host's own page: password, address, where they are signed in, and what happened.
#[component]
pub fn AccountPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let found = ssr::reply(account(&backend, &host).await)?;
        let operates = ssr::services()?.operators.admit(&host).is_some();
        let consent = ssr::reply(privacy::queries::consent(&backend, &host).await)?;
        let prepared = ssr::reply(privacy::export::prepared(&backend, &host).await)?;
        Ok((host, found, operates, consent, prepared))
    };
    page(load, |(host, found, operates, consent, prepared): (Host, Found, bool, _, _)| {
        let lede = format!("{}, {}", host.name(), host.email());
        let here = host.session();
        view! {
            <Frame host=Some(host.clone()) class="page page-narrow">
                <PageHead title="Your account" lede>
                    {ssr::sells().then(|| view! { <a class="button" href=crate::billing::PAGE>"Your plan"</a> })}
                    {operates.then(|| view! { <a class="button" href=crate::backup::PAGE>"This installation"</a> })}
                </PageHead>
                <Sessions sessions=found.sessions here now=found.now/>
                <Password/>
                <Address/>
                <YourData host consent prepared now=found.now/>
                <Activities activity=found.activity/>
            </Frame>
        }
    })
}

#[component]
fn Sessions(
    sessions: Vec<SessionLine>,
    here: guestguard::ids::SessionId,
    now: chrono::DateTime<chrono::Utc>,
) -> impl IntoView {
    let several = sessions.len() > 1;
    view! {
        <section class="section card">
            <h2>"Where you are signed in"</h2>
            <ul class="sessions">
                {sessions
                    .into_iter()
                    .map(|line| {
                        let this = line.id == here;
                        let seen = if this { "This browser".to_owned() } else { seen(now - line.seen_at) };
                        let label = format!("Sign out {}", line.device);
                        view! {
                            <li class="session">
                                <span class="session-device">{line.device}</span>
                                <span class="session-seen">{seen}</span>
                                {(!this)
                                    .then(|| {
                                        let values = vec![("session", line.id.to_string())];
                                        view! {
                                            <PostButton action="/api/auth/end-session" values class="button button-small" label>
                                                "Sign out"
                                            </PostButton>
                                        }
                                    })}
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
            {several
                .then(|| {
                    view! {
                        <PostButton action="/api/auth/end-other-sessions" class="button button-quiet">
                            "Sign out everywhere else"
                        </PostButton>
                    }
                })}
        </section>
    }
}

fn seen(ago: chrono::TimeDelta) -> String {
    let several = |n: i64, one: &str| if n == 1 { format!("1 {one} ago") } else { format!("{n} {one}s ago") };
    let words = match (ago.num_days(), ago.num_hours(), ago.num_minutes()) {
        (0, 0, minutes) if minutes < 2 => return "In use right now".into(),
        (0, 0, minutes) => several(minutes, "minute"),
        (0, hours, _) => several(hours, "hour"),
        (days, ..) => several(days, "day"),
    };
    format!("Last used {words}")
}

#[component]
fn Password() -> impl IntoView {
    let form = FormState::new("/api/auth/change-password", &PasswordForm::default());
    view! {
        <section class="section card">
            <h2>"Password"</h2>
            <Form state=form.clone()>
                <Current form=form.clone()/>
                <NewPassword form label="New password"/>
                <div class="form-actions">
                    <button class="button" type="submit">"Change the password"</button>
                </div>
            </Form>
        </section>
    }
}

#[component]
fn Address() -> impl IntoView {
    let form = FormState::new("/api/auth/change-address", &AddressForm::default());
    view! {
        <section class="section card">
            <h2>"E-mail address"</h2>
            <Form state=form.clone()>
                <Field form=form.clone() name="email" kind="email" label="New address" required=true max=254 autocomplete="email"/>
                <Current form id="address-password"/>
                <div class="form-actions">
                    <button class="button" type="submit">"Change the address"</button>
                </div>
            </Form>
        </section>
    }
}

/// The present password, asked for again. It stands twice on the page, so `id` differs.
#[component]
fn Current(form: FormState, #[prop(default = "current_password")] id: &'static str) -> impl IntoView {
    view! {
        <Field form name="current_password" id kind="password" label="Present password" required=true autocomplete="current-password"/>
    }
}

#[component]
fn Activities(activity: Vec<Activity>) -> impl IntoView {
    view! {
        <section class="section">
            <h2>"What happened lately"</h2>
            <ol class="feed">
                {activity
                    .into_iter()
                    .map(|activity| {
                        let (words, device) = (words(&activity), activity.device.clone());
                        view! {
                            <li class="feed-item" data-kind=activity.act.key()>
                                <span>
                                    {words} {(!device.is_empty()).then(|| view! { <span class="feed-device">{device}</span> })}
                                </span>
                                <time datetime=activity.at.to_rfc3339()>
                                    {times::short(activity.at, times::zone("UTC"))} " UTC"
                                </time>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </section>
    }
}

fn words(activity: &Activity) -> String {
    let detail = &activity.detail;
    let guests = if detail == "1" { "1 guest".to_owned() } else { format!("{detail} guests") };
    match activity.act {
        Act::SignedUp => "The account was opened".into(),
        Act::SignedIn => "Signed in".into(),
        Act::SignInFailed => "A sign-in failed: wrong password".into(),
        Act::PasswordLocked => "Five failures in a row locked the password".into(),
        Act::SignedOut => "Signed out".into(),
        Act::Verified => "The e-mail address was proven".into(),
        Act::ResetAsked => "A mail for a new password was asked for".into(),
        Act::PasswordReset => "A new password was set by mail".into(),
        Act::PasswordChanged => "The password was changed".into(),
        Act::AddressChangeAsked => format!("A change of address to {detail} was begun"),
        Act::AddressChanged => format!("The account moved to {detail}"),
        Act::SessionEnded if detail.is_empty() => "Another browser was signed out".into(),
        Act::SessionEnded => "All other browsers were signed out".into(),
        Act::SessionRevoked => "A session was ended: an outdated copy of its cookie turned up".into(),
        Act::EventDeleted => format!("The event “{detail}” was deleted"),
        Act::GuestsImported => format!("{guests} came in from a file"),
        Act::ImportUndone => format!("{guests} went back after an import was undone"),
        Act::GuestsTold => format!("{detail} guests were told of a change"),
        Act::GuestsExported => format!("The guest list of {detail} was downloaded"),
        Act::GuestsDeleted => format!("{guests} taken off a list"),
        Act::InvitationsIssued => format!("{guests} invited"),
        Act::InvitationRotated => "A guest's link was replaced".into(),
        Act::DataExported => "Everything that the account keeps was taken along".into(),
        Act::GuestCorrected => format!("A guest of “{detail}” corrected their data"),
        Act::GuestErased => format!("A guest of “{detail}” had their data erased"),
        Act::EventForgotten => format!("The time for guest data of “{detail}” was over; they were erased"),
    }
}
