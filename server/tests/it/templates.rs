//! Message templates: saved, previewed, tested and used.

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
    let rejected = save("See http://evil.example", many, "false").await;
    assert!(
        rejected.contains("leave out links")
            && rejected.contains("at most 3 links")
            && rejected.contains("www.d.example")
    );

    let text = "Hey {guest.first_name}!\n\nCome to {event.title} <b>please</b>, says {host.name}.";
    let draft = format!("/dashboard/events/{event}/messages/preview");
    let preview = ana.post(&draft, "/", &[("kind", "invitation"), ("form[body]", text)]).await;
    assert!(preview.header("content-security-policy").contains("sandbox"));
    let preview = preview.ok();
    assert!(preview.contains("Hey Ada!") && preview.contains("&#60;b&#62;please"), "{preview}");
    assert!(!preview.contains("/i/"), "a preview has nobody's link");
    assert_eq!(app.message_templates().await, 0, "and saves nothing");
    let rejected = ana.post(&draft, "/", &[("kind", "invitation"), ("form[body]", many)]).await;
    assert!(rejected.ok().contains("at most 3 links"), "the preview shows the error");

    let saved = save("For {guest.name}", text, "true").await;
    assert!(saved.contains("Saved. A test email is on its way to you."));
    let test = app.emails("ana@example.org").await.remove(0);
    assert!(test.starts_with("Hey Ada!") && !test.contains("/i/"), "{test}");

    ana.invite_all(event).await;
    app.work().await;
    let email = app.emails("ada@example.org").await.remove(0);
    assert!(
        email.contains("Hey Ada!") && email.contains("Come to Midsummer dinner") && email.contains("/i/"),
        "{email}"
    );
    assert!(!email.contains("invites you to"), "instead of the default");
    let reset = save("", "", "false").await;
    assert!(reset.contains("Saved. New messages use this text."));
}
