use std::io::{Seek, Write};

use app::ssr::{CurrentHost, flash::Returned};
use axum::{
    Json,
    extract::{Extension, Multipart, Path, State, multipart::Field},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use guestguard::{
    auth::Host,
    backend::Backend,
    error::{Error, Result},
    ids::{EventId, ImportId},
    imports::{self, MOST_BYTES, Upload, columns::Column, table::MOST_CELLS},
    problem::Problem,
    problem::{FieldError, FileError, invalid},
    rate_limits::Limit,
};
use serde_json::json;
use tower_sessions::Session;

use crate::{error_response::ErrorResponse, forms, http::accepts_html};

/// The form's name in what comes back; the upload page shows it.
const FORM: &str = "/guests/import";
/// What stands around the file in a form: its other fields and their names.
const AROUND: usize = 64 * 1024;

/// `POST /dashboard/events/{event}/guests/import`: reads a guest list and leads to what was understood of it. A fetch is
/// told where that is.
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
    if length.is_some_and(|length| length > MOST_BYTES + AROUND) {
        return Err(refused(FileError::TooLarge));
    }
    while let Some(field) = form.next_field().await.map_err(incomplete)? {
        match field.name() {
            Some("country") => upload.country = field.text().await.map_err(incomplete)?.chars().take(2).collect(),
            Some("file") => {
                upload.name = field.file_name().unwrap_or("guests").to_owned();
                file = Some(store(field).await?);
            }
            Some("columns") if upload.columns.len() < MOST_CELLS => {
                let key = field.text().await.map_err(incomplete)?;
                upload.columns.push(Column::of_key(&key).ok_or_else(|| invalid("columns", FieldError::NotAChoice))?);
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

/// Puts a file aside piece by piece, so that it is never whole in memory, and stops at the limit.
async fn store(mut field: Field<'_>) -> Result<std::fs::File> {
    let mut file = tempfile::tempfile().map_err(anyhow::Error::from)?;
    let mut size = 0;
    while let Some(piece) = field.chunk().await.map_err(incomplete)? {
        size += piece.len();
        if size > MOST_BYTES {
            return Err(refused(FileError::TooLarge));
        }
        file.write_all(&piece).map_err(anyhow::Error::from)?;
    }
    file.rewind().map_err(anyhow::Error::from)?;
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
