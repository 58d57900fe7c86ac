use guestguard::{
    auth::Host,
    events::Event,
    guests::check::{self, Alike, Findings, Pair, Typo},
    ids::{EventId, GuestId},
    invitations::queries::{self, Plan},
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
    },
};

/// Says who would get an invitation and how, and sends it: to everybody who has none, or to those who were picked.
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
        let findings = ssr::reply(check::check(&backend.db, &host, event.id).await)?;
        let mut values = vec![("event", event.id.to_string())];
        match (everybody, fitting) {
            (true, _) => {}
            (false, Some(view)) => values.extend([("all", "true".to_owned()), ("fitting", view)]),
            (false, None) => values.extend(ids.iter().map(|id| ("ids[]", id.to_string()))),
        }
        Ok((host, event, plan, findings, values))
    };
    page(load, move |(host, event, plan, findings, values)| {
        view! { <Invite host event plan findings values everybody none/> }
    })
}

#[component]
fn Invite(
    host: Host,
    event: Event,
    plan: Plan,
    findings: Findings,
    values: Vec<(&'static str, String)>,
    everybody: bool,
    none: bool,
) -> impl IntoView {
    let guests = format!("/dashboard/events/{}/guests", event.id);
    let nobody = plan.links() == 0;
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Send invitations" crumbs=crumbs(&event)/>
            <EventTabs event=event.id current="Guests"/>
            {(plan.waiting_by_hand > 0).then(|| view! { <ByHand event=event.id count=plan.waiting_by_hand/> })}
            {if nobody {
                let silent = plan.waiting_by_hand > 0 && everybody;
                Either::Left((!silent).then(|| view! { <Nobody guests everybody none/> }))
            } else {
                Either::Right(
                    view! {
                        <Confirm event=event.clone() plan values everybody guests/>
                        {(!findings.is_empty()).then(|| view! { <LookAt event=event.id findings/> })}
                    },
                )
            }}
        </Frame>
    }
}

#[component]
fn Nobody(guests: String, everybody: bool, none: bool) -> impl IntoView {
    let title = match (everybody, none) {
        (true, _) => "Everybody is invited",
        (false, true) => "Nobody is selected",
        (false, false) => "Everybody you chose has an invitation already",
    };
    view! {
        <section class="empty-state">
            <h2>{title}</h2>
            <p>"Add more guests to invite more, or send one guest their link again from their page."</p>
            <div class="actions">
                <a class="button button-primary" href=guests>"To the guest list"</a>
            </div>
        </section>
    }
}

#[component]
fn Confirm(
    event: Event,
    plan: Plan,
    values: Vec<(&'static str, String)>,
    everybody: bool,
    guests: String,
) -> impl IntoView {
    let action = if everybody { "/api/invitations/issue-all" } else { "/api/invitations/issue" };
    view! {
        <section class="confirm card">
            <dl class="figures">
                <div class="figure" data-kind="invited">
                    <dt>"By e-mail"</dt>
                    <dd>{plan.mail}</dd>
                    <dd class="figure-note">
                        {match plan.later {
                            0 => "sent at once".to_owned(),
                            later => format!("{} sent at once, {later} over the next days: a new account begins slowly, so that mail providers learn to trust it", plan.mail - later),
                        }}
                    </dd>
                </div>
                <div class="figure" data-kind="awaiting">
                    <dt>"By hand"</dt>
                    <dd>{plan.phone + plan.unreachable}</dd>
                    <dd class="figure-note">"no e-mail address: you hand the link over"</dd>
                </div>
            </dl>
            <h2>{if everybody { "Everybody who has no invitation yet" } else { "The guests you chose" }}</h2>
            <p>
                "Each gets a personal link to “" {event.title.clone()} "”. Guests who are invited already get nothing."
            </p>
            <Names title="By e-mail" count=plan.mail names=plan.mail_names/>
            <Names title="By phone, from your own hand" count=plan.phone names=plan.phone_names/>
            <Names title="No address and no number" count=plan.unreachable names=plan.unreachable_names/>
            <Names title="Unsubscribed, or with an address that does not work: they get a link and no mail" count=plan.stopped names=plan.stopped_names/>
            <div class="actions">
                <PostButton action values class="button button-primary">
                    {match plan.mail + plan.phone + plan.unreachable + plan.stopped {
                        1 => "Invite 1 guest".to_owned(),
                        n => format!("Invite {n} guests"),
                    }}
                </PostButton>
                <a class="button button-quiet" href=guests>"Not yet"</a>
            </div>
        </section>
    }
}

/// Who is meant, as far as they fit on a page.
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

/// What should be put right before anything is sent.
#[component]
fn LookAt(event: EventId, findings: Findings) -> impl IntoView {
    let guest = move |id: GuestId| format!("/dashboard/events/{event}/guests/{id}");
    let pair = move |Pair { one, other, why }: Pair| {
        let why = match why {
            Alike::Email => "share an e-mail address",
            Alike::Phone => "share a phone number",
            Alike::Name => "have nearly the same name",
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
        let words = match findings.unreachable {
            1 => "1 guest has neither e-mail nor phone".to_owned(),
            n => format!("{n} guests have neither e-mail nor phone"),
        };
        view! { <li><a href=format!("/dashboard/events/{event}/guests?reach=nothing")>{words}</a> ". You can still copy their link."</li> }
    });
    view! {
        <section class="card section look-at">
            <h2>"A look before you send"</h2>
            <ul>
                {findings.pairs.into_iter().map(pair).collect_view()}
                {findings.typos.into_iter().map(typo).collect_view()}
                {unreachable}
            </ul>
        </section>
    }
}

/// Links that wait to be handed over.
#[component]
fn ByHand(event: EventId, count: i64) -> impl IntoView {
    let base = format!("/dashboard/events/{event}");
    let title = match count {
        1 => "1 link to hand over".to_owned(),
        n => format!("{n} links to hand over"),
    };
    view! {
        <section class="card section">
            <h2>{title}</h2>
            <p>"These guests have no e-mail address. Send each their link by WhatsApp or text message, one after another, or take the links along as a table."</p>
            <div class="actions">
                <a class="button button-primary" href=format!("{base}/invite/by-hand")>"Hand them over"</a>
                <form method="post" action=format!("{base}/guests/links")>
                    <button class="button" type="submit">"Download the links"</button>
                </form>
            </div>
        </section>
    }
}
