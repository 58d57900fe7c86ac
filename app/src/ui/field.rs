//! Form fields with label, hint and error.

use leptos::prelude::*;

use super::{escape, form::FormState};

/// A labelled input with hint and error. `name` is the field's name in the form struct.
#[component]
pub fn Field(
    form: FormState,
    name: &'static str,
    /// For a page that has the field twice.
    #[prop(optional)]
    id: Option<&'static str>,
    #[prop(into)] label: String,
    #[prop(default = "text")] kind: &'static str,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] required: bool,
    #[prop(optional)] max: Option<u32>,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] placeholder: Option<&'static str>,
    #[prop(optional)] inputmode: Option<&'static str>,
    /// Minimum and maximum.
    #[prop(optional)]
    range: Option<(u32, u32)>,
) -> impl IntoView {
    let id = id.unwrap_or(name);
    let fault = form.error(name);
    let bad = fault.is_some();
    let value = if kind == "password" { String::new() } else { form.value(name) };
    view! {
        <div class="field" data-invalid=bad.then_some("true")>
            <Label name=id label required/>
            {hint.clone().map(|hint| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> })}
            <input
                id=id
                name=format!("form[{name}]")
                type=kind
                value=value
                required=required
                maxlength=max
                autocomplete=autocomplete
                placeholder=placeholder
                inputmode=inputmode
                min=range.map(|range| range.0)
                max=range.map(|range| range.1)
                aria-invalid=bad.then_some("true")
                aria-describedby=described(id, hint.is_some(), bad)
            />
            <FaultLine name=id fault/>
        </div>
    }
}

/// A labelled multi-line input.
#[component]
pub fn TextArea(
    form: FormState,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(default = 5)] rows: u32,
    #[prop(optional)] max: Option<u32>,
) -> impl IntoView {
    let fault = form.error(name);
    let bad = fault.is_some();
    view! {
        <div class="field" data-invalid=bad.then_some("true")>
            <Label name label required=false/>
            {hint.clone().map(|hint| view! { <p class="hint" id=format!("{name}-hint")>{hint}</p> })}
            <textarea
                id=name
                name=format!("form[{name}]")
                rows=rows
                maxlength=max
                aria-invalid=bad.then_some("true")
                aria-describedby=described(name, hint.is_some(), bad)
                inner_html=escape::textarea(&form.value(name))
            ></textarea>
            <FaultLine name fault/>
        </div>
    }
}

/// A labelled choice from values and their labels.
#[component]
pub fn Select(
    form: FormState,
    name: &'static str,
    #[prop(into)] label: String,
    #[prop(optional, into)] hint: Option<String>,
    #[prop(optional)] required: bool,
    options: Vec<(String, String)>,
) -> impl IntoView {
    let fault = form.error(name);
    let bad = fault.is_some();
    let chosen = form.value(name);
    view! {
        <div class="field" data-invalid=bad.then_some("true")>
            <Label name label required/>
            {hint.clone().map(|hint| view! { <p class="hint" id=format!("{name}-hint")>{hint}</p> })}
            <select
                id=name
                name=format!("form[{name}]")
                required=required
                aria-invalid=bad.then_some("true")
                aria-describedby=described(name, hint.is_some(), bad)
            >
                {options
                    .into_iter()
                    .map(|(value, words)| {
                        let selected = value == chosen;
                        view! { <option value=value selected=selected>{words}</option> }
                    })
                    .collect_view()}
            </select>
            <FaultLine name fault/>
        </div>
    }
}

#[component]
fn Label(name: &'static str, label: String, required: bool) -> impl IntoView {
    view! {
        <label for=name>
            {label}
            {(!required).then(|| view! { <span class="optional">" optional"</span> })}
        </label>
    }
}

#[component]
fn FaultLine(name: &'static str, fault: Option<String>) -> impl IntoView {
    fault.map(|fault| view! { <p class="error" id=format!("{name}-error")>{fault}</p> })
}

fn described(name: &str, hint: bool, fault: bool) -> Option<String> {
    let ids = [(hint, "hint"), (fault, "error")];
    let ids: Vec<_> = ids.iter().filter(|(there, _)| *there).map(|(_, kind)| format!("{name}-{kind}")).collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}
