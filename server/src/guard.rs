use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use guestguard::backend::Backend;
use tower_sessions::Session;

use crate::refusal::Refusal;

/// Lets only signed-in hosts through to the dashboard; others sign in first and come back to where they wanted to go.
pub async fn dashboard(State(backend): State<Backend>, session: Session, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if path != "/dashboard" && !path.starts_with("/dashboard/") {
        return next.run(request).await;
    }
    match app::ssr::host_of(&backend, &session).await {
        Ok(Some(_)) => next.run(request).await,
        Ok(None) if request.method() == Method::GET => {
            let wanted = request.uri().path_and_query().map_or("/dashboard", |path| path.as_str());
            Redirect::to(&sign_in(wanted)).into_response()
        }
        Ok(None) => Refusal(guestguard::problem::Problem::SignInRequired).into_response(),
        // The page asks again, and tells what is wrong as a page does.
        Err(_) => next.run(request).await,
    }
}

/// The sign-in page that leads on to `next`.
pub fn sign_in(next: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("/sign-in?{query}")
}
