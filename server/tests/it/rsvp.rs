//! RSVPs: capacity under load, and the calendar file.

use std::sync::Arc;

use crate::support::{App, InvitedGuest};

#[apply(app_test)]
async fn a_hundred_answers_at_once_take_ten_seats_and_no_more(app: App) {
    let app = Arc::new(app);
    let ana = app.host("Ana").await;
    let event = ana.plan(&[("form[capacity]", "10")]).await;
    let people: String = (0..100).map(|n| format!("Guest {n:03}\n")).collect();
    ana.paste(event, &people).await;
    ana.invite_all(event).await;
    let mut links = Vec::new();
    for page in 1..=2 {
        let page = ana.get(&format!("/dashboard/events/{event}/guests?page={page}")).await.ok();
        for id in crate::support::hidden(&page, "ids[]") {
            links.push(ana.link(event, id.parse().unwrap()).await);
        }
    }
    assert_eq!(links.len(), 100);
    let replies: Vec<_> = links
        .into_iter()
        .map(|link| {
            let app = app.clone();
            tokio::spawn(async move {
                let fields =
                    [("token", link.trim_start_matches("/i/")), ("form[answer]", "attending"), ("form[heads]", "1")];
                app.anonymous().fetch("/api/rsvp/answer", &fields).await.status.as_u16()
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for reply in replies {
        statuses.push(reply.await.unwrap());
    }
    let with = |status| statuses.iter().filter(|s| **s == status).count();
    assert_eq!((with(200), with(409)), (10, 90), "{statuses:?}");
    assert_eq!(app.seats_taken().await, 10);
}

#[apply(app_test)]
async fn a_full_event_says_so_and_keeps_what_was_typed(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[("form[capacity]", "3")]).await;
    ana.paste(event, "Ada\nAlan").await;
    ana.invite_all(event).await;
    let ids = ana.guests(event, "").await;
    let (ada, alan) = (ana.link(event, ids[0]).await, ana.link(event, ids[1]).await);
    app.anonymous().reply(&ada, &[("form[answer]", "attending"), ("form[heads]", "2")]).await.location();
    let browser = app.anonymous();
    let fields = [("form[answer]", "attending"), ("form[heads]", "2"), ("form[message]", "We would love to")];
    assert_eq!(browser.reply(&alan, &fields).await.location(), alan);
    let page = browser.get(&alan).await.ok();
    assert!(page.contains("There is only 1 place left") && page.contains("We would love to"), "{page}");
}

#[apply(app_test)]
async fn the_calendar_file_keeps_its_uid_and_its_sequence_grows(app: App) {
    let InvitedGuest { host: ana, event, link, .. } = app.invited_guest("Ada").await;
    let line = |file: &str, name: &str| {
        let event = file.split("BEGIN:VEVENT").nth(1).unwrap();
        event.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
    };
    let file = app.anonymous().get(&format!("{link}/event.ics")).await;
    assert_eq!(file.header("content-type"), "text/calendar; charset=utf-8");
    let before = file.ok();
    assert_eq!(line(&before, "DTSTART"), "DTSTART:20990620T163000Z");
    let id = event.to_string();
    let fields = [
        ("event", &*id),
        ("form[title]", "Moved"),
        ("form[starts]", "2099-06-21T19:00"),
        ("form[time_zone]", "Europe/Berlin"),
        ("form[party_size]", "4"),
    ];
    ana.post("/api/events/edit", "/dashboard", &fields).await.location();
    let after = app.anonymous().get(&format!("{link}/event.ics")).await.ok();
    assert_eq!(line(&before, "UID"), line(&after, "UID"));
    assert_eq!((line(&before, "SEQUENCE"), line(&after, "SEQUENCE")), ("SEQUENCE:0".into(), "SEQUENCE:1".into()));
    assert_eq!(line(&after, "DTSTART"), "DTSTART:20990621T170000Z");
}
