//! Page layout: header, footer, page head and notices.

use guestguard::{actors::Host, invitations::Issued, legal::LegalDocument, problem::Problem};
use leptos::prelude::*;

use super::{
    button::PostButton,
    form::ProblemNotice,
    legal::legal_href,
    words::{counted, thousands},
};
use crate::ssr::{self, flash::Notice};

/// Dialogs of features that [`Frame`] shows. The app provides them as context, as components here know no feature.
#[derive(Clone, Copy)]
pub struct FrameDialogs {
    /// For a problem that an upgrade solves.
    pub upgrade: fn(Problem) -> AnyView,
    /// For a host who has not accepted the current terms.
    pub accept_terms: fn(Host) -> AnyView,
}

/// Header, notice, page and footer. `class` sets the width of the page.
#[component]
pub fn Frame(host: Option<Host>, #[prop(default = "page")] class: &'static str, children: Children) -> impl IntoView {
    let dialogs = use_context::<FrameDialogs>();
    let accepting = host.clone().filter(|host| !host.has_accepted());
    let unverified = host.clone().filter(|host| !host.is_verified());
    let flash = ssr::flash().unwrap_or_default();
    let notice = flash.notice;
    // Field errors are shown beside the fields.
    let problem = flash.form.and_then(|form| form.problem).filter(|problem| !matches!(problem, Problem::Invalid(_)));
    view! {
        <a class="skip-link" href="#main">"Skip to content"</a>
        <header class="site-header">
            <a class="brand" href=if host.is_some() { "/dashboard" } else { "/" }>
                <Mark/>
                <span>"GuestGuard"</span>
            </a>
            {match host.clone() {
                Some(host) => {
                    view! {
                        <nav class="site-nav" aria-label="Main">
                            <a href="/dashboard">"Events"</a>
                        </nav>
                        <div class="site-account">
                            <a href="/dashboard/account">
                                <span class="account-name">{host.name().to_owned()}</span>
                                <span class="account-word">"Account"</span>
                            </a>
                            <PostButton action="/api/auth/sign-out" class="button button-quiet button-small">
                                "Sign out"
                            </PostButton>
                        </div>
                    }
                        .into_any()
                }
                None => {
                    view! {
                        <nav class="site-nav" aria-label="Main">
                            <a href="/sign-in">"Sign in"</a>
                            <a class="button button-small" href="/sign-up">"Sign up free"</a>
                        </nav>
                    }
                        .into_any()
                }
            }}
        </header>
        <main id="main" class=class>
            {notice.map(|notice| view! { <NoticeLine notice/> })}
            {problem
                .map(|problem| match dialogs {
                    Some(dialogs) if matches!(problem, Problem::UpgradeRequired { .. }) => (dialogs.upgrade)(problem),
                    _ => view! { <ProblemNotice problem/> }.into_any(),
                })}
            {accepting.zip(dialogs).map(|(host, dialogs)| (dialogs.accept_terms)(host))}
            {unverified.map(|host| view! { <VerifyEmail host/> })}
            {children()}
        </main>
        <footer class="site-footer">
            <p>"© GuestGuard"</p>
            <nav aria-label="About this site">
                {ssr::sells().then(|| view! { <a href="/pricing">"Pricing"</a> })}
                <a href=legal_href(LegalDocument::Terms)>"Terms"</a>
                <a href=legal_href(LegalDocument::PrivacyPolicy)>"Privacy"</a>
            </nav>
        </footer>
    }
}

/// Shown until the host's email is verified.
#[component]
fn VerifyEmail(host: Host) -> impl IntoView {
    view! {
        <div class="notice" data-kind="warning">
            <p>
                "Verify your email address: open the link we sent to " <strong>{host.email().to_owned()}</strong>
                ". Until then you can prepare everything, but no invitations are sent."
            </p>
            <PostButton action="/api/auth/request-verification" class="button button-small">
                "Resend email"
            </PostButton>
        </div>
    }
}

/// The page's heading, with breadcrumbs and actions.
#[component]
pub fn PageHead(
    #[prop(into)] title: String,
    #[prop(optional, into)] lede: Option<String>,
    /// Addresses and titles of the parent pages.
    #[prop(optional)]
    crumbs: Vec<(String, String)>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <leptos_meta::Title text=title.clone()/>
        <div class="page-head">
            {(!crumbs.is_empty())
                .then(|| {
                    view! {
                        <nav class="crumbs" aria-label="Breadcrumb">
                            <ol>
                                {crumbs
                                    .into_iter()
                                    .map(|(href, name)| view! { <li><a href=href>{name}</a></li> })
                                    .collect_view()}
                            </ol>
                        </nav>
                    }
                })}
            <h1>{title}</h1>
            {lede.map(|lede| view! { <p class="lede">{lede}</p> })}
            {children.map(|children| view! { <div class="actions">{children()}</div> })}
        </div>
    }
}

#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
            <use href="/icons/mark.svg#mark"></use>
        </svg>
    }
}

/// The footer of a guest's page.
#[component]
pub fn GuestFooter(
    /// Shown above it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <footer class="guest-footer">
            {children.map(|children| children())}
            <p>"Guest list by " <a href="/">"GuestGuard"</a></p>
            <p><a href=legal_href(LegalDocument::PrivacyPolicy)>"Privacy"</a> " " <a href=legal_href(LegalDocument::Terms)>"Terms"</a></p>
        </footer>
    }
}

/// The notice or problem of the previous request, on a guest's page.
#[component]
pub fn GuestNotice() -> impl IntoView {
    let flash = ssr::flash().unwrap_or_default();
    let problem = flash.form.and_then(|form| form.problem).filter(|problem| !matches!(problem, Problem::Invalid(_)));
    view! {
        {flash.notice.map(|notice| view! { <NoticeLine notice/> })}
        {problem.map(|problem| view! { <ProblemNotice problem/> })}
    }
}

#[component]
fn NoticeLine(notice: Notice) -> impl IntoView {
    let undo = match &notice {
        Notice::GuestsDeleted { event, at, .. } => Some(vec![("event", event.to_string()), ("at", at.to_string())]),
        _ => None,
    };
    view! {
        <div class="notice" data-kind="success" role="status">
            <p>{words(&notice)}</p>
            {undo
                .map(|values| {
                    view! {
                        <PostButton action="/api/guests/restore" values class="button button-small">
                            "Undo"
                        </PostButton>
                    }
                })}
        </div>
    }
}

fn words(notice: &Notice) -> String {
    let guests = |n: usize| counted(n as i64, "guest");
    match notice {
        Notice::TermsAccepted => "Thanks, saved.".into(),
        Notice::EventCreated => "Event created. Next: add guests.".into(),
        Notice::EventSaved => "Saved.".into(),
        Notice::EventCancelled => "Event cancelled. Guests see this when they open their link.".into(),
        Notice::EventDeleted => "Event deleted.".into(),
        Notice::GuestAdded(name) => format!("Guest added: {name}."),
        Notice::GuestsAdded(0) => "No guests added: all are on the list already.".into(),
        Notice::GuestsAdded(n) => format!("{} added.", guests(*n)),
        Notice::GuestSaved => "Saved.".into(),
        Notice::GuestsDeleted { guests: n, .. } => format!("{} removed.", guests(*n)),
        Notice::Tagged { guests: 0, .. } => "Nothing to change.".into(),
        Notice::Tagged { guests: n, on: true } => format!("Tag added to {}.", guests(*n)),
        Notice::Tagged { guests: n, on: false } => format!("Tag removed from {}.", guests(*n)),
        Notice::ImportUndone { back, kept: 0 } => format!("Import undone for {}.", guests(*back as usize)),
        Notice::ImportUndone { back, kept } => format!(
            "Import undone for {}. Guests who have since been invited, edited or replied are kept: {}.",
            guests(*back as usize),
            thousands(*kept as i64)
        ),
        Notice::GuestsRestored => "Restored, with links and replies.".into(),
        Notice::Invited(Issued { links, messages, later }) => {
            let now = messages - later;
            let mut sentences = Vec::new();
            if now > 0 {
                sentences.push(format!("{} sent.", counted(now as i64, "invitation")));
            }
            if *later > 0 {
                let later = counted(*later as i64, "invitation");
                sentences.push(format!("{later} scheduled over the next days because your account is new."));
            }
            match links - messages {
                0 => {}
                1 => sentences.push("1 guest gets no email: share their link yourself.".into()),
                n => sentences.push(format!("{n} guests get no email: share their links yourself.")),
            }
            sentences.join(" ")
        }
        Notice::Resent => "Invitation resent.".into(),
        Notice::TemplatesSaved => "Saved. New messages use this text.".into(),
        Notice::SmsFallbackSaved => "Saved.".into(),
        Notice::TestSent => "Saved. A test email is on its way to you.".into(),
        Notice::GuestsNotified(n) => format!("Update sent to {}.", guests(*n)),
        Notice::LinkReset => "The old link no longer works. Send the new one by email, or copy it.".into(),
        Notice::VerificationSent => "Verification email sent.".into(),
        Notice::EmailSent => "If an account has this address, an email is on its way. It can take a minute.".into(),
        Notice::AccountCreated => "Check your email to verify your account.".into(),
        Notice::Verified => "Email verified. You can send invitations now.".into(),
        Notice::PasswordSet => "Password set. All other sessions were signed out.".into(),
        Notice::PasswordChanged => "Password updated. All other sessions were signed out.".into(),
        Notice::AddressChangeRequested => "We sent an email to both addresses. Confirm the change in each.".into(),
        Notice::AddressChangePending => "Confirmed. Now confirm in the email to the other address as well.".into(),
        Notice::AddressChanged => "Email changed. Sign in with the new address from now on.".into(),
        Notice::SessionEnded => "Session signed out.".into(),
        Notice::PlanCancelled => "Plan cancelled. It stays active until the end of the period you paid for.".into(),
        Notice::PlanResumed => "Plan resumed.".into(),
        Notice::ExportRequested => "We're preparing your export. We'll email you when it is ready.".into(),
        Notice::Reauthenticated => "Password confirmed.".into(),
        Notice::AccountDeleted => "Your account and its data have been deleted.".into(),
        Notice::Corrected => "Saved. Your host will see the changes.".into(),
        Notice::ChannelStopped => "Unsubscribed.".into(),
        Notice::SignedOut => "You are signed out.".into(),
    }
}
