use axum::{
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

/// Refuses what another site makes a visitor's browser send: the algorithm of Go's `http.CrossOriginProtection`.
/// Browsers say where a request comes from (`Sec-Fetch-Site`; before 2023 `Origin`); programs, which say neither, carry
/// nobody's cookies.
pub async fn same_site(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe || is_ours(request.headers()) {
        return next.run(request).await;
    }
    tracing::warn!("a request that came from another site was refused");
    (StatusCode::FORBIDDEN, "This came from another site and was not carried out.").into_response()
}

fn is_ours(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    match (text("sec-fetch-site"), text(header::ORIGIN.as_str())) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(_)) => names_us(headers),
        (None, None) => true,
    }
}

/// Whether `Origin` is there and names the host that was asked.
pub fn names_us(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == text(header::HOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asvs_3_5_1_other_sites_are_told_by_either_header() {
        let ours = |pairs: &[(&str, &str)]| {
            let mut all = vec![("host", "guests.example")];
            all.extend(pairs);
            is_ours(&all.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
        };
        assert!(ours(&[]));
        assert!(ours(&[("sec-fetch-site", "same-origin")]));
        assert!(ours(&[("sec-fetch-site", "same-origin"), ("origin", "null")]), "a form on a page without referrer");
        assert!(ours(&[("sec-fetch-site", "none")]));
        assert!(ours(&[("origin", "https://guests.example")]));
        for site in ["same-site", "cross-site", "", "same-origin, none"] {
            assert!(!ours(&[("sec-fetch-site", site), ("origin", "https://guests.example")]), "{site:?}");
        }
        for origin in ["null", "https://evil.example", "https://guests.example.evil.example", "guests.example", ""] {
            assert!(!ours(&[("origin", origin)]), "{origin:?}");
        }
    }
}
