//! Everything between the internet and a host's guest list.

use std::{collections::BTreeSet, time::Duration};

use guestguard::{
    limits::{Limit, Rate},
    problem::Problem,
};
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Actor, App, PASSWORD, Settings, account_link};

fn limited(limit: Limit, calls: u32) -> Settings {
    let mut settings = Settings::default();
    settings.limits.retain(|(other, _)| *other != limit);
    settings.limits.push((limit, Rate { calls, seconds: 60 }));
    settings
}

fn sign_up_of(email: &str) -> [(&str, &str); 3] {
    [("form[name]", "Eve"), ("form[email]", email), ("form[password]", PASSWORD)]
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn sign_up_is_limited_by_network(db: PgPool) {
    let app = App::start_with(db, limited(Limit::SignUp, 3)).await;
    let eve = app.anonymous();
    for n in 0..3 {
        let email = format!("eve{n}@example.org");
        assert_eq!(eve.post("/api/auth/sign-up", "/sign-up", &sign_up_of(&email)).await.location(), "/sign-in");
    }
    let refused = eve.fetch("/api/auth/sign-up", &sign_up_of("eve3@example.org")).await;
    assert_eq!(refused.status, 429);
    let Problem::TooManyRequests { retry_after } = refused.problem() else { panic!("{}", refused.body) };
    assert_eq!(refused.header("retry-after"), retry_after.to_string());
    let page = eve.post_and_follow("/api/auth/sign-up", "/sign-up", &sign_up_of("eve3@example.org")).await.ok();
    assert!(page.contains("Try again in") && page.contains("eve3@example.org"), "told in words, and the form is kept");
    assert_eq!(app.count("select count(*) from users").await, 3);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn asvs_4_1_3_a_forged_forwarded_header_does_not_help(db: PgPool) {
    let app = App::start_with(db, limited(Limit::AccountMail, 1)).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |forwarded: &str| {
        let request = client
            .post(format!("http://{}/api/auth/ask-for-reset", app.address))
            .header("accept", "application/json")
            .header("x-forwarded-for", forwarded)
            .form(&[("form[email]", "eve@example.org")]);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("1.1.1.1").await, 200);
    assert_eq!(ask("2.2.2.2").await, 429);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn behind_a_proxy_each_client_has_its_own_limit(db: PgPool) {
    let settings = Settings { proxies: 1, ..limited(Limit::AccountMail, 1) };
    let app = App::start_with(db, settings).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async |forwarded: &str| {
        let request = client
            .post(format!("http://{}/api/auth/ask-for-reset", app.address))
            .header("accept", "application/json")
            .header("x-forwarded-for", forwarded)
            .form(&[("form[email]", "eve@example.org")]);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask("6.6.6.6, 1.1.1.1").await, 200);
    assert_eq!(ask("7.7.7.7, 1.1.1.1").await, 429, "what the client wrote itself is not believed");
    assert_eq!(ask("6.6.6.6, 2.2.2.2").await, 200);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn an_invitation_opened_too_often_says_how_long_to_wait(db: PgPool) {
    let app = App::start_with(db, limited(Limit::OpenLink, 2)).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Aunt Matilda").await;
    ana.invite_all(event).await;
    let link = ana.link(event, ana.guests(event, "Matilda").await[0]).await;
    for _ in 0..2 {
        app.anonymous().get(&link).await.ok();
    }
    let page = app.anonymous().get(&link).await;
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert!(page.body.contains("Try again in"));
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn the_whole_account_flow(db: PgPool) {
    let app = App::start(db).await;
    let ana = app.anonymous();
    let email = "ana@example.org";
    let post =
        async |endpoint: &str, back: &str, fields: &[(&str, &str)]| ana.post(endpoint, back, fields).await.location();
    assert_eq!(post("/api/auth/sign-up", "/sign-up", &sign_up_of(email)).await, "/sign-in");
    assert_eq!(ana.get("/me").await.status, 401);
    app.work().await;
    let verify = account_link(&app.mails(email).await[0]);
    for _ in 0..3 {
        assert!(ana.get(&verify).await.ok().contains("Is this your address?"), "looking uses nothing up");
    }
    let token = verify.rsplit('/').next().unwrap();
    assert_eq!(post("/api/auth/verify", &verify, &[("token", token)]).await, "/sign-in");
    assert_eq!(ana.get(&verify).await.status, 410);
    assert_eq!(ana.sign_in(email, PASSWORD).await.location(), "/dashboard");
    let me: serde_json::Value = serde_json::from_str(&ana.get("/me").await.ok()).unwrap();
    assert_eq!((me["email"].as_str(), me["verified"].as_bool()), (Some(email), Some(true)));

    let asked = post("/api/auth/ask-for-reset", "/forgot", &[("form[email]", email)]).await;
    assert_eq!(asked, "/forgot");
    app.work().await;
    let reset = account_link(&app.mails(email).await[0]);
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

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn lockout_and_its_release_by_reset_only(db: PgPool) {
    let app = App::start(db).await;
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
    let mails = app.mails("ana@example.org").await;
    let locked: Vec<_> = mails.iter().filter(|mail| mail.contains("five wrong passwords")).collect();
    assert_eq!(locked.len(), 1, "one mail a lock");
    let link = account_link(locked[0]);
    let fields = [("token", link.rsplit('/').next().unwrap()), ("form[password]", "seven violet umbrellas")];
    assert_eq!(eve.post("/api/auth/reset", &link, &fields).await.location(), "/dashboard");
    assert!(app.mails("nobody@example.org").await.is_empty());
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn asvs_3_5_1_what_other_sites_send_changes_nothing(db: PgPool) {
    let app = App::start(db).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await.to_string();
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ] {
        let refused = ana.post_with(headers, "/api/events/cancel", &[("event", &event)]).await;
        assert_eq!(refused.status, 403, "{headers:?}");
    }
    assert_eq!(app.count("select count(*) from events where cancelled_at is not null").await, 0);
    let ours = [("sec-fetch-site", "same-origin"), ("origin", "null")];
    assert_eq!(ana.post_with(&ours, "/api/events/cancel", &[("event", &event)]).await.status, 303);
}

/// Every server function, by its path: asked of the registry, so that a new one without a case here fails.
#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn every_server_function_keeps_strangers_out(db: PgPool) {
    let app = App::start(db).await;
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>\nAunt Matilda").await;
    ana.invite_all(event).await;
    let guest = ana.guests(event, "Ada").await[0];
    let session: uuid::Uuid = sqlx::query_scalar(
        "select s.id from sessions s join users u on u.id = user_id where email = 'ana@example.org'",
    )
    .fetch_one(&app.backend.db)
    .await
    .unwrap();
    let (event, guest, session) = (event.to_string(), guest.to_string(), session.to_string());
    let theirs = [
        ("event", &*event),
        ("guest", &*guest),
        ("ids[]", &*guest),
        ("session", &*session),
        ("token", "never-issued"),
        ("form[name]", "Mallory"),
        ("form[text]", "Mallory"),
        ("form[title]", "Mallory"),
        ("form[starts]", "2099-06-20T18:30"),
        ("form[time_zone]", "Europe/Berlin"),
    ];
    // What everybody may call. A stranger who brings nothing of their own is told so.
    let open = BTreeSet::from([
        "/api/auth/sign-up",
        "/api/auth/sign-in",
        "/api/auth/ask-for-reset",
        "/api/auth/reset",
        "/api/auth/verify",
        "/api/auth/agree-to-new-address",
        "/api/rsvp/answer",
    ]);
    // What concerns the caller's own account or list only, so that there is nothing of another's to find.
    let own = BTreeSet::from([
        "/api/auth/sign-out",
        "/api/auth/ask-for-verification",
        "/api/auth/change-password",
        "/api/auth/change-address",
        "/api/auth/end-other-sessions",
        "/api/events/create",
        "/api/guests/read-paste",
        // Answers 409: whoever undoes must have deleted.
        "/api/guests/restore",
    ]);
    let before = snapshot(&app).await;
    let paths: BTreeSet<String> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned()).collect();
    assert!(paths.len() > 25, "{paths:?}");
    for path in &paths {
        let anonymous = app.anonymous().fetch(path, &theirs).await.status.as_u16();
        match path.as_str() {
            path if open.contains(path) => assert!(matches!(anonymous, 404 | 410 | 422), "{path}: {anonymous}"),
            path if own.contains(path) => assert_eq!(anonymous, 401, "{path}"),
            path => {
                let foreign = ben.fetch(path, &theirs).await;
                assert_eq!((anonymous, foreign.status.as_u16()), (401, 404), "{path}");
                assert_eq!(foreign.problem(), Problem::NotFound, "{path}");
                let ids = [&*event, &*guest, &*session];
                let nowhere = theirs.map(|(name, value)| (name, if ids.contains(&value) { NOWHERE } else { value }));
                let missing = ben.fetch(path, &nowhere).await;
                assert_eq!(missing.body, foreign.body, "{path}: foreign and missing read alike");
            }
        }
        let got = app.anonymous().get(path).await;
        assert!(matches!(got.status.as_u16(), 404 | 405), "{path} answers GET with {}", got.status);
    }
    assert_eq!(snapshot(&app).await, before, "nothing of Ana's was written");
}

const NOWHERE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// What a stranger must not change.
async fn snapshot(app: &App) -> String {
    sqlx::query_scalar(
        "select concat(
            (select string_agg(e::text, '' order by e.id) from events e join users u on u.id = host_id and email = 'ana@example.org'),
            (select string_agg(g::text, '' order by g.id) from guests g),
            (select string_agg(i.id::text || coalesce(i.ended_at::text, ''), '' order by i.id) from invitations i),
            (select string_agg(r::text, '') from rsvps r),
            (select string_agg(u.name || u.email || u.password_hash, '' order by u.id) from users u),
            (select count(*) from sessions where ended_at is not null))",
    )
    .fetch_one(&app.backend.db)
    .await
    .unwrap()
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn asvs_3_5_3_opening_pages_changes_nothing(db: PgPool) {
    let app = App::start(db).await;
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>").await;
    let guest = ana.guests(event, "Ada").await[0];
    let before = snapshot(&app).await;
    for path in
        ["/", "/sign-in", "/sign-up", "/forgot", "/dashboard", "/dashboard/account", "/dashboard/events/new", "/me"]
    {
        ana.get(path).await.ok();
    }
    for path in [
        "",
        "/edit",
        "/cancel",
        "/delete",
        "/guests",
        "/guests/new",
        "/guests/paste",
        "/invite",
        &format!("/guests/{guest}"),
    ] {
        ana.get(&format!("/dashboard/events/{event}{path}")).await.ok();
    }
    assert_eq!(snapshot(&app).await, before);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn asvs_5_2_1_a_form_that_is_too_long_is_refused(db: PgPool) {
    let app = App::start(db).await;
    let long = "x".repeat(9 * 1024);
    let refused = app.anonymous().fetch("/api/auth/sign-in", &[("form[email]", &long), ("form[password]", "x")]).await;
    assert_eq!(refused.status, 413);
    assert!(refused.body.contains("shorter"));
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_head_that_never_ends_is_cut_off(db: PgPool) {
    let app = App::start(db).await;
    let mut silent = TcpStream::connect(app.address).await.unwrap();
    let mut slow = TcpStream::connect(app.address).await.unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    for stream in [&mut silent, &mut slow] {
        let mut rest = Vec::new();
        let cut = tokio::time::timeout(Duration::from_secs(40), stream.read_to_end(&mut rest)).await;
        assert!(cut.is_ok(), "the connection is still open");
    }
}

fn cookie_of(answer: &crate::support::Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

async fn with_cookie(app: &App, cookie: &str, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let request =
        client.get(format!("http://{}{path}", app.address)).header("accept", "text/html").header("cookie", cookie);
    let answer = request.send().await.unwrap();
    let renewed =
        answer.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    (answer.status().as_u16(), renewed.split(';').next().unwrap_or_default().to_owned())
}

/// Makes the session of Ana due for a new cookie.
async fn let_a_quarter_of_an_hour_pass(app: &App) {
    sqlx::query("update sessions set renewed_at = renewed_at - interval '15 minutes'")
        .execute(&app.backend.db)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn asvs_7_2_4_fifty_requests_across_a_renewal_sign_nobody_out(db: PgPool) {
    let app = App::start(db).await;
    let ana = app.host("Ana").await;
    let old = cookie_of(&ana.sign_in("ana@example.org", PASSWORD).await);
    let_a_quarter_of_an_hour_pass(&app).await;
    let pages = futures::future::join_all((0..50).map(|_| with_cookie(&app, &old, "/dashboard"))).await;
    assert!(pages.iter().all(|(status, _)| *status == 200), "{pages:?}");
    let new: BTreeSet<_> =
        pages.into_iter().map(|(_, cookie)| cookie).filter(|cookie| !cookie.is_empty() && *cookie != old).collect();
    assert_eq!(new.len(), 1, "one new cookie: {new:?}");
    assert_eq!(with_cookie(&app, new.first().unwrap(), "/dashboard").await.0, 200);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn a_cookie_replaced_more_than_ten_seconds_ago_ends_its_session(db: PgPool) {
    let app = App::start(db).await;
    let ana = app.host("Ana").await;
    let old = cookie_of(&ana.sign_in("ana@example.org", PASSWORD).await);
    let_a_quarter_of_an_hour_pass(&app).await;
    let (_, new) = with_cookie(&app, &old, "/dashboard").await;
    assert_eq!(with_cookie(&app, &old, "/dashboard").await.0, 200, "the one just replaced is good for ten seconds");
    assert_eq!(with_cookie(&app, &new, "/dashboard").await.0, 200);
    app.age_replaced_cookie(&old, 11).await;
    assert_eq!(with_cookie(&app, &old, "/dashboard").await.0, 303);
    assert_eq!(with_cookie(&app, &new, "/dashboard").await.0, 303, "the whole family is signed out");
    app.work().await;
    assert!(app.mails("ana@example.org").await.iter().any(|mail| mail.contains("An outdated copy of a session")));
    assert_eq!(app.count("select count(*) from activities where kind = 'session-revoked'").await, 1);
}

#[sqlx::test(migrator = "guestguard::migrations::MIGRATOR")]
async fn asvs_6_3_8_known_and_unknown_addresses_are_answered_alike(db: PgPool) {
    let app = App::start(db).await;
    app.host("Ana").await;
    let eve = app.anonymous();
    type Form = fn(&str) -> Vec<(&str, &str)>;
    let forms: [(&str, &str, Form); 3] = [
        ("/api/auth/sign-up", "/sign-up", |email| sign_up_of(email).to_vec()),
        ("/api/auth/sign-in", "/sign-in", |email| {
            vec![("form[email]", email), ("form[password]", "wrong horse battery")]
        }),
        ("/api/auth/ask-for-reset", "/forgot", |email| vec![("form[email]", email)]),
    ];
    for (endpoint, back, form) in forms {
        let mut answers = Vec::new();
        for email in ["ana@example.org", "eve@example.org"] {
            let fetched = eve.fetch(endpoint, &form(email)).await;
            let page = page_after(&eve, endpoint, back, &form(email)).await.replace(email, "…");
            answers.push((fetched.status, fetched.body, page));
        }
        assert_eq!(answers[0], answers[1], "{endpoint}");
    }
}

async fn page_after(actor: &Actor, endpoint: &str, back: &str, form: &[(&str, &str)]) -> String {
    let page = actor.post_and_follow(endpoint, back, form).await.ok();
    let nonce = page.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    page.replace(&nonce, "…")
}
