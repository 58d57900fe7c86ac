//! Messages page: the delivery status of an event's messages, problems first.

use guestguard::{
    actors::Host,
    events::times::short,
    ids::EventId,
    notifications::{
        Channel, NotificationState,
        delivery::{self, ChannelFigures, Delivery, DeliveryLine, PAGE_SIZE},
        provider_events::{Reputation, SenderReputation},
        suppressions::Reason,
    },
};
use leptos::prelude::*;

use super::outcome;
use crate::{
    events::tabs::{EventTabs, crumbs, event_in_path},
    ssr,
    ui::{
        form::BACK,
        layout::{Frame, PageHead},
        page::page,
        pagination::Pagination,
        words,
    },
};

/// The messages of an event, what was not delivered first.
#[component]
pub fn MessagesPage() -> impl IntoView {
    let at: i64 = ssr::query("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 10_000);
    let load = async move {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let delivery = ssr::reply(delivery::delivery(&backend, &host, id, at).await)?;
        Ok((host, delivery))
    };
    page(load, move |(host, delivery)| view! { <Messages host delivery at/> })
}

#[component]
fn Messages(host: Host, delivery: Delivery, at: i64) -> impl IntoView {
    let Delivery { event, figures, problems, lines, total, reputation, paused } = delivery;
    let (id, zone) = (event.id, event.zone());
    let pages = (total + PAGE_SIZE - 1) / PAGE_SIZE;
    let counted = words::counted(total, "message");
    let to = move |page: i64| format!("/dashboard/events/{id}/messages?page={page}");
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title="Messages" crumbs=crumbs(&event) lede="Delivery status of every email and text message."/>
            <EventTabs event=id current="Messages"/>
            <p class="message-tools"><a class="button button-small" href=format!("/dashboard/events/{id}/messages/templates")>"Edit email templates"</a> <a class="button button-small" href=format!("/dashboard/events/{id}/messages/reminders")>"Reminders"</a> <a class="button button-small" href=format!("/dashboard/events/{id}/messages/sms")>"Text messages"</a></p>
            {paused.then(|| view! { <p class="notice" data-kind="warning">"Sending is paused by the operator of this site. Your messages are sent as soon as it resumes."</p> })}
            <ReputationNotice reputation/>
            {figures.into_iter().map(|figures| view! { <Figures figures/> }).collect_view()}
            {(!problems.is_empty())
                .then(|| {
                    view! {
                        <section class="section" aria-labelledby="problems">
                            <h2 id="problems">{format!("Not delivered ({})", problems.len())}</h2>
                            <ul class="problem-list">
                                {problems.into_iter().map(|line| view! { <Problem event=id line/> }).collect_view()}
                            </ul>
                        </section>
                    }
                })}
            {if lines.is_empty() {
                view! {
                    <div class="empty-state">
                        <h2>"No messages yet"</h2>
                        <p>"After you send invitations, you'll see which were delivered and how to fix the rest."</p>
                        <a class="button button-primary" href=format!("/dashboard/events/{id}/invite")>"Send invitations"</a>
                    </div>
                }
                    .into_any()
            } else {
                view! {
                    <section class="section" aria-labelledby="all">
                        <h2 id="all">"All messages"</h2>
                        <ol class="message-list">
                            {lines
                                .into_iter()
                                .map(|line| {
                                    let when = short(line.at, zone);
                                    let history = line.history.iter().map(|entry| (short(entry.at, zone), entry.status.clone(), entry.detail.clone())).collect();
                                    view! { <MessageLine line when history/> }
                                })
                                .collect_view()}
                        </ol>
                        <Pagination page=at pages found=counted to/>
                    </section>
                }
                    .into_any()
            }}
        </Frame>
    }
}

/// Warns of a bounce or complaint rate near the threshold.
#[component]
fn ReputationNotice(reputation: SenderReputation) -> impl IntoView {
    let share = |n: i64| format!("{:.2}%", n as f64 * 100.0 / reputation.sent.max(1) as f64);
    let notice = match (reputation.paused.as_deref(), reputation.bounces(), reputation.complaints()) {
        (Some("complaints"), ..) => Some((
            "danger",
            format!(
                "Sending is paused: {} of your recent emails were marked as spam. Please contact the operator of this site.",
                share(reputation.complained)
            ),
        )),
        (Some(_), ..) => Some((
            "danger",
            format!(
                "Sending is paused: {} of your recent emails bounced. Correct the addresses on your list, then contact the operator of this site.",
                share(reputation.bounced)
            ),
        )),
        (None, _, Reputation::Warning | Reputation::Bad) => Some((
            "warning",
            format!(
                "{} of your recent emails were marked as spam. At 0.1% sending is paused. Only email people who expect it.",
                share(reputation.complained)
            ),
        )),
        (None, Reputation::Warning | Reputation::Bad, _) => Some((
            "warning",
            format!(
                "{} of your recent emails bounced. At 4% sending is paused. Correct the addresses below.",
                share(reputation.bounced)
            ),
        )),
        _ => None,
    };
    notice.map(|(kind, text)| view! { <p class="notice" data-kind=kind role="status">{text}</p> })
}

#[component]
fn Figures(figures: ChannelFigures) -> impl IntoView {
    let name = match figures.channel {
        Channel::Email => "Emails",
        Channel::Sms => "Text messages",
    };
    view! {
        <dl class="figures" aria-label=name>
            <div class="figure" data-tone="neutral"><dt>{format!("{name} queued")}</dt><dd>{figures.queued}</dd>{(figures.later > 0).then(|| view! { <dd class="figure-note">{format!("{} of them are scheduled for the next days", figures.later)}</dd> })}</div>
            <div class="figure" data-tone="info"><dt>"Sent"</dt><dd>{figures.sent}</dd></div>
            <div class="figure" data-tone="good"><dt>"Delivered"</dt><dd>{figures.delivered}</dd></div>
            <div class="figure" data-tone="bad"><dt>"Not delivered"</dt><dd>{figures.not_delivered}</dd></div>
        </dl>
    }
}

/// A message that was not delivered, with what can be done.
#[component]
fn Problem(event: EventId, line: DeliveryLine) -> impl IntoView {
    let unsubscribed =
        line.reason.as_deref() == Some(Reason::Unsubscribed.into_str()) && line.state == NotificationState::Suppressed;
    let reason = outcome::undelivered(line.reason.as_deref());
    let guest = line.guest.to_string();
    let field = format!("email-{guest}");
    let (typed, fault) = redisplayed(&guest).unzip();
    let error = format!("{field}-error");
    let correct = (!unsubscribed && line.channel == Channel::Email).then(|| {
        view! {
            <form class="inline-form" method="post" action="/api/notifications/correct">
                <input type="hidden" name=BACK value=ssr::path()/>
                <input type="hidden" name="event" value=event.to_string()/>
                <input type="hidden" name="guest" value=guest.clone()/>
                <label class="visually-hidden" for=field.clone()>{format!("New email for {}", line.name)}</label>
                <input
                    id=field
                    type="email"
                    name="form[address]"
                    value=typed.or(line.email.clone()).unwrap_or_default()
                    required
                    aria-invalid=fault.is_some().then_some("true")
                    aria-describedby=fault.is_some().then(|| error.clone())
                />
                <button class="button button-small" type="submit">"Update and resend"</button>
                {fault.map(|fault| view! { <p class="error" id=error>{fault}</p> })}
            </form>
        }
    });
    let share = format!(
        "/dashboard/events/{event}/invite/share?guest={guest}&audience={}",
        if line.email.is_some() { "phone" } else { "no-email" },
    );
    view! {
        <li class="card problem-line">
            <div>
                <a class="guest-name" href=format!("/dashboard/events/{event}/guests/{}", line.guest)>{line.name.clone()}</a>
                <span class="guest-contact">{line.recipient}</span>
                <p>{reason}</p>
                {unsubscribed.then(|| view! { <p class="hint">"Only they can resubscribe, with the link in any of your messages."</p> })}
            </div>
            <div class="actions">
                {correct}
                {line.phone.is_some().then(|| view! { <a class="button button-small" href=share>"Share link"</a> })}
                {line.phone.is_none().then(|| view! { <a class="button button-small button-quiet" href=format!("/dashboard/events/{event}/guests/{}", line.guest)>"Copy link"</a> })}
            </div>
        </li>
    }
}

/// What was typed as this guest's address and its error, if that form is redisplayed.
fn redisplayed(guest: &str) -> Option<(String, String)> {
    let form = ssr::flash()?.form.filter(|form| form.endpoint == "/api/notifications/correct")?;
    let value = |name: &str| form.values.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    if value("guest")? != guest {
        return None;
    }
    let fault = form.problem.as_ref()?.errors("address").next().map(|fault| words::field_error(&fault.error))?;
    Some((value("form[address]").unwrap_or_default(), fault))
}

#[component]
fn MessageLine(line: DeliveryLine, when: String, history: Vec<(String, String, String)>) -> impl IntoView {
    let tone = match line.state {
        NotificationState::Queued | NotificationState::Sending => "neutral",
        NotificationState::Sent => "info",
        NotificationState::Delivered => "good",
        _ => "bad",
    };
    view! {
        <li class="message-line">
            <details>
                <summary>
                    <span class="guest-name">{line.name}</span>
                    <span class="guest-contact">{format!("{} · {}", outcome::message(line.message), line.recipient)}</span>
                    <span class="badge" data-tone=tone data-state=(tone == "neutral").then_some("queued")>
                        {if line.opened_at.is_some() { "Opened" } else { outcome::state(line.state) }}
                    </span>
                    <span class="guest-contact">{when}</span>
                </summary>
                <ol class="feed">
                    {history
                        .into_iter()
                        .map(|(at, status, detail)| {
                            view! {
                                <li class="feed-item">{outcome::event(&status)} {(!detail.is_empty()).then(|| format!(": {}", outcome::undelivered(Some(&detail))))} <time>{at}</time></li>
                            }
                        })
                        .collect_view()}
                </ol>
            </details>
        </li>
    }
}
