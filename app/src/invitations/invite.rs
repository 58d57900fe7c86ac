//! Sends invitations: the plan, checks before sending, and links to share.

use guestguard::{
    actors::Host,
    billing::limits,
    events::Event,
    guests::check::{self, Alike, Findings, Pair, Typo},
    ids::{EventId, GuestId},
    invitations::queries::{self, InvitationPlan},
};
use leptos::{either::Either, prelude::*};

use crate::{
    events::tabs::{EventTabs, crumbs, host_and_event},
    guests::api::picked,
    ssr,
    ui::{
        button::PostButton,
        layout::{Frame, PageHead},
        page::page,
        words::{counted, counted_verb},
    },
};

/// Who would get an invitation, and the button that sends it: to every guest without one, or to the selected guests.
#[component]
pub fn InvitePage() -> impl IntoView {
    let ids: Vec<GuestId> = ssr::queries("ids[]").iter().filter_map(|id| id.parse().ok()).collect();
    let fitting = ssr::query("fitting").filter(|_| ssr::query("all").is_some());
    let everybody = ssr::query("chosen").is_none();
    let none = !everybody && ids.is_empty() && fitting.is_none();
    let load = async move {
        let (backend, host, event) = host_and_event().await?;
        let chosen = match everybody {
            true => None,
            false => Some(picked(&backend, &host, event.id, ids.clone(), fitting.clone()).await?),
        };
        let plan = ssr::reply(queries::plan(&backend, &host, event.id, chosen.as_deref()).await)?;
        let nobody = everybody && plan.links() == 0;
        let empty = nobody && ssr::reply(limits::listed(&backend.db, host.id(), event.id).await)? == 0;
        let findings = ssr::reply(check::check(&backend.db, &host, event.id).await)?;
        let mut values = vec![("event", event.id.to_string())];
        match (everybody, fitting) {
            (true, _) => {}
            (false, Some(view)) => values.extend([("all", "true".to_owned()), ("fitting", view)]),
            (false, None) => values.extend(ids.iter().map(|id| ("ids[]", id.to_string()))),
        }
        Ok((host, event, plan, findings, values, empty))
    };
    page(load, move |(host, event, plan, findings, values, empty)| {
        view! { <Invite host event plan findings values everybody none empty/> }
    })
}

#[component]
fn Invite(
    host: Host,
    event: Event,
    plan: InvitationPlan,
    findings: Findings,
    values: Vec<(&'static str, String)>,
    everybody: bool,
    none: bool,
    empty: bool,
) -> impl IntoView {
    let guests = format!("/dashboard/events/{}/guests", event.id);
    let nobody = plan.links() == 0;
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Send invitations" crumbs=crumbs(&event)/>
            <EventTabs event=event.id current="Guests"/>
            {(plan.links_to_share > 0).then(|| view! { <LinksToShare event=event.id count=plan.links_to_share/> })}
            {if nobody {
                let sharing = plan.links_to_share > 0 && everybody;
                Either::Left((!sharing).then(|| view! { <NothingToSend guests everybody none empty/> }))
            } else {
                Either::Right(
                    view! {
                        <Confirm event=event.clone() plan values everybody guests/>
                        {(!findings.is_empty()).then(|| view! { <PreSendChecks event=event.id findings/> })}
                    },
                )
            }}
        </Frame>
    }
}

#[component]
fn NothingToSend(guests: String, everybody: bool, none: bool, empty: bool) -> impl IntoView {
    if empty {
        return view! {
            <section class="empty-state">
                <h2>"Add guests first"</h2>
                <div class="actions">
                    <a class="button button-primary" href=format!("{guests}/paste")>"Add guests"</a>
                </div>
            </section>
        }
        .into_any();
    }
    let title = match (everybody, none) {
        (true, _) => "All guests have been invited",
        (false, true) => "No guests selected",
        (false, false) => "All selected guests have been invited",
    };
    view! {
        <section class="empty-state">
            <h2>{title}</h2>
            <p>"Add more guests, or resend an invitation from a guest's page."</p>
            <div class="actions">
                <a class="button button-primary" href=guests>"Go to guest list"</a>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Confirm(
    event: Event,
    plan: InvitationPlan,
    values: Vec<(&'static str, String)>,
    everybody: bool,
    guests: String,
) -> impl IntoView {
    let links = plan.links();
    let action = if everybody { "/api/invitations/issue-all" } else { "/api/invitations/issue" };
    view! {
        <section class="confirm card">
            <dl class="figures">
                <div class="figure" data-tone="neutral">
                    <dt>"Email"</dt>
                    <dd>{plan.email}</dd>
                    <dd class="figure-note">
                        {match plan.later {
                            0 => "sent immediately".to_owned(),
                            later => format!("{} sent immediately, {later} over the next days: new accounts start slowly, so that email providers learn to trust them", plan.email - later),
                        }}
                    </dd>
                </div>
                <div class="figure" data-tone="neutral">
                    <dt>"Share manually"</dt>
                    <dd>{plan.phone + plan.unreachable}</dd>
                    <dd class="figure-note">"no email address: share their links yourself"</dd>
                </div>
            </dl>
            <h2>{if everybody { "Ready to send" } else { "Selected guests" }}</h2>
            <p>
                "Each guest gets a personal link to “" {event.title.clone()} "”. Guests who were invited before get nothing."
            </p>
            <Names title="Email" count=plan.email names=plan.email_names/>
            <Names title="Phone only" count=plan.phone names=plan.phone_names/>
            <Names title="No contact details" count=plan.unreachable names=plan.unreachable_names/>
            <Names title="Unsubscribed or bounced (link only, no email)" count=plan.suppressed names=plan.suppressed_names/>
            <div class="actions">
                <PostButton action values class="button button-primary">
                    {format!("Send {}", counted(links, "invitation"))}
                </PostButton>
                <a class="button button-quiet" href=guests>"Cancel"</a>
            </div>
        </section>
    }
}

/// The first names of a group.
#[component]
fn Names(title: &'static str, count: i64, names: Vec<String>) -> impl IntoView {
    let more = count - names.len() as i64;
    (count > 0).then(|| {
        view! {
            <details class="names">
                <summary>{format!("{title}: {count}")}</summary>
                <p>{names.join(", ")} {(more > 0).then(|| format!(" and {more} more"))}</p>
            </details>
        }
    })
}

/// Findings to check before sending: duplicates, typos and missing contact details.
#[component]
fn PreSendChecks(event: EventId, findings: Findings) -> impl IntoView {
    let guest = move |id: GuestId| format!("/dashboard/events/{event}/guests/{id}");
    let pair = move |Pair { one, other, why }: Pair| {
        let why = match why {
            Alike::Email => "share an email address",
            Alike::Phone => "share a phone number",
            Alike::Name => "have similar names",
        };
        view! {
            <li>
                <a href=guest(one.id)>{one.name}</a> " and " <a href=guest(other.id)>{other.name}</a> " " {why} "."
            </li>
        }
    };
    let typo = move |Typo { guest: who, email, suggestion }: Typo| {
        view! {
            <li>
                <a href=guest(who.id)>{who.name}</a> {format!(": {email}. Did they mean {suggestion}?")}
            </li>
        }
    };
    let unreachable = (findings.unreachable > 0).then(|| {
        let words = counted_verb(findings.unreachable, "guest", "has no contact details", "have no contact details");
        view! { <li><a href=format!("/dashboard/events/{event}/guests?reach=nothing")>{words}</a> ". You can still copy their link."</li> }
    });
    view! {
        <section class="card section pre-send-checks">
            <h2>"Before you send"</h2>
            <ul>
                {findings.pairs.into_iter().map(pair).collect_view()}
                {findings.typos.into_iter().map(typo).collect_view()}
                {unreachable}
            </ul>
        </section>
    }
}

/// Links that wait for manual delivery.
#[component]
fn LinksToShare(event: EventId, count: i64) -> impl IntoView {
    let base = format!("/dashboard/events/{event}");
    let title = format!("{} to share", counted(count, "link"));
    view! {
        <section class="card section">
            <h2>{title}</h2>
            <p>"These guests have no email address. Send each link by WhatsApp or text message, one guest at a time, or download them all."</p>
            <div class="actions">
                <a class="button button-primary" href=format!("{base}/invite/share")>"Share links"</a>
                <form method="post" action=format!("{base}/guests/links")>
                    <button class="button" type="submit">"Download as CSV"</button>
                </form>
            </div>
        </section>
    }
}
