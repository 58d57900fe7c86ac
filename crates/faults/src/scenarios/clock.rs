//! F12: clock skew on one node.

use super::{Row, Scale};
use crate::{
    fixture::{Fixture, client},
    load::reply,
};

/// One node of two has a wrong clock: nobody is signed out, links work, and replies are stored.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F12", "a clock wrong by 10 minutes, an hour, a day");
    let (event, tokens) = fixture.invited(20).await?;
    fixture.skewed_event = Some(event);
    let correct = fixture.node(&[]).await?;
    let mut replies = Vec::new();
    for offset in ["+10m", "-10m", "+1h", "-1h", "+1d", "-1d"].into_iter().take(scale.of(2, 6)) {
        let wrong = fixture.node_at(offset).await?;
        row.injected += 1;
        let browser = fixture.signed_in(&correct.address).await?;
        for address in [&wrong.address, &correct.address, &wrong.address, &correct.address] {
            let page = browser.get(format!("http://{address}/dashboard")).send().await?.status();
            row.expect(page == 200, format!("{offset}: the dashboard responded with {page}"));
            let page = client().get(format!("http://{address}/i/{}", tokens[0])).send().await?.status();
            row.expect(page == 200, format!("{offset}: an invitation responded with {page}"));
            replies.push(reply(&client(), address, &tokens[1]).await);
        }
        let signed_in = fixture.signed_in(&wrong.address).await?;
        let page = signed_in.get(format!("http://{}/dashboard", correct.address)).send().await?.status();
        row.expect(
            page == 200,
            format!("{offset}: after a sign-in there, the other node's dashboard responded with {page}"),
        );
    }
    row.expect(replies.iter().all(super::SentReply::is_acknowledged), crate::load::summary(&replies));
    row.count_replies(fixture, replies).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged reply is lost");
    row.observed = "sessions, links and replies hold on both nodes".into();
    Ok(vec![row])
}
