//! Output encoding: text is shown as text, and paths are decoded once.

use crate::support::{App, InvitedGuest};

const HOSTILE: &str = "</script></title><img src=x onerror=alert(1)>\"'&{{7*7}}";

#[apply(app_test)]
async fn asvs_1_2_1_input_is_shown_as_text_everywhere(app: App) {
    let ana = app.host("Ana").await;
    let event =
        ana.plan(&[("form[title]", HOSTILE), ("form[description]", HOSTILE), ("form[location]", HOSTILE)]).await;
    let id = event.to_string();
    for name in ["a'; drop table guests; --", HOSTILE] {
        let fields = [
            ("event", &*id),
            ("form[name]", name),
            ("form[email]", "ada@example.org"),
            ("form[note]", HOSTILE),
            ("form[tags]", "<b>vip</b>"),
        ];
        let fields = if name == HOSTILE { &fields[..] } else { &fields[..2] };
        let response = ana.post("/api/guests/add", &format!("/dashboard/events/{id}/guests/new"), fields).await;
        assert!(response.location().ends_with("/guests"), "{}", response.location());
    }
    ana.invite_all(event).await;
    let guests = ana.guests(event, "onerror").await;
    let link = ana.link(event, guests[0]).await;
    let reply = [("form[answer]", "attending"), ("form[heads]", "1"), ("form[message]", HOSTILE)];
    assert_eq!(app.anonymous().reply(&link, &reply).await.location(), link);
    app.work().await;

    let event = format!("/dashboard/events/{id}");
    let guest = format!("{event}/guests/{}", guests[0]);
    let inbox = ana.get("/dev/inbox").await.ok();
    let email = format!("/dev/inbox/{}", inbox.split("/dev/inbox/").nth(1).unwrap().split('"').next().unwrap());
    let pages = [
        "/dashboard".to_owned(),
        event.clone(),
        format!("{event}/edit"),
        format!("{event}/cancel"),
        format!("{event}/guests"),
        format!("{event}/guests?search=%3C%2Fscript%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E"),
        format!("{event}/invite"),
        guest,
        link.clone(),
        email.clone(),
        format!("{email}/html"),
        "/dashboard/account".to_owned(),
    ];
    let mut shown = 0;
    for path in pages {
        let page = ana.get(&path).await.ok();
        assert!(!page.contains("<img src=x") && !page.contains("</script></title>"), "{path}");
        assert!(!page.contains("<b>vip") && !page.contains("{{7*7}}\"'"), "{path}");
        shown += usize::from(page.contains("onerror=alert(1)"));
    }
    assert!(shown >= 10, "shown as text on {shown} pages");
    let calendar = ana.get(&format!("{link}/event.ics")).await.ok();
    for line in calendar.split("\r\n").filter(|line| !line.is_empty() && !line.starts_with(' ')) {
        assert!(line.split([':', ';']).next().unwrap().bytes().all(|b| b.is_ascii_uppercase() || b == b'-'), "{line}");
    }
}

#[apply(app_test)]
async fn asvs_1_1_1_a_path_is_decoded_once(app: App) {
    let InvitedGuest { host: ana, link, .. } = app.invited_guest("Ada").await;
    let first = link.as_bytes()[3];
    assert_eq!(ana.get(&format!("/i/%{first:02x}{}", &link[4..])).await.status, 200);
    assert_eq!(ana.get(&format!("/i/%25{first:02x}{}", &link[4..])).await.status, 404, "decoded twice");
    for path in [
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%252e%252e/%252e%252e/etc/passwd",
        "/fonts/..%2f..%2f..%2fCargo.toml",
        "/fonts/%2e%2e/%2e%2e/%2e%2e/Cargo.toml",
        "/..%5c..%5cCargo.toml",
        "/i/%00",
        "/i/%ff%fe",
        "//evil.example/",
    ] {
        let status = ana.get(path).await.status.as_u16();
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
}

#[apply(app_test)]
async fn asvs_15_3_3_unknown_fields_of_a_form_are_ignored(app: App) {
    let (ana, ben) = (app.host("Ana").await, app.host("Ben").await);
    let bens = ben.plan(&[]).await.to_string();
    let fields = [
        ("form[name]", "Eve"),
        ("form[email]", "eve@example.org"),
        ("form[password]", "seven violet umbrellas"),
        ("form[accepted]", "true"),
        ("form[id]", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("form[verified_at]", "2020-01-01T00:00:00Z"),
        ("form[password_hash]", "x"),
        ("verified", "true"),
    ];
    app.anonymous().post("/api/auth/sign-up", "/sign-up", &fields).await.location();
    assert!(app.is_unverified("eve@example.org").await);
    let event = ana.plan(&[("form[host_id]", "x"), ("form[id]", &bens), ("form[event]", &bens)]).await;
    let event = event.to_string();
    let fields = [("event", &*event), ("form[name]", "Ada"), ("form[event_id]", &bens), ("form[answer]", "attending")];
    ana.post("/api/guests/add", "/dashboard", &fields).await.location();
    assert_eq!(app.guests_of_others("ana@example.org").await, 0);
    assert_eq!(app.replies().await, 0);
}
