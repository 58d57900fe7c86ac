use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use guestguard::{error::Error, problem::Problem};

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
        let mut response = (status, Json(&self.0)).into_response();
        if let Some(seconds) = self.0.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
