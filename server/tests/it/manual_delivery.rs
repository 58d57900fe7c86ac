//! Manual delivery: the host shares links.

use guestguard::ids::{EventId, GuestId};

use crate::support::{Actor, App, InvitedGuest, hidden, links};

async fn share_page(host: &Actor, event: EventId, query: &str) -> String {
    host.get(&format!("/dashboard/events/{event}/invite/share{query}")).await.ok()
}

async fn mark(host: &Actor, event: EventId, guest: GuestId, outcome: &str) -> String {
    let (event, guest) = (event.to_string(), guest.to_string());
    let fields = [("event", &*event), ("guest", &guest), ("outcome", outcome), ("channel", "whatsapp")];
    host.post("/api/invitations/mark-sent", "/dashboard", &fields).await.location()
}

#[apply(app_test)]
async fn links_are_shared_one_guest_at_a_time(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Bo Chan +44 7911 123456\nCy\nDee <dee@example.org>").await;
    ana.invite_all(event).await;
    let (bo, cy) = (ana.guests(event, "Bo").await[0], ana.guests(event, "Cy").await[0]);
    let id = event.to_string();

    let page = share_page(&ana, event, "").await;
    assert!(page.contains("0 sent, 0 skipped, 2 to go") && page.contains("Bo Chan") && !page.contains("Dee"));
    let chat =
        page.split("https://wa.me/447911123456?text=").nth(1).expect("a chat with Bo").split('"').next().unwrap();
    let (_, message) = query_pair(chat);
    assert!(
        message.starts_with("Dear Bo Chan, you are invited to Midsummer dinner on ") && message.ends_with("Ana"),
        "{message}"
    );
    let link = links(&message)[0].clone();
    assert!(page.contains("sms:+447911123456?&amp;body=") || page.contains("sms:+447911123456?&body="));

    // A stored number may be invalid.
    app.set_phone("Bo Chan", "+441111123456").await;
    let page = share_page(&ana, event, "").await;
    assert!(page.contains("This number does not exist") && !page.contains("wa.me"));
    let set = async |phone: &str| {
        let (guest, onwards) = (bo.to_string(), format!("/dashboard/events/{event}/invite/share?guest={bo}"));
        let fields = [
            ("event", &*id),
            ("guest", &guest),
            ("form[phone]", phone),
            ("form[country]", "GB"),
            ("onwards", &onwards),
        ];
        ana.post_and_follow("/api/guests/set-phone", &onwards, &fields).await.ok()
    };
    assert!(set("12").await.contains("too short. Example:"));
    assert!(set("07911 123 457").await.contains("https://wa.me/447911123457?text="));

    let next = mark(&ana, event, bo, "sent").await;
    assert_eq!(next, format!("/dashboard/events/{event}/invite/share?audience=no-email"));
    let page = ana.get(&next).await.ok();
    assert!(page.contains("1 sent, 0 skipped, 1 to go") && page.contains(">Cy<") && page.contains("rel=\"prev\""));
    mark(&ana, event, cy, "skipped").await;
    assert!(share_page(&ana, event, "").await.contains("All done"));
    assert!(share_page(&ana, event, &format!("?guest={bo}")).await.contains("Already marked as sent"));
    let list = ana.get(&format!("/dashboard/events/{event}/guests?status=sent")).await.ok();
    assert!(list.contains("Bo Chan"), "a shared link counts as sent");

    let fields = [("event", &*id), ("guest", &*bo.to_string())];
    app.anonymous().get(&link).await.ok();
    ana.post("/api/invitations/rotate", "/dashboard", &fields).await.location();
    let page = share_page(&ana, event, "").await;
    assert!(page.contains("Bo Chan") && !page.contains(&link), "a reset link has to be shared again");
    assert_eq!(app.anonymous().get(&link).await.status, 410);
}

#[apply(app_test)]
async fn a_guest_who_replied_gets_a_new_link_after_a_reset(app: App) {
    let InvitedGuest { host: ana, event, guest, link } = app.invited_guest("Bo Chan").await;
    app.anonymous().reply(&link, &[("form[answer]", "attending"), ("form[heads]", "1")]).await.location();
    assert!(!share_page(&ana, event, "").await.contains("Bo Chan"), "they have their link");
    let fields = [("event", &*event.to_string()), ("guest", &*guest.to_string())];
    ana.post("/api/invitations/rotate", "/dashboard", &fields).await.location();
    assert!(share_page(&ana, event, "").await.contains("Bo Chan"));
    mark(&ana, event, guest, "sent").await;
    assert!(share_page(&ana, event, "").await.contains("1 sent"));
}

#[apply(app_test)]
async fn the_message_is_the_hosts_own_and_keeps_the_link(app: App) {
    let ana = app.host("Ana").await;
    let event = ana.plan(&[]).await;
    ana.paste(event, "Bo {link} Chan").await;
    ana.invite_all(event).await;
    let (id, here) = (event.to_string(), format!("/dashboard/events/{event}/invite/share"));
    let save = async |text: &str| {
        ana.post_and_follow("/api/invitations/set-message", &here, &[("event", &id), ("form[text]", text)]).await.ok()
    };
    let page = save("Come!").await;
    assert!(page.contains("Please keep {link}") && page.contains("Come!</textarea>"));
    let page = save("Hey {guest.first_name} & co: {link}").await;
    let message = hidden(&page, "event").len();
    assert!(message > 0 && page.contains("Hey Bo &amp; co: http"), "{page}");
    assert_eq!(links(&page.split("message-preview").nth(1).unwrap()[..200]).len(), 1);
}

fn query_pair(encoded: &str) -> (String, String) {
    let url = url::Url::parse(&format!("http://x/?text={}", encoded.replace("&amp;", "&"))).unwrap();
    let (name, text) = url.query_pairs().next().unwrap();
    (name.into_owned(), text.into_owned())
}
