//! HTTP headers of all responses.

use std::collections::BTreeSet;

use sqlx::PgPool;

use crate::support::{App, PASSWORD, Response, Settings};

/// One response of each kind: all pages of the router, files, errors and APIs.
async fn responses(app: &App) -> Vec<(String, Response)> {
    let eve = app.anonymous();
    let package = std::fs::read_to_string("../target/site/pkg.txt").unwrap();
    let mut paths: Vec<String> = leptos_axum::generate_route_list(app::App)
        .iter()
        .map(|route| route.path().replace("{token}", "never-issued").replace(['{', '}'], ""))
        .collect();
    paths.extend(
        ["/nothing", "/livez", "/readyz", "/me", "/i/x/event.ics", "/ws/events/x", "/favicon.svg"].map(str::to_owned),
    );
    paths.push(format!("/{}/guestguard.css", package.trim()));
    let mut responses = Vec::new();
    for path in paths {
        let response = eve.get(&path).await;
        responses.push((path, response));
    }
    let rejected = eve.fetch_with(&[("origin", "https://evil.example")], "/api/auth/sign-out", &[]).await;
    assert_eq!(rejected.status, 403);
    let long = eve.fetch("/api/auth/sign-in", &[("form[email]", &"x".repeat(9000))]).await;
    assert_eq!(long.status, 413);
    responses.push(("from another site".into(), rejected));
    responses.push(("too long".into(), long));
    responses.push(("form".into(), eve.post("/api/auth/sign-in", "/sign-in", &[]).await));
    responses.push(("fetch".into(), eve.fetch("/api/auth/sign-in", &[]).await));
    responses.push(("unknown function".into(), eve.fetch("/api/nothing", &[]).await));
    responses
}

#[apply(app_test)]
async fn asvs_3_4_1_every_response_has_the_security_headers(db: PgPool) {
    let app = App::start_with(db, Settings { https: true, ..Settings::default() }).await;
    let statuses: BTreeSet<u16> = responses(&app)
        .await
        .iter()
        .map(|(what, response)| {
            for (name, value) in [
                ("strict-transport-security", "max-age=31536000; includeSubDomains"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
                ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
            ] {
                assert_eq!(response.header(name), value, "{what}: {name}");
            }
            let policy = response.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{what}: {policy}");
            assert_eq!(response.header("access-control-allow-origin"), "", "{what}");
            let kind = response.header("content-type");
            assert!(
                !kind.starts_with("text/") || kind.contains("charset=utf-8") || kind == "text/css",
                "{what}: {kind}"
            );
            assert!(!kind.is_empty() || response.body.is_empty(), "{what} has no content type");
            let caching = response.header("cache-control");
            assert!(caching == "no-store" || what.contains('.') && caching.starts_with("public"), "{what}: {caching}");
            response.status.as_u16()
        })
        .collect();
    assert!([200, 303, 401, 403, 404, 413, 422].iter().all(|status| statuses.contains(status)), "{statuses:?}");
}

#[apply(app_test)]
async fn asvs_3_4_3_each_page_has_a_unique_nonce_on_all_scripts_and_no_inline_styles(app: App) {
    let mut nonces = BTreeSet::new();
    let mut pages = 0;
    for (what, response) in responses(&app).await {
        if !response.header("content-type").starts_with("text/html") {
            continue;
        }
        pages += 1;
        let policy = response.header("content-security-policy");
        assert!(policy.contains("object-src 'none'") && policy.contains("base-uri 'none'"), "{what}: {policy}");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert!(nonce.len() >= 22 && nonces.insert(nonce.to_owned()), "{what}: {nonce}");
        assert!(!response.body.contains(" style=") && !response.body.contains("<style"), "{what}: inline styles");
        let scripts = response.body.matches("<script").count();
        assert_eq!(response.body.matches(&format!("nonce=\"{nonce}\"")).count(), scripts, "{what}");
        for event in [" onclick=", " onload=", " onerror=", "javascript:"] {
            assert!(!response.body.contains(event), "{what}: {event}");
        }
    }
    assert!(pages > 10);
}

#[apply(app_test)]
async fn asvs_3_3_1_cookies_are_for_this_host_alone_and_not_for_scripts(db: PgPool) {
    let app = App::start_with(db, Settings { https: true, ..Settings::default() }).await;
    let ana = app.host("Ana").await;
    for response in [ana.sign_in("ana@example.org", PASSWORD).await, ana.sign_in("ana@example.org", "wrong").await] {
        let cookie = response.header("set-cookie");
        let mut parts: Vec<&str> = cookie.split("; ").collect();
        let (name, id) = parts.remove(0).split_once('=').unwrap();
        assert_eq!(name, "__Host-gg");
        assert!(id.len() >= 22, "128 bits: {id}");
        for flag in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(parts.contains(&flag), "{flag}: {cookie}");
        }
        assert!(!parts.iter().any(|part| part.starts_with("Domain")), "{cookie}");
        assert_eq!(response.headers.get_all("set-cookie").iter().count(), 1);
    }
}

#[apply(app_test)]
async fn pages_are_compressed_for_browsers_that_accept_it(app: App) {
    let get = async |accepts: &'static str| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("http://{}/terms", app.address)).header("accept-encoding", accepts);
        let response = request.send().await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (header("content-encoding"), header("vary").unwrap_or_default(), response.bytes().await.unwrap().len())
    };
    let (none, _, whole) = get("identity").await;
    assert_eq!(none, None);
    for encoding in ["gzip", "br"] {
        let (encoded, vary, length) = get(encoding).await;
        assert_eq!(encoded.as_deref(), Some(encoding));
        assert!(vary.to_lowercase().contains("accept-encoding"), "{vary}");
        assert!(length * 3 < whole * 2, "{length} of {whole} bytes");
    }
}
