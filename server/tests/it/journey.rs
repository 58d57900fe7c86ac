//! The happy path from sign-up to reply.

use crate::support::{App, links};

#[apply(app_test)]
async fn the_whole_happy_path_from_sign_up_to_reply(app: App) {
    let ana = app.host("Ana").await;
    assert!(ana.get("/dashboard").await.ok().contains("Create your first event"));

    let event = ana.plan(&[("form[venue]", "The barn"), ("form[capacity]", "10")]).await;
    ana.paste(event, "Ada Lovelace <ada@example.org>\nAunt Matilda").await;
    ana.invite_all(event).await;
    app.work().await;

    let email = app.emails("ada@example.org").await.remove(0);
    assert!(email.contains("Ana invites you to") && email.contains("Midsummer dinner"));
    let link = links(&email).remove(0);

    let ada = app.anonymous();
    let page = ada.get(&link).await.ok();
    assert!(page.contains("Dear Ada Lovelace,") && page.contains("Will you be there?") && page.contains("The barn"));
    let fields = [
        ("form[answer]", "attending"),
        ("form[heads]", "2"),
        ("form[companions][]", "Charles Babbage"),
        ("form[message]", "With pleasure!"),
    ];
    assert_eq!(ada.reply(&link, &fields).await.location(), link);
    let replied = ada.get(&link).await.ok();
    assert!(replied.contains("re going!") && replied.contains("Charles Babbage"));
    app.work().await;
    assert!(app.emails("ada@example.org").await[0].contains("You're going"));

    let overview = ana.get(&format!("/dashboard/events/{event}")).await.ok();
    assert!(overview.contains("2 of 10 guests") && overview.contains("Ada Lovelace accepted (2 guests)"));
    let guest = ana.guests(event, "Ada").await[0];
    let details = ana.get(&format!("/dashboard/events/{event}/guests/{guest}")).await.ok();
    assert!(details.contains("With pleasure!") && details.contains("with Charles Babbage"));
}
