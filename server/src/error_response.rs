//! Error responses of plain routes: JSON for scripts, a rendered page for browsers.

use std::pin::Pin;

use app::ssr::PageProblem;
use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use guestguard::{error::Error, problem::Problem};
use serde_json::json;

use crate::http::accepts_html;

/// Renders the app's page for a request.
pub trait RenderError: Fn(Request) -> Rendering + Clone + Send + Sync + 'static {}
impl<F: Fn(Request) -> Rendering + Clone + Send + Sync + 'static> RenderError for F {}
/// A page being rendered.
pub type Rendering = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// Replaces an [`ErrorResponse`] by a page if a browser asked; scripts get the problem as JSON.
pub async fn as_page<R: RenderError>(State(render): State<R>, request: Request, next: Next) -> Response {
    if !accepts_html(request.headers()) {
        return next.run(request).await;
    }
    let uri = request.uri().clone();
    let mut response = next.run(request).await;
    let Some(problem) = response.extensions_mut().remove::<PageProblem>() else { return response };
    let mut page = Request::new(Body::empty());
    *page.method_mut() = Method::GET;
    *page.uri_mut() = uri;
    page.extensions_mut().insert(problem);
    render(page).await
}

/// A problem as the response of a plain route.
pub struct ErrorResponse(pub Problem);

impl From<Error> for ErrorResponse {
    fn from(error: Error) -> Self {
        match app::ssr::reply::<()>(Err(error)) {
            Ok(()) => Self(Problem::NotFound),
            Err(problem) => Self(problem),
        }
    }
}

impl From<Problem> for ErrorResponse {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match &self.0 {
            // Flat JSON for scripts: which limit was reached, and where to upgrade.
            Problem::UpgradeRequired { reason, tier, used, limit } => {
                let body = json!({
                    "error": "upgrade_required", "reason": reason, "tier": tier, "used": used, "limit": limit,
                    "upgrade_url": app::billing::PAGE,
                });
                (status, Json(body)).into_response()
            }
            problem => (status, Json(problem)).into_response(),
        };
        response.extensions_mut().insert(PageProblem(self.0.clone()));
        if let Some(seconds) = self.0.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
