//! Session cookies: rotation, a grace period, and reuse detection.

use std::collections::BTreeSet;

use crate::support::{App, InvitedGuest, PASSWORD, Response, eventually};

fn cookie_of(response: &Response) -> String {
    response.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

async fn with_cookie(app: &App, cookie: &str, path: &str) -> (u16, String) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let request =
        client.get(format!("http://{}{path}", app.address)).header("accept", "text/html").header("cookie", cookie);
    let response = request.send().await.unwrap();
    let rotated =
        response.headers().get("set-cookie").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    (response.status().as_u16(), rotated.split(';').next().unwrap_or_default().to_owned())
}

#[apply(app_test)]
async fn asvs_7_2_4_fifty_requests_during_a_rotation_sign_nobody_out(app: App) {
    let ana = app.host("Ana").await;
    let old = cookie_of(&ana.sign_in("ana@example.org", PASSWORD).await);
    app.age_session_ids().await;
    let pages = futures::future::join_all((0..50).map(|_| with_cookie(&app, &old, "/dashboard"))).await;
    assert!(pages.iter().all(|(status, _)| *status == 200), "{pages:?}");
    let new: BTreeSet<_> =
        pages.into_iter().map(|(_, cookie)| cookie).filter(|cookie| !cookie.is_empty() && *cookie != old).collect();
    assert_eq!(new.len(), 1, "one new cookie: {new:?}");
    assert_eq!(with_cookie(&app, new.first().unwrap(), "/dashboard").await.0, 200);
}

#[apply(app_test)]
async fn a_cookie_replaced_more_than_ten_seconds_ago_ends_its_session(app: App) {
    let ana = app.host("Ana").await;
    let old = cookie_of(&ana.sign_in("ana@example.org", PASSWORD).await);
    app.age_session_ids().await;
    let (_, new) = with_cookie(&app, &old, "/dashboard").await;
    assert_eq!(with_cookie(&app, &old, "/dashboard").await.0, 200, "a replaced cookie is valid for ten seconds");
    assert_eq!(with_cookie(&app, &new, "/dashboard").await.0, 200);
    app.age_replaced_cookie(&old, 11).await;
    assert_eq!(with_cookie(&app, &old, "/dashboard").await.0, 303);
    assert_eq!(with_cookie(&app, &new, "/dashboard").await.0, 303, "the whole family is signed out");
    app.work().await;
    assert!(app.emails("ana@example.org").await.iter().any(|email| email.contains("An outdated copy of a session")));
    assert_eq!(app.audit_log("session-revoked").await, 1);
}

#[apply(app_test)]
async fn a_page_whose_session_is_replaced_before_it_is_saved_is_served(app: App) {
    let InvitedGuest { link, .. } = app.invited_guest("Aunt Matilda").await;
    let visitor = app.anonymous();
    // The session has a message, which the next page takes out and saves.
    let old = cookie_of(&visitor.sign_in("ana@example.org", "not the password").await);
    let events = app.lock_all_events().await;
    let (page, signed_in) = tokio::join!(with_cookie(&app, &old, &link), async {
        eventually(async || app.lock_waits().await > 0).await;
        let signed_in = visitor.sign_in("ana@example.org", PASSWORD).await;
        events.rollback().await.unwrap();
        signed_in
    });
    assert_eq!(signed_in.location(), "/dashboard");
    assert_eq!(page.0, 200);
    assert_eq!(with_cookie(&app, &cookie_of(&signed_in), "/dashboard").await.0, 200, "Redis counts as available");
}
