//! What every answer says to the browser.

use std::collections::BTreeSet;

use sqlx::PgPool;

use crate::support::{Answer, App, PASSWORD, Settings};

/// One answer of every kind: each page that the router lists, files, refusals, and what is not a page.
async fn answers(app: &App) -> Vec<(String, Answer)> {
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
    let mut answers = Vec::new();
    for path in paths {
        let answer = eve.get(&path).await;
        answers.push((path, answer));
    }
    let refused = eve.fetch_with(&[("origin", "https://evil.example")], "/api/auth/sign-out", &[]).await;
    assert_eq!(refused.status, 403);
    let long = eve.fetch("/api/auth/sign-in", &[("form[email]", &"x".repeat(9000))]).await;
    assert_eq!(long.status, 413);
    answers.push(("from another site".into(), refused));
    answers.push(("too long".into(), long));
    answers.push(("form".into(), eve.post("/api/auth/sign-in", "/sign-in", &[]).await));
    answers.push(("fetch".into(), eve.fetch("/api/auth/sign-in", &[]).await));
    answers.push(("unknown function".into(), eve.fetch("/api/nothing", &[]).await));
    answers
}

#[apply(app_test)]
async fn asvs_3_4_1_every_answer_carries_the_headers_that_protect(db: PgPool) {
    let app = App::start_with(db, Settings { https: true, ..Settings::default() }).await;
    let statuses: BTreeSet<u16> = answers(&app)
        .await
        .iter()
        .map(|(what, answer)| {
            for (name, value) in [
                ("strict-transport-security", "max-age=31536000; includeSubDomains"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
                ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
            ] {
                assert_eq!(answer.header(name), value, "{what}: {name}");
            }
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{what}: {policy}");
            assert_eq!(answer.header("access-control-allow-origin"), "", "{what}");
            let kind = answer.header("content-type");
            assert!(
                !kind.starts_with("text/") || kind.contains("charset=utf-8") || kind == "text/css",
                "{what}: {kind}"
            );
            assert!(!kind.is_empty() || answer.body.is_empty(), "{what} does not say what it is");
            let kept = answer.header("cache-control");
            assert!(kept == "no-store" || what.contains('.') && kept.starts_with("public"), "{what}: {kept}");
            answer.status.as_u16()
        })
        .collect();
    assert!([200, 303, 401, 403, 404, 413, 422].iter().all(|status| statuses.contains(status)), "{statuses:?}");
}

#[apply(app_test)]
async fn asvs_3_4_3_each_page_has_a_nonce_of_its_own_on_all_its_scripts_and_no_inline_style(app: App) {
    let mut nonces = BTreeSet::new();
    let mut pages = 0;
    for (what, answer) in answers(&app).await {
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        pages += 1;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("object-src 'none'") && policy.contains("base-uri 'none'"), "{what}: {policy}");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        assert!(nonce.len() >= 22 && nonces.insert(nonce.to_owned()), "{what}: {nonce}");
        assert!(!answer.body.contains(" style=") && !answer.body.contains("<style"), "{what}: inline styles");
        let scripts = answer.body.matches("<script").count();
        assert_eq!(answer.body.matches(&format!("nonce=\"{nonce}\"")).count(), scripts, "{what}");
        for event in [" onclick=", " onload=", " onerror=", "javascript:"] {
            assert!(!answer.body.contains(event), "{what}: {event}");
        }
    }
    assert!(pages > 10);
}

#[apply(app_test)]
async fn asvs_3_3_1_cookies_are_for_this_host_alone_and_not_for_scripts(db: PgPool) {
    let app = App::start_with(db, Settings { https: true, ..Settings::default() }).await;
    let ana = app.host("Ana").await;
    for answer in [ana.sign_in("ana@example.org", PASSWORD).await, ana.sign_in("ana@example.org", "wrong").await] {
        let cookie = answer.header("set-cookie");
        let mut parts: Vec<&str> = cookie.split("; ").collect();
        let (name, id) = parts.remove(0).split_once('=').unwrap();
        assert_eq!(name, "__Host-gg");
        assert!(id.len() >= 22, "128 bits: {id}");
        for flag in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(parts.contains(&flag), "{flag}: {cookie}");
        }
        assert!(!parts.iter().any(|part| part.starts_with("Domain")), "{cookie}");
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
    }
}

#[apply(app_test)]
async fn pages_come_packed_to_who_can_unpack_them(app: App) {
    let ask = async |accepts: &'static str| {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.get(format!("http://{}/terms", app.address)).header("accept-encoding", accepts);
        let answer = request.send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (header("content-encoding"), header("vary").unwrap_or_default(), answer.bytes().await.unwrap().len())
    };
    let (none, _, whole) = ask("identity").await;
    assert_eq!(none, None);
    for packing in ["gzip", "br"] {
        let (packed, vary, length) = ask(packing).await;
        assert_eq!(packed.as_deref(), Some(packing));
        assert!(vary.to_lowercase().contains("accept-encoding"), "{vary}");
        assert!(length * 3 < whole * 2, "{length} of {whole} bytes");
    }
}
