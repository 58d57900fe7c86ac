use guestguard::{
    auth::Host,
    events::{Event, times::short},
    notifications::reminders::{self, Anchor, Audience, HOURS, MOST_DAYS, Plan, Rule, RuleForm},
};
use leptos::prelude::*;

use crate::{
    events::tabs::{EventTabs, crumbs, event_in_path},
    ssr,
    ui::{
        button::PostButton,
        layout::{Frame, PageHead},
        page::page,
        words::{self, counted},
    },
};

/// Guests shown by name before the rest is a number.
const NAMED: usize = 20;

/// The reminders of an event, and a new one as it would be: who gets it, and when.
#[component]
pub fn RemindersPage() -> impl IntoView {
    let asked = ssr::query("anchor").map(|anchor| RuleForm {
        anchor,
        days: ssr::query("days").unwrap_or_default(),
        hour: ssr::query("hour").unwrap_or_default(),
        audience: ssr::query("audience").unwrap_or_default(),
    });
    let load = async move {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let (event, plans) = ssr::reply(reminders::rules(&backend, &host, id).await)?;
        let draft = match &asked {
            None => None,
            Some(form) => Some(ssr::reply(reminders::plan(&backend, &host, id, form).await)),
        };
        Ok((host, event, plans, asked, draft))
    };
    page(load, |(host, event, plans, asked, draft)| view! { <Reminders host event plans asked draft/> })
}

type Draft = Option<Result<Plan, guestguard::problem::Problem>>;

#[component]
fn Reminders(host: Host, event: Event, plans: Vec<Plan>, asked: Option<RuleForm>, draft: Draft) -> impl IntoView {
    let base = format!("/dashboard/events/{}/messages", event.id);
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Messages".into()));
    let first = RuleForm {
        anchor: if event.rsvp_deadline.is_some() { "rsvp-deadline" } else { "start" }.into(),
        days: "3".into(),
        hour: "10".into(),
        audience: if event.rsvp_deadline.is_some() { "unanswered" } else { "attending" }.into(),
    };
    let form = asked.clone().unwrap_or(first);
    let (plan, faults) = match draft {
        Some(Ok(plan)) => (Some(plan), Vec::new()),
        Some(Err(guestguard::problem::Problem::Invalid(faults))) => (None, faults),
        _ => (None, Vec::new()),
    };
    let fault = faults.first().map(|fault| words::fault(&fault.fault));
    let none = plans.is_empty();
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Reminders" crumbs lede="Sent by themselves, by day, to those whom they concern. Nobody gets more than one a day."/>
            <EventTabs event=event.id current="Messages"/>
            {none.then(|| view! { <p class="hint">"None yet. Most hosts remind those who have not answered, three days before they should have."</p> })}
            <ul class="problem-list">
                {plans.into_iter().map(|plan| view! { <Standing event=event.clone() plan/> }).collect_view()}
            </ul>
            <section class="section card" aria-labelledby="new">
                <h2 id="new">"A new reminder"</h2>
                <form class="form" method="get" action=format!("{base}/reminders")>
                    <div class="field-row">
                        <div class="field">
                            <label for="days">"Days before"</label>
                            <input id="days" name="days" type="number" min="0" max=MOST_DAYS.to_string() value=form.days.clone()/>
                        </div>
                        <Choice name="anchor" label="The day" chosen=form.anchor.clone() options=Anchor::ALL.map(|anchor| (anchor.key().to_owned(), anchor_words(anchor).to_owned())).into()/>
                    </div>
                    <div class="field-row">
                        <Choice name="hour" label="At" chosen=form.hour.clone() options=HOURS.map(|hour| (hour.to_string(), format!("{hour}:00"))).collect()/>
                        <Choice name="audience" label="To" chosen=form.audience.clone() options=Audience::ALL.map(|audience| (audience.key().to_owned(), audience_words(audience).to_owned())).into()/>
                    </div>
                    {fault.map(|fault| view! { <p class="error" role="alert">{fault}</p> })}
                    <div class="form-actions">
                        <button class="button" type="submit">"Show who gets it, and when"</button>
                    </div>
                </form>
                {plan
                    .map(|plan| {
                        let values = vec![
                            ("event", event.id.to_string()),
                            ("form[anchor]", form.anchor.clone()),
                            ("form[days]", form.days.clone()),
                            ("form[hour]", form.hour.clone()),
                            ("form[audience]", form.audience.clone()),
                        ];
                        view! {
                            <div class="import-preview">
                                <p><strong>{when(&plan, &event)}</strong></p>
                                <Recipients plan/>
                                <PostButton action="/api/notifications/add-reminder" values class="button button-primary">"Save this reminder"</PostButton>
                            </div>
                        }
                    })}
            </section>
        </Frame>
    }
}

#[component]
fn Choice(name: &'static str, label: &'static str, chosen: String, options: Vec<(String, String)>) -> impl IntoView {
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select id=name name=name>
                {options
                    .into_iter()
                    .map(|(key, words)| view! { <option value=key.clone() selected=key == chosen>{words}</option> })
                    .collect_view()}
            </select>
        </div>
    }
}

/// A rule that stands, with what it would do or has done.
#[component]
fn Standing(event: Event, plan: Plan) -> impl IntoView {
    let Rule { anchor, days, audience, .. } = plan.rule;
    let days = match days {
        0 => "On".to_owned(),
        1 => "1 day before".to_owned(),
        n => format!("{n} days before"),
    };
    let ids = vec![("event", event.id.to_string()), ("reminder", plan.id.map(|id| id.to_string()).unwrap_or_default())];
    let mut switch = ids.clone();
    switch.push(("on", (!plan.enabled).to_string()));
    let (sent, enabled) = (plan.sent, plan.enabled);
    view! {
        <li class="card problem-line">
            <div>
                <strong>{format!("{days} {}, to {}", anchor_words(anchor), audience_words(audience))}</strong>
                <p>{when(&plan, &event)}</p>
                {(!sent && enabled).then(|| view! { <Recipients plan=plan.clone()/> })}
            </div>
            <div class="actions">
                {(!sent)
                    .then(|| {
                        view! {
                            <PostButton action="/api/notifications/switch-reminder" values=switch class="button button-small">
                                {if enabled { "Turn off" } else { "Turn on" }}
                            </PostButton>
                        }
                    })}
                <PostButton action="/api/notifications/remove-reminder" values=ids class="button button-small button-quiet">"Remove"</PostButton>
            </div>
        </li>
    }
}

#[component]
fn Recipients(plan: Plan) -> impl IntoView {
    let count = plan.recipients.len();
    let said = match count {
        0 => "Nobody, as things stand now.".to_owned(),
        n => format!("{}, as things stand now:", counted(n as i64, "guest")),
    };
    let more = count.saturating_sub(NAMED);
    view! {
        <details open=(1..=5).contains(&count)>
            <summary>{said}</summary>
            <ul>
                {plan
                    .recipients
                    .into_iter()
                    .take(NAMED)
                    .map(|guest| view! { <li>{guest.name} " " <span class="guest-contact">{guest.email}</span></li> })
                    .collect_view()}
                {(more > 0).then(|| view! { <li>{format!("and {more} more")}</li> })}
            </ul>
        </details>
    }
}

fn when(plan: &Plan, event: &Event) -> String {
    match plan.due {
        _ if plan.sent => "Sent.".to_owned(),
        _ if !plan.enabled => "Turned off.".to_owned(),
        None => "The event has no such day any more.".to_owned(),
        Some(due) => format!("{} ({})", short(due, event.zone()), event.time_zone),
    }
}

fn anchor_words(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::RsvpDeadline => "the reply-by day",
        Anchor::Start => "the day of the event",
    }
}

fn audience_words(audience: Audience) -> &'static str {
    match audience {
        Audience::Unanswered => "those who have not answered",
        Audience::Attending => "those who are coming",
        Audience::Maybe => "those who said maybe",
    }
}
