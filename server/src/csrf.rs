//! CSRF protection: rejects unsafe requests that another site made a browser send.

use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The algorithm of Go's `http.CrossOriginProtection`. Browsers send `Sec-Fetch-Site`, before 2023 `Origin`; programs
/// send neither, and no cookies of a visitor.
pub async fn protect(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_trusted(request.headers()) {
        return next.run(request).await;
    }
    tracing::warn!("a cross-site request was rejected");
    (StatusCode::FORBIDDEN, "This came from another site and was not carried out.").into_response()
}

fn is_trusted(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(_)) => is_same_origin(headers),
        (None, None) => true,
    }
}

/// Whether `Origin` is present and names the requested host.
pub fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == text(header::HOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_3_5_1_either_header_identifies_another_site() {
        let trusted = |pairs: &[(&str, &str)]| {
            let mut all = vec![("host", "guests.example")];
            all.extend(pairs);
            is_trusted(&all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
        };
        assert!(trusted(&[]));
        assert!(trusted(&[("sec-fetch-site", "same-origin")]));
        assert!(trusted(&[("sec-fetch-site", "same-origin"), ("origin", "null")]), "a form on a page without referrer");
        assert!(trusted(&[("sec-fetch-site", "none")]));
        assert!(trusted(&[("origin", "https://guests.example")]));
        for site in ["same-site", "cross-site", "", "same-origin, none"] {
            assert!(!trusted(&[("sec-fetch-site", site), ("origin", "https://guests.example")]), "{site:?}");
        }
        for origin in ["null", "https://evil.example", "https://guests.example.evil.example", "guests.example", ""] {
            assert!(!trusted(&[("origin", origin)]), "{origin:?}");
        }
    }
}
