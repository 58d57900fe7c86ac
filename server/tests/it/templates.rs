//! Message templates: saved, previewed, tested, and used from then on.

use crate::support::App;

#[apply(app_test)]
async fn emails_carry_the_hosts_own_text_with_each_guests_data(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada {link} Lovelace <ada@example.org>").await;
    let (id, page) = (event.to_string(), format!("/dashboard/events/{event}/messages/templates?kind=invitation"));
    let save = async |subject: &str, body: &str, test: &str| {
        let fields =
            [("event", &*id), ("kind", "invitation"), ("form[subject]", subject), ("form[body]", body), ("test", test)];
        ana.post_and_follow("/api/notifications/set-template", &page, &fields).await.ok()
    };
    let many = "http://a.example http://b.example https://c.example www.d.example";
    let refused = save("See http://evil.example", many, "false").await;
    assert!(
        refused.contains("leave out links") && refused.contains("at most 3 links") && refused.contains("www.d.example")
    );

    let words = "Hey {guest.first_name}!\n\nCome to {event.title} <b>please</b>, says {host.name}.";
    let draft = format!("/dashboard/events/{event}/messages/preview");
    let seen = ana.post(&draft, "/", &[("kind", "invitation"), ("form[body]", words)]).await;
    assert!(seen.header("content-security-policy").contains("sandbox"));
    let seen = seen.ok();
    assert!(seen.contains("Hey Ada!") && seen.contains("&#60;b&#62;please"), "{seen}");
    assert!(!seen.contains("/i/"), "looking at a draft opens nobody's invitation");
    assert_eq!(app.message_templates().await, 0, "and keeps nothing");
    let refused = ana.post(&draft, "/", &[("kind", "invitation"), ("form[body]", many)]).await;
    assert!(refused.ok().contains("at most 3 links"), "the frame says why there is nothing to see");

    let saved = save("For {guest.name}", words, "true").await;
    assert!(saved.contains("Saved. A test email is on its way to you."));
    let test = app.mails("ana@example.org").await.remove(0);
    assert!(test.starts_with("Hey Ada!") && !test.contains("/i/"), "{test}");

    ana.invite_all(event).await;
    app.work().await;
    let mail = app.mails("ada@example.org").await.remove(0);
    assert!(mail.contains("Hey Ada!") && mail.contains("Come to Midsummer dinner") && mail.contains("/i/"), "{mail}");
    assert!(!mail.contains("invites you to"), "in place of ours");
    let reset = save("", "", "false").await;
    assert!(reset.contains("Saved. New messages use this text."));
}
