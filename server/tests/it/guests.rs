//! Guest list, over HTTP.

use crate::support::{App, hidden};

const NASTY: &str = "<b>Ada</b> & \"Ada's\" </script></title></textarea><img src=x onerror=alert(1)> \u{202e}שלום 🎉";

#[apply(app_test)]
async fn a_guest_is_updated(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>").await;
    let (guest, event_id) = (ana.guests(event, "Ada").await[0].to_string(), event.to_string());
    let path = format!("/dashboard/events/{event}/guests/{guest}");
    let ids = [("event", &*event_id), ("guest", &*guest)];
    let bad = [ids[0], ids[1], ("form[name]", ""), ("form[phone]", "07911"), ("form[note]", "kept")];
    let page = ana.post_and_follow("/api/guests/edit", &path, &bad).await.ok();
    assert!(
        page.contains("Please fill this in.")
            && page.contains("country code is missing. Example: +44")
            && page.contains("kept")
    );
    let good = [ids[0], ids[1], ("form[name]", "Ada King"), ("form[phone]", "+44 7911 123456"), ("form[tags]", "VIP")];
    assert_eq!(ana.post("/api/guests/edit", &path, &good).await.location(), path);
    let page = ana.get(&path).await.ok();
    assert!(
        page.contains("value=\"Ada King\"")
            && page.contains("value=\"+447911123456\"")
            && page.contains("value=\"VIP\"")
    );
}

#[apply(app_test)]
async fn a_guest_is_removed_and_restored(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>\nGrace <grace@example.org>").await;
    ana.invite_all(event).await;
    let guest = ana.guests(event, "Ada").await[0];
    let link = ana.link(event, guest).await;
    let (event_id, guest_id) = (event.to_string(), guest.to_string());
    let fields = [("event", &*event_id), ("ids[]", &*guest_id)];
    let page = ana.post_and_follow("/api/guests/delete", "/dashboard", &fields).await.ok();
    assert!(page.contains("1 guest removed.") && page.contains("Undo") && !page.contains(">Ada</a>"));
    assert_eq!(app.anonymous().get(&link).await.status, 410);
    let at = &hidden(&page, "at")[0];
    let page = ana.post_and_follow("/api/guests/restore", "/dashboard", &[("event", &event_id), ("at", at)]).await.ok();
    assert!(page.contains("Restored, with links and replies.") && page.contains(">Ada</a>"));
    app.anonymous().get(&link).await.ok();
}

#[apply(app_test)]
async fn html_in_any_field_is_escaped(app: App) {
    let ana = app.host("Ana").await;
    let event = ana
        .plan(&[("form[title]", NASTY), ("form[description]", NASTY), ("form[venue]", NASTY), ("form[address]", NASTY)])
        .await;
    let event_id = event.to_string();
    let fields = [
        ("event", &*event_id),
        ("form[name]", NASTY),
        ("form[email]", "ada@example.org"),
        ("form[tags]", "<i>VIP</i>"),
        ("form[note]", NASTY),
    ];
    ana.post("/api/guests/add", "/dashboard", &fields).await.location();
    ana.invite_all(event).await;
    app.work().await;
    let guest = ana.guests(event, "ada@example.org").await[0];
    let link = ana.link(event, guest).await;
    let reply =
        [("form[answer]", "attending"), ("form[heads]", "2"), ("form[companions][]", NASTY), ("form[message]", NASTY)];
    assert_eq!(app.anonymous().reply(&link, &reply).await.location(), link);
    let base = format!("/dashboard/events/{event}");
    let pages = [
        "/dashboard",
        &base,
        &format!("{base}/edit"),
        &format!("{base}/guests"),
        &format!("{base}/guests/{guest}"),
        &link,
    ];
    for path in pages {
        let page = without_island_data(&ana.get(path).await.ok());
        assert!(page.contains("🎉"), "{path}");
        for raw in ["<b>Ada", "<img src=x", "<i>VIP"] {
            assert!(!page.contains(raw), "{raw} on {path}");
        }
    }
    let file = ana.get(&format!("{link}/event.ics")).await.ok();
    assert_eq!(file.lines().filter(|line| line.starts_with("BEGIN:")).count(), 2, "{file}");
}

/// Removes the data of islands. It is in a quoted attribute, where only quotes and ampersands are escaped.
fn without_island_data(page: &str) -> String {
    let mut parts = page.split("data-props=\"");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('"').map_or("", |(_, rest)| rest))
}

#[apply(app_test)]
async fn the_table_works_by_plain_links_and_forms(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    let people: String = (0..120).map(|n| format!("Guest {n:03} <guest{n}@example.org>\n")).collect();
    ana.paste(event, &people).await;
    let base = format!("/dashboard/events/{event}/guests");
    let first = ana.get(&base).await.ok();
    assert!(first.contains("120 guests") && first.contains("page 1") && first.contains(&format!("{base}?page=2")));
    let last = ana.get(&format!("{base}?page=3&sort=name&order=down")).await.ok();
    assert!(last.contains("Guest 000") && !last.contains("Guest 119"));
    let found = ana.get(&format!("{base}?search=guest77%40")).await.ok();
    assert!(found.contains("1 guest") && found.contains("Guest 077"));
    assert!(ana.get(&format!("{base}?status=attending")).await.ok().contains("No guests match"));
}

#[apply(app_test)]
async fn a_paste_is_previewed_without_scripts(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>").await;
    let (path, id) = (format!("/dashboard/events/{event}/guests/paste"), event.to_string());
    let text = "A. Lovelace <ADA@example.org>\nGrace Hopper <grace@example.org>\nbad@@x";
    let fields = [("event", &*id), ("form[text]", text)];
    let page = ana.post_and_follow("/api/guests/read-paste", &path, &fields).await.ok();
    assert!(page.contains("already on the guest list") && page.contains("Grace Hopper") && page.contains("1 to fix"));
    let page = ana.post_and_follow("/api/guests/paste", &path, &fields).await.ok();
    assert!(page.contains("No guests added: please fix line 3 first."), "{page}");
    assert_eq!(app.guests().await, 1);
}
