//! Forms to create and edit an event.

use chrono::NaiveDateTime;
use guestguard::{
    actors::Host,
    billing::limits,
    events::{Event, EventForm, MOST_IN_PARTY, RETENTION_MONTHS, Theme, queries, times},
};
use leptos::prelude::*;
use strum::VariantArray;

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
                <PageHead title="Create event" crumbs=vec![("/dashboard".into(), "Events".into())]/>
                <UsageLine usage what="event"/>
                <EventFields state host_name=name button="Create event" event=None/>
            </Frame>
        }
    })
}

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
            <PageHead title="Settings" crumbs=crumbs(&event)/>
            <EventTabs event=id current="Settings"/>
            <EventFields state host_name=host.name().to_owned() button="Save" event=Some(event)/>
            <section class="section">
                <h2>"Danger zone"</h2>
                <div class="actions">
                    {(!cancelled)
                        .then(|| {
                            view! {
                                <a class="button" href=format!("/dashboard/events/{id}/cancel")>"Cancel event"</a>
                            }
                        })}
                    <a class="button button-danger" href=format!("/dashboard/events/{id}/delete")>"Delete event"</a>
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
    let retention = RETENTION_MONTHS
        .map(|months| (months.to_string(), format!("{} after the event", words::counted(i64::from(months), "month"))));
    let retention = retention.to_vec();
    let chosen = form.value("theme").parse::<Theme>().unwrap_or_default();
    let preview = [form.value("title"), in_words(&form.value("starts")), form.value("venue"), form.value("time_zone")];
    let [title, when, venue, zone] = preview;
    view! {
        <div class="split">
            <Form state>
                {event.map(|event| view! { <input type="hidden" name="event" value=event.id.to_string()/> })}
                <Field form=form.clone() name="title" label="Title" hint="Shown on the invitation." required=true max=120/>
                <div class="field-row">
                    <Field form=form.clone() name="starts" kind="datetime-local" label="Start date & time" required=true/>
                    <Field form=form.clone() name="ends" kind="datetime-local" label="End"/>
                </div>
                <Select form=form.clone() name="time_zone" label="Time zone" hint="All times are shown in this time zone." required=true options=zones/>
                <div class="field-row">
                    <Field form=form.clone() name="venue" label="Venue" max=160/>
                    <Field form=form.clone() name="address" label="Address" max=300 autocomplete="off"/>
                </div>
                <TextArea form=form.clone() name="description" label="Message to guests" rows=6 max=4000/>
                <div class="field-row">
                    <Field form=form.clone() name="capacity" kind="number" label="Capacity" hint="Leave empty for unlimited." inputmode="numeric" range=(1, 100_000)/>
                    <Field
                        form=form.clone()
                        name="party_size"
                        kind="number"
                        label="Max. party size"
                        hint="Including the guest. You can change it per guest."
                        inputmode="numeric"
                        range=(1, MOST_IN_PARTY)
                    />
                </div>
                <Field form=form.clone() name="rsvp_deadline" kind="date" label="RSVP deadline" hint="Guests can change their RSVP until the end of that day."/>
                <Select
                    form=form.clone()
                    name="retention_months"
                    label="Delete guest data"
                    required=true
                    hint="Names, contact details and notes are deleted; RSVPs and party sizes stay. We email you two weeks before."
                    options=retention
                />
                <fieldset class="theme-picker">
                    <legend>"Design"</legend>
                    {Theme::VARIANTS
                        .iter()
                        .map(|theme| {
                            view! {
                                <label class="theme-option">
                                    <input class="overlay-input" type="radio" name="form[theme]" value=theme.into_str() checked=*theme == chosen/>
                                    <span class="theme-swatch" data-theme=theme.into_str() aria-hidden="true"></span>
                                    <span class="theme-name">{theme.name()}</span>
                                </label>
                            }
                        })
                        .collect_view()}
                    {form.error("theme").map(|fault| view! { <p class="error">{fault}</p> })}
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
                    theme=chosen.into_str().to_owned()
                    guess_zone=zone.is_empty()
                />
            </aside>
        </div>
    }
}
