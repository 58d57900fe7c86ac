//! Own-data endpoints: exports, account deletion, and a guest's subject access as JSON.

use app::ssr::{
    CurrentHost,
    flash::{Flash, Notice},
};
use axum::{
    Json,
    body::Body,
    extract::{Extension, Form, Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use guestguard::{
    actors::Host,
    backend::Backend,
    error::Error,
    invitations::{self, Token},
    privacy::{
        DeletionForm, actions,
        export::{self, ExportFormat, PreparedExport},
        subject_access,
    },
    problem::{Conflict, Problem},
    rate_limits::Limit,
};
use serde_json::json;
use tower_sessions::Session;

use crate::{
    downloads::{attachment, stored},
    error_response::ErrorResponse,
};

#[derive(serde::Deserialize)]
pub struct ExportQuery {
    #[serde(default)]
    format: String,
}

/// `POST /dashboard/account/export`: the account's data as an archive or as JSON, or the archive prepared before. A POST,
/// because it writes to the audit log.
pub async fn download(
    State(backend): State<Backend>,
    session: Session,
    Extension(CurrentHost(host)): Extension<CurrentHost>,
    Form(ExportQuery { format }): Form<ExportQuery>,
) -> Result<Response, ErrorResponse> {
    let host = host?;
    backend.rate_limits.check(Limit::Exports, &host.id().to_string()).await?;
    if format == "prepared" {
        return prepared(&backend, &host).await;
    }
    match export_file(&backend, &host, &format).await {
        // Too large to wait for: prepare it in the background.
        Err(ErrorResponse(Problem::Conflict(Conflict::ExportToPrepare))) => {
            export::request(&backend, &host).await?;
            if let Err(cause) = Flash::keep_notice(&session, Notice::ExportRequested).await {
                tracing::warn!(%cause, "a notice could not be stored");
            }
            Ok(Redirect::to("/dashboard/account#data").into_response())
        }
        answer => answer,
    }
}

/// `GET /me/data-export`: the same for programs, `?format=zip` or JSON. If that is too large, the prepared archive; 202
/// while it is in progress, 409 if nobody asked for one.
pub async fn data_export(
    State(backend): State<Backend>,
    session: Session,
    Query(ExportQuery { format }): Query<ExportQuery>,
) -> Result<Response, ErrorResponse> {
    let host = signed_in(&backend, &session, Limit::Exports).await?;
    match export_file(&backend, &host, &format).await {
        Err(ErrorResponse(Problem::Conflict(Conflict::ExportToPrepare))) => {
            match export::prepared(&backend, &host).await? {
                Some(PreparedExport { ready_at: Some(_), .. }) => prepared(&backend, &host).await,
                Some(PreparedExport { percent, .. }) => Ok(in_progress(percent)),
                None => Err(Problem::Conflict(Conflict::ExportToPrepare).into()),
            }
        }
        answer => answer,
    }
}

/// `POST /me/data-export`: starts preparing the archive.
pub async fn ask_for_export(State(backend): State<Backend>, session: Session) -> Result<Response, ErrorResponse> {
    let host = signed_in(&backend, &session, Limit::Exports).await?;
    export::request(&backend, &host).await?;
    Ok(in_progress(0))
}

/// `DELETE /me` with `{"confirmation": "<the account's address>"}`: deletes the account.
pub async fn delete_account(
    State(backend): State<Backend>,
    session: Session,
    Json(form): Json<DeletionForm>,
) -> Result<Response, ErrorResponse> {
    let host = signed_in(&backend, &session, Limit::Account).await?;
    actions::delete_account(&backend, &host, &form).await?;
    if let Err(cause) = session.flush().await {
        tracing::warn!(%cause, "the session of a deleted account could not be removed");
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /i/{token}/data.json`: a guest's subject access.
pub async fn of_guest(State(backend): State<Backend>, Path(token): Path<String>) -> Result<Response, ErrorResponse> {
    let token = Token(token);
    let guest = invitations::queries::guest_of(&backend.db, &token).await?;
    backend.rate_limits.check(Limit::OpenLink, &token.0).await?;
    let (data, _) = subject_access::guest_data(&backend, &guest).await?;
    let text = serde_json::to_string_pretty(&data).map_err(|cause| Error::Unexpected(cause.into()))?;
    Ok(attachment("my-data", "json", Body::from(text)))
}

async fn signed_in(backend: &Backend, session: &Session, limit: Limit) -> Result<Host, ErrorResponse> {
    let host = app::ssr::host_of(backend, session).await?.ok_or(Problem::SignInRequired)?;
    backend.rate_limits.check(limit, &host.id().to_string()).await?;
    Ok(host)
}

async fn export_file(backend: &Backend, host: &Host, format: &str) -> Result<Response, ErrorResponse> {
    let (format, kind) = match format {
        "zip" => (ExportFormat::Zip, "zip"),
        _ => (ExportFormat::Json, "json"),
    };
    Ok(stored("guestguard-data", kind, export::export(backend, host, format).await?))
}

async fn prepared(backend: &Backend, host: &Host) -> Result<Response, ErrorResponse> {
    use futures::TryStreamExt;
    let parts = export::parts(backend, host).await?.map_err(|error| std::io::Error::other(error.into_cause()));
    Ok(attachment("guestguard-data", "zip", Body::from_stream(parts)))
}

fn in_progress(percent: i64) -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "state": "preparing", "percent": percent }))).into_response()
}
