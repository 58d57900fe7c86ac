//! Unsubscribing: the page, its buttons, and one-click by mail programs.

use guestguard::ids::EventId;

use crate::support::{Actor, App};

/// Invites one guest to a new event of `host`. Returns the event and the unsubscribe link of the email.
async fn unsubscribe_link(app: &App, host: &Actor, address: &str) -> (EventId, String) {
    let event = host.plan(&[]).await;
    host.paste(event, &format!("Ada <{address}>")).await;
    host.invite_all(event).await;
    app.work().await;
    let email = app.emails(address).await.remove(0);
    let token = email.split("/u/").nth(1).expect("an unsubscribe link").split_whitespace().next().unwrap();
    (event, format!("/u/{token}"))
}

async fn resend(host: &Actor, event: EventId) {
    let guest = host.guests(event, "").await[0].to_string();
    host.post("/api/invitations/resend", "/dashboard", &[("event", &event.to_string()), ("guest", &guest)]).await;
}

/// The POST of a mail program: no cookies, no origin, any body.
async fn click(app: &App, link: &str, kind: Option<&str>, body: &str) -> (u16, String) {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut request = client.post(format!("http://{}{link}", app.address)).body(body.to_owned());
    if let Some(kind) = kind {
        request = request.header("content-type", kind);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[apply(app_test)]
async fn unsubscribe_flow_page_button_and_back(app: App) {
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    let (event, link) = unsubscribe_link(&app, &ana, "Ada@Example.org").await;
    for _ in 0..2 {
        let page = app.anonymous().get(&link).await.ok();
        assert!(page.contains("Unsubscribe from Ana?") && page.contains("ada@example.org"), "{page}");
        assert!(!page.contains(".wasm"), "it needs no scripts");
    }
    assert_eq!(app.suppressions().await, 0, "opening the page unsubscribes nobody");

    resend(&ana, event).await;
    let stopped = app.anonymous().post_and_follow(&link, &link, &[("want", "stop")]).await.ok();
    assert!(stopped.contains("unsubscribed from Ana") && stopped.contains("Resubscribe"));
    assert_eq!(app.outbox().unsubscribed().await, 1, "waiting messages, too");
    app.work().await;
    assert_eq!(app.emails("Ada@Example.org").await.len(), 1);
    resend(&ana, event).await;
    let list = ana.get(&format!("/dashboard/events/{event}/guests")).await.ok();
    assert!(list.contains("They unsubscribed from your messages."), "the host sees why: {list}");

    // Another host's messages are still sent, until all hosts are unsubscribed from.
    unsubscribe_link(&app, &ben, "ada@example.org").await;
    let everybody = app.anonymous().post_and_follow(&link, &link, &[("want", "stop-all")]).await.ok();
    assert!(everybody.contains("unsubscribed from all hosts"));
    assert_eq!(app.global_suppressions().await, 1);
    // Account emails are not affected.
    app.host("Ada").await;

    let again = app.anonymous().post_and_follow(&link, &link, &[("want", "again")]).await.ok();
    assert!(again.contains("Unsubscribe from Ana?"));
    resend(&ana, event).await;
    app.work().await;
    assert_eq!(app.emails("Ada@Example.org").await.len(), 2);
}

#[apply(app_test)]
async fn rfc_8058_one_click_unsubscribes_with_any_body(app: App) {
    let ana = app.host("Ana").await;
    let (_, link) = unsubscribe_link(&app, &ana, "ada@example.org").await;
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    for (kind, body) in [
        (Some("application/x-www-form-urlencoded"), "List-Unsubscribe=One-Click"),
        (Some("multipart/form-data; boundary=x"), multipart),
        (None, ""),
        (Some("text/plain"), &*"y".repeat(100_000)),
    ] {
        app.clear_suppressions().await;
        for _ in 0..2 {
            assert_eq!(click(&app, &link, kind, body).await, (200, String::new()), "{kind:?}");
        }
        assert_eq!((app.suppressions_for("unsubscribed").await, app.global_suppressions().await), (1, 0), "{kind:?}");
    }
    // An unknown link gets the same response and unsubscribes nobody.
    let unknown = link.replace("/u/", "/u/A");
    assert_eq!(click(&app, &unknown, None, "").await, (200, String::new()));
    assert_eq!(app.suppressions().await, 1);
    assert_eq!(app.anonymous().get(&unknown).await.status, 404);
}

#[apply(app_test)]
async fn an_invitation_names_its_one_click_link_in_its_headers(app: App) {
    let ana = app.host("Ana").await;
    let (_, link) = unsubscribe_link(&app, &ana, "ada@example.org").await;
    let outbox = app.backend.transports.dev_outbox().unwrap();
    let names = outbox.list().await.unwrap();
    let raw = outbox.read(&names[0]).await.unwrap().unwrap();
    let head = String::from_utf8(raw).unwrap();
    let address = format!("http://{}{link}", app.address);
    assert!(head.contains(&format!("\r\nList-Unsubscribe: <{address}>\r\n")), "{head}");
    assert!(head.contains("\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
}

#[apply(app_test)]
async fn suppressed_address_is_not_written_to(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <Ada@example.org>\nBo <bo@example.org>").await;
    app.suppress("ada@example.org", "hard-bounce").await;
    ana.invite_all(event).await;
    // Suppressed after the message was queued: the worker checks again.
    app.suppress("bo@example.org", "complaint").await;
    app.work().await;
    assert!(app.emails("Ada@example.org").await.is_empty() && app.emails("bo@example.org").await.is_empty());
    assert_eq!(app.outbox().in_state("suppressed").await, 2);
}
