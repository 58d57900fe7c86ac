//! Accounts: sign-up, sign-in, sessions, lockout and reset.

use guestguard::problem::Problem;

use crate::support::{Actor, App, PASSWORD, Response, account_link, sign_up_of};

const SIGN_IN: [(&str, &str); 2] = [("form[email]", "ana@example.org"), ("form[password]", "correct horse battery")];

fn session_id(response: &Response) -> String {
    let cookie = response.header("set-cookie");
    cookie.split(';').next().unwrap().to_owned()
}

#[apply(app_test)]
async fn signing_in_brings_one_back_to_where_one_wanted_to_go(app: App) {
    app.host("Ana").await;
    let browser = app.anonymous();
    let page = browser.get("/sign-in?next=%2Fdashboard%2Fevents%2Fnew").await.ok();
    assert!(page.contains("name=\"next\" value=\"/dashboard/events/new\""));
    let next = |path| [SIGN_IN[0], SIGN_IN[1], ("next", path)];
    let response = browser.post("/api/auth/sign-in", "/sign-in", &next("/dashboard/events/new")).await;
    assert_eq!(response.location(), "/dashboard/events/new");
    for evil in ["https://evil.example/", "//evil.example", "/\\evil.example", "dashboard", "/a\r\nset-cookie: x=y"] {
        assert_eq!(
            browser.post("/api/auth/sign-in", "/sign-in", &next(evil)).await.location(),
            "/dashboard",
            "{evil:?}"
        );
    }
}

#[apply(app_test)]
async fn the_session_gets_a_new_id_at_sign_in_and_ends_at_sign_out(app: App) {
    app.host("Ana").await;
    let browser = app.anonymous();
    // A rejected form creates a session before anybody is signed in.
    let before = session_id(&browser.post("/api/auth/sign-in", "/sign-in", &[("form[email]", "x")]).await);
    let signed_in = browser.post("/api/auth/sign-in", "/sign-in", &SIGN_IN).await;
    let after = session_id(&signed_in);
    assert!(!before.is_empty() && before != after, "{before} {after}");
    let cookie = signed_in.header("set-cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"), "{cookie}");
    browser.get("/dashboard").await.ok();
    assert_eq!(browser.post("/api/auth/sign-out", "/dashboard", &[]).await.location(), "/sign-in");
    assert_eq!(browser.get("/dashboard").await.status, 303);
    let stale = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    for cookie in [before, after] {
        let page =
            stale.get(format!("http://{}/dashboard", app.address)).header("cookie", cookie).send().await.unwrap();
        assert_eq!(page.status(), 303, "an old session id opens nothing");
    }
}

#[apply(app_test)]
async fn a_wrong_password_and_an_unknown_address_read_alike(app: App) {
    app.host("Ana").await;
    let mut pages = Vec::new();
    for email in ["ana@example.org", "eve@example.org"] {
        let fields = [("form[email]", email), ("form[password]", "wrong horse battery")];
        let page = app.anonymous().post_and_follow("/api/auth/sign-in", "/sign-in", &fields).await.ok();
        assert!(page.contains("don't match") || page.contains("don&#x27;t match"));
        let nonce = page.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        pages.push(page.replace(email, "…").replace(&nonce, "…"));
    }
    assert_eq!(pages[0], pages[1]);
}

#[apply(app_test)]
async fn the_whole_account_flow(app: App) {
    let ana = app.anonymous();
    let email = "ana@example.org";
    let post =
        async |endpoint: &str, back: &str, fields: &[(&str, &str)]| ana.post(endpoint, back, fields).await.location();
    assert_eq!(post("/api/auth/sign-up", "/sign-up", &sign_up_of(email)).await, "/sign-in");
    assert_eq!(ana.get("/me").await.status, 401);
    app.work().await;
    let verify = account_link(&app.emails(email).await[0]);
    for _ in 0..3 {
        assert!(ana.get(&verify).await.ok().contains("Verify your email"), "opening the page does not use the link");
    }
    let token = verify.rsplit('/').next().unwrap();
    assert_eq!(post("/api/auth/verify", &verify, &[("token", token)]).await, "/sign-in");
    assert_eq!(ana.get(&verify).await.status, 410);
    assert_eq!(ana.sign_in(email, PASSWORD).await.location(), "/dashboard");
    let me: serde_json::Value = serde_json::from_str(&ana.get("/me").await.ok()).unwrap();
    assert_eq!((me["email"].as_str(), me["verified"].as_bool()), (Some(email), Some(true)));

    let location = post("/api/auth/request-reset", "/forgot", &[("form[email]", email)]).await;
    assert_eq!(location, "/forgot");
    app.work().await;
    let reset = account_link(&app.emails(email).await[0]);
    let browser = app.anonymous();
    let fields = [("token", reset.rsplit('/').next().unwrap()), ("form[password]", "seven violet umbrellas")];
    assert_eq!(browser.post("/api/auth/reset", &reset, &fields).await.location(), "/dashboard");
    browser.get("/dashboard").await.ok();
    assert_eq!(ana.get("/dashboard").await.status, 303, "all other browsers are signed out");
    let out = browser.post("/api/auth/sign-out", "/dashboard", &[]).await;
    assert_eq!(out.header("clear-site-data"), "\"cache\", \"storage\"");
    assert_eq!(browser.get("/me").await.status, 401);
    assert_eq!(browser.sign_in(email, PASSWORD).await.location(), "/sign-in");
    assert_eq!(browser.sign_in(email, "seven violet umbrellas").await.location(), "/dashboard");
}

#[apply(app_test)]
async fn lockout_and_its_release_by_reset_only(app: App) {
    let ana = app.host("Ana").await;
    let eve = app.anonymous();
    let guess = async |email: &str| {
        eve.fetch("/api/auth/sign-in", &[("form[email]", email), ("form[password]", "wrong")]).await
    };
    for email in ["ana@example.org", "nobody@example.org"] {
        for _ in 0..4 {
            assert_eq!(guess(email).await.status, 422, "{email}");
        }
        for _ in 0..3 {
            let locked = guess(email).await;
            assert_eq!((locked.status.as_u16(), locked.problem()), (423, Problem::Locked), "{email}");
        }
    }
    assert_eq!(eve.sign_in("ana@example.org", PASSWORD).await.location(), "/sign-in");
    ana.get("/dashboard").await.ok();
    app.work().await;
    let emails = app.emails("ana@example.org").await;
    let locked: Vec<_> = emails.iter().filter(|text| text.contains("five failed sign-ins")).collect();
    assert_eq!(locked.len(), 1, "one email per lock");
    let link = account_link(locked[0]);
    let fields = [("token", link.rsplit('/').next().unwrap()), ("form[password]", "seven violet umbrellas")];
    assert_eq!(eve.post("/api/auth/reset", &link, &fields).await.location(), "/dashboard");
    assert!(app.emails("nobody@example.org").await.is_empty());
}

#[apply(app_test)]
async fn asvs_6_3_8_known_and_unknown_addresses_get_the_same_responses(app: App) {
    app.host("Ana").await;
    let eve = app.anonymous();
    type Form = fn(&str) -> Vec<(&str, &str)>;
    let forms: [(&str, &str, Form); 3] = [
        ("/api/auth/sign-up", "/sign-up", |email| sign_up_of(email).to_vec()),
        ("/api/auth/sign-in", "/sign-in", |email| {
            vec![("form[email]", email), ("form[password]", "wrong horse battery")]
        }),
        ("/api/auth/request-reset", "/forgot", |email| vec![("form[email]", email)]),
    ];
    for (endpoint, back, form) in forms {
        let mut responses = Vec::new();
        for email in ["ana@example.org", "eve@example.org"] {
            let fetched = eve.fetch(endpoint, &form(email)).await;
            let page = page_after(&eve, endpoint, back, &form(email)).await.replace(email, "…");
            responses.push((fetched.status, fetched.body, page));
        }
        assert_eq!(responses[0], responses[1], "{endpoint}");
    }
}

async fn page_after(actor: &Actor, endpoint: &str, back: &str, form: &[(&str, &str)]) -> String {
    let page = actor.post_and_follow(endpoint, back, form).await.ok();
    let nonce = page.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    page.replace(&nonce, "…")
}
