//! Invitations: issuing, resetting and opening links.

use crate::support::{App, InvitedGuest};

#[apply(app_test)]
async fn issuing_a_link_enqueues_the_invitation(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>").await;
    ana.invite_all(event).await;
    let page = ana.get(&format!("/dashboard/events/{event}/guests")).await.ok();
    assert!(page.contains("1 invitation sent.") && page.contains(">Queued<"));
    assert_eq!(app.outbox().in_state("queued").await, 1);
    app.work().await;
    assert!(ana.get(&format!("/dashboard/events/{event}/guests")).await.ok().contains(">Sent<"));
    assert_eq!(app.emails("ada@example.org").await.len(), 1);
}

#[apply(app_test)]
async fn a_guest_without_an_address_gets_a_link_and_no_message(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Aunt Matilda").await;
    ana.invite_all(event).await;
    app.work().await;
    assert_eq!(app.outbox().of_kind("invitation").await, 0);
    let guest = ana.guests(event, "Matilda").await[0];
    let link = ana.link(event, guest).await;
    assert!(app.anonymous().get(&link).await.ok().contains("Dear Aunt Matilda"));
}

#[apply(app_test)]
async fn bulk_issue_to_an_explicit_subset_and_then_to_all(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let people: String = (0..10).map(|n| format!("Guest {n} <guest{n}@example.org>\n")).collect();
    ana.paste(event, &people).await;
    let (ids, id) = (ana.guests(event, "").await, event.to_string());
    let some: Vec<_> = ids.iter().take(3).map(ToString::to_string).collect();
    let mut fields = vec![("event", &*id)];
    fields.extend(some.iter().map(|id| ("ids[]", &**id)));
    ana.post("/api/invitations/issue", "/dashboard", &fields).await.location();
    assert_eq!(app.invitations().await, 3);
    assert!(ana.get(&format!("/dashboard/events/{event}/invite")).await.ok().contains("Send 7 invitations"));
    ana.invite_all(event).await;
    assert_eq!(app.invitations().await, 10);
    app.work().await;
    for n in 0..10 {
        assert_eq!(app.emails(&format!("guest{n}@example.org")).await.len(), 1);
    }
}

#[apply(app_test)]
async fn a_reset_link_stops_working_and_the_new_one_works(app: App) {
    let InvitedGuest { host: ana, event, guest, link: old } = app.invited_guest("Ada <ada@example.org>").await;
    let ids = [("event", &*event.to_string()), ("guest", &*guest.to_string())];
    let page = ana.post_and_follow("/api/invitations/rotate", "/dashboard", &ids).await.ok();
    assert!(page.contains("The old link no longer works."));
    let new = ana.link(event, guest).await;
    assert_ne!(old, new);
    assert_eq!(app.anonymous().get(&old).await.status, 410);
    app.anonymous().get(&new).await.ok();
}

#[apply(app_test)]
async fn an_access_is_recorded_when_a_person_reads_the_page(app: App) {
    let InvitedGuest { host: ana, event, link, .. } = app.invited_guest("Ada <ada@example.org>").await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("http://{}{link}", app.address);
    client.head(&url).header("user-agent", "Mozilla/5.0 Firefox").send().await.unwrap();
    client.get(&url).header("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)").send().await.unwrap();
    app.flush_accesses().await;
    assert_eq!(app.accesses().await, 1, "one of a bot, and none for HEAD");
    assert!(!ana.get(&format!("/dashboard/events/{event}/guests")).await.ok().contains("data-state=\"opened\""));
    app.anonymous().get(&link).await.ok();
    app.flush_accesses().await;
    assert!(ana.get(&format!("/dashboard/events/{event}/guests")).await.ok().contains("data-state=\"opened\""));
    assert_eq!(app.accesses().await, 2);
}

#[apply(app_test)]
async fn the_guests_page_needs_no_script_leaks_nothing_and_changes_nothing_by_get(app: App) {
    let link = app.invited_guest("Ada").await.link;
    for path in [link.clone(), format!("{link}?change=1"), format!("{link}?form[answer]=attending")] {
        let page = app.anonymous().get(&path).await;
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("set-cookie"), "", "no cookie for reading");
        let page = page.ok();
        assert!(!page.contains(".js") && !page.contains(".wasm"), "no script is loaded: {page}");
    }
    assert_eq!(app.replies().await, 0);
}
