use guestguard::{
    fields::{Fault, FileFault, is_email},
    imports::{
        MOST_BYTES, MOST_ROWS,
        columns::{self, Column, Layout},
        row,
        table::{Row, Rows, SAMPLE},
    },
    problem::Problem,
};
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, File, FormData, HtmlFormElement, HtmlInputElement, ProgressEvent, XmlHttpRequest};

use crate::ui::{listen, woken, words};

/// Rows that are shown before the file is sent.
const SHOWN: usize = 5;

/// What is seen of a file before it is sent.
#[derive(Clone, Debug, PartialEq)]
enum Sight {
    Nothing,
    /// Kinds that only the server reads.
    Unread,
    Refused(FileFault),
    Table(Summary),
}

#[derive(Clone, Debug, PartialEq)]
struct Summary {
    columns: Vec<(String, Column)>,
    rows: usize,
    addresses: usize,
    phones: usize,
    repeated: usize,
    bad_addresses: usize,
    nameless: usize,
    first: Vec<[String; 3]>,
}

/// Shows what a chosen file holds before it is sent, and how far the sending is. The form stands around it and works
/// without.
#[island]
pub fn ImportPreview() -> impl IntoView {
    let ready = woken();
    let root = NodeRef::<leptos::html::Div>::new();
    let sight = RwSignal::new(Sight::Nothing);
    let sent = RwSignal::new(None::<f64>);
    let problem = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        let Some(form) = root.get().and_then(|root| root.closest("form").ok().flatten()) else { return };
        let form: HtmlFormElement = form.unchecked_into();
        let changed = move |event: Event| {
            let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else {
                return;
            };
            if input.type_() == "file" {
                problem.set(None);
                look(input.files().and_then(|files| files.get(0)), sight);
            }
        };
        listen(&form, "change", changed);
        // What was chosen before the scripts arrived.
        if let Some(input) = form.query_selector("input[type=file]").ok().flatten() {
            look(input.unchecked_into::<HtmlInputElement>().files().and_then(|files| files.get(0)), sight);
        }
        let sending = form.clone();
        listen(&form, "submit", move |event: Event| {
            match (sent.get_untracked(), sight.get_untracked()) {
                (None, Sight::Nothing) => {}
                (None, Sight::Table(_) | Sight::Unread) => {
                    event.prevent_default();
                    send(&sending, sent, problem);
                }
                // On its way already, or refused for a reason that stands there.
                _ => event.prevent_default(),
            }
        });
    });
    let bar = move || {
        sent.get().map(|share| {
            view! {
                <p class="import-progress" role="status">
                    <progress max="1" value=share.to_string() aria-label="Sent"></progress>
                    {if share < 1.0 { "Sending the file …" } else { "Reading it …" }}
                </p>
            }
        })
    };
    view! {
        <div node_ref=root data-island="import-preview" data-ready=ready>
            <div role="status">{move || seen(sight.get())}</div>
            {move || problem.get().map(|words| view! { <p class="error" role="alert">{words}</p> })}
            {bar}
        </div>
    }
}

fn seen(sight: Sight) -> AnyView {
    match sight {
        Sight::Nothing => ().into_any(),
        Sight::Unread => view! { <p class="hint">"You see what is in it on the next page."</p> }.into_any(),
        Sight::Refused(fault) => view! { <p class="error">{words::fault(&Fault::File(fault))}</p> }.into_any(),
        Sight::Table(summary) => table(summary).into_any(),
    }
}

fn table(summary: Summary) -> impl IntoView {
    let people = |n: usize| if n == 1 { "1 guest".to_owned() } else { format!("{n} guests") };
    let facts = [
        (summary.addresses, "with an e-mail address"),
        (summary.phones, "with a phone number"),
        (summary.bad_addresses, "with an address that can't be right"),
        (summary.repeated, "with an address that stands there before"),
        (summary.nameless, "without a name"),
    ];
    let facts: Vec<_> = facts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    view! {
        <div class="import-preview">
            <p><strong>{people(summary.rows)}</strong> {(!facts.is_empty()).then(|| format!(": {}.", facts.join(", ")))}</p>
            <ul class="import-columns-seen">
                {summary
                    .columns
                    .into_iter()
                    .map(|(heading, column)| {
                        view! {
                            <li data-used=(column != Column::Other).to_string()>
                                <span>{heading}</span> " → " <strong>{column.words()}</strong>
                            </li>
                        }
                    })
                    .collect_view()}
            </ul>
            <ol class="parsed">
                {summary
                    .first
                    .into_iter()
                    .map(|[name, email, phone]| {
                        let way = [email, phone].into_iter().filter(|way| !way.is_empty()).collect::<Vec<_>>().join(" · ");
                        view! { <li class="parsed-line"><strong>{name}</strong> <span>{way}</span></li> }
                    })
                    .collect_view()}
            </ol>
        </div>
    }
}

fn look(file: Option<File>, sight: RwSignal<Sight>) {
    sight.set(Sight::Nothing);
    let Some(file) = file else { return };
    if file.size() > MOST_BYTES as f64 {
        return sight.set(Sight::Refused(FileFault::TooLarge));
    }
    spawn_local(async move {
        if let Ok(buffer) = JsFuture::from(file.array_buffer()).await {
            sight.set(read(&js_sys::Uint8Array::new(&buffer).to_vec()));
        }
    });
}

/// Reads a file as the server will: the same parser, the same rules for columns.
fn read(bytes: &[u8]) -> Sight {
    if bytes.is_empty() {
        return Sight::Refused(FileFault::Empty);
    }
    if bytes.starts_with(b"PK") || bytes.starts_with(b"BEGIN:VCARD") {
        return Sight::Unread;
    }
    let text = decode(bytes);
    if text.contains('\0') {
        return Sight::Refused(FileFault::NotATable);
    }
    let rows: Vec<Row> = Rows::new(&text, text.as_bytes()).flatten().take(MOST_ROWS + 2).collect();
    let sample: Vec<Vec<String>> = rows.iter().take(SAMPLE).map(|row| row.cells.clone()).collect();
    let layout = columns::detect(&sample);
    let data = &rows[usize::from(layout.header).min(rows.len())..];
    match data.len() {
        0 => Sight::Refused(FileFault::Empty),
        n if n > MOST_ROWS => Sight::Refused(FileFault::TooManyRows),
        _ => Sight::Table(summary(&layout, sample.first(), data)),
    }
}

fn summary(layout: &Layout, first: Option<&Vec<String>>, rows: &[Row]) -> Summary {
    let heading = |at: usize| match first.and_then(|cells| cells.get(at)) {
        Some(heading) if layout.header && !heading.is_empty() => heading.chars().take(40).collect(),
        _ => format!("Column {}", at + 1),
    };
    let mut seen = std::collections::HashSet::new();
    let mut summary = Summary {
        columns: layout.columns.iter().enumerate().map(|(at, column)| (heading(at), *column)).collect(),
        rows: rows.len(),
        addresses: 0,
        phones: 0,
        repeated: 0,
        bad_addresses: 0,
        nameless: 0,
        first: Vec::new(),
    };
    for row in rows {
        let form = row::form(layout, &row.cells);
        let good = is_email(&form.email);
        summary.bad_addresses += usize::from(!good && !form.email.is_empty());
        summary.addresses += usize::from(good);
        summary.phones += usize::from(!form.phone.is_empty());
        summary.nameless += usize::from(form.name.is_empty());
        summary.repeated += usize::from(good && !seen.insert(form.email.to_lowercase()));
        if summary.first.len() < SHOWN {
            summary.first.push([form.name, form.email, form.phone]);
        }
    }
    summary
}

/// The text of a file, by its byte order mark, as UTF-8, or else as Windows-1252; the browser's own decoders do it.
fn decode(bytes: &[u8]) -> String {
    let zeros = |from: usize| {
        bytes.iter().take(2_000).skip(from).step_by(2).filter(|byte| **byte == 0).count() > 500.min(bytes.len() / 4)
    };
    let label = match bytes {
        [0xff, 0xfe, ..] => "utf-16le",
        [0xfe, 0xff, ..] => "utf-16be",
        _ if zeros(1) => "utf-16le",
        _ if zeros(0) => "utf-16be",
        _ if std::str::from_utf8(bytes).is_ok() => "utf-8",
        _ => "windows-1252",
    };
    let decoder = web_sys::TextDecoder::new_with_label(label);
    decoder.and_then(|decoder| decoder.decode_with_u8_array(bytes)).unwrap_or_default()
}

/// Sends the form and follows where it leads; `sent` is the share that has left.
fn send(form: &HtmlFormElement, sent: RwSignal<Option<f64>>, problem: RwSignal<Option<String>>) {
    let request = || -> Result<(), JsValue> {
        let (request, data) = (XmlHttpRequest::new()?, FormData::new_with_form(form)?);
        request.open("POST", &form.get_attribute("action").unwrap_or_default())?;
        request.set_request_header("Accept", "application/json")?;
        let upload = request.upload()?;
        listen(&upload, "progress", move |event: Event| {
            let event: ProgressEvent = event.unchecked_into();
            sent.set(Some(if event.total() > 0.0 { event.loaded() / event.total() } else { 0.0 }));
        });
        let answer = request.clone();
        listen(&request, "loadend", move |_: Event| {
            let text = answer.response_text().ok().flatten().unwrap_or_default();
            match (answer.status().unwrap_or_default(), serde_json::from_str::<serde_json::Value>(&text)) {
                (200, Ok(done)) => {
                    let page = done["page"].as_str().unwrap_or_default();
                    _ = window().location().assign(page);
                }
                (_, answer) => {
                    sent.set(None);
                    problem.set(Some(told(answer.ok())));
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

fn told(answer: Option<serde_json::Value>) -> String {
    match answer.and_then(|answer| serde_json::from_value::<Problem>(answer).ok()) {
        Some(Problem::Invalid(faults)) if !faults.is_empty() => words::fault(&faults[0].fault),
        Some(problem) => words::problem(&problem).1,
        None => "The file did not arrive. Check your connection and try again.".to_owned(),
    }
}
