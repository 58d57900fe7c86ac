//! Uploads a chosen file with a progress bar.

use guestguard::problem::Problem;
use leptos::prelude::*;
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, FormData, HtmlFormElement, ProgressEvent, XmlHttpRequest};

use crate::ui::{listen, words};

/// The server's reply to an upload: the review page.
#[derive(Deserialize)]
struct Uploaded {
    page: String,
}

/// Sends the form and opens the review page; `sent` is the share sent so far.
pub fn send(form: &HtmlFormElement, sent: RwSignal<Option<f64>>, problem: RwSignal<Option<String>>) {
    let request = || -> Result<(), JsValue> {
        let (request, data) = (XmlHttpRequest::new()?, FormData::new_with_form(form)?);
        request.open("POST", &form.get_attribute("action").unwrap_or_default())?;
        request.set_request_header("Accept", "application/json")?;
        let upload = request.upload()?;
        listen(&upload, "progress", move |event: Event| {
            let event: ProgressEvent = event.unchecked_into();
            sent.set(Some(if event.total() > 0.0 { event.loaded() / event.total() } else { 0.0 }));
        });
        let response = request.clone();
        listen(&request, "loadend", move |_: Event| {
            let text = response.response_text().ok().flatten().unwrap_or_default();
            match serde_json::from_str::<Uploaded>(&text) {
                Ok(uploaded) => _ = window().location().assign(&uploaded.page),
                Err(_) => {
                    sent.set(None);
                    problem.set(Some(message(&text)));
                }
            }
        });
        sent.set(Some(0.0));
        request.send_with_opt_form_data(Some(&data))
    };
    if request().is_err() {
        sent.set(None);
    }
}

fn message(response: &str) -> String {
    match serde_json::from_str::<Problem>(response) {
        Ok(Problem::Invalid(faults)) if !faults.is_empty() => words::field_error(&faults[0].error),
        Ok(problem) => words::problem(&problem).1,
        Err(_) => "The upload failed. Check your connection and try again.".to_owned(),
    }
}
