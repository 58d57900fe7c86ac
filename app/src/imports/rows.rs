//! Rows of an import, on the review page.

use guestguard::{
    events::MOST_IN_PARTY,
    guests::GuestForm,
    ids::{EventId, ImportId},
    imports::{ImportRow, RowStatus},
    problem::{InvalidField, Problem},
};
use leptos::prelude::*;

use crate::{
    ssr,
    ui::{button::PostButton, form::BACK, words},
};

/// The rows with one status: those to fix as forms, the others as a table.
#[component]
pub fn Rows(event: EventId, import: ImportId, shown: RowStatus, rows: Vec<ImportRow>) -> impl IntoView {
    if shown == RowStatus::Attention {
        let rows = rows.into_iter().map(|row| view! { <FixRow event import row/> }).collect_view();
        view! { <ol class="fix-list">{rows}</ol> }.into_any()
    } else {
        view! { <RowTable event import rows/> }.into_any()
    }
}

/// A row to fix in place.
#[component]
fn FixRow(event: EventId, import: ImportId, row: ImportRow) -> impl IntoView {
    let at = row.line;
    let ids = ids(event, import, at);
    let (form, faults) = returned(at).unwrap_or((row.form, row.faults));
    let fault = |field: &str| {
        let fault = faults.iter().find(|fault| fault.field == field)?;
        Some(words::field_error(&fault.error))
    };
    let long_note = fault("note");
    view! {
        <li class="card fix-row">
            <form method="post" action="/api/imports/correct-row">
                <input type="hidden" name=BACK value=ssr::path()/>
                {hidden(&ids)}
                {hidden(&[("form[country]", form.country.clone())])}
                {long_note.is_none().then(|| hidden(&[("form[note]", form.note.clone())]))}
                <h3>{format!("Line {at}")}</h3>
                <div class="field-row">
                    <Cell at name="name" label="Name" value=form.name.clone() fault=fault("name") kind="text"/>
                    <Cell at name="email" label="Email" value=form.email.clone() fault=fault("email") kind="email"/>
                </div>
                <div class="field-row">
                    <Cell at name="phone" label="Phone" value=form.phone.clone() fault=fault("phone") kind="tel"/>
                    <Cell at name="party_size" label="Party size" value=form.party_size.clone() fault=fault("party_size") kind="text"/>
                </div>
                <Cell at name="tags" label="Tags" value=form.tags.clone() fault=fault("tags") kind="text"/>
                {long_note
                    .map(|fault| view! { <Cell at name="note" label="Note" value=form.note.clone() fault=Some(fault) kind="text"/> })}
                <div class="form-actions">
                    <button class="button button-small button-primary" type="submit">"Save"</button>
                </div>
            </form>
            <ExcludeButton ids line=at exclude=true/>
        </li>
    }
}

/// What the host typed for this line and its errors, if that form came back.
fn returned(line: i32) -> Option<(GuestForm, Vec<InvalidField>)> {
    let form = ssr::flash()?.form.filter(|form| form.endpoint == "/api/imports/correct-row")?;
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
fn RowTable(event: EventId, import: ImportId, rows: Vec<ImportRow>) -> impl IntoView {
    view! {
        <div class="table-wrap">
            <table class="table">
                <caption class="visually-hidden">"Lines of the file"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Line"</th>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Phone"</th>
                        <th scope="col">"Party size"</th>
                        <th scope="col">"Tags"</th>
                        <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(|row| view! { <TableRow event import row/> }).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn TableRow(event: EventId, import: ImportId, row: ImportRow) -> impl IntoView {
    let ids = ids(event, import, row.line);
    let form = row.form.clone();
    let suggestion = row.suggestion.clone().map(|email| {
        let label = format!("Apply {email}");
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
                "Did you mean " <strong>{email}</strong> "? "
                <PostButton action="/api/imports/correct-row" values class="button button-small" label>"Apply"</PostButton>
            </span>
        }
    });
    let duplicate_of = match (row.duplicate_of, row.existing_guest) {
        (Some(first), _) => {
            Some(view! { <span class="guest-contact">{format!("Duplicate of line {first}")}</span> }.into_any())
        }
        (None, Some(guest)) => Some(
            view! {
                <span class="guest-contact">
                    <a href=format!("/dashboard/events/{event}/guests/{guest}")>"Existing guest"</a>
                </span>
            }
            .into_any(),
        ),
        (None, None) => None,
    };
    let keep = (row.status == RowStatus::Repeated).then(|| {
        let values = ids.iter().map(|(name, value)| (in_list(name), value.clone())).collect();
        let label = format!("Keep line {}", row.line);
        view! {
            <PostButton action="/api/imports/include-row" values class="button button-small" label>"Keep"</PostButton>
        }
    });
    view! {
        <tr>
            <td data-label="Line">{row.line}</td>
            <td data-label="Name">
                <span class="guest-name">{form.name}</span>
                <span class="guest-contact">{form.email}</span>
                {duplicate_of}
                {suggestion}
                {row.suppressed.then(|| view! { <span class="import-hint">"Gets a link but no emails: unsubscribed, or the email bounced."</span> })}
            </td>
            <td data-label="Phone">{form.phone}</td>
            <td data-label="Party size">{form.party_size}</td>
            <td data-label="Tags">{form.tags}</td>
            <td data-label="">
                {keep}
                <ExcludeButton ids line=row.line exclude=row.status != RowStatus::Excluded/>
            </td>
        </tr>
    }
}

fn ids(event: EventId, import: ImportId, line: i32) -> Vec<(&'static str, String)> {
    vec![("event", event.to_string()), ("import", import.to_string()), ("line", line.to_string())]
}

/// Skips a row, or includes a skipped one.
#[component]
fn ExcludeButton(ids: Vec<(&'static str, String)>, line: i32, exclude: bool) -> impl IntoView {
    let mut values: Vec<_> = ids.into_iter().map(|(name, value)| (in_list(name), value)).collect();
    values.push(("exclude", exclude.to_string()));
    let word = if exclude { "Skip" } else { "Include" };
    view! {
        <PostButton action="/api/imports/exclude-row" values class="button button-small button-quiet" label=format!("{word} line {line}")>
            {word}
        </PostButton>
    }
}

/// The name of a field in a form that takes several lines.
fn in_list(name: &'static str) -> &'static str {
    if name == "line" { "lines[]" } else { name }
}

fn hidden(values: &[(&'static str, String)]) -> impl IntoView + use<> {
    let inputs = values.iter().map(|(name, value)| (*name, value.clone()));
    inputs.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()
}
