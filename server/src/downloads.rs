//! Downloads: guest lists, links, templates, calendar files and message previews.

use app::ssr::CurrentHost;
use axum::{
    Json,
    body::Body,
    extract::{Extension, Form, Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use guestguard::{
    backend::Backend,
    error::Error,
    events::ics,
    guests::export,
    imports,
    invitations::{self, Token},
    notifications::{
        GuestMessage,
        templates::message_templates::{self, MessageTemplate},
    },
    phone::{self, Country},
    problem::Problem,
    rate_limits::Limit,
};

use tokio_util::io::ReaderStream;

use crate::error_response::ErrorResponse;

/// `/i/{token}/event.ics`: the event for the guest's calendar.
pub async fn calendar(State(backend): State<Backend>, Path(token): Path<String>) -> Result<Response, ErrorResponse> {
    let token = Token(token);
    let page = invitations::page::page(&backend, &token).await?;
    let link = backend.links.invitation(&token.0);
    let file = ics::calendar_file(&page.event, &page.host_name, &backend.links, &link);
    Ok(attachment("invitation", "ics", Body::from(file)))
}

#[derive(serde::Deserialize)]
pub struct ExportForm {
    #[serde(default)]
    format: String,
}

/// `POST /dashboard/events/{event}/guests/export`: the guest list with replies, as CSV or Excel. A post, because the
/// export is audited.
pub async fn guest_list(
    State(backend): State<Backend>,
    Extension(CurrentHost(host)): Extension<CurrentHost>,
    Path(event): Path<String>,
    Form(ExportForm { format }): Form<ExportForm>,
) -> Result<Response, ErrorResponse> {
    let (host, event) = (host?, event.parse().map_err(|_| Problem::NotFound)?);
    backend.rate_limits.check(Limit::Exports, &host.id().to_string()).await?;
    let event = export::begin(&backend, &host, event).await?;
    let (db, name) = (backend.db.clone(), format!("{} guests", event.title));
    match &*format {
        "xlsx" => Ok(stored(&name, "xlsx", export::workbook(db, host.id(), event).await?)),
        _ => Ok(stored(&name, "csv", export::file(export::csv(db, host.id(), event)).await?)),
    }
}

/// `POST /dashboard/events/{event}/guests/links`: the personal links of guests without an email.
pub async fn links(
    State(backend): State<Backend>,
    Extension(CurrentHost(host)): Extension<CurrentHost>,
    Path(event): Path<String>,
) -> Result<Response, ErrorResponse> {
    let (host, event) = (host?, event.parse().map_err(|_| Problem::NotFound)?);
    backend.rate_limits.check(Limit::Exports, &host.id().to_string()).await?;
    let event = export::begin(&backend, &host, event).await?;
    let links = invitations::queries::links_to_share(&backend, &host, event.id).await?;
    let mut text = [b"\xef\xbb\xbf".as_slice(), &export::line(&["Name", "Phone", "Personal link"])?].concat();
    for one in links {
        text.extend(export::line(&[one.name, one.phone.unwrap_or_default(), one.link])?);
    }
    Ok(attachment(&format!("{} links", event.title), "csv", Body::from(text)))
}

/// `POST /dashboard/events/{event}/guests/import/{import}/skipped`: the rows that an import skipped, with the reasons.
pub async fn skipped_rows(
    State(backend): State<Backend>,
    Extension(CurrentHost(host)): Extension<CurrentHost>,
    Path((event, import)): Path<(String, String)>,
) -> Result<Response, ErrorResponse> {
    let host = host?;
    let (event, import) =
        (event.parse().map_err(|_| Problem::NotFound)?, import.parse().map_err(|_| Problem::NotFound)?);
    backend.rate_limits.check(Limit::Exports, &host.id().to_string()).await?;
    let import = imports::queries::import(&backend.db, &host, event, import).await?;
    let name = format!("skipped lines of {}", import.file_name);
    let rows = imports::queries::skipped_rows(backend.db.clone(), &host, import.clone());
    Ok(stored(&name, "csv", export::file(app::imports::skipped_rows(rows, import)).await?))
}

/// `/guest-list.csv`: the import template.
pub async fn template_csv() -> Result<Response, ErrorResponse> {
    let mut text = b"\xef\xbb\xbf".to_vec();
    for cells in export::TEMPLATE {
        text.extend(export::line(&cells)?);
    }
    Ok(attachment("guest list", "csv", Body::from(text)))
}

/// `/guest-list.xlsx`: the same as a workbook.
pub async fn template_xlsx() -> Result<Response, ErrorResponse> {
    let book = tokio::task::spawn_blocking(export::template).await.map_err(anyhow::Error::from);
    Ok(stored("guest list", "xlsx", book.and_then(|book| book).map_err(Error::from)?))
}

/// A download. Its name is given twice: in ASCII for old browsers, and whole (RFC 6266, RFC 8187).
pub fn attachment(name: &str, kind: &str, body: Body) -> Response {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || " -_".contains(c) { c } else { '_' }).collect();
    let whole: String = name.chars().filter(|c| !c.is_control() && !"/\\:".contains(*c)).collect();
    let whole =
        form_urlencoded::byte_serialize(format!("{whole}.{kind}").as_bytes()).collect::<String>().replace('+', "%20");
    let media = match kind {
        "ics" => "text/calendar; charset=utf-8",
        "json" => "application/json",
        "zip" => "application/zip",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "text/csv; charset=utf-8",
    };
    let disposition = format!("attachment; filename=\"{plain}.{kind}\"; filename*=UTF-8''{whole}");
    (StatusCode::OK, [(header::CONTENT_TYPE, media.to_owned()), (header::CONTENT_DISPOSITION, disposition)], body)
        .into_response()
}

/// A download, streamed from a file.
pub fn stored(name: &str, kind: &str, file: std::fs::File) -> Response {
    attachment(name, kind, Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file))))
}

/// The numbering plans of all countries, for the browser.
pub async fn phone_countries() -> Json<&'static [Country]> {
    Json(phone::countries::all())
}

/// `/dev/inbox/{mail}/html`: an email as email programs show it, for the frame on the page of the development inbox.
pub async fn dev_outbox_email(
    State(backend): State<Backend>,
    Path(mail): Path<String>,
) -> Result<Response, ErrorResponse> {
    let outbox = backend.transports.dev_outbox().ok_or(Problem::NotFound)?;
    let raw = outbox.read(&mail).await.map_err(Error::from)?.ok_or(Problem::NotFound)?;
    let message = mail_parser::MessageParser::default().parse(&raw).ok_or(Problem::NotFound)?;
    Ok(mail_page(message.body_html(0).ok_or(Problem::NotFound)?.into_owned()))
}

/// An email's HTML for a frame of ours, with its colours and nothing else.
fn mail_page(html: String) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; \
                  sandbox allow-top-navigation-by-user-activation";
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, policy)];
    (StatusCode::OK, headers, html).into_response()
}

#[derive(serde::Deserialize)]
pub struct PreviewQuery {
    #[serde(default)]
    kind: String,
}

/// `/dashboard/events/{event}/messages/preview?kind=…`: a message with its saved template.
pub async fn template_preview(
    State(backend): State<Backend>,
    Extension(CurrentHost(host)): Extension<CurrentHost>,
    Path(event): Path<String>,
    Query(PreviewQuery { kind }): Query<PreviewQuery>,
) -> Result<Response, ErrorResponse> {
    let (host, event, kind) = (host?, event.parse().map_err(|_| Problem::NotFound)?, kind_of(&kind)?);
    let words = message_templates::of(&backend, host.id(), event, kind).await?;
    Ok(mail_page(message_templates::preview(&backend, &host, event, kind, &words).await?.html))
}

/// A message template, while it is edited.
#[derive(serde::Deserialize)]
pub struct DraftForm {
    #[serde(default)]
    kind: String,
    #[serde(default, rename = "form[subject]")]
    subject: String,
    #[serde(default, rename = "form[body]")]
    body: String,
}

/// `POST /dashboard/events/{event}/messages/preview`: a message with an edited template. Saves nothing.
pub async fn template_draft_preview(
    State(backend): State<Backend>,
    Extension(CurrentHost(host)): Extension<CurrentHost>,
    Path(event): Path<String>,
    Form(DraftForm { kind, subject, body }): Form<DraftForm>,
) -> Result<Response, ErrorResponse> {
    let (host, event, kind) = (host?, event.parse().map_err(|_| Problem::NotFound)?, kind_of(&kind)?);
    match message_templates::preview(&backend, &host, event, kind, &MessageTemplate { subject, body }).await {
        Ok(preview) => Ok(mail_page(preview.html)),
        // The frame says why there is no preview; saving says it beside the field.
        Err(Error::Problem(Problem::Invalid(faults))) => {
            let why: Vec<_> = faults.iter().map(|fault| app::ui::words::field_error(&fault.error)).collect();
            Ok(mail_page(format!(
                "<!doctype html><title>Preview</title><p style=\"font-family:sans-serif\">{}</p>",
                why.join(" ")
            )))
        }
        Err(error) => Err(error.into()),
    }
}

fn kind_of(key: &str) -> Result<GuestMessage, Problem> {
    key.parse().map_err(|_| Problem::NotFound)
}
