use std::pin::Pin;

use app::ssr::Refused;
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

use crate::forms;

/// Draws a page of the app.
pub trait Draw: Fn(Request) -> Drawn + Clone + Send + Sync + 'static {}
impl<F: Fn(Request) -> Drawn + Clone + Send + Sync + 'static> Draw for F {}
/// A page that is being drawn.
pub type Drawn = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// Shows people a page where a plain route refuses what they asked: scripts get the problem itself.
pub async fn as_page<D: Draw>(State(draw): State<D>, request: Request, next: Next) -> Response {
    if !forms::accepts_pages(request.headers()) {
        return next.run(request).await;
    }
    let uri = request.uri().clone();
    let mut response = next.run(request).await;
    let Some(refused) = response.extensions_mut().remove::<Refused>() else { return response };
    let mut page = Request::new(Body::empty());
    *page.method_mut() = Method::GET;
    *page.uri_mut() = uri;
    page.extensions_mut().insert(refused);
    draw(page).await
}

/// The answer of a plain route that cannot do what was asked.
pub struct Refusal(pub Problem);

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match app::ssr::reply::<()>(Err(error)) {
            Ok(()) => Self(Problem::NotFound),
            Err(problem) => Self(problem),
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = match &self.0 {
            // Spelled out for scripts that know no Rust: what is reached, and where more is to be had.
            Problem::UpgradeRequired { reason, tier, used, limit } => {
                let spelled = json!({
                    "error": "upgrade_required", "reason": reason, "tier": tier, "used": used, "limit": limit,
                    "upgrade_url": app::billing::PAGE,
                });
                (status, Json(spelled)).into_response()
            }
            problem => (status, Json(problem)).into_response(),
        };
        response.extensions_mut().insert(Refused(self.0.clone()));
        if let Some(seconds) = self.0.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
