//! Event updates: the host decides, guests are notified, and their calendars change.

use mail_parser::MimeHeaders;

use crate::support::App;

/// The newest email to `address`: subject, text, and the calendar file with its method.
async fn newest(app: &App, address: &str) -> (String, String, String, String) {
    let outbox = app.backend.transports.dev_outbox().unwrap();
    for name in outbox.list().await.unwrap() {
        let raw = outbox.read(&name).await.unwrap().unwrap();
        let email = mail_parser::MessageParser::default().parse(&raw).unwrap();
        if email.to().and_then(|to| to.first()).and_then(|to| to.address()) == Some(address) {
            let file = email.attachment(0);
            let method = file.and_then(|file| file.content_type()?.attribute("method")).unwrap_or_default().to_owned();
            let text = file.and_then(|file| file.text_contents()).unwrap_or_default().to_owned();
            return (email.subject().unwrap().to_owned(), email.body_text(0).unwrap().into_owned(), text, method);
        }
    }
    panic!("no email to {address}");
}

#[apply(app_test)]
async fn guests_are_notified_of_a_change_if_the_host_wants_it_and_their_calendars_change(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Ada <ada@example.org>\nBo <bo@example.org>\nCy\nDee <dee@example.org>").await;
    let edit = async |venue: &str| {
        let id = event.to_string();
        let fields = [
            ("event", &*id),
            ("form[title]", "Midsummer dinner"),
            ("form[starts]", "2099-06-20T18:30"),
            ("form[time_zone]", "Europe/Berlin"),
            ("form[venue]", venue),
        ];
        ana.post("/api/events/edit", "/dashboard", &fields).await.location()
    };
    let overview = format!("/dashboard/events/{event}");
    assert_eq!(edit("Barn").await, overview, "nobody is invited yet");
    ana.invite_all(event).await;
    app.work().await;
    let declining = ana.guests(event, "Bo").await[0];
    let link = ana.link(event, declining).await;
    app.anonymous().reply(&link, &[("form[answer]", "declined")]).await.location();
    app.suppress("dee@example.org", "unsubscribed").await;

    assert_eq!(edit("Barn").await, overview, "nothing changed");
    let question = edit("Boathouse").await;
    assert_eq!(question, format!("{overview}/notify"));
    let page = ana.get(&question).await.ok();
    assert!(
        page.contains("Send update to 1 guest")
            && page.contains("can't be emailed")
            && page.contains("no email address")
    );
    app.work().await;
    assert_eq!(
        newest(&app, "ada@example.org").await.0,
        "You're invited: Midsummer dinner",
        "the question alone sends nothing"
    );

    let page =
        ana.post("/api/notifications/notify-guests", &question, &[("event", &event.to_string())]).await.location();
    assert_eq!(page, format!("{overview}/messages"));
    app.work().await;
    let (subject, text, calendar, method) = newest(&app, "ada@example.org").await;
    assert_eq!((&*subject, &*method), ("Changed: Midsummer dinner", "PUBLISH"));
    assert!(text.contains("Boathouse") && text.contains("/u/"), "{text}");
    assert!(calendar.contains("SEQUENCE:2") && calendar.contains("Boathouse"), "{calendar}");
    assert_eq!(newest(&app, "bo@example.org").await.0, "You declined: Midsummer dinner", "no update after declining");

    let question = ana.post("/api/events/cancel", "/dashboard", &[("event", &event.to_string())]).await.location();
    assert_eq!(question, format!("{overview}/notify"));
    ana.post("/api/notifications/notify-guests", &question, &[("event", &event.to_string())]).await.location();
    app.work().await;
    let (subject, text, calendar, method) = newest(&app, "ada@example.org").await;
    assert_eq!((&*subject, &*method), ("Cancelled: Midsummer dinner", "CANCEL"));
    assert!(text.contains("Ana has cancelled") && !text.contains("been cancelled"), "{text}");
    assert!(calendar.contains("STATUS:CANCELLED") && calendar.contains("SEQUENCE:3"), "{calendar}");
    assert_eq!(app.outbox().sent_to("dee@example.org").await, 1);
}
