use app::{
    ssr::Asked,
    ui::flash::{Flash, Notice},
};
use axum::{
    Json,
    body::Body,
    extract::{Extension, Form, Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use guestguard::{
    auth::Host,
    backend::Backend,
    error::Error,
    invitations::{self, Token},
    privacy::{
        DeletionForm, actions,
        export::{self, Format, Prepared},
        held,
    },
    problem::{Conflict, Problem},
    rate_limits::Limit,
};
use serde_json::json;
use tower_sessions::Session;

use crate::{
    downloads::{attachment, stored},
    refusal::Refusal,
};

/// What an account's data are wanted as.
#[derive(serde::Deserialize)]
pub struct Wanted {
    #[serde(default)]
    format: String,
}

/// `POST /dashboard/account/export`: everything that the account keeps, as an archive or as JSON, or the archive that was
/// prepared before. A post, because it is written down.
pub async fn download(
    State(backend): State<Backend>,
    session: Session,
    Extension(Asked(host)): Extension<Asked>,
    Form(Wanted { format }): Form<Wanted>,
) -> Result<Response, Refusal> {
    let host = host?;
    backend.rate_limits.check(Limit::Exports, &host.id().to_string()).await?;
    if format == "prepared" {
        return prepared(&backend, &host).await;
    }
    match made(&backend, &host, &format).await {
        // One click is enough: what is too much for now is made for later.
        Err(Refusal(Problem::Conflict(Conflict::ExportToPrepare))) => {
            export::ask(&backend, &host).await?;
            if let Err(cause) = Flash::keep_notice(&session, Notice::ExportAsked).await {
                tracing::warn!(%cause, "a notice could not be kept");
            }
            Ok(Redirect::to("/dashboard/account#data").into_response())
        }
        answer => answer,
    }
}

/// `GET /me/data-export`: the same for programs, `?format=zip` or JSON. Where it is too much for that, the archive that
/// was asked for; 202 while it is made, 409 where nobody asked.
pub async fn data_export(
    State(backend): State<Backend>,
    session: Session,
    Query(Wanted { format }): Query<Wanted>,
) -> Result<Response, Refusal> {
    let host = signed_in(&backend, &session, Limit::Exports).await?;
    match made(&backend, &host, &format).await {
        Err(Refusal(Problem::Conflict(Conflict::ExportToPrepare))) => match export::prepared(&backend, &host).await? {
            Some(Prepared { ready_at: Some(_), .. }) => prepared(&backend, &host).await,
            Some(Prepared { percent, .. }) => Ok(making(percent)),
            None => Err(Problem::Conflict(Conflict::ExportToPrepare).into()),
        },
        answer => answer,
    }
}

/// `POST /me/data-export`: asks for the archive to be prepared.
pub async fn ask_for_export(State(backend): State<Backend>, session: Session) -> Result<Response, Refusal> {
    let host = signed_in(&backend, &session, Limit::Exports).await?;
    export::ask(&backend, &host).await?;
    Ok(making(0))
}

/// `DELETE /me` with `{"confirmation": "<the account's address>"}`: deletes the account.
pub async fn delete_account(
    State(backend): State<Backend>,
    session: Session,
    Json(form): Json<DeletionForm>,
) -> Result<Response, Refusal> {
    let host = signed_in(&backend, &session, Limit::Account).await?;
    actions::delete_account(&backend, &host, &form).await?;
    if let Err(cause) = session.flush().await {
        tracing::warn!(%cause, "the session of a deleted account leads nowhere, but could not be removed");
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /i/{token}/data.json`: what is held about the guest.
pub async fn of_guest(State(backend): State<Backend>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let token = Token(token);
    let guest = invitations::queries::guest_of(&backend.db, &token).await?;
    backend.rate_limits.check(Limit::OpenLink, &token.0).await?;
    let (held, _) = held::held(&backend, &guest).await?;
    let text = serde_json::to_string_pretty(&held).map_err(|cause| Error::Unexpected(cause.into()))?;
    Ok(attachment("my-data", "json", Body::from(text)))
}

async fn signed_in(backend: &Backend, session: &Session, limit: Limit) -> Result<Host, Refusal> {
    let host = app::ssr::host_of(backend, session).await?.ok_or(Problem::SignInRequired)?;
    backend.rate_limits.check(limit, &host.id().to_string()).await?;
    Ok(host)
}

async fn made(backend: &Backend, host: &Host, format: &str) -> Result<Response, Refusal> {
    let (format, kind) = match format {
        "zip" => (Format::Zip, "zip"),
        _ => (Format::Json, "json"),
    };
    Ok(stored("guestguard-data", kind, export::export(backend, host, format).await?))
}

async fn prepared(backend: &Backend, host: &Host) -> Result<Response, Refusal> {
    use futures::TryStreamExt;
    let parts = export::parts(backend, host).await?.map_err(|error| std::io::Error::other(error.into_cause()));
    Ok(attachment("guestguard-data", "zip", Body::from_stream(parts)))
}

fn making(percent: i64) -> Response {
    (StatusCode::ACCEPTED, Json(json!({ "state": "preparing", "percent": percent }))).into_response()
}
