//! The HTML document and the routes of all pages.

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    auth, backup, billing, events, guests, imports, invitations, notifications, privacy, rsvp, ssr,
    ui::{escape, layout::FrameDialogs, page::ProblemPage},
};

/// The HTML document around every page. Guests' pages load no scripts.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    let invited = ["/i/", "/u/"].iter().any(|opening| ssr::path().starts_with(opening));
    let stylesheet = format!("/{}/{}.css", options.site_pkg_dir, options.output_name);
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
                <link rel="preload" href="/fonts/inter-5.3.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="preload" href="/fonts/fraunces-5.3.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="stylesheet" href=stylesheet/>
                {(!invited)
                    .then(|| {
                        view! {
                            <AutoReload options=options.clone()/>
                            <HydrationScripts options=options.clone() islands=true/>
                        }
                    })}
                <MetaTags/>
            </head>
            <body class=invited.then_some("guest-page")>
                <App/>
            </body>
        </html>
    }
}

/// The `<title>`, as HTML.
fn title(page: String) -> String {
    if page.is_empty() { "GuestGuard".to_owned() } else { format!("{} · GuestGuard", escape::text(&page)) }
}

/// The routes of all pages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_context(FrameDialogs {
        upgrade: |problem| view! { <billing::dialog::UpgradeDialog problem/> }.into_any(),
        accept_terms: |host| view! { <privacy::AskToAccept host/> }.into_any(),
    });
    if let Some(problem) = ssr::page_problem() {
        return view! { <Title formatter=title/> <ProblemPage problem/> }.into_any();
    }
    view! {
        <Title formatter=title/>
        <Router>
            <Routes fallback=|| view! { <ProblemPage problem=guestguard::problem::Problem::NotFound/> }>
                <Route path=path!("/") view=events::landing::LandingPage ssr=SsrMode::Async/>
                <Route path=path!("/terms") view=privacy::TermsPage ssr=SsrMode::Async/>
                <Route path=path!("/privacy") view=privacy::PrivacyPolicyPage ssr=SsrMode::Async/>
                <Route path=path!("/pricing") view=billing::pricing::PricingPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/billing") view=billing::plan::PlanPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-up") view=auth::sign_up::SignUpPage ssr=SsrMode::Async/>
                <Route path=path!("/sign-in") view=auth::sign_in::SignInPage ssr=SsrMode::Async/>
                <Route path=path!("/forgot") view=auth::forgot::ForgotPage ssr=SsrMode::Async/>
                <Route path=path!("/reset/:token") view=auth::links::ResetPage ssr=SsrMode::Async/>
                <Route path=path!("/verify/:token") view=auth::links::VerifyPage ssr=SsrMode::Async/>
                <Route path=path!("/new-address/:token") view=auth::links::NewAddressPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/account/delete") view=privacy::DeleteAccountPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/account") view=auth::account::AccountPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard") view=events::dashboard::DashboardPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/operator") view=backup::OperatorPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/new") view=events::form::NewEventPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event") view=rsvp::page::OverviewPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/edit") view=events::form::EditEventPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/cancel") view=events::confirm::CancelPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/delete") view=events::confirm::DeletePage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/guests") view=guests::table::GuestsPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/guests/new") view=guests::form::NewGuestPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/guests/paste") view=guests::paste::PastePage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/guests/import") view=imports::upload::ImportPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/guests/import/:import") view=imports::review::ReviewPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/guests/:guest") view=guests::form::EditGuestPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/invite") view=invitations::invite::InvitePage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/invite/share") view=invitations::manual_delivery::ManualDeliveryPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/notify") view=notifications::notify::NotifyPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/messages/reminders") view=notifications::reminders::RemindersPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/messages/sms") view=notifications::sms_fallback::SmsFallbackPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/messages/templates") view=notifications::templates::TemplatesPage ssr=SsrMode::Async/>
                <Route path=path!("/dashboard/events/:event/messages") view=notifications::messages::MessagesPage ssr=SsrMode::Async/>
                <Route path=path!("/i/:token/data") view=privacy::GuestDataPage ssr=SsrMode::Async/>
                <Route path=path!("/i/:token/erase") view=privacy::ErasePage ssr=SsrMode::Async/>
                <Route path=path!("/i/:token") view=invitations::page::InvitationPage ssr=SsrMode::Async/>
                <Route path=path!("/u/:token") view=notifications::unsubscribe::UnsubscribePage ssr=SsrMode::Async/>
                <Route path=path!("/dev/inbox") view=notifications::inbox::InboxPage ssr=SsrMode::Async/>
                <Route path=path!("/dev/inbox/:mail") view=notifications::inbox::InboxPage ssr=SsrMode::Async/>
            </Routes>
        </Router>
    }
    .into_any()
}
