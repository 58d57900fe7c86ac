use guestguard::{
    auth::Host,
    events::times::short,
    ids::EventId,
    notifications::{
        Channel, State,
        delivery::{self, Delivery, Figures, Line, PAGE_SIZE},
        reports::{Health, Standing},
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

/// What became of an event's messages, what did not arrive first.
#[component]
pub fn MessagesPage() -> impl IntoView {
    let at: i64 = ssr::query("page").and_then(|page| page.parse().ok()).unwrap_or(1).clamp(1, 10_000);
    let load = async move {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let found = ssr::reply(delivery::delivery(&backend, &host, id, at).await)?;
        Ok((host, found))
    };
    page(load, move |(host, found)| view! { <Messages host found at/> })
}

#[component]
fn Messages(host: Host, found: Delivery, at: i64) -> impl IntoView {
    let Delivery { event, figures, problems, lines, total, health, held } = found;
    let (id, zone) = (event.id, event.zone());
    let pages = (total + PAGE_SIZE - 1) / PAGE_SIZE;
    let counted = if total == 1 { "1 message".to_owned() } else { format!("{total} messages") };
    let to = move |page: i64| format!("/dashboard/events/{id}/messages?page={page}");
    view! {
        <Frame host=Some(host) class="page page-wide">
            <PageHead title="Messages" crumbs=crumbs(&event) lede="What we know about each mail and text message, and nothing more than that."/>
            <EventTabs event=id current="Messages"/>
            <p class="message-tools"><a class="button button-small" href=format!("/dashboard/events/{id}/messages/words")>"Choose your own words"</a> <a class="button button-small" href=format!("/dashboard/events/{id}/messages/reminders")>"Reminders"</a> <a class="button button-small" href=format!("/dashboard/events/{id}/messages/texts")>"Text messages"</a></p>
            {held.then(|| view! { <p class="notice" data-kind="warning">"Messages are held back just now; they leave as soon as whoever runs this GuestGuard lets them."</p> })}
            <Gauge health/>
            {figures.into_iter().map(|figures| view! { <Channels figures/> }).collect_view()}
            {(!problems.is_empty())
                .then(|| {
                    view! {
                        <section class="section" aria-labelledby="problems">
                            <h2 id="problems">{format!("Not delivered ({})", problems.len())}</h2>
                            <ul class="problem-list">
                                {problems.into_iter().map(|line| view! { <Trouble event=id line/> }).collect_view()}
                            </ul>
                        </section>
                    }
                })}
            {if lines.is_empty() {
                view! {
                    <div class="empty-state">
                        <h2>"Nothing was sent yet"</h2>
                        <p>"Once you invite your guests, you see here which messages arrived, and what to do about those that did not."</p>
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
                                    let steps: Vec<_> = line.steps.iter().map(|step| (short(step.at, zone), step.what.clone(), step.detail.clone())).collect();
                                    view! { <Message line when steps/> }
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

/// How the host's mail fares, once there is enough of it to tell.
#[component]
fn Gauge(health: Health) -> impl IntoView {
    let share = |n: i64| format!("{:.2} %", n as f64 * 100.0 / health.sent.max(1) as f64);
    let said = match (health.paused.as_deref(), health.bounces(), health.complaints()) {
        (Some("complaints"), ..) => Some((
            "error",
            format!(
                "{} of your recent mails were called spam, so nothing more leaves for now. Ask whoever runs this GuestGuard to look at it with you.",
                share(health.complained)
            ),
        )),
        (Some(_), ..) => Some((
            "error",
            format!(
                "{} of your recent mails went to addresses that do not exist, so nothing more leaves for now. Correct your list, then ask whoever runs this GuestGuard to let you go on.",
                share(health.bounced)
            ),
        )),
        (None, _, Standing::Warning | Standing::TooMuch) => Some((
            "warning",
            format!(
                "{} of your recent mails were called spam. At 0.1 % we stop. Write only to people who expect it.",
                share(health.complained)
            ),
        )),
        (None, Standing::Warning | Standing::TooMuch, _) => Some((
            "warning",
            format!(
                "{} of your recent mails came back. At 4 % we stop. Correct the addresses below.",
                share(health.bounced)
            ),
        )),
        _ => None,
    };
    said.map(|(kind, said)| view! { <p class="notice" data-kind=kind role="status">{said}</p> })
}

#[component]
fn Channels(figures: Figures) -> impl IntoView {
    let name = match figures.channel {
        Channel::Email => "Mails",
        Channel::Sms => "Text messages",
    };
    view! {
        <dl class="figures" aria-label=name>
            <div class="figure" data-tone="neutral"><dt>{format!("{name} waiting")}</dt><dd>{figures.waiting}</dd>{(figures.later > 0).then(|| view! { <dd class="figure-note">{format!("{} of them leave over the next days", figures.later)}</dd> })}</div>
            <div class="figure" data-tone="info"><dt>"Sent"</dt><dd>{figures.sent}</dd></div>
            <div class="figure" data-tone="good"><dt>"Known to have arrived"</dt><dd>{figures.delivered}</dd></div>
            <div class="figure" data-tone="bad"><dt>"Not delivered"</dt><dd>{figures.not_delivered}</dd></div>
        </dl>
    }
}

/// A message that did not arrive, with what can be done.
#[component]
fn Trouble(event: EventId, line: Line) -> impl IntoView {
    let stopped = line.reason.as_deref() == Some(Reason::Unsubscribed.key()) && line.state == State::Suppressed;
    let reason = outcome::undelivered(line.reason.as_deref());
    let guest = line.guest.to_string();
    let field = format!("email-{guest}");
    let (typed, fault) = returned(&guest).unzip();
    let error = format!("{field}-error");
    let correct = (!stopped && line.channel == Channel::Email).then(|| {
        view! {
            <form class="inline-form" method="post" action="/api/notifications/correct">
                <input type="hidden" name=BACK value=ssr::path()/>
                <input type="hidden" name="event" value=event.to_string()/>
                <input type="hidden" name="guest" value=guest.clone()/>
                <label class="visually-hidden" for=field.clone()>{format!("Right address of {}", line.name)}</label>
                <input
                    id=field
                    type="email"
                    name="form[address]"
                    value=typed.or(line.email.clone()).unwrap_or_default()
                    required
                    aria-invalid=fault.is_some().then_some("true")
                    aria-describedby=fault.is_some().then(|| error.clone())
                />
                <button class="button button-small" type="submit">"Correct and send"</button>
                {fault.map(|fault| view! { <p class="error" id=error>{fault}</p> })}
            </form>
        }
    });
    let by_hand = format!(
        "/dashboard/events/{event}/invite/share?guest={guest}&audience={}",
        if line.email.is_some() { "phone" } else { "no-email" },
    );
    view! {
        <li class="card problem-line">
            <div>
                <a class="guest-name" href=format!("/dashboard/events/{event}/guests/{}", line.guest)>{line.name.clone()}</a>
                <span class="guest-contact">{line.recipient}</span>
                <p>{reason}</p>
                {stopped.then(|| view! { <p class="hint">"Only they can take that back, by the link in any of your messages."</p> })}
            </div>
            <div class="actions">
                {correct}
                {line.phone.is_some().then(|| view! { <a class="button button-small" href=by_hand>"Hand over the link"</a> })}
                {line.phone.is_none().then(|| view! { <a class="button button-small button-quiet" href=format!("/dashboard/events/{event}/guests/{}", line.guest)>"Copy the link"</a> })}
            </div>
        </li>
    }
}

/// What was typed as this guest's address and what is wrong with it, where that is what came back.
fn returned(guest: &str) -> Option<(String, String)> {
    let form = ssr::flash()?.form.filter(|form| form.endpoint == "/api/notifications/correct")?;
    let value = |name: &str| form.values.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    if value("guest")? != guest {
        return None;
    }
    let fault = form.problem.as_ref()?.faults("address").next().map(|fault| words::fault(&fault.fault))?;
    Some((value("form[address]").unwrap_or_default(), fault))
}

#[component]
fn Message(line: Line, when: String, steps: Vec<(String, String, String)>) -> impl IntoView {
    let tone = match line.state {
        State::Queued | State::Sending => "neutral",
        State::Sent => "info",
        State::Delivered => "good",
        _ => "bad",
    };
    view! {
        <li class="message-line">
            <details>
                <summary>
                    <span class="guest-name">{line.name}</span>
                    <span class="guest-contact">{format!("{} · {}", outcome::kind(line.kind), line.recipient)}</span>
                    <span class="badge" data-tone=tone data-state=(tone == "neutral").then_some("queued")>
                        {if line.opened_at.is_some() { "Opened" } else { outcome::state(line.state) }}
                    </span>
                    <span class="guest-contact">{when}</span>
                </summary>
                <ol class="feed">
                    {steps
                        .into_iter()
                        .map(|(at, what, detail)| {
                            view! {
                                <li class="feed-item">{outcome::step(&what)} {(!detail.is_empty()).then(|| format!(": {}", outcome::undelivered(Some(&detail))))} <time>{at}</time></li>
                            }
                        })
                        .collect_view()}
                </ol>
            </details>
        </li>
    }
}
