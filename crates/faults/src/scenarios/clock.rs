//! F12: clock skew on one node.

use super::{Row, Scale};
use crate::{
    fixture::{Fixture, client},
    load::answer,
};

/// One node of two has a wrong clock: nobody is signed out, links work, and replies are stored.
pub async fn run(fixture: &mut Fixture, scale: Scale) -> anyhow::Result<Vec<Row>> {
    let mut row = Row::new("F12", "one of two nodes has a wrong clock: 10 minutes, an hour, a day");
    let (event, tokens) = fixture.invited(20).await?;
    fixture.out_of_time = Some(event);
    let right = fixture.node(&[]).await?;
    let mut answered = Vec::new();
    for offset in ["+10m", "-10m", "+1h", "-1h", "+1d", "-1d"].into_iter().take(scale.of(2, 6)) {
        let wrong = fixture.node_at(offset).await?;
        row.injected += 1;
        let browser = fixture.signed_in(&right.address).await?;
        for address in [&wrong.address, &right.address, &wrong.address, &right.address] {
            let page = browser.get(format!("http://{address}/dashboard")).send().await?.status();
            row.expect(page == 200, format!("{offset}: the dashboard said {page}"));
            let page = client().get(format!("http://{address}/i/{}", tokens[0])).send().await?.status();
            row.expect(page == 200, format!("{offset}: an invitation said {page}"));
            answered.push(answer(&client(), address, &tokens[1]).await);
        }
        let signed_in = fixture.signed_in(&wrong.address).await?;
        let page = signed_in.get(format!("http://{}/dashboard", right.address)).send().await?.status();
        row.expect(page == 200, format!("{offset}: signed in there, here the dashboard said {page}"));
    }
    row.expect(answered.iter().all(super::Answered::is_acknowledged), crate::load::summary(&answered));
    row.answers(fixture, answered).await?;
    row.expect(row.acknowledged == row.found, "an acknowledged answer is gone");
    row.seen = "sessions, links and answers hold on both, whichever node began".into();
    Ok(vec![row])
}
