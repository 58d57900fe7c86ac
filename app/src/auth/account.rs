//! Account page: sessions, password, email address, data and recent activity.

use guestguard::{
    actors::Host,
    audit::AuditEvent,
    auth::{
        AddressForm, PasswordForm,
        queries::{AccountDetails, AuditEntry, SessionLine, account},
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

#[component]
pub fn AccountPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let details = ssr::reply(account(&backend, &host).await)?;
        let operates = ssr::services()?.operators.admit(&host).is_some();
        let consent = ssr::reply(privacy::queries::consent(&backend, &host).await)?;
        let prepared = ssr::reply(privacy::export::prepared(&backend, &host).await)?;
        Ok((host, details, operates, consent, prepared))
    };
    page(load, |(host, details, operates, consent, prepared): (Host, AccountDetails, bool, _, _)| {
        let lede = format!("{}, {}", host.name(), host.email());
        let here = host.session();
        view! {
            <Frame host=Some(host.clone()) class="page page-narrow">
                <PageHead title="Your account" lede>
                    {ssr::sells().then(|| view! { <a class="button" href=crate::billing::PAGE>"Your plan"</a> })}
                    {operates.then(|| view! { <a class="button" href=crate::backup::PAGE>"This installation"</a> })}
                </PageHead>
                <Sessions sessions=details.sessions here now=details.now/>
                <Password/>
                <Address/>
                <YourData host consent prepared now=details.now/>
                <RecentActivity entries=details.activity/>
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
            <h2>"Active sessions"</h2>
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
                            "Sign out all other sessions"
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
                    <button class="button" type="submit">"Update password"</button>
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
            <h2>"Email address"</h2>
            <Form state=form.clone()>
                <Field form=form.clone() name="email" kind="email" label="New email" required=true max=254 autocomplete="email"/>
                <Current form id="address-password"/>
                <div class="form-actions">
                    <button class="button" type="submit">"Change email"</button>
                </div>
            </Form>
        </section>
    }
}

/// The field for the current password. It occurs twice on the page, so `id` differs.
#[component]
fn Current(form: FormState, #[prop(default = "current_password")] id: &'static str) -> impl IntoView {
    view! {
        <Field form name="current_password" id kind="password" label="Current password" required=true autocomplete="current-password"/>
    }
}

#[component]
fn RecentActivity(entries: Vec<AuditEntry>) -> impl IntoView {
    view! {
        <section class="section">
            <h2>"Recent activity"</h2>
            <ol class="feed">
                {entries
                    .into_iter()
                    .map(|entry| {
                        let kind: &str = entry.event.into();
                        let (text, device) = (text(&entry), entry.device.clone());
                        view! {
                            <li class="feed-item" data-kind=kind>
                                <span>
                                    {text} {(!device.is_empty()).then(|| view! { <span class="feed-device">{device}</span> })}
                                </span>
                                <time datetime=entry.at.to_rfc3339()>
                                    {times::short(entry.at, times::zone("UTC"))} " UTC"
                                </time>
                            </li>
                        }
                    })
                    .collect_view()}
            </ol>
        </section>
    }
}

fn text(entry: &AuditEntry) -> String {
    let detail = &entry.detail;
    let guests = if detail == "1" { "1 guest".to_owned() } else { format!("{detail} guests") };
    match entry.event {
        AuditEvent::SignedUp => "Account created".into(),
        AuditEvent::SignedIn => "Signed in".into(),
        AuditEvent::SignInFailed => "Failed sign-in: wrong password".into(),
        AuditEvent::PasswordLocked => "Password locked after five failed attempts".into(),
        AuditEvent::SignedOut => "Signed out".into(),
        AuditEvent::Verified => "Email verified".into(),
        AuditEvent::ResetRequested => "Password reset requested".into(),
        AuditEvent::PasswordReset => "Password reset by email".into(),
        AuditEvent::PasswordChanged => "Password changed".into(),
        AuditEvent::AddressChangeRequested => format!("Change of email to {detail} requested"),
        AuditEvent::AddressChanged => format!("Email changed to {detail}"),
        AuditEvent::SessionEnded if detail.is_empty() => "Another session was signed out".into(),
        AuditEvent::SessionEnded => "All other sessions were signed out".into(),
        AuditEvent::SessionRevoked => "Session ended for your security: an old copy of its cookie was used".into(),
        AuditEvent::EventDeleted => format!("Event “{detail}” deleted"),
        AuditEvent::GuestsImported => format!("{guests} imported"),
        AuditEvent::ImportUndone => format!("Import of {guests} undone"),
        AuditEvent::GuestsNotified => format!("{guests} notified of a change"),
        AuditEvent::GuestsExported => format!("Guest list of “{detail}” exported"),
        AuditEvent::GuestsDeleted => format!("{guests} removed"),
        AuditEvent::InvitationsIssued => format!("{guests} invited"),
        AuditEvent::InvitationRotated => "A guest's link was reset".into(),
        AuditEvent::DataExported => "Account data exported".into(),
        AuditEvent::GuestCorrected => format!("A guest of “{detail}” edited their data"),
        AuditEvent::GuestErased => format!("A guest of “{detail}” deleted their data"),
        AuditEvent::EventAnonymised => format!("Guest data of “{detail}” deleted: the retention period ended"),
    }
}
