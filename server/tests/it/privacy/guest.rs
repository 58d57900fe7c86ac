//! Subject access of guests.

use serde_json::Value;

use crate::support::App;

#[apply(app_test)]
async fn a_guest_sees_corrects_and_downloads_their_data_and_unsubscribes(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Grace Hopper <grace@example.org>\nAda Lovelace <ada@example.org>").await;
    ana.invite_all(event).await;
    app.work().await;
    let grace = ana.guests(event, "Grace").await[0];
    app.set_note_and_tag("Grace Hopper", "Table 4, by the window", "Navy").await;
    let link = ana.link(event, grace).await;
    let someone = app.anonymous();
    let page = someone.get(&link).await.ok();
    let data = format!("{link}/data");
    assert!(page.contains(&data) && page.contains("Your data will be deleted on 20 June 2100"), "{page}");
    someone.reply(&link, &[("form[answer]", "attending"), ("form[message]", "Gladly")]).await.location();
    app.flush_accesses().await;

    let page = someone.get(&data).await.ok();
    for text in [
        "Grace Hopper",
        "grace@example.org",
        "Table 4, by the window",
        "Navy",
        "20 June 2100",
        "Gladly",
        "Invitation to grace@example.org: sent",
        "on a computer",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(
        !page.contains("Lovelace") && !page.contains("type=\"module\""),
        "only their own data, and no script: {page}"
    );
    let copy = someone.send("GET", &format!("{link}/data.json"), None).await;
    assert!(copy.header("content-disposition").contains("my-data.json"));
    let copy: Value = serde_json::from_str(&copy.body).unwrap();
    assert_eq!(
        (&copy["note"], &copy["rsvps"][0]["message"], &copy["messages"][0]["kind"]),
        (&"Table 4, by the window".into(), &"Gladly".into(), &"Invitation".into())
    );
    assert_eq!(copy["accesses"].as_array().unwrap().len(), 1, "reading one's data is no access");

    let token = link.trim_start_matches("/i/");
    let wrong = [("token", token), ("form[name]", ""), ("form[email]", "grace@")];
    let back = someone.post_and_follow("/api/privacy/correct", &data, &wrong).await.ok();
    assert!(back.contains("Please fill this in") && back.contains("look like an email address"), "{back}");
    let right = [
        ("token", token),
        ("form[name]", "Grace B. Hopper"),
        ("form[email]", "admiral@example.org"),
        ("form[phone]", "+447911123456"),
    ];
    let back = someone.post_and_follow("/api/privacy/correct", &data, &right).await.ok();
    assert!(back.contains("Saved. Your host will see the changes.") && back.contains("admiral@example.org"));
    assert!(ana.get(&format!("/dashboard/events/{event}/guests/{grace}")).await.ok().contains("Grace B. Hopper"));
    assert!(ana.get("/dashboard/account").await.ok().contains("edited their data"));

    // They unsubscribe from emails only.
    let stop = [("token", token), ("channel", "email")];
    let chosen = someone.post_and_follow("/api/privacy/stop-channel", &data, &stop).await.ok();
    assert!(chosen.contains("Unsubscribed.") && chosen.contains("at the foot of any of these emails"), "{chosen}");
    assert_eq!(chosen.matches(">Unsubscribe<").count(), 1, "texts may come");
    assert_eq!(app.suppressed_addresses("unsubscribed").await, ["admiral@example.org"]);
    assert_eq!(app.global_suppressions().await, 0);
    let id = event.to_string();
    let again = [("event", &*id), ("guest", &*grace.to_string())];
    ana.post("/api/invitations/resend", "/dashboard", &again).await.location();
    app.work().await;
    assert_eq!(app.emails("admiral@example.org").await.len(), 0);
    for path in ["data", "erase", "data.json"] {
        assert_eq!(someone.get(&format!("/i/never-issued/{path}")).await.status, 404, "{path}");
        let response = someone.get(&format!("{link}/{path}")).await;
        assert_eq!(
            (response.header("referrer-policy"), response.header("cache-control")),
            ("no-referrer", "no-store"),
            "{path}"
        );
    }
}
