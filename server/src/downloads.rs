use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use guestguard::{
    backend::Backend,
    error::Error,
    events::ics,
    invitations::{self, Token},
    notifications::outbox,
    problem::Problem,
    rsvp,
};

use crate::refusal::Refusal;

/// `/i/{token}/event.ics`: the event for the guest's calendar.
pub async fn calendar(State(backend): State<Backend>, Path(token): Path<String>) -> Result<Response, Refusal> {
    let token = Token(token);
    let guest = invitations::queries::guest_of(&backend.db, &token).await?;
    let page = rsvp::queries::invitation_page(&backend, &guest).await?;
    let link = backend.links.invitation(&token.0);
    let file = ics::calendar_file(&page.event, &page.host_name, &backend.links, &link);
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"invitation.ics\""),
    ];
    Ok((StatusCode::OK, headers, file).into_response())
}

/// `/dev/inbox/{mail}/html`: a message as mail programs show it, for the outbox page's frame.
pub async fn outbox_mail(State(backend): State<Backend>, Path(mail): Path<String>) -> Result<Response, Refusal> {
    let folder = backend.mailer.outbox_folder().ok_or(Problem::NotFound)?;
    let raw = outbox::read(folder, &mail).await.map_err(Error::from)?.ok_or(Problem::NotFound)?;
    let message = mail_parser::MessageParser::default().parse(&raw).ok_or(Problem::NotFound)?;
    let html = message.body_html(0).ok_or(Problem::NotFound)?.into_owned();
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation",
        ),
    ];
    Ok((StatusCode::OK, headers, html).into_response())
}
