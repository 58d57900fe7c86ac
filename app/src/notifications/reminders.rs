//! Reminders page: rules, who they reach and when.

use guestguard::{
    actors::Host,
    events::{Event, times::short},
    notifications::{
        campaigns::{
            SENDING_HOURS,
            reminders::{self, Anchor, MAX_DAYS, ReminderForm, ReminderPlan, ReminderRule},
        },
        templates::ReminderAudience,
    },
    problem::Problem,
};
use leptos::prelude::*;
use strum::VariantArray;

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

/// Recipients listed by name.
const MAX_NAMES: usize = 20;

/// The reminders of an event, and a preview of a new one.
#[component]
pub fn RemindersPage() -> impl IntoView {
    let draft = ssr::query("anchor").map(|anchor| ReminderForm {
        anchor,
        days: ssr::query("days").unwrap_or_default(),
        hour: ssr::query("hour").unwrap_or_default(),
        audience: ssr::query("audience").unwrap_or_default(),
    });
    let load = async move {
        let id = event_in_path()?;
        let (backend, host) = ssr::host().await?;
        let (event, plans) = ssr::reply(reminders::rules(&backend, &host, id).await)?;
        let preview = match &draft {
            None => None,
            Some(form) => Some(ssr::reply(reminders::plan(&backend, &host, id, form).await)),
        };
        Ok((host, event, plans, draft, preview))
    };
    page(load, |(host, event, plans, draft, preview)| view! { <Reminders host event plans draft preview/> })
}

#[component]
fn Reminders(
    host: Host,
    event: Event,
    plans: Vec<ReminderPlan>,
    draft: Option<ReminderForm>,
    preview: Option<Result<ReminderPlan, Problem>>,
) -> impl IntoView {
    let base = format!("/dashboard/events/{}/messages", event.id);
    let mut crumbs = crumbs(&event);
    crumbs.push((base.clone(), "Messages".into()));
    let first = ReminderForm {
        anchor: if event.rsvp_deadline.is_some() { "rsvp-deadline" } else { "start" }.into(),
        days: "3".into(),
        hour: "10".into(),
        audience: if event.rsvp_deadline.is_some() { "unanswered" } else { "attending" }.into(),
    };
    let form = draft.unwrap_or(first);
    let (plan, faults) = match preview {
        Some(Ok(plan)) => (Some(plan), Vec::new()),
        Some(Err(Problem::Invalid(faults))) => (None, faults),
        _ => (None, Vec::new()),
    };
    let fault = faults.first().map(|fault| words::field_error(&fault.error));
    let none = plans.is_empty();
    view! {
        <Frame host=Some(host) class="page page-narrow">
            <PageHead title="Reminders" crumbs lede="Sent automatically during the day, only to guests who match. Nobody gets more than one a day."/>
            <EventTabs event=event.id current="Messages"/>
            {none.then(|| view! { <p class="hint">"No reminders yet. Most hosts remind guests who have not replied, three days before the RSVP deadline."</p> })}
            <ul class="problem-list">
                {plans.into_iter().map(|plan| view! { <SavedReminder event=event.clone() plan/> }).collect_view()}
            </ul>
            <section class="section card" aria-labelledby="new">
                <h2 id="new">"New reminder"</h2>
                <form class="form" method="get" action=format!("{base}/reminders")>
                    <div class="field-row">
                        <div class="field">
                            <label for="days">"Days"</label>
                            <input id="days" name="days" type="number" min="0" max=MAX_DAYS.to_string() value=form.days.clone()/>
                        </div>
                        <Choice name="anchor" label="Before" chosen=form.anchor.clone() options=Anchor::VARIANTS.iter().map(|anchor| (anchor.into_str().to_owned(), anchor_words(*anchor).to_owned())).collect()/>
                    </div>
                    <div class="field-row">
                        <Choice name="hour" label="Time" chosen=form.hour.clone() options=SENDING_HOURS.map(|hour| (hour.to_string(), format!("{hour}:00"))).collect()/>
                        <Choice name="audience" label="Recipients" chosen=form.audience.clone() options=ReminderAudience::VARIANTS.iter().map(|audience| (audience.into_str().to_owned(), audience_words(*audience).to_owned())).collect()/>
                    </div>
                    {fault.map(|fault| view! { <p class="error" role="alert">{fault}</p> })}
                    <div class="form-actions">
                        <button class="button" type="submit">"Preview"</button>
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
                                <PostButton action="/api/notifications/add-reminder" values class="button button-primary">"Schedule reminder"</PostButton>
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

/// A saved rule, with what it would do or has done.
#[component]
fn SavedReminder(event: Event, plan: ReminderPlan) -> impl IntoView {
    let ReminderRule { anchor, days, audience, .. } = plan.rule;
    let days = match days {
        0 => "On the day of".to_owned(),
        n => format!("{} before", counted(i64::from(n), "day")),
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
fn Recipients(plan: ReminderPlan) -> impl IntoView {
    let count = plan.recipients.len();
    let summary = format!("Currently {}", counted(count as i64, "recipient"));
    let more = count.saturating_sub(MAX_NAMES);
    view! {
        <details open=(1..=5).contains(&count)>
            <summary>{summary}</summary>
            <ul>
                {plan
                    .recipients
                    .into_iter()
                    .take(MAX_NAMES)
                    .map(|guest| view! { <li>{guest.name} " " <span class="guest-contact">{guest.email}</span></li> })
                    .collect_view()}
                {(more > 0).then(|| view! { <li>{format!("and {more} more")}</li> })}
            </ul>
        </details>
    }
}

fn when(plan: &ReminderPlan, event: &Event) -> String {
    match plan.due {
        _ if plan.sent => "Sent.".to_owned(),
        _ if !plan.enabled => "Turned off.".to_owned(),
        None => "The RSVP deadline was removed.".to_owned(),
        Some(due) => format!("{} ({})", short(due, event.zone()), event.time_zone),
    }
}

fn anchor_words(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::RsvpDeadline => "the RSVP deadline",
        Anchor::Start => "the event",
    }
}

fn audience_words(audience: ReminderAudience) -> &'static str {
    match audience {
        ReminderAudience::Unanswered => "guests who have not replied",
        ReminderAudience::Attending => "guests who are attending",
        ReminderAudience::Maybe => "guests who said maybe",
    }
}
