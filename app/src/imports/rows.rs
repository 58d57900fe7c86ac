use guestguard::{
    events::MOST_IN_PARTY,
    guests::GuestForm,
    ids::{EventId, ImportId},
    imports::{Line, Verdict},
    problem::InvalidField,
    problem::Problem,
};
use leptos::prelude::*;

use crate::{
    ssr,
    ui::{button::PostButton, form::BACK, words},
};

/// The rows with one verdict: those that need attention as forms, the others as a table.
#[component]
pub fn Rows(event: EventId, import: ImportId, shown: Verdict, lines: Vec<Line>) -> impl IntoView {
    if shown == Verdict::Attention {
        let rows = lines.into_iter().map(|line| view! { <Mend event import line/> }).collect_view();
        view! { <ol class="mend-list">{rows}</ol> }.into_any()
    } else {
        view! { <Table event import lines/> }.into_any()
    }
}

/// A row that has to be put right, in place.
#[component]
fn Mend(event: EventId, import: ImportId, line: Line) -> impl IntoView {
    let ids = ids(event, import, line.line);
    let out = leave_out(&ids, true);
    let at = line.line;
    let (form, faults) = returned(at).unwrap_or((line.form, line.faults));
    let fault = |field: &str| {
        let found = faults.iter().find(|fault| fault.field == field)?;
        Some(words::fault(&found.fault))
    };
    let long_note = fault("note");
    view! {
        <li class="card mend">
            <form method="post" action="/api/imports/mend">
                <input type="hidden" name=BACK value=ssr::path()/>
                {hidden(&ids)}
                {hidden(&[("form[country]", form.country.clone())])}
                {long_note.is_none().then(|| hidden(&[("form[note]", form.note.clone())]))}
                <h3>{format!("Line {at}")}</h3>
                <div class="field-row">
                    <Cell at name="name" label="Name" value=form.name.clone() fault=fault("name") kind="text"/>
                    <Cell at name="email" label="E-mail" value=form.email.clone() fault=fault("email") kind="email"/>
                </div>
                <div class="field-row">
                    <Cell at name="phone" label="Phone" value=form.phone.clone() fault=fault("phone") kind="tel"/>
                    <Cell at name="party_size" label="Seats" value=form.party_size.clone() fault=fault("party_size") kind="text"/>
                </div>
                <Cell at name="tags" label="Tags" value=form.tags.clone() fault=fault("tags") kind="text"/>
                {long_note
                    .map(|fault| view! { <Cell at name="note" label="Note" value=form.note.clone() fault=Some(fault) kind="text"/> })}
                <div class="form-actions">
                    <button class="button button-small button-primary" type="submit">"Save"</button>
                </div>
            </form>
            <PostButton action="/api/imports/leave-out" values=out class="button button-small button-quiet" label=format!("Leave out line {at}")>
                "Leave it out"
            </PostButton>
        </li>
    }
}

/// What was typed for this line and what was wrong with it, where that is what came back.
fn returned(line: i32) -> Option<(GuestForm, Vec<InvalidField>)> {
    let form = ssr::flash()?.form.filter(|form| form.endpoint == "/api/imports/mend")?;
    let value = |name: &str| form.values.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let field = |name: &str| value(&format!("form[{name}]")).unwrap_or_default();
    if value("line")? != line.to_string() {
        return None;
    }
    let faults = match form.problem.clone() {
        Some(Problem::Invalid(faults)) => faults,
        _ => Vec::new(),
    };
    let typed = GuestForm {
        name: field("name"),
        email: field("email"),
        phone: field("phone"),
        country: field("country"),
        party_size: field("party_size"),
        tags: field("tags"),
        note: field("note"),
    };
    Some((typed, faults))
}

#[component]
fn Cell(
    at: i32,
    name: &'static str,
    label: &'static str,
    value: String,
    fault: Option<String>,
    kind: &'static str,
) -> impl IntoView {
    let id = format!("{name}-{at}");
    let error = format!("{id}-error");
    let bad = fault.is_some();
    let numeric = name == "party_size";
    view! {
        <div class="field" data-invalid=bad.then_some("true")>
            <label for=id.clone()>{label}</label>
            <input
                id=id
                name=format!("form[{name}]")
                type=kind
                value=value
                inputmode=numeric.then_some("numeric")
                title=numeric.then(|| format!("From 1 to {MOST_IN_PARTY}"))
                aria-invalid=bad.then_some("true")
                aria-describedby=bad.then(|| error.clone())
            />
            {fault.map(|fault| view! { <p class="error" id=error>{fault}</p> })}
        </div>
    }
}

#[component]
fn Table(event: EventId, import: ImportId, lines: Vec<Line>) -> impl IntoView {
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="visually-hidden">"Rows of the file"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Line"</th>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Phone"</th>
                        <th scope="col">"Seats"</th>
                        <th scope="col">"Tags"</th>
                        <th scope="col"><span class="visually-hidden">"What to do"</span></th>
                    </tr>
                </thead>
                <tbody>{lines.into_iter().map(|line| view! { <Row event import line/> }).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(event: EventId, import: ImportId, line: Line) -> impl IntoView {
    let ids = ids(event, import, line.line);
    let out = line.verdict != Verdict::LeftOut;
    let form = line.form.clone();
    let corrected = line.suggestion.clone().map(|email| {
        let form = GuestForm { email: email.clone(), ..form.clone() };
        let mut values = ids.clone();
        values.extend([
            ("form[name]", form.name),
            ("form[email]", form.email),
            ("form[phone]", form.phone),
            ("form[country]", form.country),
            ("form[party_size]", form.party_size),
            ("form[tags]", form.tags),
            ("form[note]", form.note),
        ]);
        view! {
            <span class="import-hint">
                "Did they mean " <strong>{email}</strong> "? "
                <PostButton action="/api/imports/mend" values class="button button-small">"Use it"</PostButton>
            </span>
        }
    });
    let where_to = match (line.repeats, line.known) {
        (Some(first), _) => {
            Some(view! { <span class="guest-contact">{format!("See line {first}.")}</span> }.into_any())
        }
        (None, Some(guest)) => Some(
            view! {
                <span class="guest-contact">
                    <a href=format!("/dashboard/events/{event}/guests/{guest}")>"On your list"</a>
                </span>
            }
            .into_any(),
        ),
        (None, None) => None,
    };
    let keep = (line.verdict == Verdict::Repeated).then(|| {
        let values = ids.iter().map(|(name, value)| (in_list(name), value.clone())).collect();
        let label = format!("Keep line {}", line.line);
        view! {
            <PostButton action="/api/imports/keep" values class="button button-small" label>"Keep it"</PostButton>
        }
    });
    let label = format!("{} line {}", if out { "Leave out" } else { "Take in" }, line.line);
    view! {
        <tr>
            <td data-label="Line">{line.line}</td>
            <td data-label="Name">
                <span class="guest-name">{form.name}</span>
                <span class="guest-contact">{form.email}</span>
                {where_to}
                {corrected}
                {line.stopped.then(|| view! { <span class="import-hint">"Gets a link and no mail: they unsubscribed, or this address does not work."</span> })}
            </td>
            <td data-label="Phone">{form.phone}</td>
            <td data-label="Seats">{form.party_size}</td>
            <td data-label="Tags">{form.tags}</td>
            <td data-label="">
                {keep}
                <PostButton action="/api/imports/leave-out" values=leave_out(&ids, out) class="button button-small button-quiet" label>
                    {if out { "Leave out" } else { "Take in" }}
                </PostButton>
            </td>
        </tr>
    }
}

fn ids(event: EventId, import: ImportId, line: i32) -> Vec<(&'static str, String)> {
    vec![("event", event.to_string()), ("import", import.to_string()), ("line", line.to_string())]
}

fn leave_out(ids: &[(&'static str, String)], out: bool) -> Vec<(&'static str, String)> {
    let mut values: Vec<_> = ids.iter().map(|(name, value)| (in_list(name), value.clone())).collect();
    values.push(("out", out.to_string()));
    values
}

/// The name of a field where a verb takes several lines.
fn in_list(name: &'static str) -> &'static str {
    if name == "line" { "lines[]" } else { name }
}

fn hidden(values: &[(&'static str, String)]) -> impl IntoView + use<> {
    let inputs = values.iter().map(|(name, value)| (*name, value.clone()));
    inputs.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()
}
