//! Guest list uploads.

use app::ssr::{CurrentHost, flash::Returned};
use axum::{
    Json,
    extract::{Extension, Multipart, Path, State, multipart::Field},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use guestguard::{
    actors::Host,
    backend::Backend,
    error::{Error, Result},
    ids::{EventId, ImportId},
    imports::{self, MOST_BYTES, Upload, columns::Column, table::MOST_CELLS},
    problem::{FieldError, FileError, Problem, invalid},
    rate_limits::Limit,
};
use serde_json::json;
use tower_sessions::Session;

use crate::{error_response::ErrorResponse, forms, http::accepts_html};

/// The form's name if it comes back with an error.
const FORM: &str = "/guests/import";
/// Most bytes of a form besides its file.
const OVERHEAD: usize = 64 * 1024;

/// `POST /dashboard/events/{event}/guests/import`: parses a guest list and redirects to its review; a fetch gets the
/// address as JSON.
pub async fn guest_list(
    State(backend): State<Backend>,
    Extension(CurrentHost(host)): Extension<CurrentHost>,
    Path(event): Path<String>,
    session: Session,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let page = format!("/dashboard/events/{event}/guests/import");
    let mut upload = Upload::default();
    let read = async {
        let (host, event) = (host?, event.parse().map_err(|_| Problem::NotFound)?);
        receive(&backend, &host, event, &headers, form, &mut upload).await
    };
    let fetched = !accepts_html(&headers);
    match app::ssr::reply(read.await) {
        Ok(import) if fetched => Json(json!({ "import": import, "page": format!("{page}/{import}") })).into_response(),
        Ok(import) => Redirect::to(&format!("{page}/{import}")).into_response(),
        Err(problem) if fetched => ErrorResponse(problem).into_response(),
        Err(problem) => {
            let values = vec![("form[country]".to_owned(), upload.country)];
            let form = Returned { endpoint: FORM.to_owned(), values, problem: Some(problem) };
            forms::return_form(&session, form, &page).await
        }
    }
}

async fn receive(
    backend: &Backend,
    host: &Host,
    event: EventId,
    headers: &HeaderMap,
    mut form: Multipart,
    upload: &mut Upload,
) -> Result<ImportId> {
    let mut file = None;
    backend.rate_limits.check(Limit::Imports, &host.id().to_string()).await?;
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MOST_BYTES + OVERHEAD) {
        return Err(refused(FileError::TooLarge));
    }
    while let Some(field) = form.next_field().await.map_err(incomplete)? {
        match field.name() {
            Some("country") => upload.country = field.text().await.map_err(incomplete)?.chars().take(2).collect(),
            Some("file") => {
                upload.name = field.file_name().unwrap_or("guests").to_owned();
                file = Some(read(field).await?);
            }
            Some("columns") if upload.columns.len() < MOST_CELLS => {
                let name = field.text().await.map_err(incomplete)?;
                upload.columns.push(name.parse::<Column>().map_err(|_| invalid("columns", FieldError::NotAChoice))?);
            }
            _ => {}
        }
    }
    let file = file.ok_or_else(|| invalid("file", FieldError::Required))?;
    if upload.name.is_empty() {
        return Err(invalid("file", FieldError::Required).into());
    }
    imports::actions::parse(backend, host, event, file, upload).await
}

/// Reads a file, up to the size limit.
async fn read(mut field: Field<'_>) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(incomplete)? {
        if file.len() + chunk.len() > MOST_BYTES {
            return Err(refused(FileError::TooLarge));
        }
        file.extend_from_slice(&chunk);
    }
    Ok(file)
}

fn refused(fault: FileError) -> Error {
    invalid("file", FieldError::File(fault)).into()
}

fn incomplete(cause: axum::extract::multipart::MultipartError) -> Error {
    match cause.status() {
        StatusCode::PAYLOAD_TOO_LARGE => refused(FileError::TooLarge),
        _ => invalid("file", FieldError::Required).into(),
    }
}
