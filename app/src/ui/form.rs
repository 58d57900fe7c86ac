//! Forms that work without JavaScript and keep what was typed.

use std::{collections::HashMap, sync::Arc};

use guestguard::problem::{InvalidField, Problem};
use leptos::prelude::*;
use serde::Serialize;

use super::words;
use crate::ssr;

/// The field with the page of the form, to return to. Our pages send no `Referer` header.
pub const BACK: &str = "_back";

/// A form's values and errors: fresh, or redisplayed. Cheap to clone.
#[derive(Clone)]
pub struct FormState {
    endpoint: &'static str,
    values: Arc<HashMap<String, Vec<String>>>,
    problem: Option<Arc<Problem>>,
    returned: bool,
}

impl FormState {
    /// The form that posts to `endpoint`, filled with `values`, or with what was typed if it came back.
    pub fn new(endpoint: &'static str, values: &impl Serialize) -> Self {
        let returned = ssr::flash().and_then(|flash| flash.form).filter(|form| form.endpoint == endpoint);
        match returned {
            Some(form) => Self {
                endpoint,
                values: Arc::new(grouped(form.values)),
                problem: form.problem.map(Arc::new),
                returned: true,
            },
            None => Self { endpoint, values: Arc::new(fields_of(values)), problem: None, returned: false },
        }
    }

    pub fn value(&self, field: &str) -> String {
        self.values(field).first().cloned().unwrap_or_default()
    }

    /// The values of a repeated field.
    pub fn values(&self, field: &str) -> &[String] {
        self.values.get(field).map(Vec::as_slice).unwrap_or_default()
    }

    /// The error message of a field.
    pub fn error(&self, field: &str) -> Option<String> {
        self.problem.as_ref()?.errors(field).map(|InvalidField { error, .. }| words::field_error(error)).next()
    }

    /// Whether the form came back, with errors or as a preview.
    pub fn came_back(&self) -> bool {
        self.returned
    }
}

/// A form that posts to its endpoint and comes back to this page with its errors.
#[component]
pub fn Form(
    state: FormState,
    #[prop(default = "form")] class: &'static str,
    /// Whether the form itself shows problems that are not about a field; elsewhere the page's frame does.
    #[prop(optional)]
    alone: bool,
    children: Children,
) -> impl IntoView {
    let problem = state.problem.clone().filter(|problem| alone || matches!(**problem, Problem::Invalid(_)));
    // Once an error is shown, the browser's own validation stays out of the way.
    let faulty = state.problem.is_some();
    view! {
        <form class=class method="post" action=state.endpoint novalidate=faulty>
            <input type="hidden" name=BACK value=ssr::path()/>
            {problem.map(|problem| view! { <ProblemNotice problem=problem.as_ref().clone()/> })}
            {children()}
        </form>
    }
}

/// A problem, shown above what it concerns.
#[component]
pub fn ProblemNotice(problem: Problem) -> impl IntoView {
    let (title, text) = words::problem(&problem);
    view! {
        <div class="form-problem" role="alert">
            <strong>{title}</strong>
            ". "
            {text}
        </div>
    }
}

/// Groups values by field: `form[title]` is the field `title`, other names are no fields.
fn grouped(pairs: Vec<(String, String)>) -> HashMap<String, Vec<String>> {
    let mut values: HashMap<String, Vec<String>> = HashMap::new();
    for (name, value) in pairs {
        let field = name.strip_prefix("form[").and_then(|rest| rest.split(']').next());
        if let Some(field) = field {
            values.entry(field.to_owned()).or_default().push(value);
        }
    }
    values
}

fn fields_of(values: &impl Serialize) -> HashMap<String, Vec<String>> {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    match serde_json::to_value(values) {
        Ok(serde_json::Value::Object(fields)) => fields
            .iter()
            .map(|(name, value)| {
                let values = value.as_array().map_or_else(|| vec![text(value)], |many| many.iter().map(text).collect());
                (name.clone(), values)
            })
            .collect(),
        _ => HashMap::new(),
    }
}
