//! Rate limits.

use guestguard::{
    problem::Problem,
    rate_limits::{Limit, Rate},
};
use sqlx::PgPool;

use crate::support::{Actor, App, Settings, sign_up_of};

fn limited(limit: Limit, calls: u32) -> Settings {
    let mut settings = Settings::default();
    settings.limits.retain(|(other, _)| *other != limit);
    settings.limits.push((limit, Rate { calls, seconds: 60 }));
    settings
}

/// Requests a password reset, with that `X-Forwarded-For`. Returns the status.
async fn request_reset(eve: &Actor, forwarded: &str) -> u16 {
    let fields = [("form[email]", "eve@example.org")];
    eve.fetch_with(&[("x-forwarded-for", forwarded)], "/api/auth/request-reset", &fields).await.status.as_u16()
}

#[apply(app_test)]
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
    assert!(page.contains("Try again in") && page.contains("eve3@example.org"), "the page says so and keeps the form");
    assert_eq!(app.accounts().await, 3);
}

#[apply(app_test)]
async fn asvs_4_1_3_a_forged_forwarded_header_does_not_help(db: PgPool) {
    let app = App::start_with(db, limited(Limit::AccountEmail, 1)).await;
    let eve = app.anonymous();
    assert_eq!(request_reset(&eve, "1.1.1.1").await, 200);
    assert_eq!(request_reset(&eve, "2.2.2.2").await, 429);
}

#[apply(app_test)]
async fn behind_a_proxy_each_client_has_its_own_limit(db: PgPool) {
    let app = App::start_with(db, Settings { proxies: 1, ..limited(Limit::AccountEmail, 1) }).await;
    let eve = app.anonymous();
    assert_eq!(request_reset(&eve, "6.6.6.6, 1.1.1.1").await, 200);
    assert_eq!(request_reset(&eve, "7.7.7.7, 1.1.1.1").await, 429, "the part that the client sent is ignored");
    assert_eq!(request_reset(&eve, "6.6.6.6, 2.2.2.2").await, 200);
}

#[apply(app_test)]
async fn an_invitation_opened_too_often_says_how_long_to_wait(db: PgPool) {
    let app = App::start_with(db, limited(Limit::OpenLink, 2)).await;
    let link = app.invited_guest("Aunt Matilda").await.link;
    for _ in 0..2 {
        app.anonymous().get(&link).await.ok();
    }
    let page = app.anonymous().get(&link).await;
    assert_eq!(page.status, 429);
    assert!(page.header("retry-after").parse::<u32>().unwrap() >= 1);
    assert!(page.body.contains("Try again in"));
}
