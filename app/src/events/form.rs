use chrono::NaiveDateTime;
use guestguard::{
    auth::Host,
    billing::limits,
    events::{Event, EventForm, KEPT_MONTHS, MOST_IN_PARTY, Theme, queries, times},
};
use leptos::prelude::*;

use super::{
    preview::InvitationPreview,
    tabs::{EventTabs, crumbs, host_and_event},
};
use crate::{
    billing::usage::UsageLine,
    ssr,
    ui::{
        field::{Field, Select, TextArea},
        form::{Form, FormState},
        layout::{Frame, PageHead},
        page::page,
        words,
    },
};

/// Plans an event.
#[component]
pub fn NewEventPage() -> impl IntoView {
    let load = async {
        let (backend, host) = ssr::host().await?;
        let form = ssr::reply(queries::blank_form(&backend.db, &host).await)?;
        let usage = ssr::reply(limits::events(&backend, &host).await)?;
        Ok((host, form, usage))
    };
    page(load, |(host, form, usage)| {
        let state = FormState::new("/api/events/create", &form);
        let name = host.name().to_owned();
        view! {
            <Frame host=Some(host) class="page page-wide">
                <PageHead title="Plan an event" crumbs=vec![("/dashboard".into(), "Events".into())]/>
                <UsageLine usage what="event"/>
                <EventFields state host_name=name button="Create the event" event=None/>
            </Frame>
        }
    })
}

/// Changes an event.
#[component]
pub fn EditEventPage() -> impl IntoView {
    page(host_and_event(), |(_, host, event)| view! { <EditEvent host event/> })
}

#[component]
fn EditEvent(host: Host, event: Event) -> impl IntoView {
    let state = FormState::new("/api/events/edit", &EventForm::of(&event));
    let id = event.id;
    let cancelled = event.cancelled_at.is_some();
    view! {
        <Frame host=Some(host.clone()) class="page page-wide">
            <PageHead title="Details" crumbs=crumbs(&event)/>
            <EventTabs event=id current="Details"/>
            <EventFields state host_name=host.name().to_owned() button="Save" event=Some(event)/>
            <section class="section">
                <h2>"Call it off"</h2>
                <div class="actions">
                    {(!cancelled)
                        .then(|| {
                            view! {
                                <a class="button" href=format!("/dashboard/events/{id}/cancel")>"Cancel the event …"</a>
                            }
                        })}
                    <a class="button button-danger" href=format!("/dashboard/events/{id}/delete")>"Delete the event …"</a>
                </div>
            </section>
        </Frame>
    }
}

/// "Thursday, 24 December 2026, 18:30" of an input's local time.
fn in_words(local: &str) -> String {
    let time = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M");
    time.map(|time| format!("{}, {}", times::long_date(time.date()), time.format("%H:%M"))).unwrap_or_default()
}

#[component]
fn EventFields(state: FormState, host_name: String, button: &'static str, event: Option<Event>) -> impl IntoView {
    let form = state.clone();
    let mut zones = vec![(String::new(), "Choose …".to_owned())];
    zones.extend(times::zone_names().map(|name| (name.to_owned(), name.replace('_', " "))));
    let kept = KEPT_MONTHS
        .map(|months| (months.to_string(), format!("for {} after it", words::counted(i64::from(months), "month"))));
    let kept = kept.to_vec();
    let chosen = Theme::of_key(&form.value("theme")).unwrap_or_default();
    let preview = [form.value("title"), in_words(&form.value("starts")), form.value("venue"), form.value("time_zone")];
    let [title, when, venue, zone] = preview;
    view! {
        <div class="split">
            <Form state>
                {event.map(|event| view! { <input type="hidden" name="event" value=event.id.to_string()/> })}
                <Field form=form.clone() name="title" label="Title" hint="What guests are invited to." required=true max=120/>
                <div class="field-row">
                    <Field form=form.clone() name="starts" kind="datetime-local" label="Starts" required=true/>
                    <Field form=form.clone() name="ends" kind="datetime-local" label="Ends"/>
                </div>
                <Select form=form.clone() name="time_zone" label="Time zone" hint="Times are shown to everybody in this zone." required=true options=zones/>
                <div class="field-row">
                    <Field form=form.clone() name="venue" label="Venue" max=160/>
                    <Field form=form.clone() name="address" label="Address" max=300 autocomplete="off"/>
                </div>
                <TextArea form=form.clone() name="description" label="A few words to your guests" rows=6 max=4000/>
                <div class="field-row">
                    <Field form=form.clone() name="capacity" kind="number" label="Seats in all" hint="Empty for no limit." inputmode="numeric" range=(1, 100_000)/>
                    <Field
                        form=form.clone()
                        name="party_size"
                        kind="number"
                        label="Seats for each guest"
                        hint="Themselves included; you can change it for one guest."
                        inputmode="numeric"
                        range=(1, MOST_IN_PARTY)
                    />
                </div>
                <Field form=form.clone() name="rsvp_deadline" kind="date" label="Answers until" hint="Guests can change their answer until the end of that day."/>
                <Select
                    form=form.clone()
                    name="retention_months"
                    label="Keep guest data"
                    required=true
                    hint="Then names, addresses and notes are erased; seats and answers stay. We tell you two weeks before."
                    options=kept
                />
                <fieldset class="theme-picker">
                    <legend>"The invitation's design"</legend>
                    {Theme::ALL
                        .into_iter()
                        .map(|theme| {
                            view! {
                                <label class="theme-option">
                                    <input type="radio" name="form[theme]" value=theme.key() checked=theme == chosen/>
                                    <span class="theme-swatch" data-theme=theme.key() aria-hidden="true"></span>
                                    <span class="theme-name">{theme.name()}</span>
                                </label>
                            }
                        })
                        .collect_view()}
                    {form.fault("theme").map(|fault| view! { <p class="error">{fault}</p> })}
                </fieldset>
                <div class="form-actions">
                    <button class="button button-primary" type="submit">{button}</button>
                </div>
            </Form>
            <aside aria-label="Preview">
                <InvitationPreview
                    host_name
                    title
                    when
                    venue
                    theme=chosen.key().to_owned()
                    guess_zone=zone.is_empty()
                />
            </aside>
        </div>
    }
}
